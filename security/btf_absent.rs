// SPDX-License-Identifier: GPL-2.0-only

//! A stand-in for type information in kernels without BPF, which provides it.

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

/// The prototype of a function: unknown. Any context.
pub(crate) fn prototype(_: Option<&Loaded<'_>>, _: &CStr) -> Prototype {
    Prototype::UNKNOWN
}

/// Does not call `body`, since there is no type information. Any context.
pub(crate) fn with_function<T>(
    _: Option<&Loaded<'_>>,
    _: &CStr,
    _: impl FnOnce(&dyn Layouts, u32) -> T,
) -> Option<T> {
    None
}
