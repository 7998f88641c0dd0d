// SPDX-License-Identifier: GPL-2.0-only

//! The one way from a request to an engagement: a [`Permit`] that authority and policy produce.

use crate::{
    authority::Authority,
    policy::{
        Allowed,
        Value, //
    },
    protected::Protected,
    refusal::Refusal,
    security::{
        entry::Entry,
        module::Loaded, //
    },
    subject::Subject,
    text::Text, //
};

/// Proof that the function at an address may return a value: that whoever asked may ask, and that
/// the policy allows it.
pub(crate) struct Permit {
    entry: Entry,
    value: Value,
    notes: Text,
    /// The function's module, which does not go as long as the permit is there.
    _module: Option<Loaded>,
    _allowed: Allowed,
}

impl Permit {
    /// Judges whether the function that `subject` is may return `value`. Sleeps.
    pub(crate) fn grant<'a>(
        _: &Authority,
        protected: &Protected,
        subject: Subject<'_>,
        value: Value,
    ) -> Result<Self, Refusal<'a>> {
        let mut notes = Text::new();
        let (entry, allowed) = subject.judge(&subject.facts(&protected.kernel()), value)?;

        subject.notes(protected, value, &mut notes)?;
        Ok(Self {
            entry,
            value,
            notes,
            _module: subject.into_module(),
            _allowed: allowed,
        })
    }

    /// Where the function begins.
    pub(crate) fn entry(&self) -> Entry {
        self.entry
    }

    /// What it may return.
    pub(crate) fn value(&self) -> Value {
        self.value
    }

    /// What whoever engages it should know, one line for each thing.
    pub(crate) fn into_notes(self) -> Text {
        self.notes
    }
}
