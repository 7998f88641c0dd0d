// SPDX-License-Identifier: GPL-2.0-only

//! Types in a C-like form, and as type information.

use crate::policy::btf::{self, Described, Layouts, Member, Types};

/// A type. Refers to others by ID.
pub(super) enum C {
    /// Size in bytes, and whether it is signed.
    Integer(u32, bool),
    Bool,
    /// A floating-point number, with its size in bytes.
    Float(u32),
    /// Size in bytes, and whether it is signed.
    Enumeration(u32, bool, &'static [(&'static str, i128)]),
    Pointer(u32),
    Array(u32, u32),
    /// Its name, its size in bytes, and its members.
    Structure(&'static str, u32, &'static [(&'static str, u32, Bits)]),
    Union(&'static str, u32, &'static [(&'static str, u32, Bits)]),
    /// A forward declaration.
    Forward(&'static str),
    /// An alias or a qualifier, with its kind.
    Name(u32, &'static str, u32),
    Prototype(&'static [(&'static str, u32)]),
    Function(u32),
}

/// The first bit of a member, and the width of a bit field, or 0.
type Bits = (u32, u8);

pub(super) const VOID: u32 = 0;
const SCHAR: u32 = 1;
const CHAR: u32 = 2;
const CONST_CHAR: u32 = 3;
const U8: u32 = 4;
const U16: u32 = 5;
const U32: u32 = 6;
const INT: u32 = 7;
const S64: u32 = 8;
const U64: u32 = 9;
const BOOL: u32 = 10;
const DOUBLE: u32 = 11;
const INT128: u32 = 12;
const S_POINTER: u32 = 13;
pub(super) const S: u32 = 14;
const T: u32 = 15;
const CHOICE: u32 = 16;
const WIDE_CHOICE: u32 = 17;
const TEXT: u32 = 18;
const VOID_POINTER: u32 = 19;
const USER: u32 = 20;
const USER_POINTER: u32 = 21;
const PERCPU: u32 = 22;
const PERCPU_POINTER: u32 = 23;
const COMPAT: u32 = 24;
const COMPAT_POINTER: u32 = 25;
const NUMBER_TYPE: u32 = 26;
const CONST_NUMBER_TYPE: u32 = 27;
const NAME: u32 = 28;
const LONG_NAME: u32 = 29;
const FLEXIBLE: u32 = 30;
const THREE: u32 = 31;
const TWO_OF_THREE: u32 = 32;
const TWO_T: u32 = 33;
const TWO_POINTERS: u32 = 34;
const UNNAMED: u32 = 35;
const PACKED: u32 = 36;
const FORWARD: u32 = 37;
const FORWARD_POINTER: u32 = 38;
const TINY_CHOICE: u32 = 39;
const FUNCTION_POINTER: u32 = 40;
const KNOT: u32 = 41;
const T_POINTER: u32 = 42;
const PACKED_POINTER: u32 = 43;
const FIRST_PROTOTYPE: u32 = 50;
const SECOND_PROTOTYPE: u32 = 51;
const FIRST: u32 = 52;
const SECOND: u32 = 53;

/// The functions for conditions.
pub(super) const FUNCTIONS: [u32; 2] = [FIRST, SECOND];

const TYPES: &[(u32, C)] = &[
    (SCHAR, C::Integer(1, true)),
    (CHAR, C::Integer(1, true)),
    (CONST_CHAR, C::Name(10, "", CHAR)),
    (U8, C::Integer(1, false)),
    (U16, C::Integer(2, false)),
    (U32, C::Integer(4, false)),
    (INT, C::Integer(4, true)),
    (S64, C::Integer(8, true)),
    (U64, C::Integer(8, false)),
    (BOOL, C::Bool),
    (DOUBLE, C::Float(8)),
    (INT128, C::Integer(16, true)),
    (S_POINTER, C::Pointer(S)),
    (
        S,
        C::Structure(
            "s",
            192,
            &[
                ("byte", SCHAR, (0, 0)),
                ("word", U16, (16, 0)),
                ("low", U32, (32, 3)),
                ("high", U32, (35, 5)),
                ("across", U32, (43, 18)),
                ("next", S_POINTER, (64, 0)),
                ("big", S64, (128, 0)),
                ("huge", U64, (192, 0)),
                ("forty", U64, (259, 40)),
                ("minus", INT, (320, 7)),
                ("truth", BOOL, (328, 0)),
                ("other", TINY_CHOICE, (336, 0)),
                ("", UNNAMED, (352, 0)),
                ("choice", CHOICE, (384, 0)),
                ("name", NAME, (512, 0)),
                ("pointer", TEXT, (640, 0)),
                ("parts", TWO_T, (672, 0)),
                ("list", TWO_POINTERS, (768, 0)),
                ("three", THREE, (896, 0)),
                ("table", TWO_OF_THREE, (992, 0)),
                ("from", USER_POINTER, (1216, 0)),
                ("of_cpu", PERCPU_POINTER, (1280, 0)),
                ("theirs", COMPAT_POINTER, (1344, 0)),
                ("fraction", DOUBLE, (1408, 0)),
                ("call", FUNCTION_POINTER, (1472, 0)),
                ("end", FLEXIBLE, (1536, 0)),
            ],
        ),
    ),
    (
        T,
        C::Structure("t", 6, &[("a", U32, (0, 0)), ("b", U16, (32, 0))]),
    ),
    (
        CHOICE,
        C::Enumeration(4, true, &[("ONE", 1), ("MINUS", -1), ("EPERM", 7)]),
    ),
    (
        WIDE_CHOICE,
        C::Enumeration(8, false, &[("WIDE", 1 << 40), ("ONE_OF_TWO", 1)]),
    ),
    (TINY_CHOICE, C::Enumeration(1, false, &[("TINY", 200)])),
    (TEXT, C::Pointer(CONST_CHAR)),
    (VOID_POINTER, C::Pointer(VOID)),
    (USER, C::Name(18, "user", CHAR)),
    (USER_POINTER, C::Pointer(USER)),
    (PERCPU, C::Name(18, "percpu", S)),
    (PERCPU_POINTER, C::Pointer(PERCPU)),
    (
        COMPAT,
        C::Structure("compat_s", 4, &[("word", U16, (0, 0))]),
    ),
    (COMPAT_POINTER, C::Pointer(COMPAT)),
    (NUMBER_TYPE, C::Name(8, "number_t", INT)),
    (CONST_NUMBER_TYPE, C::Name(10, "", NUMBER_TYPE)),
    (NAME, C::Array(CHAR, 16)),
    (LONG_NAME, C::Array(U8, 100)),
    (FLEXIBLE, C::Array(U8, 0)),
    (THREE, C::Array(INT, 3)),
    (TWO_OF_THREE, C::Array(THREE, 2)),
    (TWO_T, C::Array(T, 2)),
    (TWO_POINTERS, C::Array(T_POINTER, 2)),
    (T_POINTER, C::Pointer(T)),
    (
        UNNAMED,
        C::Union("", 4, &[("n", INT, (0, 0)), ("u", U16, (0, 0))]),
    ),
    (
        PACKED,
        C::Structure(
            "packed",
            101,
            &[
                ("a", U8, (0, 0)),
                ("odd", U32, (8, 0)),
                ("crossing", U32, (38, 30)),
                ("long_name", LONG_NAME, (8, 0)),
            ],
        ),
    ),
    (PACKED_POINTER, C::Pointer(PACKED)),
    (FORWARD, C::Forward("elsewhere")),
    (FORWARD_POINTER, C::Pointer(FORWARD)),
    (FUNCTION_POINTER, C::Pointer(FIRST_PROTOTYPE)),
    // An alias of itself is invalid.
    (KNOT, C::Name(8, "knot", KNOT)),
    (
        FIRST_PROTOTYPE,
        C::Prototype(&[
            ("p", S_POINTER),
            ("number", CONST_NUMBER_TYPE),
            ("small", U8),
            ("raw", VOID_POINTER),
            ("text", TEXT),
            ("packed", PACKED_POINTER),
            ("late", U64),
        ]),
    ),
    (
        SECOND_PROTOTYPE,
        C::Prototype(&[
            ("choice", CHOICE),
            ("wide", WIDE_CHOICE),
            ("from", USER_POINTER),
            ("elsewhere", FORWARD_POINTER),
            ("", S64),
            ("both", INT128),
            ("behind", KNOT),
        ]),
    ),
    (FIRST, C::Function(FIRST_PROTOTYPE)),
    (SECOND, C::Function(SECOND_PROTOTYPE)),
];

/// The type with this ID.
pub(super) fn c(id: u32) -> Option<&'static C> {
    TYPES
        .iter()
        .find(|(known, _)| *known == id)
        .map(|(_, it)| it)
}

/// All types, with their IDs.
pub(super) fn all() -> impl Iterator<Item = (u32, &'static C)> + Clone {
    TYPES.iter().map(|(id, it)| (*id, it))
}

/// The types as type information.
pub(super) struct Information;

impl Types for Information {
    fn get(&self, id: u32) -> Option<Described> {
        let sign = |signed: bool| u32::from(signed) << 31;
        let (info, size_or_type, encoding) = match c(id)? {
            C::Integer(bytes, signed) => {
                let sign = if *signed { btf::SIGNED } else { 0 };

                (btf::INT << 24, *bytes, sign | (8 * bytes))
            }
            C::Bool => (btf::INT << 24, 1, 1 << 26 | 8),
            C::Float(bytes) => (16 << 24, *bytes, 0),
            C::Enumeration(8, signed, all) => {
                (btf::ENUM64 << 24 | sign(*signed) | all.len() as u32, 8, 0)
            }
            C::Enumeration(bytes, signed, all) => (
                btf::ENUM << 24 | sign(*signed) | all.len() as u32,
                *bytes,
                0,
            ),
            C::Pointer(to) => (btf::PTR << 24, *to, 0),
            C::Array(..) => (btf::ARRAY << 24, 0, 0),
            C::Structure(_, bytes, all) => (btf::STRUCT << 24 | all.len() as u32, *bytes, 0),
            C::Union(_, bytes, all) => (btf::UNION << 24 | all.len() as u32, *bytes, 0),
            C::Forward(_) => (7 << 24, 0, 0),
            C::Name(kind, _, of) => (kind << 24, *of, 0),
            C::Prototype(all) => (btf::FUNC_PROTO << 24 | all.len() as u32, INT, 0),
            C::Function(of) => (btf::FUNC << 24, *of, 0),
        };

        Some(Described {
            info,
            size_or_type,
            encoding,
        })
    }

    fn name(&self, id: u32) -> &str {
        match c(id) {
            Some(C::Structure(name, ..) | C::Union(name, ..)) => name,
            Some(C::Forward(name) | C::Name(_, name, _)) => name,
            _ => "",
        }
    }

    fn parameter(&self, prototype: u32, index: u32) -> Option<u32> {
        match c(prototype)? {
            C::Prototype(all) => all.get(index as usize).map(|(_, id)| *id),
            _ => None,
        }
    }
}

impl Layouts for Information {
    fn parameter_name(&self, prototype: u32, index: u32) -> Option<&str> {
        match c(prototype)? {
            C::Prototype(all) => all.get(index as usize).map(|(name, _)| *name),
            _ => None,
        }
    }

    fn member(&self, id: u32, index: u32) -> Option<Member<'_>> {
        let (C::Structure(_, _, all) | C::Union(_, _, all)) = c(id)? else {
            return None;
        };
        let (name, id, (bit_offset, bits)) = *all.get(index as usize)?;

        Some(Member {
            name,
            id,
            bit_offset,
            bits,
        })
    }

    fn array(&self, id: u32) -> Option<(u32, u32)> {
        match c(id)? {
            C::Array(of, count) => Some((*of, *count)),
            _ => None,
        }
    }

    fn enumerator(&self, id: u32, index: u32) -> Option<(&str, i128)> {
        match c(id)? {
            C::Enumeration(_, _, all) => all.get(index as usize).copied(),
            _ => None,
        }
    }

    fn find(&self, name: &str) -> Option<u32> {
        all()
            .find(|(_, it)| match it {
                C::Structure(known, ..) | C::Union(known, ..) => *known == name,
                _ => false,
            })
            .map(|(id, _)| id)
    }

    fn find_enumerator(&self, name: &str) -> Option<i128> {
        all().find_map(|(_, it)| match it {
            C::Enumeration(_, _, list) => {
                list.iter().find(|(known, _)| *known == name).map(|it| it.1)
            }
            _ => None,
        })
    }
}
