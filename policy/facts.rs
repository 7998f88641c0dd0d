// SPDX-License-Identifier: GPL-2.0-only

//! The facts for the rules: the sets of the kernel, and those about one function.

use super::{
    base::{
        self,
        Member,
        Members, //
    },
    code::Evidence,
    image::{
        self,
        Image, //
    },
    objects::Object,
    primitive::MANY,
    prototype::Prototype,
    sort,
    zone::{
        self,
        Zone, //
    },
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
    /// The range of the trampolines through which the framework calls them (rule `lsm-hook`).
    pub(crate) lsm_trampolines: Range<usize>,
    /// Security-critical functions (rule `security-base`).
    pub(crate) base: Members<&'a [usize]>,
    /// The functions that decide about access; their callers decide as well (rule `mediation`).
    pub(crate) deciders: AddressSet<&'a [usize]>,
    /// Functions called from everywhere, whose own calls say nothing about their callers (rule
    /// `mediation`).
    pub(crate) hubs: AddressSet<&'a [usize]>,
    /// The range of the code that is built from `security/` (rule `security`).
    pub(crate) security: Range<usize>,
    /// The range of low-level code of the architecture (rule `default`).
    pub(crate) processor: Range<usize>,
    /// Functions that the kernel cannot work without, though they have few callers (rule
    /// `primitive`).
    pub(crate) core: AddressSet<&'a [usize]>,
}

/// The facts about one function, for a verdict.
pub(crate) struct Facts<'a> {
    /// The running kernel.
    pub(crate) kernel: &'a Kernel<'a>,
    /// All addresses of the function's name; more than one if it is ambiguous.
    pub(crate) addresses: &'a [usize],
    /// The module that it is in, if it is in one.
    pub(crate) module: Option<InModule<'a>>,
    /// What its prototype says.
    pub(crate) prototype: Prototype,
    /// The kernel and its modules.
    pub(crate) image: &'a dyn Image,
    /// The result of [`Facts::zone`], cached since one function is judged with many values.
    zone: OnceCell<Zone>,
    /// The result of [`Facts::object`].
    object: OnceCell<Option<Object>>,
    /// The result of [`Facts::is_in_table`].
    in_table: OnceCell<bool>,
    /// The result of [`Facts::evidence`].
    seen: OnceCell<Option<Evidence>>,
    /// The result of [`Facts::can_fail`].
    fails: OnceCell<bool>,
    /// The result of [`Facts::callers`].
    counted: OnceCell<Callers>,
}

/// A function of a module.
#[derive(Clone, Copy)]
pub(crate) struct InModule<'a> {
    /// The name of the module.
    pub(crate) module: &'a str,
    /// All names of the function.
    pub(crate) symbols: &'a [Symbol],
}

/// The callers of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Callers {
    /// The number of call sites.
    pub(crate) count: usize,
    /// A caller that is built from `security/` or accepts no value.
    pub(crate) protected: Option<usize>,
    /// Whether any call site ignores the return value.
    pub(crate) ignore: bool,
}

impl Callers {
    /// Adds a call site `place` of `function`. Any context.
    pub(crate) fn add(
        &mut self,
        image: &dyn Image,
        kernel: &Kernel<'_>,
        function: usize,
        place: usize,
    ) {
        self.count += 1;
        // With more, it is a primitive in any case.
        if self.count > MANY {
            return;
        }
        let protected = match self.protected {
            Some(_) => None,
            None => image::owner(image, place)
                .filter(|caller| *caller != function && kernel.protects(*caller)),
        };
        let ignores = !self.ignore && !image.reader().uses_result(image, place);

        // Verify last that these bytes are a call, since that is slow.
        if (protected.is_some() || ignores) && image.reader().is_branch(image, place) {
            self.protected = self.protected.or(protected);
            self.ignore |= ignores;
        }
    }
}

impl Kernel<'_> {
    /// Whether the function at `address` is built from `security/`, or accepts no value according
    /// to the table.
    fn protects(&self, address: usize) -> bool {
        self.security.contains(&address)
            || self.lsm_entries.contains(address)
            || self.base.of(address).any(Member::accepts_nothing)
    }
}

impl<'a> Facts<'a> {
    /// Facts about the function at `addresses`, with an unknown prototype.
    pub(crate) fn new(
        kernel: &'a Kernel<'a>,
        addresses: &'a [usize],
        image: &'a dyn Image,
    ) -> Self {
        Self {
            kernel,
            addresses,
            module: None,
            prototype: Prototype::UNKNOWN,
            image,
            zone: OnceCell::new(),
            object: OnceCell::new(),
            in_table: OnceCell::new(),
            seen: OnceCell::new(),
            fails: OnceCell::new(),
            counted: OnceCell::new(),
        }
    }

    /// The zone of the function.
    pub(crate) fn zone(&self) -> Zone {
        *self.zone.get_or_init(|| Zone::of(self))
    }

    /// The protected object that it works on, if any.
    pub(super) fn object(&self) -> Option<Object> {
        *self.object.get_or_init(|| zone::object_of(self))
    }

    /// Whether a line of the table matches one of its names in its module.
    pub(super) fn is_in_table(&self) -> bool {
        *self
            .in_table
            .get_or_init(|| self.module.is_some_and(base::names_any))
    }

    /// The evidence in its code that the function decides about access.
    pub(crate) fn evidence(&self) -> Option<Evidence> {
        let reader = self.image.reader();

        *self.seen.get_or_init(|| {
            self.addresses
                .iter()
                .find_map(|address| reader.evidence(self.image, self.kernel, *address))
        })
    }

    /// Whether only names are known, because the module of the function is not loaded. Then the
    /// rules refuse what they would refuse in any case.
    pub(crate) fn is_absent(&self) -> bool {
        self.addresses.is_empty()
    }

    /// Whether the function can return an error of its own.
    pub(crate) fn can_fail(&self) -> bool {
        let reader = self.image.reader();

        *self.fails.get_or_init(|| {
            self.addresses
                .iter()
                .all(|address| reader.can_fail(self.image, *address, self.prototype.returns))
        })
    }

    /// Whether a caller ignores its return value.
    pub(crate) fn is_ignored(&self) -> bool {
        self.callers().ignore
    }

    /// The result of `find` for the first of its original names, without suffixes of the compiler,
    /// that has one.
    pub(crate) fn named<T>(&self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        match &self.module {
            Some(function) => {
                let mut symbols = function.symbols.iter();

                symbols.find_map(|it| find(base::original(it.as_str())))
            }
            None => {
                let mut names = self.addresses.iter().map(|it| self.image.name(*it));

                names.find_map(|it| find(base::original(it.as_str())))
            }
        }
    }

    /// Sets the result of [`callers()`](Self::callers).
    pub(crate) fn set_callers(&mut self, callers: Callers) {
        self.counted = OnceCell::from(callers);
    }

    /// The callers of the function.
    pub(crate) fn callers(&self) -> Callers {
        *self.counted.get_or_init(|| {
            let mut callers = Callers::default();

            self.image.callers(self.addresses, &mut |place, function| {
                callers.add(self.image, self.kernel, function, place);
            });
            callers
        })
    }
}

/// A set of addresses, in a container `S`.
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

    /// The number of addresses.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether `address` is in the set.
    pub(crate) fn contains(&self, address: usize) -> bool {
        self.0.binary_search(&address).is_ok()
    }

    /// All addresses.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().copied()
    }

    /// Those that are in `range`.
    pub(super) fn all_in(&self, range: RangeInclusive<usize>) -> impl Iterator<Item = usize> + '_ {
        let from = self.0.partition_point(|address| address < range.start());

        self.0[from..]
            .iter()
            .copied()
            .take_while(move |it| range.contains(it))
    }

    /// The first of them.
    pub(crate) fn first_in(&self, range: RangeInclusive<usize>) -> Option<usize> {
        self.all_in(range).next()
    }
}

/// An address with a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tagged<T> {
    /// The function's address.
    pub(crate) address: usize,
    /// The tag.
    pub(crate) tag: T,
}

/// A set of addresses with tags, in a container `S`.
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

    /// The tags of `address`, which may be in the set several times.
    pub(crate) fn tags(&self, address: usize) -> impl Iterator<Item = T> + '_ {
        let start = self.0.partition_point(|member| member.address < address);
        self.0[start..]
            .iter()
            .take_while(move |member| member.address == address)
            .map(|member| member.tag)
    }
}
