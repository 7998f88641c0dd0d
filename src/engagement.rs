// SPDX-License-Identifier: GPL-2.0-only

//! One engagement: a function that returns a value instead of running.

use crate::{
    command::Target,
    files,
    permit::Permit,
    policy::Value,
    refusal::Refusal,
    security::{
        kprobe::{
            self,
            Probe, //
        },
        securityfs::Directory,
        stub::Slot, //
    },
    text::Text, //
};
use core::fmt;
use kernel::prelude::*;

/// What an engagement is doing. Its [`Display`](fmt::Display) form is what `engaged` shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Calls of the function return the value.
    Engaged,
    /// Something switched the probe off: calls run the function.
    Disarmed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Engaged => "engaged",
            State::Disarmed => "disarmed",
        })
    }
}

/// A function that returns a value instead of running, from creation to drop.
///
/// The fields are dropped in their order: nobody finds the files of what has ended.
pub(crate) struct Engagement {
    key: usize,
    name: Text,
    reason: Option<Text>,
    notes: Text,
    address: usize,
    value: Value,
    _directory: Directory,
    probe: Probe,
}

impl Engagement {
    /// Engages the function that `permit` is for. Sleeps. Nothing stays behind when it fails.
    ///
    /// `key` is what the files of the engagement, which are created in `parent`, will know it by.
    pub(crate) fn new<'a>(
        permit: Permit,
        target: Target<'a>,
        reason: Option<&str>,
        key: usize,
        parent: &Directory,
    ) -> Result<Self, Refusal<'a>> {
        let (entry, value) = (permit.entry(), permit.value());
        let address = entry.address();
        let name = Text::try_from(target.name)?;
        let reason = reason.map(Text::try_from).transpose()?;
        let slot = Slot::take(value.get()).ok_or(Refusal::NoSlot)?;
        let directory = files::create_engagement(parent, target.name, key)?;

        // Last, so that the function is not touched when anything else fails.
        if kprobe::is_taken(address) {
            return Err(Refusal::Taken);
        }
        let probe = Probe::register(entry, slot).map_err(not_probed)?;
        if !probe.is_armed() {
            return Err(Refusal::NotArmed);
        }
        Ok(Self {
            key,
            name,
            reason,
            notes: permit.into_notes(),
            address,
            value,
            _directory: directory,
            probe,
        })
    }

    /// Makes the function return what `permit` is for.
    pub(crate) fn change(&mut self, permit: Permit) {
        self.value = permit.value();
        self.probe.set_value(self.value.get());
    }

    /// Ends the short-circuit: calls of the function run it again. Sleeps. Fails if the kernel does
    /// not manage to disarm the probe; the function may be short-circuited still.
    pub(crate) fn end<'a>(&mut self) -> Result<(), Refusal<'a>> {
        self.probe.unregister().map_err(|_| Refusal::Stuck)
    }

    /// What the files of this engagement know it by; no two engagements ever have the same.
    pub(crate) fn key(&self) -> usize {
        self.key
    }

    /// The function, as it was named.
    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Why it is engaged, if someone said so.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.reason.as_ref().map(Text::as_str)
    }

    /// What whoever engages it should know, one line for each thing.
    pub(crate) fn notes(&self) -> &str {
        self.notes.as_str()
    }

    /// Where the function is.
    pub(crate) fn address(&self) -> usize {
        self.address
    }

    /// What it returns.
    pub(crate) fn value(&self) -> Value {
        self.value
    }

    /// The calls that were short-circuited so far.
    pub(crate) fn hits(&self) -> u64 {
        self.probe.hits()
    }

    /// What is going on now, looked up anew.
    pub(crate) fn state(&self) -> State {
        if self.probe.is_armed() {
            State::Engaged
        } else {
            State::Disarmed
        }
    }
}

/// What an error of `register_kprobe()` means.
fn not_probed<'a>(error: Error) -> Refusal<'a> {
    match error {
        error if error == EINVAL || error == EILSEQ || error == ENOENT => Refusal::NotProbeable,
        error if error == EBUSY => Refusal::NotArmed,
        error => Refusal::Failed(error),
    }
}
