// SPDX-License-Identifier: GPL-2.0-only

//! A search structure for all names in the rules: for each symbol of the kernel, the sets that its
//! address belongs to.

use super::{
    base::{
        self,
        Member, //
    },
    core_functions::CORE,
    glob,
    image,
    lsm_entry,
    mediation,
    sort,
    zone, //
};
use core::ops::DerefMut;

/// A set that a function belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    /// The entry points of the LSM framework.
    LsmEntry,
    /// Functions within the code of the LSMs.
    LsmCode,
    /// Functions within the low-level code of the architecture.
    ProcessorCode,
    /// Security-critical functions.
    Base(Member),
    /// Functions that decide about access.
    Decider,
    /// Functions that are called from everywhere.
    Hub,
    /// Functions that the kernel cannot work without.
    Core,
}

/// A name or a pattern, and the set that functions of this name belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pattern: &'static str,
    /// The [`glob::pairs()`] of the pattern.
    pairs: u64,
    set: Set,
}

impl Name {
    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Name> {
        let name = |pattern: &'static str, set: Set| Name {
            pattern,
            pairs: glob::pairs(pattern.as_bytes()),
            set,
        };
        let named = move |set: Set| move |pattern: &&'static str| name(pattern, set);

        Member::all()
            .map(move |member| name(member.symbol(), Set::Base(member)))
            .chain(CORE.iter().map(named(Set::Core)))
            .chain(lsm_entry::NAMES.iter().map(named(Set::LsmEntry)))
            // Only exact names: others that begin with security_ may be outside of security/.
            .chain(mediation::NO_DECISION.iter().map(named(Set::LsmCode)))
            .chain(lsm_entry::ENDS.iter().map(named(Set::LsmCode)))
            .chain(zone::PROCESSOR.iter().map(named(Set::ProcessorCode)))
            .chain(mediation::DECIDERS.iter().map(named(Set::Decider)))
            .chain(mediation::HUBS.iter().map(named(Set::Hub)))
    }

    fn is_pattern(&self) -> bool {
        self.pattern.contains('*')
    }
}

/// Names, sorted.
///
/// # Invariants
///
/// The patterns come first, followed by the plain names in alphabetical order.
pub(crate) struct Catalogue<S> {
    names: S,
    patterns: usize,
}

impl<S: DerefMut<Target = [Name]>> Catalogue<S> {
    /// Sorts `names`.
    pub(crate) fn new(mut names: S) -> Self {
        sort::by_key(&mut names, |name: &Name| (!name.is_pattern(), name.pattern));
        let patterns = names.partition_point(Name::is_pattern);
        // INVARIANT: Sorted just above.
        Self { names, patterns }
    }

    /// Calls `take` with each set that a function called `symbol` of the kernel itself belongs to.
    /// Of consecutive members that accept the same, it only gets the first. Stops at the first
    /// error, and returns it.
    pub(crate) fn sets<E>(
        &self,
        symbol: &str,
        mut take: impl FnMut(Set) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut last: Option<Member> = None;
        let mut take = |set| match set {
            Set::Base(member) if last.is_some_and(|last| last.accepts_same(member)) => Ok(()),
            Set::Base(member) => {
                last = Some(member);
                take(set)
            }
            set => take(set),
        };

        // Padding and trampolines of static calls are not functions.
        if image::is_padding(symbol) || symbol.starts_with("__SCT__") {
            return Ok(());
        }
        let original = base::original(symbol);
        let pairs = glob::pairs(original.as_bytes());
        let (patterns, names) = self.names.split_at(self.patterns);
        let start = names.partition_point(|name| name.pattern < original);

        names[start..]
            .iter()
            .take_while(|name| name.pattern == original)
            .try_for_each(|name| take(name.set))?;
        // A matching pattern begins with `*` or with the same two characters.
        let anything = patterns.partition_point(|name| name.pattern < "*");
        let any_end = patterns.partition_point(|name| name.pattern < "+");
        let start = original.get(..2).unwrap_or_default();
        let alike = patterns.partition_point(|name| name.pattern < start);

        for (candidates, start) in [
            (&patterns[anything..any_end], ""),
            (&patterns[alike..], start),
        ] {
            candidates
                .iter()
                .take_while(|name| name.pattern.starts_with(start))
                .filter(|name| name.pairs & !pairs == 0)
                .filter(|name| glob::matches(name.pattern.as_bytes(), original.as_bytes()))
                .try_for_each(|name| take(name.set))?;
        }
        if mediation::is_deciding_entry(original) {
            take(Set::Decider)?;
        }
        Ok(())
    }
}
