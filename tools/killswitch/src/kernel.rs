// SPDX-License-Identifier: GPL-2.0-only

//! A kernel in files, in the representation that the policy uses.

use crate::{
    command::{Scope, Target},
    image::{Architecture, Image, Symbol as Place, Types as Information, Within},
    index::plain,
    policy::{
        self, alternatives,
        btf::{self, Described, Types},
        code::{arm64::Arm64, x86::X86, Architecture as Code, Reader},
        image::{Cold, Function as Known, Image as Policed},
        AddressSet, Asked, Catalogue, Facts, InModule, Kernel as Sets, Members, Name, Prototype,
        Refusal, Set, Symbol, Tagged, TaggedSet, Zone,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
    sync::{Mutex, PoisonError},
};

/// The module name that stands for the kernel itself in a target.
pub const KERNEL: &str = "vmlinux";

/// A kernel whose functions can be judged.
pub struct Kernel {
    image: Image,
    /// Branch targets with their sources, sorted by target.
    branches: Vec<(u64, u64)>,
    entries: AddressSet<Vec<usize>>,
    hooks: TaggedSet<Vec<Tagged<&'static str>>, &'static str>,
    base: Members<Vec<usize>>,
    deciders: AddressSet<Vec<usize>>,
    hubs: AddressSet<Vec<usize>>,
    security: Range<usize>,
    processor: Range<usize>,
    core: AddressSet<Vec<usize>>,
}

/// A function, or all functions of one name.
pub struct Function<'a> {
    /// Its addresses; none if its module was not read.
    addresses: Vec<usize>,
    symbol: &'a str,
    /// The index of its module among those that were read.
    index: Option<usize>,
    module: Option<&'a str>,
    /// All of its names, if it is in a module.
    names: Vec<Symbol>,
    prototype: Prototype,
}

/// A function that could be engaged instead of another one.
pub struct Nearest {
    pub symbol: String,
    /// Its module, if it is not in the kernel itself.
    pub module: Option<String>,
    pub asked: Asked,
    pub returns: policy::Type,
    /// The function in between, if it does not call the other one directly.
    pub through: Option<String>,
}

/// The verdict of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Refused(Refusal),
    /// The policy accepts it, but it cannot be probed.
    NotProbeable,
}

impl Verdict {
    /// The rule that refuses, or the error that the kernel's file `check` prints instead.
    pub fn rule(&self) -> Option<String> {
        match self {
            Self::Accepted => None,
            Self::Refused(refusal) => Some(refusal.cause.rule().to_string()),
            Self::NotProbeable => Some("EOPNOTSUPP".into()),
        }
    }
}

impl<'a> Function<'a> {
    /// A function of a module that was not read.
    pub fn absent(module: &'a str, symbol: &'a str) -> Self {
        Self {
            addresses: Vec::new(),
            symbol,
            index: None,
            module: Some(module),
            names: vec![Symbol::new(symbol.as_bytes())],
            prototype: Prototype::UNKNOWN,
        }
    }

    /// The name by which it was found.
    pub fn name(&self) -> &'a str {
        self.symbol
    }

    /// Its module, or [`KERNEL`].
    pub fn module(&self) -> &'a str {
        self.module.unwrap_or(KERNEL)
    }

    /// Its return type.
    pub fn returns(&self) -> policy::Type {
        self.prototype.returns
    }

    /// Its address, or the addresses of all functions of its name.
    pub fn addresses(&self) -> &[usize] {
        &self.addresses
    }

    /// The index of its module among those that were read.
    pub fn index(&self) -> Option<usize> {
        self.index
    }

    /// Whether its module was not read, so that only its names are known.
    pub fn is_absent(&self) -> bool {
        self.addresses.is_empty()
    }
}

impl Kernel {
    /// Collects the protected functions of `image`.
    pub fn new(image: Image) -> Self {
        let catalogue = Catalogue::new(Name::all().collect::<Vec<_>>());
        let (mut entries, mut base, mut deciders) = (Vec::new(), Vec::new(), Vec::new());
        let (mut hubs, mut core) = (Vec::new(), Vec::new());
        let nothing = Range {
            start: usize::MAX,
            end: 0,
        };
        let (mut security, mut processor) = (nothing.clone(), nothing);
        let widen = |range: &mut Range<usize>, address: usize| {
            let extent = image.extent(address as u64);
            let end = extent.map_or(address, |it| it.end as usize);

            *range = range.start.min(address)..range.end.max(end);
        };
        for symbol in image.symbols().filter(|it| it.module.is_none()) {
            let address = symbol.address as usize;
            let is_freed = image.area(symbol.address).is_none_or(|it| it.is_init);

            let _ = catalogue.sets(symbol.name, |set| {
                match set {
                    Set::LsmEntry => entries.push(address),
                    Set::LsmCode | Set::ProcessorCode
                        if symbol.name.ends_with(".cold") || is_freed => {}
                    Set::LsmCode => widen(&mut security, address),
                    Set::ProcessorCode => widen(&mut processor, address),
                    Set::Base(_) if is_freed => {}
                    Set::Base(member) => base.push(member.at(address)),
                    Set::Decider => deciders.push(address),
                    Set::Hub => hubs.push(address),
                    Set::Core => core.push(address),
                }
                Ok::<_, ()>(())
            });
        }
        let hooks: Vec<_> = image
            .hooks()
            .iter()
            .map(|hook| Tagged {
                address: hook.address as usize,
                tag: kept(&hook.lsm),
            })
            .collect();
        for hook in hooks.iter().filter(|hook| hook.tag != "bpf") {
            widen(&mut security, hook.address);
        }
        Self {
            branches: branches(&image),
            image,
            entries: AddressSet::new(entries),
            hooks: TaggedSet::new(hooks),
            base: Members::new(base),
            deciders: AddressSet::new(deciders),
            hubs: AddressSet::new(hubs),
            security,
            processor,
            core: AddressSet::new(core),
        }
    }

    pub fn image(&self) -> &Image {
        &self.image
    }

    /// The address range of the code that is built from `security/`.
    #[cfg(test)]
    pub fn security(&self) -> Range<usize> {
        self.security.clone()
    }

    /// The function that `target` names, as the kernel would resolve it with all modules loaded.
    pub fn find<'a>(&'a self, target: &Target<'a>) -> Option<Function<'a>> {
        let index = target
            .module
            .and_then(|module| self.image.module_named(module));
        let within = match (target.module, index) {
            (None, _) => Within::Anywhere,
            (Some(_), Some(index)) => Within::Module(index),
            // A built-in module's functions are in the kernel itself.
            (Some(_), None) => Within::Kernel,
        };

        self.find_in(within, target.symbol).or_else(|| {
            let module = target
                .module
                .filter(|it| index.is_none() && *it != KERNEL)?;

            Some(Function::absent(module, target.symbol))
        })
    }

    /// The function called `symbol`, or all functions of this name.
    pub fn find_in<'a>(&'a self, within: Within, symbol: &'a str) -> Option<Function<'a>> {
        let found: Vec<Place<'_>> = self.image.named(within, symbol).collect();
        let first = found.first()?;

        Some(Function {
            addresses: found.iter().map(|it| it.address as usize).collect(),
            symbol,
            index: first.module,
            module: self.module_name(first.module),
            names: self.names_of(first),
            prototype: self.prototype(first.module, policy::typed_name(symbol)),
        })
    }

    /// Whether the kernel can probe a symbol: the entry of a function that has padding for ftrace
    /// or a type, and that is not freed after boot.
    pub fn is_probeable(&self, place: &Place<'_>) -> bool {
        self.is_entry(place.module, place.address, place.name)
            && !self.image.is_blacklisted(place.address)
    }

    /// Whether all functions of this name can be probed.
    pub fn is_function(&self, function: &Function<'_>) -> bool {
        let is_entry = |it: &usize| self.is_entry(function.index, *it as u64, function.symbol);

        !function.is_absent() && function.addresses.iter().all(is_entry)
    }

    fn is_entry(&self, module: Option<usize>, address: u64, symbol: &str) -> bool {
        let stays = || {
            let area = self.image.area(address);

            area.is_some_and(|area| area.module == module && !area.is_init)
        };

        stays()
            && (self.image.has_site(address)
                || self.prototype(module, symbol) != Prototype::UNKNOWN)
    }

    fn module_name(&self, index: Option<usize>) -> Option<&str> {
        index.map(|index| &*self.image.modules()[index].name)
    }

    /// All names of the function at a symbol, if it is in a module.
    fn names_of(&self, place: &Place<'_>) -> Vec<Symbol> {
        match place.module {
            None => Vec::new(),
            Some(_) => self
                .image
                .names(place.address)
                .map(|it| Symbol::new(it.name.as_bytes()))
                .collect(),
        }
    }

    /// The prototype in type information of the function called `name`.
    fn prototype(&self, module: Option<usize>, name: &str) -> Prototype {
        let Some(types) = self.image.types(module) else {
            return Prototype::UNKNOWN;
        };
        let mut prototypes = types
            .functions(name)
            .map(|function| btf::prototype(&OfTypes(types), function));
        let first = prototypes.next().unwrap_or(Prototype::UNKNOWN);

        match prototypes.all(|other| other == first) {
            true => first,
            false => Prototype::UNKNOWN,
        }
    }

    /// The number of arguments that are passed in registers.
    pub fn registers(&self) -> u32 {
        match self.image.architecture() {
            Architecture::X86 => X86::ARGUMENTS,
            Architecture::Arm64 => Arm64::ARGUMENTS,
        }
    }

    /// The type information for `function`, and the ID of its prototype. `None` if there is none,
    /// or if functions of this name have different prototypes.
    pub fn types_of(&self, function: &Function<'_>) -> Option<(OfTypes<'_>, u32)> {
        let types = self.image.types(function.index)?;
        let id = types
            .functions(policy::typed_name(function.symbol))
            .next()
            .filter(|_| function.prototype != Prototype::UNKNOWN)?;

        Some((OfTypes(types), id))
    }

    fn sets(&self) -> Sets<'_> {
        Sets {
            lsm_entries: self.entries.borrow(),
            lsm_hooks: self.hooks.borrow(),
            lsm_trampolines: self.image.trampolines().start as usize
                ..self.image.trampolines().end as usize,
            base: self.base.borrow(),
            deciders: self.deciders.borrow(),
            hubs: self.hubs.borrow(),
            security: self.security.clone(),
            processor: self.processor.clone(),
            core: self.core.borrow(),
        }
    }

    /// The zone of `function`, and the verdict on each request.
    pub fn judge(&self, function: &Function<'_>, all: &[Asked]) -> (Zone, Vec<Verdict>) {
        self.judge_by(&self.sets(), function, all)
    }

    fn judge_by(
        &self,
        sets: &Sets<'_>,
        function: &Function<'_>,
        all: &[Asked],
    ) -> (Zone, Vec<Verdict>) {
        let facts = self.facts(sets, function);
        let entry = function.addresses.first().map(|it| *it as u64);
        let is_entry =
            entry.is_some_and(|entry| self.is_entry(function.index, entry, function.symbol));
        let is_refused = entry.is_some_and(|entry| self.image.is_blacklisted(entry));
        let is_code = entry.is_some_and(|entry| self.image.area(entry).is_some());
        let judge = |asked: &Asked| match policy::judge(&facts, *asked) {
            verdict if facts.is_absent() => {
                verdict.map_or_else(Verdict::Refused, |()| Verdict::Accepted)
            }
            Ok(()) if is_entry && !is_refused => Verdict::Accepted,
            Ok(()) => Verdict::NotProbeable,
            // Symbols that are not functions have no code to check.
            Err(refusal)
                if !is_entry
                    && function.addresses.len() == 1
                    && !(is_code && refusal.cause.rule().is_by_place()) =>
            {
                Verdict::NotProbeable
            }
            Err(refusal) => Verdict::Refused(refusal),
        };

        (facts.zone(), all.iter().map(judge).collect())
    }

    fn facts<'a>(&'a self, sets: &'a Sets<'a>, function: &'a Function<'_>) -> Facts<'a> {
        let mut facts = Facts::new(sets, &function.addresses, self);

        facts.prototype = function.prototype;
        facts.module = function.module.map(|module| InModule {
            module,
            symbols: &function.names,
        });
        facts
    }

    /// Whether each request would be accepted if the table had no line for `function`.
    #[cfg(test)]
    pub fn judge_without_table(&self, function: &Function<'_>, all: &[Asked]) -> Vec<bool> {
        let sets = self.sets();
        let facts = self.facts(&sets, function);

        all.iter()
            .map(|asked| policy::without::accepts(&facts, *asked))
            .collect()
    }

    /// The verdicts without the table's line `left_out` for functions of the kernel.
    #[cfg(test)]
    pub fn judge_without(
        &self,
        left_out: policy::Member,
        function: &Function<'_>,
        all: &[Asked],
    ) -> Vec<Verdict> {
        let base = policy::without::member(&self.base.borrow(), left_out);

        self.judge_by(
            &Sets {
                base: base.borrow(),
                ..self.sets()
            },
            function,
            all,
        )
        .1
    }

    /// The lines of the table that name `function`.
    #[cfg(test)]
    pub fn members_of(&self, function: &Function<'_>) -> Vec<policy::Member> {
        let sets = self.sets();

        policy::without::members_of(&self.facts(&sets, function))
    }

    /// For each name in the table that takes nothing: the functions that its functions call or jump
    /// to.
    #[cfg(test)]
    pub fn callees_of_table(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut found = BTreeMap::<_, Vec<_>>::new();

        for (to, place) in &self.branches {
            let caller = policy::image::owner(self, *place as usize);

            for member in caller.into_iter().flat_map(|it| self.base.of(it)) {
                if member.accepts_nothing() {
                    found.entry(member.number()).or_default().push(*to as usize);
                }
            }
        }
        found
    }

    /// The number of places that call `function` directly.
    pub fn callers_of(&self, function: &Function<'_>) -> usize {
        let mut count = 0;

        self.callers(&function.addresses, &mut |_, _| count += 1);
        count
    }

    /// Functions that could be engaged instead of `function`, as text; empty if there are none.
    pub fn alternatives(&self, function: &Function<'_>, asked: Asked) -> String {
        let words = |it: &Nearest| {
            let scope = match it.asked.spares_root {
                true => format!(" scope={}", Scope::Nonroot),
                false => String::new(),
            };
            let through = it
                .through
                .as_ref()
                .map_or(String::new(), |through| format!(" (through {through})"));

            format!("{} {}{scope}{through}", it.symbol, it.asked.value)
        };
        let found: Vec<_> = self.nearest(function, asked).iter().map(words).collect();

        found.join(", ")
    }

    /// Functions that could be engaged instead of `function`: its callers, and their callers.
    pub fn nearest(&self, function: &Function<'_>, asked: Asked) -> Vec<Nearest> {
        let nearest = |it: &alternatives::Alternative| {
            let place = self.image.symbol_of(it.function as u64);

            Nearest {
                symbol: self.name(it.function).to_string(),
                module: self
                    .module_name(place.and_then(|place| place.module))
                    .map(str::to_owned),
                asked: it.asked,
                returns: it.returns,
                through: it.through.map(|through| self.name(through).to_string()),
            }
        };

        self.callers_instead(function, asked)
            .iter()
            .map(nearest)
            .collect()
    }

    /// The same, by address.
    pub fn callers_instead(
        &self,
        function: &Function<'_>,
        asked: Asked,
    ) -> Vec<alternatives::Alternative> {
        let mut scratch = [alternatives::Candidate::default(); alternatives::JUDGED];
        let mut addresses = [0; alternatives::JUDGED];
        let mut found = Vec::new();
        let sets = self.sets();
        let facts = self.facts(&sets, function);

        alternatives::find(&facts, asked, (&mut scratch, &mut addresses), &mut |it| {
            found.push(it);
        });
        found
    }

    /// Addresses that may be branches to `address`, ascending.
    pub fn branches_to(&self, address: u64) -> impl Iterator<Item = u64> + '_ {
        let from = self.branches.partition_point(|(to, _)| *to < address);

        self.branches[from..]
            .iter()
            .take_while(move |(to, _)| *to == address)
            .map(|(_, place)| *place)
    }

    /// The text of a refusal.
    pub fn words(&self, refusal: &Refusal) -> String {
        struct Words<'a>(&'a Kernel, &'a Refusal);

        impl fmt::Display for Words<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.1.describe(f, &|address| {
                    let symbol = self.0.image.symbol_of(address as u64);

                    Symbol::new(symbol.map_or("?", |it| it.name).as_bytes())
                })
            }
        }
        Words(self, refusal).to_string()
    }
}

/// Leaks the name of an LSM, once per name.
fn kept(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);

    names.get(name).copied().unwrap_or_else(|| {
        let name = name.to_owned().leak();

        names.insert(name);
        name
    })
}

/// Maximum number of branches. A distribution's kernel has far fewer, with all of its modules.
const MAX_BRANCHES: usize = 1 << 24;

/// Targets and sources of all possible branches, sorted.
fn branches(image: &Image) -> Vec<(u64, u64)> {
    let mut found = Vec::new();

    each_branch(image, |to, at| {
        if found.len() < MAX_BRANCHES {
            found.push((to, at));
        }
    });
    found.sort_unstable();
    found
}

/// Calls `take` with target and source of each possible branch. Uses the same test as the kernel,
/// where a breakpoint may replace an instruction.
fn each_branch(image: &Image, take: impl FnMut(u64, u64)) {
    match image.architecture() {
        Architecture::X86 => each_branch_of::<X86>(image, take),
        Architecture::Arm64 => each_branch_of::<Arm64>(image, take),
    }
}

fn each_branch_of<A: Code>(image: &Image, mut take: impl FnMut(u64, u64)) {
    for area in image.areas().iter().filter(|area| !area.is_init) {
        let length = (area.range.end - area.range.start) as usize;
        let Some(bytes) = image.read(area.range.start, length) else {
            continue;
        };
        A::find_branches(bytes, area.range.start as usize, 0, usize::MAX, |at, to| {
            let to = match A::VENEER {
                0 => to,
                length => image
                    .read(to as u64, length)
                    .and_then(|veneer| A::behind_veneer(veneer, to))
                    .unwrap_or(to),
            } as u64;

            if image.area(to).is_some() {
                take(to, at as u64);
            }
        });
    }
}

/// The largest offset from the symbol at which a function is entered, in bytes.
fn entry(image: &Image) -> usize {
    match image.architecture() {
        Architecture::X86 => X86::ENTRY,
        Architecture::Arm64 => Arm64::ENTRY,
    }
}

/// The names of functions of the kernel itself that call `symbol`, and of their callers, up to the
/// number that is checked for alternatives.
pub fn callers_in<'a>(image: &'a Image, symbol: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut wanted: Vec<u64> = image
        .symbols()
        .filter(|it| it.module.is_none() && plain(it.name) == symbol)
        .map(|it| it.address)
        .collect();

    for _ in 0..2 {
        let mut callers = BTreeMap::new();

        if wanted.is_empty() {
            break;
        }
        each_branch(image, |to, at| {
            let is_wanted = |it: u64| wanted.binary_search(&it).is_ok();

            if is_wanted(to) || is_wanted(to.wrapping_sub(entry(image) as u64)) {
                if let Some(owner) = image.symbol_of(at) {
                    callers.insert(owner.address, plain(owner.name));
                }
            }
        });
        let names: Vec<_> = callers.into_values().take(alternatives::JUDGED).collect();

        wanted = names
            .iter()
            .flat_map(|it| image.named(Within::Kernel, it))
            .map(|it| it.address)
            .collect();
        wanted.sort_unstable();
        found.extend(names);
    }
    found
}

impl Policed for Kernel {
    fn name(&self, address: usize) -> Symbol {
        let symbol = self.image.symbol_of(address as u64);

        Symbol::new(symbol.map_or("?", |it| it.name).as_bytes())
    }

    fn function(&self, address: usize, take: &mut dyn FnMut(Known<'_>)) {
        let Some(symbol) = self.image.symbol_of(address as u64) else {
            return;
        };
        let within = symbol.module.map_or(Within::Kernel, Within::Module);
        let is_alone = self.image.named(within, symbol.name).nth(1).is_none();

        if symbol.address == address as u64 && is_alone && self.is_probeable(&symbol) {
            let names = self.names_of(&symbol);

            take(Known {
                module: self.module_name(symbol.module).map(|module| InModule {
                    module,
                    symbols: &names,
                }),
                prototype: self.prototype(symbol.module, policy::typed_name(symbol.name)),
            });
        }
    }

    fn hot_part(&self, address: usize) -> Option<usize> {
        let symbol = self.image.symbol_of(address as u64)?;
        let within = symbol.module.map_or(Within::Kernel, Within::Module);
        let hot = symbol.name.strip_suffix(".cold")?;

        Some(self.image.named(within, hot).next()?.address as usize)
    }

    fn extent(&self, address: usize) -> Option<Range<usize>> {
        let range = self.image.extent(address as u64)?;

        Some(range.start as usize..range.end as usize)
    }

    fn cold_part(&self, address: usize) -> Cold {
        let Some(symbol) = self.image.symbol_of(address as u64) else {
            return Cold::None;
        };
        let within = symbol.module.map_or(Within::Kernel, Within::Module);
        let cold = format!("{}.cold", symbol.name);
        let found: Vec<_> = self.image.named(within, &cold).collect();

        match &found[..] {
            [] => Cold::None,
            [one] => self
                .extent(one.address as usize)
                .map_or(Cold::Unknown, Cold::At),
            _ => Cold::Unknown,
        }
    }

    fn read(&self, at: usize, buffer: &mut [u8]) -> bool {
        match self.image.read(at as u64, buffer.len()) {
            Some(bytes) => {
                buffer.copy_from_slice(bytes);
                true
            }
            None => false,
        }
    }

    fn callers(&self, addresses: &[usize], visit: &mut dyn FnMut(usize, usize)) {
        let mut found: Vec<(u64, usize)> = addresses
            .iter()
            .flat_map(|address| {
                let start = address.saturating_sub(self.padding()) as u64;
                let end = (address + entry(&self.image)) as u64;
                let from = self.branches.partition_point(|(to, _)| *to < start);

                self.branches[from..]
                    .iter()
                    .take_while(move |(to, _)| *to <= end)
                    .map(|(_, place)| (*place, *address))
            })
            .collect();

        // The kernel visits them in this order.
        found.sort_unstable();
        found
            .iter()
            .for_each(|(place, address)| visit(*place as usize, *address));
    }

    fn reader(&self) -> &'static dyn Reader {
        match self.image.architecture() {
            Architecture::X86 => &X86,
            Architecture::Arm64 => &Arm64,
        }
    }

    fn padding(&self) -> usize {
        self.image.padding()
    }
}

/// The types of an image.
pub struct OfTypes<'a>(pub Information<'a>);

impl Types for OfTypes<'_> {
    fn get(&self, id: u32) -> Option<Described> {
        let found = self.0.get(id)?;

        Some(Described {
            info: found.info,
            size_or_type: found.size_or_type,
            encoding: found.encoding(),
        })
    }

    fn name(&self, id: u32) -> &str {
        self.0.get(id).map_or("", |found| found.name)
    }

    fn parameter(&self, prototype: u32, index: u32) -> Option<u32> {
        let mut members = self.0.get(prototype)?.members();

        members.nth(index as usize).map(|it| it.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::tests::Directory;

    #[test]
    fn init_sections_do_not_end_the_range_of_security() {
        let kernel = Kernel::new(Directory::new("security").open());
        let callback = kernel.image.hooks()[0].address as usize;

        assert_eq!(kernel.security(), callback..callback + 0x10);
    }
}
