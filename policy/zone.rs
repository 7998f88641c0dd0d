// SPDX-License-Identifier: GPL-2.0-only

//! The zone of a function, and the values that are accepted there by default.

use super::{
    glob,
    objects,
    prototype::Request,
    value::ERRORS,
    Asked,
    Cause,
    Facts,
    Object,
    Type,
    Value, //
};
use core::{
    fmt,
    ops::Range, //
};

/// A part of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Built from `security/`: the LSMs, keys, integrity. Accepts no value.
    Security,
    /// Low-level code of the architecture: exceptions, page tables, mitigations. Accepts no value.
    Processor,
    /// Built into the kernel. Accepts a refusal, if the function can refuse.
    Core,
    /// A module that protects something, as this says. Judged like [`Core`](Self::Core).
    Guard(&'static str),
    /// Any other module. Accepts what the function could return itself.
    Module,
}

/// The errors that all callers treat as a refusal, and none as anything else: EPERM, EIO, E2BIG,
/// ENOMEM, EACCES, EBUSY, EINVAL and EMSGSIZE.
const REFUSALS: [i64; 8] = [-1, -5, -7, -12, -13, -16, -22, -90];

/// For requests, means an unknown operation. Elsewhere it may mean that there is nothing to
/// protect.
const EOPNOTSUPP: i64 = -95;

/// Functions in the first and the last files of `arch/arm64/kernel`, `arch/arm64/mm` and
/// `arch/arm64/net`, which are linked in sequence. No other architecture has functions of these
/// names.
#[rustfmt::skip]
pub(super) const PROCESSOR: &[&str] = &[
    "debug_monitors_arch", "mdscr_write", "mdscr_read", "clear_os_lock", "call_el1_break_hook",
    "enable_debug_monitors", "disable_debug_monitors", "user_rewind_single_step",
    "kernel_active_single_step", "change_memory_common", "contpte_set_ptes", "contpte_convert",
    "trans_pgd_idmap_page", "mte_save_tags", "mte_restore_tags", "gcs_alloc_thread_stack",
    "gcs_set_el0_mode", "gcs_free", "emit_a64_mov_i64", "emit_lse_atomic", "emit_ll_sc_atomic",
    "build_plt", "dummy_tramp",
];

/// The purpose of guards that filter packets.
pub(super) const FILTERS: &str = "filters or rewrites packets";

/// Guards: modules that protect something, by purpose, as patterns of names.
#[rustfmt::skip]
const GUARDS: &[(&str, &[&str])] = &[
    (FILTERS, &[
        "nf_*", "nft_*", "nfnetlink*", "xt_*", "x_tables", "ip_tables", "ip6_tables", "arp_tables",
        "ebtables", "ebt_*", "iptable_*", "ip6table_*", "arptable_*", "ebtable_*", "ipt_*",
        "ip6t_*", "arpt_*", "ip_set*", "ip_vs*", "act_*", "cls_*", "em_*", "sch_ingress",
        "br_netfilter", "openvswitch",
    ]),
    ("encrypts, authenticates or isolates traffic", &[
        "esp4*", "esp6*", "ah4", "ah6", "ipcomp*", "xfrm*", "*_vti", "af_key", "tls", "wireguard",
        "macsec", "ovpn", "ppp_mppe", "auth_rpcgss", "rpcsec_gss_*", "sunrpc", "libarc4",
        "cfg80211", "mac80211", "mac802154", "libipw", "ipvlan", "ila",
    ]),
    ("encrypts, verifies or counts storage", &[
        "dm_crypt", "dm_verity", "dm_integrity", "dm_mod", "fscrypt", "fsverity", "ecryptfs",
        "overlay", "quota_*", "nvme_auth", "nvme_keyring",
    ]),
    ("computes cryptography or randomness", &[
        "lib*crypt*", "libaes", "libchacha*", "libpoly1305", "libsha*", "libcurve25519*",
        "libblake2*", "libmd5", "libdes", "libnh", "aes*", "sha*", "chacha*", "*poly1305*", "gcm",
        "ccm", "cmac", "xcbc", "hmac", "xts", "cbc", "ctr", "ecb", "cts", "lrw", "essiv",
        "adiantum", "aegis128*", "authenc*", "cryptd", "pcrypt", "crypto_*", "ghash*", "gf128mul",
        "polyval*", "camellia*", "serpent*", "twofish*", "cast*", "des*", "blowfish*", "aria*",
        "sm3*", "sm4*", "rsa*", "ecc", "ecdsa*", "ecdh*", "ecrdsa*", "dh_generic", "curve25519*",
        "blake2*", "md4", "md5", "rmd160", "streebog*", "wp512", "michael_mic", "seqiv", "echainiv",
        "rng*", "drbg", "jitterentropy*", "*_rng*", "*_trng", "chaoskey", "hid_u2fzero", "krb5*",
        "asymmetric_keys", "pkcs7*", "pkcs8*", "x509*", "tpm*", "xen_tpmfront", "ccp*", "qat_*",
        "intel_qat", "*caam*", "cptvf", "cptpf", "n5pf", "marvell_cesa", "chcr", "kpp",
        "virtio_crypto", "padlock*", "algif_*", "trusted", "encrypted_keys",
    ]),
    ("isolates virtual machines or devices", &[
        "kvm*", "vhost*", "vfio*", "iommufd", "vdpa*", "vduse", "vringh", "mdev", "irqbypass",
        "*_iommu", "arm_smmu*", "xen_*back", "xen_gnt*", "xen_privcmd",
    ]),
    ("attests or keeps secrets", &[
        "tdx_guest", "sev_guest", "arm_cca_guest", "tsm*", "*tee", "nsm", "turris_mox_rwtm",
        "turris_signing_key",
    ]),
    ("records", &["efi_pstore", "ramoops", "pstore_*", "drop_monitor"]),
    ("is an external security module", &["lkrg", "p_lkrg", "falcon*", "*_lsm"]),
];

impl Zone {
    /// The zone of the function. [`Facts::zone`] caches it.
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let is_any_in = |range: &Range<usize>| facts.addresses.iter().any(|it| range.contains(it));

        match &facts.module {
            _ if is_any_in(&facts.kernel.security) => Zone::Security,
            _ if is_any_in(&facts.kernel.processor) => Zone::Processor,
            None => Zone::Core,
            Some(function) => guard(function.module).map_or(Zone::Module, Zone::Guard),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Security => f.write_str("security"),
            Zone::Processor => f.write_str("processor"),
            Zone::Core => f.write_str("core"),
            Zone::Guard(what) => write!(f, "guard, which {what}"),
            Zone::Module => f.write_str("module"),
        }
    }
}

/// What the module of this name protects, if it does.
pub(super) fn guard(module: &str) -> Option<&'static str> {
    let is_called = |pattern: &&str| glob::matches(pattern.as_bytes(), module.as_bytes());

    GUARDS
        .iter()
        .find(|(_, patterns)| patterns.iter().any(is_called))
        .map(|(what, _)| *what)
}

/// Whether `value` is a refusal that the function can return itself.
pub(super) fn is_own_refusal(facts: &Facts<'_>, value: Value) -> bool {
    let value = value.get();
    let is_refusal =
        REFUSALS.contains(&value) || (value == EOPNOTSUPP && facts.prototype.request.is_some());

    is_refusal && can_refuse(facts.prototype.returns) && facts.can_fail()
}

/// Whether callers of a function of this type check for errors.
pub(super) fn can_refuse(returns: Type) -> bool {
    match returns {
        Type::Number { bytes, signed } => signed && bytes >= 4,
        Type::Pointer => true,
        Type::Unknown | Type::Void | Type::Bool | Type::Other => false,
    }
}

pub(super) fn judge_security(facts: &Facts<'_>) -> Result<(), Cause> {
    if facts.zone() == Zone::Security {
        return Err(Cause::Security);
    }
    match facts.callers().protected {
        Some(caller) => Err(Cause::Callee(caller)),
        None => Ok(()),
    }
}

/// What the function works on. [`Facts::object`] caches it.
pub(super) fn object_of(facts: &Facts<'_>) -> Option<Object> {
    facts.prototype.object.or_else(|| match facts.zone() {
        Zone::Module if facts.prototype.request.is_some() => Some(Object::Request),
        Zone::Module => facts.named(objects::named_in_module),
        // A socket of the kernel's crypto API only serves the program that owns it.
        _ => facts.named(objects::named_in_core).filter(|object| {
            *object != Object::Named || facts.prototype.request != Some(Request::Socket)
        }),
    })
}

pub(super) fn judge_object(facts: &Facts<'_>, value: Value) -> Result<(), Cause> {
    let zone = facts.zone();
    let returns = facts.prototype.returns;
    let Some(object) = facts.object() else {
        return Ok(());
    };
    let is_error = ERRORS.contains(&value.get());
    let accepts = match (zone, object) {
        // Programs may continue without a namespace of their own if it cannot be created, revoked
        // memory must become unreachable, and any error may mean that there is no label.
        (_, Object::Network | Object::DeviceMemory | Object::Label) => false,
        // `bool` functions deny with false, and `void` ones return nothing.
        (Zone::Module, Object::Decision | Object::Question)
            if facts.is_absent() || matches!(returns, Type::Void | Type::Bool) =>
        {
            is_error || value.get() == 0
        }
        (Zone::Module, _) => is_error && (facts.is_absent() || returns.fails_with(value)),
        _ => false,
    };

    match accepts {
        true => Ok(()),
        false => Err(Cause::Object(object)),
    }
}

pub(super) fn judge(facts: &Facts<'_>, asked: Asked) -> Result<(), Cause> {
    let value = asked.value;
    let returns = facts.prototype.returns;
    let is_error = ERRORS.contains(&value.get());
    let zone = facts.zone();
    let must_spare_root = match zone {
        Zone::Guard(FILTERS) => true,
        Zone::Guard(_) => {
            matches!(
                facts.prototype.request,
                Some(Request::Direct | Request::Generic)
            )
        }
        _ => facts.prototype.request == Some(Request::Direct),
    };
    let accepts = match zone {
        // A function that can fail may be made to fail; one that cannot may be made to do nothing.
        Zone::Module => match returns {
            _ if facts.is_absent() => true,
            Type::Bool => value.get() == 0,
            Type::Number { .. } | Type::Pointer if facts.can_fail() => is_error,
            Type::Pointer => value.get() == 0,
            _ => true,
        },
        Zone::Processor => false,
        _ if must_spare_root && !asked.spares_root => return Err(Cause::Request(zone)),
        _ => is_own_refusal(facts, value) || (facts.is_absent() && is_error),
    };

    match accepts {
        false => Err(Cause::Default(zone, returns)),
        true if returns.fails_with(value) && facts.is_ignored() => Err(Cause::ResultIgnored(zone)),
        true => Ok(()),
    }
}
