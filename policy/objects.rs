// SPDX-License-Identifier: GPL-2.0-only

//! The objects that functions work on, by the structures that they take and the words in their
//! names: protections of the kernel, settings, labels.

use super::glob;

/// What a function works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    /// A protection, by its index in [`PROTECTIONS`].
    Protection(u8),
    /// A setting that is written.
    Setting,
    /// A network namespace, and nothing else.
    Network,
    /// The memory that devices and guests can access.
    DeviceMemory,
    /// A request of user space.
    Request,
    /// A protection, as its name says.
    Named,
    /// Teardown or revocation, as its name says.
    Teardown,
    /// A record or a notification, as its name says.
    Record,
    /// A decision, as its name says.
    Decision,
    /// A check, as its name says, where "no" refuses.
    Question,
    /// A check where "yes" refuses.
    Inverted,
    /// An access control list, a label or another extended attribute.
    Label,
}

/// The object of writes to files.
pub(super) const WRITTEN_FILE: Object = Object::Setting;

/// Protections, and patterns of the names of their structures.
#[rustfmt::skip]
const PROTECTIONS: &[(&str, &[&str])] = &[
    ("credentials", &[
        "cred", "group_info", "user_namespace", "uid_gid_map", "user_struct", "ucounts",
    ]),
    ("access rights of files and messages", &["iattr", "kern_ipc_perm", "ipc64_perm"]),
    ("namespaces", &["ns_common", "nsset", "nsproxy"]),
    ("mounts", &["mount", "mnt_namespace"]),
    ("keys", &["key", "key_*", "keyring_*", "pkcs7_*", "x509_*", "public_key*", "modsig", "tpm_*"]),
    ("BPF programs, which filter and monitor", &[
        "bpf_*", "btf*", "bpfptr_t", "sock_filter", "sock_fprog*", "netdev_bpf", "bpfilter*",
    ]),
    ("system call filters", &["seccomp*"]),
    ("filters of the network", &[
        "nf_*", "netlbl_*", "cipso_*", "calipso_*", "xfrm_policy", "xfrm_userpolicy*", "xfrm_type",
        "xt_action_param", "nft_pktinfo", "tcf_result",
    ]),
    ("the audit log", &["audit_*", "common_audit_data"]),
    ("file monitoring", &["fsnotify_*", "fanotify_*", "inotify_*"]),
    ("tracing of the kernel", &[
        "trace_*", "tracepoint*", "ftrace_*", "kprobe*", "kretprobe*", "uprobe*", "fprobe*",
        "dyn_event*", "perf_event*", "ring_buffer*", "event_*", "klp_*", "rv_*",
    ]),
    ("notifications", &["notifier_block", "*_notifier_head"]),
    ("signals", &["kernel_siginfo"]),
    ("modules", &["module", "load_info"]),
    ("cryptography", &[
        "crypto_*", "aead_*", "skcipher_*", "lskcipher_*", "ahash_*", "shash_*", "akcipher_*",
        "rng_alg", "hwrng", "fscrypt*", "fsverity*", "blk_crypto*", "opal_*",
    ]),
    ("limits of resources", &[
        "rlimit*", "cgroup*", "cftype", "dquot*", "page_counter", "task_group", "blkg_conf_ctx",
        "mem_cgroup", "rdt*", "resctrl*",
    ]),
    ("terminals and input", &["ktermios", "input_handle", "input_handler"]),
];

/// Structures for revoking memory from devices and guests.
const DEVICE_MEMORY: &[&str] = &["iommu*", "kvm_gfn_range", "mmu_interval*", "mmu_notifier*"];

/// Structures of settings that are written.
const SETTINGS: &[&str] = &[
    "*_attribute",
    "attribute",
    "config_item",
    "ctl_table*",
    "dm_ioctl",
    "file_kattr",
    "kernel_param*",
    "kernfs_open_file",
];

/// Structures of access control lists, labels and other extended attributes.
const LABELS: &[&str] = &["*xattr*", "lsm_*", "posix_acl*"];

/// What a function that takes the structure of this name works on.
pub(super) fn of(structure: &str) -> Option<Object> {
    let is_one = |patterns: &[&str]| {
        let matches = |pattern: &&str| glob::matches(pattern.as_bytes(), structure.as_bytes());

        patterns.iter().any(matches)
    };

    if structure.is_empty() {
        return None;
    }
    if let Some(at) = PROTECTIONS
        .iter()
        .position(|(_, patterns)| is_one(patterns))
    {
        return Some(Object::Protection(at as u8));
    }
    match () {
        () if is_one(DEVICE_MEMORY) => Some(Object::DeviceMemory),
        () if is_one(SETTINGS) => Some(Object::Setting),
        () if is_one(LABELS) => Some(Object::Label),
        () => None,
    }
}

/// Whether a type of this name is listed here.
pub(super) fn is_listed(name: &str) -> bool {
    of(name).is_some() || name == "sockptr_t"
}

/// Whether a word in `symbol` matches one of these patterns.
fn has_word(symbol: &str, patterns: &[&str]) -> bool {
    symbol.split(['_', '.']).any(|word| {
        let matches = |pattern: &&str| glob::matches(pattern.as_bytes(), word.as_bytes());

        patterns.iter().any(matches)
    })
}

/// What a function that is built in or in a guard works on, if a word in its name says so.
/// Decisions and ioctls deny by failing, so they do not count.
pub(super) fn named_in_core(symbol: &str) -> Option<Object> {
    match named(symbol)? {
        Object::Decision => None,
        Object::Named if has_word(symbol, &["ioctl"]) => None,
        object => Some(object),
    }
}

/// What a function of another module works on, if a word in its name says so.
pub(super) fn named_in_module(symbol: &str) -> Option<Object> {
    match named(symbol) {
        Some(Object::Label) => Some(Object::Label),
        _ if has_word(symbol, PEER_WORDS) => Some(Object::Named),
        object => object,
    }
}

/// What a function works on, if a word in its name says so.
fn named(symbol: &str) -> Option<Object> {
    let has = |patterns: &[&str]| has_word(symbol, patterns);

    match () {
        () if has(LABEL_WORDS) || (has(&["attr"]) && has(&["get*"])) => Some(Object::Label),
        () if has(PROTECTION_WORDS) || symbol.contains("set_context") => Some(Object::Named),
        () if has(TEARDOWN_WORDS) => Some(Object::Teardown),
        () if has(RECORD_WORDS) => Some(Object::Record),
        () if has(INVERTED_WORDS) || symbol.contains("handle_frame") => Some(Object::Inverted),
        () if has(QUESTION_WORDS) => Some(Object::Question),
        () if has(DECISION_WORDS) => Some(Object::Decision),
        () => None,
    }
}

/// Words in the names of functions that protect something, or revoke rights of a device or a peer.
#[rustfmt::skip]
const PROTECTION_WORDS: &[&str] = &[
    "*crypt", "*cipher", "encryption", "secure*", "*security", "integrity", "isolat*", "isolation",
    "protect*", "protection", "ima", "*audit", "revoke*", "*spoof*", "replay", "pn", "lockdown",
    "mitigat*", "ppgtt", "freed", "verity", "quota*", "qgroup*", "dq*", "wpa*", "rsn", "seclevel",
    "llsec", "eapol", "*macsec", "*ipsec", "sanitize", "erase", "setattr", "blocklist", "blacklist",
    "rpcauth", "svcauth", "removable", "store", "ioctl", "unmap*", "invalidate*", "inval", "tlb",
    "dereg*", "parser", "addkey", "delkey", "key", "keys", "cred*", "crypto", "jkey", "evict",
    "squota", "qm", "dacl", "permits", "zero*", "wipe", "scrub", "disassociate", "deactivate",
    "unbind", "fence", "preempt", "expire", "hmac", "sign*", "mic",
];

/// Words in the names of functions that tear down, revoke or exclude. Their callers rarely handle
/// a failure.
#[rustfmt::skip]
const TEARDOWN_WORDS: &[&str] = &[
    "abort*", "cleanup*", "clear*", "close*", "clr", "deinit", "del", "delete*", "demote",
    "destroy*", "detach*", "disable*", "discard", "disconnect*", "downgrade", "drain", "exit",
    "fini", "flr", "flush*", "free*", "kill*", "leave*", "lock", "purge", "put", "rekey",
    "release*", "remove*", "removing", "reset*", "rm", "rollback", "shutdown*", "stop*",
    "teardown", "trim", "trylock", "undo", "unhash*", "uninit", "unlink*", "unlock*", "unpin",
    "unregister*", "unset", "unshare*", "unuse",
];

/// Words in the names of functions that record events or notify listeners.
#[rustfmt::skip]
const RECORD_WORDS: &[&str] = &[
    "apei", "cper", "diag", "dump*", "erst", "event", "events", "fill", "ghes*", "log", "logs",
    "mcelog", "notification*", "notifier*", "notify*", "panic", "print*", "pstore*", "report*",
    "taint*", "uevent*", "upcall*", "warn",
];

/// Words in the names of functions of modules that identify or authorize a peer, client or user.
#[rustfmt::skip]
const PEER_WORDS: &[&str] = &[
    "ace", "cancel*", "deleg*", "delegation*", "dialect*", "digest", "disconn*", "exp", "expkey",
    "export*", "failure", "fdb", "identity", "inherit*", "irk", "lease", "leases", "logoff",
    "logout", "md4", "namespace*", "ndr", "negotiate*", "oob", "opinfo", "pair*", "pairing",
    "privacy", "sd", "session*", "sid", "smp", "terminate*", "unpair*",
];

/// Words in the names of functions where "yes" refuses.
#[rustfmt::skip]
const INVERTED_WORDS: &[&str] = &[
    "*invalid", "blocked", "isolated", "denied", "disallowed", "exceeded", "dup", "conflict*",
    "reject*", "cmp", "compare*", "expired", "required", "too", "needs", "must", "over", "readonly",
    "busy", "drop",
];

/// Words in the names of functions that decide about access, or enable that: they deny by failing.
#[rustfmt::skip]
const DECISION_WORDS: &[&str] = &[
    "access", "allow", "auth*", "cap", "check*", "perm", "perms", "permission*", "permit*",
    "policy", "priv", "restrict*", "trust*", "valid*", "verif*",
];

/// Words in the names of functions that check whether something is allowed, or equal.
#[rustfmt::skip]
const QUESTION_WORDS: &[&str] = &[
    "allowed", "authenticated", "capable", "enabled", "equal", "eq", "has", "is", "match*", "may",
    "ok", "owner", "permitted", "privileged", "same", "trusted", "*valid",
];

/// Words in the names of functions that work on access control lists, labels and other extended
/// attributes.
const LABEL_WORDS: &[&str] = &[
    "acl", "acls", "*xattr", "*xattrs", "secctx", "ea", "getvalue",
];

impl Object {
    /// Its name, to follow "it works on".
    pub(super) fn name(self) -> &'static str {
        match self {
            Object::Protection(at) => PROTECTIONS[usize::from(at)].0,
            Object::Setting => "a setting",
            Object::DeviceMemory => "the memory that devices and guests can access",
            Object::Network => "a network namespace that is created or destroyed",
            Object::Request => "a request from user space, which would assume success",
            Object::Named => "a protection, as its name says",
            Object::Teardown => "teardown or revocation, as its name says",
            Object::Record => "a record or a notification, as its name says",
            Object::Decision => "a decision about access, as its name says",
            Object::Question | Object::Inverted => "a check of what is allowed, as its name says",
            Object::Label => "access control lists or labels",
        }
    }
}
