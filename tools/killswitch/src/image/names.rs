// SPDX-License-Identifier: GPL-2.0-only

//! What a module defines and needs, by name, which is known without its place in memory.

use super::{
    compression::{decompress, Budget},
    elf::Elf,
    error::{Error, Problem},
    CHUNK_BYTES, WINDOW,
};
use object::{
    elf::{SHN_UNDEF, STB_LOCAL, STT_FUNC},
    read::elf::Sym as _,
    LittleEndian,
};
use std::{fs, path::Path};

/// The names in the symbol table of a module.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Its functions, and all else that other modules may see.
    pub defined: Vec<String>,
    /// What others define.
    pub needed: Vec<String>,
}

/// The names in the module at `path`, which may be compressed. Fails if it cannot be read or is
/// damaged.
pub fn names(path: &Path) -> Result<Names, Error> {
    read(path).map_err(|problem| problem.with(path))
}

fn read(path: &Path) -> Result<Names, Problem> {
    let bytes = fs::read(path)?;

    match bytes.starts_with(b"\x7fELF") {
        true => of(&bytes),
        false => of(&decompress(&bytes, &Budget::new(CHUNK_BYTES, WINDOW))?),
    }
}

fn of(bytes: &[u8]) -> Result<Names, Problem> {
    let elf = Elf::parse(bytes)?;
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
