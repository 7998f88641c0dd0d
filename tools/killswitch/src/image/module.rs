// SPDX-License-Identifier: GPL-2.0-only

//! The file of a module, and how it lies in memory when it was loaded.
//!
//! A module is read in two steps: [`Draft`] knows how much room it takes, and [`Draft::load`] puts
//! it somewhere. What it takes from other modules is put in later, by [`Loaded::link`].

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

/// The size of a page, in bytes. Code takes whole ones.
const PAGE: u64 = 4096;
/// The largest file of a module that is compressed, in bytes.
const MAX_FILE: u64 = 32 << 20;
/// The largest module that was compressed, in bytes.
pub(super) const MAX_MODULE: u64 = 128 << 20;
/// The largest module in memory, in bytes.
const MAX_ROOM: u64 = 1 << 30;

/// Exported symbols, with their addresses.
pub(super) type Exports = HashMap<String, u64>;

/// Which part of a module's memory something is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Region {
    Text,
    /// The code that is freed when the module has been set up.
    InitText,
    /// All data. Only what is code has to lie as the kernel puts it.
    Data,
}

/// Where a section is put.
#[derive(Clone, Copy)]
struct Place {
    /// Its address, less that of the module.
    at: u64,
    size: u64,
    /// Where its bytes are among those of the module, if it has any.
    store: Option<usize>,
}

/// Where a module's sections are put.
struct Plan {
    architecture: Architecture,
    /// Of each section, if it is loaded.
    places: Vec<Option<Place>>,
    /// Less the address of the module.
    text: Range<u64>,
    init_text: Range<u64>,
    /// Where the veneers are, less the address of the module: one for each symbol that it takes
    /// from others, behind all other code that stays.
    veneers: u64,
    /// How much room it takes.
    room: u64,
    /// How many bytes it has.
    size: usize,
    /// How much of the file is read, in bytes.
    read: u64,
}

/// The file of a module.
pub(super) enum Data {
    /// As it is, of which only what is needed is read.
    File(File),
    /// What it has when it is decompressed.
    Bytes(Vec<u8>),
}

impl Data {
    /// Opens the module at `path`, which may be compressed. What is decompressed is taken from the
    /// budget.
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

/// A module of which it is known how much room it takes.
pub(super) struct Draft {
    data: Data,
    plan: Plan,
}

/// The bytes of a module, as they are before what others have is put in.
#[derive(Default)]
pub(super) struct Loaded {
    /// The code that stays, and the code that is freed.
    pub(super) text: Range<u64>,
    pub(super) init_text: Range<u64>,
    pub(super) memory: Memory,
    /// The symbols in what is loaded, as the kernel shows them.
    pub(super) symbols: List,
    /// What other modules can use.
    pub(super) exports: Vec<(String, u64)>,
    /// Its type information, and what that builds on if that is not the kernel's.
    pub(super) btf: Option<Vec<u8>>,
    pub(super) btf_base: Option<Vec<u8>>,
    /// The places for tracers.
    pub(super) traced: Vec<u64>,
    /// Functions that cannot be probed, and areas of such.
    pub(super) unprobed: Vec<u64>,
    pub(super) unprobed_areas: Vec<Range<u64>>,
    /// What others have, which one in memory has already.
    pub(super) pending: Vec<Pending>,
    /// The names of what is pending.
    pub(super) missing: Vec<String>,
}

/// A reference to another module.
pub(super) struct Pending {
    place: u64,
    kind: Kind,
    addend: i64,
    /// Where its veneer is put if it needs one.
    veneer: u64,
    /// Which of the missing symbols.
    symbol: u32,
}

/// What a symbol of a module stands for.
#[derive(Clone, Copy)]
enum Target {
    /// It is in the module.
    Own(u64),
    /// It is in the kernel, and has this veneer.
    Kernel { address: u64, veneer: u64 },
    /// One of the missing symbols, and its veneer.
    Missing { symbol: u32, veneer: u64 },
}

impl Draft {
    /// Opens the module at `path`. What is read of it is taken from the budget.
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

    /// One whose file has these bytes.
    pub(super) fn in_bytes(bytes: Vec<u8>) -> Result<Self, Problem> {
        Ok(Self {
            plan: Plan::new(&bytes[..])?,
            data: Data::Bytes(bytes),
        })
    }

    /// What it is for.
    pub(super) fn architecture(&self) -> Architecture {
        self.plan.architecture
    }

    /// How many bytes it takes in memory, a multiple of the size of a page.
    pub(super) fn room(&self) -> u64 {
        self.plan.room
    }

    /// Puts the module at the address `base`. What it takes from the kernel is in `kernel`, and
    /// what is nowhere is taken to be at `far`.
    pub(super) fn load(self, base: u64, kernel: &Exports, far: u64) -> Result<Loaded, Problem> {
        match &self.data {
            Data::File(file) => self.plan.load(&ReadCache::new(file), base, kernel, far),
            Data::Bytes(bytes) => self.plan.load(&bytes[..], base, kernel, far),
        }
    }
}

const TOO_LARGE: &str = "it is larger than any module can be";

/// Whether a section of this name is not loaded, though its flags say so.
fn is_left_out(name: &[u8]) -> bool {
    // What each CPU has lies elsewhere. Type information is read from the file.
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
            return Err("it is no module".into());
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

        // What is read of it is bounded by what there is.
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

    /// Puts the sections of `region`, and so many bytes of veneers, behind all others. Where they
    /// are is returned, less the address of the module.
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
                // All code is in one piece, and of data each section that has bytes.
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
        // A page between tells the symbol at the end of one from that at the start of the next.
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
                // What has no bits is zero.
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
            // On x86-64 the second lists padding.
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

    /// Where the sections of this name are.
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

    /// The pieces of memory that have bytes: all code of a kind in one, and of data each section.
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

    /// What each symbol stands for.
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

    /// Where a symbol is that is defined in what is loaded.
    fn address(&self, symbol: &Sym, base: u64) -> Option<u64> {
        let index = symbol.st_shndx(LittleEndian).0;
        let place = self.places.get(usize::from(index)).copied().flatten()?;
        let value = symbol.st_value(LittleEndian);

        (value <= place.size).then(|| base + place.at + value)
    }

    /// Writes what `relocations` of the section at `place` say to `store`, or takes note of it.
    fn relocate(
        &self,
        base: u64,
        place: Place,
        relocations: &[Rela64<LittleEndian>],
        targets: &[Target],
        store: &mut [u8],
        pending: &mut Vec<Pending>,
    ) -> Result<(), Problem> {
        const DAMAGED: &str = "one of its relocations is damaged";

        let start = place.store.unwrap_or(0);

        for relocation in relocations {
            let info = relocation.r_info.get(LittleEndian);
            let Some(kind) = Kind::new(self.architecture, info as u32)? else {
                continue;
            };
            let at = relocation.r_offset.get(LittleEndian);
            let own = start..start + place.size as usize;

            bytes_at(store, own.clone(), at).ok_or(DAMAGED)?;
            let addend = relocation.r_addend.get(LittleEndian);
            let section = place.at;
            let place = base + section + at;
            let target = match *targets.get((info >> 32) as usize).ok_or(DAMAGED)? {
                Target::Own(address) => address.wrapping_add_signed(addend),
                Target::Kernel { address, veneer } => {
                    let target = address.wrapping_add_signed(addend);

                    match kind.needs_veneer(place, target) {
                        false => target,
                        true => {
                            // Code that stays is the first of all.
                            let code = 0..self.text.end as usize;

                            bytes_at(store, code, veneer - base)
                                .and_then(|bytes| write_veneer(bytes, veneer, target))
                                .ok_or(DAMAGED)?;
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
                .ok_or(DAMAGED)?;
        }
        Ok(())
    }

    /// The symbols that the kernel keeps of the module.
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

/// Whether the module takes `symbol` from the kernel or from other modules.
fn is_taken(symbol: &Sym) -> bool {
    symbol.st_shndx(LittleEndian) == SHN_UNDEF
}

/// How many bytes of the file of a module with these sections are read.
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

/// Which region a section of this name is in, if it is loaded.
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

/// The letter that the kernel shows for a symbol of a module that is defined in `section`.
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

/// What is in `section` of `store` from `at` on.
fn bytes_at(store: &mut [u8], section: Range<usize>, at: u64) -> Option<&mut [u8]> {
    store.get_mut(section)?.get_mut(usize::try_from(at).ok()?..)
}

fn offset(range: &Range<u64>, base: u64) -> Range<u64> {
    base + range.start..base + range.end
}

impl Loaded {
    /// How many bytes it holds, without type information.
    pub(super) fn size(&self) -> usize {
        let missing = self.missing.iter();

        self.memory.size()
            + self.symbols.size()
            + self.pending.len() * size_of::<Pending>()
            + missing
                .map(|it| size_of::<String>() + it.len())
                .sum::<usize>()
    }

    /// Puts in what the module takes from others, which have these `exports`. What nobody has is
    /// taken to be at `far`; its names are returned.
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
            // Bytes are lacking only if the file is damaged.
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
