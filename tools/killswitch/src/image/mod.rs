// SPDX-License-Identifier: GPL-2.0-only

//! A kernel and its modules: their code, symbols, types and callbacks. They are read from files, and
//! are as they would be if it ran and all modules were loaded; or the kernel that runs is read from
//! its memory, with the modules that are loaded, and with files of others.
//!
//! The code in files is as it was compiled. What the kernel patches when it boots is not patched.

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

/// How far the end of the modules may be from the kernel, in bytes. All of it can be reached by
/// jumps, as in a kernel that runs.
const REACH: u64 = (2 << 30) - (1 << 20);
/// How far before the kernel lies what is nowhere, in bytes.
const FAR: u64 = 1 << 28;
/// What modules begin at a multiple of, in bytes.
const ALIGNMENT: u64 = 2 << 20;
/// How many modules are read at once, and how many bytes they may have.
const CHUNK: usize = 64;
const CHUNK_BYTES: u64 = 256 << 20;
/// How many bytes the kernel and all modules may hold. With those of a distribution, a scan takes
/// 632 MB in all.
const MAX_HELD: u64 = 640 << 20;
const TOO_LARGE: &str = "with the other modules it is larger than all of any kernel can be";
/// How much memory may be taken to decompress a module, in KiB. A quarter of that is usual.
const WINDOW: u32 = 32 << 10;
/// How many threads read modules at most.
const THREADS: usize = 4;

/// What a kernel was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Its file, and those of its modules.
    Files,
    /// Its memory, and the files of modules that are not loaded.
    Memory,
}

/// What code and references look like.
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

/// An area of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Where it lies.
    pub range: Range<u64>,
    /// The module that it is of, as an index of [`Image::modules`]; `None` for the kernel itself.
    pub module: Option<usize>,
    /// Whether it is freed when the kernel has booted, or the module has been set up.
    pub is_init: bool,
}

/// A module.
pub struct Module {
    /// What the kernel calls it.
    pub name: String,
    /// Its file, or its directory in sysfs if it was read from memory.
    pub path: PathBuf,
    btf: Option<Btf>,
    btf_base: Option<Btf>,
}

/// What the kernel calls the borders of its parts.
#[derive(Clone, Debug)]
struct Bounds {
    text: Range<u64>,
    init_text: Range<u64>,
    /// Where all of it ends.
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

        let is_there = |range: &Range<u64>| memory.range(range.clone()).is_some();
        // A kernel that runs has freed it.
        let has_init = source == Source::Memory || is_there(&init_text);
        let are_apart = init_text.is_empty()
            || has_init && (init_text.start >= text.end || init_text.end <= text.start);

        if text.is_empty() || !is_there(&text) || !are_apart {
            return Err("its code is not where its symbols say".into());
        }
        // There is room in front of it and behind it, so that distances can be added to addresses.
        if text.start < FAR || end.checked_add(FAR).is_none() {
            return Err("it does not lie where a kernel can".into());
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

/// What is collected of modules, and is made use of when all are there.
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
    /// Modules lie behind the kernel in this order. They must be of this kernel, which is not
    /// checked. Fails if any file cannot be read or is damaged.
    pub fn open(vmlinux: &Path, modules: &[PathBuf]) -> Result<Self, Error> {
        Self::open_with(vmlinux, |_| modules.to_vec())
    }

    /// The same, with the modules that `choose` names, which is given the kernel: its code and its
    /// symbols can be asked for then.
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

    /// Reads the kernel that runs from its memory, with the modules that are loaded, and of the
    /// files that `choose` names those of others, which lie behind all of these. It is given the
    /// kernel and the modules that are loaded: their code and their symbols can be asked for then.
    ///
    /// Fails if the kernel does not show its memory, symbols and types, or the files cannot be read.
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

    /// Makes it possible to ask for code and for symbols.
    fn sort(&mut self) {
        self.areas.sort_by_key(|area| area.range.start);
        self.symbols.index();
    }

    /// Adds the modules in files, which lie behind all there is, and finds out what is asked for. The
    /// kernel is that at `path`.
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

    /// The same with bytes in place of files, all of which are in memory at once.
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
            // An index of modules is made of any that has names.
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

    /// The kernel without any module, and what it exports.
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

    /// Where modules begin.
    fn base_of_modules(&self) -> u64 {
        self.bounds
            .end
            .max(self.memory.end())
            .checked_next_multiple_of(ALIGNMENT)
            .unwrap_or(u64::MAX)
    }

    /// What modules may hold besides the kernel.
    fn budget(&self) -> Budget {
        Budget::new(MAX_HELD.saturating_sub(self.memory.size() as u64), WINDOW)
    }

    /// Where the next module lies if `draft` lies at `base`.
    fn behind(&self, base: u64, draft: &Draft) -> Result<u64, Problem> {
        base.checked_add(draft.room())
            .filter(|end| *end < self.bounds.text.start.saturating_add(REACH))
            .ok_or_else(|| "there is no room for it behind the kernel and the other modules".into())
    }

    /// Where what is nowhere lies.
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
            return Err("it is for another architecture than the kernel".into());
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

    /// Adds a module, which lies behind the others.
    fn add(
        &mut self,
        module: Module,
        mut loaded: Loaded,
        collected: &mut Collected,
    ) -> Result<(), Problem> {
        let index = self.modules.len();

        if index >= MAX_MODULES {
            return Err("there are too many other modules".into());
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

    /// Links the modules, and finds out all that is asked for.
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

    /// The size that most symbols in front of functions have.
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

    /// What it was read from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// What it is for.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// All code: of the kernel, and of each module, sorted by address. Areas do not overlap.
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// The area of code that `address` is in.
    pub fn area(&self, address: u64) -> Option<&Area> {
        let after = self
            .areas
            .partition_point(|area| area.range.start <= address);

        self.areas[..after]
            .last()
            .filter(|area| area.range.contains(&address))
    }

    /// The modules: those that were read from memory, and then others in the order of their paths.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// What modules refer to and nobody exports: the index of the module, and the name. If there is
    /// much, the modules are not of this kernel, or some are not there.
    pub fn unresolved(&self) -> &[(usize, String)] {
        &self.unresolved
    }

    /// The index of the first module called `name`.
    pub fn module_named(&self, name: &str) -> Option<usize> {
        self.modules.iter().position(|module| module.name == name)
    }

    /// All symbols among the code, in the order of /proc/kallsyms: those of the kernel, and then
    /// those of each module.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol<'_>> {
        self.symbols
            .iter()
            .filter(|symbol| self.area(symbol.address).is_some())
    }

    /// The modules that are built into the kernel, as far as they have code of their own that runs
    /// when it boots. Empty if the kernel keeps no names of such.
    pub fn built_in(&self) -> BTreeSet<&str> {
        self.symbols
            .iter()
            .filter(|symbol| symbol.module.is_none())
            .filter_map(|symbol| symbol.name.strip_prefix("__initcall__kmod_"))
            .filter_map(|rest| rest.split("__").next())
            .collect()
    }

    /// What the kernel says of itself: its version, its maker, and the compiler.
    pub fn banner(&self) -> Option<String> {
        const LONGEST: usize = 1024;
        let start = self.named(Within::Kernel, "linux_banner").next()?.address;
        let bytes = (1..=LONGEST).rev().find_map(|it| self.read(start, it))?;
        let end = bytes.iter().position(|byte| *byte == b'\n' || *byte == 0)?;

        Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }

    /// The symbols called `name`, in the same order. They need not be code.
    pub fn named<'a>(&'a self, within: Within, name: &'a str) -> impl Iterator<Item = Symbol<'a>> {
        self.symbols.named(within, name)
    }

    /// All symbols that begin at `address`, in the same order.
    pub fn names(&self, address: u64) -> impl Iterator<Item = Symbol<'_>> {
        self.symbols.at(address)
    }

    /// The symbol that `address` belongs to: the last one that does not begin behind it, and the
    /// first of several there. The address is in the kernel, or in the code of a module.
    pub fn symbol_of(&self, address: u64) -> Option<Symbol<'_>> {
        self.belonging(address).map(|(symbol, _)| symbol)
    }

    /// From the beginning of the symbol that `address` belongs to until that of the next one, or
    /// the end of the area. The address is in the kernel, or in the code of a module.
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

    /// `length` bytes of code or of data that a file has, at `address`. References are in place.
    pub fn read(&self, address: u64, length: usize) -> Option<&[u8]> {
        self.memory.read(address, length)
    }

    /// Whether `text` stands somewhere among what was read.
    pub fn has_text(&self, text: &[u8]) -> bool {
        self.memory
            .pieces()
            .any(|(_, piece)| memchr::memmem::find(piece, text).is_some())
    }

    /// All that is data, in pieces, with their addresses. References are in place.
    pub fn data(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.memory
            .pieces()
            .flat_map(|(start, bytes)| self.without_code(start, bytes))
    }

    /// What lies between the areas of code in `bytes`, which lie at `start`.
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

    /// The symbol that `address` among data belongs to, and where the next one begins.
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

    /// How many bytes in front of a function belong to it, and have symbols of their own.
    pub fn padding(&self) -> usize {
        self.padding
    }

    /// The types of the kernel, or those of the module with this index and what they build on.
    /// `None` if there are none, or no such module.
    pub fn types(&self, module: Option<usize>) -> Option<Types<'_>> {
        let Some(index) = module else {
            return self.btf.as_ref().map(|own| Types::new(own, None));
        };
        let module = self.modules.get(index)?;
        let base = module.btf_base.as_ref().or(self.btf.as_ref());

        module.btf.as_ref().map(|own| Types::new(own, base))
    }

    /// Whether the table of the LSM framework is known. Without it there are no
    /// [`hooks()`](Self::hooks), though the kernel may have LSMs.
    pub fn has_hook_table(&self) -> bool {
        hooks::table(self).is_some()
    }

    /// The callbacks of all LSMs that are built in, enabled or not, by where they stand in memory.
    pub fn hooks(&self) -> &[Hook] {
        &self.hooks
    }

    /// Where the trampolines lie through which the LSM framework calls them, until one behind the
    /// beginning of the last one. Empty if there are none.
    pub fn trampolines(&self) -> Range<u64> {
        self.trampolines.clone()
    }

    /// Whether there is a place for tracers at `address` itself.
    pub fn is_traced(&self, address: u64) -> bool {
        self.traced.binary_search(&address).is_ok()
    }

    /// Whether the compiler left room for tracers in the function that begins at `entry`.
    pub fn has_site(&self, entry: u64) -> bool {
        self.is_traced(entry.wrapping_add(probes::site_behind(self, entry)))
    }

    /// The first place for tracers in `range`, which may be the [extent](Self::extent) of a
    /// function: its place may lie behind a landing pad.
    pub fn traced_in(&self, range: Range<u64>) -> Option<u64> {
        let first = self
            .traced
            .partition_point(|address| *address < range.start);

        self.traced
            .get(first)
            .copied()
            .filter(|address| range.contains(address))
    }

    /// Whether the kernel takes no probe at `address`, because of its section, or a list, or because
    /// it is in what the compiler made of a function of which that is so.
    pub fn is_blacklisted(&self, address: u64) -> bool {
        self.blacklist.contains(address)
            || probes::original(self, address)
                .is_some_and(|original| self.blacklist.contains(original))
    }
}

/// The threads that read modules. Each takes memory, so they are few.
fn readers() -> Result<rayon::ThreadPool, Problem> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);

    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.min(THREADS))
        .build()
        .map_err(|error| format!("no thread can be made: {error}").into())
}

/// What the kernel exports.
fn exports(memory: &Memory, symbols: &List) -> Exports {
    let mut exports = Exports::new();

    // Global symbols stand in for what the tables lack, and are not there for data in some kernels.
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

/// The suffixes of files of modules.
const SUFFIXES: [&str; 4] = [".ko", ".ko.gz", ".ko.xz", ".ko.zst"];

/// What the module in the file at `path` is called.
pub fn module_name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let name = SUFFIXES
        .iter()
        .find_map(|suffix| file.strip_suffix(suffix))
        .unwrap_or(&file);

    name.replace('-', "_")
}

/// The files of modules in `directory` and all below it, sorted. Directories that cannot be read are
/// left out, and so are links to directories.
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
