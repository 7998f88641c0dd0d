// SPDX-License-Identifier: GPL-2.0-only

//! What a module defines and needs, by name, which is known without its place in memory.

use super::{
    compression::Budget,
    elf::Elf,
    error::{Error, Problem},
    module::{Data, MAX_MODULE},
    readers, WINDOW,
};
use object::{
    elf::{SHN_UNDEF, STB_LOCAL, STT_FUNC},
    read::{elf::Sym as _, ReadCache, ReadRef},
    LittleEndian,
};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// The names in the symbol table of a module.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Its functions, and all else that other modules may see.
    pub defined: Vec<String>,
    /// What others define.
    pub needed: Vec<String>,
}

/// The names in the modules at `paths`, which may be compressed. Fails if one cannot be read or is
/// damaged.
pub fn names(paths: &[PathBuf]) -> Result<Vec<Names>, Error> {
    let Some(first) = paths.first() else {
        return Ok(Vec::new());
    };
    let pool = readers().map_err(|problem| problem.with(first))?;

    pool.install(|| {
        paths
            .par_iter()
            .map(|path| read(path).map_err(|problem| problem.with(path)))
            .collect()
    })
}

fn read(path: &Path) -> Result<Names, Problem> {
    match Data::open(path, &Budget::new(MAX_MODULE, WINDOW))? {
        Data::File(file) => of(&ReadCache::new(&file)),
        Data::Bytes(bytes) => of(&bytes[..]),
    }
}

/// The names in the module that is `data`.
pub(super) fn of<'a>(data: impl ReadRef<'a>) -> Result<Names, Problem> {
    let elf = Elf::parse(data)?;
    let table = elf.symbols()?.ok_or("it has no symbols")?;
    let mut names = Names::default();

    for symbol in table.symbols {
        let name = || String::from_utf8_lossy(table.name(symbol)).into_owned();

        if symbol.st_shndx(LittleEndian) == SHN_UNDEF {
            names.needed.push(name());
        } else if symbol.st_type() == STT_FUNC || symbol.st_bind() != STB_LOCAL {
            names.defined.push(name());
        }
    }
    names.needed.retain(|it| !it.is_empty());
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_module_is_an_error() {
        for bytes in [&b"\x7fELF"[..], b"", b"\x1f\x8b broken"] {
            assert!(of(bytes).is_err(), "{bytes:?}");
        }
    }
}
