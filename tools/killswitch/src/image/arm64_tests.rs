// SPDX-License-Identifier: GPL-2.0-only

//! Tests with a small kernel and modules for arm64.

use super::{
    arm64_image, compression, kernel,
    relocation::Kind,
    sample::{
        self, relocations, symbol_table, Addresses, Section, ALLOC, EXEC, INIT, NOBITS, PROGBITS,
        TEXT, WRITE,
    },
    tests::image,
    *,
};
use crate::policy::code::{arm64::Arm64, Architecture as _};

const NOP: u32 = 0xd503_201f;
const BTI_C: u32 = 0xd503_245f;
const BL: u32 = 0x9400_0000;
const ABS64: u64 = 257;
const PREL32: u64 = 261;
const CALL26: u64 = 283;

/// The offset in the file of the byte that is loaded at `address`.
fn place(file: &[u8], address: u64) -> usize {
    let number = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
    let segment = (64..)
        .step_by(56)
        .find(|at| (number(at + 16)..number(at + 16) + number(at + 32)).contains(&address))
        .unwrap();

    (number(segment + 8) + address - number(segment + 16)) as usize
}

/// Writes code to `address` in a kernel file: words, with their references.
fn write(file: &mut [u8], address: u64, code: &[(u32, Option<(Kind, u64)>)]) {
    for (at, (word, reference)) in code.iter().enumerate() {
        let address = address + 4 * at as u64;
        let mut bytes = word.to_le_bytes();

        if let Some((kind, target)) = reference {
            kind.write(&mut bytes, address, *target).unwrap();
        }
        let at = place(file, address);
        file[at..at + 4].copy_from_slice(&bytes);
    }
}

/// The [sample kernel](sample::kernel) with arm64 code instead.
fn kernel_file() -> Vec<u8> {
    let mut file = sample::kernel(Addresses::ToThemselves, false);
    let page = |register: u32, target| (0x9000_0000 | register, Some((Kind::Page, target)));
    let in_page = |register: u32, target| {
        let word = 0x9100_0000 | register | register << 5;

        (word, Some((Kind::InPage { scale: 0 }, target)))
    };
    let call = |target| (BL, Some((Kind::Branch { bits: 26, at: 0 }, target)));
    let number = |register: u32, number: u32| (0x5280_0000 | register | number << 5, None);
    let image = image(file.clone(), &[]);
    let address = |name| image.named(Within::Kernel, name).next().unwrap().address;
    let (hooks, others) = (address("sample_hooks"), address("other_hooks"));
    let (sample, other) = (address("sample_lsmid"), address("other_lsmid"));

    // The machine in the ELF header.
    file[18] = 183;
    write(
        &mut file,
        INIT + 0x20,
        &[
            page(0, hooks),
            in_page(0, hooks),
            number(1, 2),
            page(2, sample),
            in_page(2, sample),
            call(INIT),
        ],
    );
    // Passes on its argument: mov x2, x0.
    write(
        &mut file,
        INIT + 0x60,
        &[
            (0xaa00_03e2, None),
            page(0, others),
            in_page(0, others),
            number(1, 1),
            call(INIT),
        ],
    );
    write(
        &mut file,
        INIT + 0x80,
        &[page(0, other), in_page(0, other), call(INIT + 0x60)],
    );
    write(&mut file, TEXT + 0x20, &[(BTI_C, None)]);
    file
}

/// A module with the function `exported`, which calls `f` of the kernel and `wanted`, and with
/// `size` bytes of data.
fn module(exported: &'static str, wanted: &'static str, size: usize) -> Vec<u8> {
    let code = [NOP, NOP, NOP, NOP, BL, BL];
    let text: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    let names = [exported.as_bytes(), b"\0"].concat();
    let [symbols, strings] = symbol_table(
        &[
            (exported, 1, 8, true),
            ("f", 0, 0, true),
            (wanted, 0, 0, true),
            ("name", 4, 0, false),
        ],
        9,
    );
    let mut file = sample::elf(
        true,
        vec![
            Section::new(".text", PROGBITS, ALLOC | EXEC, text),
            Section::new(".bss", NOBITS, ALLOC | WRITE, vec![0; size]),
            Section::new("__patchable_function_entries", PROGBITS, ALLOC, vec![0; 8]),
            Section::new("__ksymtab_strings", PROGBITS, ALLOC, names),
            Section::new("__ksymtab", PROGBITS, ALLOC, vec![0; 12]),
            relocations(1, &[(16, 2, CALL26, 0), (20, 3, CALL26, 0)]),
            relocations(5, &[(0, 1, PREL32, 0), (4, 4, PREL32, 0)]),
            symbols,
            strings,
            relocations(3, &[(0, 1, ABS64, -8)]),
        ],
    );

    file[18] = 183;
    file
}

/// The target of the call at `place`: directly, and through veneers.
fn called(image: &Image, place: u64) -> (u64, u64) {
    let mut found = None;
    let code = image.read(place, 4).unwrap();

    Arm64::find_branches(code, place as usize, 0, usize::MAX, |_, to| {
        found = Some(to)
    });
    let target = found.unwrap();
    let veneer = image.read(target as u64, Arm64::VENEER).unwrap_or_default();
    let end = Arm64::behind_veneer(veneer, target).unwrap_or(target);

    (target as u64, end as u64)
}

#[test]
fn arm64_kernels_are_read() {
    let image = image(kernel_file(), &[]);
    let hooks: Vec<_> = image
        .hooks()
        .iter()
        .map(|hook| (hook.address, &*hook.lsm))
        .collect();

    assert_eq!(image.architecture(), Architecture::Arm64);
    assert_eq!(
        hooks,
        [
            (TEXT + 0x80, "sample"),
            (TEXT + 0x80, "sample"),
            (TEXT + 0x80, "other"),
        ]
    );
    // After its landing pad and the instruction that saves the return address.
    assert!(image.has_site(TEXT + 0x20) && image.is_traced(TEXT + 0x28));
    assert!(!image.has_site(TEXT + 0x80));
}

/// A kernel with modules that are far from each other, and the calls through veneers there: their
/// addresses and targets.
pub fn far() -> (Image, [(u64, u64); 3]) {
    const HUGE: usize = 1 << 27;
    let modules = [
        module("first", "second", HUGE),
        module("second", "first", 8),
    ];
    let image = image(kernel_file(), &modules);
    let address = |name| image.named(Within::Anywhere, name).next().unwrap().address;
    let (first, second) = (address("first"), address("second"));

    // The first module is near the kernel, and the second is far from everything.
    assert_eq!(called(&image, first + 8), (TEXT + 0x20, TEXT + 0x20));
    (
        image,
        [
            (first + 12, second),
            (second + 8, TEXT + 0x20),
            (second + 12, first),
        ],
    )
}

#[test]
fn distant_functions_are_called_through_veneers() {
    let (image, calls) = far();
    let address = |name| image.named(Within::Anywhere, name).next().unwrap().address;
    let (first, second) = (address("first"), address("second"));

    for (place, end) in calls {
        let (target, behind) = called(&image, place);

        assert_eq!(behind, end);
        assert_ne!(target, end);
        assert_eq!(image.area(target), image.area(place));
    }
    assert!(image.has_site(first) && image.has_site(second));
    assert!(image.unresolved().is_empty());
}

#[test]
fn modules_of_another_architecture_are_refused() {
    let kernel = sample::kernel(Addresses::ToThemselves, false);
    let error = Image::in_bytes(kernel, &[module("first", "second", 8)])
        .err()
        .unwrap();

    assert_eq!(
        error.to_string(),
        "its architecture differs from the kernel's"
    );
}

/// The boot image for an ELF file: the loaded segments as they are in memory, from the start of the
/// kernel.
fn booted() -> Vec<u8> {
    let elf = kernel_file();
    let kernel = kernel::in_bytes(elf).unwrap();
    let mut file = Vec::new();

    for (address, bytes) in kernel.memory.pieces() {
        file.resize((address - TEXT) as usize, 0);
        file.extend_from_slice(bytes);
    }
    // Instead of code that is not checked.
    file[0x38..0x3c].copy_from_slice(b"ARM\x64");
    file.resize((file.len() + 0x100).next_multiple_of(8), 0);
    // Addresses from which the link address is derived.
    for index in 0..100u64 {
        file.extend_from_slice(&(TEXT + 8 * index).to_le_bytes());
    }
    file
}

#[test]
fn boot_images_are_read() {
    let file = booted();
    let packed = compression::tests::gzip(&file);
    let zboot = arm64_image::tests::zboot(&packed);
    let elf = image(kernel_file(), &[]);

    for file in [file, packed, zboot] {
        let image = image(file, &[]);

        assert_eq!(image.architecture(), Architecture::Arm64);
        assert!(image.symbols().eq(elf.symbols()));
        assert_eq!(image.hooks(), elf.hooks());
    }
}
