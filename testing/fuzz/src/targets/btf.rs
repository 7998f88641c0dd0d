// SPDX-License-Identifier: GPL-2.0-only

//! Properties of any type information: the return type of a function is found in a limited number
//! of steps and matches the types on the way; and answers about values are consistent.

use super::{Input, ERRORS};
use crate::policy::{
    btf::{prototype, returned, Described, Types},
    Type, Value,
};
use std::cell::RefCell;

/// The kinds in `include/uapi/linux/btf.h` that matter here.
const INT: u32 = 1;
const PTR: u32 = 2;
const ENUM: u32 = 6;
const FUNC: u32 = 12;
const FUNC_PROTO: u32 = 13;
const ENUM64: u32 = 19;
/// TYPEDEF, VOLATILE, CONST, RESTRICT and TYPE_TAG.
const NAMES: [u32; 5] = [8, 9, 10, 11, 18];
/// A function, its prototype, and 64 names and qualifiers.
const MAX_ASKED: usize = 66;

/// Names of types.
const STRUCTURES: [&str; 8] = [
    "",
    "file",
    "loff_t",
    "cred",
    "posix_acl",
    "device_attribute",
    "genl_info",
    "x",
];

/// Types from the input, and a log of accesses.
struct Information {
    types: Vec<Described>,
    /// Whether every ID is valid.
    is_endless: bool,
    asked: RefCell<Vec<(u32, Option<Described>)>>,
}

impl Types for Information {
    fn get(&self, id: u32) -> Option<Described> {
        let index = (id as usize).checked_sub(1);
        let found = index.and_then(|index| match self.is_endless {
            true => self.types.get(index % self.types.len().max(1)),
            false => self.types.get(index),
        });

        self.asked.borrow_mut().push((id, found.copied()));
        found.copied()
    }

    fn name(&self, id: u32) -> &str {
        STRUCTURES[id as usize % STRUCTURES.len()]
    }

    fn parameter(&self, prototype: u32, index: u32) -> Option<u32> {
        Some(self.get(prototype)?.encoding.rotate_left(index * 5) % 64)
    }
}

fn kind(described: Described) -> u32 {
    described.info >> 24 & 0x1f
}

/// Tests the return type of the first type in `data`, and which values it takes.
pub fn btf(data: &[u8]) {
    let mut input = Input(data);
    let flags = input.u8();
    let value = input.i64();
    let mut information = Information {
        types: Vec::new(),
        is_endless: flags & 1 != 0,
        asked: RefCell::new(Vec::new()),
    };

    while !input.is_empty() {
        information.types.push(Described {
            info: input.u32(),
            size_or_type: input.u32(),
            encoding: input.u32(),
        });
    }
    let found = returned(&information, 1);

    follows(&information.asked.take(), found);
    // Each parameter takes as few steps.
    assert_eq!(prototype(&information, 1).returns, found);
    let asked = information.asked.take().len();
    let of = information
        .get(1)
        .map_or(0, |function| function.size_or_type);
    let parameters = information.get(of).map_or(0, |it| it.info & 0xffff) as usize;
    information.asked.take();
    assert!(asked <= (parameters + 2) * (MAX_ASKED + 2));
    for near in [
        0,
        -4096,
        1 << 7,
        1 << 8,
        1 << 15,
        1 << 16,
        1 << 31,
        1 << 32,
        -1 << 7,
        -1 << 15,
        -1 << 31,
        i64::MIN,
        value,
    ] {
        for value in -1..=1 {
            can_return(found, near.wrapping_add(value));
        }
    }
}

/// Checks that `found` matches the accessed types.
fn follows(asked: &[(u32, Option<Described>)], found: Type) {
    // Chains of any length end.
    assert!((1..=MAX_ASKED).contains(&asked.len()));
    assert_eq!(asked[0].0, 1);
    for (index, step) in asked.windows(2).enumerate() {
        let (next, before) = (step[1].0, step[0].1.unwrap());

        assert_eq!(next, before.size_or_type);
        match index {
            0 => assert_eq!(kind(before), FUNC),
            1 => assert_eq!(kind(before), FUNC_PROTO),
            _ => assert!(NAMES.contains(&kind(before))),
        }
    }

    let Some(last) = asked[asked.len() - 1].1 else {
        return assert_eq!(found, Type::Unknown);
    };
    let is_name = NAMES.contains(&kind(last));
    let expected = match asked.len() {
        1 => {
            assert_ne!(kind(last), FUNC);
            Type::Unknown
        }
        2 if kind(last) != FUNC_PROTO => Type::Unknown,
        MAX_ASKED if is_name => Type::Unknown,
        length if length == 2 || is_name => {
            assert_eq!(last.size_or_type, 0);
            Type::Void
        }
        _ => terminal(last),
    };
    assert_eq!(found, expected);
}

/// The type, if it is not an alias.
fn terminal(described: Described) -> Type {
    let (bytes, encoding) = (described.size_or_type, described.encoding);
    let number = |signed| match bytes {
        1 | 2 | 4 | 8 => Type::Number {
            bytes: bytes as u8,
            signed,
        },
        _ => Type::Other,
    };

    match kind(described) {
        PTR => Type::Pointer,
        // Bits 24 to 26: signed, char and bool; bits 16 to 23: the first bit.
        INT if encoding & 4 << 24 != 0 => Type::Bool,
        INT if encoding & 0xff_00ff != bytes.saturating_mul(8) => Type::Other,
        INT => number(encoding & 1 << 24 != 0),
        ENUM | ENUM64 => number(described.info & 1 << 31 != 0),
        _ => Type::Other,
    }
}

/// Checks that answers about a function that returns `returns`, and `value`, are consistent.
fn can_return(returns: Type, value: i64) {
    let (holds, fails) = (
        returns.holds(Value::new(value)),
        returns.fails_with(Value::new(value)),
    );
    let is_error = ERRORS.contains(&value);

    // A value that means failure can be returned, and is an error. Least is known about an unknown
    // type.
    assert!(!fails || (holds && is_error));
    assert!(!Type::Unknown.fails_with(Value::new(value)));
    match returns {
        Type::Unknown => assert!(!fails && holds == is_error),
        Type::Void | Type::Bool | Type::Other => assert!(!fails),
        Type::Pointer => assert!(fails == is_error && holds == (is_error || value == 0)),
        Type::Number { bytes, signed } => {
            // As in C, with more bits.
            let (value, half) = (i128::from(value), 1i128 << (8 * bytes - 1));
            let fits = match signed {
                true => (-half..half).contains(&value),
                false => (0..2 * half).contains(&value),
            };
            assert_eq!(holds, fits || (bytes == 8 && is_error));
        }
    }
    assert!(!returns.to_string().is_empty());
}
