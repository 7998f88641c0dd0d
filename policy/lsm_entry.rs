// SPDX-License-Identifier: GPL-2.0-only

//! Rule `lsm-entry`: refuses the entry points of the LSM framework, whatever the value.
//!
//! An entry point that returns 0 bypasses all LSMs at once.

use super::{
    Cause,
    Facts, //
};

/// The names of the entry points, which are resolved to addresses.
pub(super) const NAMES: &[&str] = &[
    "security_*",
    // Called directly by the framework, and not as a registered callback.
    "cap_inode_removexattr",
    "cap_inode_setxattr",
];

/// Functions at both ends of the code that is built from `security/`: of keys, which are linked
/// first, and of integrity, which is linked last.
#[rustfmt::skip]
pub(super) const ENDS: &[&str] = &[
    "key_garbage_collector", "key_gc_timer_func", "key_schedule_gc", "key_schedule_gc_links",
    "key_set_expiry", "key_gc_keytype", "key_gc_unused_keys", "key_user_lookup", "key_alloc",
    "key_put", "keyring_alloc", "keyctl_revoke_key", "ima_add_template_entry", "ima_file_check",
    "ima_measurements_show", "ima_d_path", "integrity_kernel_read", "evm_set_key",
    "evm_calc_hmac_or_hash", "evm_read_key", "evm_write_key", "evm_read_xattrs", "evm_write_xattrs",
    "posix_xattr_acl", "integrity_audit_message", "integrity_audit_msg", "integrity_digsig_verify",
    "asymmetric_verify",
];

pub(super) fn judge(facts: &Facts<'_>) -> Result<(), Cause> {
    let is_entry = |address: &usize| facts.kernel.lsm_entries.contains(*address);

    if facts.addresses.iter().any(is_entry) {
        return Err(Cause::LsmEntry);
    }
    Ok(())
}
