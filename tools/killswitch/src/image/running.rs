// SPDX-License-Identifier: GPL-2.0-only

//! The running kernel: code and data from /proc/kcore, symbols from /proc/kallsyms, and types from
//! /sys/kernel/btf.
//!
//! The code includes the patches made when it was loaded, as the policy of that kernel sees it.
//! Later changes by tracers and probes are reverted: ftrace locations are NOPs, and bytes that
//! probes replaced are restored from the kernel's copies. Landing pads that the kernel removed are
//! restored to recognize function entries.
//!
//! Everything that may change is read until it is the same twice in a row.

use super::{
    btf::{Btf, Type, Types, STRUCT},
    bytes::{before_nul, u64_at},
    core::{Copied, Core},
    error::{Error, Problem},
    kernel::Kernel,
    memory::Memory,
    symbols::List,
    Architecture,
};
use crate::{
    file,
    policy::code::x86::{BREAKPOINT, JUMP},
};
use std::{
    collections::HashMap,
    ops::Range,
    path::{Path, PathBuf},
};

/// Size limit of a file with symbols or types, in bytes.
const MAX_FILE: u64 = 64 << 20;
/// The upper limit of modules' addresses.
const MAX_ADDRESS: u64 = u64::MAX - (1 << 20);
/// Maximum number of reads of data that changes.
const TRIES: usize = 8;
/// Maximum length of a list.
const MAX_ELEMENTS: usize = 1 << 16;
/// Maximum number of ftrace locations; there is one per function.
const MAX_TRACED: usize = 1 << 22;
/// Size limit of the kprobe hash table, in bytes.
const MAX_TABLE: u64 = 1 << 20;
/// Size limit of the code and data of all modules, in bytes.
const MAX_MODULES: u64 = 512 << 20;
/// The page size, in bytes: unmapped ranges are whole pages.
const PAGE: usize = 4096;

/// The first instruction of a function that may be called indirectly.
pub(super) const ENDBR64: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];
/// Its replacement in functions that are never called indirectly: since 6.15, and before.
pub(super) const SEALED: [[u8; 4]; 2] = [[0x0f, 0x1f, 0x40, 0xd6], [0x66, 0x0f, 0x1f, 0x00]];
/// An inactive ftrace location.
pub(super) const UNTRACED: [u8; 5] = [0x0f, 0x1f, 0x44, 0x00, 0x00];

/// The flag of an optimized kprobe, which jumps instead of trapping: `KPROBE_FLAG_OPTIMIZED`.
const OPTIMIZED: u32 = 4;

/// The files that describe a running kernel.
pub struct Places {
    /// Its memory: /proc/kcore.
    pub core: PathBuf,
    /// Its symbols: /proc/kallsyms.
    pub symbols: PathBuf,
    /// The directory of its types: /sys/kernel/btf.
    pub types: PathBuf,
}

/// A running kernel.
pub(super) struct Running {
    /// The kernel itself.
    pub(super) kernel: Kernel,
    /// Its modules, sorted by address.
    pub(super) modules: Vec<Module>,
    /// The code and data of all modules.
    pub(super) memory: Memory,
    /// The ftrace locations in all code.
    pub(super) traced: Vec<u64>,
    /// The kprobe blacklist.
    pub(super) unprobed: Vec<Range<u64>>,
}

/// A loaded module.
pub(super) struct Module {
    pub(super) name: String,
    pub(super) text: Range<u64>,
    /// Its symbols, as in /proc/kallsyms.
    pub(super) symbols: List,
    /// Its type information, if any.
    pub(super) btf: Option<Vec<u8>>,
}

const MISPLACED: &str = "its modules are outside of the address range of modules";
const NO_END: &str = "one of its lists is too long";

/// The kernel structures that are read.
const STRUCTURES: [&str; 8] = [
    "arch_optimized_insn",
    "dyn_ftrace",
    "ftrace_page",
    "kprobe",
    "kprobe_blacklist_entry",
    "module",
    "module_memory",
    "optimized_kprobe",
];

/// Reads everything.
pub(super) fn read(places: &Places) -> Result<Running, Error> {
    let core = Core::open(&places.core).map_err(|problem| problem.with(&places.core))?;
    let types = places.types.join("vmlinux");
    let btf = file::read(&types, MAX_FILE)
        .map_err(Problem::from)
        .and_then(|bytes| Btf::new(bytes, None))
        .map_err(|problem| problem.with(&types))?;
    let text = file::read(&places.symbols, MAX_FILE)
        .map_err(Problem::from)
        .map_err(|problem| problem.with(&places.symbols))?;
    let symbols = Symbols::new(&text).map_err(|problem| problem.with(&places.symbols))?;
    let found = Reader::new(&core, &symbols, &btf)
        .read(&places.types)
        .map_err(|problem| problem.with(&places.core))?;

    Ok(Running {
        kernel: Kernel {
            architecture: Architecture::X86,
            memory: memory(found.kernel),
            symbols: symbols.kernel,
            btf: Some(btf),
        },
        modules: found.modules,
        memory: memory(found.others),
        traced: found.traced,
        unprobed: found.unprobed,
    })
}

/// A symbol: its address, type and name.
type Symbol<'a> = (u64, u8, &'a [u8]);

/// The content of /proc/kallsyms.
struct Symbols<'a> {
    kernel: List,
    /// Symbols that are not the kernel's, by the module name in brackets.
    modules: HashMap<&'a [u8], Vec<Symbol<'a>>>,
}

impl<'a> Symbols<'a> {
    fn new(text: &'a [u8]) -> Result<Self, Problem> {
        let mut symbols = Self {
            kernel: List::default(),
            modules: HashMap::new(),
        };
        let mut last = 0;

        for line in text
            .split(|byte| *byte == b'\n')
            .filter(|it| !it.is_empty())
        {
            let (symbol, module) = line_of(line).ok_or("one of its lines is not a symbol")?;
            let (address, kind, name) = symbol;

            match module {
                Some(module) => symbols.modules.entry(module).or_default().push(symbol),
                None if address < last => return Err("its symbols are not sorted".into()),
                None => {
                    last = address;
                    symbols.kernel.push(address, kind, name)?;
                }
            }
        }
        if last == 0 {
            return Err(
                "it hides addresses; this needs root, and kernel.kptr_restrict below 2".into(),
            );
        }
        Ok(symbols)
    }

    /// A module's symbols in its memory.
    fn of_module<'b>(&'b self, module: &'b Loaded) -> impl Iterator<Item = Symbol<'a>> + 'b {
        let found = self.modules.get(module.name.as_bytes());
        let exists = |address: &u64| {
            let mut parts = [&module.text].into_iter().chain(&module.data);

            parts.any(|part| part.contains(address))
        };

        found
            .into_iter()
            .flatten()
            .copied()
            .filter(move |(address, _, name)| !name.starts_with(b".L") && exists(address))
    }
}

/// The symbol in a line, and its module: `ffffffff81000000 t name\t[module]`.
fn line_of(line: &[u8]) -> Option<(Symbol<'_>, Option<&[u8]>)> {
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let address = std::str::from_utf8(words.next()?).ok()?;
    let address = u64::from_str_radix(address, 16).ok()?;
    let kind = *words.next()?.first()?;
    let rest = words.next()?;
    let (name, module) = match rest.iter().position(|byte| *byte == b'\t') {
        Some(at) => {
            let module = rest[at + 1..].strip_prefix(b"[")?.strip_suffix(b"]")?;

            (&rest[..at], Some(module))
        }
        None => (rest, None),
    };

    Some(((address, kind, name), module))
}

/// A module in memory.
#[derive(Clone, PartialEq, Eq)]
struct Loaded {
    name: String,
    text: Range<u64>,
    data: Vec<Range<u64>>,
}

/// State that may change while it is read.
#[derive(PartialEq, Eq)]
struct Moment {
    /// Sorted by address.
    modules: Vec<Loaded>,
    /// Sorted.
    traced: Vec<u64>,
    unprobed: Vec<Range<u64>>,
    /// The code of the kernel, and of each module.
    code: Vec<Piece>,
}

/// The address and the bytes of code or data.
type Piece = (u64, Vec<u8>);

/// Bytes replaced by a probe.
struct Probe {
    at: u64,
    /// The original bytes: the first one, or all that an optimized probe replaces.
    original: Vec<u8>,
}

/// The content of memory.
struct Found {
    /// The code and data of the kernel itself, and of all modules.
    kernel: Vec<Piece>,
    others: Vec<Piece>,
    modules: Vec<Module>,
    traced: Vec<u64>,
    unprobed: Vec<Range<u64>>,
}

/// A reader of the kernel's structures.
struct Reader<'a> {
    core: &'a Core,
    symbols: &'a Symbols<'a>,
    structures: HashMap<&'a str, Type<'a>>,
}

impl<'a> Reader<'a> {
    fn new(core: &'a Core, symbols: &'a Symbols<'a>, btf: &'a Btf) -> Self {
        let types = Types::new(btf, None);
        let mut structures = HashMap::new();

        for found in types.own().filter_map(|id| types.get(id)) {
            if found.kind() == STRUCT && STRUCTURES.contains(&found.name) {
                structures.entry(found.name).or_insert(found);
            }
        }
        Self {
            core,
            symbols,
            structures,
        }
    }

    fn read(&self, types: &Path) -> Result<Found, Problem> {
        let moment = settled(|| self.moment())?;
        let mut code = moment.code.into_iter();
        let mut kernel: Vec<_> = code.next().into_iter().collect();
        let mut others = Vec::new();

        // The memory in between is freed after boot, or not part of the kernel.
        for (first, last) in [("__start_rodata", "__end_rodata"), ("_sdata", "_edata")] {
            let range = self.symbol(first)?..self.symbol(last)?;

            kernel.push((range.start, self.core.range(range)?));
        }
        for (module, text) in moment.modules.iter().zip(code) {
            others.push(text);
            for data in &module.data {
                others.push((data.start, self.core.range(data.clone())?));
            }
        }
        let modules = moment.modules.into_iter().map(|it| self.module(it, types));

        Ok(Found {
            kernel,
            others,
            modules: modules.collect::<Result<_, _>>()?,
            traced: moment.traced,
            unprobed: moment.unprobed,
        })
    }

    fn module(&self, module: Loaded, types: &Path) -> Result<Module, Problem> {
        let mut symbols = List::default();

        for (address, kind, name) in self.symbols.of_module(&module) {
            symbols.push(address, kind, name)?;
        }
        Ok(Module {
            btf: file::read(&types.join(&module.name), MAX_FILE).ok(),
            text: module.text,
            symbols,
            name: module.name,
        })
    }

    fn moment(&self) -> Result<Moment, Problem> {
        let modules = self.modules()?;
        let (traced, unprobed) = (self.traced()?, self.unprobed()?);
        let probes = self.probes()?;
        let text = self.symbol("_stext")?..self.symbol("_etext")?;
        let kernel = self.symbols.kernel.iter().map(|it| it.0);
        let mut code = vec![self.code(text, kernel, &traced, &probes)?];

        for module in &modules {
            let symbols = self.symbols.of_module(module).map(|it| it.0);

            code.push(self.code(module.text.clone(), symbols, &traced, &probes)?);
        }
        Ok(Moment {
            modules,
            traced,
            unprobed,
            code,
        })
    }

    /// Code without changes made since it was loaded. `symbols` are its function entries.
    fn code(
        &self,
        range: Range<u64>,
        symbols: impl Iterator<Item = u64>,
        traced: &[u64],
        probes: &[Probe],
    ) -> Result<Piece, Problem> {
        let start = range.start;
        let mut bytes = self.core.range(range.clone())?;
        let is_hole = |page: &[u8]| page.len() == PAGE && page.iter().all(|byte| *byte == 0);

        if let Some(hole) = bytes.chunks(PAGE).position(is_hole) {
            let at = start + (hole * PAGE) as u64;

            return Err(format!("it does not contain the code at {at:#x}").into());
        }
        let mut put = |at: u64, new: &[u8], may_replace: &dyn Fn(&[u8]) -> bool| {
            let place = at
                .checked_sub(start)
                .and_then(|at| bytes.get_mut(at as usize..)?.get_mut(..new.len()));

            if let Some(place) = place.filter(|it| may_replace(it)) {
                place.copy_from_slice(new);
            }
        };

        for probe in probes {
            put(probe.at, &probe.original, &|old| {
                old[0] == BREAKPOINT || old.len() > 1 && old[0] == JUMP
            });
        }
        for site in &traced[traced.partition_point(|site| *site < start)..] {
            if *site >= range.end {
                break;
            }
            put(*site, &UNTRACED, &|_| true);
        }
        for symbol in symbols {
            put(symbol, &ENDBR64, &|old| SEALED.iter().any(|it| it == old));
        }
        Ok((start, bytes))
    }

    /// The loaded modules, with the parts that stay.
    fn modules(&self) -> Result<Vec<Loaded>, Problem> {
        /// The state of an initialized module: `MODULE_STATE_LIVE`.
        const LIVE: u32 = 0;
        /// The number of memory types that stay, of which code is the first: up to `MOD_INIT_TEXT`.
        const STAY: u64 = 4;
        /// Maximum length of a name, in bytes.
        const NAME: usize = 64;

        let Some(head) = self.symbols.kernel.address_of("modules") else {
            return Ok(Vec::new());
        };
        let list = self.offset("module", "list")?;
        let state = self.offset("module", "state")?;
        let name = self.offset("module", "name")?;
        let memory = self.offset("module", "mem")?;
        let base = self.offset("module_memory", "base")?;
        let size = self.offset("module_memory", "size")?;
        let stride = self.size("module_memory")?;
        let length = memory + STAY * stride;
        let mut modules = Vec::new();
        let mut total = 0;

        for module in self.list(head, list, length)? {
            let bytes = module.rest(name);
            let name = before_nul(&bytes[..bytes.len().min(NAME)]);
            let name = String::from_utf8_lossy(name.ok_or("a module has no name")?).into_owned();
            let mut parts = (0..STAY).map(|kind| memory + kind * stride).map(|at| {
                let start = module.u64(at + base);

                start..start.saturating_add(module.u32(at + size).into())
            });
            let loaded = Loaded {
                name,
                text: parts.next().unwrap_or_default(),
                data: parts.filter(|it| !it.is_empty()).collect(),
            };
            let sizes = [&loaded.text].into_iter().chain(&loaded.data);

            total += sizes.map(|it| it.end - it.start).sum::<u64>();
            if total > MAX_MODULES {
                return Err("its modules exceed the size limit".into());
            }
            if module.u32(state) != LIVE {
                continue;
            }
            // Some have no code.
            let has_symbols = self.symbols.of_module(&loaded).next().is_some();

            if !has_symbols && !loaded.text.is_empty() {
                return Err(format!("module {} has just been loaded", loaded.name).into());
            }
            modules.push(loaded);
        }
        modules.sort_by_key(|it: &Loaded| it.text.start);
        let kernel = self.symbol("_end")?;
        let mut end = kernel;

        // Some have no code.
        for module in modules.iter().filter(|it| !it.text.is_empty()) {
            if module.text.start < end {
                return Err(MISPLACED.into());
            }
            end = module.text.end;
        }
        let mut data = modules.iter().flat_map(|it| &it.data);
        let is_misplaced = |it: &Range<u64>| it.start < kernel || it.end > MAX_ADDRESS;

        if end > MAX_ADDRESS || data.any(is_misplaced) {
            return Err(MISPLACED.into());
        }
        Ok(modules)
    }

    /// The ftrace locations.
    fn traced(&self) -> Result<Vec<u64>, Problem> {
        let Some(first) = self.symbols.kernel.address_of("ftrace_pages_start") else {
            return Ok(Vec::new());
        };
        let next = self.offset("ftrace_page", "next")?;
        let records = self.offset("ftrace_page", "records")?;
        let count = self.offset("ftrace_page", "index")?;
        let size = self.size("ftrace_page")?;
        let place = self.offset("dyn_ftrace", "ip")? as usize;
        let stride = self.size("dyn_ftrace")?;
        let mut traced = Vec::new();
        let mut page = self.core.u64(first)?;

        for _ in 0..MAX_ELEMENTS {
            if page == 0 {
                traced.sort_unstable();
                return Ok(traced);
            }
            let header = self.structure(page, size)?;
            let count = header.u32(count) as usize;
            let start = header.u64(records);

            if traced.len() + count > MAX_TRACED {
                return Err("it has too many ftrace locations".into());
            }
            let records = self.structure(start, count as u64 * stride)?;
            let places = records.bytes.chunks_exact(stride.max(1) as usize);

            traced.extend(places.filter_map(|it| u64_at(it, place)));
            page = header.u64(next);
        }
        Err(NO_END.into())
    }

    /// The kprobe blacklist.
    fn unprobed(&self) -> Result<Vec<Range<u64>>, Problem> {
        let Some(head) = self.symbols.kernel.address_of("kprobe_blacklist") else {
            return Ok(Vec::new());
        };
        let list = self.offset("kprobe_blacklist_entry", "list")?;
        let start = self.offset("kprobe_blacklist_entry", "start_addr")?;
        let end = self.offset("kprobe_blacklist_entry", "end_addr")?;
        let entries = self.list(head, list, self.size("kprobe_blacklist_entry")?)?;

        Ok(entries
            .iter()
            .map(|it| it.u64(start)..it.u64(end))
            .collect())
    }

    /// Bytes replaced by probes, except for ftrace-based ones.
    fn probes(&self) -> Result<Vec<Probe>, Problem> {
        let Some(table) = self.symbols.kernel.address_of("kprobe_table") else {
            return Ok(Vec::new());
        };
        let mut symbols = self.symbols.kernel.iter().map(|it| it.0);
        let end = symbols.find(|it| *it > table).unwrap_or(table);
        let heads = self.structure(table, (end - table).min(MAX_TABLE))?;
        let next = self.offset("kprobe", "hlist")?;
        let place = self.offset("kprobe", "addr")?;
        let opcode = self.offset("kprobe", "opcode")?;
        let flags = self.offset("kprobe", "flags")?;
        let size = self.size("kprobe")?;
        // Some kernels have none.
        let copied = self
            .offset("optimized_kprobe", "optinsn")
            .and_then(|it| Ok(it + self.offset("arch_optimized_insn", "copied_insn")?));
        let mut probes = Vec::new();

        for head in heads.bytes.chunks_exact(8) {
            let mut at = u64_at(head, 0).unwrap_or(0);

            while at != 0 {
                let probe = self.structure(at.wrapping_sub(next), size)?;
                let mut original = vec![probe.rest(opcode).first().copied().unwrap_or(0)];

                if let (true, Ok(copied)) = (probe.u32(flags) & OPTIMIZED != 0, &copied) {
                    let rest = UNTRACED.len() as u64 - 1;

                    original.extend(
                        self.structure(probe.at.saturating_add(*copied), rest)?
                            .bytes,
                    );
                }
                probes.push(Probe {
                    at: probe.u64(place),
                    original,
                });
                if probes.len() > MAX_ELEMENTS {
                    return Err("it has too many probes".into());
                }
                at = probe.u64(next);
            }
        }
        Ok(probes)
    }

    /// The first `length` bytes of each element of the list at `head`. The list node is at the
    /// offset `link`.
    fn list(&self, head: u64, link: u64, length: u64) -> Result<Vec<Copied>, Problem> {
        let mut elements = Vec::new();
        let mut at = self.core.u64(head)?;

        while at != head {
            let element = self.structure(at.wrapping_sub(link), length)?;

            at = element.u64(link);
            elements.push(element);
            if elements.len() > MAX_ELEMENTS {
                return Err(NO_END.into());
            }
        }
        Ok(elements)
    }

    fn structure(&self, at: u64, length: u64) -> Result<Copied, Problem> {
        Ok(Copied {
            at,
            bytes: self.core.range(at..at.saturating_add(length))?,
        })
    }

    /// The address of a symbol.
    fn symbol(&self, name: &str) -> Result<u64, Problem> {
        self.symbols
            .kernel
            .address_of(name)
            .ok_or_else(|| format!("the kernel has no symbol {name} (CONFIG_KALLSYMS_ALL)").into())
    }

    fn type_of(&self, structure: &str) -> Result<Type<'a>, Problem> {
        let found = self.structures.get(structure).copied();

        found.ok_or_else(|| format!("the kernel has no type struct {structure}").into())
    }

    /// The offset of a member, in bytes.
    fn offset(&self, structure: &str, member: &str) -> Result<u64, Problem> {
        let mut members = self.type_of(structure)?.members();

        members
            .find(|it| it.name == member)
            .map(|it| u64::from(it.offset / 8))
            .ok_or_else(|| format!("the kernel has no {member} in struct {structure}").into())
    }

    /// The size of a structure, in bytes.
    fn size(&self, structure: &str) -> Result<u64, Problem> {
        Ok(self.type_of(structure)?.size_or_type.into())
    }
}

/// Calls `read` until it returns the same value, or the same error, twice in a row. Fails if this
/// does not happen.
fn settled<T: PartialEq>(mut read: impl FnMut() -> Result<T, Problem>) -> Result<T, Problem> {
    let mut last = None;

    for _ in 0..TRIES {
        let now = read();

        if last.as_ref() == Some(&now) {
            return now;
        }
        last = Some(now);
    }
    Err("it changes while it is read; try again when no modules are loaded or unloaded".into())
}

/// Memory with these pieces.
fn memory(pieces: Vec<Piece>) -> Memory {
    let places: Vec<_> = pieces
        .iter()
        .enumerate()
        .map(|(store, (at, bytes))| (*at, store, 0..bytes.len()))
        .collect();

    Memory::new(pieces.into_iter().map(|it| it.1).collect(), places)
}

#[cfg(test)]
mod tests;
