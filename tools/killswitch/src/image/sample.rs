// SPDX-License-Identifier: GPL-2.0-only

//! Small handwritten kernels and modules, for tests.

use super::{
    btf::{tests::Builder, Btf, FUNC, FUNC_PROTO, INT, POINTER},
    relocation::Kind,
    Architecture,
};

/// The address of the sample kernel.
pub(super) const TEXT: u64 = 0xffff_ffff_8100_0000;
/// The address of its init code.
pub(super) const INIT: u64 = TEXT + 0x1000;
/// The address of its data.
pub(super) const DATA: u64 = TEXT + 0x20_0000;

pub(super) const PROGBITS: u32 = 1;
pub(super) const SYMTAB: u32 = 2;
pub(super) const STRTAB: u32 = 3;
pub(super) const RELA: u32 = 4;
pub(super) const NOBITS: u32 = 8;
pub(super) const WRITE: u64 = 1;
pub(super) const ALLOC: u64 = 2;
pub(super) const EXEC: u64 = 4;

/// A section of an ELF file.
#[derive(Clone, Default)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) kind: u32,
    pub(super) flags: u64,
    pub(super) address: u64,
    pub(super) link: u32,
    pub(super) info: u32,
    pub(super) data: Vec<u8>,
}

impl Section {
    pub(super) fn new(name: &'static str, kind: u32, flags: u64, data: Vec<u8>) -> Self {
        Self {
            name,
            kind,
            flags,
            data,
            ..Self::default()
        }
    }
}

/// Builds an ELF file from `sections`; in a file that is not relocatable, each loaded section is a
/// segment.
pub(super) fn elf(is_relocatable: bool, mut sections: Vec<Section>) -> Vec<u8> {
    let mut names = vec![0];

    sections.insert(0, Section::default());
    sections.push(Section::new(".shstrtab", STRTAB, 0, Vec::new()));
    let name_offsets: Vec<u32> = sections
        .iter()
        .map(|section| {
            let offset = names.len() as u32;

            names.extend_from_slice(section.name.as_bytes());
            names.push(0);
            offset
        })
        .collect();
    sections.last_mut().unwrap().data = names;

    let loaded: Vec<usize> = (1..sections.len())
        .filter(|at| !is_relocatable && sections[*at].flags & ALLOC != 0)
        .collect();
    let mut offsets = Vec::new();
    let mut contents = Vec::new();
    let start = 64 + 56 * loaded.len();

    for section in &sections {
        contents.resize(contents.len().next_multiple_of(8), 0);
        offsets.push((start + contents.len()) as u64);
        if section.kind != NOBITS {
            contents.extend_from_slice(&section.data);
        }
    }
    contents.resize(contents.len().next_multiple_of(8), 0);

    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let put = |file: &mut Vec<u8>, numbers: &[(u64, usize)]| {
        for (number, size) in numbers {
            file.extend_from_slice(&number.to_le_bytes()[..*size]);
        }
    };

    put(
        &mut file,
        &[
            (if is_relocatable { 1 } else { 2 }, 2),
            (62, 2),
            (1, 4),
            (0, 8),
            (64, 8),
            ((start + contents.len()) as u64, 8),
            (0, 4),
            (64, 2),
            (56, 2),
            (loaded.len() as u64, 2),
            (64, 2),
            (sections.len() as u64, 2),
            (sections.len() as u64 - 1, 2),
        ],
    );
    for at in loaded {
        let size = sections[at].data.len() as u64;

        put(
            &mut file,
            &[
                (1, 4),
                (5, 4),
                (offsets[at], 8),
                (sections[at].address, 8),
                (0, 8),
                (size, 8),
                (size, 8),
                (8, 8),
            ],
        );
    }
    file.extend_from_slice(&contents);
    for ((section, offset), name) in sections.iter().zip(&offsets).zip(name_offsets) {
        put(
            &mut file,
            &[
                (name.into(), 4),
                (section.kind.into(), 4),
                (section.flags, 8),
                (section.address, 8),
                (*offset, 8),
                (section.data.len() as u64, 8),
                (section.link.into(), 4),
                (section.info.into(), 4),
                (8, 8),
                (0, 8),
            ],
        );
    }
    file
}

/// A symbol: name, section index, value, and whether it is global.
pub(super) type Symbol = (&'static str, u16, u64, bool);

/// The sections `.symtab` and `.strtab`; the latter has the index `strings`.
pub(super) fn symbol_table(symbols: &[Symbol], strings: u32) -> [Section; 2] {
    let mut names = vec![0];
    let mut table = vec![0; 24];

    for (name, section, value, is_global) in symbols {
        table.extend_from_slice(&(names.len() as u32).to_le_bytes());
        table.extend_from_slice(&[u8::from(*is_global) << 4, 0]);
        table.extend_from_slice(&section.to_le_bytes());
        table.extend_from_slice(&value.to_le_bytes());
        table.extend_from_slice(&[0; 8]);
        names.extend_from_slice(name.as_bytes());
        names.push(0);
    }
    let mut table = Section::new(".symtab", SYMTAB, 0, table);

    table.link = strings;
    [table, Section::new(".strtab", STRTAB, 0, names)]
}

/// A relocation section for the section with the index `of`: place, symbol, type and addend of
/// each.
pub(super) fn relocations(of: u32, relocations: &[(u64, u64, u64, i64)]) -> Section {
    let mut section = Section::new(".rela", RELA, 0, Vec::new());

    for (place, symbol, kind, addend) in relocations {
        for number in [*place, symbol << 32 | kind, *addend as u64] {
            section.data.extend_from_slice(&number.to_le_bytes());
        }
    }
    section.info = of;
    section
}

/// The encoding and the position of addresses in a kernel's symbol table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addresses {
    /// Relative to their own places, as in Linux 7.
    ToThemselves,
    /// Relative to a base.
    ToBase,
    /// Relative to a base, before all other tables.
    ToBaseBefore,
    /// The same, with absolute per-CPU addresses and the order of the names, as in Linux 6.1.172.
    WithPerCpu,
}

/// The tables of a kernel with these symbols, whose first letter is the type, for the address
/// `place`.
pub(super) fn kallsyms(symbols: &[(u64, String)], place: u64, how: Addresses) -> Vec<u8> {
    let align = if how == Addresses::ToThemselves { 4 } else { 8 };
    let mut bytes = Vec::new();
    let pad = |bytes: &mut Vec<u8>| bytes.resize(bytes.len().next_multiple_of(align), 0);
    let base = symbols[0].0;
    let offset = |address: u64| match how {
        Addresses::WithPerCpu if address < 1 << 31 => address as u32,
        Addresses::WithPerCpu => (-1 - (address - TEXT) as i64) as u32,
        _ => (address - base) as u32,
    };
    let relative_to = if how == Addresses::WithPerCpu {
        TEXT
    } else {
        base
    };

    if matches!(how, Addresses::ToBaseBefore | Addresses::WithPerCpu) {
        for (address, _) in symbols {
            bytes.extend_from_slice(&offset(*address).to_le_bytes());
        }
        pad(&mut bytes);
        bytes.extend_from_slice(&relative_to.to_le_bytes());
    }
    bytes.extend_from_slice(&(symbols.len() as u32).to_le_bytes());
    pad(&mut bytes);

    // A token of two letters, and one per letter.
    let token = |code: u8| match code {
        1 => "te".to_owned(),
        b'!'..=b'~' => char::from(code).to_string(),
        _ => String::new(),
    };
    let start = bytes.len();
    let mut markers = Vec::new();

    for (at, (_, name)) in symbols.iter().enumerate() {
        let name = name.replace("te", "\x01");

        if at % 256 == 0 {
            markers.push((bytes.len() - start) as u32);
        }
        match name.len() {
            length @ ..0x80 => bytes.push(length as u8),
            length => bytes.extend_from_slice(&[length as u8 | 0x80, (length >> 7) as u8]),
        }
        bytes.extend_from_slice(name.as_bytes());
    }
    pad(&mut bytes);
    for marker in markers {
        bytes.extend_from_slice(&marker.to_le_bytes());
    }
    pad(&mut bytes);
    if how == Addresses::WithPerCpu {
        for (at, _) in symbols.iter().enumerate() {
            bytes.extend_from_slice(&(at as u32).to_be_bytes()[1..]);
        }
        pad(&mut bytes);
    }

    let start = bytes.len();
    let mut index = Vec::new();

    for code in 0..=255 {
        index.extend_from_slice(&((bytes.len() - start) as u16).to_le_bytes());
        bytes.extend_from_slice(token(code).as_bytes());
        bytes.push(0);
    }
    pad(&mut bytes);
    bytes.extend_from_slice(&index);
    pad(&mut bytes);
    match how {
        Addresses::ToThemselves => {
            for (address, _) in symbols {
                let here = place + bytes.len() as u64;

                bytes.extend_from_slice(&(address.wrapping_sub(here) as u32).to_le_bytes());
            }
        }
        Addresses::ToBase => {
            for (address, _) in symbols {
                bytes.extend_from_slice(&offset(*address).to_le_bytes());
            }
            pad(&mut bytes);
            bytes.extend_from_slice(&relative_to.to_le_bytes());
        }
        _ => {}
    }
    // In a kernel, these tables are followed by the order of names.
    bytes.extend_from_slice(&[0xff; 64]);
    bytes
}

/// Type information: for a kernel, an `int`, `function` that returns it, and `last` that returns
/// nothing; for a module, `function` with the return type of the kernel's.
pub(super) fn types(base: Option<&Btf>, function: &str) -> Builder {
    let builder = Builder::on(base);

    match base {
        None => builder
            .add("int", INT << 24, 4, &[0x0100_0020])
            .add("", FUNC_PROTO << 24, 1, &[])
            .add(function, FUNC << 24, 2, &[])
            .add("", FUNC_PROTO << 24, 0, &[])
            .add("last", FUNC << 24, 4, &[]),
        Some(_) => builder.add(function, FUNC << 24, 2, &[]),
    }
}

/// The data of the sample kernel, and all symbols.
struct Data<'a> {
    bytes: Vec<u8>,
    symbols: &'a mut Vec<(u64, char, &'static str)>,
}

impl Data<'_> {
    /// The address of the next object.
    fn end(&self) -> u64 {
        (DATA + self.bytes.len() as u64).next_multiple_of(8)
    }

    /// Appends an object with a symbol.
    fn put(&mut self, kind: char, name: &'static str, bytes: &[u8]) -> u64 {
        let address = self.end();

        self.bytes.resize((address - DATA) as usize, 0);
        self.symbols.push((address, kind, name));
        self.bytes.extend_from_slice(bytes);
        address
    }

    /// Adds a symbol at the end.
    fn mark(&mut self, name: &'static str) {
        self.symbols
            .push((DATA + self.bytes.len() as u64, 'D', name));
    }
}

/// The sample kernel, with a linker's symbol table if `with_table`.
pub(super) fn kernel(how: Addresses, with_table: bool) -> Vec<u8> {
    elf(false, kernel_sections(how, with_table))
}

/// Its sections.
pub(super) fn kernel_sections(how: Addresses, with_table: bool) -> Vec<Section> {
    let mut text = vec![0x90; 0x400];
    let mut init = vec![0x90; 0x100];
    let mut symbols: Vec<(u64, char, &'static str)> = vec![
        (TEXT, 'T', "_text"),
        (TEXT, 'T', "_stext"),
        (TEXT + 0x10, 't', "__pfx_f"),
        (TEXT + 0x20, 'T', "f"),
        (TEXT + 0x20, 'W', "weak_f"),
        (TEXT + 0x40, 't', "f.cold"),
        (TEXT + 0x50, 't', "listed"),
        (TEXT + 0x60, 't', "listed.part.0"),
        (TEXT + 0x70, 't', "__pfx_callback"),
        (TEXT + 0x80, 't', "callback"),
        (TEXT + 0x90, 't', "__SCT__lsm_static_call_a_0"),
        (TEXT + 0x98, 't', "__SCT__lsm_static_call_b_0"),
        (TEXT + 0xa0, 'T', "__kprobes_text_start"),
        (TEXT + 0xa0, 't', "unprobed"),
        (TEXT + 0xb0, 'T', "__kprobes_text_end"),
        (TEXT + 0xb0, 't', "last"),
        (TEXT + 0x400, 'T', "_etext"),
        (INIT, 'T', "_sinittext"),
        (INIT, 'T', "security_add_hooks"),
        (INIT + 0x20, 't', "sample_init"),
        (INIT + 0x60, 't', "inner_init"),
        (INIT + 0x80, 't', "outer_init"),
        // In other configurations this symbol is at an end of the code from security/.
        (INIT + 0xc0, 't', "integrity_audit_msg"),
        (INIT + 0x100, 'T', "_einittext"),
    ];
    let numbers = |numbers: &[u64]| -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    };
    let mut data = Data {
        bytes: Vec::new(),
        symbols: &mut symbols,
    };
    let names = data.put('r', "names", b"sample\0other\0f\0");
    let sample = data.put('r', "sample_lsmid", &numbers(&[names, 100]));
    let other = data.put('r', "other_lsmid", &numbers(&[names + 7, 101]));
    let table = data.put('D', "static_calls_table", &[0; 128]);
    let record = numbers(&[table + 32, TEXT + 0x80, 0]);
    let hooks = data.put('d', "sample_hooks", &[&record[..], &record].concat());
    let others = data.put('d', "other_hooks", &record);

    // Not pointers into the table, and not callbacks.
    data.put(
        'd',
        "no_hooks",
        &numbers(&[table + 128, TEXT + 0x80, 0, table, DATA, 0]),
    );
    data.put('D', "__start_mcount_loc", &numbers(&[0, TEXT + 0x24]));
    data.mark("__stop_mcount_loc");
    data.put('D', "__start_kprobe_blacklist", &numbers(&[TEXT + 0x50]));
    data.mark("__stop_kprobe_blacklist");
    let exports = data.end();
    let entry: Vec<u8> = [TEXT + 0x20, names + 13, names + 6]
        .iter()
        .zip([0, 4, 8])
        .flat_map(|(target, field)| (target.wrapping_sub(exports + field) as u32).to_le_bytes())
        .collect();
    data.put('D', "__start___ksymtab", &entry);
    data.mark("__stop___ksymtab");
    data.put('D', "__start_BTF", &types(None, "f").build());
    data.mark("__stop_BTF");
    let place = data.end();
    let mut data = data.bytes;

    // mov $hooks, %rdi; mov $count, %esi; mov $id, %rdx; call security_add_hooks
    let mut call = |at: usize, hooks: Option<u64>, count: u32, id: Option<u64>, target: u64| {
        let mut code = Vec::new();

        if let Some(hooks) = hooks {
            code.extend_from_slice(&[0x48, 0xc7, 0xc7]);
            code.extend_from_slice(&(hooks as u32).to_le_bytes());
        }
        code.push(0xbe);
        code.extend_from_slice(&count.to_le_bytes());
        if let Some(id) = id {
            // lea id(%rip), %rdx
            let behind = INIT + (at + code.len() + 7) as u64;

            code.extend_from_slice(&[0x48, 0x8d, 0x15]);
            code.extend_from_slice(&(id.wrapping_sub(behind) as u32).to_le_bytes());
        }
        let behind = INIT + (at + code.len() + 5) as u64;

        code.push(0xe8);
        code.extend_from_slice(&(target.wrapping_sub(behind) as u32).to_le_bytes());
        init[at..at + code.len()].copy_from_slice(&code);
    };
    call(0x28, Some(hooks), 2, Some(sample), INIT);
    call(0x60, Some(others), 1, None, INIT);
    call(0x80, Some(other), 0, None, INIT + 0x60);
    text[0x20..0x24].copy_from_slice(&[0xf3, 0x0f, 0x1e, 0xfa]);

    data.resize((place - DATA) as usize, 0);
    symbols.push((DATA + 0x10_0000, 'B', "_end"));
    let list: Vec<_> = symbols
        .iter()
        .map(|(address, kind, name)| (*address, format!("{kind}{name}")))
        .collect();
    let mut sections = vec![
        Section::new(".text", PROGBITS, ALLOC | EXEC, text),
        Section::new(".init.text", PROGBITS, ALLOC | EXEC, init),
        Section::new(".data", PROGBITS, ALLOC | WRITE, data),
    ];

    for (section, address) in sections.iter_mut().zip([TEXT, INIT, DATA]) {
        section.address = address;
    }
    if with_table {
        let section = |address| match address {
            ..INIT => 1,
            INIT..DATA => 2,
            DATA.. => 3,
        };
        let table: Vec<Symbol> = symbols
            .iter()
            .map(|(address, kind, name)| (*name, section(*address), *address, kind.is_uppercase()))
            .collect();

        sections.extend(symbol_table(&table, 5));
    } else {
        let tables = kallsyms(&list, place, how);

        sections[2].data.extend(tables);
    }
    sections
}

/// A sample module that exports `exported`. This function calls its own code, `f` of the kernel,
/// and `wanted`, tests the results of the first and the last, and returns an error.
pub(super) fn module(exported: &'static str, wanted: &'static str, base: Option<&Btf>) -> Vec<u8> {
    elf(true, module_sections(exported, wanted, base))
}

/// Its sections.
pub(super) fn module_sections(
    exported: &'static str,
    wanted: &'static str,
    base: Option<&Btf>,
) -> Vec<Section> {
    const GLOBAL: u16 = 0;

    let mut text = vec![0x90; 0x60];
    let strings = [exported.as_bytes(), b"\0"].concat();

    // Calls in the second function.
    for at in [0x24, 0x2b, 0x30] {
        text[at] = 0xe8;
    }
    // test %eax, %eax
    for at in [0x29, 0x35] {
        text[at..at + 2].copy_from_slice(&[0x85, 0xc0]);
    }
    // mov $-EINVAL, %eax
    text[0x40..0x45].copy_from_slice(&[0xb8, 0xea, 0xff, 0xff, 0xff]);
    let table = symbol_table(
        &[
            ("__pfx_local", 1, 0, false),
            ("local", 1, 0x10, false),
            (exported, 1, 0x20, true),
            ("init_module", 2, 0, true),
            ("variable", 3, 8, false),
            ("f", GLOBAL, 0, true),
            (wanted, GLOBAL, 0, true),
            (".Lmark", 1, 0x30, false),
            ("$x", 1, 0x38, false),
            ("", 7, 0, false),
            ("per_cpu", 10, 0, false),
        ],
        19,
    );
    let [symbols, names] = table;

    vec![
        Section::new(".text", PROGBITS, ALLOC | EXEC, text),
        Section::new(".init.text", PROGBITS, ALLOC | EXEC, vec![0xc3; 8]),
        Section::new(".data", PROGBITS, ALLOC | WRITE, vec![0; 16]),
        Section::new(".bss", NOBITS, ALLOC | WRITE, vec![0; 64]),
        Section::new("__mcount_loc", PROGBITS, ALLOC, vec![0; 16]),
        Section::new("_kprobe_blacklist", PROGBITS, ALLOC, vec![0; 8]),
        Section::new("__ksymtab_strings", PROGBITS, ALLOC, strings),
        Section::new("__ksymtab", PROGBITS, ALLOC, vec![0; 12]),
        Section::new(".modinfo", PROGBITS, ALLOC, b"license=GPL\0".to_vec()),
        Section::new(".data..percpu", PROGBITS, ALLOC | WRITE, vec![0; 8]),
        Section::new(".noinstr.text", PROGBITS, ALLOC | EXEC, vec![0xc3; 8]),
        Section::new(".BTF", PROGBITS, 0, types(base, exported).build()),
        relocations(
            1,
            &[
                (0x25, 2, 4, -4),
                (0x2c, 6, 4, -4),
                (0x31, 7, 2, -4),
                (0x38, 11, 11, 0),
            ],
        ),
        relocations(3, &[(0, 2, 1, 4), (8, 6, 24, 0)]),
        relocations(5, &[(0, 2, 1, 0), (8, 3, 1, 4)]),
        relocations(6, &[(0, 2, 1, 0)]),
        relocations(8, &[(0, 3, 2, 0), (4, 10, 2, 0)]),
        symbols,
        names,
    ]
}

/// A kernel with a function `f`, and with these types.
pub fn of_types(types: impl FnOnce(Builder) -> Builder) -> Vec<u8> {
    const END: u64 = TEXT + 0x40;
    let mut text = Section::new(".text", PROGBITS, ALLOC | EXEC, vec![0xc3; 0x40]);
    let types = types(Builder::on(None)).build();
    let [table, names] = symbol_table(
        &[
            ("_stext", 1, TEXT, true),
            ("f", 1, TEXT, true),
            ("_etext", 1, END, true),
        ],
        4,
    );

    text.address = TEXT;
    elf(
        false,
        vec![text, Section::new(".BTF", PROGBITS, 0, types), table, names],
    )
}

/// A part of a handwritten function.
#[derive(Clone, Copy)]
pub enum Part {
    /// x86-64 code, and arm64 words with the same effect.
    Code(&'static [u8], &'static [u32]),
    /// A call of the function with this name.
    Call(&'static str),
    /// A jump to it.
    Jump(&'static str),
    /// Loads its address into the first argument.
    Take(&'static str),
}

/// A handwritten function with a parameter `struct object *`.
pub struct Sample {
    pub name: &'static str,
    /// Whether it returns `int`, or else nothing.
    pub is_int: bool,
    pub parts: &'static [Part],
}

/// The distance between function entries, in bytes.
const DISTANCE: u64 = 0x40;

/// A kernel with these functions, and with tables of a name and two functions each. They are
/// `struct Qdisc_ops`, with the members `init` and `destroy`; a `struct Qdisc` has 0x180 bytes, and
/// a `struct object` eight. The enumerator COUNTED is 1.
pub fn of_functions(
    architecture: Architecture,
    functions: &[Sample],
    tables: &[(&'static str, [&str; 2])],
) -> Vec<u8> {
    let address = |name: &str| {
        let index = functions.iter().position(|it| it.name == name);

        TEXT + DISTANCE * index.unwrap_or_else(|| panic!("there is no {name}")) as u64
    };
    let end = TEXT + DISTANCE * functions.len() as u64;
    // A trap on both architectures.
    let mut text = [0xcc, 0xcc, 0, 0].repeat((end - TEXT) as usize / 4);
    let mut symbols = vec![(TEXT, 'T', "_stext"), (end, 'T', "_etext")];
    let mut builder = Builder::on(None)
        .add("int", INT << 24, 4, &[0x0100_0020])
        .structure("object", 8, &[("value", 1, 0), ("next", 1, 4)])
        .add("", POINTER << 24, 2, &[])
        .prototype(1, &[("object", 3)])
        .prototype(0, &[("object", 3)])
        .add("", POINTER << 24, 4, &[])
        .add("", POINTER << 24, 5, &[])
        .structure("Qdisc_ops", 16, &[("init", 6, 0), ("destroy", 7, 8)])
        .structure("Qdisc", 0x180, &[("flags", 1, 0)])
        .enumeration(&[("COUNTED", 1)])
        .structure(
            "thread_info",
            24,
            &[("flags", 1, 0), ("preempt_count", 1, 16)],
        );

    for function in functions {
        let start = address(function.name);
        let mut code = Vec::new();

        for part in function.parts {
            let at = start + code.len() as u64;

            match (architecture, part) {
                (Architecture::X86, Part::Code(bytes, _)) => code.extend_from_slice(bytes),
                (Architecture::Arm64, Part::Code(_, words)) => {
                    code.extend(words.iter().flat_map(|word| word.to_le_bytes()));
                }
                (_, Part::Call(name)) => code.extend(branch(architecture, at, address(name), true)),
                (_, Part::Jump(name)) => {
                    code.extend(branch(architecture, at, address(name), false));
                }
                // mov $address,%rdi
                (Architecture::X86, Part::Take(name)) => {
                    code.extend_from_slice(&[0x48, 0xc7, 0xc7]);
                    code.extend_from_slice(&(address(name) as u32).to_le_bytes());
                }
                // adrp x0; add x0,x0
                (Architecture::Arm64, Part::Take(name)) => {
                    let kinds = [Kind::Page, Kind::InPage { scale: 0 }];

                    for (kind, word) in kinds.into_iter().zip([0x9000_0000_u32, 0x9100_0000]) {
                        let mut bytes = word.to_le_bytes();

                        kind.write(&mut bytes, at, address(name));
                        code.extend_from_slice(&bytes);
                    }
                }
            }
        }
        let at = (start - TEXT) as usize;

        text[at..at + code.len()].copy_from_slice(&code);
        symbols.push((start, 't', function.name));
        builder = builder.add(
            function.name,
            FUNC << 24,
            if function.is_int { 4 } else { 5 },
            &[],
        );
    }
    let mut data = Data {
        bytes: Vec::new(),
        symbols: &mut symbols,
    };
    for (name, members) in tables {
        let pointers = members.map(|it| address(it).to_le_bytes()).concat();

        data.put('d', name, &pointers);
    }
    data.put('d', "__preempt_count", &[0; 8]);
    data.put('D', "__start_BTF", &builder.build());
    data.mark("__stop_BTF");
    let data = data.bytes;

    symbols.push((DATA + 0x10_0000, 'B', "_end"));
    let mut sections = vec![
        Section::new(".text", PROGBITS, ALLOC | EXEC, text),
        Section::new(".data", PROGBITS, ALLOC | WRITE, data),
    ];

    sections[0].address = TEXT;
    sections[1].address = DATA;
    let table: Vec<Symbol> = symbols
        .iter()
        .map(|(address, kind, name)| {
            let section = if *address < DATA { 1 } else { 2 };

            (*name, section, *address, kind.is_uppercase())
        })
        .collect();

    sections.extend(symbol_table(&table, 4));
    let mut file = elf(false, sections);

    if architecture == Architecture::Arm64 {
        file[18] = 183;
    }
    file
}

/// A call of, or a jump to, `target`, at the address `at`.
fn branch(architecture: Architecture, at: u64, target: u64, is_call: bool) -> Vec<u8> {
    match architecture {
        Architecture::X86 => {
            let distance = target.wrapping_sub(at + 5) as u32;
            let opcode = if is_call { 0xe8 } else { 0xe9 };

            [&[opcode][..], &distance.to_le_bytes()].concat()
        }
        Architecture::Arm64 => {
            let distance = target.wrapping_sub(at) as u32 >> 2 & 0x3ff_ffff;
            let opcode = if is_call { 0x9400_0000 } else { 0x1400_0000 };

            u32::to_le_bytes(opcode | distance).to_vec()
        }
    }
}
