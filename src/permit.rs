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
    security::entry::Entry,
    subject::Subject,
    text::Text, //
};

/// Proof that the function at an address may return a value: that whoever asked may ask, and that
/// the policy allows it. The function's module does not go as long as the permit is there.
pub(crate) struct Permit<'m> {
    entry: Entry<'m>,
    value: Value,
    notes: Text,
    _allowed: Allowed,
}

impl<'m> Permit<'m> {
    /// Judges whether the function that `subject` is may return `value`. Sleeps.
    pub(crate) fn grant<'a>(
        _: &Authority,
        protected: &Protected,
        subject: &Subject<'m>,
        value: Value,
    ) -> Result<Self, Refusal<'a>> {
        let mut notes = Text::new();
        let (entry, allowed) = subject.judge(&subject.facts(&protected.kernel()), value)?;

        subject.notes(protected, value, &mut notes)?;
        Ok(Self {
            entry: entry.clone(),
            value,
            notes,
            _allowed: allowed,
        })
    }

    /// Where the function begins.
    pub(crate) fn entry(&self) -> &Entry<'m> {
        &self.entry
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
