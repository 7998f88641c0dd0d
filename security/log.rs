// SPDX-License-Identifier: GPL-2.0-only

//! Limits to the lines that others can have the kernel log filled with.
//!
//! C header: [`include/linux/ratelimit.h`](srctree/include/linux/ratelimit.h)

use core::pin::Pin;
use kernel::{
    bindings,
    prelude::*,
    str::CStrExt,
    types::Opaque, //
};

/// A limit of so many in a time. The kernel log says how many more there were.
pub(crate) struct Limit(Pin<KBox<Opaque<bindings::ratelimit_state>>>);

// SAFETY: A rate limit belongs to no task.
unsafe impl Send for Limit {}
// SAFETY: It has a lock of its own.
unsafe impl Sync for Limit {}

impl Limit {
    /// Up to `burst` in so many seconds. May sleep.
    pub(crate) fn new(seconds: u32, burst: u32) -> Result<Self> {
        let state = KBox::pin_init(
            Opaque::ffi_init(|state| {
                // SAFETY: `state` points to memory for one, which does not move.
                unsafe { bindings::killswitch_init_limit(state, seconds, burst) }
            }),
            GFP_KERNEL,
        )?;

        Ok(Self(state))
    }

    /// Whether there is room for one more. Any context.
    pub(crate) fn has_room(&self) -> bool {
        // SAFETY: The state was initialized by `new()`, and the name is a string.
        unsafe { bindings::___ratelimit(self.0.get(), c"killswitch".as_char_ptr()) != 0 }
    }
}
