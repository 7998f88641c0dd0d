// SPDX-License-Identifier: GPL-2.0-only

//! The code of the imaginary kernel on x86-64.

use super::{
    Sample,
    CALLED_BY_SECURITY,
    FAILS,
    PARTLY_USED,
    PROCESSOR,
    SHORT,
    SHORT_LENGTH,
    SUCCEEDS,
    UNUSED, //
    USED,
};
use crate::policy::code::x86::X86;

pub(super) const SAMPLE: Sample = Sample {
    reader: &X86,
    padding: 16,
    entry: 4,
    nop: &[0x90],
    branches: BRANCHES,
    branch,
    others: MOVES,
};

/// The displacement is counted from the end of the instruction.
fn branch(place: usize, instruction: &[u8], target: usize) -> ([u8; 8], usize) {
    let length = instruction.len() + 4;
    let displacement = (target as i32 - (place + length) as i32).to_le_bytes();
    let mut bytes = [0; 8];

    bytes[..instruction.len()].copy_from_slice(instruction);
    bytes[instruction.len()..length].copy_from_slice(&displacement);
    (bytes, length)
}

const BRANCHES: &[(usize, &[u8], usize)] = &[
    // Decides itself: by a call, a jump, a conditional jump, a call past ENDBR64 and one into the
    // padding.
    (0x1_1020, &[0xe8], 0x1_0100),
    (0x1_11eb, &[0xe9], 0x1_0200),
    (0x1_1200, &[0x0f, 0x84], 0x1_0800),
    (0x1_1300, &[0xe8], 0x1_0804),
    (0x1_1410, &[0xe8], 0x1_0800 - 16),
    // Through another, by its beginning or by its padding, and through two others.
    (0x1_2610, &[0xe8], 0x1_1000 - 16),
    (0x1_1510, &[0xe8], 0x1_1000),
    (0x1_1610, &[0xe8], 0x1_1500),
    // Through a hub only.
    (0x1_0910, &[0xe8], 0x1_0100),
    (0x1_1710, &[0xe8], 0x1_0900),
    // Next to a function that decides, and into the middle of one.
    (0x1_1810, &[0xe8], 0x1_0105),
    (0x1_1820, &[0xe8], 0x1_1020),
    // Another instruction, followed by the same bytes.
    (0x1_1910, &[0xe0], 0x1_0100),
    (0x1_1920, &[0x0f, 0x74], 0x1_0100),
    // An entry point that does not decide.
    (0x1_1a10, &[0xe8], 0x1_0300),
    // In the cold part.
    (0x1_1d10, &[0xe8], 0x1_0100),
    // Through a function that is as short as padding, and next to one.
    (SHORT[0], &[0xe8], 0x1_0100),
    (0x1_2910, &[0xe8], SHORT[0]),
    (SHORT[1] + SHORT_LENGTH + 0x10, &[0xe8], 0x1_0100),
    (0x1_2a10, &[0xe8], SHORT[1]),
    // Calls from security/.
    (0x1_0160, &[0xe8], CALLED_BY_SECURITY),
    // A number there that resembles a call: mov $..., %rax.
    (0x1_0170, &[0x48, 0xb8, 0xe8], FAILS + 0x100),
    // Calls whose result is overwritten, and used.
    (0x1_3710, &[0xe8], UNUSED),
    (0x1_3720, &[0xe8], PARTLY_USED),
    (0x1_3910, &[0xe8], PARTLY_USED),
    (0x1_3920, &[0xe8], USED),
];
/// Moves of numbers into registers, and code that only resembles one.
const MOVES: &[(usize, &[u8])] = &[
    // mov $-22, %eax; mov $-12, %r12; mov $-134, %ecx
    (FAILS + 0x20, &[0xb8, 0xea, 0xff, 0xff, 0xff]),
    (FAILS + 0x1a0, &[0x49, 0xc7, 0xc4, 0xf4, 0xff, 0xff, 0xff]),
    (FAILS + 0x200, &[0xb9, 0x7a, 0xff, 0xff, 0xff]),
    // In the cold part.
    (0x1_1d40, &[0xb8, 0xea, 0xff, 0xff, 0xff]),
    // mov $-1, %eax; mov $-135, %eax; and $-22, %eax; cmp $-22, %eax; a displacement; mov $-22 to
    // memory; 16 bits
    (SUCCEEDS + 0x20, &[0xb8, 0xff, 0xff, 0xff, 0xff]),
    (SUCCEEDS + 0x30, &[0xb8, 0x79, 0xff, 0xff, 0xff]),
    (SUCCEEDS + 0x40, &[0x83, 0xe0, 0xea]),
    (SUCCEEDS + 0x50, &[0x3d, 0xea, 0xff, 0xff, 0xff]),
    (SUCCEEDS + 0x60, &[0x48, 0x8b, 0x83, 0xb8, 0xea, 0xff, 0xff]),
    (SUCCEEDS + 0x70, &[0xc7, 0x04, 0x24, 0xea, 0xff, 0xff, 0xff]),
    (SUCCEEDS + 0x80, &[0x66, 0xb8, 0xea, 0xff]),
    // After calls: mov %rbx, %rdi; mov (%rdi), %eax, and test %eax, %eax.
    (UNUSED + 0x20, &[0xb8, 0xea, 0xff, 0xff, 0xff]),
    (PARTLY_USED + 0x20, &[0xb8, 0xea, 0xff, 0xff, 0xff]),
    (USED + 0x20, &[0xb8, 0xea, 0xff, 0xff, 0xff]),
    (PROCESSOR.start + 0x20, &[0xb8, 0xea, 0xff, 0xff, 0xff]),
    (0x1_3715, &[0x48, 0x89, 0xdf, 0x8b, 0x07]),
    (0x1_3725, &[0x48, 0x89, 0xdf, 0x8b, 0x07]),
    (0x1_3915, &[0x85, 0xc0]),
    (0x1_3925, &[0x85, 0xc0]),
];
