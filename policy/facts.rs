// SPDX-License-Identifier: GPL-2.0-only

//! What the rules know: the sets of the running kernel, and one function.

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
    /// Where the trampolines lie through which the framework calls them (rule `lsm-hook`).
    pub(crate) lsm_trampolines: Range<usize>,
    /// What security stands on (rule `security-base`).
    pub(crate) base: Members<&'a [usize]>,
    /// The functions that decide about access: who calls one decides as well (rule `mediation`).
    pub(crate) deciders: AddressSet<&'a [usize]>,
    /// Functions called from everywhere, whose own calls say nothing about who calls them (rule
    /// `mediation`).
    pub(crate) hubs: AddressSet<&'a [usize]>,
    /// Where the code that is built from `security/` lies (rule `security`).
    pub(crate) security: Range<usize>,
    /// Where the code that is written for the processor lies (rule `default`).
    pub(crate) processor: Range<usize>,
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
    /// What its prototype says.
    pub(crate) prototype: Prototype,
    /// The kernel and its modules.
    pub(crate) image: &'a dyn Image,
    /// What [`Facts::zone`] found, from the module: once, since a verdict is on many values.
    zone: OnceCell<Zone>,
    /// What [`Facts::object`] found.
    object: OnceCell<Option<Object>>,
    /// What [`Facts::is_in_table`] found.
    in_table: OnceCell<bool>,
    /// What [`Facts::evidence`] found.
    seen: OnceCell<Option<Evidence>>,
    /// What [`Facts::can_fail`] found.
    fails: OnceCell<bool>,
    /// What [`Facts::callers`] counted.
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

/// Who calls a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Callers {
    /// From how many places it is called.
    pub(crate) count: usize,
    /// One of them that is built from `security/`, or that takes nothing.
    pub(crate) protected: Option<usize>,
    /// Whether any of them takes no notice of what is returned to it.
    pub(crate) ignore: bool,
}

impl Callers {
    /// Adds that `function` is called at `place`. Any context.
    pub(crate) fn add(
        &mut self,
        image: &dyn Image,
        kernel: &Kernel<'_>,
        function: usize,
        place: usize,
    ) {
        self.count += 1;
        // More make a primitive, whoever they are.
        if self.count > MANY {
            return;
        }
        let protected = match self.protected {
            Some(_) => None,
            None => image::owner(image, place)
                .filter(|caller| *caller != function && kernel.protects(*caller)),
        };
        let ignores = !self.ignore && !image.reader().uses_result(image, place);

        // Bytes may only look like a call, which takes longer to find out.
        if (protected.is_some() || ignores) && image.reader().is_branch(image, place) {
            self.protected = self.protected.or(protected);
            self.ignore |= ignores;
        }
    }
}

impl Kernel<'_> {
    /// Whether the function at `address` is built from `security/`, or a line of the table says
    /// that it takes nothing.
    fn protects(&self, address: usize) -> bool {
        self.security.contains(&address)
            || self.lsm_entries.contains(address)
            || self.base.of(address).any(Member::accepts_nothing)
    }
}

impl<'a> Facts<'a> {
    /// Facts about the function at `addresses`, with nothing known about its type.
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

    /// Where the function lies.
    pub(crate) fn zone(&self) -> Zone {
        *self.zone.get_or_init(|| Zone::of(self))
    }

    /// What it works on, if that is to be protected.
    pub(super) fn object(&self) -> Option<Object> {
        *self.object.get_or_init(|| zone::object_of(self))
    }

    /// Whether a line of the table stands for a function with its names in its module.
    pub(super) fn is_in_table(&self) -> bool {
        *self
            .in_table
            .get_or_init(|| self.module.is_some_and(base::names_any))
    }

    /// What shows that the function decides about access, found in its code.
    pub(crate) fn evidence(&self) -> Option<Evidence> {
        let reader = self.image.reader();

        *self.seen.get_or_init(|| {
            self.addresses
                .iter()
                .find_map(|address| reader.evidence(self.image, self.kernel, *address))
        })
    }

    /// Whether only names are known, because the module of the function is not loaded. Then the
    /// rules refuse what they would refuse whatever the function turns out to be.
    pub(crate) fn is_absent(&self) -> bool {
        self.addresses.is_empty()
    }

    /// Whether the function can fail by itself.
    pub(crate) fn can_fail(&self) -> bool {
        let reader = self.image.reader();

        *self.fails.get_or_init(|| {
            self.addresses
                .iter()
                .all(|address| reader.can_fail(self.image, *address, self.prototype.returns))
        })
    }

    /// Whether a caller goes on whatever it returns.
    pub(crate) fn is_ignored(&self) -> bool {
        self.callers().ignore
    }

    /// What `find` finds in one of the names that the function had before its compiler made a
    /// variant of it.
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

    /// Takes over what [`callers()`](Self::callers) would find.
    pub(crate) fn set_callers(&mut self, callers: Callers) {
        self.counted = OnceCell::from(callers);
    }

    /// Who calls the function.
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
