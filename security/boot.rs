// SPDX-License-Identifier: GPL-2.0-only

//! The boot parameters that begin with `killswitch`, as shim.c collected them.

use core::marker::PhantomData;
use kernel::{
    bindings,
    prelude::*,
    str::CStrExt, //
};

/// The parameters that begin with `killswitch`, and proof that the kernel is still booting.
///
/// Only [`super::lsm`] makes one, in an initcall, so code that holds one acts for the command line
/// and not for a task.
pub(crate) struct CommandLine<'a>(PhantomData<&'a ()>);

impl CommandLine<'_> {
    /// Makes one, while the kernel boots.
    ///
    /// # Safety
    ///
    /// The result must be dropped before the kernel frees its init memory.
    pub(super) const unsafe fn new() -> Self {
        Self(PhantomData)
    }

    /// The parameters without `killswitch`: what begins with `=` or `.`, in order.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &[u8]> {
        // SAFETY: The string is in init memory, which is valid by the safety requirements of
        // `new()`, and is constant once the command line has been parsed.
        unsafe { CStr::from_char_ptr(bindings::killswitch_boot_parameters()) }
            .to_bytes()
            .split(|byte| *byte == b'\n')
            .filter(|parameter| !parameter.is_empty())
    }

    /// Whether some did not fit.
    pub(crate) fn is_incomplete(&self) -> bool {
        // SAFETY: Init memory is still valid, as above.
        unsafe { bindings::killswitch_boot_overflowed() }
    }
}
