// SPDX-License-Identifier: GPL-2.0-only

//! Runs the function that undoes the work of another one on memory that was never set up.

use super::{
    body::entry,
    machine::{Access, Base, End, Known, Machine, Next, Observer, State, Target, Value},
    verbs::{self, Verb},
};
use crate::image::Image;

/// Limits: executed instructions, and call depth.
const BUDGET: usize = 40_000;
const MAX_DEPTH: usize = 7;
/// Mark of values read from zeroed memory.
const ZERO: u8 = 1;
/// Addresses below this are invalid.
const PAGE: i64 = 4096;

struct Fault<'a> {
    image: &'a Image,
    /// The offset in the first argument from which on all memory is zero.
    behind: i64,
    found: Option<u64>,
}

impl Observer for Fault<'_> {
    type Trail = ();

    fn call(&mut self, state: &mut State<()>, _: u64, target: Target) -> Next {
        let Target::Function(target) = target else {
            return Next::Return(Value::UNKNOWN);
        };
        let name = self.image.symbol_of(target).map_or("?", |it| it.name);
        // Callees unrelated to the memory cannot fault because of it.
        let is_concerned = state.arguments().iter().any(|value| {
            let is_zero = |offset| offset == 0 || offset >= self.behind;

            value.marks & ZERO != 0
                || matches!(value.known, Known::Address(Base::Argument(0), at) if is_zero(at))
        });

        match verbs::of(name) {
            Verb::Nothing | Verb::Lock | Verb::Unlock | Verb::TryLock | Verb::Complete => {
                Next::Return(Value::UNKNOWN)
            }
            _ if is_concerned && state.depth() < MAX_DEPTH => Next::Enter,
            _ => Next::Return(Value::UNKNOWN),
        }
    }

    fn follows_tails(&self) -> bool {
        true
    }

    fn access(&mut self, state: &mut State<()>, access: &Access) -> Option<Value> {
        match access.address.known {
            Known::Number(at) if (0..PAGE).contains(&at) => {
                if access.address.marks & ZERO != 0 && !access.is_per_cpu {
                    self.found.get_or_insert(access.at);
                }
                None
            }
            Known::Address(Base::Argument(0), at) if at >= self.behind && !access.is_write => {
                (!state.has_written(Base::Argument(0), at)).then(|| Value::number(0).marked(ZERO))
            }
            _ => None,
        }
    }

    fn stops(&mut self, _: &mut State<()>, _: u64) -> bool {
        self.found.is_some()
    }

    fn end(&mut self, _: &mut State<()>, _: u64, _: End) {}
}

/// Where the function at `address` dereferences a NULL from its first argument, in which all memory
/// from the offset `behind` on is zero.
pub fn faults(image: &Image, address: u64, behind: u32) -> Option<u64> {
    let mut fault = Fault {
        image,
        behind: behind.into(),
        found: None,
    };
    let mut machine = Machine::new(image, BUDGET);

    machine.arguments_are_valid = true;
    machine.run(entry(image, address, ()), &mut fault);
    fault.found
}
