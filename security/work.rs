// SPDX-License-Identifier: GPL-2.0-only

//! Delayed work: has [`crate::tick`] called once, some time from now.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use kernel::bindings;

/// Has [`crate::tick`] called once, in process context, so many milliseconds from now. Only the
/// last call of this counts. Any context.
pub(crate) fn tick_after(milliseconds: u32) {
    // SAFETY: No preconditions.
    unsafe { bindings::killswitch_tick_after(milliseconds) };
}

/// Called by a workqueue, when [`tick_after`] said so.
#[no_mangle]
extern "C" fn killswitch_tick() {
    crate::tick();
}
