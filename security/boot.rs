// SPDX-License-Identifier: GPL-2.0-only

//! What the kernel command line asked for: the `killswitch=` parameters, as shim.c collected them.

use core::marker::PhantomData;
use kernel::{
    bindings,
    prelude::*,
    str::CStrExt, //
};

/// The entries of all `killswitch=` parameters, and the proof that the kernel is still booting.
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

    /// The entries, separated by commas.
    pub(crate) fn entries(&self) -> &[u8] {
        // SAFETY: The string is in init memory, which is there by the safety requirements of
        // `new()`, and nobody writes to it after the command line was parsed.
        unsafe { CStr::from_char_ptr(bindings::killswitch_boot_entries()) }.to_bytes()
    }
}
