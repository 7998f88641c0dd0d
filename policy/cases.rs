// SPDX-License-Identifier: GPL-2.0-only

//! The table of facts, values and expected verdicts that the host tests and the KUnit suite share.

use super::{
    judge,
    AddressSet,
    Facts,
    Hook,
    HookSet,
    Refusal,
    Value, //
};

/// The entry points of the imaginary kernel that the cases speak of, unsorted and with an alias.
const ENTRIES: [usize; 5] = [0x3000, 0x1000, 0x2000, 0x1000, usize::MAX];
/// Its callbacks. 0x2000 is an entry point as well.
const HOOKS: [Hook; 4] = [
    Hook {
        address: 0x5000,
        lsm: "yama",
    },
    Hook {
        address: 0x4000,
        lsm: "landlock",
    },
    Hook {
        address: 0x2000,
        lsm: "capability",
    },
    Hook {
        address: 0,
        lsm: "none",
    },
];

/// A case: the addresses of the name, the value, and what [`judge`] must say.
pub(crate) struct Case(&'static [usize], i64, Result<(), Refusal>);

/// All cases.
pub(crate) const CASES: [Case; 25] = [
    // A function that nothing protects.
    Case(&[0x9000], 0, Ok(())),
    Case(&[0x9000], -1, Ok(())),
    Case(&[0x9000], 1, Ok(())),
    // The neighbours of protected functions are other functions.
    Case(&[0x0fff], 0, Ok(())),
    Case(&[0x1001], 0, Ok(())),
    Case(&[0x4001], 0, Ok(())),
    Case(&[usize::MAX - 1], 0, Ok(())),
    // Entry points, whatever the value.
    Case(&[0x1000], 0, Err(Refusal::LsmEntry)),
    Case(&[0x1000], 1, Err(Refusal::LsmEntry)),
    Case(&[0x3000], -13, Err(Refusal::LsmEntry)),
    Case(&[usize::MAX], -13, Err(Refusal::LsmEntry)),
    // Callbacks, whatever the value, with their owner.
    Case(&[0x4000], 0, Err(Refusal::LsmHook("landlock"))),
    Case(&[0x4000], -1, Err(Refusal::LsmHook("landlock"))),
    Case(&[0x5000], 1, Err(Refusal::LsmHook("yama"))),
    Case(&[0], 1, Err(Refusal::LsmHook("none"))),
    // A name that stands for several functions.
    Case(&[0x8000, 0x9000], 0, Err(Refusal::Ambiguous(2))),
    Case(&[0x7000, 0x8000, 0x9000], -1, Err(Refusal::Ambiguous(3))),
    // The order: entry point, callback, value, name; one protected address of several is enough.
    Case(&[0x2000], 1 << 40, Err(Refusal::LsmEntry)),
    Case(&[0x4000, 0x1000], 0, Err(Refusal::LsmEntry)),
    Case(
        &[0x9000, 0x4000],
        1 << 40,
        Err(Refusal::LsmHook("landlock")),
    ),
    Case(&[0x8000, 0x9000], 1 << 40, Err(Refusal::NotAnInt)),
    // The edges of an int.
    Case(&[0x9000], i32::MIN as i64, Ok(())),
    Case(&[0x9000], i32::MAX as i64, Ok(())),
    Case(&[0x9000], i32::MIN as i64 - 1, Err(Refusal::NotAnInt)),
    Case(&[0x9000], i32::MAX as i64 + 1, Err(Refusal::NotAnInt)),
];

/// The index of the first case whose verdict is not the expected one.
pub(crate) fn first_wrong() -> Option<usize> {
    let mut entries = ENTRIES;
    let mut hooks = HOOKS;
    let lsm_entries = AddressSet::new(&mut entries[..]);
    let lsm_hooks = HookSet::new(&mut hooks[..]);

    CASES.iter().position(|Case(addresses, value, expected)| {
        let facts = Facts {
            addresses,
            lsm_entries: lsm_entries.borrow(),
            lsm_hooks: lsm_hooks.borrow(),
        };
        judge(&facts, Value::new(*value)).map(|_| ()) != *expected
    })
}
