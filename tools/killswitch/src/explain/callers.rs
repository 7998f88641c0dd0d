// SPDX-License-Identifier: GPL-2.0-only

//! How the callers of a function use its return value, for each call site.

use super::{
    code::{self, Destination, Instruction, Operand, Operation, ARGUMENTS, KEPT, STACK},
    machine::{Access, Base, End, Known, Machine, Next, Observer, State, Target, Value},
    prototypes::Parameter,
    verbs::{self, Verb},
};
use crate::image::Image;
use std::collections::BTreeMap;

/// Maximum number of instructions executed after a call.
const BUDGET: usize = 4_000;
/// Maximum distance before a call at which an address is passed, in instructions.
const BEFORE: usize = 40;
/// Decoding limit per function, in bytes.
const MAX_FUNCTION: u64 = 256 << 10;
/// Mark of the return value.
const RESULT: u8 = 1;
/// Addresses below this, or above its negation, are invalid.
const PAGE: i64 = 4096;
/// Maximum distance from a branch to its trap, in instructions.
const NEAR: u8 = 6;

/// How a caller uses the return value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handling {
    /// It does not use it.
    Ignored,
    /// It stores it in memory.
    Stored,
    /// It passes it to another function.
    Passed,
    /// It returns it.
    Returned,
    /// It compares it.
    Tested,
}

impl Handling {
    pub fn words(self) -> &'static str {
        match self {
            Self::Ignored => "ignores the result",
            Self::Stored => "stores the result",
            Self::Passed => "passes the result on",
            Self::Returned => "returns the result",
            Self::Tested => "tests the result",
        }
    }
}

/// A call site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The address of the call.
    pub at: u64,
    /// The address of the caller.
    pub caller: u64,
    pub handling: Handling,
    /// Whether it returns the value on some path.
    pub is_returned: bool,
    /// The number that the caller returns in that case, if it is constant.
    pub returns: Option<i64>,
    /// Where it dereferences the return value.
    pub faults: Option<u64>,
    /// Where it reaches a BUG() or a WARN() because of the return value.
    pub traps: Option<u64>,
    /// Where it reads memory that only the callee initializes: the argument's index, and the place.
    pub reads: Option<(usize, u64)>,
    /// Whether it calls the function again in an endless loop because of the return value.
    pub repeats: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Trail {
    is_tested: bool,
    /// Age, in instructions.
    since: u8,
    /// Whether a branch with an unknown condition was followed.
    is_unsure: bool,
}

struct Observed<'a> {
    image: &'a Image,
    site: u64,
    /// Stack ranges that only the callee initializes, in bytes from the stack pointer: start, end,
    /// and argument.
    slots: &'a [(i64, i64, usize)],
    value: Option<i64>,
    is_stored: bool,
    is_passed: bool,
    is_tested: bool,
    is_returned: bool,
    returns: BTreeMap<i64, usize>,
    ends: usize,
    faults: Option<u64>,
    traps: Option<u64>,
    reads: Option<(usize, u64)>,
    repeats: bool,
}

impl Observer for Observed<'_> {
    type Trail = Trail;

    fn call(&mut self, state: &mut State<Trail>, _: u64, target: Target) -> Next {
        let is_passed = is_passed(state);
        let name = match target {
            Target::Function(to) => self.image.symbol_of(to).map_or("?", |it| it.name),
            Target::Pointer(_) => "?",
        };

        // Printing is not a use.
        if is_passed && verbs::of(name) != Verb::Nothing {
            self.is_passed = true;
        }
        // A callee may initialize memory whose address it is passed.
        for index in ARGUMENTS {
            if let Known::Address(Base::Stack, at) = state.arguments()[index].known {
                for slot in self.slots.iter().filter(|it| (it.0..it.1).contains(&at)) {
                    for place in (slot.0..slot.1).step_by(8) {
                        state.set(Base::Stack, place, Value::UNKNOWN, 8);
                    }
                }
            }
        }
        Next::Return(Value::UNKNOWN)
    }

    fn access(&mut self, state: &mut State<Trail>, access: &Access) -> Option<Value> {
        match access.address.known {
            Known::Number(at)
                if access.address.marks & RESULT != 0
                    && !access.is_per_cpu
                    && (-PAGE..PAGE).contains(&at) =>
            {
                self.faults.get_or_insert(access.at);
            }
            Known::Address(Base::Stack, at) if !access.is_write => {
                let slot = self.slots.iter().find(|it| (it.0..it.1).contains(&at));

                if let Some((_, _, argument)) = slot {
                    if !state.has_written(Base::Stack, at) {
                        self.reads.get_or_insert((*argument, access.at));
                    }
                }
            }
            _ => {}
        }
        let is_stack = matches!(access.address.known, Known::Address(Base::Stack, _));

        self.is_stored |= access.is_write && !is_stack && access.value.marks & RESULT != 0;
        None
    }

    fn branch(&mut self, state: &mut State<Trail>, _: u64, marks: u8, taken: Option<bool>) {
        if marks & RESULT != 0 {
            self.is_tested = true;
            state.trail.is_tested = true;
            state.trail.since = 0;
        }
        state.trail.is_unsure |= taken.is_none();
    }

    fn stops(&mut self, state: &mut State<Trail>, at: u64) -> bool {
        state.trail.since = state.trail.since.saturating_add(1).min(NEAR + 1);
        if at == self.site {
            self.repeats |= state.trail.is_tested && !state.trail.is_unsure;
        }
        at == self.site
    }

    fn end(&mut self, state: &mut State<Trail>, at: u64, end: End) {
        self.ends += 1;
        match end {
            End::Return => {
                let result = state.result();

                if result.marks & RESULT != 0 {
                    self.is_returned = true;
                } else if let Known::Number(number) = result.signed(4).known {
                    *self.returns.entry(number).or_default() += 1;
                }
                let is_same = self.value.is_some_and(|value| {
                    value != 0 && result.signed(4).known == Known::Number(value)
                });

                self.is_returned |= is_same;
            }
            End::Tail(_) => {
                self.is_passed |= is_passed(state);
            }
            End::Trap if state.trail.is_tested && state.trail.since <= NEAR => {
                self.traps.get_or_insert(at);
            }
            End::Trap | End::Lost => {}
        }
    }
}

/// Whether the return value is passed on.
fn is_passed(state: &State<Trail>) -> bool {
    state.arguments().iter().any(|it| it.marks & RESULT != 0)
}

/// How the caller with the code at `at` uses `value`, or nothing if the function returns nothing;
/// `None` if there is no call of one of `functions`.
pub fn site(
    image: &Image,
    at: u64,
    functions: &[u64],
    value: Option<i64>,
    parameters: &[Parameter<'_>],
) -> Option<Site> {
    let extent = image.extent(at)?;
    let length = (extent.end - extent.start).min(MAX_FUNCTION);
    let end = (at + 1).min(extent.start + length);
    let code = code::all(image, extent.start..end);
    let call = code.last().filter(|it| it.at == at)?;
    let (target, is_call) = match call.last()? {
        Operation::Call(Destination::Code(target)) => (target, true),
        Operation::Jump(Destination::Code(to)) => (to, false),
        Operation::Branch {
            to: Destination::Code(to),
            ..
        } => (to, false),
        _ => return None,
    };

    if !functions.contains(target) {
        return None;
    }
    let mut found = Site {
        at,
        caller: extent.start,
        handling: Handling::Returned,
        is_returned: true,
        returns: None,
        faults: None,
        traps: None,
        reads: None,
        repeats: false,
    };

    if !is_call {
        return Some(found);
    }
    let slots = out_parameters(&code, parameters);
    let mut observed = Observed {
        image,
        site: at,
        slots: &slots,
        value,
        is_stored: false,
        is_passed: false,
        is_tested: false,
        is_returned: false,
        returns: BTreeMap::new(),
        ends: 0,
        faults: None,
        traps: None,
        reads: None,
        repeats: false,
    };
    let mut state = State::new(image, call.next, Trail::default());

    state.set_result(match value {
        Some(value) => Value::number(value).marked(RESULT),
        None => Value::UNKNOWN,
    });
    Machine::new(image, BUDGET).run(state, &mut observed);

    found.handling = match () {
        () if value.is_none() => Handling::Ignored,
        () if observed.is_tested => Handling::Tested,
        () if observed.is_returned => Handling::Returned,
        () if observed.is_passed => Handling::Passed,
        () if observed.is_stored => Handling::Stored,
        () => Handling::Ignored,
    };
    found.is_returned = observed.is_returned;
    found.returns = match observed.returns.len() {
        1 if !observed.is_returned => observed.returns.keys().next().copied(),
        _ => None,
    };
    found.faults = observed.faults;
    found.traps = observed.traps;
    found.reads = observed.reads;
    found.repeats = observed.repeats;
    Some(found)
}

/// Uninitialized stack memory that is passed to the callee by address: start, end, and argument.
fn out_parameters(code: &[Instruction], parameters: &[Parameter<'_>]) -> Vec<(i64, i64, usize)> {
    let Some((_, before)) = code.split_last() else {
        return Vec::new();
    };
    let mut found = Vec::new();

    for (parameter, index) in parameters.iter().zip(ARGUMENTS) {
        let Some(size) = parameter.size.filter(|_| !parameter.is_const) else {
            continue;
        };
        let Some(at) = stack_address(before, index) else {
            continue;
        };
        let (from, end) = (at, at.saturating_add(size.into()));

        if !before.iter().any(|it| writes(it, from, end)) {
            found.push((from, end, index));
        }
    }
    found
}

/// The stack address in a register at the end of `code`.
fn stack_address(code: &[Instruction], register: usize) -> Option<i64> {
    let mut wanted = register;
    let mut behind = 0;
    let mut is_near = true;

    for (count, instruction) in code.iter().rev().enumerate() {
        let ends = instruction.last().is_some_and(Operation::ends);

        if is_near && (count > BEFORE || ends) {
            let is_conditional =
                matches!(instruction.last(), Some(Operation::Branch { .. })) && count <= BEFORE;

            if !is_conditional {
                return None;
            }
        }
        for operation in instruction.operations.iter().rev() {
            if operation.all_written() >> wanted & 1 == 0 {
                continue;
            }
            let Operation::Move { from, .. } = operation else {
                return None;
            };

            let next = match from {
                Operand::Address(place) if place.index.is_none() => {
                    behind = place.displacement.wrapping_add(behind);
                    place.base?
                }
                Operand::Register(part) => part.register,
                _ => return None,
            };

            if next == STACK {
                return Some(behind);
            }
            wanted = next.into();
            // Callee-saved registers may have been computed anywhere before.
            is_near = !KEPT.contains(&wanted);
        }
    }
    None
}

/// Whether an instruction may write to this part of the stack.
fn writes(instruction: &Instruction, from: i64, end: i64) -> bool {
    let mut stored = instruction.operations.iter().flat_map(Operation::stored);

    stored.any(|(place, size, is_repeated)| {
        let exists = |at: i64| at < end && at + size as i64 > from;

        is_repeated || place.base == Some(STACK) && exists(place.displacement)
    })
}
