// SPDX-License-Identifier: GPL-2.0-only

//! A built kernel, with its modules as if loaded: code and symbols from ELF files.

use crate::policy::{
    code::{x86::X86, Reader},
    image::{Cold, Function, Image as Policed},
    Symbol,
};
use object::{
    elf::{R_X86_64_PC32, R_X86_64_PLT32},
    Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SectionIndex,
    SectionKind,
};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    ops::Range,
    path::Path,
};

/// The address of the first module.
const MODULES: usize = 0xffff_ffff_c000_0000;

/// A piece of code.
struct Text {
    range: Range<usize>,
    bytes: Vec<u8>,
    /// The index of its file.
    file: usize,
}

/// The kernel and its modules.
pub(crate) struct Image {
    texts: Vec<Text>,
    /// All symbols in code, for each range.
    symbols: BTreeMap<usize, Vec<String>>,
    /// The functions among them, with their names.
    pub(crate) functions: Vec<(usize, String)>,
    /// The cold parts, by file and name.
    cold: HashMap<(usize, String), Vec<usize>>,
    padding: usize,
    exported: HashMap<String, usize>,
    next: usize,
    files: usize,
}

impl Image {
    /// Reads `vmlinux`, with this padding before functions.
    pub(crate) fn new(vmlinux: &Path, padding: usize) -> Self {
        let mut image = Self {
            texts: Vec::new(),
            symbols: BTreeMap::new(),
            functions: Vec::new(),
            cold: HashMap::new(),
            padding,
            exported: HashMap::new(),
            next: MODULES,
            files: 0,
        };

        image.add(vmlinux);
        image
    }

    /// Adds a file: first the kernel itself, then modules.
    pub(crate) fn add(&mut self, path: &Path) {
        let data = fs::read(path).unwrap();
        let file = object::File::parse(&*data).unwrap();
        let is_module = file.kind() == object::ObjectKind::Relocatable;
        let mut places = HashMap::new();

        for section in file.sections() {
            if section.kind() != SectionKind::Text {
                continue;
            }
            let place = match is_module {
                true => self.next,
                false => section.address() as usize,
            };

            self.next += is_module as usize * (section.size() as usize).next_multiple_of(64);
            places.insert(section.index(), place);
        }
        let address = |index: Option<SectionIndex>, value: u64| {
            let place = places.get(&index?)?;

            // In the kernel itself, symbols have absolute addresses.
            Some(value as usize + if is_module { *place } else { 0 })
        };
        for symbol in file.symbols() {
            let name = symbol.name().unwrap_or_default();
            let Some(start) = address(symbol.section_index(), symbol.address()) else {
                continue;
            };
            if name.is_empty()
                || name.starts_with(".L")
                || symbol.kind() == object::SymbolKind::Section
            {
                continue;
            }
            self.symbols.entry(start).or_default().push(name.into());
            if name.ends_with(".cold") {
                let known = self.cold.entry((self.files, name.into())).or_default();

                known.push(start);
            }
            if symbol.kind() == object::SymbolKind::Text && !is_padding(name) {
                self.functions.push((start, name.into()));
            }
            if symbol.is_global() {
                self.exported.entry(name.into()).or_insert(start);
            }
        }
        for section in file.sections() {
            let Some(place) = places.get(&section.index()) else {
                continue;
            };
            let mut bytes = section.uncompressed_data().unwrap().into_owned();

            for (at, relocation) in section.relocations().filter(|_| is_module) {
                let RelocationFlags::Elf { r_type } = relocation.flags() else {
                    continue;
                };
                let RelocationTarget::Symbol(index) = relocation.target() else {
                    continue;
                };
                let symbol = file.symbol_by_index(index).unwrap();
                // Undefined symbols are far from everything.
                let to = address(symbol.section_index(), symbol.address())
                    .or_else(|| self.exported.get(symbol.name().ok()?).copied())
                    .unwrap_or(MODULES - (1 << 28));

                if matches!(r_type, R_X86_64_PC32 | R_X86_64_PLT32) {
                    let from = place + at as usize;
                    let displacement = to
                        .wrapping_add_signed(relocation.addend() as isize)
                        .wrapping_sub(from) as i32;

                    bytes[at as usize..][..4].copy_from_slice(&displacement.to_le_bytes());
                }
            }
            self.texts.push(Text {
                range: *place..place + bytes.len(),
                bytes,
                file: self.files,
            });
        }
        self.files += 1;
        self.texts.sort_by_key(|text| text.range.start);
        self.functions.sort();
        self.functions.dedup();
    }

    fn text(&self, address: usize) -> Option<&Text> {
        let after = self
            .texts
            .partition_point(|text| text.range.start <= address);

        self.texts[..after]
            .last()
            .filter(|text| text.range.contains(&address))
    }

    /// The code in `range`.
    pub(crate) fn bytes(&self, range: &Range<usize>) -> Option<&[u8]> {
        let text = self.text(range.start)?;

        text.bytes
            .get(range.start - text.range.start..range.end - text.range.start)
    }

    /// The names of the symbol at `address`.
    pub(crate) fn names(&self, address: usize) -> &[String] {
        self.symbols.get(&address).map_or(&[], Vec::as_slice)
    }
}

fn is_padding(name: &str) -> bool {
    name.starts_with("__pfx_") || name.starts_with("__cfi_")
}

impl Policed for Image {
    fn name(&self, address: usize) -> Symbol {
        let name = self.names(address).first().map_or("?", String::as_str);

        Symbol::new(name.as_bytes())
    }

    fn function(&self, _: usize, _: &mut dyn FnMut(Function<'_>)) {}

    fn hot_part(&self, _: usize) -> Option<usize> {
        None
    }

    fn extent(&self, address: usize) -> Option<Range<usize>> {
        let text = self.text(address)?;
        let (start, _) = self.symbols.range(text.range.start..=address).next_back()?;
        let end = self
            .symbols
            .range(address + 1..text.range.end)
            .next()
            .map_or(text.range.end, |(end, _)| *end);

        Some(*start..end)
    }

    fn cold_part(&self, address: usize) -> Cold {
        let file = self.text(address).map_or(0, |text| text.file);
        let name = self.names(address).first().map_or("", String::as_str);

        match self
            .cold
            .get(&(file, format!("{name}.cold")))
            .map(Vec::as_slice)
        {
            None => Cold::None,
            Some([at]) => self.extent(*at).map_or(Cold::Unknown, Cold::At),
            Some(_) => Cold::Unknown,
        }
    }

    fn read(&self, at: usize, buffer: &mut [u8]) -> bool {
        match self.bytes(&(at..at + buffer.len())) {
            Some(bytes) => {
                buffer.copy_from_slice(bytes);
                true
            }
            None => false,
        }
    }

    fn callers(&self, _: &[usize], _: &mut dyn FnMut(usize, usize)) {}

    fn reader(&self) -> &'static dyn Reader {
        &X86
    }

    fn padding(&self) -> usize {
        self.padding
    }
}
