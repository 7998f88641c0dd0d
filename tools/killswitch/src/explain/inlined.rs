// SPDX-License-Identifier: GPL-2.0-only

//! Copies of a function that an engagement does not cover, according to debug information: inlined
//! ones, and compiler-generated variants with other names.

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

/// Maximum number of places in text, and in JSON.
const MAX_PLACES: usize = 8;
const MAX_LISTED: usize = 64;

/// Debug information by module: about the requested functions, nothing if there is none, or an
/// error.
#[derive(Default)]
pub struct Debug(HashMap<Option<usize>, Result<Option<Vec<Origin>>, String>>);

/// The copies of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// Start addresses of inlined copies, sorted.
    pub inlined: Vec<u64>,
    /// Addresses of copies with names of their own, sorted.
    pub clones: Vec<u64>,
    /// Whether other modules may have copies, since it is defined in a header.
    is_shared: bool,
    /// Whether only copies exist.
    is_all: bool,
}

impl Debug {
    /// Reads debug information about functions, by their modules and names. `kernel` is the file of
    /// the kernel, unless it is the running one, and `debug` is separate debug information: a file,
    /// or a directory with files by build ID.
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

    /// Debug information about functions of the kernel itself.
    #[cfg(test)]
    pub fn of_kernel(origins: Vec<Origin>) -> Self {
        Self(HashMap::from([(None, Ok(Some(origins)))]))
    }

    /// The copies of `function`; `None` if it is not in debug information.
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

    /// The inlined copies of a function that has no other code.
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

    /// The error for the debug information of a module, if any.
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

/// The name in the source of the symbol `name`.
fn source_name(name: &str) -> &str {
    name.split_once('.').map_or(name, |(name, _)| name)
}

/// Compiler-generated copies of a function that an engagement does not cover.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Copies"))]
pub(super) struct Record {
    /// The number of inlined copies.
    inlined: usize,
    /// Their addresses, up to a limit.
    places: Vec<String>,
    /// Copies with names of their own.
    clones: Vec<String>,
}

impl Copies {
    /// Text for the summary of a function that can be engaged; `None` if it has no copies.
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
                "copies still run, {}: engaging it does not close the hole there",
                list.join(" and ")
            )
        })
    }

    /// The number of functions with inlined copies, and the first of these functions.
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

    /// One line per copy, up to a limit.
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
            writeln!(out, "  {kind:<14} {}: this copy still runs", place(address))?;
        }
        if self.inlined.len() > MAX_PLACES {
            writeln!(
                out,
                "  inlined        at {} places, in {} functions, the first of them:",
                self.inlined.len(),
                self.functions(image).0
            )?;
        }
        if self.inlined.is_empty() && self.clones.is_empty() {
            writeln!(out, "  copies: none, according to debug information")?;
        }
        if self.is_shared {
            writeln!(
                out,
                "  not seen: copies in other modules, since it is defined in a header"
            )?;
        }
        Ok(())
    }
}

impl Index<'_> {
    /// Adds debug information about functions, by module and symbol, with the parameters of
    /// [`find`](Self::find).
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
