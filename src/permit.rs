// SPDX-License-Identifier: GPL-2.0-only

//! The one way from a request to an engagement: a [`Permit`] that authority and policy produce.

use crate::{
    authority::Authority,
    command::Scope,
    policy::Value,
    protected,
    refusal::Refusal,
    security::{
        condition::Condition,
        entry::Entry, //
    },
    subject::{
        Function,
        Subject, //
    },
    text::Text, //
};

/// Proof that the function at an address may return a value, or be observed: the requester has the
/// authority, and the policy allows it. The function's module is not unloaded as long as the permit
/// exists.
pub(crate) struct Permit<'m> {
    entry: Entry<'m>,
    function: Function<'m>,
    value: Option<Value>,
    notes: Text,
}

impl<'m> Permit<'m> {
    /// Judges whether the function `subject` may return `value` to callers in `scope`, or be
    /// observed without a value. Sleeps.
    pub(crate) fn grant<'a>(
        _: &Authority,
        subject: &Subject<'m>,
        value: Option<Value>,
        scope: Scope,
    ) -> Result<Self, Refusal<'a>> {
        let protected = protected::in_this_kernel()?;
        let mut notes = Text::new();
        let entry = subject.judge(&subject.facts(&protected.kernel()), value, scope)?;

        subject.notes(value, &mut notes)?;
        Ok(Self {
            entry: entry.clone(),
            function: subject.function()?,
            value,
            notes,
        })
    }

    /// The entry of the function.
    pub(crate) fn entry(&self) -> &Entry<'m> {
        &self.entry
    }

    /// Compiles a condition on its calls, if there is one. Sleeps.
    pub(crate) fn compile<'a>(
        &self,
        condition: Option<&str>,
    ) -> Result<Option<Condition>, Refusal<'a>> {
        let Some(text) = condition else {
            return Ok(None);
        };
        let mut condition = Condition::new()?;
        let mut result = Ok(());

        self.function
            .compile(text, &mut Text::new(), &mut |comparison| {
                if result.is_ok() {
                    result = condition.add(comparison);
                }
            })?;
        result?;
        Ok(Some(condition))
    }

    /// The value that it may return; `None` if it may only be observed.
    pub(crate) fn value(&self) -> Option<Value> {
        self.value
    }

    /// Notes for an administrator who engages it, one per line.
    pub(crate) fn notes(&self) -> &Text {
        &self.notes
    }
}
