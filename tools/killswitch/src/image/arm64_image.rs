// SPDX-License-Identifier: GPL-2.0-only

//! Boot images of arm64: the kernel's memory image, optionally compressed, optionally in an EFI
//! zboot program.
//!
//! The format is described in `Documentation/arch/arm64/booting.rst` of the kernel's source, and in
//! `drivers/firmware/efi/libstub/zboot-header.S`.

use super::{
    bytes::{u32_at, u64_at},
    compression::{self, Budget},
    error::Problem,
    memory::Memory,
};
use std::collections::BTreeMap;

/// The default link address of kernels.
const BASE: u64 = 0xffff_8000_8000_0000;
/// The alignment of the load address, in bytes.
const ALIGNMENT: u64 = 2 << 20;
/// The minimum number of relocations in a relocatable kernel, and of addresses in its first part.
const FEWEST: usize = 64;
/// A relocation: place, type, and addend.
const RELOCATION: usize = 24;
/// Its type: the addend is an address.
const RELATIVE: u64 = 1027;

/// Whether `bytes` begin like an image, after decompression.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.get(0x38..0x3c) == Some(b"ARM\x64")
}

/// Whether `bytes` begin like an EFI zboot image.
pub(super) fn is_zboot(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MZ") && bytes.get(4..8) == Some(b"zimg")
}

/// Whether `bytes` begin like a compressed image.
pub(super) fn is_compressed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// The kernel in `file`, of any of these formats.
pub(super) fn unpack(file: Vec<u8>, budget: &Budget) -> Result<Vec<u8>, Problem> {
    if is_one(&file) {
        return Ok(file);
    }
    let payload = match is_zboot(&file) {
        true => in_zboot(&file)?,
        false => &file,
    };
    let kernel = match is_one(payload) {
        true => payload.into(),
        false => compression::decompress(payload, budget)?,
    };

    match is_one(&kernel) {
        true => Ok(kernel),
        false => Err("it contains no kernel for arm64".into()),
    }
}

fn in_zboot(file: &[u8]) -> Result<&[u8], Problem> {
    const TRUNCATED: &str = "it is a truncated EFI zboot image";
    let field = |at| u32_at(file, at).map(|it| it as usize).ok_or(TRUNCATED);
    let (start, length) = (field(8)?, field(12)?);

    start
        .checked_add(length)
        .and_then(|end| file.get(start..end))
        .ok_or(TRUNCATED.into())
}

/// The kernel in memory, at its link address.
pub(super) fn load(kernel: Vec<u8>) -> Memory {
    let base = linked_to(&kernel).unwrap_or(BASE);
    let length = kernel.len();

    Memory::new(vec![kernel], [(base, 0, 0..length)])
}

/// Its link address: the one for which most addresses in it point into it.
fn linked_to(kernel: &[u8]) -> Option<u64> {
    /// The common bits of kernel addresses.
    const KERNEL: u64 = 0xffff;
    let mut counts = BTreeMap::<u64, usize>::new();
    let numbers = kernel.chunks_exact(8).filter_map(|it| u64_at(it, 0));

    for number in numbers.filter(|number| number >> 48 == KERNEL) {
        *counts.entry(number / ALIGNMENT).or_default() += 1;
    }
    let parts = (kernel.len() as u64).div_ceil(ALIGNMENT);
    let is_start = |(_, count): &(&u64, &usize)| **count >= FEWEST;
    let own = |first: u64| -> usize {
        counts
            .range(first..first.saturating_add(parts))
            .map(|(_, count)| count)
            .sum()
    };

    counts
        .iter()
        .filter(is_start)
        .map(|(first, _)| *first)
        .max_by_key(|first| own(*first))
        .map(|first| first * ALIGNMENT)
}

/// Applies the relocations, as a kernel does when it boots at its link address.
pub(super) fn relocate(memory: &mut Memory) {
    let all: Vec<_> = memory
        .pieces()
        .flat_map(|(_, bytes)| relocations(bytes))
        .collect();

    for (place, address) in all {
        if let Some(to) = memory
            .rest_at_mut(place)
            .and_then(<[u8]>::first_chunk_mut::<8>)
        {
            *to = address.to_le_bytes();
        }
    }
}

/// The relocations in `bytes`, the longest sequence of them: places and addresses.
fn relocations(bytes: &[u8]) -> impl Iterator<Item = (u64, u64)> + '_ {
    let is_one = |at: usize| u64_at(bytes, at + 8) == Some(RELATIVE);
    let mut longest = 0..0;
    let mut at = 0;

    while at + RELOCATION <= bytes.len() {
        let start = at;

        while is_one(at) && at + RELOCATION <= bytes.len() {
            at += RELOCATION;
        }
        if at - start > longest.len() {
            longest = start..at;
        }
        at = at.max(start + 8);
    }
    let is_table = longest.len() >= FEWEST * RELOCATION;

    longest
        .step_by(RELOCATION)
        .filter(move |_| is_table)
        .filter_map(|at| Some((u64_at(bytes, at)?, u64_at(bytes, at + 16)?)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A zboot image with this payload.
    pub(crate) fn zboot(payload: &[u8]) -> Vec<u8> {
        let mut file = vec![0; 0x100];

        file[..2].copy_from_slice(b"MZ");
        file[4..8].copy_from_slice(b"zimg");
        file[8..12].copy_from_slice(&0x100u32.to_le_bytes());
        file[12..16].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        file[24..28].copy_from_slice(b"gzip");
        file.extend_from_slice(payload);
        file.extend_from_slice(b"behind it");
        file
    }

    /// A kernel with this number of relocations: each sets the place behind it to the start.
    fn kernel(base: u64, count: usize) -> Vec<u8> {
        let mut kernel = vec![0; 0x40];

        kernel[0x38..0x3c].copy_from_slice(b"ARM\x64");
        for index in 0..count as u64 {
            let numbers = [
                base + 0x40 + 24 * count as u64 + 8 * index,
                RELATIVE,
                base + index,
            ];

            kernel.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        kernel.resize(kernel.len() + 8 * count, 0);
        kernel
    }

    #[test]
    fn kernels_are_unpacked() {
        let budget = Budget::new(1 << 20, 1 << 10);
        let kernel = kernel(BASE, 0);
        let packed = compression::tests::gzip(&kernel);

        for file in [
            kernel.clone(),
            packed.clone(),
            zboot(&kernel),
            zboot(&packed),
        ] {
            assert!(is_one(&file) || is_compressed(&file) || is_zboot(&file));
            assert_eq!(unpack(file, &budget).as_deref(), Ok(&kernel[..]));
        }
        assert!(unpack(compression::tests::gzip(b"text"), &budget).is_err());
        let file = zboot(&packed);
        for length in 0..file.len() - b"behind it".len() {
            assert!(unpack(file[..length].into(), &budget).is_err());
        }
    }

    #[test]
    fn relocations_are_applied() {
        for base in [BASE, 0xffff_ffc0_0800_0000] {
            let mut memory = load(kernel(base, 100));
            let at = |memory: &Memory, index: u64| memory.u64(base + 0x40 + 2400 + 8 * index);

            assert_eq!(at(&memory, 7), Some(0));
            relocate(&mut memory);
            assert_eq!(at(&memory, 0), Some(base));
            assert_eq!(at(&memory, 99), Some(base + 99));
        }
        // Too few to be relocations.
        let mut memory = load(kernel(BASE, FEWEST - 1));

        relocate(&mut memory);
        assert_eq!(memory.u64(BASE + 0x40 + 24 * 63 + 8), Some(0));
    }
}
