// SPDX-License-Identifier: GPL-2.0-only

//! What Lockdown, and any other LSM that answers its hook, says to changing engagements.
//!
//! C header: [`include/linux/security.h`](srctree/include/linux/security.h)

use super::boot::CommandLine;
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    sync::atomic::{
        ordering::Relaxed,
        Atomic, //
    }, //
};

/// Whether engagements may change until the kernel is locked down for confidentiality.
static UNTIL_CONFIDENTIALITY: Atomic<bool> = Atomic::new(false);

/// The level of lockdown from which on engagements do not change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// What changes the running kernel is forbidden.
    Integrity,
    /// What reads its secrets is forbidden, too.
    Confidentiality,
}

/// From which level on engagements do not change. Any context.
pub(crate) fn threshold() -> Level {
    if UNTIL_CONFIDENTIALITY.load(Relaxed) {
        Level::Confidentiality
    } else {
        Level::Integrity
    }
}

/// Sets what [`threshold()`] returns. Only the kernel command line does so.
pub(crate) fn set_threshold(_: &CommandLine<'_>, level: Level) {
    UNTIL_CONFIDENTIALITY.store(level == Level::Confidentiality, Relaxed);
}

/// Asks all LSMs whether the kernel's memory may be read. Process context; the asked may log.
pub(crate) fn permits_reading() -> Result {
    // SAFETY: The reason is one that `security_locked_down()` knows.
    to_result(unsafe {
        bindings::security_locked_down(bindings::lockdown_reason_LOCKDOWN_BPF_READ_KERNEL)
    })
}

/// Asks all LSMs whether engagements may change. Process context; the asked may log.
pub(crate) fn permits_changes() -> Result {
    let reason = match threshold() {
        Level::Integrity => bindings::lockdown_reason_LOCKDOWN_KILLSWITCH,
        // A reason of that level, and what engaging is.
        Level::Confidentiality => bindings::lockdown_reason_LOCKDOWN_KPROBES,
    };
    // SAFETY: The reason is one that `security_locked_down()` knows.
    to_result(unsafe { bindings::security_locked_down(reason) })
}
