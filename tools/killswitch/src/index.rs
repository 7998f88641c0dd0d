// SPDX-License-Identifier: GPL-2.0-only

//! An index of the functions of a kernel's modules and of their dependencies, to read only the
//! modules that matter for a request. It is cached in a file.

use crate::{
    cache::{Cache, Stamp},
    image::{find_modules, module_name, names},
    machine::Machine,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    error::Error,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

/// Maximum number of modules read that are related to one function. Functions of the core have
/// hundreds of similar callers.
const MAX_AROUND: usize = 256;

/// The modules in a directory.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Index {
    /// All names, each with a line feed.
    text: String,
    modules: Vec<Module>,
    /// Where each name ends in the text.
    #[serde(skip)]
    ends: Vec<usize>,
}

/// A module. Its names are stored by number.
#[derive(Debug, Serialize, Deserialize)]
pub struct Module {
    /// Its name in the kernel.
    pub name: String,
    pub path: PathBuf,
    stamp: Stamp,
    /// Its functions, and all other symbols that are visible to modules.
    defined: Vec<u32>,
    needed: Vec<u32>,
}

/// The files to read to explain a function.
#[derive(Debug, PartialEq, Eq)]
pub struct Around {
    pub paths: Vec<PathBuf>,
    /// The number of related modules that are left out.
    pub left_out: usize,
}

impl Index {
    /// Returns the index of the modules in `directory`: the cached one of `machine`, or else
    /// creates and caches it. Fails if a module cannot be read.
    pub fn of(machine: &Machine, directory: &Path) -> Result<Self, Box<dyn Error>> {
        Self::in_cache(directory, Cache::own(machine).as_ref())
    }

    fn in_cache(directory: &Path, cache: Option<&Cache>) -> Result<Self, Box<dyn Error>> {
        let directory = directory.canonicalize()?;
        let paths = find_modules(&directory);
        let mut hasher = DefaultHasher::new();

        directory.hash(&mut hasher);
        let name = format!("modules-{:016x}", hasher.finish());
        let kept = cache.and_then(|it| Self::decoded(&it.read(&name)?));

        if let Some(kept) = kept.filter(|it| it.is_of(&paths)) {
            return Ok(kept);
        }
        let index = Self::new(&paths)?;

        // If this fails, the next run is slower.
        if let Some(cache) = cache {
            let _ = cache.keep(&name, &postcard::to_stdvec(&index)?);
        }
        Ok(index)
    }

    fn decoded(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok().map(Self::with_ends)
    }

    fn new(paths: &[PathBuf]) -> Result<Self, Box<dyn Error>> {
        // If a file changes while it is read, its stamp differs afterwards.
        let stamps: Vec<_> = paths.iter().map(|path| Stamp::of(path)).collect();
        let all = names(paths)?;
        let mut index = Self::default();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut numbered = |text: &mut String, names: Vec<String>| {
            let mut number = |name: String| {
                let next = numbers.len() as u32;

                *numbers.entry(name).or_insert_with_key(|name| {
                    // Names with a line feed cannot occur in requests.
                    text.extend(name.chars().filter(|it| *it != '\n').chain(['\n']));
                    next
                })
            };

            names.into_iter().map(&mut number).collect()
        };

        for ((path, stamp), names) in paths.iter().zip(stamps).zip(all) {
            let stamp = stamp.ok_or_else(|| format!("{}: gone", path.display()))?;

            index.modules.push(Module {
                name: module_name(path),
                path: path.clone(),
                stamp,
                defined: numbered(&mut index.text, names.defined),
                needed: numbered(&mut index.text, names.needed),
            });
        }
        Ok(index.with_ends())
    }

    fn with_ends(mut self) -> Self {
        self.ends = self.text.match_indices('\n').map(|(at, _)| at).collect();
        self
    }

    /// The name of this number; empty if there is none.
    fn name(&self, number: u32) -> &str {
        let at = number as usize;
        let start = at
            .checked_sub(1)
            .map_or(Some(0), |it| Some(self.ends.get(it)? + 1));

        match (start, self.ends.get(at)) {
            (Some(start), Some(end)) => &self.text[start..*end],
            _ => "",
        }
    }

    /// The numbers of the names that satisfy `is_meant`.
    fn meant(&self, is_meant: impl Fn(&str) -> bool) -> HashSet<u32> {
        self.text
            .lines()
            .zip(0..)
            .filter(|(name, _)| is_meant(name))
            .map(|(_, number)| number)
            .collect()
    }

    /// The modules that define names which satisfy `is_meant`, with these names.
    pub fn with(&self, is_meant: impl Fn(&str) -> bool) -> Vec<(&Module, Vec<&str>)> {
        let meant = self.meant(is_meant);
        let names = |module: &Module| -> Vec<_> {
            module
                .defined
                .iter()
                .filter(|it| meant.contains(it))
                .map(|it| self.name(*it))
                .collect()
        };

        self.modules
            .iter()
            .map(|it| (it, names(it)))
            .filter(|(_, names)| !names.is_empty())
            .collect()
    }

    fn is_of(&self, paths: &[PathBuf]) -> bool {
        self.modules.iter().map(|it| &it.path).eq(paths)
            && self
                .modules
                .par_iter()
                .all(|it| Stamp::of(&it.path).as_ref() == Some(&it.stamp))
    }

    /// All modules, sorted by path.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The files to read for the policy to give the same verdicts as with all modules, on functions
    /// of `modules` and on `functions` in any module: these modules, their callers, and all
    /// dependencies.
    pub fn needed_for(&self, modules: &BTreeSet<&str>, functions: &BTreeSet<&str>) -> Vec<PathBuf> {
        let functions = self.meant(|name| functions.contains(name));
        let is_meant = |module: &Module| {
            let has = |names: &[u32]| names.iter().any(|it| functions.contains(it));

            modules.contains(module.name.as_str()) || has(&module.defined) || has(&module.needed)
        };
        let found = (0..self.modules.len()).filter(|it| is_meant(&self.modules[*it]));

        self.with_needed(found.collect())
    }

    /// The files to read to explain the function `symbol`, of `module` if that has it. `callers`
    /// are the functions of the kernel itself that call it. Includes the modules with the function,
    /// their callers, modules that call into these, and callers of `callers`, up to a limit; and
    /// all dependencies. Leaves out modules that are read anyway.
    pub fn around(
        &self,
        module: Option<&str>,
        symbol: &str,
        callers: &BTreeSet<&str>,
        is_read: impl Fn(&str) -> bool,
    ) -> Around {
        let own = self.meant(|name| plain(name) == symbol);
        let all = |is_one: &dyn Fn(&Module) -> bool| -> Vec<usize> {
            let is_one = |it: &usize| is_one(&self.modules[*it]);

            (0..self.modules.len()).filter(is_one).collect()
        };
        let has = |names: &[u32], wanted: &HashSet<u32>| names.iter().any(|it| wanted.contains(it));
        let mut homes = all(&|it| has(&it.defined, &own));
        let is_named = |it: &usize| Some(&*self.modules[*it].name) == module;

        if homes.iter().any(is_named) {
            homes.retain(is_named);
        }
        let of_homes = homes.iter().flat_map(|it| &self.modules[*it].defined);
        let of_homes: HashSet<u32> = of_homes.copied().collect();
        let callers = self.meant(|name| callers.contains(name));
        let mut found = all(&|it| Some(&*it.name) == module);

        found.extend(&homes);
        for wanted in [&own, &of_homes, &callers] {
            found.extend(all(&|it| has(&it.needed, wanted)));
        }
        let mut seen = HashSet::new();
        found.retain(|it| seen.insert(*it) && !is_read(&self.modules[*it].name));
        let left_out = found.len().saturating_sub(MAX_AROUND);

        found.truncate(MAX_AROUND);
        Around {
            paths: self.with_needed(found),
            left_out,
        }
    }

    /// The files of these modules and of their dependencies.
    fn with_needed(&self, mut queue: Vec<usize>) -> Vec<PathBuf> {
        let mut found: BTreeSet<usize> = queue.iter().copied().collect();
        let modules = self.modules.iter().enumerate();
        let mut definers: Vec<(u32, usize)> = modules
            .flat_map(|(at, module)| module.defined.iter().map(move |name| (*name, at)))
            .collect();

        definers.sort_unstable();
        while let Some(at) = queue.pop() {
            let of = |name: &u32| {
                let first = definers.partition_point(|it| it.0 < *name);
                let name = *name;

                definers[first..].iter().take_while(move |it| it.0 == name)
            };

            for (_, other) in self.modules[at].needed.iter().flat_map(of) {
                if found.insert(*other) {
                    queue.push(*other);
                }
            }
        }
        found
            .into_iter()
            .map(|at| self.modules[at].path.clone())
            .collect()
    }
}

/// The name in the source of a compiler-generated variant.
pub fn plain(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests;
