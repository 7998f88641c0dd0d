// SPDX-License-Identifier: GPL-2.0-only

//! The value that an engaged function returns.

use core::{
    fmt,
    ops::RangeInclusive, //
};

/// Errors that the kernel has names for: EFTYPE is the last one.
pub(crate) const ERRORS: RangeInclusive<i64> = -134..=-1;

/// The value that an engaged function returns, as in the return register.
///
/// It prints in decimal, which is how `engaged`, `fn/<target>/retval` and audit records show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value(i64);

impl Value {
    /// The value with this content of the return register.
    pub(crate) const fn new(register: i64) -> Self {
        Self(register)
    }

    /// The content of the return register.
    pub(crate) const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
