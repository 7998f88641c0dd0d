// SPDX-License-Identifier: GPL-2.0-only

//! The taint flag 'H': a function has been short-circuited since boot.
//!
//! C header: [`include/linux/panic.h`](srctree/include/linux/panic.h)

use kernel::bindings;

/// Sets the flag, which stays set until reboot. Any context.
pub(crate) fn set() {
    // SAFETY: `add_taint()` may be called from any context, and the flag is one it knows.
    unsafe {
        bindings::add_taint(
            bindings::TAINT_KILLSWITCH,
            bindings::lockdep_ok_LOCKDEP_STILL_OK,
        )
    };
}

/// Whether the flag is set. Any context.
pub(crate) fn is_set() -> bool {
    // SAFETY: `test_taint()` only reads, and the flag is one it knows.
    unsafe { bindings::test_taint(bindings::TAINT_KILLSWITCH) != 0 }
}
