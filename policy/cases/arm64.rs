// SPDX-License-Identifier: GPL-2.0-only

//! The code of the imaginary kernel on arm64.

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
use crate::policy::code::arm64::Arm64;

pub(super) const SAMPLE: Sample = Sample {
    reader: &Arm64,
    padding: 0,
    entry: 0,
    nop: &0xd503_201f_u32.to_le_bytes(),
    branches: BRANCHES,
    branch,
    others: OTHERS,
};

/// bl, b, b.ne, cbz x1 and tbz w1, #3.
const BL: &[u8] = &0x9400_0000_u32.to_le_bytes();
const B: &[u8] = &0x1400_0000_u32.to_le_bytes();
const B_NE: &[u8] = &0x5400_0001_u32.to_le_bytes();
const CBZ: &[u8] = &0xb400_0001_u32.to_le_bytes();
const TBZ: &[u8] = &0x3618_0001_u32.to_le_bytes();
/// What is not one of these: adr x1.
const ADR: &[u8] = &0x1000_0001_u32.to_le_bytes();

/// The displacement is counted in instructions, from this one.
fn branch(place: usize, instruction: &[u8], target: usize) -> ([u8; 8], usize) {
    let words = (target as i32 - place as i32) / 4;
    let field = match instruction {
        BL | B => words & 0x03ff_ffff,
        TBZ => (words & 0x3fff) << 5,
        _ => (words & 0x7_ffff) << 5,
    };
    let mut bytes = [0; 8];

    for (at, byte) in field.to_le_bytes().iter().enumerate() {
        bytes[at] = byte | instruction[at];
    }
    (bytes, 4)
}

const BRANCHES: &[(usize, &[u8], usize)] = &[
    // Decides itself: by a call, a jump, a conditional jump, and a call through a veneer.
    (0x1_1020, BL, 0x1_0100),
    (0x1_11e8, B, 0x1_0200),
    (0x1_1200, B_NE, 0x1_0800),
    (0x1_1300, BL, VENEER),
    (0x1_1410, CBZ, 0x1_0800),
    // Through another, by any jump, and through two others.
    (0x1_2610, TBZ, 0x1_1000),
    (0x1_1510, BL, 0x1_1000),
    (0x1_1610, BL, 0x1_1500),
    // Through a hub only.
    (0x1_0910, BL, 0x1_0100),
    (0x1_1710, BL, 0x1_0900),
    // Next to a function that decides, and into the middle of one.
    (0x1_1810, BL, 0x1_0104),
    (0x1_1820, BL, 0x1_1020),
    // Another instruction with the same number in it.
    (0x1_1910, ADR, 0x1_0100),
    // An entry point that does not decide.
    (0x1_1a10, BL, 0x1_0300),
    // In the cold part.
    (0x1_1d10, BL, 0x1_0100),
    // Through a short function, and next to one.
    (SHORT[0], BL, 0x1_0100),
    (0x1_2910, BL, SHORT[0]),
    (SHORT[1] + SHORT_LENGTH + 0x10, BL, 0x1_0100),
    (0x1_2a10, BL, SHORT[1]),
    // Calls from security/.
    (0x1_0160, BL, CALLED_BY_SECURITY),
    // Calls whose result is overwritten, and used: there, or by a function that gets it.
    (0x1_3710, BL, UNUSED),
    (0x1_3720, BL, PARTLY_USED),
    (0x1_3910, BL, PARTLY_USED),
    (0x1_3920, BL, USED),
    (0x1_3724, BL, FORGETS),
    (0x1_3924, BL, USES),
];

/// In the middle of a function that does nothing.
const VENEER: usize = 0x1_2f40;
/// A function that overwrites its first argument, and one that reads it.
const FORGETS: usize = 0x1_3b00;
const USES: usize = 0x1_3c00;

const OTHERS: &[(usize, &[u8])] = &[
    // adrp x16, 0x10000; add x16, x16, #0x800; br x16
    (
        VENEER,
        &[
            0xf0, 0xff, 0xff, 0xd0, 0x10, 0x02, 0x20, 0x91, 0x00, 0x02, 0x1f, 0xd6,
        ],
    ),
    // mov w0, #-22; mov x12, #-12; mov w1, #-134
    (FAILS + 0x20, &0x1280_02a0_u32.to_le_bytes()),
    (FAILS + 0x1a0, &0x9280_016c_u32.to_le_bytes()),
    (FAILS + 0x200, &0x1280_10a1_u32.to_le_bytes()),
    // In the cold part.
    (0x1_1d40, &0x1280_02a0_u32.to_le_bytes()),
    // mov w0, #-1; mov w0, #-135; cmn w0, #22; mov wzr, #-22; movk w0, #0xffea; mov w0, #0xffea;
    // the number in memory
    (SUCCEEDS + 0x20, &0x1280_0000_u32.to_le_bytes()),
    (SUCCEEDS + 0x30, &0x1280_10c0_u32.to_le_bytes()),
    (SUCCEEDS + 0x40, &0x3100_581f_u32.to_le_bytes()),
    (SUCCEEDS + 0x50, &0x1280_02bf_u32.to_le_bytes()),
    (SUCCEEDS + 0x60, &0x729f_fd40_u32.to_le_bytes()),
    (SUCCEEDS + 0x70, &0x529f_fd40_u32.to_le_bytes()),
    (SUCCEEDS + 0x80, &[0xea, 0xff, 0xff, 0xff]),
    (UNUSED + 0x20, &0x1280_02a0_u32.to_le_bytes()),
    (PARTLY_USED + 0x20, &0x1280_02a0_u32.to_le_bytes()),
    (USED + 0x20, &0x1280_02a0_u32.to_le_bytes()),
    (PROCESSOR.start + 0x20, &0x1280_02a0_u32.to_le_bytes()),
    // mov x1, x19; ldr w0, [x1], and cmp w0, #0
    (0x1_3714, &0xaa13_03e1_u32.to_le_bytes()),
    (0x1_3718, &0xb940_0020_u32.to_le_bytes()),
    (0x1_3914, &0x7100_001f_u32.to_le_bytes()),
    // mov x9, x30; a call of a tracer; paciasp; adrp x0, and mov x19, x0
    (FORGETS, &0xaa1e_03e9_u32.to_le_bytes()),
    (FORGETS + 4, BL),
    (FORGETS + 8, &0xd503_233f_u32.to_le_bytes()),
    (FORGETS + 12, &0x9000_0000_u32.to_le_bytes()),
    (USES, &0xd503_245f_u32.to_le_bytes()),
    (USES + 4, &0xaa00_03f3_u32.to_le_bytes()),
];
