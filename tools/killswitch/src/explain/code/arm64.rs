// SPDX-License-Identifier: GPL-2.0-only

//! Instructions of arm64: words of 32 bits. Vector instructions, which the kernel uses for ciphers
//! only, have no effect here.

use super::{
    Architecture, Arithmetic, Condition, Destination, Instruction, Operand, Operation, Other, Part,
    Place, Size, Table, Test, Touch, STACK, VOLATILE,
};
use crate::{
    explain::machine::{Base, Known},
    image::Image,
    policy::code::{arm64, Architecture as _},
};
use std::ops::Range;

pub struct Arm64;

/// The size of an instruction, in bytes.
const WORD: u64 = 4;
/// The unit of `adrp`, in bytes.
const PAGE: u64 = 1 << 12;
/// Maximum distance between `adrp` and the instruction that adds the offset, in instructions.
const APART: usize = 24;

impl Architecture for Arm64 {
    fn alignment(&self) -> u64 {
        WORD
    }

    fn arguments(&self) -> Range<usize> {
        0..8
    }

    fn result(&self) -> usize {
        0
    }

    fn decode(&self, image: &Image, at: u64) -> Option<Instruction> {
        let word = word_at(image, at)?;

        if let Some((next, operation)) = switch(image, at, word) {
            return Some(Instruction {
                at,
                next,
                operations: vec![operation],
            });
        }
        let mut operations = operations(word, at)?;

        if let Some(
            Operation::Call(Destination::Code(to))
            | Operation::Jump(Destination::Code(to))
            | Operation::Branch {
                to: Destination::Code(to),
                ..
            },
        ) = operations.last_mut()
        {
            *to = behind_veneer(image, *to);
        }
        Some(Instruction {
            at,
            next: at + WORD,
            operations,
        })
    }

    fn entries(&self, _: &Image, address: u64) -> Vec<u64> {
        vec![address]
    }

    fn references(&self, image: &Image, range: &Range<u64>, address: u64) -> Vec<u64> {
        let length = (range.end - range.start) as usize;
        let (words, _) = image
            .read(range.start, length)
            .unwrap_or_default()
            .as_chunks::<{ WORD as usize }>();
        let mut found = Vec::new();

        for (index, bytes) in words.iter().enumerate() {
            let at = range.start + WORD * index as u64;
            let word = u32::from_le_bytes(*bytes);
            let Some((register, taken)) = address_in(word, at) else {
                continue;
            };
            let is_page = word >> 31 == 1;

            // Page addresses are prefixes of all addresses in the page, including the first.
            if !is_page && taken == address {
                found.push(at);
            } else if is_page && taken == address & !(PAGE - 1) {
                let behind = words[index..].iter().zip((at..).step_by(WORD as usize));
                let mut behind = behind
                    .map(|(bytes, at)| (u32::from_le_bytes(*bytes), at))
                    .skip(1)
                    .take(APART)
                    .take_while(|(word, at)| {
                        address_in(*word, *at).is_none_or(|(other, _)| other != register)
                    });

                found.extend(
                    behind
                        .find(|(word, _)| adds(*word, register, address % PAGE))
                        .map(|(_, at)| at),
                );
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn preempt_count(&self, image: &Image) -> Option<Known> {
        const COUNT: &str = "preempt_count";
        let types = image.types(None)?;
        let structure = types.structure("thread_info")?;
        // A combined operation with an adjacent flag.
        let found = structure.members().find(|it| {
            let inner = || types.get(it.id).filter(|_| it.name.is_empty());

            it.name == COUNT || inner().is_some_and(|it| it.has_member(COUNT))
        })?;

        Some(Known::Address(Base::Thread, (found.offset / 8).into()))
    }
}

fn word_at(image: &Image, at: u64) -> Option<u32> {
    Some(u32::from_le_bytes(image.read(at, 4)?.try_into().ok()?))
}

/// The final target of a branch to `target`. A symbol is not a veneer.
fn behind_veneer(image: &Image, target: u64) -> u64 {
    let is_symbol = || image.names(target).next().is_some();
    let behind = || {
        let bytes = image.read(target, arm64::Arm64::VENEER)?;

        arm64::Arm64::behind_veneer(bytes, target as usize).filter(|_| !is_symbol())
    };

    behind().map_or(target, |it| it as u64)
}

/// A bit field of a word.
fn bits(word: u32, from: u32, count: u32) -> u32 {
    word >> from & ((1 << count) - 1)
}

/// A signed bit field of a word.
fn signed(word: u32, from: u32, count: u32) -> i64 {
    let shift = 32 - count;

    i64::from((bits(word, from, count) << shift) as i32 >> shift)
}

fn has(word: u32, bit: u32) -> bool {
    word >> bit & 1 != 0
}

/// The register in the field of a word. The last one is zero.
fn zero_or(word: u32, from: u32, bytes: usize) -> Operand {
    match bits(word, from, 5) {
        31 => Operand::Number(0),
        register => Operand::register(register as u8, bytes),
    }
}

/// The destination register, unless it is discarded.
fn written(word: u32, bytes: usize) -> Option<Operand> {
    let register = bits(word, 0, 5) as u8;

    (register != 31).then(|| Operand::register(register, bytes))
}

/// The same; the last one is the stack pointer.
fn stack_or(word: u32, from: u32, bytes: usize) -> Operand {
    Operand::register(bits(word, from, 5) as u8, bytes)
}

fn width(word: u32) -> usize {
    if has(word, 31) {
        8
    } else {
        4
    }
}

/// The registers in fields of a word, as a bit mask.
fn registers(word: u32, fields: &[u32]) -> u32 {
    let all = fields
        .iter()
        .fold(0, |set, it| set | 1 << bits(word, *it, 5));

    all & !(1 << STACK)
}

/// An instruction with known registers and unknown results.
fn other(reads: u32, writes: u32) -> Vec<Operation> {
    vec![Operation::Other(Other {
        reads,
        writes,
        ..Other::default()
    })]
}

fn move_to(to: Option<Operand>, from: Operand) -> Vec<Operation> {
    to.map(|to| Operation::Move { to, from })
        .into_iter()
        .collect()
}

fn compute(
    arithmetic: Arithmetic,
    to: Option<Operand>,
    a: Operand,
    b: Operand,
    size: usize,
    sets_flags: bool,
) -> Vec<Operation> {
    let is_signed = arithmetic != Arithmetic::Shr;

    vec![Operation::Compute {
        arithmetic,
        to,
        a: a.signed(is_signed),
        b: b.signed(is_signed),
        size,
        sets_flags,
    }]
}

/// Decodes the word at `at`; `None` if it is not an instruction.
fn operations(word: u32, at: u64) -> Option<Vec<Operation>> {
    match bits(word, 25, 4) {
        0b1000 | 0b1001 => immediate(word, at),
        0b1010 | 0b1011 => Some(branch_or_system(word, at)),
        0b0100 | 0b0110 | 0b1100 | 0b1110 => Some(load_or_store(word, at)),
        0b0101 | 0b1101 => Some(of_registers(word)),
        0b0111 | 0b1111 | 0b0010 => Some(Vec::new()),
        _ if word >> 16 == 0 => Some(vec![Operation::Trap]),
        _ => None,
    }
}

/// The register and the address of `adr` or `adrp` at `at`.
fn address_in(word: u32, at: u64) -> Option<(u8, u64)> {
    let distance = signed(word, 5, 19) << 2 | i64::from(bits(word, 29, 2));
    let address = match word & 0x9f00_0000 {
        0x1000_0000 => at.wrapping_add_signed(distance),
        0x9000_0000 => (at & !(PAGE - 1)).wrapping_add_signed(distance << 12),
        _ => return None,
    };

    Some((bits(word, 0, 5) as u8, address))
}

/// Whether a word is `add` of this number to this register.
fn adds(word: u32, register: u8, number: u64) -> bool {
    word & 0xffc0_0000 == 0x9100_0000
        && bits(word, 5, 5) == u32::from(register)
        && u64::from(bits(word, 10, 12)) == number
}

/// Instructions with an immediate.
fn immediate(word: u32, at: u64) -> Option<Vec<Operation>> {
    let size = width(word);
    let to = written(word, size);

    Some(match bits(word, 23, 3) {
        0b000 | 0b001 => {
            let (register, address) = address_in(word, at)?;

            match register {
                31 => Vec::new(),
                _ => move_to(to.map(|_| Operand::register(register, 8)), number(address)),
            }
        }
        0b010 => {
            let shift = if has(word, 22) { 12 } else { 0 };
            let addend = i64::from(bits(word, 10, 12)) << shift;
            let (is_sub, sets_flags) = (has(word, 30), has(word, 29));
            let from = stack_or(word, 5, size);

            match (sets_flags, size) {
                (false, 8) => {
                    let displacement = if is_sub { -addend } else { addend };
                    let place = Place::behind(bits(word, 5, 5) as u8, displacement);
                    // A move to or from the stack pointer.
                    let from = match addend {
                        0 => from,
                        _ => Operand::Address(place),
                    };

                    move_to(Some(stack_or(word, 0, 8)), from)
                }
                (false, _) => {
                    let to = Some(stack_or(word, 0, size));
                    let arithmetic = if is_sub {
                        Arithmetic::Sub
                    } else {
                        Arithmetic::Add
                    };

                    compute(arithmetic, to, from, Operand::Number(addend), size, false)
                }
                // A comparison with a negative immediate.
                (true, _) => {
                    let number = if is_sub { addend } else { -addend };

                    compute(
                        Arithmetic::Sub,
                        to,
                        from,
                        Operand::Number(number),
                        size,
                        true,
                    )
                }
            }
        }
        0b100 => {
            let number = Operand::Number(mask(word)?);
            let from = zero_or(word, 5, size);
            let to_stack = Some(stack_or(word, 0, size));

            match bits(word, 29, 2) {
                0b00 => compute(Arithmetic::And, to_stack, from, number, size, false),
                0b01 if from == Operand::Number(0) => move_to(to_stack, number),
                0b01 => compute(Arithmetic::Or, to_stack, from, number, size, false),
                0b10 => compute(Arithmetic::Xor, to_stack, from, number, size, false),
                _ => compute(Arithmetic::And, to, from, number, size, true),
            }
        }
        0b101 => {
            let shift = bits(word, 21, 2) * 16;
            let half = i64::from(bits(word, 5, 16)) << shift;
            let old = zero_or(word, 0, size);

            match bits(word, 29, 2) {
                0b00 => move_to(to, Operand::Number(!half)),
                0b10 => move_to(to, Operand::Number(half)),
                0b11 => {
                    let kept = Operand::Number(!(0xffff << shift));
                    let half = Operand::Number(half);
                    let mut both = compute(Arithmetic::And, to, old, kept, size, false);

                    both.extend(compute(Arithmetic::Or, to, old, half, size, false));
                    both
                }
                _ => return None,
            }
        }
        0b110 => bit_field(word),
        0b111 => other(registers(word, &[5, 16]), registers(word, &[0])),
        _ => other(registers(word, &[5]), registers(word, &[0])),
    })
}

fn number(address: u64) -> Operand {
    Operand::Number(address as i64)
}

/// The immediate of a logical operation.
fn mask(word: u32) -> Option<i64> {
    let size = if has(word, 31) { 64 } else { 32 };
    let (rotated, ones) = (bits(word, 16, 6), bits(word, 10, 6));
    let kind = bits(word, 22, 1) << 6 | !ones & 0x3f;
    let length = 31u32
        .checked_sub(kind.leading_zeros())
        .filter(|it| *it > 0)?;
    let element = 1 << length;
    let (rotated, ones) = (rotated & (element - 1), ones & (element - 1));

    if element > size || ones == element - 1 {
        return None;
    }
    let all = u64::MAX >> (64 - element);
    let run = u64::MAX >> (63 - ones);
    let turned = match rotated {
        0 => run,
        _ => (run >> rotated | run << (element - rotated)) & all,
    };
    let repeated = (0..64 / element).fold(0, |found, it| found | turned << (it * element));

    Some(match size {
        64 => repeated as i64,
        _ => i64::from(repeated as u32),
    })
}

/// Bit field operations: shifts, extractions and extensions.
fn bit_field(word: u32) -> Vec<Operation> {
    use Arithmetic::{And, Sar, Shl, Shr};

    let size = width(word);
    let last = 8 * size as u32 - 1;
    let (first, end) = (bits(word, 16, 6), bits(word, 10, 6));
    let Some(to) = written(word, size) else {
        return Vec::new();
    };
    let from = zero_or(word, 5, size);
    let number = |it: u32| Operand::Number(it.into());
    let then = |mut one: Vec<Operation>, other: Vec<Operation>| {
        one.extend(other);
        one
    };
    let ones = |count: u32| Operand::Number((1i64 << count) - 1);
    let one = |arithmetic, from, b| compute(arithmetic, Some(to), from, b, size, false);
    let is_part = first == 0 && matches!(end, 7 | 15 | 31);

    match (bits(word, 29, 2), from) {
        (0b00 | 0b10, Operand::Register(part)) if is_part && end < last => {
            let part = Part::new(part.register, end as usize / 8 + 1);
            let is_signed = bits(word, 29, 2) == 0b00;

            move_to(Some(to), Operand::Register(part).signed(is_signed))
        }
        (0b10, _) if end == last => one(Shr, from, number(first)),
        (0b10, _) if end + 1 == first => one(Shl, from, number(last - end)),
        (0b10, _) if end >= first => then(
            one(Shr, from, number(first)),
            one(And, to, ones(end - first + 1)),
        ),
        (0b10, _) => then(
            one(And, from, ones(end + 1)),
            one(Shl, to, number(last + 1 - first)),
        ),
        (0b00, _) if end == last => one(Sar, from, number(first)),
        // Sign extension: shift the highest selected bit to the top.
        (0b00, Operand::Register(part)) => {
            let wide = Operand::register(part.register, 8);
            let whole = Operand::register(bits(word, 0, 5) as u8, 8);
            let up = 63 - end;
            let down = match end >= first {
                true => up + first,
                false => up + first - (last + 1),
            };
            let up = compute(Shl, Some(whole), wide, number(up), 8, false);

            then(up, compute(Sar, Some(to), whole, number(down), 8, false))
        }
        (0b00, _) => move_to(Some(to), Operand::Number(0)),
        _ => other(registers(word, &[0, 5]), registers(word, &[0])),
    }
}

fn condition(code: u32) -> Condition {
    match code {
        0 => Condition::Equal,
        1 => Condition::NotEqual,
        2 => Condition::AboveOrEqual,
        3 => Condition::Below,
        4 => Condition::Negative,
        5 => Condition::NotNegative,
        8 => Condition::Above,
        9 => Condition::BelowOrEqual,
        10 => Condition::GreaterOrEqual,
        11 => Condition::Less,
        12 => Condition::Greater,
        13 => Condition::LessOrEqual,
        _ => Condition::Other,
    }
}

fn branch_or_system(word: u32, at: u64) -> Vec<Operation> {
    let to =
        |from, count| Destination::Code(at.wrapping_add_signed(signed(word, from, count) << 2));
    let pointer = || Destination::Pointer(zero_or(word, 5, 8));
    let branch = |test, to| vec![Operation::Branch { test, to }];

    match word >> 24 {
        0x14..=0x17 => vec![Operation::Jump(to(0, 26))],
        0x94..=0x97 => vec![Operation::Call(to(0, 26))],
        // Unconditional.
        0x54 if bits(word, 1, 3) == 7 => vec![Operation::Jump(to(5, 19))],
        0x54 => branch(Test::Condition(condition(bits(word, 0, 4))), to(5, 19)),
        0x34 | 0x35 | 0xb4 | 0xb5 => match zero_or(word, 0, width(word)) {
            Operand::Register(part) => branch(Test::Zero(part, !has(word, 24)), to(5, 19)),
            // The zero register's.
            _ if has(word, 24) => Vec::new(),
            _ => vec![Operation::Jump(to(5, 19))],
        },
        0x36 | 0x37 | 0xb6 | 0xb7 => {
            let bit = bits(word, 31, 1) << 5 | bits(word, 19, 5);

            match bits(word, 0, 5) {
                31 if has(word, 24) => Vec::new(),
                31 => vec![Operation::Jump(to(5, 14))],
                register => branch(
                    Test::Bit(register as u8, bit as u8, has(word, 24)),
                    to(5, 14),
                ),
            }
        }
        // br, blr and ret, with or without pointer authentication.
        0xd6 | 0xd7 => match bits(word, 21, 3) {
            0b000 => vec![Operation::Jump(pointer())],
            0b001 => vec![Operation::Call(pointer())],
            0b010 => vec![Operation::Jump(Destination::Caller)],
            _ => vec![Operation::Trap],
        },
        // Hypervisor and firmware calls return.
        0xd4 => match (bits(word, 21, 3), bits(word, 0, 5)) {
            (0b000, 1..=3) => other(0, (1 << VOLATILE.end) - 1),
            _ => vec![Operation::Trap],
        },
        // Reads of system registers; the first three are those of the thread and of the CPU.
        0xd5 if has(word, 21) => {
            let own = match word >> 5 << 5 {
                0xd538_4100 => Some(Base::Thread),
                0xd538_d080 | 0xd53c_d040 => Some(Base::Cpu),
                _ => None,
            };

            match (written(word, 8), own) {
                (Some(to), Some(base)) => move_to(Some(to), Operand::Own(base)),
                _ => other(0, registers(word, &[0])),
            }
        }
        _ => Vec::new(),
    }
}

/// A memory access, without its address.
#[derive(Clone, Copy)]
struct Data {
    is_load: bool,
    /// Of unknown vectors.
    is_vector: bool,
    size: Size,
    /// The written part of the register.
    register: usize,
    is_locked: bool,
}

impl Data {
    fn plain(is_load: bool, bytes: usize) -> Self {
        Self {
            is_load,
            is_vector: false,
            size: Size {
                bytes,
                is_signed: false,
            },
            register: bytes.max(4),
            is_locked: false,
        }
    }

    /// Accesses between memory and the register in a field of the word.
    fn access(self, word: u32, from: u32, place: Place) -> Operation {
        let memory = Operand::Memory {
            place,
            size: self.size,
            is_locked: self.is_locked,
        };
        let register = zero_or(word, from, self.register);

        match register {
            Operand::Register(_) if !self.is_vector && self.is_load => Operation::Move {
                to: register,
                from: memory,
            },
            _ if !self.is_vector && !self.is_load => Operation::Move {
                to: memory,
                from: register,
            },
            _ => Operation::Other(Other {
                touches: vec![Touch {
                    place,
                    size: self.size.bytes,
                    is_write: !self.is_load,
                    times: None,
                }],
                ..Other::default()
            }),
        }
    }
}

fn load_or_store(word: u32, at: u64) -> Vec<Operation> {
    let base = bits(word, 5, 5) as u8;
    let is_vector = has(word, 26);

    match (bits(word, 27, 3), has(word, 24)) {
        (0b001, false) if !is_vector => exclusive(word, base),
        (0b011, false) => literal(word, at),
        (0b011, true) if !is_vector && bits(word, 10, 2) == 0 && !has(word, 21) => {
            let place = Place::behind(base, signed(word, 12, 9));

            register_of(word).map_or(Vec::new(), |it| vec![it.access(word, 0, place)])
        }
        (0b101, _) => pair(word, base),
        (0b111, true) => {
            let Some(data) = register_of(word) else {
                return Vec::new();
            };
            let displacement = i64::from(bits(word, 10, 12)) * data.size.bytes as i64;

            vec![data.access(word, 0, Place::behind(base, displacement))]
        }
        (0b111, false) if has(word, 21) => match (bits(word, 10, 2), register_of(word)) {
            (0b00, _) if !is_vector => atomic(word, base),
            (0b10, Some(data)) => {
                let mut index = extended(word);

                index.shift = match has(word, 12) {
                    true => data.size.bytes.trailing_zeros() as u8,
                    false => 0,
                };
                let place = Place {
                    base: Some(base),
                    index: (index.register != 31).then_some(index),
                    ..Place::default()
                };

                vec![data.access(word, 0, place)]
            }
            (0b10, None) => Vec::new(),
            _ => other(registers(word, &[5]), registers(word, &[0])),
        },
        (0b111, false) => {
            let Some(data) = register_of(word) else {
                return Vec::new();
            };
            let offset = signed(word, 12, 9);

            match bits(word, 10, 2) {
                0b01 => with_write_back(vec![(data, 0, 0)], word, base, 0, offset),
                0b11 => with_write_back(vec![(data, 0, 0)], word, base, offset, offset),
                _ => vec![data.access(word, 0, Place::behind(base, offset))],
            }
        }
        _ => other(
            registers(word, &[0, 5, 10, 16]),
            registers(word, &[0, 5, 16]),
        ),
    }
}

/// Accesses of registers at offsets from the base, which is updated.
fn with_write_back(
    all: Vec<(Data, u32, i64)>,
    word: u32,
    base: u8,
    displacement: i64,
    by: i64,
) -> Vec<Operation> {
    let accesses = all
        .into_iter()
        .map(|(data, field, at)| data.access(word, field, Place::behind(base, displacement + at)));
    let to = Operand::register(base, 8);
    let from = Operand::Address(Place::behind(base, by));

    accesses.chain(move_to(Some(to), from)).collect()
}

/// The access of an instruction with one register; `None` for a hint.
fn register_of(word: u32) -> Option<Data> {
    let (size, operation) = (bits(word, 30, 2), bits(word, 22, 2));
    let bytes = 1 << size;

    if has(word, 26) {
        return Some(Data {
            is_vector: true,
            ..Data::plain(operation & 1 == 1, 1 << (size | (operation & 2) << 1))
        });
    }
    match operation {
        0 | 1 => Some(Data::plain(operation == 1, bytes)),
        _ if size == 3 => None,
        _ => {
            let mut data = Data::plain(true, bytes);

            data.size.is_signed = true;
            data.register = if operation == 2 { 8 } else { 4 };
            Some(data)
        }
    }
}

fn pair(word: u32, base: u8) -> Vec<Operation> {
    let kind = bits(word, 30, 2);
    let is_vector = has(word, 26);
    let bytes = match (is_vector, kind) {
        (true, kind) => 4 << kind,
        (false, 2) => 8,
        (false, _) => 4,
    };
    let mut data = Data::plain(has(word, 22), bytes);

    data.is_vector = is_vector;
    if !is_vector && kind == 1 {
        data.size.is_signed = true;
        data.register = 8;
    }
    let offset = signed(word, 15, 7) * bytes as i64;
    let both = vec![(data, 0, 0), (data, 10, bytes as i64)];

    match bits(word, 23, 2) {
        0b01 => with_write_back(both, word, base, 0, offset),
        0b11 => with_write_back(both, word, base, offset, offset),
        _ => {
            // The base may be the first destination.
            let mut all = with_write_back(both, word, base, offset, 0);

            all.pop();
            if data.is_load && bits(word, 0, 5) == u32::from(base) {
                all.reverse();
            }
            all
        }
    }
}

fn literal(word: u32, at: u64) -> Vec<Operation> {
    let place = Place {
        displacement: at.wrapping_add_signed(signed(word, 5, 19) << 2) as i64,
        ..Place::default()
    };
    let mut data = Data::plain(true, if bits(word, 30, 2) == 1 { 8 } else { 4 });

    match (has(word, 26), bits(word, 30, 2)) {
        (false, 3) | (true, _) => Vec::new(),
        (false, kind) => {
            data.size.is_signed = kind == 2;
            data.register = if kind == 0 { 4 } else { 8 };
            vec![data.access(word, 0, place)]
        }
    }
}

/// Exclusive and ordered accesses.
fn exclusive(word: u32, base: u8) -> Vec<Operation> {
    let place = Place::behind(base, 0);
    let bytes = 1 << bits(word, 30, 2);
    let mut data = Data::plain(has(word, 22), bytes);
    let touch = |size, is_write| Other {
        reads: registers(word, &[0, 5, 10, 16]),
        touches: vec![Touch {
            place,
            size,
            is_write,
            times: None,
        }],
        is_locked: true,
        ..Other::default()
    };

    match (has(word, 23), has(word, 21)) {
        (false, false) => {
            data.is_locked = true;
            let mut all = vec![data.access(word, 0, place)];

            // The status of the exclusive store: success.
            if !data.is_load {
                let register = bits(word, 16, 5) as u8;
                let status = (register != 31).then(|| Operand::register(register, 4));

                all.extend(move_to(status, Operand::Number(0)));
            }
            all
        }
        (true, false) => vec![data.access(word, 0, place)],
        // Compare and swap.
        (true, true) => vec![Operation::Other(Other {
            writes: registers(word, &[16]),
            ..touch(bytes, true)
        })],
        // Compare and swap of pairs, and exclusive accesses to pairs.
        (false, true) => {
            let is_swap = !has(word, 31);
            let swapped = registers(word, &[16]) | registers(word, &[16]) << 1;
            let writes = match (is_swap, data.is_load) {
                (true, _) => swapped & !(1 << STACK),
                (false, true) => registers(word, &[0, 10]),
                (false, false) => registers(word, &[16]),
            };
            let is_write = is_swap || !data.is_load;

            vec![Operation::Other(Other {
                writes,
                ..touch(2 * bytes, is_write)
            })]
        }
    }
}

/// Atomic memory operations.
fn atomic(word: u32, base: u8) -> Vec<Operation> {
    let bytes = 1 << bits(word, 30, 2);
    let place = Place::behind(base, 0);
    let operation = bits(word, 12, 4);

    // An ordered load.
    if operation == 0b1100 {
        return vec![Data::plain(true, bytes).access(word, 0, place)];
    }
    let by = zero_or(word, 16, bytes).signed(true);

    vec![Operation::Other(Other {
        reads: registers(word, &[5, 16]),
        writes: registers(word, &[0]),
        touches: vec![Touch {
            place,
            size: bytes,
            is_write: true,
            times: None,
        }],
        is_locked: true,
        counts: (operation == 0).then_some((Arithmetic::Add, by)),
        ..Other::default()
    })]
}

/// The extended register, shifted as the word says.
fn extended(word: u32) -> Part {
    let kind = bits(word, 13, 3);

    Part {
        register: bits(word, 16, 5) as u8,
        size: Size {
            bytes: 1 << (kind & 3),
            is_signed: kind >> 2 == 1,
        },
        shift: bits(word, 10, 3) as u8,
    }
}

/// Register operations.
fn of_registers(word: u32) -> Vec<Operation> {
    let size = width(word);
    let to = written(word, size);
    let unknown = |sets_flags| {
        vec![Operation::Other(Other {
            reads: registers(word, &[5, 16]),
            writes: registers(word, &[0]),
            sets_flags,
            ..Other::default()
        })]
    };
    let arithmetic = match has(word, 30) {
        true => Arithmetic::Sub,
        false => Arithmetic::Add,
    };
    let sets_flags = has(word, 29);
    let from = zero_or(word, 5, size);

    match bits(word, 21, 8) {
        // Logical operations. Only left shifts without inversion are known.
        op @ 0b0101_0000..=0b0101_0111 => {
            let is_inverted = op & 1 == 1;
            let kind = bits(word, 29, 2);
            let b = shifted(word, size);

            match (kind, b, is_inverted) {
                (0b00, Some(b), false) => compute(Arithmetic::And, to, from, b, size, false),
                (0b01, Some(b), false) if from == Operand::Number(0) => move_to(to, b),
                (0b01, Some(b), false) => compute(Arithmetic::Or, to, from, b, size, false),
                (0b01, Some(b), true) if from == Operand::Number(0) => {
                    compute(Arithmetic::Xor, to, b, Operand::Number(-1), size, false)
                }
                (0b10, Some(b), false) => compute(Arithmetic::Xor, to, from, b, size, false),
                (0b11, Some(b), false) => compute(Arithmetic::And, to, from, b, size, true),
                _ => unknown(kind == 0b11),
            }
        }
        0b0101_1000 | 0b0101_1010 | 0b0101_1100 => match shifted(word, size) {
            Some(b) => compute(arithmetic, to, from, b, size, sets_flags),
            None => unknown(sets_flags),
        },
        0b0101_1001 => {
            let part = extended(word);
            let b = match part.register {
                31 => Operand::Number(0),
                _ => Operand::Register(part),
            };
            let to = if sets_flags {
                to
            } else {
                Some(stack_or(word, 0, size))
            };

            // Extended operands are signed or unsigned.
            vec![Operation::Compute {
                arithmetic,
                to,
                a: stack_or(word, 5, size).signed(true),
                b,
                size,
                sets_flags,
            }]
        }
        0b1101_0010 => {
            let b = match has(word, 11) {
                true => Operand::Number(bits(word, 16, 5).into()),
                false => zero_or(word, 16, size).signed(true),
            };
            let b = match (has(word, 30), b) {
                (true, b) => b,
                (false, Operand::Number(number)) => Operand::Number(-number),
                (false, _) => return unknown(true),
            };

            vec![Operation::CompareIf {
                condition: condition(bits(word, 12, 4)),
                a: from.signed(true),
                b,
                size,
                otherwise: bits(word, 0, 4) as u8,
            }]
        }
        0b1101_0100 => {
            let select = |to| Operation::Select {
                condition: condition(bits(word, 12, 4)),
                to,
                yes: from,
                no: zero_or(word, 16, size),
                inverts: has(word, 30),
                increments: has(word, 10),
            };

            to.map(select).into_iter().collect()
        }
        0b1101_0110 if has(word, 30) => match bits(word, 16, 5) {
            // Pointer authentication does not change valid pointers.
            1 => Vec::new(),
            _ => other(registers(word, &[5]), registers(word, &[0])),
        },
        0b1101_0110 => match bits(word, 10, 6) {
            0b00_1000 => compute(
                Arithmetic::Shl,
                to,
                from,
                zero_or(word, 16, size),
                size,
                false,
            ),
            0b00_1001 => compute(
                Arithmetic::Shr,
                to,
                from,
                zero_or(word, 16, size),
                size,
                false,
            ),
            0b00_1010 => compute(
                Arithmetic::Sar,
                to,
                from,
                zero_or(word, 16, size),
                size,
                false,
            ),
            _ => unknown(false),
        },
        op if op >> 3 == 0b11011 => other(registers(word, &[5, 10, 16]), registers(word, &[0])),
        _ => unknown(sets_flags),
    }
}

/// The second register of an operation, unless it is shifted other than to the left.
fn shifted(word: u32, size: usize) -> Option<Operand> {
    let (kind, by) = (bits(word, 22, 2), bits(word, 10, 6));

    match zero_or(word, 16, size) {
        Operand::Register(part) if kind == 0 => Some(Operand::Register(Part {
            shift: by as u8,
            ..part
        })),
        found if by == 0 => Some(found),
        Operand::Number(_) => Some(Operand::Number(0)),
        _ => None,
    }
}

/// A jump through a table, from the load of the distance, and its end: `ldrh w0, [x0, w1, uxtw #1];
/// adr x2, ...; add x0, x2, w0, sxth #2; br x0`.
fn switch(image: &Image, at: u64, word: u32) -> Option<(u64, Operation)> {
    /// Maximum number of its instructions.
    const LENGTH: u64 = 4;
    // A load with an index.
    let is_load = word & 0x3b20_0c00 == 0x3820_0800 && !has(word, 26);
    let loaded = operations(word, at).filter(|_| is_load)?;
    let [Operation::Move {
        to: Operand::Register(loaded),
        from: Operand::Memory { place, size, .. },
    }] = loaded[..]
    else {
        return None;
    };
    let mut clobbers = 1 << loaded.register;
    let mut near = None;
    let mut sum = None;

    for next in (1..LENGTH).map(|it| at + it * WORD) {
        let word = word_at(image, next)?;

        if let Some((register, address)) = address_in(word, next) {
            clobbers |= 1 << register;
            near = Some((register, number(address)));
            continue;
        }
        match (&operations(word, next)?[..], sum) {
            (
                [Operation::Compute {
                    arithmetic: Arithmetic::Add,
                    to: Some(Operand::Register(to)),
                    a: Operand::Register(a),
                    b: Operand::Register(b),
                    ..
                }],
                None,
            ) if b.register == loaded.register => sum = Some((*to, *a, *b)),
            ([Operation::Jump(Destination::Pointer(to))], Some((target, base, part)))
                if to.number() == Some(target.register.into()) =>
            {
                let is_extended = part.size.bytes == size.bytes && part.size.is_signed;
                let base = match near {
                    Some((register, address)) if register == base.register => address,
                    _ => Operand::Register(base),
                };
                let table = Table {
                    place,
                    size: Size {
                        is_signed: size.is_signed || is_extended,
                        ..size
                    },
                    base,
                    shift: part.shift,
                    clobbers: clobbers | 1 << target.register,
                };

                return Some((next + WORD, Operation::Switch(table)));
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::select};
    use yaxpeax_arch::{Arch, Decoder as _, U8Reader};
    use yaxpeax_arm::armv8::a64::{ARMv8, Opcode};

    /// Common instructions, with the indices of the operands that they write.
    const USUAL: &[(&[&str], &[usize])] = &[
        (
            &[
                "add", "adds", "adr", "adrp", "and", "ands", "asr", "bfi", "bfxil", "bic", "bics",
                "cinc", "cinv", "clz", "cneg", "csel", "cset", "csetm", "csinc", "csinv", "csneg",
                "eon", "eor", "extr", "ldar", "ldr", "ldrb", "ldrh", "ldrsb", "ldrsh", "ldrsw",
                "ldur", "ldurb", "ldurh", "ldxr", "ldaxr", "lsl", "lslv", "lsr", "lsrv", "madd",
                "mneg", "mov", "movk", "msub", "mul", "mvn", "neg", "negs", "orn", "orr", "rbit",
                "rev", "rev16", "ror", "sbfiz", "sbfx", "sdiv", "smull", "sub", "subs", "sxtb",
                "sxth", "sxtw", "ubfiz", "ubfx", "udiv", "umull", "uxtb", "uxth", "stxr", "stlxr",
                "cas", "casal",
            ],
            &[0],
        ),
        (&["ldp", "ldpsw", "ldxp"], &[0, 1]),
        (
            &["ldadd", "ldaddal", "ldclr", "ldset", "swp", "swpal"],
            &[1],
        ),
        (
            &[
                "ccmp", "cmn", "cmp", "nop", "stp", "str", "strb", "strh", "stur", "sturb",
                "sturh", "stlr", "tst", "ret", "b", "bl", "cbz", "cbnz", "tbz", "tbnz", "br",
                "blr",
            ],
            &[],
        ),
    ];

    fn disassemble(word: u32) -> Option<String> {
        // The disassembler accepts some invalid instructions, such as those with immediates of all
        // ones, or of 64 bits for 32.
        let is_logical = word & 0x1f80_0000 == 0x1200_0000;
        let is_none = word >> 21 & 0xf9 == 0xd1 || is_logical && word >> 31 < word >> 22 & 1;
        let ones = match word >> 31 {
            0 => "#0xffffffff",
            _ => "#0xffffffffffffffff",
        };

        <ARMv8 as Arch>::Decoder::default()
            .decode(&mut U8Reader::new(&word.to_le_bytes()))
            .ok()
            .filter(|it| it.opcode != Opcode::Invalid && !is_none)
            .map(|it| it.to_string())
            .filter(|it| !(is_logical && it.ends_with(ones)))
    }

    /// The number of a general register; `None` for the zero register.
    fn number(name: &str) -> Option<u8> {
        match name {
            "sp" | "wsp" => Some(STACK),
            "fp" => Some(29),
            "lr" => Some(30),
            _ => name.strip_prefix(['x', 'w'])?.parse().ok(),
        }
    }

    /// The destinations of an instruction in assembly: registers as a bit mask, and its memory
    /// operand: the base, and the immediate or the register that is added.
    fn read(text: &str) -> Option<(u32, Option<(u8, String)>)> {
        let (mnemonic, operands) = text.split_once(' ').unwrap_or((text, ""));
        let (_, written) = USUAL.iter().find(|it| it.0.contains(&mnemonic))?;
        let (registers, memory) = operands.split_once('[').unwrap_or((operands, ""));
        let registers: Vec<_> = registers.split(',').map(str::trim).collect();
        let mut set = written
            .iter()
            .filter_map(|it| number(registers.get(*it)?))
            .fold(0, |set, it| set | 1u32 << it);

        if memory.is_empty() {
            return Some((set, None));
        }
        let (inner, behind) = memory.split_once(']')?;
        let (base, added) = inner.split_once(", ").unwrap_or((inner, ""));
        let base = number(base)?;

        if !behind.is_empty() {
            set |= 1 << base;
        }
        Some((set, Some((base, added.to_owned()))))
    }

    fn hexadecimal(text: &str) -> Option<i64> {
        let text = text.strip_prefix('#')?;
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text),
        };

        Some(sign * i64::from_str_radix(digits.strip_prefix("0x")?, 16).ok()?)
    }

    /// Words, many of them instructions.
    fn word() -> impl Strategy<Value = u32> {
        let registers = prop::collection::vec(select(vec![0, 1, 2, 19, 29, 31]), 4);

        (any::<u32>(), registers, any::<bool>()).prop_map(|(word, registers, is_random)| {
            let fields = [0, 5, 10, 16].into_iter().zip(registers);

            match is_random {
                true => word,
                false => fields.fold(word, |word, (at, register)| {
                    word & !(0x1f << at) | register << at
                }),
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            cases: 40_000,
            ..ProptestConfig::default()
        })]

        #[test]
        fn registers_and_places_are_those_of_a_disassembler(word in word()) {
            let Some(text) = disassemble(word) else {
                return Ok(());
            };
            // Vector instructions have the same mnemonics.
            let is_vector = word >> 25 & 7 == 7 || word >> 25 & 5 == 4 && word >> 26 & 1 == 1;
            let Some((registers, memory)) = read(&text).filter(|_| !is_vector) else {
                return Ok(());
            };
            let found = operations(word, 0x1000).unwrap_or_default();
            let own: u32 = found.iter().fold(0, |set, it| set | it.all_written());
            let places = found.iter().filter_map(|it| match it {
                Operation::Move { from: Operand::Memory { place, .. }, .. }
                | Operation::Move { to: Operand::Memory { place, .. }, .. } => Some(*place),
                Operation::Other(other) => other.touches.first().map(|it| it.place),
                _ => None,
            });
            // For a pair, load the base last.
            let place = places.min_by_key(|it| it.displacement);

            prop_assert_eq!(own, registers, "{:08x} {}: {:?}", word, text, found);
            prop_assert_eq!(
                place.and_then(|it| it.base),
                memory.as_ref().map(|it| it.0),
                "{:08x} {}: {:?}", word, text, found
            );
            let added = memory.and_then(|(_, added)| hexadecimal(added.trim_end_matches(']')));

            if let Some(added) = added {
                prop_assert_eq!(place.unwrap().displacement, added, "{:08x} {}", word, text);
            }
        }

        #[test]
        fn numbers_are_those_of_a_disassembler(word in word()) {
            let is_logical = word & 0x1f80_0000 == 0x1200_0000;
            // tst and mov are aliases, and reserved bits make no instruction.
            let text = disassemble(word & !0x1f << 5 | 1 << 5).filter(|_| is_logical);
            let number = text.as_ref().and_then(|it| hexadecimal(it.rsplit_once(", ")?.1));
            let Some(number) = number else {
                return Ok(());
            };
            let own = mask(word);

            prop_assert_eq!(own.map(|it| it as u64 & match width(word) {
                8 => u64::MAX,
                _ => u32::MAX.into(),
            }), Some(number as u64), "{:08x} {:?}", word, text);
        }
    }
}
