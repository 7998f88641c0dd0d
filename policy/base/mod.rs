// SPDX-License-Identifier: GPL-2.0-only

//! Rule `security-base`: the functions that the LSMs and the kernel's own protections depend on.
//!
//! The other files of this directory are only a table: families of functions, with the values that
//! they may still be made to return, and the reason. To protect another function, add a line.

mod activation;
mod arm64;
mod authority;
mod bpf;
mod engine;
mod hardening;
mod integrity;
mod named;
mod network;
mod subsystems;
// Only used by the host program.
#[cfg(test)]
#[allow(dead_code)]
pub(crate) mod without;

use super::{
    glob,
    AddressSet,
    Asked,
    Cause,
    Facts,
    InModule,
    Type, //
};
use core::ops::{
    Deref,
    DerefMut, //
};

/// The table.
const FAMILIES: &[&Family] = &[
    &authority::CREDENTIALS,
    &authority::FILE_ATTRIBUTES,
    &authority::FS_ACCESS,
    &authority::MOUNTS,
    &authority::NAMESPACES,
    &authority::PTRACE,
    &authority::PERF,
    &authority::GRAPHICS,
    &authority::USB,
    &authority::THUNDERBOLT,
    &authority::DEVICES,
    &bpf::BOUNDS,
    &engine::ERROR_INJECTION,
    &engine::FTRACE,
    &engine::TEXT_PATCHING,
    &engine::LIVEPATCH,
    &engine::SYMBOLS,
    &engine::CONTROL_FILES,
    &engine::NOTIFIERS,
    &engine::RUST,
    &hardening::PAGE_PROTECTION,
    &hardening::EXPLOIT_DETECTION,
    &hardening::DMA,
    &hardening::USER_PROTECTION,
    &integrity::LOCKDOWN,
    &integrity::VERITY,
    &integrity::RANDOM,
    &integrity::ALGORITHMS,
    &network::IPSEC,
    &network::TRANSPORT,
    &network::WIRELESS,
    &network::SERVERS,
    &subsystems::NETWORK,
    &subsystems::DATA,
    &subsystems::WATCHING,
    &subsystems::PROGRAMS,
    &activation::RIGHTS,
    &activation::FILES,
    &activation::MEMORY,
    &activation::SETTINGS,
    &arm64::FIRMWARE,
    &arm64::CONFINEMENT,
    &named::HARMLESS,
    &named::MODULES,
    &named::USERS,
];

/// Functions that are protected for the same reason.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Family {
    /// Its name in messages.
    pub(crate) name: &'static str,
    /// Its lines.
    lines: &'static [Line],
}

/// A line of the table: functions that do the same.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    accepts: Accepts,
    /// What the functions do, to follow "this function".
    pub(crate) why: &'static str,
    /// Their names: `symbol` for a function of the kernel itself, `module:symbol` for one that may
    /// also be in a module. `*` matches any characters.
    names: &'static [&'static str],
}

/// The values that a function may still be made to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepts {
    /// None, and none for the functions that it calls directly.
    Nothing,
    /// None, but the functions that it calls are judged on their own.
    NothingItself,
    /// Errors, from -1 to -134, if the function can return errors.
    Errors,
    /// This number, whatever other rules say.
    Named(i64),
    /// This number, whatever other rules say, if root is spared.
    NamedSpared(i64),
    /// What is accepted without the line, if root is spared.
    Spared,
}

/// A line for functions that accept no value, and nor do the functions that they call directly.
const fn never(why: &'static str, names: &'static [&'static str]) -> Line {
    Line {
        accepts: Accepts::Nothing,
        why,
        names,
    }
}

/// A line for functions that accept no value, while the functions that they call may.
const fn closed(why: &'static str, names: &'static [&'static str]) -> Line {
    Line {
        accepts: Accepts::NothingItself,
        why,
        names,
    }
}

/// A line for functions that may be made to fail with an error.
const fn errno(why: &'static str, names: &'static [&'static str]) -> Line {
    Line {
        accepts: Accepts::Errors,
        why,
        names,
    }
}

/// A line for functions that deny by returning 0 or false.
const fn zero(why: &'static str, names: &'static [&'static str]) -> Line {
    named(0, why, names)
}

/// A line for functions that deny by returning 1 or true.
const fn one(why: &'static str, names: &'static [&'static str]) -> Line {
    named(1, why, names)
}

/// A line for functions that may be made to return `value`, whatever other rules say.
const fn named(value: i64, why: &'static str, names: &'static [&'static str]) -> Line {
    Line {
        accepts: Accepts::Named(value),
        why,
        names,
    }
}

/// A line for functions that accept the same values as without it, but only if root is spared.
const fn spared(why: &'static str, names: &'static [&'static str]) -> Line {
    Line {
        accepts: Accepts::Spared,
        why,
        names,
    }
}

/// A line for functions that may be made to return `value` if root is spared, whatever other rules
/// say.
const fn named_spared(value: i64, why: &'static str, names: &'static [&'static str]) -> Line {
    Line {
        accepts: Accepts::NamedSpared(value),
        why,
        names,
    }
}

/// A name in the table, by its indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    family: u8,
    line: u8,
    name: u8,
}

/// The bits for the index of a family, of a line in it, and of a name in the line.
const FAMILY_BITS: u32 = 6;
const LINE_BITS: u32 = 6;
const NAME_BITS: u32 = 8;
const MEMBER_BITS: u32 = FAMILY_BITS + LINE_BITS + NAME_BITS;

/// Whether all indices fit.
const fn fits() -> bool {
    let mut family = 0;

    while family < FAMILIES.len() {
        let lines = FAMILIES[family].lines;
        let mut line = 0;

        while line < lines.len() {
            if lines[line].names.len() > 1 << NAME_BITS {
                return false;
            }
            line += 1;
        }
        if lines.len() > 1 << LINE_BITS {
            return false;
        }
        family += 1;
    }
    FAMILIES.len() <= 1 << FAMILY_BITS
}

const _: () = assert!(fits());

impl Member {
    /// The whole table.
    pub(crate) fn all() -> impl Iterator<Item = Member> {
        (0..).zip(FAMILIES).flat_map(|(family, lines)| {
            (0..).zip(lines.lines).flat_map(move |(line, names)| {
                (0..)
                    .zip(names.names)
                    .map(move |(name, _)| Member { family, line, name })
            })
        })
    }

    /// A unique number.
    pub(crate) fn number(self) -> usize {
        let [family, line, name] = [self.family, self.line, self.name].map(usize::from);

        (family << LINE_BITS | line) << NAME_BITS | name
    }

    /// The name with this number.
    fn numbered(number: usize) -> Self {
        Self {
            family: (number >> (LINE_BITS + NAME_BITS)) as u8 & ((1 << FAMILY_BITS) - 1),
            line: (number >> NAME_BITS) as u8 & ((1 << LINE_BITS) - 1),
            name: number as u8,
        }
    }

    /// The number of the name and the address of a function, for [`Members`].
    pub(crate) fn at(self, address: usize) -> usize {
        address << MEMBER_BITS | self.number()
    }

    /// The family.
    pub(crate) fn family(self) -> &'static Family {
        FAMILIES[usize::from(self.family)]
    }

    /// The line.
    pub(crate) fn line(self) -> &'static Line {
        &self.family().lines[usize::from(self.line)]
    }

    /// The name, as in the table.
    pub(crate) fn name(self) -> &'static str {
        self.line().names[usize::from(self.name)]
    }

    /// Whether the function accepts no value, and nor do its callees.
    pub(crate) fn accepts_nothing(self) -> bool {
        self.line().accepts == Accepts::Nothing
    }

    /// The pattern of the function's name, without the module.
    pub(crate) fn symbol(self) -> &'static str {
        let name = self.name();
        name.split_once(':').map_or(name, |(_, symbol)| symbol)
    }

    /// The name of the function, if all kernels are expected to have it: no pattern, no module.
    pub(crate) fn expected(self) -> Option<&'static str> {
        Some(self.name()).filter(|name| !name.contains([':', '*']))
    }

    /// Whether both accept the same values.
    pub(crate) fn accepts_same(self, other: Member) -> bool {
        self.line().accepts == other.line().accepts
    }

    /// Whether it accepts the same for all functions that `other` names. Modules may be built in.
    #[cfg(test)]
    pub(crate) fn covers(self, other: Member) -> bool {
        let covers = |one: &str, other: &str| glob::matches(one.as_bytes(), other.as_bytes());
        let is_there = match (self.name().split_once(':'), other.name().split_once(':')) {
            (_, None) => true,
            (Some((module, _)), Some((other, _))) => covers(module, other),
            (None, Some(_)) => false,
        };

        self != other
            && self.accepts_same(other)
            && is_there
            && covers(self.symbol(), other.symbol())
    }

    /// Whether it matches the function `original` in `module`.
    fn stands_for(self, module: &str, original: &str) -> bool {
        let name = self.name();

        // A fast check, since this is called for the whole table.
        glob::may_end(name.as_bytes(), original.as_bytes())
            && name.split_once(':').is_some_and(|(m, s)| {
                glob::matches(m.as_bytes(), module.as_bytes())
                    && glob::matches(s.as_bytes(), original.as_bytes())
            })
    }

    /// Whether a function that returns `returns` may be made to return `value`.
    fn accepts(self, returns: Type, asked: Asked) -> bool {
        let value = asked.value.get();

        match self.line().accepts {
            Accepts::Nothing | Accepts::NothingItself => false,
            // An unknown return type may hold an error.
            Accepts::Errors => match returns {
                Type::Unknown => returns.holds(asked.value),
                _ => returns.fails_with(asked.value),
            },
            Accepts::Named(number) => value == number,
            Accepts::NamedSpared(number) => value == number && asked.spares_root,
            Accepts::Spared => asked.spares_root,
        }
    }

    /// Whether it names a value that is accepted whatever other rules say.
    pub(crate) fn is_exception(self) -> bool {
        matches!(
            self.line().accepts,
            Accepts::Named(_) | Accepts::NamedSpared(_)
        )
    }
}

/// The functions of the kernel itself that are named in the table, with their names. Each is one
/// number: the lower bits of the address, which are unique, and the number of the name.
pub(crate) struct Members<S>(AddressSet<S>);

impl<S: DerefMut<Target = [usize]>> Members<S> {
    /// Makes a set of results of [`Member::at()`].
    pub(crate) fn new(numbers: S) -> Self {
        Self(AddressSet::new(numbers))
    }
}

impl<S: Deref<Target = [usize]>> Members<S> {
    /// The same set, borrowed.
    pub(crate) fn borrow(&self) -> Members<&[usize]> {
        Members(self.0.borrow())
    }

    /// The number of members.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// All names, once for each function that has one.
    pub(crate) fn all(&self) -> impl Iterator<Item = Member> + '_ {
        self.0.all().map(Member::numbered)
    }

    /// The names of the function at `address`.
    pub(crate) fn of(&self, address: usize) -> impl Iterator<Item = Member> + '_ {
        let first = address << MEMBER_BITS;

        self.0
            .all_in(first..=first | ((1 << MEMBER_BITS) - 1))
            .map(Member::numbered)
    }
}

/// The original name of a function, without suffixes of the compiler.
pub(crate) fn original(symbol: &str) -> &str {
    match symbol.split_once('.') {
        Some((name, _)) if !name.is_empty() => name,
        _ => symbol,
    }
}

/// Whether a line matches `function`. [`Facts::is_in_table`] caches it.
pub(super) fn names_any(function: InModule<'_>) -> bool {
    function.symbols.iter().any(|it| {
        let original = original(it.as_str());

        Member::all().any(|it| it.stands_for(function.module, original))
    })
}

/// The first line about the function that `is_wanted`.
fn find(facts: &Facts<'_>, is_wanted: impl Fn(&Member) -> bool) -> Option<Member> {
    let by_address = facts
        .addresses
        .iter()
        .find_map(|address| facts.kernel.base.of(*address).find(&is_wanted));
    let by_module = || {
        let function = facts.module.filter(|_| facts.is_in_table())?;
        let mut originals = function.symbols.iter().map(|it| original(it.as_str()));

        originals.find_map(|original| {
            Member::all().find(|it| it.stands_for(function.module, original) && is_wanted(it))
        })
    };

    by_address.or_else(by_module)
}

/// The value that a line names explicitly for the function.
pub(super) fn named_value(facts: &Facts<'_>) -> Option<i64> {
    let named = |it: &Member| it.is_exception();

    match find(facts, named)?.line().accepts {
        Accepts::Named(value) | Accepts::NamedSpared(value) => Some(value),
        _ => None,
    }
}

/// Whether a line names this value explicitly for the function, which overrides other rules.
pub(super) fn is_named(facts: &Facts<'_>, asked: Asked) -> bool {
    let names = |it: &Member| it.is_exception() && it.accepts(facts.prototype.returns, asked);

    find(facts, names).is_some()
}

pub(super) fn judge(facts: &Facts<'_>, asked: Asked) -> Result<(), Cause> {
    let returns = facts.prototype.returns;

    match find(facts, |it| !it.accepts(returns, asked)) {
        Some(member) => Err(Cause::Base(member)),
        None => Ok(()),
    }
}
