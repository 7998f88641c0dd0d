// SPDX-License-Identifier: GPL-2.0-only

//! Copies of functions in the debug information (DWARF) of a kernel or a module: inlined ones, and
//! compiler-generated variants with other names.
//!
//! Parses only the compile units that can contain the functions, independently of each other.
//! Results are joined by the offsets of entries.

use super::{
    bytes::u32_at,
    compression::{decompress, Budget},
    elf::{Elf, SectionHeader, Sym},
    error::{Error, Problem},
    module::Data,
    Image, Within, SUFFIXES, WINDOW,
};
use crate::file;
use gimli::{
    constants, Abbreviations, AttributeValue, DebugAbbrev, DebugAbbrevOffset, DebugAddrBase,
    DebugInfo, DebugLocListsBase, DebugRngListsBase, DebugStrOffsetsBase, Dwarf, DwarfFileType,
    EndianSlice, Format, SectionId, UnitHeader, UnitType,
};
use memchr::memmem;
use object::{
    elf::{Rela64, SHF_ALLOC, SHT_NOBITS, SHT_NOTE, SHT_RELA},
    read::{
        elf::{SectionHeader as _, Sym as _},
        ReadCache, ReadRef,
    },
    LittleEndian,
};
use rayon::prelude::*;
use std::{
    borrow::Cow,
    collections::{hash_map::Entry, BTreeMap, HashMap, HashSet},
    fs::File,
    io::Read,
    ops::Range,
    os::unix::{ffi::OsStrExt, fs::FileExt},
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicUsize, Ordering},
        Arc,
    },
};

/// Maximum number of bytes of a file in memory. Compressed data counts twice.
const MAX_BYTES: u64 = 512 << 20;
/// Maximum size of a compile unit, and of its abbreviations, in bytes.
const MAX_UNIT: u64 = 64 << 20;
const MAX_ABBREVIATIONS: usize = 1 << 20;
/// Maximum number of compile units.
const MAX_UNITS: usize = 1 << 18;
/// Maximum number of functions and inlined copies in one compile unit, and in total.
const MAX_OF_UNIT: usize = 1 << 19;
const MAX_HELD: usize = 1 << 21;
const TOO_MANY: &str = "its debug information exceeds the limit of functions";
/// Maximum depth of references between compile units.
const MAX_ROUNDS: usize = 16;
/// Maximum size of a module's notes, in bytes.
const MAX_NOTES: u64 = 4096;
/// The type of a build ID note.
const BUILD_ID: u32 = 3;

type Slice<'a> = EndianSlice<'a, gimli::LittleEndian>;
type Unit<'a> = gimli::Unit<Slice<'a>>;

/// A function of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its name.
    pub name: String,
    /// Whether several compile units have it, i.e. it is defined in a header.
    pub is_shared: bool,
    /// Start addresses of its code that is not inlined, including variants, sorted.
    pub instances: Vec<u64>,
    /// Start addresses of inlined copies, sorted.
    pub inlined: Vec<u64>,
}

impl Image {
    /// Debug information about the functions called `names` of the kernel itself, or of a module,
    /// with addresses in the image. It is read from the file of the module, or from `kernel` (the
    /// kernel's file unless it is the running one), or else from `debug`: a file, or a directory
    /// with files by build ID. `None` if there is none.
    pub fn origins(
        &self,
        module: Option<usize>,
        kernel: Option<&Path>,
        debug: &Path,
        names: &[&str],
    ) -> Result<Option<Vec<Origin>>, Error> {
        let own = module.map_or(kernel, |it| Some(&self.modules[it].path));
        let within = module.map_or(Within::Kernel, Within::Module);
        let find = |name: &str| {
            let mut found = self.named(within, name).map(|it| it.address);

            found.next().filter(|_| found.next().is_none())
        };
        let asked = Asked { names, find: &find };
        let (found, id) = match own {
            None => (None, None),
            // A module that was read from memory.
            Some(own) if own.is_dir() => {
                let notes = file::read(&own.join("notes/.note.gnu.build-id"), MAX_NOTES);

                (None, notes.ok().and_then(|it| note(&it)))
            }
            Some(own) => asked.read(own).map_err(|problem| problem.with(own))?,
        };
        let id = match module {
            None => self.build_id().or(id),
            Some(_) => id,
        };
        let (None, Some(id)) = (&found, id) else {
            return Ok(found.map(|it| self.mapped(it)));
        };
        let (path, is_named) = match debug.is_dir() {
            true => (by_build_id(debug, &id), false),
            false => (debug.into(), true),
        };

        if !path.exists() {
            return Ok(None);
        }
        let (found, other) = asked.read(&path).map_err(|problem| problem.with(&path))?;

        match other == Some(id) {
            true => Ok(found.map(|it| self.mapped(it))),
            // It may be the kernel's, while the function is a module's.
            false if is_named && module.is_some() => Ok(None),
            false => Err(Problem::from("it is from another build; give the right one").with(&path)),
        }
    }

    /// Removes addresses outside of the image's code.
    fn mapped(&self, mut origins: Vec<Origin>) -> Vec<Origin> {
        for it in &mut origins {
            for all in [&mut it.instances, &mut it.inlined] {
                all.retain(|address| self.area(*address).is_some());
                all.sort_unstable();
                all.dedup();
            }
        }
        origins
    }

    /// The kernel's build ID.
    fn build_id(&self) -> Option<Vec<u8>> {
        note(
            self.memory
                .range(self.between("__start_notes", "__stop_notes")?)?,
        )
    }
}

/// The file for a build ID in a directory such as /usr/lib/debug.
fn by_build_id(directory: &Path, id: &[u8]) -> PathBuf {
    let digits: String = id.iter().map(|it| format!("{it:02x}")).collect();
    let (first, rest) = digits.split_at(digits.len().min(2));

    directory.join(format!(".build-id/{first}/{rest}.debug"))
}

/// The build ID among `notes`.
fn note(mut notes: &[u8]) -> Option<Vec<u8>> {
    loop {
        let (head, rest) = notes.split_first_chunk::<12>()?;
        let number = |at: usize| head[at..].first_chunk().copied().map(u32::from_le_bytes);
        let (name, size, kind) = (number(0)? as usize, number(4)? as usize, number(8)?);
        let at = name.checked_next_multiple_of(4)?;
        let id = rest.get(at..at.checked_add(size)?)?;

        if kind == BUILD_ID && rest.starts_with(b"GNU\0") && !id.is_empty() {
            return Some(id.into());
        }
        notes = rest.get(at.checked_add(size.checked_next_multiple_of(4)?)?..)?;
    }
}

/// A query to a file.
struct Asked<'a> {
    names: &'a [&'a str],
    /// The address of a symbol in the image, if its name is unique.
    find: &'a dyn Fn(&str) -> Option<u64>,
}

/// The result of a query: debug information, if any, and the build ID.
type Said = (Option<Vec<Origin>>, Option<Vec<u8>>);

impl Asked<'_> {
    /// Queries the file at `path`. Returns nothing if it is neither an ELF file nor a module.
    fn read(&self, path: &Path) -> Result<Said, Problem> {
        let budget = Budget::new(MAX_BYTES, WINDOW);
        let mut magic = Vec::new();
        let is_module = |suffix| path.as_os_str().as_bytes().ends_with(suffix);

        file::open(path)?.take(4).read_to_end(&mut magic)?;
        if magic != b"\x7fELF" && !SUFFIXES.map(str::as_bytes).into_iter().any(is_module) {
            return Ok((None, None));
        }
        match Data::open(path, &budget)? {
            Data::File(file) => self.read_elf(&ReadCache::new(&file), Some(&file), &budget),
            Data::Bytes(bytes) => self.read_elf(&bytes[..], None, &budget),
        }
    }

    /// Queries an ELF file. If it is `file`, its compile units are read on demand.
    fn read_elf<'a, R: ReadRef<'a>>(
        &self,
        data: R,
        file: Option<&File>,
        budget: &Budget,
    ) -> Result<Said, Problem> {
        let elf = Elf::parse(data)?;
        let is_note = |section: &SectionHeader| section.sh_type(LittleEndian) == SHT_NOTE;
        let mut id = None;

        for (_, section) in elf.sections().filter(|(_, it)| is_note(it)) {
            id = id.or(note(elf.data(section)?));
        }
        let sections = Sections { elf, data, budget };
        let Some(info) = sections.info(file)? else {
            return Ok((None, id));
        };
        // Other sections are copied only if they are used.
        let needed = [
            SectionId::DebugAddr,
            SectionId::DebugRanges,
            SectionId::DebugRngLists,
            SectionId::DebugStr,
            SectionId::DebugStrOffsets,
        ];
        let mut held = HashMap::new();

        for id in needed {
            held.insert(id, sections.contents(id)?.unwrap_or_default());
        }
        let abbreviations = sections
            .contents(SectionId::DebugAbbrev)?
            .unwrap_or_default();
        let dwarf =
            Dwarf::load(|id| Ok::<_, Problem>(slice(held.get(&id).map_or(&[][..], |it| &it[..]))))?;
        let reader = Reader {
            info,
            abbreviations: &abbreviations,
            dwarf: &dwarf,
            str_offsets: &held[&SectionId::DebugStrOffsets],
            names: self
                .names
                .iter()
                .zip(0..)
                .map(|(it, at)| (it.as_bytes(), at))
                .collect(),
            held: AtomicUsize::new(0),
        };
        let names = Filter::of_names(&held[&SectionId::DebugStr], self.names);
        let found = reader.find(&names)?;
        let moves = sections.moves(self.find)?;

        Ok((Some(found.origins(self.names, &moves)), id))
    }
}

/// The sections of a file.
struct Sections<'b, 'a, R> {
    elf: Elf<'a, R>,
    data: R,
    budget: &'b Budget,
}

impl<'a, R: ReadRef<'a>> Sections<'_, 'a, R> {
    /// The index of the section, its name if it is compressed in the old format, and its header.
    fn header(&self, id: SectionId) -> Option<(usize, &'a [u8], &'a SectionHeader)> {
        let name = id.name().as_bytes();
        let is_old = |it: &[u8]| it.strip_prefix(b".z") == name.strip_prefix(b".");

        self.elf
            .sections()
            .enumerate()
            .map(|(index, (name, section))| (index, name, section))
            .find(|(_, it, section)| {
                (*it == name || is_old(it)) && section.sh_type(LittleEndian) != SHT_NOBITS
            })
    }

    /// The compile units; `None` if there are none. They stay in `file` if it has them uncompressed
    /// and unrelocated.
    fn info<'c>(&self, file: Option<&'c File>) -> Result<Option<Info<'c>>, Problem>
    where
        'a: 'c,
    {
        let Some((_, name, section)) = self.header(SectionId::DebugInfo) else {
            return Ok(None);
        };
        let is_as_it_is = !self.elf.is_relocatable()
            && !name.starts_with(b".z")
            && section.compression(LittleEndian, self.data)?.is_none();

        match (file, section.file_range(LittleEndian)) {
            (Some(file), Some((start, size))) if is_as_it_is => {
                Ok(Some(Info::File { file, start, size }))
            }
            _ => Ok(self.contents(SectionId::DebugInfo)?.map(Info::Bytes)),
        }
    }

    /// The content of a section, decompressed and relocated; `None` if it is missing.
    fn contents(&self, id: SectionId) -> Result<Option<Cow<'a, [u8]>>, Problem> {
        let Some((index, name, section)) = self.header(id) else {
            return Ok(None);
        };
        let cut_off = |()| Problem::from("its debug information is truncated");

        self.budget.take(section.sh_size(LittleEndian))?;
        let compressed = match section.compression(LittleEndian, self.data)? {
            Some((_, at, size)) => Some(self.data.read_bytes_at(at, size).map_err(cut_off)?),
            // Behind the size.
            None if name.starts_with(b".z") => Some(
                section
                    .data(LittleEndian, self.data)?
                    .get(12..)
                    .ok_or(())
                    .map_err(cut_off)?,
            ),
            None => None,
        };
        let mut bytes = match compressed {
            Some(bytes) => Cow::Owned(decompress(bytes, self.budget)?),
            None => Cow::Borrowed(section.data(LittleEndian, self.data)?),
        };

        if self.elf.is_relocatable() {
            self.relocate(index, &mut bytes)?;
        }
        Ok(Some(bytes))
    }

    /// Relocates the section with this index. Each loaded section gets an address range of its own,
    /// with its index in the upper half.
    fn relocate(&self, index: usize, bytes: &mut Cow<'a, [u8]>) -> Result<(), Problem> {
        let Some(table) = self.elf.symbols()? else {
            return Ok(());
        };
        let sections: Vec<_> = self.elf.sections().map(|(_, section)| section).collect();
        let is_of = |it: &&&SectionHeader| {
            it.sh_type(LittleEndian) == SHT_RELA && it.sh_info(LittleEndian) as usize == index
        };

        for section in sections.iter().filter(is_of) {
            self.budget.take(section.sh_size(LittleEndian))?;
            let relocations: &[Rela64<LittleEndian>] =
                section.data_as_array(LittleEndian, self.data)?;

            for it in relocations {
                let info = it.r_info.get(LittleEndian);
                let base = match table.symbols.get((info >> 32) as usize) {
                    Some(symbol) => base(&sections, symbol),
                    None => 0,
                };
                let value = base.wrapping_add_signed(it.r_addend.get(LittleEndian));
                let size = match info as u32 {
                    0 => continue,
                    1 => 8,
                    10 | 11 => 4,
                    kind => {
                        let text = format!("its debug information has the relocation type {kind}");

                        return Err(text.into());
                    }
                };
                let start = it.r_offset.get(LittleEndian) as usize;
                let place = start
                    .checked_add(size)
                    .and_then(|end| bytes.to_mut().get_mut(start..end))
                    .ok_or("a relocation of its debug information is out of range")?;

                place.copy_from_slice(&value.to_le_bytes()[..size]);
            }
        }
        Ok(())
    }

    /// The load offset of each address range of the file, by the upper half of its addresses.
    fn moves(&self, find: &dyn Fn(&str) -> Option<u64>) -> Result<HashMap<u64, u64>, Problem> {
        let Some(table) = self.elf.symbols()? else {
            return Ok(HashMap::new());
        };
        let sections: Vec<_> = self.elf.sections().map(|(_, section)| section).collect();
        let mut moves = HashMap::new();

        let is_loaded = |it: &&Sym| section_of(&sections, it).is_some();

        for symbol in table.symbols.iter().filter(is_loaded) {
            let address = match self.elf.is_relocatable() {
                true => base(&sections, symbol),
                false => symbol.st_value(LittleEndian),
            };
            let name = || std::str::from_utf8(table.name(symbol)).ok();

            if let Entry::Vacant(place) = moves.entry(address >> 32) {
                if let Some(other) = name().and_then(find) {
                    place.insert(other.wrapping_sub(address));
                }
            }
        }
        Ok(moves)
    }
}

/// The index of the section of `symbol`, if it is loaded.
fn section_of(sections: &[&SectionHeader], symbol: &Sym) -> Option<u64> {
    let index = symbol.st_shndx(LittleEndian).0;
    let section = sections.get(usize::from(index))?;

    section
        .sh_flags(LittleEndian)
        .contains(SHF_ALLOC)
        .then_some(index.into())
}

/// The address of `symbol` in a relocatable file.
fn base(sections: &[&SectionHeader], symbol: &Sym) -> u64 {
    let start = section_of(sections, symbol).map_or(0, |it| it << 32);

    start.wrapping_add(symbol.st_value(LittleEndian))
}

/// The compile units.
enum Info<'a> {
    File {
        file: &'a File,
        start: u64,
        size: u64,
    },
    Bytes(Cow<'a, [u8]>),
}

impl Info<'_> {
    fn size(&self) -> u64 {
        match self {
            Self::File { size, .. } => *size,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    fn read(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>, Problem> {
        const TRUNCATED: &str = "its debug information is truncated";

        if range.start > range.end || range.end > self.size() {
            return Err(TRUNCATED.into());
        }
        match self {
            Self::File { file, start, .. } => {
                let mut bytes = vec![0; (range.end - range.start) as usize];
                let at = start.checked_add(range.start).ok_or(TRUNCATED)?;

                file.read_exact_at(&mut bytes, at)?;
                Ok(bytes.into())
            }
            Self::Bytes(bytes) => Ok(bytes[range.start as usize..range.end as usize].into()),
        }
    }

    /// The range of each unit.
    fn units(&self) -> Result<Vec<Range<u64>>, Problem> {
        const LONG: u64 = 0xffff_ffff;
        let mut units = Vec::new();
        let mut at = 0;

        while at < self.size() {
            let number = |at: u64, size: u64| -> Result<u64, Problem> {
                let mut bytes = [0; 8];

                bytes[..size as usize].copy_from_slice(&self.read(at..at.saturating_add(size))?);
                Ok(u64::from_le_bytes(bytes))
            };
            let length = match number(at, 4)? {
                LONG => number(at + 4, 8)?.checked_add(12),
                length => Some(length + 4),
            };
            let end = length
                .filter(|it| *it <= MAX_UNIT)
                .and_then(|it| at.checked_add(it))
                .ok_or("a compile unit of its debug information is too large")?;

            if units.len() >= MAX_UNITS {
                return Err("its debug information has too many compile units".into());
            }
            units.push(at..end);
            at = end;
        }
        Ok(units)
    }
}

/// A set of 32-bit numbers to search for.
struct Filter {
    values: HashSet<u32>,
    /// A bitmap that rules out most other numbers.
    bits: Vec<bool>,
    /// Whether one of them is too short to search for.
    is_anywhere: bool,
}

impl Filter {
    fn new(values: HashSet<u32>, is_anywhere: bool) -> Self {
        let mut bits = vec![false; 1 << 16];

        for value in &values {
            bits[Self::bit(*value)] = true;
        }
        Self {
            values,
            bits,
            is_anywhere,
        }
    }

    fn bit(value: u32) -> usize {
        (value.wrapping_mul(0x9e37_79b1) >> 16) as usize
    }

    /// The representations of `names` in compile units: their offsets in `strings`, including
    /// suffixes of longer strings, and the first bytes of inline strings.
    fn of_names(strings: &[u8], names: &[&str]) -> Self {
        let values = names
            .par_iter()
            .flat_map_iter(|name| {
                let text = [name.as_bytes(), b"\0"].concat();
                let found = memmem::find_iter(strings, &text);
                let places: Vec<_> = found.map(|it| it as u32).collect();
                let written = text.first_chunk().copied().map(u32::from_le_bytes);

                places.into_iter().chain(written)
            })
            .collect();

        Self::new(values, names.iter().any(|it| it.len() < 3))
    }

    fn has(&self, value: u32) -> bool {
        self.bits[Self::bit(value)] && self.values.contains(&value)
    }

    /// Whether `bytes` contain one of them, at any offset.
    fn is_in(&self, bytes: &[u8]) -> bool {
        let mut numbers = bytes.array_windows().map(|it| u32::from_le_bytes(*it));

        self.is_anywhere || numbers.any(|it| self.has(it))
    }

    /// Whether one of them is an element of the table `bytes`.
    fn is_of(&self, bytes: &[u8]) -> bool {
        let (numbers, _) = bytes.as_chunks();

        numbers.iter().any(|it| self.has(u32::from_le_bytes(*it)))
    }
}

/// A function of a compile unit, or an inlined copy.
struct Code {
    /// Its offset in all units.
    at: u64,
    is_inlined: bool,
    /// The index of its name, and the line.
    name: Option<(usize, u64)>,
    /// The offset of its origin.
    origin: Option<u64>,
    /// The start of its code, if any.
    start: Option<u64>,
}

/// The result for a compile unit.
enum Found {
    /// It was parsed.
    Entries(Vec<Code>),
    /// It does not contain the names, but may refer to units that do.
    Refers,
    Nothing,
}

/// All parsed entries, and names and lines by the offsets of entries.
#[derive(Default)]
struct All {
    entries: Vec<Code>,
    known: HashMap<u64, (usize, u64)>,
}

impl All {
    /// Resolves origins. Cyclic entries have none.
    fn resolve(&mut self) {
        let mut made_of: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut queue = Vec::new();

        for (index, entry) in self.entries.iter().enumerate() {
            if let Some(origin) = entry.origin {
                made_of.entry(origin).or_default().push(index);
            }
            if let Some(name) = entry.name {
                self.known.entry(entry.at).or_insert(name);
            }
        }
        queue.extend(self.known.iter().map(|(at, name)| (*at, *name)));
        while let Some((at, name)) = queue.pop() {
            for index in made_of.remove(&at).unwrap_or_default() {
                let at = self.entries[index].at;

                if let Entry::Vacant(place) = self.known.entry(at) {
                    place.insert(name);
                    queue.push((at, name));
                }
            }
        }
    }

    /// The result, with addresses in the image.
    fn origins(&self, names: &[&str], moves: &HashMap<u64, u64>) -> Vec<Origin> {
        let mut origins: BTreeMap<(usize, u64), (Origin, usize)> = BTreeMap::new();
        let moved = |it: u64| Some(it.wrapping_add(*moves.get(&(it >> 32))?));

        for entry in &self.entries {
            let Some(key) = self.known.get(&entry.at) else {
                continue;
            };
            let (origin, sources) = origins.entry(*key).or_insert_with(|| {
                let origin = Origin {
                    name: names[key.0].into(),
                    is_shared: false,
                    instances: Vec::new(),
                    inlined: Vec::new(),
                };

                (origin, 0)
            });

            *sources += usize::from(entry.name.is_some());
            if let Some(start) = entry.start.and_then(moved) {
                match entry.is_inlined {
                    true => origin.inlined.push(start),
                    false => origin.instances.push(start),
                }
            }
        }
        origins
            .into_values()
            .map(|(origin, sources)| Origin {
                is_shared: sources > 1,
                ..origin
            })
            .collect()
    }
}

/// A reader of compile units.
struct Reader<'a> {
    info: Info<'a>,
    abbreviations: &'a [u8],
    /// Without compile units and abbreviations.
    dwarf: &'a Dwarf<Slice<'a>>,
    str_offsets: &'a [u8],
    names: HashMap<&'a [u8], usize>,
    /// The number of functions and inlined copies in memory.
    held: AtomicUsize,
}

impl Reader<'_> {
    /// Finds everything called `names`, and everything derived from it.
    fn find(&self, names: &Filter) -> Result<All, Problem> {
        let mut left = self.info.units()?;
        let mut all = All::default();
        let mut new: Vec<u64> = Vec::new();

        for round in 0.. {
            let filter = match round {
                0 => names,
                _ => &Filter::new(new.iter().map(|it| *it as u32).collect(), false),
            };
            let found: Vec<_> = left
                .into_par_iter()
                .map(|unit| Ok((self.unit(&unit, filter, round == 0)?, unit)))
                .collect::<Result<_, Problem>>()?;
            let before: HashSet<u64> = all.known.keys().copied().collect();

            left = Vec::new();
            for (found, unit) in found {
                match found {
                    Found::Entries(mut entries) => all.entries.append(&mut entries),
                    Found::Refers => left.push(unit),
                    Found::Nothing => {}
                }
            }
            all.resolve();
            new = all.known.keys().copied().collect();
            new.retain(|it| !before.contains(it));
            if left.is_empty() || new.is_empty() {
                break;
            }
            if round >= MAX_ROUNDS {
                return Err("the references in its debug information are nested too deeply".into());
            }
        }
        Ok(all)
    }

    /// Parses the compile unit in `range`, if it contains an element of `filter` or, at first, if
    /// the strings that it refers to do.
    fn unit(&self, range: &Range<u64>, filter: &Filter, is_first: bool) -> Result<Found, Problem> {
        let bytes = self.info.read(range.clone())?;
        let info = DebugInfo::from(slice(&bytes));
        let is_meant = filter.is_in(&bytes);

        if !is_first && !is_meant {
            return Ok(Found::Refers);
        }
        let Some(header) = info.units().next()? else {
            return Ok(Found::Nothing);
        };
        let unit = self.open(header)?;

        if unit.dwo_id.is_some() {
            return Err(
                "its debug information is in other files (.dwo), which are not read".into(),
            );
        }
        let refers = refers(&unit.abbreviations);

        if !is_meant && !filter.is_of(self.strings_of(&unit)) {
            return Ok(if refers {
                Found::Refers
            } else {
                Found::Nothing
            });
        }
        let mut all = All {
            entries: self.entries(range.start, &unit)?,
            ..All::default()
        };

        if !refers {
            all.resolve();
            all.entries.retain(|it| all.known.contains_key(&it.at));
        }
        let before = self.held.fetch_add(all.entries.len(), Ordering::Relaxed);

        match before + all.entries.len() <= MAX_HELD {
            true => Ok(Found::Entries(all.entries)),
            false => Err(TOO_MANY.into()),
        }
    }

    /// Parses the root of a unit, without attributes that are not used.
    fn open<'b>(&'b self, header: UnitHeader<Slice<'b>>) -> Result<Unit<'b>, Problem> {
        let encoding = header.encoding();
        let kind = DwarfFileType::Main;
        let abbreviations = self
            .abbreviations
            .get(header.debug_abbrev_offset().0..)
            .unwrap_or_default();
        let abbreviations = &abbreviations[..abbreviations.len().min(MAX_ABBREVIATIONS)];
        let abbreviations = DebugAbbrev::from(slice(abbreviations));
        let mut unit = Unit {
            abbreviations: Arc::new(abbreviations.abbreviations(DebugAbbrevOffset(0))?),
            name: None,
            comp_dir: None,
            low_pc: 0,
            str_offsets_base: DebugStrOffsetsBase::default_for_encoding_and_file(encoding, kind),
            addr_base: DebugAddrBase(0),
            loclists_base: DebugLocListsBase::default_for_encoding_and_file(encoding, kind),
            rnglists_base: DebugRngListsBase::default_for_encoding_and_file(encoding, kind),
            line_program: None,
            dwo_id: match header.type_() {
                UnitType::Skeleton(id) => Some(id),
                _ => None,
            },
            header,
        };
        let abbreviations = Arc::clone(&unit.abbreviations);
        let mut entries = header.entries_raw(&abbreviations, None)?;
        let root = entries.read_abbreviation()?;
        let mut low_pc = None;

        for it in root.map_or(&[][..], |it| it.attributes()) {
            let attribute = entries.read_attribute(*it)?;

            match (attribute.name(), attribute.value()) {
                (constants::DW_AT_low_pc, value) => low_pc = Some(value),
                (_, AttributeValue::DebugStrOffsetsBase(base)) => unit.str_offsets_base = base,
                (_, AttributeValue::DebugAddrBase(base)) => unit.addr_base = base,
                (_, AttributeValue::DebugRngListsBase(base)) => unit.rnglists_base = base,
                (_, AttributeValue::DwoId(id)) => unit.dwo_id = Some(id),
                _ => {}
            }
        }
        if let Some(low_pc) = low_pc {
            unit.low_pc = self.dwarf.attr_address(&unit, low_pc)?.unwrap_or(0);
        }
        Ok(unit)
    }

    /// The table of string offsets of a unit; empty if it has none.
    fn strings_of(&self, unit: &Unit<'_>) -> &[u8] {
        let base = unit.str_offsets_base.0;
        let rest = self.str_offsets.get(base..).unwrap_or_default();
        // Preceded by its length, and four more bytes.
        let length = base
            .checked_sub(8)
            .and_then(|it| u32_at(self.str_offsets, it))
            .map_or(0, |it| (it as usize).saturating_sub(4));

        match (unit.header.version(), unit.header.format()) {
            (5.., Format::Dwarf32) => &rest[..rest.len().min(length)],
            (5.., Format::Dwarf64) => rest,
            _ => &[],
        }
    }

    /// The functions and inlined copies of the unit at `start`.
    fn entries(&self, start: u64, unit: &Unit<'_>) -> Result<Vec<Code>, Problem> {
        let mut found = Vec::new();
        let mut entries = unit.header.entries_raw(&unit.abbreviations, None)?;

        while !entries.is_empty() {
            let at = start + entries.next_offset().0 as u64;
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            let is_inlined = abbreviation.tag() == constants::DW_TAG_inlined_subroutine;

            if !is_inlined && abbreviation.tag() != constants::DW_TAG_subprogram {
                entries.skip_attributes(abbreviation.attributes())?;
                continue;
            }
            let mut entry = Code {
                at,
                is_inlined,
                name: None,
                origin: None,
                start: None,
            };
            let mut name = None;
            let mut symbol = None;
            let mut line = 0;
            let mut ranges = None;
            let mut low_pc = None;

            for it in abbreviation.attributes() {
                let attribute = entries.read_attribute(*it)?;
                let value = attribute.value();

                match attribute.name() {
                    constants::DW_AT_name => name = Some(self.dwarf.attr_string(unit, value)?),
                    constants::DW_AT_linkage_name => {
                        symbol = Some(self.dwarf.attr_string(unit, value)?);
                    }
                    constants::DW_AT_decl_line => line = attribute.udata_value().unwrap_or(0),
                    constants::DW_AT_abstract_origin | constants::DW_AT_specification => {
                        entry.origin = match value {
                            AttributeValue::UnitRef(offset) => start.checked_add(offset.0 as u64),
                            AttributeValue::DebugInfoRef(offset) => Some(offset.0 as u64),
                            _ => None,
                        };
                    }
                    constants::DW_AT_entry_pc => {
                        entry.start = self.dwarf.attr_address(unit, value)?;
                    }
                    constants::DW_AT_low_pc => low_pc = self.dwarf.attr_address(unit, value)?,
                    constants::DW_AT_ranges => ranges = Some(value),
                    _ => {}
                }
            }
            // `count` in Rust is not a symbol of that name.
            entry.name = symbol
                .or(name)
                .and_then(|it| it.slice().split(|byte| *byte == b'.').next())
                .and_then(|it| self.names.get(it))
                .map(|it| (*it, line));
            entry.start = entry.start.or(low_pc);
            if let (None, Some(ranges)) = (entry.start, ranges) {
                entry.start = match self.dwarf.attr_ranges(unit, ranges)? {
                    Some(mut ranges) => ranges.next()?.map(|it| it.begin),
                    None => None,
                };
            }
            if entry.name.is_some() || entry.origin.is_some() {
                found.push(entry);
            }
            if found.len() > MAX_OF_UNIT {
                return Err(TOO_MANY.into());
            }
        }
        Ok(found)
    }
}

fn slice(bytes: &[u8]) -> Slice<'_> {
    EndianSlice::new(bytes, gimli::LittleEndian)
}

/// Whether a unit with these abbreviations can have functions derived from those of other units.
fn refers(abbreviations: &Abbreviations) -> bool {
    (1..)
        .map_while(|code| abbreviations.get(code))
        .filter(|it| {
            let is_inlined = it.tag() == constants::DW_TAG_inlined_subroutine;

            is_inlined || it.tag() == constants::DW_TAG_subprogram
        })
        .flat_map(|it| it.attributes())
        .any(|it| {
            let is_origin = it.name() == constants::DW_AT_abstract_origin;

            (is_origin || it.name() == constants::DW_AT_specification)
                && it.form() == constants::DW_FORM_ref_addr
        })
}

impl From<gimli::Error> for Problem {
    fn from(error: gimli::Error) -> Self {
        format!("its debug information is corrupt: {error}").into()
    }
}

#[cfg(test)]
pub(super) mod tests;
