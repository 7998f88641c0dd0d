// SPDX-License-Identifier: GPL-2.0-only

//! Rate limits for lines of the kernel log that users can cause.
//!
//! C header: [`include/linux/ratelimit.h`](srctree/include/linux/ratelimit.h)

use core::pin::Pin;
use kernel::{
    bindings,
    prelude::*,
    str::CStrExt,
    types::Opaque, //
};

/// A rate limit. The kernel log reports how many lines were suppressed.
pub(crate) struct Limit(Pin<KBox<Opaque<bindings::ratelimit_state>>>);

// SAFETY: A rate limit is not bound to a task.
unsafe impl Send for Limit {}
// SAFETY: It has its own lock.
unsafe impl Sync for Limit {}

impl Limit {
    /// Makes a limit of `burst` lines in `seconds`. May sleep.
    pub(crate) fn new(seconds: u32, burst: u32) -> Result<Self> {
        let state = KBox::pin_init(
            Opaque::ffi_init(|state| {
                // SAFETY: `state` points to pinned memory for one.
                unsafe { bindings::killswitch_init_limit(state, seconds, burst) }
            }),
            GFP_KERNEL,
        )?;

        Ok(Self(state))
    }

    /// Whether one more line is within the limit. Any context.
    pub(crate) fn has_room(&self) -> bool {
        // SAFETY: The state was initialized by `new()`, and the name is a string.
        unsafe { bindings::___ratelimit(self.0.get(), c"killswitch".as_char_ptr()) != 0 }
    }
}
