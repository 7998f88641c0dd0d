// SPDX-License-Identifier: GPL-2.0-only

//! Decoder of arm64 instructions.
//!
//! Data among code may be decoded as a branch, which only matters if the target is a function.

use super::{
    Architecture,
    Instruction,
    Use, //
};

/// arm64 (A64), little-endian.
pub(crate) struct Arm64;

/// The size of an instruction, in bytes.
const WORD: usize = 4;

/// `mov x9, x30`, which precedes the call of a tracer at the entry of a function.
const SAVE_RETURN_ADDRESS: u32 = 0xaa1e_03e9;
/// `brk #4`, the instruction of a probe.
const BREAKPOINT: u32 = 0xd420_0080;
/// `br x16`.
const BRANCH_TO_X16: u32 = 0xd61f_0200;

impl Architecture for Arm64 {
    /// The two instructions for tracers at the entry of functions count as one.
    const LONGEST: usize = 2 * WORD;
    const ALIGNMENT: usize = WORD;
    /// Calls do not skip the landing pad.
    const ENTRY: usize = 0;
    const OVERLAP: usize = 0;
    const ARGUMENTS: u32 = 8;
    const RESULT_IS_ARGUMENT: bool = true;
    /// `adrp x16; add x16, x16; br x16`.
    const VENEER: usize = 3 * WORD;
    const PROBE: usize = WORD;
    const PROBE_HIDES_BRANCH: bool = true;

    fn decode(bytes: &[u8]) -> Option<Instruction> {
        let word = word_at(bytes, 0)?;
        let is_for_tracer = word == SAVE_RETURN_ADDRESS && bytes.len() >= 2 * WORD;

        Some(Instruction {
            length: if is_for_tracer { 2 * WORD } else { WORD },
            branch: branch(word).map(|distance| distance - WORD as i32),
            moved: moved(word),
        })
    }

    fn is_call(bytes: &[u8]) -> bool {
        word_at(bytes, 0).is_some_and(is_call)
    }

    fn use_of_result(bytes: &[u8]) -> Use {
        word_at(bytes, 0).map_or(Use::Reads, use_of_result)
    }

    #[inline(always)]
    fn find_branches(
        bytes: &[u8],
        at: usize,
        start: usize,
        length: usize,
        mut visit: impl FnMut(usize, usize),
    ) {
        let first = at.wrapping_neg() % WORD;

        for index in (first..bytes.len()).step_by(WORD) {
            let place = at.wrapping_add(index);

            if let Some(distance) = word_at(bytes, index).and_then(branch) {
                let target = place.wrapping_add_signed(distance as isize);

                if target.wrapping_sub(start) <= length {
                    visit(place, target);
                }
            }
        }
    }

    fn behind_veneer(bytes: &[u8], at: usize) -> Option<usize> {
        const PAGE: usize = 1 << 12;
        let [page, offset, branch] = [0, 1, 2].map(|index| word_at(bytes, index * WORD));
        let (page, offset) = (page?, offset?);

        // Both write to x16, and the second reads it.
        if page & 0x9f00_001f != 0x9000_0010
            || offset & 0xffc0_03ff != 0x9100_0210
            || branch != Some(BRANCH_TO_X16)
        {
            return None;
        }
        let high = (page << 8) as i32 >> 11 & !3;
        let pages = (high | (page >> 29 & 3) as i32) as isize;

        (at & !(PAGE - 1))
            .wrapping_add_signed(pages * PAGE as isize)
            .checked_add((offset >> 10 & 0xfff) as usize)
    }

    #[inline(always)]
    fn is_probe(bytes: &[u8]) -> bool {
        word_at(bytes, 0) == Some(BREAKPOINT)
    }

    fn is_armed(bytes: &[u8]) -> bool {
        Self::is_probe(bytes)
    }
}

/// The instruction at `at`, unless it is truncated.
fn word_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn is_call(word: u32) -> bool {
    word & 0xfc00_0000 == 0x9400_0000
}

/// The offset of the target from `word`, in bytes, if it is a direct call or jump.
fn branch(word: u32) -> Option<i32> {
    Some(match word >> 24 {
        // b, bl
        0x14..=0x17 | 0x94..=0x97 => (word << 6) as i32 >> 4,
        // b.cond, cbz, cbnz
        0x54 | 0x34 | 0x35 | 0xb4 | 0xb5 => ((word & !0x1f) << 8) as i32 >> 11,
        // tbz, tbnz
        0x36 | 0x37 | 0xb6 | 0xb7 => ((word & !0x1f) << 13) as i32 >> 16,
        _ => return None,
    })
}

/// The number that `movz` or `movn` moves into a register, and whether it is a 64-bit move.
/// Compilers use these two whenever possible.
fn moved(word: u32) -> Option<(i32, bool)> {
    let is_wide = word >> 31 == 1;
    let shift = (word >> 21 & 3) * 16;
    let number = u64::from(word >> 5 & 0xffff) << shift;
    let is_discarded = word & 0x1f == 31;
    let number = match word >> 23 & 0xff {
        _ if is_discarded || (shift > 16 && !is_wide) => return None,
        0b0010_0101 => !number,
        0b1010_0101 => number,
        _ => return None,
    };

    match is_wide {
        true => Some((i32::try_from(number as i64).ok()?, true)),
        false => Some((number as i32, false)),
    }
}

/// As [`Architecture::use_of_result()`].
fn use_of_result(word: u32) -> Use {
    const RESULT: u32 = 0;
    let is_result = |shift: u32| word >> shift & 0x1f == RESULT;
    // The usual register fields: the one that is written or stored, and those that are read.
    let (first, second, third, fourth) = (is_result(0), is_result(5), is_result(16), is_result(10));
    let is_any = first || second || third || fourth;
    let is_vector = word >> 26 & 1 == 1;
    let is = |mask: u32, bits: u32| word & mask == bits;
    let with = |reads: bool, writes: bool| match (reads, writes) {
        (true, _) => Use::Reads,
        (false, true) => Use::Overwrites,
        (false, false) => Use::None,
    };

    match word >> 25 & 0xf {
        // Numbers.
        0b1000 | 0b1001 => match word >> 23 & 7 {
            // An address.
            0b000 | 0b001 => with(false, first),
            // movk and bfm keep a part of the old value.
            0b101 => with(first && is(0x6000_0000, 0x6000_0000), first),
            0b110 => with(second || first && is(0x6000_0000, 0x2000_0000), first),
            0b111 => with(second || third, first),
            _ => with(second, first),
        },
        0b1010 | 0b1011 => match word {
            // ret, also with authentication of the return address.
            0xd65f_03c0 | 0xd65f_0bff | 0xd65f_0fff => Use::Returns,
            // b, bl
            _ if is(0x7c00_0000, 0x1400_0000) => Use::None,
            // From and to a system register; also hints and barriers, which have no register.
            _ if is(0xfff0_0000, 0xd530_0000) => with(false, first),
            _ if is(0xffe0_0000, 0xd500_0000) => with(first, false),
            _ => Use::Reads,
        },
        // PC-relative loads; prfm.
        0b0100 | 0b0110 | 0b1100 | 0b1110 if is(0x3b00_0000, 0x1800_0000) => {
            with(false, first && !is_vector && word >> 30 != 3)
        }
        // Pairs.
        0b0100 | 0b0110 | 0b1100 | 0b1110 if is(0x3a00_0000, 0x2800_0000) => {
            let moves = !is_vector && (first || fourth);

            match word >> 22 & 1 {
                0 => with(second || moves, false),
                _ => with(second, moves),
            }
        }
        // One register, with an immediate or a register offset.
        0b0100 | 0b0110 | 0b1100 | 0b1110
            if is(0x3b00_0000, 0x3900_0000)
                || is(0x3b20_0000, 0x3800_0000)
                || is(0x3b20_0c00, 0x3820_0800) =>
        {
            let is_index = is(0x3b20_0c00, 0x3820_0800) && third;
            let moves = !is_vector && first;

            match word >> 22 & 3 {
                0 => with(second || is_index || moves, false),
                // prfm
                2 if word >> 30 == 3 => with(second || is_index, false),
                _ => with(second || is_index, moves),
            }
        }
        // Register operations: a conditional comparison writes none, and may have an immediate.
        0b0101 | 0b1101 => match word >> 21 & 0xff {
            // Flag operations share the encoding of addition with carry.
            0b1101_0000 if !is(0xfc00, 0) => Use::Reads,
            0b1101_0010 => with(second || third && word >> 11 & 1 == 0, false),
            // One source, with an opcode in the field of the other. Authentication modifies its
            // register.
            0b1101_0110 if is(0x4000_0000, 0x4000_0000) => with(second || (first && !third), first),
            op if op >> 3 == 0b11011 => with(second || third || fourth, first),
            _ => with(second || third, first),
        },
        // All others, and invalid instructions.
        _ if is_any => Use::Reads,
        _ => Use::None,
    }
}
