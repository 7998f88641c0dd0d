// SPDX-License-Identifier: GPL-2.0-only

//! From a function's type information to what it returns.
//!
//! C header: [`include/uapi/linux/btf.h`](srctree/include/uapi/linux/btf.h)

use super::Type;

/// Nothing, as the type that a function returns or a pointer points to.
const VOID: u32 = 0;
/// The kind of an integer.
pub(crate) const INT: u32 = 1;
/// The kind of a function.
pub(crate) const FUNC: u32 = 12;

/// How many names and qualifiers of a type are looked behind. The kernel checks that its own have
/// fewer.
const MAX_STEPS: usize = 64;

/// A type, as `struct btf_type` has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Described {
    /// Its kind, and a flag.
    pub(crate) info: u32,
    /// Its size in bytes, or the number of the type that it is about.
    pub(crate) size_or_type: u32,
    /// What follows in memory, for an integer: its encoding.
    pub(crate) encoding: u32,
}

/// Type information.
pub(crate) trait Types {
    /// The type with this number.
    fn get(&self, id: u32) -> Option<Described>;
}

/// What the function whose type has the number `function` returns.
pub(crate) fn returned(types: &dyn Types, function: u32) -> Type {
    const FUNC_PROTO: u32 = 13;

    let of_kind = |id, wanted| types.get(id).filter(|found| kind(found.info) == wanted);

    of_kind(function, FUNC)
        .and_then(|function| of_kind(function.size_or_type, FUNC_PROTO))
        .map_or(Type::Unknown, |prototype| {
            resolve(types, prototype.size_or_type)
        })
}

/// The kind of a type, which is part of its `info`.
pub(crate) fn kind(info: u32) -> u32 {
    info >> 24 & 0x1f
}

/// What type number `id` is, behind its names and qualifiers.
fn resolve(types: &dyn Types, mut id: u32) -> Type {
    const PTR: u32 = 2;
    const ENUM: u32 = 6;
    const TYPEDEF: u32 = 8;
    const VOLATILE: u32 = 9;
    const CONST: u32 = 10;
    const RESTRICT: u32 = 11;
    const TYPE_TAG: u32 = 18;
    const ENUM64: u32 = 19;

    for _ in 0..MAX_STEPS {
        if id == VOID {
            return Type::Void;
        }
        let Some(described) = types.get(id) else {
            return Type::Unknown;
        };

        match kind(described.info) {
            TYPEDEF | VOLATILE | CONST | RESTRICT | TYPE_TAG => id = described.size_or_type,
            INT => return integer(&described),
            // The flag says that it can be negative.
            ENUM | ENUM64 => return number(described.size_or_type, described.info >> 31 != 0),
            PTR => return Type::Pointer,
            _ => return Type::Other,
        }
    }
    Type::Unknown
}

fn integer(described: &Described) -> Type {
    const SIGNED: u32 = 1 << 24;
    const BOOL: u32 = 1 << 26;

    let (bytes, encoding) = (described.size_or_type, described.encoding);
    let (bits, offset) = (encoding & 0xff, encoding >> 16 & 0xff);

    if encoding & BOOL != 0 {
        return Type::Bool;
    }
    // Part of an integer cannot be returned.
    if offset != 0 || bytes.checked_mul(8) != Some(bits) {
        return Type::Other;
    }
    number(bytes, encoding & SIGNED != 0)
}

fn number(bytes: u32, signed: bool) -> Type {
    match bytes {
        1 | 2 | 4 | 8 => Type::Number {
            bytes: bytes as u8,
            signed,
        },
        _ => Type::Other,
    }
}
