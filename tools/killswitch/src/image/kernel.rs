// SPDX-License-Identifier: GPL-2.0-only

//! Kernel files: ELF files and boot images, with or without a symbol table.

use super::{
    arm64_image, boot_image,
    btf::Btf,
    compression::{self, Budget},
    elf::Elf,
    error::Problem,
    kallsyms,
    memory::Memory,
    symbols::List,
    Architecture,
};
use crate::file;
use object::read::{ReadCache, ReadRef};
use std::{
    io::{Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

/// Size limit of a boot image, in bytes.
const MAX_BOOT_IMAGE: u64 = 96 << 20;
/// Size limit of a kernel in a boot image, in bytes.
const MAX_KERNEL: u64 = 256 << 20;
/// Memory limit to decompress a kernel, in KiB. The kernel's build uses windows of up to 128 MiB.
const WINDOW: u32 = 160 << 10;

/// The content of a kernel file.
pub(super) struct Kernel {
    pub(super) architecture: Architecture,
    /// The loaded segments.
    pub(super) memory: Memory,
    /// Its symbols, as in /proc/kallsyms.
    pub(super) symbols: List,
    /// Its type information, if any.
    pub(super) btf: Option<Btf>,
}

/// Reads the kernel at `path`.
pub(super) fn read(path: &Path) -> Result<Kernel, Problem> {
    let mut file = file::open(path)?;
    let mut head = Vec::new();

    file.by_ref().take(0x210).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    if !head.starts_with(b"\x7fELF") {
        let mut bytes = Vec::new();

        if !is_booted(&head) {
            return Err("it is neither an ELF file nor a boot image".into());
        }
        file.take(MAX_BOOT_IMAGE).read_to_end(&mut bytes)?;
        return in_boot_image(bytes);
    }
    let cache = ReadCache::new(&file);
    let Contents {
        architecture,
        segments,
        btf,
    } = contents(&cache)?;
    let mut stores = Vec::new();

    for (_, range) in &segments {
        let mut bytes = vec![0; (range.end - range.start) as usize];

        (&file).seek(SeekFrom::Start(range.start))?;
        (&file).read_exact(&mut bytes)?;
        stores.push(bytes);
    }
    let pieces: Vec<_> = segments
        .iter()
        .zip(&stores)
        .enumerate()
        .map(|(store, ((address, _), bytes))| (*address, store, 0..bytes.len()))
        .collect();
    let memory = Memory::new(stores, pieces);

    with_symbols(architecture, memory, btf, || Elf::parse(&cache)?.kallsyms())
}

/// Whether `bytes` begin like a boot image.
pub(super) fn is_booted(bytes: &[u8]) -> bool {
    boot_image::is_one(bytes)
        || arm64_image::is_one(bytes)
        || arm64_image::is_zboot(bytes)
        || arm64_image::is_compressed(bytes)
}

/// Reads the kernel in a boot image.
pub(super) fn in_boot_image(image: Vec<u8>) -> Result<Kernel, Problem> {
    if !boot_image::is_one(&image) {
        let kernel = arm64_image::unpack(image, &Budget::new(MAX_KERNEL, WINDOW))?;

        return with_symbols(Architecture::Arm64, arm64_image::load(kernel), None, || {
            Ok(None)
        });
    }
    let payload = boot_image::payload(&image)?;
    let bytes = match payload.starts_with(b"\x7fELF") {
        true => payload.into(),
        false => compression::decompress(payload, &Budget::new(MAX_KERNEL, WINDOW))?,
    };

    // Both are large, and only one is needed.
    drop(image);
    in_bytes(bytes)
}

/// Reads a kernel that is an ELF file.
pub(super) fn in_bytes(bytes: Vec<u8>) -> Result<Kernel, Problem> {
    let Contents {
        architecture,
        segments,
        btf,
    } = contents(&bytes[..])?;
    let pieces = segments
        .into_iter()
        .map(|(address, range)| (address, 0, range.start as usize..range.end as usize));
    let table = || Elf::parse(&bytes[..])?.kallsyms();
    // Nearly all kernels have their own.
    let from_table = table()?;
    let memory = Memory::new(vec![bytes], pieces);

    with_symbols(architecture, memory, btf, || Ok(from_table))
}

/// A segment's address, and its range in the file.
type Segment = (u64, Range<u64>);

/// The architecture of an ELF file, its segments, and its type information.
struct Contents {
    architecture: Architecture,
    segments: Vec<Segment>,
    btf: Option<Vec<u8>>,
}

fn contents<'a, R: ReadRef<'a>>(data: R) -> Result<Contents, Problem> {
    let elf = Elf::parse(data)?;

    if elf.is_relocatable() {
        return Err("it is an object file, not a kernel".into());
    }
    let btf = match elf.section(b".BTF") {
        Some(section) => Some(elf.data(section)?.to_vec()),
        None => None,
    };
    Ok(Contents {
        architecture: elf.architecture(),
        segments: elf.segments()?,
        btf,
    })
}

fn with_symbols(
    architecture: Architecture,
    mut memory: Memory,
    btf: Option<Vec<u8>>,
    table: impl FnOnce() -> Result<Option<List>, Problem>,
) -> Result<Kernel, Problem> {
    if architecture == Architecture::Arm64 {
        arm64_image::relocate(&mut memory);
    }
    let symbols = match kallsyms::find(&memory)? {
        Some(symbols) => symbols,
        None => table()?.ok_or("it has no symbols, neither embedded nor from the linker")?,
    };
    let loaded = || {
        let border = |name| symbols.address_of(name);
        let range = border("__start_BTF")?..border("__stop_BTF")?;

        memory.range(range).map(<[u8]>::to_vec)
    };
    // The section exists even if it is empty.
    let btf = btf.or_else(loaded).filter(|btf| !btf.is_empty());

    Ok(Kernel {
        architecture,
        btf: btf.map(|btf| Btf::new(btf, None)).transpose()?,
        memory,
        symbols,
    })
}
