// SPDX-License-Identifier: GPL-2.0-only

//! Tests of the names in the policy, with a built kernel: `KS_VMLINUX` is its file, and
//! `KS_MODULES` the directory of its modules.

use super::*;
use crate::{
    catalogue::{Alternative, Catalogue, Entry},
    command::{parse_value, Question, Scope, Target},
    cve::{Answer, Known},
    image::{Symbol, Within},
    index::Index,
    kernel::{Function, Verdict},
    known::{self, Subject},
    policy::{self, glob, Asked, Member, Rule, Value, Zone},
    print,
};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    sync::LazyLock,
};

/// Names in the table that make no difference in one of the kernels that `make kernel` builds, with
/// or without `CONFIG=large`, or in Debian's, which is built with GCC, but in another of these.
#[rustfmt::skip]
const NEEDED_ELSEWHERE: &[&str] = &[
    "*:*_diag_destroy", "*device_property_*", "*iommu*", "*setlease*", "*setlink*", "*tcp_*md5*",
    "acct_*", "dev_xdp_*", "fib*_rule_*", "fib4_*", "get_file_active", "kvm*:*l1d_flush*",
    "lease_modify", "memory_read_from_buffer", "msr_*_bit", "nlmsg_*", "seg6_*hmac*", "seq_lseek",
    "set_current_groups", "tc_*", "tg_*", "vfs_fstatat", "vfs_llseek",
];

/// Names in the table without a function in one of these kernels, because the compiler inlined it,
/// or the configuration leaves it out.
#[rustfmt::skip]
const NO_FUNCTIONS: &[&str] = &[
    "bluetooth:sc_add_ltk", "bluetooth:smp_ah", "bluetooth:smp_g2", "bridge:br_cfm_frame_rx",
    "ksmbd:calc_ntlmv2_hash", "ksmbd:parse_dacl",
    "libceph:con_hmac_sha256", "libceph:process_one_ticket", "macsec:get_*_from_nl",
    "mlx5_core:mlx5e_ipsec_event", "nfsd:nfsd_map_name_to_*", "rxrpc:fcrypt_*",
    "rxrpc:rxkad_respond_to_challenge", "sit:check_6rd", "tipc:tipc_aead_init",
    "wireguard:set_peer", "xfrm_user:verify_spi_info",
];

/// Functions that register a protection.
#[rustfmt::skip]
const REGISTRATIONS: &[&str] = &[
    "crypto_register_*", "devm_hwrng_register", "dm_register_target", "ebt_register_*",
    "gss_mech_register", "hwrng_register", "iommu_device_register", "ip_set_type_register",
    "kvm_init", "kvm_x86_vendor_init", "mdev_register_parent", "nf_*register*", "nft_register_*",
    "pstore_register", "register_asymmetric_key_parser", "register_ip_vs_*", "register_key_type",
    "register_l3mdev", "register_quota_format", "register_tcf_*", "rpcauth_register",
    "security_add_hooks", "svc_auth_register", "tcf_*register*", "tee_device_register",
    "tsm_*register*", "vfio_*register*", "xfrm*_register*", "xt_register_*",
];

/// Modules that call such functions but are not guards, by reason.
#[rustfmt::skip]
const NO_GUARDS: &[(&str, &[&str])] = &[
    ("compresses or computes checksums", &[
        "crc32_cryptoapi", "crc32c_cryptoapi", "deflate", "iaa_crypto", "lz4hc", "zstd",
    ]),
    ("maps blocks without protecting them", &[
        "dm_cache", "dm_clone", "dm_delay", "dm_era", "dm_flakey", "dm_log_writes", "dm_mirror",
        "dm_multipath", "dm_raid", "dm_snapshot", "dm_switch", "dm_thin_pool", "dm_unstripe",
        "dm_vdo", "dm_writecache", "dm_zero", "dm_zoned",
    ]),
    ("is a network card, and only one of several sources of randomness", &["b43", "b43legacy"]),
    ("keeps keys of its own protocol; the table names the sensitive functions", &[
        "cifs", "dns_resolver", "libceph", "nfsv4", "rxrpc",
    ]),
    ("is a file system with quotas", &["ocfs2"]),
    ("implements tunnels that IPsec uses", &[
        "ip6_tunnel", "ipip", "sit", "tunnel4", "tunnel6",
    ]),
];

fn path_in(variable: &str) -> PathBuf {
    PathBuf::from(env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set")))
}

/// The functions that the objects below `directory` define, except those in sections that the
/// linker places elsewhere: those freed after boot, and rarely run code.
fn functions_of(directory: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();

        if path.is_dir() {
            functions_of(&path, names);
        } else if path.extension().is_some_and(|it| it == "o") {
            let bytes = fs::read(&path).unwrap();
            let file = object::File::parse(&bytes[..]).unwrap();

            for symbol in file.symbols().filter(|it| it.is_definition()) {
                let section = symbol
                    .section_index()
                    .map(|at| file.section_by_index(at).unwrap());

                if section.is_some_and(|it| it.name() == Ok(".text")) {
                    names.insert(symbol.name().unwrap().to_owned());
                }
            }
        }
    }
}

#[test]
#[ignore = "needs a built kernel with its objects"]
fn security_range_has_the_functions_of_its_objects() {
    let vmlinux = PathBuf::from(env::var_os("KS_VMLINUX").expect("KS_VMLINUX is not set"));
    let kernel = Kernel::new(Image::open(&vmlinux, &[]).unwrap());
    let mut defined = BTreeSet::new();

    functions_of(&vmlinux.with_file_name("security"), &mut defined);
    assert!(defined.len() > 1000, "{}", defined.len());
    // For a name with several functions, one of them is enough.
    let within = kernel.security();
    let is_function =
        |it: &image::Symbol<'_>| matches!(it.kind, 't' | 'T') && !it.name.starts_with("__pfx_");
    let functions = || kernel.image().symbols().filter(is_function);
    let inside: BTreeSet<_> = functions()
        .filter(|it| within.contains(&(it.address as usize)))
        .map(|it| it.name.to_owned())
        .collect();
    let all: BTreeSet<_> = functions().map(|it| it.name.to_owned()).collect();
    let outside: Vec<_> = defined
        .difference(&inside)
        .filter(|it| all.contains(*it))
        .collect();
    let foreign: Vec<_> = inside.difference(&defined).collect();

    assert_eq!(
        outside, [""; 0],
        "defined in security/, but outside of the range"
    );
    assert_eq!(foreign, [""; 0], "in the range, but defined elsewhere");
}

/// The built kernel with all of its modules.
static BUILT: LazyLock<Kernel> = LazyLock::new(|| {
    let modules = find_modules(&path_in("KS_MODULES"));

    Kernel::new(Image::open(&path_in("KS_VMLINUX"), &modules).unwrap())
});

/// The requests for each function in the table.
static QUESTIONS: LazyLock<Vec<Asked>> = LazyLock::new(|| {
    const VALUES: [i64; 14] = [-1, -2, -5, -7, -12, -13, -16, -22, -71, -90, -95, 0, 1, 2];

    [Scope::All, Scope::Nonroot]
        .iter()
        .flat_map(|scope| VALUES.map(|value| scope.asks(Value::new(value))))
        .collect()
});

/// The function at a symbol, or all of its name.
fn function<'a>(symbol: &Symbol<'a>) -> Option<Function<'a>> {
    let within = symbol.module.map_or(Within::Kernel, Within::Module);

    BUILT.find_in(within, symbol.name)
}

/// The values for which the table changes the verdict of the other rules.
fn decided_by_table(function: &Function<'_>) -> BTreeSet<i64> {
    let without = BUILT.judge_without_table(function, &QUESTIONS);
    let (_, with) = BUILT.judge(function, &QUESTIONS);

    QUESTIONS
        .iter()
        .zip(without)
        .zip(with)
        .filter(|((_, without), with)| match with {
            Verdict::Accepted => !without,
            Verdict::Refused(refusal) => *without && refusal.cause.rule() == Rule::SecurityBase,
            Verdict::NotProbeable => false,
        })
        .map(|((asked, _), _)| asked.value.get())
        .collect()
}

/// Why a name is needed in the table: it changes the verdicts on its functions, on functions that
/// they call, or on its functions while their module is not loaded and only the names are known.
fn reason(member: Member, functions: &[Function<'_>], callees: &[usize]) -> Option<String> {
    let values = |values: BTreeSet<i64>| (!values.is_empty()).then(|| format!("{values:?}"));
    let own = || values(functions.iter().flat_map(decided_by_table).collect());
    let called = || {
        callees.iter().find_map(|address| {
            let symbol = BUILT.image().symbol_of(*address as u64)?;
            let function = function(&symbol).filter(|_| BUILT.is_probeable(&symbol))?;
            let (_, with) = BUILT.judge(&function, &QUESTIONS);
            let without = BUILT.judge_without(member, &function, &QUESTIONS);

            (with != without).then(|| format!("calls {}", symbol.name))
        })
    };
    let absent = || {
        let absent = functions
            .iter()
            .filter(|it| it.module() != kernel::KERNEL)
            .map(|it| Function::absent(it.module(), it.name()));

        values(absent.flat_map(|it| decided_by_table(&it)).collect())
            .map(|values| format!("not loaded: {values}"))
    };

    own().or_else(called).or_else(absent)
}

#[test]
#[ignore = "needs a built kernel with its modules"]
fn each_name_of_the_table_is_needed() {
    let mut symbols: Vec<_> = BUILT
        .image()
        .symbols()
        .filter(|it| BUILT.is_probeable(it))
        .collect();

    symbols.dedup_by_key(|it| (it.module, it.name));
    let all: Vec<_> = symbols
        .par_iter()
        .filter_map(|symbol| Some((symbol, BUILT.members_of(&function(symbol)?))))
        .collect();
    let mut named: BTreeMap<_, Vec<Function<'_>>> = BTreeMap::new();
    for (symbol, members) in all {
        for member in members {
            let functions = named.entry(member.number()).or_default();

            functions.extend(function(symbol));
        }
    }
    let called = BUILT.callees_of_table();
    let members: Vec<_> = Member::all().collect();
    let reasons: Vec<_> = members
        .par_iter()
        .map(|member| {
            let functions = named.get(&member.number()).map_or(&[][..], Vec::as_slice);
            let callees = called.get(&member.number()).map_or(&[][..], Vec::as_slice);

            (functions.len(), reason(*member, functions, callees))
        })
        .collect();
    let mut needless = Vec::new();

    for (member, (count, reason)) in members.iter().zip(reasons) {
        let (name, family) = (member.name(), member.family().name);
        let is_needed = reason.is_some() || count == 0;
        let reason = reason.unwrap_or_default();

        println!("{family}\t{name}\t{count}\t{reason}");
        if !is_needed && !NEEDED_ELSEWHERE.contains(&name) {
            needless.push(name);
        }
    }
    assert_eq!(needless, [""; 0]);
}

#[test]
#[ignore = "needs a built kernel with its modules"]
fn functions_are_in_the_module_of_their_table_line() {
    let image = BUILT.image();
    let functions: Vec<_> = image.symbols().filter(|it| it.name.len() > 1).collect();
    let exists = |member: &Member, module: &str| {
        functions.par_iter().any(|symbol| {
            let is_in = symbol.module.map(|it| &*image.modules()[it].name) == Some(module);

            is_in
                && glob::matches(
                    member.symbol().as_bytes(),
                    policy::original(symbol.name).as_bytes(),
                )
        })
    };
    let missing: Vec<_> = Member::all()
        .filter_map(|member| Some((member, member.name().split_once(':')?.0)))
        .filter(|(member, module)| image.module_named(module).is_some() && !exists(member, module))
        .map(|(member, _)| member.name())
        .filter(|name| !NO_FUNCTIONS.contains(name))
        .collect();

    assert_eq!(missing, [""; 0]);
}

#[test]
#[ignore = "needs a built kernel with its modules"]
fn modules_that_register_a_protection_are_guards() {
    let mut found = BTreeMap::<_, BTreeSet<String>>::new();

    for module in BUILT.image().modules() {
        let bytes = fs::read(&module.path).unwrap();
        let file = object::File::parse(&bytes[..]).expect("a module that is not compressed");
        let registers = |name: &&str| {
            REGISTRATIONS
                .iter()
                .any(|it| glob::matches(it.as_bytes(), name.as_bytes()))
        };
        let is_no_guard = || {
            NO_GUARDS
                .iter()
                .any(|(_, names)| names.contains(&&*module.name))
        };
        let is_guard = || {
            let (zone, _) = BUILT.judge(&Function::absent(&module.name, "f"), &[]);

            matches!(zone, Zone::Guard(_))
        };
        let imports = file.symbols().filter(|it| it.is_undefined());
        let names: BTreeSet<_> = imports
            .filter_map(|it| it.name().ok())
            .filter(registers)
            .map(str::to_owned)
            .collect();

        if !names.is_empty() && !is_guard() && !is_no_guard() {
            found.insert(&*module.name, names);
        }
    }
    assert_eq!(found, BTreeMap::new());
}

#[test]
#[ignore = "needs a built kernel with its modules"]
fn lists_get_the_expected_verdicts() {
    let table = include_str!("../../../selftests/data/verdicts.tsv");
    let mut there: BTreeMap<_, usize> = BTreeMap::new();
    let mut wrong = Vec::new();

    for row in table.lines().skip(1) {
        let columns: Vec<_> = row.split('\t').collect();
        let [list, name, value, scope, expected] = columns[..] else {
            panic!("{row}");
        };
        let target = Target::parse(name).unwrap();
        // Without compiler-generated variants, the function has its plain name.
        let original = Target {
            symbol: policy::original(target.symbol),
            ..target
        };
        let found = [target, original]
            .iter()
            .find_map(|it| BUILT.find(it).filter(|it| !it.is_absent()));
        let Some(function) = found else {
            continue;
        };
        let scope = match scope {
            "all" => Scope::All,
            "nonroot" => Scope::Nonroot,
            _ => panic!("{row}"),
        };
        let asked = scope.asks(parse_value(value).unwrap());
        let verdict = BUILT.judge(&function, &[asked]).1[0];
        let has_way = || match verdict {
            Verdict::Refused(it) if it.instead.is_some() => true,
            _ => !BUILT.nearest(&function, asked).is_empty(),
        };
        let is_right = match (expected, verdict == Verdict::Accepted) {
            ("refuse", is_accepted) => !is_accepted,
            ("accept", is_accepted) => is_accepted,
            ("way", is_accepted) => is_accepted || has_way(),
            _ => panic!("{row}"),
        };

        *there.entry(list).or_default() += 1;
        if !is_right {
            wrong.push(row);
        }
    }
    println!("{there:#?}");
    assert_eq!(wrong, [""; 0]);
}

/// All requests in the catalogue, for CVEs and doors.
fn questions(catalogue: &Catalogue) -> impl Iterator<Item = (&Entry, usize, Question<'_>)> {
    catalogue.entries().flat_map(|entry| {
        entry
            .alternatives
            .iter()
            .enumerate()
            .flat_map(move |(at, it)| it.questions().map(move |it| (entry, at, it)))
    })
}

/// The kernel, with those modules that the catalogue needs.
fn catalogued(catalogue: &Catalogue) -> Subject {
    let path = path_in("KS_MODULES");
    let index = Index::of(&Machine::nowhere(), &path).unwrap();
    let modules = questions(catalogue).filter_map(|(_, _, it)| it.target.module);
    let functions = questions(catalogue).map(|(_, _, it)| it.target.symbol);

    known::open_file(
        &path_in("KS_VMLINUX"),
        Some((&index, &path)),
        &modules.collect(),
        &functions.collect(),
    )
    .unwrap()
}

#[test]
#[ignore = "needs a built kernel with its modules"]
fn alternatives_are_allowed_or_say_why() {
    let catalogue = Catalogue::built_in().unwrap();
    let subject = catalogued(&catalogue);
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();

    for entry in catalogue.entries() {
        let answers =
            |it: &Alternative| -> Vec<_> { it.questions().map(|it| subject.answer(&it)).collect() };
        let all: Vec<_> = entry.alternatives.iter().map(answers).collect();
        let has = |answer: fn(&Answer) -> bool| all.iter().any(|it| it.iter().all(answer));
        let kind = if entry.is_door() { "door" } else { "CVE" };
        let what = match () {
            () if all.is_empty() => "no alternative",
            () if has(|it| *it == Answer::Allowed) => "allowed",
            () if has(|it| matches!(it, Answer::Allowed | Answer::Absent)) => "not in this kernel",
            () => "refused",
        };

        println!("{kind}\t{}\t{what}", entry.id);
        *counts.entry((kind, what)).or_default() += 1;
    }
    println!("{counts:#?}");
    let problems: Vec<_> = catalogue
        .entries()
        .flat_map(|it| print::contradictions(it, &subject))
        .map(|it| it.to_string())
        .collect();

    assert_eq!(problems, [""; 0]);
}

#[test]
#[ignore = "needs a built kernel with its modules"]
fn unread_modules_make_no_difference() {
    let catalogue = Catalogue::built_in().unwrap();
    let subject = catalogued(&catalogue);

    for (entry, _, question) in questions(&catalogue) {
        let asked = question.scope.asks(question.value);
        let is_allowed = BUILT
            .find(&question.target)
            .filter(|it| !it.is_absent())
            .map(|it| BUILT.judge(&it, &[asked]).1[0] == Verdict::Accepted);
        let expected = match subject.answer(&question) {
            Answer::Allowed => Some(true),
            Answer::Refused(_) => Some(false),
            Answer::Absent | Answer::Unknown => None,
        };

        assert_eq!(
            is_allowed, expected,
            "{}: {}",
            entry.id, question.target.name
        );
    }
}
