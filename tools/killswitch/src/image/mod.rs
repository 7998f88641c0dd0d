// SPDX-License-Identifier: GPL-2.0-only

//! A kernel and its modules: code, symbols, types and callbacks. They are read from files, as if
//! the kernel ran with all modules loaded; or from the memory of the running kernel with the loaded
//! modules, and from the files of other modules.
//!
//! Code from files is as it was compiled, without the kernel's patches at boot.

mod arm64_image;
#[cfg(test)]
pub mod arm64_tests;
mod boot_image;
mod btf;
mod bytes;
mod compression;
mod core;
mod dwarf;
mod elf;
mod error;
mod hooks;
mod kallsyms;
mod kernel;
mod memory;
mod module;
mod names;
mod probes;
#[cfg(test)]
mod real;
mod relocation;
mod running;
#[cfg(test)]
pub mod sample;
#[cfg(test)]
mod sample_core;
mod symbols;
#[cfg(test)]
pub mod tests;

/// The kinds of types.
pub mod kinds {
    pub use super::btf::{
        ARRAY, CONST, ENUM, ENUM64, FORWARD, FUNC_PROTO, INT, POINTER, RESTRICT, STRUCT, TYPEDEF,
        TYPE_TAG, UNION, VOLATILE,
    };
}

#[cfg(test)]
pub(crate) use self::dwarf::tests::with_copy;
pub use self::{
    btf::{Type, Types},
    dwarf::Origin,
    error::Error,
    hooks::Hook,
    names::names,
    running::Places,
    symbols::{Symbol, Within},
};

use self::{
    btf::Btf,
    compression::Budget,
    error::Problem,
    kernel::Kernel,
    memory::Memory,
    module::{Draft, Exports, Loaded},
    probes::Blacklist,
    running::Running,
    symbols::{List, Symbols, MAX_MODULES},
};
use rayon::prelude::*;
use serde::Serialize;
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    num::NonZero,
    ops::Range,
    path::{Path, PathBuf},
    thread,
};

/// Maximum distance of the end of the modules from the kernel, in bytes. As in a running kernel,
/// jumps can reach all of it.
const REACH: u64 = (2 << 30) - (1 << 20);
/// The distance before the kernel of the address of unresolved symbols, in bytes.
const FAR: u64 = 1 << 28;
/// The alignment of modules, in bytes.
const ALIGNMENT: u64 = 2 << 20;
/// Maximum number of modules read at once, and of their bytes.
const CHUNK: usize = 64;
const CHUNK_BYTES: u64 = 256 << 20;
/// Memory limit of the kernel and all modules, in bytes. With those of a distribution, a scan takes
/// 632 MB in total.
const MAX_HELD: u64 = 640 << 20;
const TOO_LARGE: &str = "with the other modules it exceeds the size limit";
/// Memory limit to decompress a module, in KiB. A quarter of that is usual.
const WINDOW: u32 = 32 << 10;
/// Maximum number of threads that read modules.
const THREADS: usize = 4;

/// The source of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Its file, and those of its modules.
    Files,
    /// Its memory, and the files of modules that are not loaded.
    Memory,
}

/// The architecture of code and references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// x86-64.
    X86,
    /// arm64.
    Arm64,
}

/// A kernel and its modules.
pub struct Image {
    source: Source,
    architecture: Architecture,
    memory: Memory,
    areas: Vec<Area>,
    modules: Vec<Module>,
    symbols: Symbols,
    bounds: Bounds,
    padding: usize,
    btf: Option<Btf>,
    hooks: Vec<Hook>,
    trampolines: Range<u64>,
    /// Sorted.
    traced: Vec<u64>,
    blacklist: Blacklist,
    unresolved: Vec<(usize, String)>,
}

/// A range of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Where it lies.
    pub range: Range<u64>,
    /// The index of its module in [`Image::modules`]; `None` for the kernel itself.
    pub module: Option<usize>,
    /// Whether it is freed after boot, or after the module's initialization.
    pub is_init: bool,
}

/// A module.
pub struct Module {
    /// Its name in the kernel.
    pub name: String,
    /// Its file, or its directory in sysfs if it was read from memory.
    pub path: PathBuf,
    btf: Option<Btf>,
    btf_base: Option<Btf>,
}

/// The symbols at the borders of the kernel's sections.
#[derive(Clone, Debug)]
struct Bounds {
    text: Range<u64>,
    init_text: Range<u64>,
    /// The end of the kernel.
    end: u64,
}

impl Bounds {
    fn of(symbols: &List, memory: &Memory, source: Source) -> Result<Self, Problem> {
        let required = |name: &str| {
            symbols
                .address_of(name)
                .ok_or_else(|| Problem::from(format!("it has no symbol {name}")))
        };
        let text = required("_stext")?..required("_etext")?;
        let init = |name| symbols.address_of(name).unwrap_or(0);
        let init_text = init("_sinittext")..init("_einittext");
        let end = symbols.address_of("_end").unwrap_or(0).max(memory.end());

        let exists = |range: &Range<u64>| memory.range(range.clone()).is_some();
        // A running kernel has freed it.
        let has_init = source == Source::Memory || exists(&init_text);
        let are_apart = init_text.is_empty()
            || has_init && (init_text.start >= text.end || init_text.end <= text.start);

        if text.is_empty() || !exists(&text) || !are_apart {
            return Err("its symbols are not in its code".into());
        }
        // The margins on both sides allow adding distances to addresses.
        if text.start < FAR || end.checked_add(FAR).is_none() {
            return Err("it is outside of the kernel's address space".into());
        }
        Ok(Self {
            text,
            init_text,
            end,
        })
    }

    /// The areas of code.
    fn areas(&self) -> Vec<Area> {
        [(&self.text, false), (&self.init_text, true)]
            .into_iter()
            .filter(|(range, _)| !range.is_empty())
            .map(|(range, is_init)| Area {
                range: range.clone(),
                module: None,
                is_init,
            })
            .collect()
    }
}

/// Data of modules for use when all are loaded.
#[derive(Default)]
struct Collected {
    loaded: Vec<Loaded>,
    exports: Exports,
    traced: Vec<u64>,
    unprobed: Vec<u64>,
    unprobed_areas: Vec<Range<u64>>,
}

impl Image {
    /// Reads the kernel `vmlinux`, which is an ELF file or a boot image, and the files of
    /// `modules`, which may be compressed.
    ///
    /// Modules are placed after the kernel in this order. They must belong to this kernel, which is
    /// not checked. Fails if a file cannot be read or is corrupt.
    pub fn open(vmlinux: &Path, modules: &[PathBuf]) -> Result<Self, Error> {
        Self::open_with(vmlinux, |_| modules.to_vec())
    }

    /// The same, with the modules that `choose` returns for the kernel, of which it can query code
    /// and symbols.
    pub fn open_with(
        vmlinux: &Path,
        choose: impl FnOnce(&Self) -> Vec<PathBuf>,
    ) -> Result<Self, Error> {
        let kernel = kernel::read(vmlinux).map_err(|problem| problem.with(vmlinux))?;
        let (mut image, exports) =
            Self::of_kernel(kernel, Source::Files).map_err(|problem| problem.with(vmlinux))?;

        image.sort();
        let modules = choose(&image);

        image.with_files(&modules, exports, Collected::default(), vmlinux)
    }

    /// Reads the running kernel from its memory, with the loaded modules, and files of other
    /// modules, which are placed after them. `choose` returns these files, given the kernel and the
    /// loaded modules, of which it can query code and symbols.
    ///
    /// Fails if the kernel does not export its memory, symbols and types, or if the files cannot be
    /// read.
    pub fn running(
        places: &Places,
        choose: impl FnOnce(&Self) -> Vec<PathBuf>,
    ) -> Result<Self, Error> {
        let Running {
            kernel,
            modules: loaded,
            memory,
            traced,
            unprobed,
        } = running::read(places)?;
        let (mut image, exports) = Self::of_kernel(kernel, Source::Memory)
            .map_err(|problem| problem.with(&places.core))?;
        let mut collected = Collected {
            traced,
            unprobed_areas: unprobed,
            ..Collected::default()
        };

        image.memory.append(memory);
        for module in loaded {
            let path = Path::new("/sys/module").join(&module.name);
            let types = places.types.join(&module.name);
            let btf = module
                .btf
                .map(|bytes| Btf::new(bytes, image.btf.as_ref()))
                .transpose()
                .map_err(|problem| problem.with(&types))?;
            let is_exported = |kind: u8| kind.is_ascii_uppercase();
            let exports = module.symbols.iter().filter(|it| is_exported(it.1));
            let loaded = Loaded {
                text: module.text,
                exports: exports.map(|it| (it.2.to_owned(), it.0)).collect(),
                symbols: module.symbols,
                ..Loaded::default()
            };

            image
                .add(
                    Module {
                        name: module.name,
                        path,
                        btf,
                        btf_base: None,
                    },
                    loaded,
                    &mut collected,
                )
                .map_err(|problem| problem.with(&places.core))?;
        }
        image.sort();
        let mut others = choose(&image);

        others.retain(|path| image.module_named(&module_name(path)).is_none());
        image.with_files(&others, exports, collected, &places.core)
    }

    /// Sorts areas and symbols for queries.
    fn sort(&mut self) {
        self.areas.sort_by_key(|area| area.range.start);
        self.symbols.index();
    }

    /// Adds module files, placed after all others, and computes everything else. `path` is the path
    /// of the kernel.
    fn with_files(
        self,
        modules: &[PathBuf],
        exports: Exports,
        mut collected: Collected,
        path: &Path,
    ) -> Result<Self, Error> {
        let mut image = self;
        let pool = readers().map_err(|problem| problem.with(path))?;
        let held = image.budget();
        let mut base = image.base_of_modules();

        for paths in modules.chunks(CHUNK) {
            let budget = Budget::new(CHUNK_BYTES, WINDOW);
            let drafts: Vec<_> = pool.install(|| {
                paths
                    .par_iter()
                    .map(|it| Draft::open(it, &budget))
                    .collect()
            });
            let mut placed = Vec::new();

            for (draft, path) in drafts.into_iter().zip(paths) {
                let draft = draft.map_err(|problem| problem.with(path))?;
                let start = base;

                base = image
                    .behind(start, &draft)
                    .map_err(|problem| problem.with(path))?;
                placed.push((draft, start, path));
            }
            let loaded: Vec<_> = pool.install(|| {
                placed
                    .into_par_iter()
                    .map(|(draft, start, path)| {
                        image
                            .load(draft, start, path, &exports, &held)
                            .map_err(|problem| problem.with(path))
                    })
                    .collect()
            });
            for loaded in loaded {
                let (module, loaded) = loaded?;
                let path = module.path.clone();

                image
                    .add(module, loaded, &mut collected)
                    .map_err(|problem| problem.with(&path))?;
            }
        }
        image
            .finish(collected)
            .map_err(|problem| problem.with(path))?;
        Ok(image)
    }

    /// The same for bytes instead of files, which are all in memory at once.
    #[cfg(any(test, fuzzing))]
    pub fn in_bytes(kernel: Vec<u8>, modules: &[Vec<u8>]) -> Result<Self, Problem> {
        let kernel = match kernel::is_booted(&kernel) {
            true => kernel::in_boot_image(kernel)?,
            false => kernel::in_bytes(kernel)?,
        };
        let (mut image, exports) = Self::of_kernel(kernel, Source::Files)?;
        let mut collected = Collected::default();
        let held = image.budget();
        let mut base = image.base_of_modules();

        for (index, bytes) in modules.iter().enumerate() {
            let bytes = match bytes.starts_with(b"\x7fELF") {
                true => bytes.clone(),
                false => compression::decompress(bytes, &Budget::new(module::MAX_MODULE, WINDOW))?,
            };
            // The index accepts any module with names.
            let _ = names::of(&bytes[..]);
            let draft = Draft::in_bytes(bytes)?;
            let start = base;
            let path = PathBuf::from(format!("module-{index}.ko"));

            base = image.behind(start, &draft)?;
            let (module, loaded) = image.load(draft, start, &path, &exports, &held)?;
            image.add(module, loaded, &mut collected)?;
        }
        image.finish(collected)?;
        Ok(image)
    }

    /// The kernel without modules, and its exports.
    fn of_kernel(kernel: Kernel, source: Source) -> Result<(Self, Exports), Problem> {
        let Kernel {
            architecture,
            memory,
            symbols,
            btf,
        } = kernel;
        let bounds = Bounds::of(&symbols, &memory, source)?;
        let exports = exports(&memory, &symbols);
        let image = Self {
            source,
            architecture,
            btf,
            areas: bounds.areas(),
            modules: Vec::new(),
            symbols: Symbols::new(symbols)?,
            padding: 0,
            hooks: Vec::new(),
            trampolines: 0..0,
            traced: Vec::new(),
            blacklist: Blacklist::default(),
            unresolved: Vec::new(),
            memory,
            bounds,
        };

        Ok((image, exports))
    }

    /// The address of the first module.
    fn base_of_modules(&self) -> u64 {
        self.bounds
            .end
            .max(self.memory.end())
            .checked_next_multiple_of(ALIGNMENT)
            .unwrap_or(u64::MAX)
    }

    /// The memory budget of modules, without the kernel.
    fn budget(&self) -> Budget {
        Budget::new(MAX_HELD.saturating_sub(self.memory.size() as u64), WINDOW)
    }

    /// The address for the module after `draft` at `base`.
    fn behind(&self, base: u64, draft: &Draft) -> Result<u64, Problem> {
        base.checked_add(draft.room())
            .filter(|end| *end < self.bounds.text.start.saturating_add(REACH))
            .ok_or_else(|| "there is no room for it after the other modules".into())
    }

    /// The address of unresolved symbols.
    fn far(&self) -> u64 {
        self.bounds.text.start.saturating_sub(FAR)
    }

    fn load(
        &self,
        draft: Draft,
        base: u64,
        path: &Path,
        exports: &Exports,
        held: &Budget,
    ) -> Result<(Module, Loaded), Problem> {
        if draft.architecture() != self.architecture {
            return Err("its architecture differs from the kernel's".into());
        }
        let mut loaded = draft.load(base, exports, self.far())?;
        let read = |bytes: Option<Vec<u8>>, base| {
            bytes
                .filter(|bytes| !bytes.is_empty())
                .map(|bytes| Btf::new(bytes, base))
                .transpose()
        };
        let btf_base = read(loaded.btf_base.take(), None)?;
        let btf = match btf_base.as_ref().or(self.btf.as_ref()) {
            Some(base) => read(loaded.btf.take(), Some(base))?,
            None => None,
        };
        let types = [&btf, &btf_base].into_iter().flatten().map(Btf::size);
        let size = loaded.size() + types.sum::<usize>();

        held.take(size as u64).map_err(|_| TOO_LARGE)?;
        Ok((
            Module {
                name: module_name(path),
                path: path.into(),
                btf,
                btf_base,
            },
            loaded,
        ))
    }

    /// Adds a module after the others.
    fn add(
        &mut self,
        module: Module,
        mut loaded: Loaded,
        collected: &mut Collected,
    ) -> Result<(), Problem> {
        let index = self.modules.len();

        if index >= MAX_MODULES {
            return Err("there are too many modules".into());
        }
        for (range, is_init) in [(&loaded.text, false), (&loaded.init_text, true)] {
            if !range.is_empty() {
                self.areas.push(Area {
                    range: range.clone(),
                    module: Some(index),
                    is_init,
                });
            }
        }
        self.modules.push(module);
        self.symbols
            .add_module(std::mem::take(&mut loaded.symbols), index)?;
        collected.traced.append(&mut loaded.traced);
        collected.unprobed.append(&mut loaded.unprobed);
        collected.unprobed_areas.append(&mut loaded.unprobed_areas);
        for (name, address) in loaded.exports.drain(..) {
            collected.exports.entry(name).or_insert(address);
        }
        collected.loaded.push(loaded);
        Ok(())
    }

    /// Links the modules, and computes everything else.
    fn finish(&mut self, collected: Collected) -> Result<(), Problem> {
        let far = self.far();

        for (index, mut loaded) in collected.loaded.into_iter().enumerate() {
            let unresolved = loaded.link(&collected.exports, far);

            self.unresolved
                .extend(unresolved.into_iter().map(|name| (index, name)));
            self.memory.append(loaded.memory);
        }
        self.sort();
        self.padding = self.find_padding();
        let mut traced = probes::traced(self);

        traced.extend(collected.traced);
        for place in &mut traced {
            *place = probes::site(self, *place);
        }
        traced.retain(|address| self.area(*address).is_some());
        traced.sort_unstable();
        self.traced = traced;
        self.blacklist = probes::blacklist(self, &collected.unprobed, &collected.unprobed_areas);
        self.hooks = hooks::find(self)?;
        self.trampolines = hooks::trampolines(self);
        Ok(())
    }

    /// The most common size of symbols before functions.
    fn find_padding(&self) -> usize {
        let mut sizes: HashMap<u64, usize> = HashMap::new();
        let is_padding = |name: &str| name.starts_with("__pfx_") || name.starts_with("__cfi_");

        for symbol in self.symbols().filter(|symbol| is_padding(symbol.name)) {
            if let Some(extent) = self.extent(symbol.address) {
                *sizes.entry(extent.end - extent.start).or_default() += 1;
            }
        }
        sizes
            .into_iter()
            .max_by_key(|(size, count)| (*count, *size))
            .map_or(0, |(size, _)| size as usize)
    }

    /// The range between the kernel's symbols `first` and `last`, if it has both.
    fn between(&self, first: &str, last: &str) -> Option<Range<u64>> {
        let address = |name| {
            self.named(Within::Kernel, name)
                .map(|symbol| symbol.address)
                .next()
        };

        Some(address(first)?..address(last)?)
    }

    /// Its source.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Its architecture.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// All code: of the kernel, and of each module, sorted by address, without overlaps.
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// The area of code that contains `address`.
    pub fn area(&self, address: u64) -> Option<&Area> {
        let after = self
            .areas
            .partition_point(|area| area.range.start <= address);

        self.areas[..after]
            .last()
            .filter(|area| area.range.contains(&address))
    }

    /// The modules: those read from memory, then the others, sorted by path.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// Unresolved symbols: the index of the module, and the name. If there are many, the modules
    /// belong to another kernel, or some are missing.
    pub fn unresolved(&self) -> &[(usize, String)] {
        &self.unresolved
    }

    /// The index of the first module called `name`.
    pub fn module_named(&self, name: &str) -> Option<usize> {
        self.modules.iter().position(|module| module.name == name)
    }

    /// All symbols in code, in the order of /proc/kallsyms: those of the kernel, and then those of
    /// each module.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol<'_>> {
        self.symbols
            .iter()
            .filter(|symbol| self.area(symbol.address).is_some())
    }

    /// The built-in modules that have initialization code of their own. Empty if the kernel does
    /// not have their names.
    pub fn built_in(&self) -> BTreeSet<&str> {
        self.symbols
            .iter()
            .filter(|symbol| symbol.module.is_none())
            .filter_map(|symbol| symbol.name.strip_prefix("__initcall__kmod_"))
            .filter_map(|rest| rest.split("__").next())
            .collect()
    }

    /// The kernel's banner: version, builder, and compiler.
    pub fn banner(&self) -> Option<String> {
        const LONGEST: usize = 1024;
        let start = self.named(Within::Kernel, "linux_banner").next()?.address;
        let bytes = (1..=LONGEST).rev().find_map(|it| self.read(start, it))?;
        let end = bytes.iter().position(|byte| *byte == b'\n' || *byte == 0)?;

        Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }

    /// The symbols called `name`, in the same order, not only in code.
    pub fn named<'a>(&'a self, within: Within, name: &'a str) -> impl Iterator<Item = Symbol<'a>> {
        self.symbols.named(within, name)
    }

    /// All symbols at `address`, in the same order.
    pub fn names(&self, address: u64) -> impl Iterator<Item = Symbol<'_>> {
        self.symbols.at(address)
    }

    /// The symbol that contains `address`: the last one at or before it, and the first of several
    /// there. The address must be in the kernel, or in the code of a module.
    pub fn symbol_of(&self, address: u64) -> Option<Symbol<'_>> {
        self.belonging(address).map(|(symbol, _)| symbol)
    }

    /// The range from the symbol that contains `address` to the next one, or to the end of the
    /// area. The address must be in the kernel, or in the code of a module.
    pub fn extent(&self, address: u64) -> Option<Range<u64>> {
        self.belonging(address)
            .map(|(symbol, end)| symbol.address..end)
    }

    fn belonging(&self, address: u64) -> Option<(Symbol<'_>, u64)> {
        let bounds = &self.bounds;

        if (bounds.text.start..=bounds.end).contains(&address) {
            let (symbol, end) = self.symbols.in_kernel(address)?;
            let end = end.unwrap_or(match bounds.init_text.contains(&address) {
                true => bounds.init_text.end,
                false => bounds.end,
            });

            return Some((symbol, end)).filter(|_| end > symbol.address);
        }
        let area = self.area(address)?;

        self.symbols.in_module(&area.range, address)
    }

    /// Reads `length` bytes of relocated code or initialized data at `address`.
    pub fn read(&self, address: u64, length: usize) -> Option<&[u8]> {
        self.memory.read(address, length)
    }

    /// Whether `text` occurs anywhere in memory.
    pub fn has_text(&self, text: &[u8]) -> bool {
        self.memory
            .pieces()
            .any(|(_, piece)| memchr::memmem::find(piece, text).is_some())
    }

    /// All relocated data, in pieces, with their addresses.
    pub fn data(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.memory
            .pieces()
            .flat_map(|(start, bytes)| self.without_code(start, bytes))
    }

    /// The gaps between areas of code in `bytes`, which are at `start`.
    fn without_code<'a>(&self, start: u64, bytes: &'a [u8]) -> Vec<(u64, &'a [u8])> {
        let end = start + bytes.len() as u64;
        let first = self.areas.partition_point(|area| area.range.end <= start);
        let mut from = start;
        let mut found = Vec::new();
        let mut add = |range: Range<u64>| {
            if !range.is_empty() {
                let within = (range.start - start) as usize..(range.end - start) as usize;

                found.push((range.start, &bytes[within]));
            }
        };

        for area in self.areas[first..].iter().map(|area| &area.range) {
            if area.start >= end {
                break;
            }
            add(from..area.start.min(end));
            from = from.max(area.end);
        }
        add(from..end);
        found
    }

    /// The data symbol that contains `address`, and the address of the next one.
    pub fn object(&self, address: u64) -> Option<(Symbol<'_>, u64)> {
        let bounds = &self.bounds;
        let (symbol, end) = match (bounds.text.start..bounds.end).contains(&address) {
            true => self.symbols.in_kernel(address)?,
            false => self.symbols.in_modules(address)?,
        };
        let is_data = matches!(
            symbol.kind.to_ascii_lowercase(),
            'b' | 'd' | 'g' | 'r' | 's' | 'v'
        );

        is_data.then_some((symbol, end.unwrap_or(u64::MAX)))
    }

    /// The size of the padding before functions that has symbols of its own.
    pub fn padding(&self) -> usize {
        self.padding
    }

    /// The types of the kernel, or those of the module with this index and of its base. `None` if
    /// there are none, or no such module.
    pub fn types(&self, module: Option<usize>) -> Option<Types<'_>> {
        let Some(index) = module else {
            return self.btf.as_ref().map(|own| Types::new(own, None));
        };
        let module = self.modules.get(index)?;
        let base = module.btf_base.as_ref().or(self.btf.as_ref());

        module.btf.as_ref().map(|own| Types::new(own, base))
    }

    /// Whether the table of the LSM framework was found. Without it there are no
    /// [`hooks()`](Self::hooks), even if the kernel has LSMs.
    pub fn has_hook_table(&self) -> bool {
        hooks::table(self).is_some()
    }

    /// The callbacks of all built-in LSMs, enabled or not, sorted by place.
    pub fn hooks(&self) -> &[Hook] {
        &self.hooks
    }

    /// The trampolines through which the LSM framework calls them, up to one byte past the start of
    /// the last one. Empty if there are none.
    pub fn trampolines(&self) -> Range<u64> {
        self.trampolines.clone()
    }

    /// Whether `address` is an ftrace location.
    pub fn is_traced(&self, address: u64) -> bool {
        self.traced.binary_search(&address).is_ok()
    }

    /// Whether the compiler reserved space for ftrace in the function at `entry`.
    pub fn has_site(&self, entry: u64) -> bool {
        self.is_traced(entry.wrapping_add(probes::site_behind(self, entry)))
    }

    /// The first ftrace location in `range`, which may be the [extent](Self::extent) of a function:
    /// it may follow a landing pad.
    pub fn traced_in(&self, range: Range<u64>) -> Option<u64> {
        let first = self
            .traced
            .partition_point(|address| *address < range.start);

        self.traced
            .get(first)
            .copied()
            .filter(|address| range.contains(address))
    }

    /// Whether the kernel refuses probes at `address`, because of its section, of a blacklist
    /// entry, or because it is in a compiler-generated variant of such a function.
    pub fn is_blacklisted(&self, address: u64) -> bool {
        self.blacklist.contains(address)
            || probes::original(self, address)
                .is_some_and(|original| self.blacklist.contains(original))
    }
}

/// The threads that read modules. They are few, since each needs memory.
fn readers() -> Result<rayon::ThreadPool, Problem> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);

    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.min(THREADS))
        .build()
        .map_err(|error| format!("cannot create a thread: {error}").into())
}

/// The exports of the kernel.
fn exports(memory: &Memory, symbols: &List) -> Exports {
    let mut exports = Exports::new();

    // Some kernels do not export data in tables: use global symbols as a fallback.
    for (address, kind, name) in symbols.iter() {
        if kind.is_ascii_uppercase() {
            exports.entry(name.into()).or_insert(address);
        }
    }
    for table in ["ksymtab", "ksymtab_gpl"] {
        let border = |side| symbols.address_of(&format!("__{side}___{table}"));

        if let (Some(start), Some(stop)) = (border("start"), border("stop")) {
            for (name, address) in memory::exports(memory, start..stop) {
                exports.insert(name.into(), address);
            }
        }
    }
    exports
}

/// The suffixes of module files.
const SUFFIXES: [&str; 4] = [".ko", ".ko.gz", ".ko.xz", ".ko.zst"];

/// The name of the module in the file at `path`.
pub fn module_name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let name = SUFFIXES
        .iter()
        .find_map(|suffix| file.strip_suffix(suffix))
        .unwrap_or(&file);

    name.replace('-', "_")
}

/// The module files below `directory`, sorted. Skips unreadable directories, and links to
/// directories.
pub fn find_modules(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_path_buf()];

    while let Some(directory) = directories.pop() {
        let Ok(entries) = fs::read_dir(directory) else {
            continue;
        };

        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();

            if entry.file_type().is_ok_and(|it| it.is_dir()) {
                directories.push(entry.path());
            } else if SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}
