// SPDX-License-Identifier: GPL-2.0-only

//! What the callers of a function do with what it returns, one call site after the other.

use super::{
    code::{self, Destination, Instruction, Operand, Operation, ARGUMENTS, KEPT, STACK},
    machine::{Access, Base, End, Known, Machine, Next, Observer, State, Target, Value},
    prototypes::Parameter,
    verbs::{self, Verb},
};
use crate::image::Image;
use std::collections::BTreeMap;

/// How many instructions behind a call are followed at most.
const BUDGET: usize = 4_000;
/// How many instructions before a call may pass an address.
const BEFORE: usize = 40;
/// How much of a function is decoded, in bytes.
const MAX_FUNCTION: u64 = 256 << 10;
/// The mark of what is returned.
const RESULT: u8 = 1;
/// What lies at lower addresses than this, or above its negation, is nothing.
const PAGE: i64 = 4096;
/// How close behind a branch a trap has to lie to be what the branch leads to, in instructions.
const NEAR: u8 = 6;

/// What a caller does with what is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handling {
    /// It does not use it.
    Ignored,
    /// It puts it into memory.
    Stored,
    /// It passes it to another function.
    Passed,
    /// It returns it.
    Returned,
    /// It compares it with something.
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

/// A place that calls the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Where the call is.
    pub at: u64,
    /// Where the caller begins.
    pub caller: u64,
    pub handling: Handling,
    /// Whether it returns the value on some path.
    pub is_returned: bool,
    /// What the caller returns then, if it returns a number that it chose for that.
    pub returns: Option<i64>,
    /// Where it uses what is returned as an address.
    pub faults: Option<u64>,
    /// Where it comes to a BUG() or a WARN() because of what is returned.
    pub traps: Option<u64>,
    /// Where it reads what only the callee sets: the index of the argument, and the place.
    pub reads: Option<(usize, u64)>,
    /// Whether it calls the function again because of what is returned, without end.
    pub repeats: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Trail {
    is_tested: bool,
    /// How many instructions ago.
    since: u8,
    /// Whether a branch was taken of which it is not known whether it is.
    is_unsure: bool,
}

struct Observed<'a> {
    image: &'a Image,
    site: u64,
    /// What is on the stack, in bytes from the stack pointer, and is set by the callee only: the
    /// beginning, the end, and the argument.
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

        // What is only printed is not heeded.
        if is_passed && verbs::of(name) != Verb::Nothing {
            self.is_passed = true;
        }
        // A callee may set what it is passed the address of.
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

/// Whether what was returned is passed on.
fn is_passed(state: &State<Trail>) -> bool {
    state.arguments().iter().any(|it| it.marks & RESULT != 0)
}

/// What the caller that the code at `at` belongs to does with `value`, or with nothing if the
/// function returns nothing; `None` if there is no call of one of `functions` there.
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

/// What lies on the stack and is passed to the callee by address, not written before: where it
/// begins and ends, and which argument it is.
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

/// The address on the stack that a register holds behind `code`.
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
            // What is kept in such a register was computed anywhere before.
            is_near = !KEPT.contains(&wanted);
        }
    }
    None
}

/// Whether an instruction writes to this part of the stack, or may.
fn writes(instruction: &Instruction, from: i64, end: i64) -> bool {
    let mut stored = instruction.operations.iter().flat_map(Operation::stored);

    stored.any(|(place, size, is_repeated)| {
        let is_there = |at: i64| at < end && at + size as i64 > from;

        is_repeated || place.base == Some(STACK) && is_there(place.displacement)
    })
}
