// SPDX-License-Identifier: GPL-2.0-only

//! Who may change engagements: tasks with CAP_SYS_ADMIN in the initial user namespace, unless
//! Killswitch is sealed or the kernel is locked down; and the kernel command line.

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

/// What caused a decision.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The current task.
    Task,
    /// The kernel command line.
    CommandLine,
    /// The kernel itself: a module was loaded or unloaded, a time limit has passed.
    Kernel,
}

/// Checks the opener of a file and the writer. Process context.
pub(crate) fn may_ask<'a>(opener: &Opener<'_>) -> Result<(), Refusal<'a>> {
    if !opener.has_cap_sys_admin() {
        return Err(Refusal::Opener);
    }
    if !capability::current_has_cap_sys_admin() {
        return Err(Refusal::Writer);
    }
    Ok(())
}

/// Proof that the requester may change engagements.
///
/// Only the constructors below make one. Engagements cannot be made or changed without it.
#[derive(Clone, Copy)]
pub(crate) struct Authority(Origin);

impl Authority {
    /// Checks the opener of a file and the writer, then the seal, then lockdown. Process context.
    pub(crate) fn of_writer<'a>(opener: &Opener<'_>) -> Result<Self, Refusal<'a>> {
        may_ask(opener)?;
        if lsm::is_sealed() {
            return Err(Refusal::Sealed);
        }
        lockdown::permits_changes().map_err(|_| Refusal::LockedDown)?;
        Ok(Self(Origin::Task))
    }

    /// The kernel command line may change engagements, also under lockdown.
    pub(crate) fn of_command_line(_: &CommandLine<'_>) -> Self {
        Self(Origin::CommandLine)
    }

    /// Checks that Killswitch has not been sealed since, which revokes the authority of tasks. To
    /// be called with the list locked, as seals are set.
    pub(crate) fn confirm<'a>(&self) -> Result<(), Refusal<'a>> {
        if self.0 == Origin::Task && lsm::is_sealed() {
            return Err(Refusal::Sealed);
        }
        Ok(())
    }

    /// Who has it.
    pub(crate) fn origin(&self) -> Origin {
        self.0
    }
}
