// SPDX-License-Identifier: GPL-2.0-only

//! Rule `lsm-entry`: the entry points of the LSM framework are out of reach, whatever the value.
//!
//! One of them made to return 0 bypasses every LSM at once.

use super::{
    Facts,
    Refusal, //
};

/// Whether a function of the kernel itself that has this name is an entry point. Only its address is
/// compared later.
pub(crate) fn is_entry_name(name: &[u8]) -> bool {
    // What the framework calls directly, without a hook that it could be registered for.
    const DIRECT: [&[u8]; 2] = [b"cap_inode_removexattr", b"cap_inode_setxattr"];

    name.starts_with(b"security_") || DIRECT.contains(&name)
}

pub(super) fn judge(facts: &Facts<'_>) -> Result<(), Refusal> {
    let is_entry = |address: &usize| facts.lsm_entries.contains(*address);

    if facts.addresses.iter().any(is_entry) {
        return Err(Refusal::LsmEntry);
    }
    Ok(())
}
