// SPDX-License-Identifier: GPL-2.0-only

//! The symbols of a kernel and of its modules, by name and by address.

use super::error::Problem;
use std::ops::Range;

/// Maximum length of a name, in bytes: `KSYM_NAME_LEN` less the NUL.
pub(super) const MAX_NAME: usize = 511;
/// Maximum number of symbols of one file. A distribution's kernel has a quarter of that.
pub(super) const MAX_COUNT: usize = 1 << 20;
/// Maximum size of the names of one file, in bytes.
pub(super) const MAX_NAMES: usize = 32 << 20;
/// The error if it has more.
pub(super) const TOO_MANY: &str = "it has too many symbols";

/// A symbol, as in /proc/kallsyms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its address.
    pub address: u64,
    /// Its type, a letter as in `nm`: `t` for a function, `T` for a global one of the kernel.
    pub kind: char,
    /// The index of its module in [`modules()`](super::Image::modules); `None` for the kernel
    /// itself.
    pub module: Option<usize>,
}

/// Where to search for symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// In the kernel itself and in all modules.
    Anywhere,
    /// In the kernel itself.
    Kernel,
    /// In the module with this index.
    Module(usize),
}

impl Within {
    fn includes(self, module: Option<usize>) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Kernel => module.is_none(),
            Self::Module(one) => module == Some(one),
        }
    }
}

/// The symbols of one file.
#[derive(Default)]
pub(super) struct List {
    names: String,
    entries: Vec<Entry>,
}

struct Entry {
    address: u64,
    /// The offset of its name.
    name: u32,
    length: u16,
    kind: u8,
}

impl List {
    /// Adds a symbol. Truncates its name to the kernel's limit.
    pub(super) fn push(&mut self, address: u64, kind: u8, name: &[u8]) -> Result<(), Problem> {
        let start = self.names.len();
        let name = String::from_utf8_lossy(&name[..name.len().min(MAX_NAME)]);

        if self.entries.len() >= MAX_COUNT || start + name.len() > MAX_NAMES {
            return Err(TOO_MANY.into());
        }
        self.names.push_str(&name);
        self.entries.push(Entry {
            address,
            name: start as u32,
            length: name.len() as u16,
            kind,
        });
        Ok(())
    }

    /// How many bytes they take among all symbols.
    pub(super) fn size(&self) -> usize {
        self.names.len() + self.entries.len() * PER_SYMBOL
    }

    /// The addresses, types and names, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u8, &str)> {
        self.entries.iter().map(|entry| {
            let start = entry.name as usize;

            (
                entry.address,
                entry.kind,
                &self.names[start..start + usize::from(entry.length)],
            )
        })
    }

    /// The first address of a symbol called `name`.
    pub(super) fn address_of(&self, name: &str) -> Option<u64> {
        self.iter()
            .find(|(_, _, other)| *other == name)
            .map(|(address, _, _)| address)
    }
}

/// The kernel itself, instead of a module.
const KERNEL: u16 = u16::MAX;
/// Maximum number of modules.
pub(super) const MAX_MODULES: usize = KERNEL as usize;

struct Record {
    address: u64,
    /// The offset of its name.
    name: u32,
    length: u16,
    module: u16,
    kind: u8,
}

/// The memory usage of a symbol in [`Symbols`], without its name: a record, and two indices.
const PER_SYMBOL: usize = size_of::<Record>() + size_of::<u32>() + size_of::<(u32, u32)>();

/// All symbols. Those of the kernel and of each module are in the order of /proc/kallsyms.
#[derive(Default)]
pub(super) struct Symbols {
    names: String,
    /// Those of the kernel first, sorted by address, then those of each module.
    records: Vec<Record>,
    /// The number of the kernel's symbols.
    kernel: usize,
    /// The records of modules, sorted by address.
    by_address: Vec<u32>,
    /// A hash of the name and the record, sorted.
    by_name: Vec<(u32, u32)>,
}

impl Symbols {
    /// Creates it with the kernel's symbols, sorted by address.
    pub(super) fn new(kernel: List) -> Result<Self, Problem> {
        let mut symbols = Self::default();

        symbols.add(kernel, KERNEL)?;
        symbols.kernel = symbols.records.len();
        Ok(symbols)
    }

    /// Adds the symbols of the module with this index.
    pub(super) fn add_module(&mut self, list: List, module: usize) -> Result<(), Problem> {
        self.add(list, module.min(MAX_MODULES - 1) as u16)
    }

    fn add(&mut self, list: List, module: u16) -> Result<(), Problem> {
        let base = self.names.len();

        if u32::try_from(base + list.names.len()).is_err()
            || u32::try_from(self.records.len() + list.entries.len()).is_err()
        {
            return Err("there are too many symbols in all modules".into());
        }
        self.names.push_str(&list.names);
        self.records
            .extend(list.entries.into_iter().map(|entry| Record {
                address: entry.address,
                name: base as u32 + entry.name,
                length: entry.length,
                module,
                kind: entry.kind,
            }));
        Ok(())
    }

    /// Builds the index, which lookups need.
    pub(super) fn index(&mut self) {
        self.names.shrink_to_fit();
        self.records.shrink_to_fit();
        self.by_address = (self.kernel as u32..self.records.len() as u32).collect();
        self.by_address
            .sort_unstable_by_key(|at| (self.records[*at as usize].address, *at));
        self.by_name = (0..self.records.len())
            .map(|at| (hash(self.get(at).name), at as u32))
            .collect();
        self.by_name.sort_unstable();
    }

    fn get(&self, at: usize) -> Symbol<'_> {
        let record = &self.records[at];
        let start = record.name as usize;

        Symbol {
            name: &self.names[start..start + usize::from(record.length)],
            address: record.address,
            kind: record.kind.into(),
            module: (record.module != KERNEL).then_some(record.module.into()),
        }
    }

    /// All, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Symbol<'_>> {
        (0..self.records.len()).map(|at| self.get(at))
    }

    /// Those called `name`, in order.
    pub(super) fn named<'a>(
        &'a self,
        within: Within,
        name: &'a str,
    ) -> impl Iterator<Item = Symbol<'a>> {
        let hash = hash(name);
        let first = self.by_name.partition_point(|(other, _)| *other < hash);

        self.by_name[first..]
            .iter()
            .take_while(move |(other, _)| *other == hash)
            .map(|(_, at)| self.get(*at as usize))
            .filter(move |symbol| symbol.name == name && within.includes(symbol.module))
    }

    /// Those at `address`, in order.
    pub(super) fn at(&self, address: u64) -> impl Iterator<Item = Symbol<'_>> {
        let first = self.kernel_before(address, false);
        let kernel = (first..self.kernel).map(|at| self.get(at));
        let first = self
            .by_address
            .partition_point(|at| self.records[*at as usize].address < address);
        let modules = self.by_address[first..]
            .iter()
            .map(|at| self.get(*at as usize));

        kernel
            .take_while(move |symbol| symbol.address == address)
            .chain(modules.take_while(move |symbol| symbol.address == address))
    }

    /// The number of the kernel's symbols before `address`, or up to it if `inclusive`.
    fn kernel_before(&self, address: u64, inclusive: bool) -> usize {
        self.records[..self.kernel].partition_point(|record| {
            record.address < address || inclusive && record.address == address
        })
    }

    /// The kernel symbol that contains `address`, the first of several, and the address of the next
    /// one, as in `get_symbol_pos()`. A symbol must precede it.
    pub(super) fn in_kernel(&self, address: u64) -> Option<(Symbol<'_>, Option<u64>)> {
        let behind = self.kernel_before(address, true);
        let start = self.records[behind.checked_sub(1)?].address;
        let next = self.records[behind..self.kernel]
            .first()
            .map(|record| record.address);

        Some((self.get(self.kernel_before(start, false)), next))
    }

    /// The last symbol of a module at or before `address`, and the address of the next one. Does
    /// not check that they belong to the same module.
    pub(super) fn in_modules(&self, address: u64) -> Option<(Symbol<'_>, Option<u64>)> {
        let behind = self
            .by_address
            .partition_point(|at| self.records[*at as usize].address <= address);
        let symbol = self.get(*self.by_address.get(behind.checked_sub(1)?)? as usize);
        let next = self.by_address.get(behind);

        Some((symbol, next.map(|at| self.records[*at as usize].address)))
    }

    /// The symbol in `area` of a module that contains `address`, the first of several, and the
    /// address of the next one or of the end of the area, as in `find_kallsyms_symbol()`.
    pub(super) fn in_module(&self, area: &Range<u64>, address: u64) -> Option<(Symbol<'_>, u64)> {
        let behind = self
            .by_address
            .partition_point(|at| self.records[*at as usize].address <= address);
        let (before, after) = self.by_address.split_at(behind);
        let known = |at: &u32| Some(self.get(*at as usize)).filter(|it| !is_marker(it.name));
        let mut best: Option<Symbol<'_>> = None;

        for at in before.iter().rev() {
            let address = self.records[*at as usize].address;

            if address < area.start || best.is_some_and(|best| best.address != address) {
                break;
            }
            best = known(at).or(best);
        }
        let end = after
            .iter()
            .take_while(|at| self.records[**at as usize].address < area.end)
            .find_map(known)
            .map_or(area.end, |next| next.address);

        Some((best?, end))
    }
}

/// Whether a module's symbol is a mapping symbol of the assembler.
fn is_marker(name: &str) -> bool {
    name.is_empty() || name.starts_with('$') || name.starts_with(".L") || name.starts_with("L0")
}

/// FNV-1a.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(symbols: &[(u64, &str)]) -> List {
        let mut list = List::default();

        for (address, name) in symbols {
            list.push(*address, b't', name.as_bytes()).unwrap();
        }
        list
    }

    fn sample() -> Symbols {
        let kernel = [(0x100, "a"), (0x110, "b"), (0x110, "c"), (0x120, "a")];
        let module = [(0x1020, "b"), (0x1000, "$x"), (0x1010, "d"), (0x1010, "e")];
        let mut symbols = Symbols::new(list(&kernel)).unwrap();

        symbols.add_module(list(&module), 0).unwrap();
        symbols.add_module(list(&[(0x2000, "a")]), 1).unwrap();
        symbols.index();
        symbols
    }

    #[test]
    fn symbols_are_found_by_name() {
        let symbols = sample();
        let found = |within, name| -> Vec<u64> {
            symbols
                .named(within, name)
                .map(|symbol| symbol.address)
                .collect()
        };

        assert_eq!(found(Within::Anywhere, "a"), [0x100, 0x120, 0x2000]);
        assert_eq!(found(Within::Kernel, "a"), [0x100, 0x120]);
        assert_eq!(found(Within::Module(1), "a"), [0x2000]);
        assert!(found(Within::Module(0), "a").is_empty());
        assert!(found(Within::Anywhere, "").is_empty());
    }

    #[test]
    fn symbols_are_found_by_address() {
        let symbols = sample();
        let names = |address| -> String { symbols.at(address).map(|it| it.name).collect() };

        assert_eq!(names(0x110), "bc");
        assert_eq!(names(0x111), "");
        assert_eq!(names(0x1010), "de");
        assert_eq!(names(0x2000), "a");
    }

    #[test]
    fn addresses_belong_to_the_preceding_symbol() {
        let symbols = sample();
        let kernel = |address| {
            symbols
                .in_kernel(address)
                .map(|(symbol, end)| (symbol.name, symbol.address, end))
        };
        let module = |address| {
            symbols
                .in_module(&(0x1000..0x2000), address)
                .map(|(symbol, end)| (symbol.name, symbol.address, end))
        };

        assert_eq!(kernel(0xff), None);
        assert_eq!(kernel(0x10f), Some(("a", 0x100, Some(0x110))));
        assert_eq!(kernel(0x11f), Some(("b", 0x110, Some(0x120))));
        assert_eq!(kernel(0x1000), Some(("a", 0x120, None)));
        assert_eq!(module(0x100f), None);
        assert_eq!(module(0x1010), Some(("d", 0x1010, 0x1020)));
        assert_eq!(module(0x1fff), Some(("b", 0x1020, 0x2000)));
    }

    #[test]
    fn long_names_are_truncated() {
        let mut list = List::default();

        list.push(1, b't', &[b'x'; 1000]).unwrap();
        list.push(2, b't', b"\xff").unwrap();
        let names: Vec<_> = list.iter().map(|(_, _, name)| name.len()).collect();

        assert_eq!(names, [MAX_NAME, 3]);
    }
}
