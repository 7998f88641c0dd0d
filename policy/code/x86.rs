// SPDX-License-Identifier: GPL-2.0-only

//! Decoder of x86-64 instructions: their lengths, and branches.
//!
//! A function is decoded from its beginning. The search for callers covers all code, so it does not
//! decode: every byte that could begin a branch counts as one, and a false one only matters if its
//! target is the function.

use super::{
    Architecture,
    Instruction,
    Use, //
};

/// x86-64.
pub(crate) struct X86;

/// The number of bytes that identify a branch with a 32-bit displacement: the longest one, or a
/// shorter one with the byte before it.
const WINDOW: usize = 6;

/// `call rel32`.
pub(crate) const CALL: u8 = 0xe8;
/// `jmp rel32`.
pub(crate) const JUMP: u8 = 0xe9;
/// The first byte of `jcc rel32`; the second is 0x80 to 0x8f.
const TWO_BYTES: u8 = 0x0f;
/// `int3`, which a probe writes over the first byte of an instruction.
pub(crate) const BREAKPOINT: u8 = 0xcc;

impl Architecture for X86 {
    const LONGEST: usize = 15;
    const ALIGNMENT: usize = 1;
    /// Direct calls may skip ENDBR64.
    const ENTRY: usize = 4;
    const OVERLAP: usize = WINDOW - 1;
    const ARGUMENTS: u32 = 6;
    const RESULT_IS_ARGUMENT: bool = false;
    /// A jump.
    const PROBE: usize = 5;
    /// The displacement remains after a breakpoint.
    const PROBE_HIDES_BRANCH: bool = false;

    fn decode(bytes: &[u8]) -> Option<Instruction> {
        decode(bytes)
    }

    fn is_call(bytes: &[u8]) -> bool {
        bytes.first() == Some(&CALL)
    }

    fn use_of_result(bytes: &[u8]) -> Use {
        use_of_result(bytes)
    }

    #[inline(always)]
    fn find_branches(
        bytes: &[u8],
        at: usize,
        start: usize,
        length: usize,
        mut visit: impl FnMut(usize, usize),
    ) {
        // Check the target first: it is rarely in range, which the CPU predicts well, unlike the
        // bytes that begin a branch.
        for (index, window) in bytes.windows(WINDOW).enumerate() {
            let place = at.wrapping_add(index);
            let target = target(place, window);

            if target.wrapping_sub(start) <= length && is_branch(window) {
                visit(place + 1, target);
            }
        }
    }

    #[inline(always)]
    fn is_probe(bytes: &[u8]) -> bool {
        matches!(bytes.first(), Some(&(BREAKPOINT | JUMP)))
    }

    /// A probe that uses ftrace is a call.
    fn is_armed(bytes: &[u8]) -> bool {
        matches!(bytes.first(), Some(&(BREAKPOINT | CALL)))
    }
}

/// What follows the opcode and its operands.
enum Immediate {
    None,
    /// This many bytes.
    Bytes(usize),
    /// Four, or two with an operand-size prefix.
    Operand,
    /// The same, or eight with REX.W.
    Full,
    /// An address: eight, or four with an address-size prefix.
    Address,
    /// The displacement of a branch, with this many bytes.
    Branch(usize),
    /// One byte, or as [`Operand`](Self::Operand), if the ModRM byte says `test`.
    Test(bool),
}

/// A reader of bytes. Past the end it returns 0, and still counts.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn next(&mut self) -> u8 {
        let byte = self.peek();

        self.at += 1;
        byte
    }

    /// Skips a ModRM byte with its SIB byte and displacement, and returns it.
    fn operands(&mut self) -> u8 {
        let modrm = self.next();
        let (mode, memory) = (modrm >> 6, modrm & 7);

        if mode == 3 {
            return modrm;
        }
        let base = match memory {
            4 => self.next() & 7,
            memory => memory,
        };

        self.at += match mode {
            0 if base == 5 => 4,
            1 => 1,
            2 => 4,
            _ => 0,
        };
        modrm
    }
}

/// See [`Architecture::decode()`].
fn decode(bytes: &[u8]) -> Option<Instruction> {
    let mut reader = Reader { bytes, at: 0 };
    let (mut is_short, mut is_wide, mut has_small_addresses) = (false, false, false);

    let opcode = loop {
        match reader.next() {
            0x66 => is_short = true,
            0x67 => has_small_addresses = true,
            0x26 | 0x2e | 0x36 | 0x3e | 0x64 | 0x65 | 0xf0 | 0xf2 | 0xf3 => {}
            rex @ 0x40..=0x4f => {
                // It only counts directly before the opcode.
                is_wide = rex & 8 != 0;
                if !is_prefix(reader.peek()) {
                    break reader.next();
                }
            }
            opcode => break opcode,
        }
        is_wide = false;
        if reader.at >= X86::LONGEST {
            return None;
        }
    };
    let (has_modrm, immediate) = match opcode {
        TWO_BYTES => match reader.next() {
            0x38 => {
                reader.next();
                (true, Immediate::None)
            }
            0x3a => {
                reader.next();
                (true, Immediate::Bytes(1))
            }
            opcode => two_bytes(opcode)?,
        },
        // VEX, EVEX, and XOP, which differs from POP by its map.
        0xc4 | 0xc5 | 0x62 | 0x8f if opcode != 0x8f || reader.peek() & 0x1f >= 8 => {
            let map = match opcode {
                0xc5 => 1,
                0x62 => reader.peek() & 7,
                _ => reader.peek() & 0x1f,
            };

            reader.at += match opcode {
                0xc5 => 1,
                0x62 => 3,
                _ => 2,
            };
            match (map, reader.next()) {
                (1, 0x77) => (false, Immediate::None),
                (1, 0x70..=0x73 | 0xc2 | 0xc4..=0xc6) | (3 | 8, _) => (true, Immediate::Bytes(1)),
                (10, _) => (true, Immediate::Bytes(4)),
                _ => (true, Immediate::None),
            }
        }
        opcode => one_byte(opcode)?,
    };
    let modrm = if has_modrm { reader.operands() } else { 0 };
    let operand = if is_short && !is_wide { 2 } else { 4 };
    let mut branch = None;
    let is_move = matches!(opcode, 0xb8..=0xbf) && !is_wide || opcode == 0xc7 && modrm >> 3 == 0o30;
    let moved = match bytes.get(reader.at..reader.at + operand) {
        Some(&[a, b, c, d]) if is_move => Some((i32::from_le_bytes([a, b, c, d]), is_wide)),
        _ => None,
    };

    reader.at += match immediate {
        Immediate::None => 0,
        Immediate::Bytes(count) => count,
        Immediate::Operand => operand,
        Immediate::Full if is_wide => 8,
        Immediate::Full => operand,
        Immediate::Address if has_small_addresses => 4,
        Immediate::Address => 8,
        Immediate::Branch(count) => {
            let displacement = bytes.get(reader.at..reader.at + count)?;

            branch = Some(match *displacement {
                [one] => i32::from(one as i8),
                [a, b, c, d] => i32::from_le_bytes([a, b, c, d]),
                _ => return None,
            });
            count
        }
        Immediate::Test(_) if modrm >> 3 & 7 > 1 => 0,
        Immediate::Test(true) => operand,
        Immediate::Test(false) => 1,
    };
    (reader.at <= bytes.len().min(X86::LONGEST)).then_some(Instruction {
        length: reader.at,
        branch,
        moved,
    })
}

/// See [`Architecture::use_of_result()`].
fn use_of_result(bytes: &[u8]) -> Use {
    const RESULT: u8 = 0;
    let mut bytes = bytes;

    while let [0x2e | 0x64..=0x66 | 0xf0, rest @ ..] = bytes {
        bytes = rest;
    }
    let (rex, bytes) = match bytes {
        [rex @ 0x40..=0x4f, rest @ ..] => (*rex, rest),
        _ => (0, bytes),
    };
    let Some((&opcode, rest)) = bytes.split_first() else {
        return Use::Reads;
    };
    let [modrm, sib] = [0, 1].map(|index| rest.get(index).copied().unwrap_or(RESULT));
    // The register fields, extended by the REX prefix.
    let with = |register: u8, shift: u8| register & 7 | (rex >> shift & 1) << 3;
    let (mode, middle) = (modrm >> 6, with(modrm >> 3, 2));
    let reads_other = match (mode, modrm & 7) {
        (3, register) => with(register, 0) == RESULT,
        (_, 4) => {
            let (base, index) = (with(sib, 0), with(sib >> 3, 1));

            base == RESULT || index == RESULT
        }
        (_, register) => with(register, 0) == RESULT,
    };
    let reads = |is_read: bool| if is_read { Use::Reads } else { Use::None };

    match opcode {
        CALL => Use::Overwrites,
        0xc3 => Use::Returns,
        JUMP | 0xeb => Use::None,
        0x50..=0x57 => reads(with(opcode, 0) == RESULT),
        0x58..=0x5f | 0xb8..=0xbf if with(opcode, 0) == RESULT => Use::Overwrites,
        0x58..=0x5f | 0xb8..=0xbf | 0x90 => Use::None,
        // Clearing a register: xor with itself.
        0x31 | 0x33 if modrm == 0xc0 && rex & 5 == 0 => Use::Overwrites,
        // To a register.
        0x63 | 0x8b | 0x8d if middle == RESULT && !reads_other => Use::Overwrites,
        // Two operands.
        0x01 | 0x03 | 0x09 | 0x0b | 0x21 | 0x23 | 0x29 | 0x2b | 0x31 | 0x33 | 0x39 | 0x3b
        | 0x63 | 0x85 | 0x89 | 0x8b | 0x8d => reads(reads_other || middle == RESULT),
        // An immediate and an operand; byte register 4 can be part of register 0.
        0x81 | 0x83 | 0xc1 | 0xc7 => reads(reads_other),
        0x80 | 0xc6 => reads(reads_other || (mode == 3 && modrm & 7 == 4)),
        // An indirect call.
        0xff if modrm >> 3 & 7 == 2 && !reads_other => Use::Overwrites,
        _ => Use::Reads,
    }
}

fn is_prefix(byte: u8) -> bool {
    matches!(
        byte,
        0x26 | 0x2e | 0x36 | 0x3e | 0x40..=0x4f | 0x64..=0x67 | 0xf0 | 0xf2 | 0xf3
    )
}

/// Whether a ModRM byte follows `opcode`, and which immediate.
fn one_byte(opcode: u8) -> Option<(bool, Immediate)> {
    Some(match opcode {
        0x00..=0x3f => match opcode & 7 {
            0..=3 => (true, Immediate::None),
            4 => (false, Immediate::Bytes(1)),
            5 => (false, Immediate::Operand),
            _ => return None,
        },
        0x69 | 0x81 | 0xc7 => (true, Immediate::Operand),
        0x6b | 0x80 | 0x83 | 0xc0 | 0xc1 | 0xc6 => (true, Immediate::Bytes(1)),
        0x63 | 0x84..=0x8f | 0xd0..=0xd3 | 0xd8..=0xdf | 0xfe | 0xff => (true, Immediate::None),
        0xf6 => (true, Immediate::Test(false)),
        0xf7 => (true, Immediate::Test(true)),
        0x68 | 0xa9 => (false, Immediate::Operand),
        0x6a | 0xa8 | 0xb0..=0xb7 | 0xcd | 0xe4..=0xe7 => (false, Immediate::Bytes(1)),
        0xb8..=0xbf => (false, Immediate::Full),
        0xa0..=0xa3 => (false, Immediate::Address),
        0xc2 | 0xca => (false, Immediate::Bytes(2)),
        0xc8 => (false, Immediate::Bytes(3)),
        0x70..=0x7f | 0xe0..=0xe3 | 0xeb => (false, Immediate::Branch(1)),
        CALL | JUMP => (false, Immediate::Branch(4)),
        0x60 | 0x61 | 0x82 | 0x9a | 0xce | 0xd4..=0xd6 | 0xea => return None,
        _ => (false, Immediate::None),
    })
}

/// The same for an opcode after [`TWO_BYTES`].
fn two_bytes(opcode: u8) -> Option<(bool, Immediate)> {
    Some(match opcode {
        0x80..=0x8f => (false, Immediate::Branch(4)),
        0x05..=0x09
        | 0x0b
        | 0x0e
        | 0x30..=0x35
        | 0x37
        | 0x77
        | 0xa0..=0xa2
        | 0xa8..=0xaa
        | 0xc8..=0xcf => (false, Immediate::None),
        // Control and debug registers: never a memory operand, whatever the ModRM byte says.
        0x20..=0x23 => (false, Immediate::Bytes(1)),
        0x0f | 0x70..=0x73 | 0xa4 | 0xac | 0xba | 0xc2 | 0xc4..=0xc6 => (true, Immediate::Bytes(1)),
        0x04 | 0x0a | 0x0c | 0x36 => return None,
        _ => (true, Immediate::None),
    })
}

/// Whether `window` holds a branch, possibly with a breakpoint over its first byte.
fn is_branch(window: &[u8]) -> bool {
    match [window[0], window[1]] {
        [_, CALL | JUMP | BREAKPOINT] => true,
        [TWO_BYTES | BREAKPOINT, second] => second & 0xf0 == 0x80,
        _ => false,
    }
}

/// The target of the displacement at the end of `window`, which is at `at`.
fn target(at: usize, window: &[u8]) -> usize {
    let displacement = [window[2], window[3], window[4], window[5]];

    at.wrapping_add(WINDOW)
        .wrapping_add_signed(i32::from_le_bytes(displacement) as isize)
}
