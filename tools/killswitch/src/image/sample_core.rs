// SPDX-License-Identifier: GPL-2.0-only

//! A running kernel's /proc and /sys, generated from its files, for tests.

use super::{
    btf::Btf,
    running::{Places, ENDBR64, SEALED, UNTRACED},
    sample::{elf, types, Section, ALLOC, DATA, PROGBITS},
    Image,
};
use std::{fs, ops::Range, path::Path};

/// The address of the sample kernel's list heads.
const HEADS: u64 = DATA + 0x8_0000;
/// The address of allocated memory.
const HEAP: u64 = 0xffff_8880_0010_0000;
/// The flag of an optimized probe.
const OPTIMIZED: u32 = 4;

/// The type information of the sample kernel, with the structures that are read.
pub(super) fn sample_types() -> Btf {
    let bytes = types(None, "f")
        .structure("module_memory", 24, &[("base", 1, 0), ("size", 1, 16)])
        .structure(
            "module",
            0x120,
            &[
                ("state", 1, 0),
                ("list", 1, 8),
                ("name", 1, 24),
                ("mem", 1, 0x60),
            ],
        )
        .structure("dyn_ftrace", 24, &[("ip", 1, 8)])
        .structure(
            "ftrace_page",
            24,
            &[("next", 1, 0), ("records", 1, 8), ("index", 1, 16)],
        )
        .structure(
            "kprobe",
            0x48,
            &[
                ("hlist", 1, 8),
                ("addr", 1, 0x20),
                ("opcode", 1, 0x30),
                ("flags", 1, 0x40),
            ],
        )
        .structure("arch_optimized_insn", 16, &[("copied_insn", 1, 4)])
        .structure(
            "optimized_kprobe",
            0x60,
            &[("kp", 1, 0), ("optinsn", 1, 0x48)],
        )
        .structure(
            "kprobe_blacklist_entry",
            0x28,
            &[("list", 1, 0x18), ("start_addr", 1, 0), ("end_addr", 1, 8)],
        )
        .build();

    Btf::new(bytes, None).unwrap()
}

/// A running kernel.
pub(super) struct Sample<'a> {
    image: &'a Image,
    btf: &'a Btf,
    /// The content of memory, by address.
    pub(super) pieces: Vec<(u64, Vec<u8>)>,
    /// The lines of /proc/kallsyms.
    pub(super) symbols: Vec<(u64, String)>,
    /// The number of the kernel's own symbols.
    own: usize,
    /// The address of the next structure.
    heap: u64,
}

impl<'a> Sample<'a> {
    /// A running kernel with all modules of `image` and the type information `btf`. All ftrace
    /// locations are in use, and the first landing pads are sealed.
    pub(super) fn new(image: &'a Image, btf: &'a Btf) -> Self {
        let is_init = |at: u64| image.area(at).is_some_and(|area| area.is_init);
        let pieces = image.memory.pieces().filter(|(start, _)| !is_init(*start));
        let line = |symbol: &super::Symbol<'_>| match symbol.module {
            None => format!("{} {}", symbol.kind, symbol.name),
            Some(module) => format!(
                "{} {}\t[{}]",
                symbol.kind, symbol.name, image.modules[module].name
            ),
        };
        let mut symbols: Vec<_> = image
            .symbols
            .iter()
            .map(|it| (it.address, line(&it)))
            .collect();
        let own = image
            .symbols
            .iter()
            .filter(|it| it.module.is_none())
            .count();

        symbols[..own].sort_by_key(|it| it.0);
        Self {
            image,
            btf,
            pieces: pieces.map(|(at, bytes)| (at, bytes.to_vec())).collect(),
            symbols,
            own,
            heap: HEAP,
        }
    }

    fn offset(&self, structure: &str, member: &str) -> u64 {
        let found = super::Types::new(self.btf, None)
            .structure(structure)
            .unwrap();
        let offset = found.members().find(|it| it.name == member).unwrap().offset;

        u64::from(offset / 8)
    }

    fn size(&self, structure: &str) -> u64 {
        let found = super::Types::new(self.btf, None).structure(structure);

        found.unwrap().size_or_type.into()
    }

    /// Writes to memory, and maps it.
    pub(super) fn put(&mut self, at: u64, bytes: &[u8]) {
        let end = at + bytes.len() as u64;
        let covers = |it: &&mut (u64, Vec<u8>)| it.0 <= at && end <= it.0 + it.1.len() as u64;

        match self.pieces.iter_mut().find(covers) {
            Some((start, old)) => {
                let at = (at - *start) as usize;

                old[at..at + bytes.len()].copy_from_slice(bytes);
            }
            None => self.pieces.push((at, bytes.to_vec())),
        }
    }

    /// Reads memory, written here or by the image.
    pub(super) fn get(&self, at: u64, length: usize) -> Vec<u8> {
        let (start, bytes) = self
            .pieces
            .iter()
            .find(|it| it.0 <= at && at + length as u64 <= it.0 + it.1.len() as u64)
            .unwrap();
        let at = (at - start) as usize;

        bytes[at..at + length].to_vec()
    }

    /// Allocates a structure of `length` bytes, and returns its address.
    fn make(&mut self, length: u64) -> u64 {
        let at = self.heap;

        self.heap += length.next_multiple_of(16);
        self.pieces.push((at, vec![0; length as usize]));
        at
    }

    /// Sets a member of the structure at `at`.
    fn set(&mut self, at: u64, (structure, member): (&str, &str), value: u64) {
        let size = if matches!(member, "size" | "index" | "state" | "flags") {
            4
        } else {
            8
        };

        self.put(
            at + self.offset(structure, member),
            &value.to_le_bytes()[..size],
        );
    }

    /// The address of a symbol, which is created if it does not exist.
    fn symbol(&mut self, name: &str, default: u64) -> u64 {
        let own = &self.symbols[..self.own];
        let known = own.iter().find(|it| it.1.get(2..) == Some(name));

        if let Some((address, _)) = known {
            return *address;
        }
        let at = own.partition_point(|it| it.0 <= default);

        self.symbols.insert(at, (default, format!("D {name}")));
        self.own += 1;
        default
    }

    /// Links elements, with list nodes at `offset`, to the head.
    fn link(&mut self, head: u64, elements: &[u64], offset: u64) {
        let mut last = head;

        for element in elements {
            self.put(last, &(element + offset).to_le_bytes());
            last = element + offset;
        }
        self.put(last, &head.to_le_bytes());
    }

    /// Creates all structures. Probes are at these places, with the number of replaced bytes.
    pub(super) fn build(&mut self, probes: &[(u64, usize)]) {
        self.borders();
        self.modules();
        self.traced();
        self.unprobed();
        self.probes(probes);
    }

    /// The border symbols and list heads that the sample kernel lacks.
    fn borders(&mut self) {
        if self
            .symbols
            .iter()
            .any(|it| it.1.get(2..) == Some("_sdata"))
        {
            return;
        }
        let data = self
            .pieces
            .iter()
            .find(|it| it.0 == DATA)
            .map_or(DATA, |it| DATA + it.1.len() as u64);

        self.put(HEADS, &[0; 0x100]);
        for (name, at) in [
            ("__start_rodata", DATA),
            ("__end_rodata", data),
            ("_sdata", HEADS),
            ("modules", HEADS),
            ("kprobe_blacklist", HEADS + 0x10),
            ("_edata", HEADS + 0x20),
            ("ftrace_pages_start", HEADS + 0x20),
            ("kprobe_table", HEADS + 0x28),
            ("__bss_stop", HEADS + 0x48),
        ] {
            self.symbol(name, at);
        }
    }

    fn modules(&mut self) {
        let head = self.symbol("modules", 0);
        let link = self.offset("module", "list");
        let mut elements = Vec::new();

        // A module that is being loaded, without memory.
        let coming = self.make(self.size("module"));
        self.set(coming, ("module", "state"), 1);
        self.put(coming + self.offset("module", "name"), b"coming\0");
        elements.push(coming);
        for index in 0..self.image.modules.len() {
            let name = self.image.modules[index].name.clone() + "\0";
            let parts = self.parts(index);
            let module = self.make(self.size("module"));

            self.put(module + self.offset("module", "name"), name.as_bytes());
            for (part, at) in parts.iter().zip([0, 1]) {
                let memory =
                    module + self.offset("module", "mem") + at * self.size("module_memory");

                self.set(memory, ("module_memory", "base"), part.start);
                self.set(memory, ("module_memory", "size"), part.end - part.start);
            }
            elements.push(module);
        }
        elements.reverse();
        self.link(head, &elements, link);
    }

    /// The code and the data of a module.
    fn parts(&mut self, index: usize) -> [Range<u64>; 2] {
        let image = self.image;
        let areas = image.areas.iter().filter(|it| it.module == Some(index));
        let text = areas
            .clone()
            .find(|it| !it.is_init)
            .map(|it| it.range.clone());
        let Some(start) = areas.map(|it| it.range.end).max() else {
            return [0..0, 0..0];
        };
        let next = image.areas.iter().map(|it| it.range.start);
        let limit = next.filter(|it| *it >= start).min().unwrap_or(u64::MAX);
        let data: Vec<_> = self
            .pieces
            .iter()
            .filter(|it| (start..limit).contains(&it.0))
            .cloned()
            .collect();
        let end = data.iter().map(|it| it.0 + it.1.len() as u64).max();
        let whole = start..end.unwrap_or(start);
        let mut bytes = vec![0; (whole.end - whole.start) as usize];

        for (at, piece) in &data {
            let at = (at - start) as usize;

            bytes[at..at + piece.len()].copy_from_slice(piece);
        }
        self.pieces.retain(|it| !(start..limit).contains(&it.0));
        self.pieces.push((start, bytes));
        [text.unwrap_or_default(), whole]
    }

    /// Two pages of records.
    fn traced(&mut self) {
        let first = self.symbol("ftrace_pages_start", 0);
        let stride = self.size("dyn_ftrace") as usize;
        let place = self.offset("dyn_ftrace", "ip") as usize;
        let is_init = |at: &u64| self.image.area(*at).is_some_and(|area| area.is_init);
        let sites = self.image.traced.iter().copied();
        let sites: Vec<_> = sites.filter(|it| !is_init(it)).collect();
        let (some, others) = sites.split_at(sites.len() / 2);
        let mut last = first;

        for sites in [some, others] {
            let page = self.make(self.size("ftrace_page"));
            let mut bytes = vec![0; stride * sites.len()];

            for (record, site) in bytes.chunks_exact_mut(stride).zip(sites) {
                record[place..place + 8].copy_from_slice(&site.to_le_bytes());
            }
            let records = self.make(bytes.len() as u64);

            self.put(records, &bytes);
            self.set(page, ("ftrace_page", "records"), records);
            self.set(page, ("ftrace_page", "index"), sites.len() as u64);
            self.put(last, &page.to_le_bytes());
            last = page + self.offset("ftrace_page", "next");
        }
        for (at, site) in sites.iter().enumerate() {
            let pad = site - ENDBR64.len() as u64;

            // A call of a tracer.
            self.put(*site, &[0xe8, 1, 2, 3, 4]);
            if self.get(pad, 4) == ENDBR64 {
                self.put(pad, &SEALED[at % 2]);
            }
        }
    }

    fn unprobed(&mut self) {
        let head = self.symbol("kprobe_blacklist", 0);
        let link = self.offset("kprobe_blacklist_entry", "list");
        let mut elements = Vec::new();

        for range in &self.image.blacklist.ranges {
            let entry = self.make(self.size("kprobe_blacklist_entry"));

            self.set(entry, ("kprobe_blacklist_entry", "start_addr"), range.start);
            self.set(entry, ("kprobe_blacklist_entry", "end_addr"), range.end);
            elements.push(entry);
        }
        self.link(head, &elements, link);
    }

    /// All probes are in one bucket of the hash table.
    fn probes(&mut self, probes: &[(u64, usize)]) {
        let table = self.symbol("kprobe_table", 0);
        let mut symbols = self.symbols[..self.own].iter().map(|it| it.0);
        let end = symbols.find(|it| *it > table).unwrap();
        let mut last = table + 8;

        self.put(table, &vec![0; (end - table) as usize]);
        for (at, length) in probes {
            let probe = self.make(self.size("optimized_kprobe"));
            let old = self.get(*at, *length);
            let links = probe + self.offset("kprobe", "hlist");

            self.set(probe, ("kprobe", "addr"), *at);
            self.put(probe + self.offset("kprobe", "opcode"), &old[..1]);
            if *length > 1 {
                let copied = self.offset("optimized_kprobe", "optinsn")
                    + self.offset("arch_optimized_insn", "copied_insn");

                self.set(probe, ("kprobe", "flags"), OPTIMIZED.into());
                self.put(probe + copied, &old[1..]);
            }
            self.put(*at, &[0xe9, 9, 8, 7, 6][..*length]);
            if *length == 1 {
                self.put(*at, &[0xcc]);
            }
            self.put(last, &links.to_le_bytes());
            last = links;
        }
        self.put(last, &[0; 8]);
    }

    /// Writes the files below `root`, and returns their paths. `types` is the type information of
    /// modules.
    pub(super) fn write(&self, root: &Path, types: &[(&str, Vec<u8>)]) -> Places {
        let places = Places {
            core: root.join("proc/kcore"),
            symbols: root.join("proc/kallsyms"),
            types: root.join("sys/kernel/btf"),
        };
        let text: String = self
            .symbols
            .iter()
            .map(|(address, line)| format!("{address:016x} {line}\n"))
            .collect();

        fs::create_dir_all(root.join("proc")).unwrap();
        fs::create_dir_all(&places.types).unwrap();
        fs::write(&places.core, file(&self.pieces)).unwrap();
        fs::write(&places.symbols, text).unwrap();
        fs::write(places.types.join("vmlinux"), &self.btf.bytes).unwrap();
        for (name, bytes) in types {
            fs::write(places.types.join(name), bytes).unwrap();
        }
        places
    }
}

/// The content of ftrace locations in a running kernel without tracers.
pub(super) fn untraced(image: &Image, range: Range<u64>) -> Vec<u8> {
    let length = (range.end - range.start) as usize;
    let mut bytes = image.read(range.start, length).unwrap().to_vec();

    for site in image.traced.iter().filter(|it| range.contains(it)) {
        let at = (site - range.start) as usize;

        bytes[at..at + UNTRACED.len()].copy_from_slice(&UNTRACED);
    }
    bytes
}

/// The type information of the sample modules.
pub(super) fn module_types(base: &Btf) -> [(&'static str, Vec<u8>); 2] {
    [
        ("plain", types(Some(base), "first").build()),
        ("nf_sample", types(Some(base), "second").build()),
    ]
}

/// A core file with these pieces of memory.
pub(super) fn file(pieces: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let sections = pieces.iter().map(|(address, bytes)| {
        let mut section = Section::new("", PROGBITS, ALLOC, bytes.clone());

        section.address = *address;
        section
    });
    let mut file = elf(false, sections.collect());

    // ET_CORE, and no sections.
    file[16] = 4;
    file[40..48].fill(0);
    file[58..64].fill(0);
    file
}
