// SPDX-License-Identifier: GPL-2.0-only

//! What instructions do, in terms that are the same for all architectures.
//!
//! How instructions are encoded is a matter of the [`Architecture`], and each has a file of its own,
//! as in the policy.

mod arm64;
mod x86;

use super::machine::{Base, Known};
use crate::image::{self, Image};
use std::ops::Range;

/// How many general registers there are at most. They have the same numbers on all architectures,
/// by what calls use them for.
pub const REGISTERS: usize = 32;
/// Those that arguments are passed in, in order; on some architectures not all of them.
pub const ARGUMENTS: Range<usize> = 0..8;
/// Those that a call may change.
pub const VOLATILE: Range<usize> = 0..19;
/// Those that a call leaves as they are.
pub const KEPT: Range<usize> = 19..30;
/// The frame pointer, where there is one.
pub const FRAME: u8 = 29;
/// The stack pointer.
pub const STACK: u8 = 31;

/// An architecture: how its instructions are encoded, and what else is its own.
pub trait Architecture: Sync {
    /// What the addresses of instructions are multiples of.
    fn alignment(&self) -> u64;

    /// The registers that arguments are passed in, of those that they are passed in on any.
    fn arguments(&self) -> Range<usize>;

    /// The register that a result is returned in.
    fn result(&self) -> usize;

    /// The instruction at `at`.
    fn decode(&self, image: &Image, at: u64) -> Option<Instruction>;

    /// Where calls lead to that call the function at `address`.
    fn entries(&self, image: &Image, address: u64) -> Vec<u64>;

    /// Where instructions in `range` may begin that have taken `address` as a whole, in order.
    fn references(&self, image: &Image, range: &Range<u64>, address: u64) -> Vec<u64>;

    /// Where the counter of what forbids preemption lies.
    fn preempt_count(&self, image: &Image) -> Option<Known>;
}

/// The architecture of an image.
pub fn of(image: &Image) -> &'static dyn Architecture {
    match image.architecture() {
        image::Architecture::X86 => &x86::X86,
        image::Architecture::Arm64 => &arm64::Arm64,
    }
}

/// The instructions in `range`, as far as there are such.
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
    /// Where the next one begins.
    pub next: u64,
    /// What it does, one after the other. What may not go on to the next instruction is the last.
    pub operations: Vec<Operation>,
}

/// What an instruction does, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    Move {
        to: Operand,
        from: Operand,
    },
    /// Computes with numbers of `size` bytes, and may set flags.
    Compute {
        arithmetic: Arithmetic,
        to: Option<Operand>,
        a: Operand,
        b: Operand,
        size: usize,
        sets_flags: bool,
    },
    /// Moves one of two, and does something to the second one before: first it may invert it, and
    /// then add 1 to it.
    Select {
        condition: Condition,
        to: Operand,
        yes: Operand,
        no: Operand,
        inverts: bool,
        increments: bool,
    },
    /// Compares if a condition is met, and sets these flags otherwise.
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
    /// What traps, as BUG() and WARN() are compiled to.
    Trap,
    Other(Other),
}

/// Something whose results are not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Other {
    /// The registers that it reads, and those that it writes, a bit each.
    pub reads: u32,
    pub writes: u32,
    pub touches: Vec<Touch>,
    /// Whether it is one step with what it reads and writes.
    pub is_locked: bool,
    /// What it does with a number in memory.
    pub counts: Option<(Arithmetic, Operand)>,
    pub sets_flags: bool,
}

/// A jump by a table, which has distances from a place in code on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The entry that is taken, and its size.
    pub place: Place,
    pub size: Size,
    pub base: Operand,
    /// By how many bits distances are shifted to the left.
    pub shift: u8,
    /// The registers that are used for it, a bit each.
    pub clobbers: u32,
}

/// An access to so many bytes of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    pub place: Place,
    pub size: usize,
    pub is_write: bool,
    /// The register that has how often it is repeated, if it is.
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

/// What is read, or where something is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    Register(Part),
    Number(i64),
    /// An address itself.
    Address(Place),
    /// Where that begins which something has of its own.
    Own(Base),
    Memory {
        place: Place,
        size: Size,
        /// Whether what is read is to be written in one step, or was read for that.
        is_locked: bool,
    },
}

/// How many bytes something has, and whether its highest bit is a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub bytes: usize,
    pub is_signed: bool,
}

/// The lower bytes of a register, shifted to the left by so many bits.
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
    /// Whether it is relative to what each CPU has.
    pub is_per_cpu: bool,
}

/// What a branch depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Condition(Condition),
    /// Whether this is 0, or is not.
    Zero(Part, bool),
    /// Whether a bit of a register is set, or is not.
    Bit(u8, u8, bool),
}

/// What the flags say.
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

/// Where a call or a jump leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    Code(u64),
    Pointer(Operand),
    /// Back to the caller.
    Caller,
}

impl Condition {
    /// Whether it is met with these flags: negative, zero, carry and overflow, from bit 3 on.
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

    /// The same, with a sign or without.
    pub fn signed(mut self, signed: bool) -> Self {
        match &mut self {
            Self::Register(part) => part.size.is_signed = signed,
            Self::Memory { size, .. } => size.is_signed = signed,
            Self::Number(_) | Self::Address(_) | Self::Own(_) => {}
        }
        self
    }

    /// The number of the register that it is.
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
    /// So many bytes behind where a register points to.
    pub fn behind(register: u8, displacement: i64) -> Self {
        Self {
            base: Some(register),
            displacement,
            ..Self::default()
        }
    }
}

impl Operation {
    /// The register that it writes, if it is only that.
    pub fn written(&self) -> Option<usize> {
        match self {
            Self::Move { to, .. } | Self::Select { to, .. } => to.number(),
            Self::Compute { to, .. } => to.as_ref()?.number(),
            _ => None,
        }
    }

    /// All registers that it writes, but for those that a call changes; a bit each.
    pub fn all_written(&self) -> u32 {
        match self {
            Self::Other(other) => other.writes,
            Self::Switch(table) => table.clobbers,
            _ => self.written().map_or(0, |it| 1 << it),
        }
    }

    /// Whether the next instruction may not be the next one that is run.
    pub fn ends(&self) -> bool {
        matches!(
            self,
            Self::Call(_) | Self::Jump(_) | Self::Branch { .. } | Self::Switch(_) | Self::Trap
        )
    }

    /// Where in memory it writes, how many bytes, and whether there may be more.
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
    /// What it does last, which says where it goes on.
    pub fn last(&self) -> Option<&Operation> {
        self.operations.last()
    }
}
