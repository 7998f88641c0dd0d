// SPDX-License-Identifier: GPL-2.0-only

//! Rule `lsm-entry`: the entry points of the LSM framework are out of reach, whatever the value.
//!
//! One of them made to return 0 bypasses every LSM at once.

use super::{
    Cause,
    Facts, //
};

/// The names of the entry points. Only their addresses are compared later.
pub(super) const NAMES: &[&str] = &[
    "security_*",
    // What the framework calls directly, and not because it is registered as a callback.
    "cap_inode_removexattr",
    "cap_inode_setxattr",
];

pub(super) fn judge(facts: &Facts<'_>) -> Result<(), Cause> {
    let is_entry = |address: &usize| facts.kernel.lsm_entries.contains(*address);

    if facts.addresses.iter().any(is_entry) {
        return Err(Cause::LsmEntry);
    }
    Ok(())
}
