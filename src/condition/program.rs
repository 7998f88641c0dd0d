// SPDX-License-Identifier: GPL-2.0-only

//! What a condition is compiled to: comparisons, each of which says which comes next. They follow
//! one another in order, so that every way through them ends.

use super::syntax::{
    Operator,
    MAX_COMPARISONS,
    MAX_STEPS, //
};
use core::fmt;

/// How many comparisons a program has room for: one more, that a task calls for itself.
pub(crate) const ROOM: usize = MAX_COMPARISONS + 1;
/// How many pointers are loaded on the way to a value: one for each step, and that of a string.
pub(crate) const LOADS: usize = MAX_STEPS + 1;
/// How many bytes of text are read: less than that can be compared.
pub(crate) const TEXT: usize = 63;

/// What follows a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A later one, which is there, by its number.
    Comparison(usize),
    /// The end: the condition is true, or false.
    End(bool),
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    /// An argument, or what it leads to.
    Argument(Path),
    Uid,
    Gid,
    Comm,
    /// The program at this path, which has this device and inode.
    Exe(&'a str, u32, u64),
    /// A cgroup or one below it, by level and number.
    Cgroup(u32, u64),
    /// A capability in the initial user namespace, by number.
    Cap(u32),
    Userns,
    Context,
}

/// The way from an argument to a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path {
    /// The number of the argument.
    pub(crate) argument: u8,
    /// How many of `offsets` are of a load.
    pub(crate) loads: usize,
    /// Behind each pointer, and behind the last where text is.
    pub(crate) offsets: [i32; LOADS + 1],
    pub(crate) what: Field,
}

/// What is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Number {
        /// The bytes to load: 1, 2, 4 or 8.
        bytes: u8,
        /// Which bits of these: from this one on, so many.
        shift: u8,
        bits: u8,
        is_signed: bool,
    },
    /// So many characters, or less if a zero comes before.
    Text(u8),
}

impl Default for Field {
    fn default() -> Self {
        Field::Text(0)
    }
}

/// What it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum With<'a> {
    /// A number, as the 64 bits that it is extended to.
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

/// What it resolved to: `argument 1, +16 -> +8, 4 bytes`.
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
