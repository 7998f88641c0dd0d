// SPDX-License-Identifier: GPL-2.0-only

//! Rule `return-type`: the function's return type must be able to hold the value.

use super::{
    value::ERRORS,
    Cause,
    Facts,
    Value, //
};
use core::fmt;

/// A return type. Its [`Display`](fmt::Display) form is for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Without type information, only tests use some of them.
#[cfg_attr(not(CONFIG_BPF_SYSCALL), allow(dead_code))]
pub(crate) enum Type {
    /// There is no type information.
    Unknown,
    /// `void`.
    Void,
    /// `bool`.
    Bool,
    /// A number: an integer or an enumeration.
    Number {
        /// Its size in bytes: 1, 2, 4 or 8.
        bytes: u8,
        /// Whether it can be negative.
        signed: bool,
    },
    /// A pointer.
    Pointer,
    /// A structure or another type that is not a number.
    Other,
}

impl Type {
    /// A C `int`.
    pub(crate) const INT: Type = Type::Number {
        bytes: 4,
        signed: true,
    };

    /// Whether a function of this type can return `value`.
    pub(crate) fn holds(self, value: Value) -> bool {
        let value = value.get();

        match self {
            // An error means failure in all common return types.
            Type::Unknown => ERRORS.contains(&value),
            Type::Void => value == 0,
            Type::Bool => value == 0 || value == 1,
            // Used to return the address of a mapping, or an error.
            Type::Number {
                bytes: 8,
                signed: false,
            } => value >= *ERRORS.start(),
            Type::Number { bytes: 8, .. } => true,
            Type::Number { bytes, signed } => {
                let bits = u32::from(bytes.min(7)) * 8;

                match signed {
                    true => (-1i64 << (bits - 1)..1 << (bits - 1)).contains(&value),
                    false => (0..1 << bits).contains(&value),
                }
            }
            Type::Pointer => value == 0 || ERRORS.contains(&value),
            Type::Other => false,
        }
    }

    /// Whether `value`, returned by a function of this type, certainly means failure.
    pub(crate) fn fails_with(self, value: Value) -> bool {
        let can_fail = match self {
            Type::Number { bytes, signed } => bytes == 8 || (bytes == 4 && signed),
            Type::Pointer => true,
            Type::Unknown | Type::Void | Type::Bool | Type::Other => false,
        };
        can_fail && ERRORS.contains(&value.get())
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Type::Unknown => f.write_str("an unknown type"),
            Type::Void => f.write_str("void"),
            Type::Bool => f.write_str("bool"),
            Type::INT => f.write_str("int"),
            Type::Number { bytes, signed } => {
                let sign = if signed { "signed" } else { "unsigned" };
                write!(f, "{sign} {}-bit number", u32::from(bytes) * 8)
            }
            Type::Pointer => f.write_str("pointer"),
            Type::Other => f.write_str("structure"),
        }
    }
}

pub(super) fn judge(facts: &Facts<'_>, value: Value) -> Result<(), Cause> {
    if facts.is_absent() || facts.prototype.returns.holds(value) {
        Ok(())
    } else {
        Err(Cause::ReturnType(facts.prototype.returns))
    }
}
