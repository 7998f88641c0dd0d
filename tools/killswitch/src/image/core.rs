// SPDX-License-Identifier: GPL-2.0-only

//! /proc/kcore: the memory of the running kernel, as an ELF core file.
//!
//! It is as large as the address space, so only requested ranges are read. Unmapped memory reads as
//! zeros.

use super::{
    bytes::{u32_at, u64_at},
    elf::Elf,
    error::Problem,
    Architecture,
};
use crate::file;
use object::{
    elf::{FileHeader64, ProgramHeader64},
    read::elf::FileHeader as _,
    LittleEndian,
};
use std::{fs::File, io, ops::Range, os::unix::fs::FileExt, path::Path};

/// Maximum size of the headers, in bytes: enough for all memory ranges of a large machine.
const MAX_HEADERS: usize = 1 << 20;
/// Maximum size of one read, in bytes. No kernel has more code or data.
const MAX_RANGE: u64 = 256 << 20;

/// The open file, and its segments.
pub(super) struct Core {
    file: File,
    /// Memory ranges, and their offsets in the file.
    segments: Vec<(Range<u64>, u64)>,
}

impl Core {
    /// Opens the file at `path`. Fails with the reason why it cannot be read.
    pub(super) fn open(path: &Path) -> Result<Self, Problem> {
        let file = file::open(path).map_err(refused)?;
        let mut head = vec![0; size_of::<FileHeader64<LittleEndian>>()];

        file.read_exact_at(&mut head, 0)?;
        let header = FileHeader64::<LittleEndian>::parse(&head[..])?;
        let count = usize::from(header.e_phnum.get(LittleEndian));
        let end = usize::try_from(header.e_phoff.get(LittleEndian))
            .ok()
            .and_then(|it| it.checked_add(count * size_of::<ProgramHeader64<LittleEndian>>()))
            .filter(|end| (head.len()..=MAX_HEADERS).contains(end))
            .ok_or("its headers are corrupt")?;

        head.resize(end, 0);
        file.read_exact_at(&mut head, 0)?;
        let elf = Elf::parse(&head[..])?;

        if elf.architecture() != Architecture::X86 {
            return Err("its architecture is not x86-64; give a file with --vmlinux".into());
        }
        let segments = elf.core_segments()?;

        Ok(Self { file, segments })
    }

    /// Copies the memory at `address`. Fails if the file does not contain it.
    pub(super) fn copy(&self, address: u64, buffer: &mut [u8]) -> Result<(), Problem> {
        let missing = || Problem::from(format!("it does not contain the memory at {address:#x}"));
        let end = address
            .checked_add(buffer.len() as u64)
            .ok_or_else(missing)?;
        let offset = self
            .segments
            .iter()
            .find(|(memory, _)| memory.start <= address && end <= memory.end)
            .and_then(|(memory, offset)| offset.checked_add(address - memory.start))
            .ok_or_else(missing)?;

        self.file
            .read_exact_at(buffer, offset)
            .map_err(|error| format!("the memory at {address:#x} cannot be read: {error}").into())
    }

    /// The memory in `range`.
    pub(super) fn range(&self, range: Range<u64>) -> Result<Vec<u8>, Problem> {
        let length = range
            .end
            .checked_sub(range.start)
            .filter(|length| *length <= MAX_RANGE)
            .ok_or("its code or data exceeds the size limit")?;
        let mut bytes = vec![0; length as usize];

        if length > 0 {
            self.copy(range.start, &mut bytes)?;
        }
        Ok(bytes)
    }

    /// The 64 bits at `address`.
    pub(super) fn u64(&self, address: u64) -> Result<u64, Problem> {
        let mut bytes = [0; 8];

        self.copy(address, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// The reason why the file cannot be opened.
fn refused(error: io::Error) -> Problem {
    match error.raw_os_error() {
        Some(libc::ENOENT) => "the kernel does not export its memory (CONFIG_PROC_KCORE)".into(),
        Some(libc::EACCES) => "only root may read it".into(),
        Some(libc::EPERM) => {
            "it needs CAP_SYS_RAWIO, and a kernel that is not locked down for confidentiality"
                .into()
        }
        _ => error.into(),
    }
}

/// A copied structure.
pub(super) struct Copied {
    /// Its address.
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
}

impl Copied {
    /// The pointer or 64-bit number at this offset; 0 past its end.
    pub(super) fn u64(&self, offset: u64) -> u64 {
        u64_at(&self.bytes, offset as usize).unwrap_or(0)
    }

    /// The 32 bits at this offset; 0 past its end.
    pub(super) fn u32(&self, offset: u64) -> u32 {
        u32_at(&self.bytes, offset as usize).unwrap_or(0)
    }

    /// The bytes from this offset on; empty past its end.
    pub(super) fn rest(&self, offset: u64) -> &[u8] {
        self.bytes.get(offset as usize..).unwrap_or_default()
    }
}
