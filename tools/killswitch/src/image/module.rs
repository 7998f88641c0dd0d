// SPDX-License-Identifier: GPL-2.0-only

//! Module files, and their layout in memory when loaded.
//!
//! A module is read in two steps: [`Draft`] computes its size, and [`Draft::load`] places it.
//! [`Loaded::link`] resolves its references to other modules.

use super::{
    bytes::u64_at,
    compression::{decompress, Budget},
    elf::{Elf, SectionHeader, Sym, SymbolTable},
    error::Problem,
    memory::{exports, Memory},
    relocation::{write_veneer, Kind, VENEER},
    symbols::List,
    Architecture,
};
use crate::file;
use object::{
    elf::{
        Rela64, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHN_ABS, SHN_UNDEF, SHT_NOBITS, SHT_RELA,
        SHT_STRTAB, SHT_SYMTAB, STB_WEAK, STT_OBJECT,
    },
    read::{
        elf::{SectionHeader as _, Sym as _},
        ReadCache, ReadRef,
    },
    LittleEndian,
};
use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

/// The page size, in bytes. Code is page-aligned.
const PAGE: u64 = 4096;
/// Size limit of a compressed module file, in bytes.
const MAX_FILE: u64 = 32 << 20;
/// Size limit of a decompressed module, in bytes.
pub(super) const MAX_MODULE: u64 = 128 << 20;
/// Size limit of a module in memory, in bytes.
const MAX_ROOM: u64 = 1 << 30;

/// Exported symbols, with their addresses.
pub(super) type Exports = HashMap<String, u64>;

/// A part of a module's memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Region {
    Text,
    /// Code that is freed after initialization.
    InitText,
    /// All data. Only the layout of code has to match the kernel's.
    Data,
}

/// The place of a section.
#[derive(Clone, Copy)]
struct Place {
    /// Its offset from the module's address.
    at: u64,
    size: u64,
    /// The range of its bytes among those of the module, if any.
    store: Option<usize>,
}

/// The layout of a module's sections.
struct Plan {
    architecture: Architecture,
    /// For each section, if it is loaded.
    places: Vec<Option<Place>>,
    /// Relative to the module's address.
    text: Range<u64>,
    init_text: Range<u64>,
    /// The veneers, relative to the module's address: one for each undefined symbol, after all
    /// other code that stays.
    veneers: u64,
    /// Its size in memory.
    room: u64,
    /// The number of its bytes.
    size: usize,
    /// The number of bytes read from the file.
    read: u64,
}

/// The file of a module.
pub(super) enum Data {
    /// Uncompressed, and read on demand.
    File(File),
    /// The decompressed content.
    Bytes(Vec<u8>),
}

impl Data {
    /// Opens the module at `path`, compressed or not. Decompressed data is charged to the budget.
    pub(super) fn open(path: &Path, budget: &Budget) -> Result<Self, Problem> {
        let mut file = file::open(path)?;
        let mut magic = Vec::new();

        file.by_ref().take(4).read_to_end(&mut magic)?;
        file.seek(SeekFrom::Start(0))?;
        if magic == b"\x7fELF" {
            return Ok(Self::File(file));
        }
        let mut bytes = Vec::new();

        file.take(MAX_FILE).read_to_end(&mut bytes)?;
        decompress(&bytes, budget).map(Self::Bytes)
    }
}

/// A module with a known size.
pub(super) struct Draft {
    data: Data,
    plan: Plan,
}

/// The bytes of a module, before references to others are resolved.
#[derive(Default)]
pub(super) struct Loaded {
    /// Code that stays, and code that is freed.
    pub(super) text: Range<u64>,
    pub(super) init_text: Range<u64>,
    pub(super) memory: Memory,
    /// The symbols in loaded sections, as the kernel shows them.
    pub(super) symbols: List,
    /// Its exports.
    pub(super) exports: Vec<(String, u64)>,
    /// Its type information, and its base if that is not the kernel's.
    pub(super) btf: Option<Vec<u8>>,
    pub(super) btf_base: Option<Vec<u8>>,
    /// The ftrace locations.
    pub(super) traced: Vec<u64>,
    /// Blacklisted functions and areas.
    pub(super) unprobed: Vec<u64>,
    pub(super) unprobed_areas: Vec<Range<u64>>,
    /// References to others, which are resolved if it was read from memory.
    pub(super) pending: Vec<Pending>,
    /// The names of the undefined symbols in these.
    pub(super) missing: Vec<String>,
}

/// A reference to another module.
pub(super) struct Pending {
    place: u64,
    kind: Kind,
    addend: i64,
    /// The place for a veneer, if needed.
    veneer: u64,
    /// The index of the undefined symbol.
    symbol: u32,
}

/// The target of a symbol of a module.
#[derive(Clone, Copy)]
enum Target {
    /// A definition in the module.
    Own(u64),
    /// A definition in the kernel, with this veneer.
    Kernel { address: u64, veneer: u64 },
    /// An undefined symbol, and its veneer.
    Missing { symbol: u32, veneer: u64 },
}

impl Draft {
    /// Opens the module at `path`. The bytes read are charged to the budget.
    pub(super) fn open(path: &Path, budget: &Budget) -> Result<Self, Problem> {
        match Data::open(path, budget)? {
            Data::Bytes(bytes) => Self::in_bytes(bytes),
            Data::File(file) => {
                let plan = Plan::new(&ReadCache::new(&file))?;

                budget.take(plan.read)?;
                Ok(Self {
                    data: Data::File(file),
                    plan,
                })
            }
        }
    }

    /// A module file with these bytes.
    pub(super) fn in_bytes(bytes: Vec<u8>) -> Result<Self, Problem> {
        Ok(Self {
            plan: Plan::new(&bytes[..])?,
            data: Data::Bytes(bytes),
        })
    }

    /// Its architecture.
    pub(super) fn architecture(&self) -> Architecture {
        self.plan.architecture
    }

    /// Its size in memory in bytes, a multiple of the page size.
    pub(super) fn room(&self) -> u64 {
        self.plan.room
    }

    /// Places the module at the address `base`. `kernel` has the kernel's exports, and `far` is the
    /// address of unresolved symbols.
    pub(super) fn load(self, base: u64, kernel: &Exports, far: u64) -> Result<Loaded, Problem> {
        match &self.data {
            Data::File(file) => self.plan.load(&ReadCache::new(file), base, kernel, far),
            Data::Bytes(bytes) => self.plan.load(&bytes[..], base, kernel, far),
        }
    }
}

const TOO_LARGE: &str = "it exceeds the size limit of modules";

/// Whether a section is not loaded in spite of its flags.
fn is_left_out(name: &[u8]) -> bool {
    // Per-CPU data is elsewhere. Type information is read from the file.
    matches!(
        name,
        b".modinfo"
            | b"__versions"
            | b"__version_ext_crcs"
            | b"__version_ext_names"
            | b".data..percpu"
            | b".BTF"
            | b".BTF.base"
    )
}

impl Plan {
    fn new<'a, R: ReadRef<'a>>(data: R) -> Result<Self, Problem> {
        let elf = Elf::parse(data)?;
        let length = data.len().map_err(|()| "its size is unknown")?;
        let sections: Vec<_> = elf.sections().collect();

        if !elf.is_relocatable() {
            return Err("it is not a module".into());
        }
        let architecture = elf.architecture();
        let mut plan = Self {
            architecture,
            places: vec![None; sections.len()],
            text: 0..0,
            init_text: 0..0,
            veneers: 0,
            room: 0,
            size: 0,
            read: bytes_read(&sections),
        };

        // The size of the file is the limit.
        if plan.read > length {
            return Err("its sections overlap".into());
        }
        let veneers = match (architecture, elf.symbols()?) {
            (Architecture::Arm64, Some(table)) => {
                let symbols = table.symbols.iter();

                VENEER * symbols.filter(|symbol| is_taken(symbol)).count()
            }
            _ => 0,
        };
        plan.text = plan.put(Region::Text, &sections, veneers as u64)?;
        plan.init_text = plan.put(Region::InitText, &sections, 0)?;
        if plan.size as u64 > 2 * length + 16 * PAGE {
            return Err(TOO_LARGE.into());
        }
        plan.put(Region::Data, &sections, 0)?;
        Ok(plan)
    }

    /// Places the sections of `region`, and `veneers` bytes of veneers, after all others. Returns
    /// their range relative to the module's address.
    fn put(
        &mut self,
        region: Region,
        sections: &[(&[u8], &SectionHeader)],
        veneers: u64,
    ) -> Result<Range<u64>, Problem> {
        let start = self.room;
        let store = self.size;
        let mut end = 0u64;

        for ((name, section), place) in sections.iter().zip(&mut self.places) {
            if region_of(name, section) != Some(region) {
                continue;
            }
            let size = section.sh_size(LittleEndian);
            let at = end
                .checked_next_multiple_of(section.sh_addralign(LittleEndian).max(1))
                .ok_or(TOO_LARGE)?;

            end = at
                .checked_add(size)
                .filter(|end| *end <= MAX_ROOM)
                .ok_or(TOO_LARGE)?;
            *place = Some(Place {
                at: start + at,
                size,
                // All code is in one piece. Each section of initialized data is a piece.
                store: match region {
                    Region::Data if section.sh_type(LittleEndian) == SHT_NOBITS => None,
                    Region::Data => {
                        self.size += size as usize;
                        Some(self.size - size as usize)
                    }
                    _ => Some(store + at as usize),
                },
            });
        }
        if veneers > 0 {
            end = end.next_multiple_of(4);
            self.veneers = start + end;
            end += veneers;
        }
        end = end.next_multiple_of(PAGE);
        if region != Region::Data {
            self.size += end as usize;
        }
        // A gap of a page separates the last symbol of one from the first of the next.
        self.room += end + PAGE;
        Ok(start..start + end)
    }

    fn load<'a, R: ReadRef<'a>>(
        &self,
        data: R,
        base: u64,
        kernel: &Exports,
        far: u64,
    ) -> Result<Loaded, Problem> {
        let elf = Elf::parse(data)?;
        let mut store = vec![0; self.size];
        let mut missing = Vec::new();
        let mut pending = Vec::new();

        for ((_, section), place) in elf.sections().zip(&self.places) {
            if let Some(at) = place.and_then(|place| place.store) {
                // Sections without bits are zero.
                let bytes = elf.data(section)?;

                store
                    .get_mut(at..at + bytes.len())
                    .ok_or("its sections overlap")?
                    .copy_from_slice(bytes);
            }
        }
        let table = elf.symbols()?.ok_or("it has no symbols")?;
        let targets = self.targets(&table, base, kernel, far, &mut missing);

        for (_, section) in elf.sections() {
            if section.sh_type(LittleEndian) != SHT_RELA {
                continue;
            }
            let relocated = section.sh_info(LittleEndian) as usize;
            let Some(place) = self.places.get(relocated).copied().flatten() else {
                continue;
            };

            if place.store.is_some() {
                let relocations = elf.table(section)?;

                self.relocate(base, place, relocations, &targets, &mut store, &mut pending)?;
            }
        }
        let memory = Memory::new(vec![store], self.pieces(base));
        let range_of = |name: &[u8]| self.ranges(&elf, name, base).next().unwrap_or(0..0);
        let addresses = |name: &[u8]| -> Vec<u64> {
            self.ranges(&elf, name, base)
                .filter_map(|range| memory.range(range))
                .flat_map(|bytes| bytes.chunks_exact(8))
                .filter_map(|entry| u64_at(entry, 0))
                .collect()
        };
        let copy = |name: &[u8]| -> Result<Option<Vec<u8>>, Problem> {
            let data = elf.section(name).map(|section| elf.data(section));

            Ok(data.transpose()?.map(<[u8]>::to_vec))
        };

        Ok(Loaded {
            text: offset(&self.text, base),
            init_text: offset(&self.init_text, base),
            symbols: self.symbols(&elf, &table, base)?,
            exports: [&b"__ksymtab"[..], b"__ksymtab_gpl"]
                .iter()
                .flat_map(|name| exports(&memory, range_of(name)))
                .map(|(name, address)| (name.into(), address))
                .collect(),
            btf: copy(b".BTF")?,
            btf_base: copy(b".BTF.base")?,
            // On x86-64 the second contains padding.
            traced: addresses(match self.architecture {
                Architecture::X86 => b"__mcount_loc",
                Architecture::Arm64 => b"__patchable_function_entries",
            }),
            unprobed: addresses(b"_kprobe_blacklist"),
            unprobed_areas: [&b".kprobes.text"[..], b".noinstr.text"]
                .map(range_of)
                .into(),
            memory,
            pending,
            missing,
        })
    }

    /// The ranges of the sections with this name.
    fn ranges<'a, R: ReadRef<'a>>(
        &self,
        elf: &Elf<'a, R>,
        name: &[u8],
        base: u64,
    ) -> impl Iterator<Item = Range<u64>> {
        let places = elf
            .sections()
            .zip(&self.places)
            .filter(|((other, _), _)| *other == name)
            .filter_map(|(_, place)| *place);

        places
            .map(move |place| offset(&(place.at..place.at + place.size), base))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The pieces of memory with bytes: all code of one kind, and each section of data.
    fn pieces(&self, base: u64) -> Vec<(u64, usize, Range<usize>)> {
        let code = [&self.text, &self.init_text];
        let mut store = 0;
        let mut pieces = Vec::new();

        for range in code {
            let size = (range.end - range.start) as usize;

            pieces.push((base + range.start, 0, store..store + size));
            store += size;
        }
        for place in self.places.iter().flatten() {
            if let Some(at) = place
                .store
                .filter(|_| place.at >= self.init_text.end + PAGE)
            {
                pieces.push((base + place.at, 0, at..at + place.size as usize));
            }
        }
        pieces
    }

    /// The target of each symbol.
    fn targets(
        &self,
        table: &SymbolTable<'_>,
        base: u64,
        kernel: &Exports,
        far: u64,
        missing: &mut Vec<String>,
    ) -> Vec<Target> {
        let mut veneer = base.wrapping_add(self.veneers);

        table
            .symbols
            .iter()
            .map(|symbol| match symbol.st_shndx(LittleEndian) {
                _ if is_taken(symbol) => {
                    let name = String::from_utf8_lossy(table.name(symbol));
                    let own = veneer;

                    veneer = veneer.wrapping_add(VENEER as u64);
                    match kernel.get(&*name) {
                        Some(&address) => Target::Kernel {
                            address,
                            veneer: own,
                        },
                        None => {
                            let symbol = missing.len() as u32;

                            missing.push(name.into());
                            Target::Missing {
                                symbol,
                                veneer: own,
                            }
                        }
                    }
                }
                SHN_ABS => Target::Own(symbol.st_value(LittleEndian)),
                _ => Target::Own(self.address(symbol, base).unwrap_or(far)),
            })
            .collect()
    }

    /// The address of a symbol that is defined in a loaded section.
    fn address(&self, symbol: &Sym, base: u64) -> Option<u64> {
        let index = symbol.st_shndx(LittleEndian).0;
        let place = self.places.get(usize::from(index)).copied().flatten()?;
        let value = symbol.st_value(LittleEndian);

        (value <= place.size).then(|| base + place.at + value)
    }

    /// Applies `relocations` of the section at `place` to `store`, or records them as pending.
    fn relocate(
        &self,
        base: u64,
        place: Place,
        relocations: &[Rela64<LittleEndian>],
        targets: &[Target],
        store: &mut [u8],
        pending: &mut Vec<Pending>,
    ) -> Result<(), Problem> {
        const CORRUPT: &str = "one of its relocations is corrupt";

        let start = place.store.unwrap_or(0);

        for relocation in relocations {
            let info = relocation.r_info.get(LittleEndian);
            let Some(kind) = Kind::new(self.architecture, info as u32)? else {
                continue;
            };
            let at = relocation.r_offset.get(LittleEndian);
            let own = start..start + place.size as usize;

            bytes_at(store, own.clone(), at).ok_or(CORRUPT)?;
            let addend = relocation.r_addend.get(LittleEndian);
            let section = place.at;
            let place = base + section + at;
            let target = match *targets.get((info >> 32) as usize).ok_or(CORRUPT)? {
                Target::Own(address) => address.wrapping_add_signed(addend),
                Target::Kernel { address, veneer } => {
                    let target = address.wrapping_add_signed(addend);

                    match kind.needs_veneer(place, target) {
                        false => target,
                        true => {
                            // Code that stays is first.
                            let code = 0..self.text.end as usize;

                            bytes_at(store, code, veneer - base)
                                .and_then(|bytes| write_veneer(bytes, veneer, target))
                                .ok_or(CORRUPT)?;
                            veneer
                        }
                    }
                }
                Target::Missing { symbol, veneer } => {
                    pending.push(Pending {
                        place,
                        kind,
                        addend,
                        veneer,
                        symbol,
                    });
                    continue;
                }
            };

            bytes_at(store, own, at)
                .and_then(|bytes| kind.write(bytes, place, target))
                .ok_or(CORRUPT)?;
        }
        Ok(())
    }

    /// The symbols of the module that the kernel keeps.
    fn symbols<'a, R: ReadRef<'a>>(
        &self,
        elf: &Elf<'a, R>,
        table: &SymbolTable<'a>,
        base: u64,
    ) -> Result<List, Problem> {
        let sections: Vec<_> = elf.sections().map(|(_, section)| section).collect();
        let mut list = List::default();

        for symbol in table.symbols {
            let name = table.name(symbol);
            let Some(address) = self.address(symbol, base) else {
                continue;
            };

            if !name.is_empty() && !name.starts_with(b".L") {
                let index = usize::from(symbol.st_shndx(LittleEndian).0);

                list.push(address, letter(symbol, sections[index]), name)?;
            }
        }
        Ok(list)
    }
}

/// Whether `symbol` is undefined.
fn is_taken(symbol: &Sym) -> bool {
    symbol.st_shndx(LittleEndian) == SHN_UNDEF
}

/// The number of bytes to read from the file of a module with these sections.
fn bytes_read(sections: &[(&[u8], &SectionHeader)]) -> u64 {
    let is_loaded = |name: &[u8], section: &SectionHeader| region_of(name, section).is_some();
    let is_read = |name: &[u8], section: &SectionHeader| match section.sh_type(LittleEndian) {
        SHT_NOBITS => false,
        SHT_SYMTAB => true,
        SHT_STRTAB => name == b".strtab",
        SHT_RELA => sections
            .get(section.sh_info(LittleEndian) as usize)
            .is_some_and(|(name, section)| is_loaded(name, section)),
        _ => is_loaded(name, section) || matches!(name, b".BTF" | b".BTF.base"),
    };

    sections
        .iter()
        .filter(|(name, section)| is_read(name, section))
        .fold(0, |sum, (_, section)| {
            sum.saturating_add(section.sh_size(LittleEndian))
        })
}

/// The region of a section with this name, if it is loaded.
fn region_of(name: &[u8], section: &SectionHeader) -> Option<Region> {
    let flags = section.sh_flags(LittleEndian);

    if !flags.contains(SHF_ALLOC) || is_left_out(name) {
        return None;
    }
    Some(
        match (flags.contains(SHF_EXECINSTR), name.starts_with(b".init")) {
            (true, false) => Region::Text,
            (true, true) => Region::InitText,
            (false, _) => Region::Data,
        },
    )
}

/// The type letter that the kernel shows for a symbol in `section`.
fn letter(symbol: &Sym, section: &SectionHeader) -> u8 {
    let flags = section.sh_flags(LittleEndian);

    if symbol.st_bind() == STB_WEAK {
        return if symbol.st_type() == STT_OBJECT {
            b'v'
        } else {
            b'w'
        };
    }
    match () {
        () if flags.contains(SHF_EXECINSTR) => b't',
        () if section.sh_type(LittleEndian) == SHT_NOBITS => b'b',
        () if flags.contains(SHF_WRITE) => b'd',
        () => b'r',
    }
}

/// The content of `section` in `store` from `at` on.
fn bytes_at(store: &mut [u8], section: Range<usize>, at: u64) -> Option<&mut [u8]> {
    store.get_mut(section)?.get_mut(usize::try_from(at).ok()?..)
}

fn offset(range: &Range<u64>, base: u64) -> Range<u64> {
    base + range.start..base + range.end
}

impl Loaded {
    /// Its memory usage in bytes, without type information.
    pub(super) fn size(&self) -> usize {
        let missing = self.missing.iter();

        self.memory.size()
            + self.symbols.size()
            + self.pending.len() * size_of::<Pending>()
            + missing
                .map(|it| size_of::<String>() + it.len())
                .sum::<usize>()
    }

    /// Resolves the references to others with these `exports`. Unresolved ones get the address
    /// `far`; their names are returned.
    pub(super) fn link(&mut self, exports: &Exports, far: u64) -> Vec<String> {
        let missing = std::mem::take(&mut self.missing);
        let mut is_unresolved = vec![false; missing.len()];
        let targets: Vec<_> = missing
            .iter()
            .map(|name| exports.get(name).copied())
            .collect();

        for pending in std::mem::take(&mut self.pending) {
            let symbol = pending.symbol as usize;
            let target = targets[symbol].unwrap_or(far);

            is_unresolved[symbol] |= targets[symbol].is_none();
            let mut target = target.wrapping_add_signed(pending.addend);
            // Bytes are missing only if the file is corrupt.
            if pending.kind.needs_veneer(pending.place, target) {
                if let Some(bytes) = self.memory.rest_at_mut(pending.veneer) {
                    let _ = write_veneer(bytes, pending.veneer, target);
                }
                target = pending.veneer;
            }
            if let Some(bytes) = self.memory.rest_at_mut(pending.place) {
                let _ = pending.kind.write(bytes, pending.place, target);
            }
        }
        missing
            .into_iter()
            .zip(is_unresolved)
            .filter_map(|(name, is_unresolved)| is_unresolved.then_some(name))
            .collect()
    }
}
