// SPDX-License-Identifier: GPL-2.0-only

//! Who may change engagements: administrators of the whole machine, unless Killswitch is sealed or
//! the kernel is locked down; and the kernel command line.

use crate::{
    refusal::Refusal,
    security::{
        boot::CommandLine,
        capability::{
            self,
            Opener, //
        },
        lockdown,
        lsm, //
    }, //
};

/// What made the kernel decide.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The current task.
    Task,
    /// The kernel command line.
    CommandLine,
    /// The kernel itself: a module that is loaded or unloaded, time that is over.
    Kernel,
}

/// Checks who opened a file and who writes to it. Process context.
pub(crate) fn may_ask<'a>(opener: &Opener<'_>) -> Result<(), Refusal<'a>> {
    if !opener.has_cap_sys_admin() {
        return Err(Refusal::Opener);
    }
    if !capability::current_has_cap_sys_admin() {
        return Err(Refusal::Writer);
    }
    Ok(())
}

/// Proof that the one who asks may change engagements.
///
/// Only the constructors below make one. An engagement cannot be made or changed without it.
#[derive(Clone, Copy)]
pub(crate) struct Authority(Origin);

impl Authority {
    /// Checks who opened a file and who writes to it, then the seal, and then lockdown. Process
    /// context.
    pub(crate) fn of_writer<'a>(opener: &Opener<'_>) -> Result<Self, Refusal<'a>> {
        may_ask(opener)?;
        if lsm::is_sealed() {
            return Err(Refusal::Sealed);
        }
        lockdown::permits_changes().map_err(|_| Refusal::LockedDown)?;
        Ok(Self(Origin::Task))
    }

    /// The kernel command line may, under lockdown too.
    pub(crate) fn of_command_line(_: &CommandLine<'_>) -> Self {
        Self(Origin::CommandLine)
    }

    /// Whether it still holds: a seal that was set since takes it away from tasks. To be asked with
    /// the list locked, as seals are set.
    pub(crate) fn confirm<'a>(&self) -> Result<(), Refusal<'a>> {
        if self.0 == Origin::Task && lsm::is_sealed() {
            return Err(Refusal::Sealed);
        }
        Ok(())
    }

    /// Who it was given to.
    pub(crate) fn origin(&self) -> Origin {
        self.0
    }
}
