// SPDX-License-Identifier: GPL-2.0-only

//! Whether Lockdown, and other LSMs with its hook, permit changes of engagements.
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

/// Whether changes are refused only under confidentiality lockdown.
static UNTIL_CONFIDENTIALITY: Atomic<bool> = Atomic::new(false);

/// The lockdown level from which on changes are refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Modifying the running kernel is forbidden.
    Integrity,
    /// Reading its secrets is forbidden, too.
    Confidentiality,
}

/// The level from which on changes are refused. Any context.
pub(crate) fn threshold() -> Level {
    if UNTIL_CONFIDENTIALITY.load(Relaxed) {
        Level::Confidentiality
    } else {
        Level::Integrity
    }
}

/// Sets the [`threshold()`]. Only the kernel command line does so.
pub(crate) fn set_threshold(_: &CommandLine<'_>, level: Level) {
    UNTIL_CONFIDENTIALITY.store(level == Level::Confidentiality, Relaxed);
}

/// Asks all LSMs whether kernel memory may be read. Process context; they may log.
pub(crate) fn permits_reading() -> Result {
    // SAFETY: The reason is one that `security_locked_down()` knows.
    to_result(unsafe {
        bindings::security_locked_down(bindings::lockdown_reason_LOCKDOWN_BPF_READ_KERNEL)
    })
}

/// Asks all LSMs whether engagements may change. Process context; they may log.
pub(crate) fn permits_changes() -> Result {
    let reason = match threshold() {
        Level::Integrity => bindings::lockdown_reason_LOCKDOWN_KILLSWITCH,
        // A reason of that level; engagements are kprobes.
        Level::Confidentiality => bindings::lockdown_reason_LOCKDOWN_KPROBES,
    };
    // SAFETY: The reason is one that `security_locked_down()` knows.
    to_result(unsafe { bindings::security_locked_down(reason) })
}
