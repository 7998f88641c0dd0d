// SPDX-License-Identifier: GPL-2.0-only

//! The names that a module defines and needs, without loading it.

use super::{
    compression::Budget,
    elf::Elf,
    error::{Error, Problem},
    module::{Data, MAX_MODULE},
    readers, MAX_HELD, TOO_LARGE, WINDOW,
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
    /// Its functions, and all other symbols that are visible to modules.
    pub defined: Vec<String>,
    /// Its undefined symbols.
    pub needed: Vec<String>,
}

/// The names in the modules at `paths`, compressed or not. Fails if one cannot be read or is
/// corrupt.
pub fn names(paths: &[PathBuf]) -> Result<Vec<Names>, Error> {
    let Some(first) = paths.first() else {
        return Ok(Vec::new());
    };
    let pool = readers().map_err(|problem| problem.with(first))?;
    let held = Budget::new(MAX_HELD, WINDOW);

    pool.install(|| {
        paths
            .par_iter()
            .map(|path| read(path, &held).map_err(|problem| problem.with(path)))
            .collect()
    })
}

/// Reads the names in the module at `path`. Their size is taken from the budget.
fn read(path: &Path, held: &Budget) -> Result<Names, Problem> {
    let names = match Data::open(path, &Budget::new(MAX_MODULE, WINDOW))? {
        Data::File(file) => of(&ReadCache::new(&file)),
        Data::Bytes(bytes) => of(&bytes[..]),
    }?;
    let all = names.defined.iter().chain(&names.needed);
    let size: usize = all.map(|it| size_of::<String>() + it.len()).sum();

    held.take(size as u64).map_err(|_| TOO_LARGE)?;
    Ok(names)
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
    fn modules_share_one_budget() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../testing/fuzz/corpus/image/module-plain");
        let names = read(&path, &Budget::new(MAX_HELD, WINDOW)).unwrap();
        let all = names.defined.iter().chain(&names.needed);
        let size: usize = all.map(|it| size_of::<String>() + it.len()).sum();
        let both = Budget::new(2 * size as u64 - 1, WINDOW);

        assert_eq!(read(&path, &both), Ok(names));
        assert_eq!(read(&path, &both), Err(TOO_LARGE.into()));
    }

    #[test]
    fn other_files_are_errors() {
        for bytes in [&b"\x7fELF"[..], b"", b"\x1f\x8b broken"] {
            assert!(of(bytes).is_err(), "{bytes:?}");
        }
    }
}
