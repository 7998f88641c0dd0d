// SPDX-License-Identifier: GPL-2.0-only

//! Properties of any walk through type information.

use crate::policy::{
    btf::{returned, Described, Types},
    Type, Value,
};
use proptest::prelude::*;

/// Type information: the first type has the ID 1.
struct Information(Vec<Described>);

impl Types for Information {
    fn get(&self, id: u32) -> Option<Described> {
        let index = usize::try_from(id).ok()?.checked_sub(1)?;
        self.0.get(index).copied()
    }

    fn name(&self, _: u32) -> &str {
        ""
    }

    fn parameter(&self, _: u32, _: u32) -> Option<u32> {
        None
    }
}

const fn described(kind: u32, flag: bool, size_or_type: u32, encoding: u32) -> Described {
    Described {
        info: kind << 24 | (flag as u32) << 31,
        size_or_type,
        encoding,
    }
}

const SIGNED: u32 = 1 << 24;
const BOOL: u32 = 1 << 26;

/// The return type of a function whose prototype returns type 3, the first one in `chain`.
fn of(chain: &[Described]) -> Type {
    let mut types = vec![described(12, false, 2, 0), described(13, false, 3, 0)];
    types.extend(chain);
    returned(&Information(types), 1)
}

fn number(bytes: u8, signed: bool) -> Type {
    Type::Number { bytes, signed }
}

#[test]
fn each_kind_has_its_type() {
    let int = |bytes, bits, flags| described(1, false, bytes, bits | flags);

    for (chain, expected) in [
        (vec![int(4, 32, SIGNED)], Type::INT),
        (vec![int(4, 32, 0)], number(4, false)),
        (vec![int(8, 64, SIGNED)], number(8, true)),
        (vec![int(1, 8, 0)], number(1, false)),
        (vec![int(2, 16, SIGNED)], number(2, true)),
        (vec![int(1, 8, BOOL)], Type::Bool),
        // A part of an integer, and one of 128 bits.
        (vec![int(4, 3, 0)], Type::Other),
        (vec![int(4, 32 | 8 << 16, 0)], Type::Other),
        (vec![int(16, 128, SIGNED)], Type::Other),
        // Pointers of any kind; enumerations; structures, unions, arrays and floats.
        (vec![described(2, false, 0, 0)], Type::Pointer),
        (vec![described(2, false, 99, 0)], Type::Pointer),
        (vec![described(6, false, 4, 0)], number(4, false)),
        (vec![described(6, true, 4, 0)], number(4, true)),
        (vec![described(19, true, 8, 0)], number(8, true)),
        (vec![described(3, false, 0, 0)], Type::Other),
        (vec![described(4, false, 8, 0)], Type::Other),
        (vec![described(5, false, 8, 0)], Type::Other),
        (vec![described(16, false, 4, 0)], Type::Other),
        // Behind aliases and qualifiers.
        (
            vec![
                described(8, false, 4, 0),
                described(10, false, 5, 0),
                int(1, 8, BOOL),
            ],
            Type::Bool,
        ),
        (vec![described(8, false, 0, 0)], Type::Void),
        (
            vec![described(18, false, 4, 0), described(2, false, 0, 0)],
            Type::Pointer,
        ),
        // Missing types, and cycles.
        (vec![], Type::Unknown),
        (vec![described(8, false, 77, 0)], Type::Unknown),
        (vec![described(8, false, 3, 0)], Type::Unknown),
    ] {
        assert_eq!(of(&chain), expected, "{chain:?}");
    }
    // void f(), no function, and a function without a prototype.
    let function = described(12, false, 2, 0);
    let prototype = described(13, false, 0, 0);
    assert_eq!(
        returned(&Information(vec![function, prototype]), 1),
        Type::Void
    );
    assert_eq!(
        returned(&Information(vec![prototype, prototype]), 1),
        Type::Unknown
    );
    assert_eq!(
        returned(&Information(vec![function, function]), 1),
        Type::Unknown
    );
    assert_eq!(returned(&Information(vec![function]), 1), Type::Unknown);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_type_has_consistent_values(
        types in prop::collection::vec(
            (0u32..20, any::<bool>(), 0u32..20, any::<u32>()),
            0..20,
        ),
        function in 0u32..20,
    ) {
        let types = types
            .into_iter()
            .map(|(kind, flag, number, encoding)| described(kind, flag, number, encoding))
            .collect();
        let found = returned(&Information(types), function);

        // A function that can fail with an error can return one.
        for value in [-135, -134, -1, 0, 1, 2].map(Value::new) {
            prop_assert!(!found.fails_with(value) || found.holds(value));
        }
        prop_assert!(!found.fails_with(Value::new(0)));
    }
}
