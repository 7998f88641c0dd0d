// SPDX-License-Identifier: GPL-2.0-only

//! Rule `primitive`: refuses functions that much of the kernel depends on, whatever the value.
//!
//! These are functions with many callers, and a list of others that the kernel cannot work without.

use super::{
    Cause,
    Facts, //
};

/// A function that is called from this many places is a primitive.
pub(crate) const MANY: usize = 32;

pub(super) fn judge(facts: &Facts<'_>) -> Result<(), Cause> {
    let is_core = |address: &usize| facts.kernel.core.contains(*address);

    if facts.addresses.iter().any(is_core) {
        return Err(Cause::Core);
    }
    match facts.callers().count {
        count if count >= MANY => Err(Cause::Called(count)),
        _ => Ok(()),
    }
}
