// SPDX-License-Identifier: GPL-2.0-only

//! ELF files for x86-64 and arm64, read on demand.

use super::{
    bytes::before_nul,
    error::Problem,
    symbols::{List, MAX_COUNT, MAX_NAME, MAX_NAMES, TOO_MANY},
    Architecture,
};
use object::{
    elf::{
        FileHeader64, SectionHeader64, Sym64, EM_AARCH64, EM_X86_64, PT_LOAD, SHF_ALLOC,
        SHF_EXECINSTR, SHF_WRITE, SHN_ABS, SHN_COMMON, SHN_UNDEF, SHT_NOBITS, SHT_SYMTAB,
        STB_LOCAL, STB_WEAK, STT_FILE, STT_OBJECT, STT_SECTION,
    },
    read::{
        elf::{FileHeader, ProgramHeader, SectionHeader as _, Sym as _},
        ReadRef,
    },
    LittleEndian,
};
use std::ops::Range;

/// A header of a section.
pub(super) type SectionHeader = SectionHeader64<LittleEndian>;
/// An entry of a symbol table.
pub(super) type Sym = Sym64<LittleEndian>;

/// Size limit of a section, in bytes. The largest driver of a distribution has half of that.
const MAX_SECTION: u64 = 64 << 20;
/// Size limit of all segments, in bytes.
const MAX_SEGMENTS: u64 = 256 << 20;
/// Maximum number of sections, and of segments. Kernels and modules have a few thousand at most.
const MAX_HEADERS: u32 = 1 << 16;

const OTHER: &str = "it is neither for x86-64 nor for arm64";

/// An ELF file.
pub(super) struct Elf<'a, R> {
    data: R,
    architecture: Architecture,
    header: &'a FileHeader64<LittleEndian>,
    sections: &'a [SectionHeader],
    names: &'a [u8],
}

/// A symbol table.
pub(super) struct SymbolTable<'a> {
    pub(super) symbols: &'a [Sym],
    strings: &'a [u8],
}

impl<'a> SymbolTable<'a> {
    /// The name of `symbol`; empty if it has none.
    pub(super) fn name(&self, symbol: &Sym) -> &'a [u8] {
        string(self.strings, symbol.st_name(LittleEndian))
    }
}

/// The string at `at`, up to the length of a name; empty if there is none.
fn string(strings: &[u8], at: u32) -> &[u8] {
    let rest = strings.get(at as usize..).unwrap_or_default();
    let rest = &rest[..rest.len().min(MAX_NAME)];

    before_nul(rest).unwrap_or(rest)
}

impl<'a, R: ReadRef<'a>> Elf<'a, R> {
    /// Reads the headers.
    pub(super) fn parse(data: R) -> Result<Self, Problem> {
        let header = FileHeader64::<LittleEndian>::parse(data)?;

        let architecture = match header.e_machine(LittleEndian) {
            EM_X86_64 => Architecture::X86,
            EM_AARCH64 => Architecture::Arm64,
            _ => return Err(OTHER.into()),
        };

        if !header.is_little_endian() {
            return Err(OTHER.into());
        }
        let sections = header.shnum(LittleEndian, data)?;

        // A sparse file can have a huge number of them.
        if sections.max(header.phnum(LittleEndian, data)?) > MAX_HEADERS {
            return Err("it has too many sections or segments".into());
        }
        let mut elf = Self {
            data,
            architecture,
            header,
            sections: header.section_headers(LittleEndian, data)?,
            names: &[],
        };

        if !elf.sections.is_empty() {
            let index = header.section_strings_index(LittleEndian, data)?.0;

            elf.names = elf.data(
                elf.sections
                    .get(index)
                    .ok_or("its sections have no names")?,
            )?;
        }
        Ok(elf)
    }

    /// Its architecture.
    pub(super) fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Whether it is relocatable, like modules.
    pub(super) fn is_relocatable(&self) -> bool {
        self.header.e_type(LittleEndian) == object::elf::ET_REL
    }

    /// All sections, with their names.
    pub(super) fn sections(&self) -> impl Iterator<Item = (&'a [u8], &'a SectionHeader)> + '_ {
        self.sections
            .iter()
            .map(|section| (self.section_name(section), section))
    }

    /// The name of `section`.
    fn section_name(&self, section: &SectionHeader) -> &'a [u8] {
        string(self.names, section.sh_name(LittleEndian))
    }

    /// The first section of this name.
    pub(super) fn section(&self, name: &[u8]) -> Option<&'a SectionHeader> {
        self.sections
            .iter()
            .find(|section| self.section_name(section) == name)
    }

    /// The content of `section`; empty if it has none in the file.
    pub(super) fn data(&self, section: &SectionHeader) -> Result<&'a [u8], Problem> {
        if section.sh_size(LittleEndian) > MAX_SECTION {
            return Err("one of its sections exceeds the size limit".into());
        }
        Ok(section.data(LittleEndian, self.data)?)
    }

    /// The content of `section`, as elements of a table.
    pub(super) fn table<T: object::Pod>(
        &self,
        section: &SectionHeader,
    ) -> Result<&'a [T], Problem> {
        let data = self.data(section)?;
        let count = data.len() / size_of::<T>();

        object::slice_from_bytes(data, count)
            .map(|(table, _)| table)
            .map_err(|()| "one of its tables is not aligned".into())
    }

    /// The symbol table, if it has one.
    pub(super) fn symbols(&self) -> Result<Option<SymbolTable<'a>>, Problem> {
        let is_table = |section: &&SectionHeader| section.sh_type(LittleEndian) == SHT_SYMTAB;
        let Some(section) = self.sections.iter().find(is_table) else {
            return Ok(None);
        };
        let strings = self
            .sections
            .get(section.sh_link(LittleEndian) as usize)
            .ok_or("its symbols have no names")?;

        let table = SymbolTable {
            symbols: self.table(section)?,
            strings: self.data(strings)?,
        };
        let names = table.symbols.iter().map(|it| table.name(it).len());

        // Symbols may share one long name.
        if table.symbols.len() > MAX_COUNT || names.sum::<usize>() > MAX_NAMES {
            return Err(TOO_MANY.into());
        }
        Ok(Some(table))
    }

    /// The memory addresses and file ranges of loaded segments.
    pub(super) fn segments(&self) -> Result<Vec<(u64, Range<u64>)>, Problem> {
        let length = self.data.len().map_err(|()| "its size is unknown")?;
        let mut segments = Vec::new();
        let mut size = 0u64;

        for header in self.header.program_headers(LittleEndian, self.data)? {
            if header.p_type(LittleEndian) != PT_LOAD {
                continue;
            }
            let (start, count) = header.file_range(LittleEndian);
            let end = start
                .checked_add(count)
                .filter(|end| *end <= length)
                .ok_or("it is truncated")?;

            size = size.saturating_add(count);
            if size > MAX_SEGMENTS {
                return Err("it exceeds the size limit of kernels".into());
            }
            segments.push((header.p_vaddr(LittleEndian), start..end));
        }
        Ok(segments)
    }

    /// The memory ranges and file offsets of a core file's segments.
    pub(super) fn core_segments(&self) -> Result<Vec<(Range<u64>, u64)>, Problem> {
        if self.header.e_type(LittleEndian) != object::elf::ET_CORE {
            return Err("it is not a core file".into());
        }
        let headers = self.header.program_headers(LittleEndian, self.data)?;
        let loaded = headers
            .iter()
            .filter(|it| it.p_type(LittleEndian) == PT_LOAD);

        Ok(loaded
            .map(|it| {
                let start = it.p_vaddr(LittleEndian);
                let (offset, size) = it.file_range(LittleEndian);

                (start..start.saturating_add(size), offset)
            })
            .collect())
    }

    /// The symbols as in /proc/kallsyms, for a kernel without a table of its own. The order of
    /// symbols with the same address may differ.
    pub(super) fn kallsyms(&self) -> Result<Option<List>, Problem> {
        let Some(table) = self.symbols()? else {
            return Ok(None);
        };
        let mut found: Vec<(u64, u8, &[u8])> = table
            .symbols
            .iter()
            .filter_map(|symbol| {
                let name = table.name(symbol);
                let kind = self.nm(symbol)?;

                (!name.is_empty() && !is_left_out(kind, name)).then_some((
                    symbol.st_value(LittleEndian),
                    kind,
                    name,
                ))
            })
            .collect();
        let mut list = List::default();

        found.sort_by_key(|(address, kind, name)| {
            let underscores = name.iter().take_while(|byte| **byte == b'_').count();

            (*address, *kind == b'W', is_mark(name), underscores, *name)
        });
        for (address, kind, name) in found {
            list.push(address, kind, name)?;
        }
        Ok(Some(list))
    }

    /// The type letter of `symbol`, as in `nm`.
    fn nm(&self, symbol: &Sym) -> Option<u8> {
        let index = symbol.st_shndx(LittleEndian);
        let is_weak = symbol.st_bind() == STB_WEAK;

        if matches!(symbol.st_type(), STT_FILE | STT_SECTION) {
            return None;
        }
        let letter = match index {
            SHN_UNDEF => return Some(if is_weak { b'w' } else { b'U' }),
            SHN_ABS => b'a',
            SHN_COMMON => b'c',
            _ if is_weak && symbol.st_type() == STT_OBJECT => return Some(b'V'),
            _ if is_weak => return Some(b'W'),
            index => {
                let section = self.sections.get(usize::from(index.0))?;
                let flags = section.sh_flags(LittleEndian);

                match () {
                    () if flags.contains(SHF_EXECINSTR) => b't',
                    () if !flags.contains(SHF_ALLOC) => b'n',
                    () if section.sh_type(LittleEndian) == SHT_NOBITS => b'b',
                    () if flags.contains(SHF_WRITE) => b'd',
                    () => b'r',
                }
            }
        };
        match symbol.st_bind() {
            STB_LOCAL => Some(letter),
            _ => Some(letter.to_ascii_uppercase()),
        }
    }
}

/// Whether the kernel's build drops a symbol with this letter and name.
fn is_left_out(kind: u8, name: &[u8]) -> bool {
    const PREFIXES: [&[u8]; 10] = [
        b"$",
        b".L",
        b"__pi_$",
        b"__pi_.L",
        b"__efistub_",
        b"__kcfi_typeid_",
        b"__crc_",
        b"__kstrtab_",
        b"__kstrtabns_",
        b"__mod_device_table__",
    ];

    matches!(kind, b'a' | b'A' | b'N' | b'n' | b'U' | b'w')
        || name == b"L0"
        || name.starts_with(b"__UNIQUE_ID_modinfo_")
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a symbol seems to be a linker script's, which are sorted last.
fn is_mark(name: &[u8]) -> bool {
    name.len() >= 8
        && name.strip_prefix(b"__").is_some_and(|rest| {
            [&b"start_"[..], b"stop_", b"end_"]
                .iter()
                .any(|prefix| rest.starts_with(prefix))
                || name.ends_with(b"_start")
                || name.ends_with(b"_end")
        })
}
