// SPDX-License-Identifier: GPL-2.0-only

//! What stands in for type information in a kernel without BPF, which is what looks after it.

use super::module::Loaded;
use crate::policy::{
    btf::Layouts,
    Prototype, //
};
use kernel::prelude::*;

/// Whether the kernel has type information. Any context.
pub(crate) fn is_available() -> bool {
    false
}

/// The prototype of the function called `name`, in `module` or in the kernel itself. Any context.
pub(crate) fn prototype(_: Option<&Loaded<'_>>, _: &CStr) -> Prototype {
    Prototype::UNKNOWN
}

/// Calls `body` with type information, of which there is none. Any context.
pub(crate) fn with_function<T>(
    _: Option<&Loaded<'_>>,
    _: &CStr,
    _: impl FnOnce(&dyn Layouts, u32) -> T,
) -> Option<T> {
    None
}
