// SPDX-License-Identifier: GPL-2.0-only

//! Rule `primitive`: what the whole kernel is built on is out of reach, whatever the value.
//!
//! It is told by how much of the kernel calls it, and by a list of what few call and nothing works
//! without.

use super::{
    Cause,
    Facts, //
};

/// A function that is called from so many places is a primitive.
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
