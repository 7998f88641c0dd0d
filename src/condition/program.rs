// SPDX-License-Identifier: GPL-2.0-only

//! The program of a condition: comparisons with the next one for each outcome. Jumps only go
//! forward, so every path ends.

use super::syntax::{
    Operator,
    MAX_COMPARISONS,
    MAX_STEPS, //
};
use core::fmt;

/// The capacity of a program: one more comparison, which checks that a task is the caller.
pub(crate) const ROOM: usize = MAX_COMPARISONS + 1;
/// How many pointers are loaded at most: one for each step, and that of a string.
pub(crate) const LOADS: usize = MAX_STEPS + 1;
/// How many bytes of text are read. Only shorter strings can be compared.
pub(crate) const TEXT: usize = 63;

/// What follows a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A later comparison, by its index.
    Comparison(usize),
    /// The end: the condition is true, or false.
    End(bool),
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    /// An argument, or a value that it points to.
    Argument(Path),
    Uid,
    Gid,
    Comm,
    /// The program at this path, which has this device and inode.
    Exe(&'a str, u32, u64),
    /// A cgroup or one below it, by level and id.
    Cgroup(u32, u64),
    /// A capability in the initial user namespace, by number.
    Cap(u32),
    Userns,
    Context,
}

/// The path from an argument to a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path {
    /// The index of the argument.
    pub(crate) argument: u8,
    /// How many loads there are.
    pub(crate) loads: usize,
    /// The offset of each load, followed by that of text.
    pub(crate) offsets: [i32; LOADS + 1],
    pub(crate) what: Field,
}

/// The kind of value at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Number {
        /// The size of the load: 1, 2, 4 or 8.
        bytes: u8,
        /// The first bit, and the number of bits.
        shift: u8,
        bits: u8,
        is_signed: bool,
    },
    /// At most this many characters, up to a NUL.
    Text(u8),
}

impl Default for Field {
    fn default() -> Self {
        Field::Text(0)
    }
}

/// The right-hand side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum With<'a> {
    /// A number, extended to 64 bits.
    Number(u64),
    Text(&'a str),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comparison<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) operator: Operator,
    pub(crate) with: With<'a>,
    pub(crate) if_true: Next,
    pub(crate) if_false: Next,
}

/// What the left-hand side resolved to, such as `argument 1, +16 -> +8, 4 bytes`.
impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            Source::Argument(path) => {
                let places = path.loads + usize::from(matches!(path.what, Field::Text(_)));

                write!(f, "argument {}", path.argument + 1)?;
                for (index, offset) in path.offsets.iter().take(places).enumerate() {
                    f.write_str(if index == 0 { ", " } else { " -> " })?;
                    write!(f, "{offset:+}")?;
                }
                match path.what {
                    Field::Text(length) => write!(f, ", up to {length} characters"),
                    Field::Number {
                        bytes, shift, bits, ..
                    } if bits != bytes * 8 => {
                        write!(f, ", {bits} bits from bit {shift} of {bytes} bytes")
                    }
                    Field::Number { bytes, .. } => write!(f, ", {bytes} bytes"),
                }
            }
            Source::Uid => f.write_str("real user id"),
            Source::Gid => f.write_str("real group id"),
            Source::Comm => f.write_str("name of the task"),
            Source::Exe(_, device, inode) => write!(
                f,
                "program, inode {inode} of device {:02x}:{:02x}",
                device >> 20,
                device & 0xf_ffff
            ),
            Source::Cgroup(level, number) => write!(f, "cgroup, {number} at level {level}"),
            Source::Cap(number) => write!(f, "capability {number}"),
            Source::Userns => f.write_str("initial user namespace"),
            Source::Context => f.write_str("context"),
        }
    }
}
