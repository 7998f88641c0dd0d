// SPDX-License-Identifier: GPL-2.0-only

//! What must hold for every verdict of the policy.

use crate::policy::{
    cases, is_entry_name, judge, AddressSet, Facts, Hook, HookSet, Refusal, Rule, Value,
};
use proptest::prelude::*;

#[test]
fn every_case_gets_its_verdict() {
    assert_eq!(cases::first_wrong(), None);
}

#[test]
fn entry_points_are_known_by_their_names() {
    for (name, is_entry) in [
        ("security_file_open", true),
        ("security_", true),
        ("security_inode_setxattr.cold", true),
        ("cap_inode_setxattr", true),
        ("cap_inode_removexattr", true),
        ("cap_inode_setxattr2", false),
        ("Security_file_open", false),
        ("lsm_security_", false),
        ("", false),
    ] {
        assert_eq!(is_entry_name(name.as_bytes()), is_entry, "{name}");
    }
}

#[test]
fn every_refusal_names_its_rule() {
    let refusals = [
        Refusal::LsmEntry,
        Refusal::LsmHook("yama"),
        Refusal::NotAnInt,
        Refusal::Ambiguous(2),
    ];

    for (refusal, rule) in refusals.iter().zip(Rule::ALL) {
        assert_eq!(refusal.rule(), rule);
        assert!(refusal.to_string().ends_with(&format!("(rule {rule})")));
    }
}

fn verdict(
    addresses: &[usize],
    entries: &[usize],
    hooks: &[usize],
    value: i64,
) -> Result<(), Refusal> {
    let lsm_entries = AddressSet::new(entries.to_vec());
    let lsm_hooks = HookSet::new(
        hooks
            .iter()
            .map(|address| Hook {
                address: *address,
                lsm: "test",
            })
            .collect::<Vec<_>>(),
    );
    let facts = Facts {
        addresses,
        lsm_entries: lsm_entries.borrow(),
        lsm_hooks: lsm_hooks.borrow(),
    };
    judge(&facts, Value::new(value)).map(|_| ())
}

fn addresses() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..40, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_protected_is_refused(
        address in 0usize..40,
        mut entries in addresses(),
        mut hooks in addresses(),
        value in any::<i64>(),
        is_entry in any::<bool>(),
    ) {
        if is_entry {
            entries.push(address);
            prop_assert_eq!(verdict(&[address], &entries, &hooks, value), Err(Refusal::LsmEntry));
        } else {
            hooks.push(address);
            prop_assert!(verdict(&[address], &entries, &hooks, value).is_err());
        }
    }

    #[test]
    fn what_is_not_protected_is_allowed(
        address in 0usize..40,
        mut entries in addresses(),
        mut hooks in addresses(),
        value in any::<i32>(),
    ) {
        entries.retain(|entry| *entry != address);
        hooks.retain(|hook| *hook != address);
        prop_assert_eq!(verdict(&[address], &entries, &hooks, value.into()), Ok(()));
    }

    #[test]
    fn protecting_more_never_allows_more(
        address in 0usize..40,
        entries in addresses(),
        hooks in addresses(),
        more_entries in addresses(),
        more_hooks in addresses(),
        value in any::<i64>(),
    ) {
        let before = verdict(&[address], &entries, &hooks, value);
        let after = verdict(
            &[address],
            &[entries, more_entries].concat(),
            &[hooks, more_hooks].concat(),
            value,
        );
        prop_assert!(before.is_ok() || after.is_err());
    }

    #[test]
    fn another_function_of_the_name_never_allows(
        name in prop::collection::btree_set(0usize..40, 2..5),
        entries in addresses(),
        hooks in addresses(),
        value in any::<i64>(),
    ) {
        let name: Vec<_> = name.into_iter().collect();
        prop_assert!(verdict(&name, &entries, &hooks, value).is_err());
    }
}
