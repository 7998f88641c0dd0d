// SPDX-License-Identifier: GPL-2.0-only

//! What the rules know: the sets of the running kernel, and one function.

use super::{
    base::Member,
    code::{
        Code,
        Evidence, //
    },
    return_type::Type,
    sort,
    Symbol, //
};
use core::{
    cell::OnceCell,
    marker::PhantomData,
    ops::{
        Deref,
        DerefMut,
        Range,
        RangeInclusive, //
    }, //
};

/// What is protected in the running kernel, by address.
pub(crate) struct Kernel<'a> {
    /// The entry points of the LSM framework (rule `lsm-entry`).
    pub(crate) lsm_entries: AddressSet<&'a [usize]>,
    /// The callbacks that LSMs registered (rule `lsm-hook`).
    pub(crate) lsm_hooks: TaggedSet<&'a [Tagged<&'static str>], &'static str>,
    /// Where the trampolines lie through which the framework calls them (rule `lsm-hook`).
    pub(crate) lsm_trampolines: Range<usize>,
    /// What security stands on (rule `security-base`).
    pub(crate) base: TaggedSet<&'a [Tagged<Member>], Member>,
    /// The functions that decide about access: who calls one decides as well (rule `mediation`).
    pub(crate) deciders: AddressSet<&'a [usize]>,
    /// Functions called from everywhere, whose own calls say nothing about who calls them (rule
    /// `mediation`).
    pub(crate) hubs: AddressSet<&'a [usize]>,
    /// Where the code of the LSMs lies (rule `lsm-internal`).
    pub(crate) lsm_code: Range<usize>,
    /// Functions that the whole kernel is built on, though few call them (rule `primitive`).
    pub(crate) core: AddressSet<&'a [usize]>,
}

/// The facts about one function on which a verdict rests.
pub(crate) struct Facts<'a> {
    /// The running kernel.
    pub(crate) kernel: &'a Kernel<'a>,
    /// Every address that the function's name stands for; more than one when it is ambiguous.
    pub(crate) addresses: &'a [usize],
    /// The module that it is in, if it is in one.
    pub(crate) module: Option<InModule<'a>>,
    /// What its prototype says that it returns.
    pub(crate) returns: Type,
    /// The machine code of the kernel.
    pub(crate) code: &'a dyn Code,
    /// What [`Facts::evidence`] found, so that it looks once.
    seen: OnceCell<Option<Evidence>>,
    /// What [`Facts::callers`] counted.
    counted: OnceCell<usize>,
}

/// A function of a module.
#[derive(Clone, Copy)]
pub(crate) struct InModule<'a> {
    /// The name of the module.
    pub(crate) module: &'a str,
    /// All names of the function.
    pub(crate) symbols: &'a [Symbol],
}

impl<'a> Facts<'a> {
    /// Facts about the function at `addresses`, with nothing known about its type.
    pub(crate) fn new(kernel: &'a Kernel<'a>, addresses: &'a [usize], code: &'a dyn Code) -> Self {
        Self {
            kernel,
            addresses,
            module: None,
            returns: Type::Unknown,
            code,
            seen: OnceCell::new(),
            counted: OnceCell::new(),
        }
    }

    /// What shows that the function decides about access, found in its code.
    pub(crate) fn evidence(&self) -> Option<Evidence> {
        *self.seen.get_or_init(|| {
            self.addresses
                .iter()
                .find_map(|address| super::code::evidence(self.code, self.kernel, *address))
        })
    }

    /// Takes over what [`callers()`](Self::callers) would count.
    pub(crate) fn set_callers(&mut self, count: usize) {
        self.counted = OnceCell::from(count);
    }

    /// From how many places the function is called directly; of several functions, the most called.
    pub(crate) fn callers(&self) -> usize {
        *self
            .counted
            .get_or_init(|| self.code.callers(self.addresses))
    }
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
        sort::by_key(&mut addresses, |address| *address);
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

    /// How many addresses there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether `address` is in the set.
    pub(crate) fn contains(&self, address: usize) -> bool {
        self.0.binary_search(&address).is_ok()
    }

    /// The first address of the set that is in `range`.
    pub(crate) fn first_in(&self, range: RangeInclusive<usize>) -> Option<usize> {
        let at = self.0.partition_point(|address| address < range.start());
        self.0.get(at).copied().filter(|it| range.contains(it))
    }
}

/// An address, and what is to be known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tagged<T> {
    /// The function's address.
    pub(crate) address: usize,
    /// What is known about it.
    pub(crate) tag: T,
}

/// A set of addresses with something known about each, in whatever holds them.
///
/// # Invariants
///
/// The addresses are sorted.
pub(crate) struct TaggedSet<S, T>(S, PhantomData<T>);

impl<T, S: DerefMut<Target = [Tagged<T>]>> TaggedSet<S, T> {
    /// Makes a set of `members`.
    pub(crate) fn new(mut members: S) -> Self {
        sort::by_key(&mut members, |member| member.address);
        // INVARIANT: Sorted by address just above.
        Self(members, PhantomData)
    }
}

impl<T: Copy, S: Deref<Target = [Tagged<T>]>> TaggedSet<S, T> {
    /// The same set, borrowed.
    pub(crate) fn borrow(&self) -> TaggedSet<&[Tagged<T>], T> {
        // INVARIANT: As sorted as `self`.
        TaggedSet(&self.0, PhantomData)
    }

    /// The members, by address.
    pub(crate) fn members(&self) -> &[Tagged<T>] {
        &self.0
    }

    /// What is known about `address`: one tag for each time that it is in the set.
    pub(crate) fn tags(&self, address: usize) -> impl Iterator<Item = T> + '_ {
        let start = self.0.partition_point(|member| member.address < address);
        self.0[start..]
            .iter()
            .take_while(move |member| member.address == address)
            .map(|member| member.tag)
    }
}
