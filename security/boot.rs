// SPDX-License-Identifier: GPL-2.0-only

//! What the kernel command line asked for: the parameters that begin with `killswitch`, as shim.c
//! collected them.

use core::marker::PhantomData;
use kernel::{
    bindings,
    prelude::*,
    str::CStrExt, //
};

/// The parameters that begin with `killswitch`, and the proof that the kernel is still booting.
///
/// Only [`super::lsm`] makes one, while it runs the initcalls, so whoever holds it acts for the
/// command line and not for a task.
pub(crate) struct CommandLine<'a>(PhantomData<&'a ()>);

impl CommandLine<'_> {
    /// Marks the time in which the kernel boots.
    ///
    /// # Safety
    ///
    /// The result must be gone before the kernel frees its init memory.
    pub(super) const unsafe fn new() -> Self {
        Self(PhantomData)
    }

    /// The parameters without `killswitch`: what begins with `=` or `.`, in order.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &[u8]> {
        // SAFETY: The string is in init memory, which is there by the safety requirements of
        // `new()`, and nobody writes to it after the command line was parsed.
        unsafe { CStr::from_char_ptr(bindings::killswitch_boot_parameters()) }
            .to_bytes()
            .split(|byte| *byte == b'\n')
            .filter(|parameter| !parameter.is_empty())
    }

    /// Whether there was no room for some of them.
    pub(crate) fn is_incomplete(&self) -> bool {
        // SAFETY: As above; it may be asked for as long as the kernel boots.
        unsafe { bindings::killswitch_boot_overflowed() }
    }
}
