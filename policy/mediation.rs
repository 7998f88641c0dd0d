// SPDX-License-Identifier: GPL-2.0-only

//! Rule `mediation`: a function that decides about access may only be made to deny it.
//!
//! A function decides if it, or a function that it calls, calls a deciding entry point of the LSM
//! framework or checks a capability.

pub(super) use super::no_decision::{
    HUBS,
    NO_DECISION, //
};

use super::{
    Cause,
    Facts,
    Value, //
};

/// Functions that decide about access: by capabilities, file permissions or signatures.
pub(super) const DECIDERS: &[&str] = &[
    "bpf_token_capable",
    "capable",
    "capable_wrt_inode_uidgid",
    "file_ns_capable",
    "has_capability",
    "has_capability_noaudit",
    "has_ns_capability",
    "has_ns_capability_noaudit",
    "netlink_capable",
    "netlink_net_capable",
    "netlink_ns_capable",
    "__netlink_ns_capable",
    "ns_capable",
    "ns_capable_noaudit",
    "ns_capable_setid",
    "ptracer_capable",
    "sk_capable",
    "sk_net_capable",
    "sk_ns_capable",
    "__crypto_memneq",
    "crypto_aead_decrypt",
    "generic_permission",
    "in_egroup_p",
    "in_group_p",
    "inode_owner_or_capable",
    "inode_permission",
    "mnt_want_write",
    "mnt_want_write_file",
    "privileged_wrt_inode_uidgid",
    "ptrace_may_access",
    "public_key_verify_signature",
    "setattr_prepare",
    "verify_pkcs7_signature",
];

/// Whether the entry point of the LSM framework with this name decides about access.
pub(super) fn is_deciding_entry(name: &str) -> bool {
    name.starts_with("security_") && !NO_DECISION.contains(&name)
}

pub(super) fn judge(facts: &Facts<'_>, value: Value) -> Result<(), Cause> {
    if facts.prototype.returns.fails_with(value) {
        return Ok(());
    }
    match facts.evidence() {
        Some(evidence) => Err(Cause::Mediation(evidence, facts.prototype.returns)),
        None => Ok(()),
    }
}
