// SPDX-License-Identifier: GPL-2.0-only

//! What the rules know about a function, and about the running kernel.

use core::ops::{
    Deref,
    DerefMut, //
};

/// The facts about one function on which a verdict rests.
pub(crate) struct Facts<'a> {
    /// Every address that the function's name stands for; more than one when it is ambiguous.
    pub(crate) addresses: &'a [usize],
    /// The entry points of the LSM framework.
    pub(crate) lsm_entries: AddressSet<&'a [usize]>,
    /// The callbacks that LSMs registered.
    pub(crate) lsm_hooks: HookSet<&'a [Hook]>,
}

/// A set of addresses, in whatever holds them.
///
/// # Invariants
///
/// The addresses are sorted.
pub(crate) struct AddressSet<S>(S);

impl<S: DerefMut<Target = [usize]>> AddressSet<S> {
    /// Makes a set of `addresses`.
    pub(crate) fn new(mut addresses: S) -> Self {
        addresses.sort_unstable();
        // INVARIANT: Sorted just above.
        Self(addresses)
    }
}

impl<S: Deref<Target = [usize]>> AddressSet<S> {
    /// The same set, borrowed.
    pub(crate) fn borrow(&self) -> AddressSet<&[usize]> {
        // INVARIANT: As sorted as `self`.
        AddressSet(&self.0)
    }

    /// Whether `address` is in the set.
    pub(crate) fn contains(&self, address: usize) -> bool {
        self.0.binary_search(&address).is_ok()
    }
}

/// A callback that an LSM registered for a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hook {
    /// The function's address.
    pub(crate) address: usize,
    /// The name of the LSM that owns it.
    pub(crate) lsm: &'static str,
}

/// A set of callbacks, found by their address, in whatever holds them.
///
/// # Invariants
///
/// The callbacks are sorted by address.
pub(crate) struct HookSet<S>(S);

impl<S: DerefMut<Target = [Hook]>> HookSet<S> {
    /// Makes a set of `hooks`.
    pub(crate) fn new(mut hooks: S) -> Self {
        hooks.sort_unstable_by_key(|hook| hook.address);
        // INVARIANT: Sorted by address just above.
        Self(hooks)
    }
}

impl<S: Deref<Target = [Hook]>> HookSet<S> {
    /// The same set, borrowed.
    pub(crate) fn borrow(&self) -> HookSet<&[Hook]> {
        // INVARIANT: As sorted as `self`.
        HookSet(&self.0)
    }

    /// The name of the LSM whose callback lies at `address`.
    pub(crate) fn owner(&self, address: usize) -> Option<&'static str> {
        let at = self
            .0
            .binary_search_by_key(&address, |hook| hook.address)
            .ok()?;
        Some(self.0[at].lsm)
    }
}
