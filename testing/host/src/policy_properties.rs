// SPDX-License-Identifier: GPL-2.0-only

//! Properties of every verdict of the policy.

use crate::policy::{
    cases::{first_wrong, Imaginary},
    code::{arm64::Arm64, x86::X86, Architecture, Called, Evidence},
    judge, original, AddressSet, Asked, Catalogue, Cause, Facts, Kernel, Member, Members, Name,
    Prototype, Refusal, Rule, Set, Symbol, Tagged, TaggedSet, Type, Value, Zone,
};
use proptest::prelude::*;
use std::fmt;
use std::{collections::BTreeSet, sync::LazyLock};

#[test]
fn verdicts_are_as_expected() {
    assert_eq!(first_wrong(), None);
}

/// Whether `bytes` may be those of a probe, and whether they redirect the calls of a function.
fn probed<A: Architecture>(bytes: &[u8]) -> (bool, bool) {
    (A::is_probe(bytes), A::is_armed(bytes))
}

#[test]
fn probes_are_recognized_by_their_bytes() {
    let (int3, jump, call, ret) = ([0xcc; 5], [0xe9; 5], [0xe8; 5], [0xc3; 5]);
    let (brk, bti) = (0xd420_0080_u32.to_le_bytes(), 0xd503_245f_u32.to_le_bytes());

    assert_eq!(
        (X86::PROBE, X86::PROBE_HIDES_BRANCH, X86::ARGUMENTS),
        (5, false, 6)
    );
    assert_eq!(probed::<X86>(&int3), (true, true));
    assert_eq!(probed::<X86>(&jump), (true, false));
    assert_eq!(probed::<X86>(&call), (false, true));
    assert_eq!(probed::<X86>(&ret), (false, false));
    assert_eq!(
        (Arm64::PROBE, Arm64::PROBE_HIDES_BRANCH, Arm64::ARGUMENTS),
        (4, true, 8)
    );
    assert_eq!(probed::<Arm64>(&brk), (true, true));
    assert_eq!(probed::<Arm64>(&bti), (false, false));
    assert_eq!(probed::<Arm64>(&brk[1..]), (false, false));
}

#[test]
fn callees_include_the_function() {
    let called = Called::new(vec![30, 10, 20]);

    assert!([10, 20, 30].iter().all(|it| called.contains(*it)));
    assert!([0, 11, 40].iter().all(|it| !called.contains(*it)));
}

fn sets_of(symbol: &str) -> Vec<Set> {
    static CATALOGUE: LazyLock<Catalogue<Vec<Name>>> =
        LazyLock::new(|| Catalogue::new(Name::all().collect()));
    let mut sets = Vec::new();

    CATALOGUE
        .sets(symbol, |set| {
            sets.push(set);
            Ok::<_, ()>(())
        })
        .unwrap();
    sets
}

#[test]
fn entry_points_are_recognized_by_name() {
    for (name, is_entry, decides) in [
        ("security_file_open", true, true),
        ("security_inode_setxattr.cold", true, true),
        ("security_inode_alloc", true, false),
        ("cap_inode_setxattr", true, false),
        ("cap_inode_removexattr.isra.0", true, false),
        ("cap_inode_setxattr2", false, false),
        ("Security_file_open", false, false),
        ("lsm_security_", false, false),
        ("ns_capable", false, true),
        ("", false, false),
    ] {
        let sets = sets_of(name);
        assert_eq!(sets.contains(&Set::LsmEntry), is_entry, "{name}");
        assert_eq!(sets.contains(&Set::Decider), decides, "{name}");
    }
}

#[test]
fn table_is_consistent() {
    let mut names = BTreeSet::new();

    for member in Member::all() {
        let line = member.line();
        let pattern = member.symbol();

        if let Some(other) = Member::all().find(|other| other.covers(member)) {
            panic!("{} is redundant with {}", other.name(), member.name());
        }

        assert!(
            names.insert(member.name()),
            "{} is a duplicate",
            member.name()
        );
        assert!(
            !line.why.is_empty() && !line.why.ends_with('.'),
            "{pattern}"
        );
        assert!(
            line.why.starts_with(|c: char| c.is_ascii_lowercase()),
            "{pattern}: {}",
            line.why
        );
        assert!(
            pattern
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_*$".contains(&b)),
            "{pattern}"
        );
        // Where patterns are searched.
        let star = pattern.find('*').unwrap_or(pattern.len());
        assert!(star == 0 || star >= 2, "{pattern}");
        // A pattern that matches everything would protect everything.
        let literal = pattern.bytes().filter(|b| *b != b'*').count();
        assert!(literal >= 3 || !pattern.contains('*'), "{pattern}");
        assert!(
            !pattern.starts_with("security_"),
            "{pattern} is an entry point"
        );
    }
    assert!((100..1500).contains(&names.len()));
}

#[test]
fn patterns_match_variants() {
    // Another line may have the same meaning.
    let is_in = |symbol: &str, member: Member| {
        sets_of(symbol).iter().any(|set| match set {
            Set::Base(found) => found.accepts_same(member),
            _ => false,
        })
    };

    for member in Member::all().filter(|member| member.expected().is_some()) {
        for suffix in ["", ".constprop.0", ".isra.0.cold"] {
            let symbol = format!("{}{suffix}", member.symbol());
            assert!(is_in(&symbol, member), "{symbol}");
        }
    }
    for member in Member::all() {
        for anything in ["", "_", "xy_z"] {
            let symbol = member.symbol().replace('*', anything);
            assert!(is_in(&symbol, member), "{symbol}");
        }
    }
}

#[test]
fn variants_differ_from_names_with_dots() {
    assert_eq!(original("f"), "f");
    assert_eq!(original("f.constprop.0"), "f");
    assert_eq!(original("f.part.0.isra.0"), "f");
    assert_eq!(original(".Lf"), ".Lf");
}

#[test]
fn sets_find_near_addresses() {
    let set = AddressSet::new(vec![30, 10, 20]);
    let tagged = TaggedSet::new(vec![
        Tagged {
            address: 2,
            tag: 'b',
        },
        Tagged {
            address: 1,
            tag: 'a',
        },
        Tagged {
            address: 2,
            tag: 'c',
        },
    ]);

    assert_eq!(set.len(), 3);
    assert_eq!(set.first_in(0..=9), None);
    assert_eq!(set.first_in(0..=10), Some(10));
    assert_eq!(set.first_in(11..=30), Some(20));
    assert_eq!(set.first_in(31..=usize::MAX), None);
    assert_eq!(tagged.members().len(), 3);
    assert_eq!(tagged.tags(2).collect::<String>().len(), 2);
    assert_eq!(tagged.tags(1).collect::<String>(), "a");
    assert_eq!(tagged.tags(3).count(), 0);
}

#[test]
fn long_names_are_truncated() {
    assert_eq!(Symbol::new(b"short").as_str(), "short");
    assert_eq!(Symbol::new(&[b'x'; 127]).as_str(), "x".repeat(127));
    assert_eq!(Symbol::new(&[b'x'; 128]).as_str(), "x".repeat(124) + "...");
    assert_eq!(Symbol::new(b"a\xff b").as_str(), "a??b");
}

/// The text of a refusal.
struct Words(Refusal);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .describe(f, &|address| Symbol::new(format!("f{address}").as_bytes()))
    }
}

#[test]
fn refusals_have_reasons_and_suggestions() {
    let base = Member::all().next().unwrap();
    let evidence = |through| Evidence::Calls {
        through,
        decider: 2,
    };
    let none = "no value would be accepted; choose the vulnerable function itself";

    for (cause, instead, says, rule) in [
        (Cause::LsmEntry, None, none, "lsm-entry"),
        (
            Cause::LsmHook("yama"),
            None,
            "security module yama",
            "lsm-hook",
        ),
        (Cause::Base(base), None, base.line().why, "security-base"),
        (
            Cause::Mediation(evidence(None), Type::INT),
            Some(-1),
            "it calls f2; it returns int; an error such as -EPERM would be accepted",
            "mediation",
        ),
        (
            Cause::Mediation(evidence(Some(1)), Type::Void),
            None,
            "it calls f1, which calls f2; it returns void; no value would be accepted",
            "mediation",
        ),
        (
            Cause::Mediation(Evidence::Unknown, Type::INT),
            Some(-1),
            "its code cannot be read",
            "mediation",
        ),
        (
            Cause::Security,
            None,
            "part of the security modules",
            "security",
        ),
        (Cause::Callee(1), None, "it is called by f1", "security"),
        (
            Cause::Default(Zone::Core, Type::INT),
            Some(-1),
            "-EPERM",
            "default",
        ),
        (Cause::Core, None, none, "primitive"),
        (Cause::Called(32), None, "from 32 places", "primitive"),
        (
            Cause::ReturnType(Type::Bool),
            Some(0),
            "it returns bool, which cannot hold this value; 0 would be accepted",
            "return-type",
        ),
        (
            Cause::Ambiguous(2),
            None,
            "2 functions have this name",
            "ambiguous",
        ),
    ] {
        let instead = instead.map(|value| Asked {
            value: Value::new(value),
            spares_root: false,
        });
        let words = Words(Refusal { cause, instead }).to_string();

        assert_eq!(cause.rule().to_string(), rule);
        assert!(words.contains(says), "{words}");
        assert!(words.ends_with(&format!(" (rule {rule})")), "{words}");
    }
}

/// The sets of a kernel with few functions, which often coincide.
#[derive(Clone, Debug, Default)]
struct Sets {
    entries: Vec<usize>,
    hooks: Vec<usize>,
    base: Vec<(usize, usize)>,
    deciders: Vec<usize>,
    core: Vec<usize>,
    security: usize,
}

impl Sets {
    fn and(mut self, more: Sets) -> Sets {
        self.entries.extend(more.entries);
        self.hooks.extend(more.hooks);
        self.base.extend(more.base);
        self.deciders.extend(more.deciders);
        self.core.extend(more.core);
        self.security += more.security;
        self
    }

    fn verdict(&self, addresses: &[usize], returns: Type, value: i64) -> Option<Cause> {
        let tagged = |address: &usize| Tagged {
            address: *address,
            tag: "test",
        };
        let lines: Vec<_> = Member::all().collect();
        let lsm_entries = AddressSet::new(self.entries.clone());
        let lsm_hooks = TaggedSet::new(self.hooks.iter().map(tagged).collect::<Vec<_>>());
        let base = self.base.iter();
        let base = base.map(|(address, line)| lines[line % lines.len()].at(*address));
        let base = Members::new(base.collect::<Vec<_>>());
        let deciders = AddressSet::new(self.deciders.clone());
        let hubs = AddressSet::new(Vec::new());
        let core = AddressSet::new(self.core.clone());
        let kernel = Kernel {
            lsm_entries: lsm_entries.borrow(),
            lsm_hooks: lsm_hooks.borrow(),
            lsm_trampolines: 0..0,
            base: base.borrow(),
            deciders: deciders.borrow(),
            hubs: hubs.borrow(),
            security: 0x1_0000..0x1_0000 + self.security,
            processor: 0..0,
            core: core.borrow(),
        };
        let mut facts = Facts::new(&kernel, addresses, &Imaginary::ALL[0]);

        facts.prototype = Prototype {
            returns,
            ..Prototype::UNKNOWN
        };
        let asked = |value| Asked {
            value,
            spares_root: false,
        };
        judge(&facts, asked(Value::new(value)))
            .err()
            .map(|refusal| {
                // Suggested values are accepted.
                if let Some(other) = refusal.instead {
                    assert!(judge(&facts, other).is_ok());
                }
                refusal.cause
            })
    }
}

/// A function of the simulated kernel.
fn address() -> impl Strategy<Value = usize> {
    (0usize..0x40).prop_map(|n| 0x1_0000 + n * 0x100)
}

fn addresses() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(address(), 0..12)
}

fn sets() -> impl Strategy<Value = Sets> {
    // Entries that accept a value override others.
    let lines = Member::all().collect::<Vec<_>>();
    let protects = move |(_, line): &(usize, usize)| !lines[line % lines.len()].is_exception();
    let member = (address(), any::<usize>()).prop_filter("it protects", protects);
    let base = prop::collection::vec(member, 0..12);

    (
        addresses(),
        addresses(),
        base,
        addresses(),
        addresses(),
        0usize..0x1000,
    )
        .prop_map(|(entries, hooks, base, deciders, core, security)| Sets {
            entries,
            hooks,
            base,
            deciders,
            core,
            security,
        })
}

fn returns() -> impl Strategy<Value = Type> {
    prop_oneof![
        Just(Type::Unknown),
        Just(Type::Void),
        Just(Type::Bool),
        Just(Type::Pointer),
        Just(Type::Other),
        (
            prop_oneof![Just(1u8), Just(2), Just(4), Just(8)],
            any::<bool>()
        )
            .prop_map(|(bytes, signed)| Type::Number { bytes, signed }),
    ]
}

fn value() -> impl Strategy<Value = i64> {
    prop_oneof![-2i64..3, -5000i64..5000, any::<i64>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn sets_are_sorted(addresses in prop::collection::vec(any::<usize>(), 0..300)) {
        let set = AddressSet::new(addresses.clone());
        for address in &addresses {
            prop_assert!(set.contains(*address));
        }
        prop_assert_eq!(set.first_in(0..=usize::MAX), addresses.iter().min().copied());
    }

    #[test]
    fn entry_points_and_callbacks_are_refused_for_any_value(
        address in address(),
        mut sets in sets(),
        returns in returns(),
        value in value(),
        is_entry in any::<bool>(),
    ) {
        if is_entry {
            sets.entries.push(address);
            prop_assert_eq!(sets.verdict(&[address], returns, value), Some(Cause::LsmEntry));
        } else {
            sets.hooks.push(address);
            let rule = sets.verdict(&[address], returns, value).map(|cause| cause.rule());
            prop_assert!(matches!(rule, Some(Rule::LsmEntry | Rule::LsmHook)));
        }
    }

    #[test]
    fn protecting_more_never_allows_more(
        address in address(),
        before in sets(),
        more in sets(),
        returns in returns(),
        value in value(),
    ) {
        let refused = before.verdict(&[address], returns, value).is_some();
        let after = before.and(more).verdict(&[address], returns, value);
        prop_assert!(!refused || after.is_some());
    }

    #[test]
    fn another_function_of_the_name_never_allows_more(
        name in prop::collection::btree_set(address(), 2..5),
        sets in sets(),
        returns in returns(),
        value in value(),
    ) {
        let name: Vec<_> = name.into_iter().collect();
        prop_assert!(sets.verdict(&name, returns, value).is_some());
    }

    #[test]
    fn unknown_types_never_allow_more_in_built_in_code(
        address in address(),
        mut sets in sets(),
        value in value(),
    ) {
        sets.base.clear();
        prop_assert!(sets.verdict(&[address], Type::Unknown, value).is_some());
    }

    #[test]
    fn allowed_values_fit_the_type(
        address in address(),
        sets in sets(),
        returns in returns(),
        value in value(),
    ) {
        if sets.verdict(&[address], returns, value).is_none() {
            prop_assert!(returns.holds(Value::new(value)));
        }
    }

    #[test]
    fn pieces_of_code_have_all_calls_once(
        mut code in prop::collection::vec(any::<u8>(), 200..600),
        calls in prop::collection::btree_map(1usize..40, 0usize..4, 0..30),
        piece in X86::OVERLAP + 1..90,
    ) {
        const AT: usize = 0x1_0000;
        const CALLED: [usize; 4] = [0x2_0000, 0x2_0008, 0x2_0040, 0x8_0000];

        for (place, callee) in &calls {
            let place = place * 5;
            let displacement = (CALLED[*callee] - (AT + place + 5)) as u32;
            code[place] = 0xe8;
            code[place + 1..place + 5].copy_from_slice(&displacement.to_le_bytes());
        }
        let called = Called::new(CALLED.to_vec());
        let (mut whole, mut sum) = (Vec::new(), Vec::new());
        prop_assert!(called.has_any_in(CALLED[1]..CALLED[1] + 1));
        prop_assert!(!called.has_any_in(CALLED[1] + 1..CALLED[2]));
        called.find::<X86>(&code, AT, 16, &mut |place, function| whole.push((place, function)));
        let mut at = 0;
        while code.len() - at > X86::OVERLAP {
            let end = code.len().min(at + piece);
            called.find::<X86>(&code[at..end], AT + at, 16, &mut |place, function| {
                sum.push((place, function));
            });
            at = end - X86::OVERLAP;
        }
        prop_assert_eq!(&sum, &whole);
        for (index, address) in CALLED.into_iter().enumerate() {
            let mut alone = Vec::new();

            Called::new(vec![address]).find::<X86>(&code, AT, 16, &mut |place, function| {
                alone.push((place, function));
            });
            let found: Vec<_> = whole.iter().filter(|it| it.1 == address).copied().collect();
            prop_assert_eq!(alone, found);
            for place in calls.iter().filter(|(_, it)| **it == index).map(|(place, _)| place * 5) {
                prop_assert!(whole.contains(&(AT + place, address)));
            }
        }
    }
}
