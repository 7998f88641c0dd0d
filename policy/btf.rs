// SPDX-License-Identifier: GPL-2.0-only

//! Reads the prototype of a function from type information.
//!
//! C header: [`include/uapi/linux/btf.h`](srctree/include/uapi/linux/btf.h)

use super::{
    objects,
    Prototype,
    Type, //
};

/// The type id of `void`.
const VOID: u32 = 0;
/// The kind of an integer.
pub(crate) const INT: u32 = 1;
/// The kind of a function.
pub(crate) const FUNC: u32 = 12;
/// The kind of a prototype.
pub(crate) const FUNC_PROTO: u32 = 13;

/// The maximum length of a chain of typedefs and qualifiers. The kernel's own are verified to be
/// shorter.
const MAX_STEPS: usize = 64;

/// A type, as `struct btf_type` has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Described {
    /// Its kind, and a flag.
    pub(crate) info: u32,
    /// Its size in bytes, or the id of the type that it refers to.
    pub(crate) size_or_type: u32,
    /// The encoding, if it is an integer.
    pub(crate) encoding: u32,
}

/// Type information.
pub(crate) trait Types {
    /// The type with this id.
    fn get(&self, id: u32) -> Option<Described>;

    /// The name of the type with this id, empty if it has none.
    fn name(&self, id: u32) -> &str;

    /// The type id of the parameter with this index, of the prototype with this id.
    fn parameter(&self, prototype: u32, index: u32) -> Option<u32>;
}

/// A member of a structure or union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// Its name, empty if it has none.
    pub(crate) name: &'a str,
    /// Its type id.
    pub(crate) id: u32,
    /// Its offset in bits.
    pub(crate) bit_offset: u32,
    /// The size of a bit field in bits; 0 for other members.
    pub(crate) bits: u8,
}

/// Type information with the layout of types.
pub(crate) trait Layouts: Types {
    /// The name of the parameter with this index, of the prototype with this id.
    fn parameter_name(&self, prototype: u32, index: u32) -> Option<&str>;

    /// The member with this index of the structure or union with this id.
    fn member(&self, id: u32, index: u32) -> Option<Member<'_>>;

    /// The type id of the elements of the array with this id, and their number.
    fn array(&self, id: u32) -> Option<(u32, u32)>;

    /// The name and the value of the enumerator with this index of the enumeration with this id.
    fn enumerator(&self, id: u32, index: u32) -> Option<(&str, i128)>;

    /// The id of a structure or union of this name.
    fn find(&self, name: &str) -> Option<u32>;

    /// The value of an enumerator of this name, of any enumeration.
    fn find_enumerator(&self, name: &str) -> Option<i128>;
}

/// Resolves typedefs and qualifiers of the type `id`, and returns its id and description.
pub(crate) fn skip<T: Types + ?Sized>(types: &T, mut id: u32) -> Option<(u32, Described)> {
    for _ in 0..MAX_STEPS {
        let described = types.get(id).filter(|_| id != VOID)?;

        match kind(described.info) {
            TYPEDEF | VOLATILE | CONST | RESTRICT | TYPE_TAG => id = described.size_or_type,
            _ => return Some((id, described)),
        }
    }
    None
}

/// The size of a type, in bytes.
pub(crate) fn size(types: &dyn Layouts, id: u32) -> Option<u32> {
    let mut count = 1u32;
    let mut id = id;

    for _ in 0..MAX_STEPS {
        let (skipped, described) = skip(types, id)?;

        match kind(described.info) {
            PTR => return count.checked_mul(8),
            INT | STRUCT | UNION | ENUM | ENUM64 => {
                return count.checked_mul(described.size_or_type)
            }
            ARRAY => {
                let (element, elements) = types.array(skipped)?;

                count = count.checked_mul(elements)?;
                id = element;
            }
            _ => return None,
        }
    }
    None
}

/// The id and the description of the prototype of the function with the type id `function`.
pub(crate) fn prototype_of<T: Types + ?Sized>(
    types: &T,
    function: u32,
) -> Option<(u32, Described)> {
    let of_kind = |id, wanted| types.get(id).filter(|found| kind(found.info) == wanted);
    let id = of_kind(function, FUNC)?.size_or_type;

    Some((id, of_kind(id, FUNC_PROTO)?))
}

/// The return type of the function with the type id `function`.
pub(crate) fn returned(types: &dyn Types, function: u32) -> Type {
    prototype_of(types, function).map_or(Type::Unknown, |(_, prototype)| {
        resolve(types, prototype.size_or_type)
    })
}

/// The prototype of the function with the type id `function`.
pub(crate) fn prototype(types: &dyn Types, function: u32) -> Prototype {
    let Some((id, described)) = prototype_of(types, function) else {
        return Prototype::UNKNOWN;
    };
    let mut prototype = Prototype {
        returns: returned(types, function),
        ..Prototype::UNKNOWN
    };
    let mut shape = [Parameter::Other; 4];
    let count = described.info & 0xffff;

    for index in 0..count {
        let Some(parameter) = types.parameter(id, index) else {
            break;
        };
        let (what, name) = parameter_of(types, parameter);

        if let Some(place) = shape.get_mut(index as usize) {
            *place = what;
        }
        prototype.add(index, name);
    }
    prototype.add(u32::MAX, parameter_of(types, described.size_or_type).1);
    prototype.add_shape(&shape[..shape.len().min(count as usize)]);
    prototype
}

/// The kind of a parameter, as far as it says what a function is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// A pointer to an open file.
    File,
    /// A pointer to constant text.
    Text,
    /// A pointer to a position in a file.
    Position,
    /// An unsigned number of this size in bytes.
    Unsigned(u8),
    /// A pointer to a network namespace.
    Network,
    /// Anything else.
    Other,
}

/// The kind of a parameter of this type, and the name of the structure that it is or points to.
fn parameter_of(types: &dyn Types, id: u32) -> (Parameter, &str) {
    let (mut id, mut is_pointer, mut is_const) = (id, false, false);

    for _ in 0..MAX_STEPS {
        let Some(described) = types.get(id).filter(|_| id != VOID) else {
            break;
        };

        match kind(described.info) {
            TYPEDEF if is_pointer && types.name(id) == "loff_t" => {
                return (Parameter::Position, "")
            }
            // Structures that are passed by value may only have the name of a typedef.
            TYPEDEF if objects::is_listed(types.name(id)) => {
                return (Parameter::Other, types.name(id))
            }
            CONST => {
                is_const = true;
                id = described.size_or_type;
            }
            TYPEDEF | VOLATILE | RESTRICT | TYPE_TAG => id = described.size_or_type,
            PTR => {
                (is_pointer, is_const) = (true, false);
                id = described.size_or_type;
            }
            INT if is_pointer && is_const && described.size_or_type == 1 => {
                return (Parameter::Text, "")
            }
            INT if !is_pointer => {
                return match integer(&described) {
                    Type::Number {
                        bytes,
                        signed: false,
                    } => (Parameter::Unsigned(bytes), ""),
                    _ => (Parameter::Other, ""),
                }
            }
            STRUCT | UNION | FWD => {
                let name = types.name(id);
                let what = match name {
                    "file" if is_pointer => Parameter::File,
                    "net" if is_pointer => Parameter::Network,
                    _ => Parameter::Other,
                };

                return (what, name);
            }
            _ => break,
        }
    }
    (Parameter::Other, "")
}

/// The kind of a type, from its `info`.
pub(crate) fn kind(info: u32) -> u32 {
    info >> 24 & 0x1f
}

/// The kind of a pointer.
pub(crate) const PTR: u32 = 2;
/// The kind of an array.
pub(crate) const ARRAY: u32 = 3;
/// The kind of a structure.
pub(crate) const STRUCT: u32 = 4;
/// The kind of a union.
pub(crate) const UNION: u32 = 5;
/// The kind of an enumeration.
pub(crate) const ENUM: u32 = 6;
const FWD: u32 = 7;
const TYPEDEF: u32 = 8;
const VOLATILE: u32 = 9;
const CONST: u32 = 10;
const RESTRICT: u32 = 11;
/// The kind of an attribute of what a pointer points to.
pub(crate) const TYPE_TAG: u32 = 18;
/// The kind of a 64-bit enumeration.
pub(crate) const ENUM64: u32 = 19;
/// The flag for signed in the encoding of an integer.
pub(crate) const SIGNED: u32 = 1 << 24;

/// The return type that the type `id` is, without typedefs and qualifiers.
fn resolve(types: &dyn Types, mut id: u32) -> Type {
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
            // The flag means signed.
            ENUM | ENUM64 => return number(described.size_or_type, described.info >> 31 != 0),
            PTR => return Type::Pointer,
            _ => return Type::Other,
        }
    }
    Type::Unknown
}

fn integer(described: &Described) -> Type {
    const BOOL: u32 = 1 << 26;

    let (bytes, encoding) = (described.size_or_type, described.encoding);
    let (bits, offset) = (encoding & 0xff, encoding >> 16 & 0xff);

    if encoding & BOOL != 0 {
        return Type::Bool;
    }
    // A bit field cannot be returned.
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
