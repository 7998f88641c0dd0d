// SPDX-License-Identifier: GPL-2.0-only

//! Which functions the modules of a kernel have, and which they need of each other, so that only
//! those are read that matter to a question. It is kept in a file.

use crate::{
    file,
    image::{find_modules, module_name, names},
    machine::is_protected,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    env,
    error::Error,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    process,
};

/// The form of the file. A program with another one makes its own.
const FORM: u32 = 2;
/// The largest such file that is read, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// The modules in a directory.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Index {
    form: u32,
    /// All names, each with a line feed behind it.
    text: String,
    modules: Vec<Module>,
    /// Where in the text each name ends.
    #[serde(skip)]
    ends: Vec<usize>,
}

/// A module, with names by their numbers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Module {
    /// What the kernel calls it.
    pub name: String,
    pub path: PathBuf,
    stamp: Stamp,
    /// Its functions, and all else that other modules may see.
    defined: Vec<u32>,
    needed: Vec<u32>,
}

/// What changes when a file does.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    seconds: i64,
    nanoseconds: i64,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;

        Some(Self {
            size: metadata.size(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
            inode: metadata.ino(),
        })
    }
}

impl Index {
    /// The index of the modules in `directory`: what is kept of it, or made now, and kept. Fails if
    /// a module cannot be read.
    pub fn of(directory: &Path) -> Result<Self, Box<dyn Error>> {
        let directory = directory.canonicalize()?;
        let paths = find_modules(&directory);
        let place = place(&directory);
        let kept = place.as_deref().and_then(Self::kept);

        if let Some(kept) = kept.filter(|it| it.is_of(&paths)) {
            return Ok(kept);
        }
        let index = Self::new(&paths)?;

        // Without, it only takes longer the next time.
        if let Some(place) = place {
            let _ = index.keep(&place);
        }
        Ok(index)
    }

    fn new(paths: &[PathBuf]) -> Result<Self, Box<dyn Error>> {
        // What changes while it is read has another stamp behind that.
        let stamps: Vec<_> = paths.iter().map(|path| Stamp::of(path)).collect();
        let all = names(paths)?;
        let mut index = Self {
            form: FORM,
            ..Self::default()
        };
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut numbered = |text: &mut String, names: Vec<String>| {
            let mut number = |name: String| {
                let next = numbers.len() as u32;

                *numbers.entry(name).or_insert_with_key(|name| {
                    // Nothing that could be asked for has a line feed in its name.
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

    /// Which names are meant, by their numbers.
    fn meant(&self, is_meant: impl Fn(&str) -> bool) -> HashSet<u32> {
        self.text
            .lines()
            .zip(0..)
            .filter(|(name, _)| is_meant(name))
            .map(|(_, number)| number)
            .collect()
    }

    /// The modules that define a name which is meant, with these names.
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

    fn kept(place: &Path) -> Option<Self> {
        let bytes = file::read(place, MAX_FILE).ok()?;

        postcard::from_bytes(&bytes)
            .ok()
            .filter(|it: &Self| it.form == FORM)
            .map(Self::with_ends)
    }

    fn is_of(&self, paths: &[PathBuf]) -> bool {
        self.modules.iter().map(|it| &it.path).eq(paths)
            && self
                .modules
                .par_iter()
                .all(|it| Stamp::of(&it.path).as_ref() == Some(&it.stamp))
    }

    /// Writes it beside its place, and moves it there, so that what is there is whole.
    fn keep(&self, place: &Path) -> Result<(), Box<dyn Error>> {
        let directory = place.parent().ok_or("it is no file")?;
        let aside = place.with_extension(process::id().to_string());

        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
        let bytes = postcard::to_stdvec(self)?;
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&aside)
            .and_then(|mut file| file.write_all(&bytes))
            .and_then(|()| fs::rename(&aside, place));

        if written.is_err() {
            let _ = fs::remove_file(&aside);
        }
        Ok(written?)
    }

    /// All modules, in the order of their paths.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The files to read so that the policy says about functions of `modules`, and about `functions`
    /// wherever they are, what it says when all modules are read: these, those that call them, and
    /// all that these need.
    pub fn needed_for(&self, modules: &BTreeSet<&str>, functions: &BTreeSet<&str>) -> Vec<PathBuf> {
        let functions = self.meant(|name| functions.contains(name));
        let mut definers: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut queue = Vec::new();

        for (at, module) in self.modules.iter().enumerate() {
            let has = |names: &[u32]| names.iter().any(|it| functions.contains(it));

            for name in &module.defined {
                definers.entry(*name).or_default().push(at);
            }
            if modules.contains(module.name.as_str()) || has(&module.defined) || has(&module.needed)
            {
                queue.push(at);
            }
        }
        let mut found: HashSet<usize> = queue.iter().copied().collect();

        while let Some(at) = queue.pop() {
            let of = |name: &u32| definers.get(name);

            for other in self.modules[at].needed.iter().filter_map(of).flatten() {
                if found.insert(*other) {
                    queue.push(*other);
                }
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();

        found.sort_unstable();
        found
            .into_iter()
            .map(|at| self.modules[at].path.clone())
            .collect()
    }
}

/// Where the index of the modules in `directory` is kept, if there is a place for such.
fn place(directory: &Path) -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|it| it.is_absolute())
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    let mut hasher = DefaultHasher::new();

    directory.hash(&mut hasher);
    // In the home of another user, that user would say what is read, and what is written where.
    Some(cache.join(format!("killswitch/modules-{:016x}", hasher.finish())))
        .filter(|place| is_protected(place))
}

#[cfg(test)]
mod tests;
