// SPDX-License-Identifier: GPL-2.0-only

//! Instructions of x86-64: how long they are, and which are branches.
//!
//! A function is decoded from its beginning, one instruction after the other. Callers are counted
//! without, since that goes through all code there is: every byte that could begin a branch is
//! taken for one there, and one that does not makes a difference only if it leads just to the
//! function.

/// The longest instruction.
pub(super) const LONGEST: usize = 15;

/// How many bytes tell whether there is a branch with a displacement of 32 bits: the longest, or a
/// shorter one and a byte before it.
pub(super) const WINDOW: usize = 6;

/// How far behind its beginning a function is entered at most: direct calls may skip ENDBR64.
pub(crate) const ENTRY: usize = 4;

/// `call rel32`.
pub(crate) const CALL: u8 = 0xe8;
/// `jmp rel32`.
pub(crate) const JUMP: u8 = 0xe9;
/// The first byte of `jcc rel32`; the second is 0x80 to 0x8f.
const TWO_BYTES: u8 = 0x0f;
/// `int3`, which a probe puts in place of an instruction's first byte.
pub(crate) const BREAKPOINT: u8 = 0xcc;

/// An instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// How many bytes it has.
    pub(crate) length: usize,
    /// How far behind its end it goes on, if it is a direct call or jump.
    pub(crate) branch: Option<i32>,
}

/// What follows the opcode and its operands.
enum Immediate {
    None,
    /// So many bytes.
    Bytes(usize),
    /// Four, or two with an operand-size prefix.
    Operand,
    /// The same, or eight with REX.W.
    Full,
    /// An address: eight, or four with an address-size prefix.
    Address,
    /// A displacement of so many bytes, of a branch.
    Branch(usize),
    /// One byte, or as [`Operand`](Self::Operand), if the ModRM byte says `test`.
    Test(bool),
}

/// Bytes that are read from the front. Behind their end it goes on with 0, and they count.
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

    /// Passes over a ModRM byte and what it says, and returns it.
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

/// Decodes the instruction that `bytes` begin with. There is none if it is longer than they are, or
/// no instruction at all.
pub(crate) fn decode(bytes: &[u8]) -> Option<Instruction> {
    let mut reader = Reader { bytes, at: 0 };
    let (mut is_short, mut is_wide, mut has_small_addresses) = (false, false, false);

    let opcode = loop {
        match reader.next() {
            0x66 => is_short = true,
            0x67 => has_small_addresses = true,
            0x26 | 0x2e | 0x36 | 0x3e | 0x64 | 0x65 | 0xf0 | 0xf2 | 0xf3 => {}
            rex @ 0x40..=0x4f => {
                // It counts only right before the opcode.
                is_wide = rex & 8 != 0;
                if !is_prefix(reader.peek()) {
                    break reader.next();
                }
            }
            opcode => break opcode,
        }
        is_wide = false;
        if reader.at >= LONGEST {
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
        // VEX, EVEX, and XOP, which is told from POP by its map.
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
    (reader.at <= bytes.len().min(LONGEST)).then_some(Instruction {
        length: reader.at,
        branch,
    })
}

fn is_prefix(byte: u8) -> bool {
    matches!(
        byte,
        0x26 | 0x2e | 0x36 | 0x3e | 0x40..=0x4f | 0x64..=0x67 | 0xf0 | 0xf2 | 0xf3
    )
}

/// Whether a ModRM byte follows `opcode`, and what else.
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

/// The same for an opcode behind [`TWO_BYTES`].
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
        // Control and debug registers: whatever the ModRM byte says, there is no memory.
        0x20..=0x23 => (false, Immediate::Bytes(1)),
        0x0f | 0x70..=0x73 | 0xa4 | 0xac | 0xba | 0xc2 | 0xc4..=0xc6 => (true, Immediate::Bytes(1)),
        0x04 | 0x0a | 0x0c | 0x36 => return None,
        _ => (true, Immediate::None),
    })
}

/// Adds to the count of each of `functions`, which are sorted by their addresses, how many branches
/// in `bytes`, which lie at `at`, go to it or to the `padding` in front of it.
pub(super) fn count_calls(
    bytes: &[u8],
    at: usize,
    functions: &mut [(usize, usize)],
    padding: usize,
) {
    let ([(first, _), ..], [.., (last, _)]) = (&*functions, &*functions) else {
        return;
    };
    let start = first.saturating_sub(padding);
    let length = last.saturating_add(ENTRY) - start;

    // The target is looked at first: of all bytes, few make up one that is in reach. A processor
    // guesses that right, and which bytes begin a branch it does not.
    for (index, window) in bytes.windows(WINDOW).enumerate() {
        let target = target(at.wrapping_add(index), window);

        if target.wrapping_sub(start) <= length && is_branch(window) {
            count_call(target, functions, padding);
        }
    }
}

/// Whether `window` holds a branch, also one with a breakpoint in the place of its first byte.
fn is_branch(window: &[u8]) -> bool {
    match [window[0], window[1]] {
        [_, CALL | JUMP | BREAKPOINT] => true,
        [TWO_BYTES | BREAKPOINT, second] => second & 0xf0 == 0x80,
        _ => false,
    }
}

/// Counts a branch to `target`. Kept apart from the loop that is gone through for each byte.
#[cold]
#[inline(never)]
fn count_call(target: usize, functions: &mut [(usize, usize)], padding: usize) {
    let from = functions.partition_point(|(function, _)| target.saturating_sub(ENTRY) > *function);

    functions[from..]
        .iter_mut()
        .take_while(|(function, _)| function.saturating_sub(padding) <= target)
        .for_each(|(_, count)| *count += 1);
}

/// Where the displacement at the end of `window`, which lies at `at`, leads.
fn target(at: usize, window: &[u8]) -> usize {
    let displacement = [window[2], window[3], window[4], window[5]];

    at.wrapping_add(WINDOW)
        .wrapping_add_signed(i32::from_le_bytes(displacement) as isize)
}
