// SPDX-License-Identifier: GPL-2.0-only

//! Instructions in an architecture-independent form.
//!
//! Encodings are handled by an [`Architecture`], each in its own file, as in the policy.

mod arm64;
mod x86;

use super::machine::{Base, Known};
use crate::image::{self, Image};
use std::ops::Range;

/// Maximum number of general registers. Numbers are the same on all architectures, by the role in
/// the calling convention.
pub const REGISTERS: usize = 32;
/// Argument registers, in order; some architectures use only a part of them.
pub const ARGUMENTS: Range<usize> = 0..8;
/// Caller-saved registers.
pub const VOLATILE: Range<usize> = 0..19;
/// Callee-saved registers.
pub const KEPT: Range<usize> = 19..30;
/// The frame pointer, if the architecture has one.
pub const FRAME: u8 = 29;
/// The stack pointer.
pub const STACK: u8 = 31;

/// An architecture: instruction encoding and other properties.
pub trait Architecture: Sync {
    /// The alignment of instructions.
    fn alignment(&self) -> u64;

    /// The argument registers among those of all architectures.
    fn arguments(&self) -> Range<usize>;

    /// The register of return values.
    fn result(&self) -> usize;

    /// The instruction at `at`.
    fn decode(&self, image: &Image, at: u64) -> Option<Instruction>;

    /// Addresses whose calls reach the function at `address`.
    fn entries(&self, image: &Image, address: u64) -> Vec<u64>;

    /// Possible starts of instructions in `range` that take the full `address`, in order.
    fn references(&self, image: &Image, range: &Range<u64>, address: u64) -> Vec<u64>;

    /// The preemption counter.
    fn preempt_count(&self, image: &Image) -> Option<Known>;
}

/// The architecture of an image.
pub fn of(image: &Image) -> &'static dyn Architecture {
    match image.architecture() {
        image::Architecture::X86 => &x86::X86,
        image::Architecture::Arm64 => &arm64::Arm64,
    }
}

/// The instructions in `range`, up to the first invalid one.
pub fn all(image: &Image, range: Range<u64>) -> Vec<Instruction> {
    let code = of(image);
    let mut found = Vec::new();
    let mut at = range.start;

    while at < range.end {
        match code.decode(image, at) {
            Some(instruction) => {
                at = instruction.next;
                found.push(instruction);
            }
            None => at += code.alignment(),
        }
    }
    found
}

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    pub at: u64,
    /// The address of the next one.
    pub next: u64,
    /// Its operations, in order. Only the last one can leave the sequence.
    pub operations: Vec<Operation>,
}

/// An operation of an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    Move {
        to: Operand,
        from: Operand,
    },
    /// Computes with numbers of `size` bytes, and optionally sets flags.
    Compute {
        arithmetic: Arithmetic,
        to: Option<Operand>,
        a: Operand,
        b: Operand,
        size: usize,
        sets_flags: bool,
    },
    /// Moves one of two, after changing the second one: optional inversion, then optional
    /// increment.
    Select {
        condition: Condition,
        to: Operand,
        yes: Operand,
        no: Operand,
        inverts: bool,
        increments: bool,
    },
    /// Compares if a condition holds, or else sets these flags.
    CompareIf {
        condition: Condition,
        a: Operand,
        b: Operand,
        size: usize,
        otherwise: u8,
    },
    Branch {
        test: Test,
        to: Destination,
    },
    Switch(Table),
    Jump(Destination),
    Call(Destination),
    /// A trap: BUG() or WARN().
    Trap,
    Other(Other),
}

/// An operation with unknown results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Other {
    /// The registers that it reads, and those that it writes, as bit masks.
    pub reads: u32,
    pub writes: u32,
    pub touches: Vec<Touch>,
    /// Whether it is a read-modify-write operation.
    pub is_locked: bool,
    /// Its operation on a number in memory.
    pub counts: Option<(Arithmetic, Operand)>,
    pub sets_flags: bool,
}

/// A jump through a table of distances from an address in code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The address of the entry, and its size.
    pub place: Place,
    pub size: Size,
    pub base: Operand,
    /// The shift of distances, to the left.
    pub shift: u8,
    /// The registers used, as a bit mask.
    pub clobbers: u32,
}

/// A memory access of this size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    pub place: Place,
    pub size: usize,
    pub is_write: bool,
    /// The register with the repeat count, if any.
    pub times: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Sub,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Sar,
}

/// A source or a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    Register(Part),
    Number(i64),
    /// An address itself.
    Address(Place),
    /// The base of a thread's or CPU's own memory.
    Own(Base),
    Memory {
        place: Place,
        size: Size,
        /// Whether it is part of a read-modify-write sequence.
        is_locked: bool,
    },
}

/// The size in bytes, and whether it is sign-extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub bytes: usize,
    pub is_signed: bool,
}

/// The lower bytes of a register, shifted to the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub register: u8,
    pub size: Size,
    pub shift: u8,
}

/// A place in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub base: Option<u8>,
    pub index: Option<Part>,
    pub displacement: i64,
    /// Whether it is in per-CPU memory.
    pub is_per_cpu: bool,
}

/// The condition of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Condition(Condition),
    /// Zero, or not zero.
    Zero(Part, bool),
    /// A bit that is set, or not set.
    Bit(u8, u8, bool),
}

/// Flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Equal,
    NotEqual,
    Below,
    BelowOrEqual,
    Above,
    AboveOrEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Negative,
    NotNegative,
    Other,
}

/// The target of a call or a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    Code(u64),
    Pointer(Operand),
    /// Back to the caller.
    Caller,
}

impl Condition {
    /// Whether it holds with these flags: negative, zero, carry and overflow, from bit 3 on.
    pub fn is_met(self, flags: u8) -> Option<bool> {
        let [negative, zero, carry, overflow] = [3, 2, 1, 0].map(|it| flags >> it & 1 != 0);

        Some(match self {
            Self::Equal => zero,
            Self::NotEqual => !zero,
            Self::Below => !carry,
            Self::AboveOrEqual => carry,
            Self::BelowOrEqual => !carry || zero,
            Self::Above => carry && !zero,
            Self::Less => negative != overflow,
            Self::GreaterOrEqual => negative == overflow,
            Self::LessOrEqual => zero || negative != overflow,
            Self::Greater => !zero && negative == overflow,
            Self::Negative => negative,
            Self::NotNegative => !negative,
            Self::Other => return None,
        })
    }
}

impl Operand {
    pub fn register(register: u8, bytes: usize) -> Self {
        Self::Register(Part::new(register, bytes))
    }

    pub fn memory(place: Place, bytes: usize) -> Self {
        Self::Memory {
            place,
            size: Size {
                bytes,
                is_signed: false,
            },
            is_locked: false,
        }
    }

    /// The same, signed or unsigned.
    pub fn signed(mut self, signed: bool) -> Self {
        match &mut self {
            Self::Register(part) => part.size.is_signed = signed,
            Self::Memory { size, .. } => size.is_signed = signed,
            Self::Number(_) | Self::Address(_) | Self::Own(_) => {}
        }
        self
    }

    /// The number of the register, if it is one.
    pub fn number(&self) -> Option<usize> {
        match self {
            Self::Register(part) => Some(part.register.into()),
            _ => None,
        }
    }
}

impl Part {
    pub fn new(register: u8, bytes: usize) -> Self {
        Self {
            register,
            size: Size {
                bytes,
                is_signed: false,
            },
            shift: 0,
        }
    }
}

impl Place {
    /// The memory at an offset from a register.
    pub fn behind(register: u8, displacement: i64) -> Self {
        Self {
            base: Some(register),
            displacement,
            ..Self::default()
        }
    }
}

impl Operation {
    /// The register that it writes, if this is its only effect.
    pub fn written(&self) -> Option<usize> {
        match self {
            Self::Move { to, .. } | Self::Select { to, .. } => to.number(),
            Self::Compute { to, .. } => to.as_ref()?.number(),
            _ => None,
        }
    }

    /// All registers that it writes, except those that a call clobbers, as a bit mask.
    pub fn all_written(&self) -> u32 {
        match self {
            Self::Other(other) => other.writes,
            Self::Switch(table) => table.clobbers,
            _ => self.written().map_or(0, |it| 1 << it),
        }
    }

    /// Whether it can leave the sequence.
    pub fn ends(&self) -> bool {
        matches!(
            self,
            Self::Call(_) | Self::Jump(_) | Self::Branch { .. } | Self::Switch(_) | Self::Trap
        )
    }

    /// The memory that it writes, with sizes in bytes, and whether there may be more.
    pub fn stored(&self) -> Vec<(Place, usize, bool)> {
        let of = |operand: &Operand| match operand {
            Operand::Memory { place, size, .. } => vec![(*place, size.bytes, false)],
            _ => Vec::new(),
        };

        match self {
            Self::Move { to, .. } | Self::Select { to, .. } => of(to),
            Self::Compute { to: Some(to), .. } => of(to),
            Self::Other(other) => other
                .touches
                .iter()
                .filter(|it| it.is_write)
                .map(|it| (it.place, it.size, it.times.is_some()))
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl Instruction {
    /// The last operation, which determines the continuation.
    pub fn last(&self) -> Option<&Operation> {
        self.operations.last()
    }
}
