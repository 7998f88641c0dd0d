// SPDX-License-Identifier: GPL-2.0-only

//! Copies of a function that run on when it is engaged, as debug information has them: those that the
//! compiler inlined, and those that it made under other names.

use super::Index;
use crate::{
    image::{Image, Origin},
    kernel::Function,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{self, Write},
    path::Path,
};

/// How many places are shown to people, and in JSON.
const MAX_PLACES: usize = 8;
const MAX_LISTED: usize = 64;

/// What debug information says, by the module: what of the functions that were asked for, nothing if
/// there is none, or why it could not be read.
#[derive(Default)]
pub struct Debug(HashMap<Option<usize>, Result<Option<Vec<Origin>>, String>>);

/// The copies of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// Where those begin that were inlined in other functions, in order.
    pub inlined: Vec<u64>,
    /// Where those are that have names of their own, in order.
    pub clones: Vec<u64>,
    /// Whether modules may have others, since a header defines it.
    is_shared: bool,
    /// Whether there is nothing else of it.
    is_all: bool,
}

impl Debug {
    /// Reads what there is about functions, by their modules and names. `kernel` is the file of the
    /// kernel, unless that runs, and `debug` has the debug information of files without: a file, or a directory with
    /// files by build ID.
    pub fn read<'a>(
        image: &Image,
        functions: impl IntoIterator<Item = (Option<usize>, &'a str)>,
        kernel: Option<&Path>,
        debug: &Path,
    ) -> Self {
        let mut names: BTreeMap<Option<usize>, BTreeSet<&str>> = BTreeMap::new();

        for (module, name) in functions {
            names.entry(module).or_default().insert(source_name(name));
        }
        let read = |module, names: BTreeSet<&str>| {
            let names: Vec<_> = names.into_iter().collect();

            image
                .origins(module, kernel, debug, &names)
                .map_err(|error| error.to_string())
        };

        Self(
            names
                .into_iter()
                .map(|(module, names)| (module, read(module, names)))
                .collect(),
        )
    }

    /// What is said of functions of the kernel itself.
    #[cfg(test)]
    pub fn of_kernel(origins: Vec<Origin>) -> Self {
        Self(HashMap::from([(None, Ok(Some(origins)))]))
    }

    /// The copies of `function`; `None` if debug information does not have it.
    pub fn copies(&self, image: &Image, function: &Function<'_>) -> Option<Copies> {
        let addresses: Vec<_> = function.addresses().iter().map(|it| *it as u64).collect();
        let origins: Vec<_> = self
            .origins(function.index(), function.name())
            .filter(|it| it.instances.iter().any(|it| addresses.contains(it)))
            .collect();
        let is_own = |address: u64| {
            image.symbol_of(address).is_some_and(|it| {
                let hot = it.name.strip_suffix(".cold").unwrap_or(it.name);

                hot == function.name() && it.module == function.index()
            })
        };
        let all = |of: fn(&Origin) -> &[u64]| -> Vec<u64> {
            let found: BTreeSet<_> = origins.iter().flat_map(|it| of(it)).copied().collect();

            found.into_iter().filter(|it| !is_own(*it)).collect()
        };

        (!origins.is_empty()).then(|| Copies {
            inlined: all(|it| &it.inlined),
            clones: all(|it| &it.instances),
            is_shared: origins.iter().any(|it| it.is_shared) && !image.modules().is_empty(),
            is_all: false,
        })
    }

    /// The inlined copies of a function of which there is nothing else.
    pub fn only_inlined(&self, module: Option<usize>, name: &str) -> Option<Copies> {
        let inlined: BTreeSet<_> = self
            .origins(module, name)
            .flat_map(|it| &it.inlined)
            .copied()
            .collect();

        (!inlined.is_empty()).then(|| Copies {
            inlined: inlined.into_iter().collect(),
            is_all: true,
            ..Copies::default()
        })
    }

    /// Why the debug information of a module could not be read, if there is any.
    pub fn problem(&self, module: Option<usize>) -> Option<&str> {
        self.0.get(&module)?.as_ref().err().map(String::as_str)
    }

    fn origins<'b>(
        &'b self,
        module: Option<usize>,
        name: &'b str,
    ) -> impl Iterator<Item = &'b Origin> {
        let found = self
            .0
            .get(&module)
            .and_then(|it| it.as_ref().ok()?.as_ref());

        found
            .into_iter()
            .flatten()
            .filter(move |it| it.name == source_name(name))
    }
}

/// What the source calls what the compiler calls `name`.
fn source_name(name: &str) -> &str {
    name.split_once('.').map_or(name, |(name, _)| name)
}

/// The copies of a function that the compiler made, and that run on when it is engaged.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Copies"))]
pub(super) struct Record {
    /// How many were inlined.
    inlined: usize,
    /// Where these begin, as far as they are not too many.
    places: Vec<String>,
    /// Those that have names of their own.
    clones: Vec<String>,
}

impl Copies {
    /// What they make of the summary of a function that can be engaged; nothing if there are none.
    pub fn words(&self) -> Option<String> {
        if self.is_all {
            return None;
        }
        let list: Vec<_> = [
            (self.inlined.len(), "inlined"),
            (self.clones.len(), "cloned"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, how)| format!("{count} {how}"))
        .collect();

        (!list.is_empty()).then(|| {
            format!(
                "copies run on, {}: engaging it does not close the hole there",
                list.join(" and ")
            )
        })
    }

    /// In how many functions there are inlined copies, and the first of these functions.
    pub fn functions(&self, image: &Image) -> (usize, String) {
        let names: BTreeMap<_, _> = self
            .inlined
            .iter()
            .filter_map(|it| image.symbol_of(*it))
            .map(|it| (it.address, it.name))
            .collect();
        let first: Vec<_> = names.values().copied().take(MAX_PLACES).collect();

        (names.len(), first.join(", "))
    }

    pub(super) fn record(&self, place: impl Fn(u64) -> String) -> Record {
        let places = |all: &[u64]| all.iter().take(MAX_LISTED).map(|it| place(*it)).collect();

        Record {
            inlined: self.inlined.len(),
            places: places(&self.inlined),
            clones: places(&self.clones),
        }
    }

    /// A line for each, as far as they are not too many.
    pub(super) fn write(
        &self,
        image: &Image,
        place: impl Fn(u64) -> String,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let kinds = [("inlined", &self.inlined), ("cloned", &self.clones)];

        for (kind, address) in kinds
            .iter()
            .flat_map(|(kind, all)| all.iter().take(MAX_PLACES).map(move |it| (kind, *it)))
        {
            writeln!(out, "  {kind:<14} {}: this copy runs on", place(address))?;
        }
        if self.inlined.len() > MAX_PLACES {
            writeln!(
                out,
                "  inlined        at {} places, in {} functions, of which these are the first",
                self.inlined.len(),
                self.functions(image).0
            )?;
        }
        if self.inlined.is_empty() && self.clones.is_empty() {
            writeln!(out, "  copies: none, as debug information says")?;
        }
        if self.is_shared {
            writeln!(
                out,
                "  not seen: copies in other modules, for a header defines it"
            )?;
        }
        Ok(())
    }
}

impl Index<'_> {
    /// Adds what debug information says of functions, by module and symbol, as [`find`](Self::find)
    /// takes them.
    pub fn with_debug<'b>(
        mut self,
        functions: impl IntoIterator<Item = (&'b str, &'b str)>,
        kernel: Option<&Path>,
        debug: &Path,
    ) -> Self {
        let functions: Vec<_> = functions
            .into_iter()
            .map(|(module, symbol)| match self.find(Some(module), symbol) {
                Some(it) => (it.index(), it.name().to_owned()),
                None => (self.image().module_named(module), symbol.to_owned()),
            })
            .collect();
        let names = functions.iter().map(|(module, name)| (*module, &**name));

        self.debug = Debug::read(self.image(), names, kernel, debug);
        self
    }
}
