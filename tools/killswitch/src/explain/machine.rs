// SPDX-License-Identifier: GPL-2.0-only

//! An abstract machine that runs code with mostly unknown values: it follows all paths, within
//! limits, and reports calls, memory accesses and ends of paths to an [`Observer`].

use super::code::{
    self, Architecture, Arithmetic, Condition, Destination, Instruction, Operand, Operation, Other,
    Part, Place, Size, Table, Test, ARGUMENTS, KEPT, REGISTERS, STACK, VOLATILE,
};
use crate::image::Image;
use std::{
    collections::{hash_map::DefaultHasher, BTreeMap, HashMap, HashSet, VecDeque},
    hash::{Hash, Hasher},
    ops::Range,
    rc::Rc,
};

/// Maximum number of visits of one place where paths fork or join, with the same small numbers.
const VISITS: u32 = 16;
/// Maximum number of entries of a jump table.
const MAX_ENTRIES: i64 = 1024;
/// Numbers between this and 0, or below this, are not addresses.
const SMALL: i64 = 1 << 16;

/// The base of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Base {
    /// The stack pointer at the start.
    Stack,
    /// The argument with this index.
    Argument(u8),
    /// The pointer at this offset in the object that the argument points to.
    Field(u8, i64),
    /// The return value of the call at this address.
    Returned(u64),
    /// A counter that the instruction at this address read. It is a number.
    Counted(u64),
    /// The current thread.
    Thread,
    /// Per-CPU memory.
    Cpu,
}

/// Known information about a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Known {
    #[default]
    Nothing,
    Number(i64),
    Address(Base, i64),
}

/// A value, with marks of the observer that propagate to all values computed from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Value {
    pub known: Known,
    pub marks: u8,
}

impl Value {
    pub const UNKNOWN: Self = Self {
        known: Known::Nothing,
        marks: 0,
    };

    pub fn number(number: i64) -> Self {
        Self {
            known: Known::Number(number),
            marks: 0,
        }
    }

    pub fn address(base: Base, offset: i64) -> Self {
        Self {
            known: Known::Address(base, offset),
            marks: 0,
        }
    }

    pub fn marked(mut self, marks: u8) -> Self {
        self.marks |= marks;
        self
    }

    fn as_number(self) -> Option<i64> {
        match self.known {
            Known::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The lower `size` bytes, as an unsigned number.
    fn truncated(self, size: usize) -> Self {
        match self.known {
            Known::Number(number) => Self {
                known: Known::Number((number as u64 & mask(size)) as i64),
                ..self
            },
            Known::Address(Base::Counted(_), _) => self,
            Known::Address(..) if size == 8 => self,
            _ => Self {
                known: Known::Nothing,
                ..self
            },
        }
    }

    /// The lower `size` bytes, as a signed number.
    pub fn signed(self, size: usize) -> Self {
        match self.known {
            Known::Number(number) => Self {
                known: Known::Number(sign_extended(number, size)),
                ..self
            },
            _ => self.truncated(size),
        }
    }
}

fn mask(size: usize) -> u64 {
    match size {
        0..=7 => (1 << (8 * size)) - 1,
        _ => u64::MAX,
    }
}

pub fn sign_extended(number: i64, size: usize) -> i64 {
    let shift = 64 - 8 * size.clamp(1, 8) as u32;

    number << shift >> shift
}

/// The source of the flags, with its size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Flags {
    Unknown(u8),
    /// Known bits: negative, zero, carry, overflow; and marks.
    Known(u8, u8),
    Compare(Value, Value, usize),
    /// An operation without carry and overflow.
    Result(Value, usize),
    /// An operation that may set them.
    Sum(Value, usize),
}

/// The small numbers in some registers.
type Small = [i16; 1 + KEPT.end - KEPT.start];

/// The state on one path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State<T> {
    pub registers: [Value; REGISTERS],
    /// The register of return values.
    result: usize,
    /// Written values, with their sizes in bytes.
    memory: BTreeMap<(Base, i64), (Value, u8)>,
    flags: Flags,
    /// Return addresses of entered calls.
    frames: Vec<u64>,
    ip: u64,
    /// The observer's data for the path.
    pub trail: T,
}

impl<T> State<T> {
    /// A state at `ip`, in which only the stack pointer is known.
    pub fn new(image: &Image, ip: u64, trail: T) -> Self {
        let mut registers = [Value::UNKNOWN; REGISTERS];

        registers[usize::from(STACK)] = Value::address(Base::Stack, 0);
        Self {
            registers,
            result: code::of(image).result(),
            memory: BTreeMap::new(),
            flags: Flags::Unknown(0),
            frames: Vec::new(),
            ip,
            trail,
        }
    }

    /// The argument registers.
    pub fn arguments(&self) -> &[Value] {
        &self.registers[ARGUMENTS]
    }

    /// The return value.
    pub fn result(&self) -> Value {
        self.registers[self.result]
    }

    pub fn set_result(&mut self, value: Value) {
        self.registers[self.result] = value;
    }

    /// Whether this place was written to.
    pub fn has_written(&self, base: Base, offset: i64) -> bool {
        self.memory.contains_key(&(base, offset))
    }

    /// Records a value of `size` bytes at a place.
    pub fn set(&mut self, base: Base, offset: i64, value: Value, size: u8) {
        self.memory.insert((base, offset), (value, size));
    }

    /// The small numbers in the registers that usually hold a return value. Paths with different
    /// numbers are followed without a limit.
    fn kept(&self) -> Small {
        let mut all: Small = [i16::MAX; _];
        let kept = [self.result()]
            .into_iter()
            .chain(self.registers[KEPT].iter().copied());

        for (small, value) in all.iter_mut().zip(kept) {
            if let Known::Number(number @ -4095..=255) = value.signed(4).known {
                *small = number as i16;
            }
        }
        all
    }

    /// The depth of entered calls.
    pub fn depth(&self) -> usize {
        self.frames.len()
    }
}

/// The target of a call or a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Function(u64),
    /// Through a pointer.
    Pointer(Value),
}

/// How to handle a call.
pub enum Next {
    /// Enter the callee.
    Enter,
    /// Skip it, and return this.
    Return(Value),
}

/// How a path ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Return,
    /// With a tail call.
    Tail(Target),
    /// At a trap: BUG() or WARN().
    Trap,
    /// At code that cannot be followed.
    Lost,
}

/// An access to memory.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// The address of the instruction.
    pub at: u64,
    /// The accessed address.
    pub address: Value,
    pub is_write: bool,
    /// Whether it is per-CPU memory.
    pub is_per_cpu: bool,
    /// Whether it is a read-modify-write operation, with the addend.
    pub is_locked: bool,
    /// The direction of a counter: positive for an increment, negative for a decrement.
    pub counts: i8,
    /// The written value.
    pub value: Value,
}

/// Callbacks for events on paths.
pub trait Observer {
    type Trail: Clone + Hash + Eq;

    /// A call, or a tail call.
    fn call(&mut self, state: &mut State<Self::Trail>, at: u64, target: Target) -> Next;

    /// Whether tail calls are reported as calls, even if they end the outermost function.
    fn follows_tails(&self) -> bool {
        false
    }

    /// A memory access. Can provide the value for a read.
    fn access(&mut self, _state: &mut State<Self::Trail>, _access: &Access) -> Option<Value> {
        None
    }

    /// A branch that depends on a value with these marks, and whether it is taken, if known.
    fn branch(&mut self, _state: &mut State<Self::Trail>, _at: u64, _marks: u8, _: Option<bool>) {}

    /// Whether to end the path before the instruction here.
    fn stops(&mut self, _state: &mut State<Self::Trail>, _at: u64) -> bool {
        false
    }

    /// The end of a path.
    fn end(&mut self, state: &mut State<Self::Trail>, at: u64, end: End);
}

/// Runs code of an image.
pub struct Machine<'a> {
    image: &'a Image,
    code: &'static dyn Architecture,
    /// Maximum number of executed instructions.
    budget: usize,
    /// Whether to assume that arguments are not NULL.
    pub arguments_are_valid: bool,
    instructions: HashMap<u64, Rc<Instruction>>,
}

/// The continuation of an instruction.
enum Step<T> {
    Next,
    Jump(u64),
    /// Additional paths.
    Part(Vec<State<T>>),
    End(End),
}

impl<'a> Machine<'a> {
    /// A machine that executes at most `budget` instructions.
    pub fn new(image: &'a Image, budget: usize) -> Self {
        Self {
            image,
            code: code::of(image),
            budget,
            arguments_are_valid: false,
            instructions: HashMap::new(),
        }
    }

    /// The instruction at `at`.
    fn decode(&mut self, at: u64) -> Option<Rc<Instruction>> {
        if let Some(known) = self.instructions.get(&at) {
            return Some(known.clone());
        }
        let instruction = Rc::new(self.code.decode(self.image, at)?);

        self.instructions.insert(at, instruction.clone());
        Some(instruction)
    }

    /// Follows all paths from `start`. Returns whether all of them ended.
    pub fn run<O: Observer>(&mut self, start: State<O::Trail>, observer: &mut O) -> bool {
        let mut waiting = VecDeque::from([start]);
        let mut is_deep = false;
        let mut visits: HashMap<(u64, Small), u32> = HashMap::new();
        let mut seen: HashSet<u64> = HashSet::new();
        let mut is_whole = true;
        let mut steps = 0;

        // Alternates between the oldest path, so that near exits are not starved by a loop, and the
        // newest, so that distant ends are reached.
        while let Some(mut state) = match is_deep {
            true => waiting.pop_back(),
            false => waiting.pop_front(),
        } {
            let mut extent = self.extent(state.ip);

            is_deep = !is_deep;
            loop {
                steps += 1;
                if steps > self.budget {
                    return false;
                }
                let at = state.ip;
                let Some(instruction) = self.decode(at).filter(|_| extent.contains(&at)) else {
                    observer.end(&mut state, at, End::Lost);
                    break;
                };

                if observer.stops(&mut state, at) {
                    break;
                }
                state.ip = instruction.next;
                match self.step(&instruction, &mut state, observer) {
                    Step::Next => continue,
                    Step::Jump(to) => state.ip = to,
                    Step::Part(others) => waiting.extend(others),
                    Step::End(end) => {
                        observer.end(&mut state, at, end);
                        break;
                    }
                }
                extent = self.extent(state.ip);
                let count = visits.entry((state.ip, state.kept())).or_default();
                let mut hasher = DefaultHasher::new();

                *count += 1;
                if *count > VISITS {
                    is_whole = false;
                    break;
                }
                state.hash(&mut hasher);
                if !seen.insert(hasher.finish()) {
                    break;
                }
            }
        }
        is_whole
    }

    fn extent(&self, at: u64) -> Range<u64> {
        self.image.extent(at).unwrap_or(0..0)
    }

    fn step<O: Observer>(
        &self,
        instruction: &Instruction,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        for operation in &instruction.operations {
            match self.perform(instruction.at, operation, state, observer) {
                Step::Next => {}
                other => return other,
            }
        }
        Step::Next
    }

    fn perform<O: Observer>(
        &self,
        at: u64,
        operation: &Operation,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        match operation {
            Operation::Move { to, from } => {
                let value = self.read(at, from, state, observer);

                self.write(at, to, value, None, state, observer);
            }
            Operation::Compute {
                arithmetic,
                to,
                a,
                b,
                size,
                sets_flags,
            } => {
                use Arithmetic as A;

                let (one, other) = match arithmetic {
                    A::Xor | A::Sub if a == b => (Value::number(0), Value::number(0)),
                    _ => (
                        self.read(at, a, state, observer),
                        self.read(at, b, state, observer),
                    ),
                };
                let value = match arithmetic {
                    A::And | A::Or if a == b => one,
                    _ => binary(*arithmetic, one, other),
                };

                if let Some(to) = to {
                    let counts = match a {
                        Operand::Memory { .. } => counts(*arithmetic, other),
                        _ => 0,
                    };

                    self.write(at, to, value, Some(counts), state, observer);
                }
                if *sets_flags {
                    state.flags = match arithmetic {
                        A::Sub => Flags::Compare(one, other, *size),
                        A::And | A::Or | A::Xor => Flags::Result(value, *size),
                        _ => Flags::Sum(value, *size),
                    };
                }
            }
            Operation::Select { .. } => return self.select(at, operation, state, observer),
            Operation::CompareIf { .. } => return self.compare_if(at, operation, state, observer),
            Operation::Branch { test, to } => return self.branch(at, test, to, state, observer),
            Operation::Switch(table) => return self.switch(at, table, state, observer),
            Operation::Jump(to) => return self.jump(at, to, state, observer),
            Operation::Call(to) => return self.call(at, to, state, observer),
            Operation::Trap => return Step::End(End::Trap),
            Operation::Other(other) => self.other(at, other, state, observer),
        }
        Step::Next
    }

    /// The target of a call or a jump; `None` for a return.
    fn target<O: Observer>(
        &self,
        at: u64,
        to: &Destination,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Option<Target> {
        match to {
            Destination::Code(to) => Some(Target::Function(*to)),
            Destination::Pointer(pointer) => {
                Some(Target::Pointer(self.read(at, pointer, state, observer)))
            }
            Destination::Caller => None,
        }
    }

    fn call<O: Observer>(
        &self,
        at: u64,
        to: &Destination,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        let Some(target) = self.target(at, to, state, observer) else {
            return leave(state);
        };

        match (observer.call(state, at, target), target) {
            (Next::Enter, Target::Function(to)) => {
                state.frames.push(state.ip);
                Step::Jump(to)
            }
            (Next::Return(value), _) => {
                returned(state, value);
                Step::Next
            }
            (Next::Enter, _) => {
                returned(state, Value::UNKNOWN);
                Step::Next
            }
        }
    }

    fn jump<O: Observer>(
        &self,
        at: u64,
        to: &Destination,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        let target = match self.target(at, to, state, observer) {
            None => return leave(state),
            Some(Target::Function(to)) if !self.is_other_function(at, to) => return Step::Jump(to),
            Some(target) => target,
        };

        if state.frames.is_empty() && !observer.follows_tails() {
            return Step::End(End::Tail(target));
        }
        match (observer.call(state, at, target), target) {
            (Next::Enter, Target::Function(to)) => Step::Jump(to),
            (Next::Return(value), _) => {
                returned(state, value);
                leave(state)
            }
            (Next::Enter, _) => {
                returned(state, Value::UNKNOWN);
                leave(state)
            }
        }
    }

    fn branch<O: Observer>(
        &self,
        at: u64,
        test: &Test,
        to: &Destination,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        let next = state.ip;
        let (taken, marks) = self.test(test, state);

        observer.branch(state, at, marks, taken);
        if taken == Some(false) {
            return Step::Jump(next);
        }
        if taken == Some(true) {
            return self.jump(at, to, state, observer);
        }
        let mut other = state.clone();

        match self.jump(at, to, &mut other, observer) {
            Step::Jump(to) => {
                other.ip = to;
                Step::Part(vec![other])
            }
            Step::End(end) => {
                observer.end(&mut other, at, end);
                Step::Jump(next)
            }
            _ => Step::Jump(next),
        }
    }

    /// Whether a branch is taken, if known, and the marks of its condition.
    fn test<T>(&self, test: &Test, state: &State<T>) -> (Option<bool>, u8) {
        let zero = Value::number(0);

        match test {
            Test::Condition(condition) => self.evaluate(*condition, state.flags),
            Test::Zero(part, is_zero) => {
                let flags = Flags::Compare(part_of(*part, state), zero, part.size.bytes);

                match is_zero {
                    true => self.evaluate(Condition::Equal, flags),
                    false => self.evaluate(Condition::NotEqual, flags),
                }
            }
            Test::Bit(register, bit, is_set) => {
                let value = state.registers[usize::from(*register)];
                let (condition, value) = match bit {
                    // The sign.
                    63 => (Condition::Less, value),
                    bit => (
                        Condition::NotEqual,
                        binary(Arithmetic::And, value, Value::number(1 << bit)),
                    ),
                };
                let (is_so, marks) = self.evaluate(condition, Flags::Compare(value, zero, 8));

                (is_so.map(|is_so| is_so == *is_set), marks)
            }
        }
    }

    /// A jump through a table: to one entry if the index is known, or else to all within the bound
    /// of a comparison.
    fn switch<O: Observer>(
        &self,
        at: u64,
        table: &Table,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        let start = Place {
            index: None,
            ..table.place
        };
        let index = table.place.index.map(|it| part_of(it, state));
        let base = self.read(at, &table.base, state, observer).as_number();
        let (Some(index), Some(start), Some(base)) =
            (index, address_of(&start, state).as_number(), base)
        else {
            return Step::End(End::Lost);
        };
        let size = table.size.bytes;
        let distances = match (index.as_number(), state.flags) {
            (Some(distance), _) => vec![distance],
            (
                None,
                Flags::Compare(
                    _,
                    Value {
                        known: Known::Number(last @ 0..MAX_ENTRIES),
                        ..
                    },
                    _,
                ),
            ) => (0..=last).map(|it| it * size as i64).collect(),
            _ => Vec::new(),
        };
        let extent = self.extent(at);
        let mut places: Vec<u64> = distances
            .into_iter()
            .filter_map(|distance| {
                let entry = self.image.read(start.wrapping_add(distance) as u64, size)?;
                let number = entry
                    .iter()
                    .rev()
                    .fold(0, |number, it| number << 8 | i64::from(*it));
                let number = of_size(Value::number(number), table.size).as_number()?;

                Some(base.wrapping_add(number << table.shift) as u64)
            })
            .filter(|it| extent.contains(it))
            .collect();

        places.sort_unstable();
        places.dedup();
        observer.branch(state, at, index.marks, (places.len() == 1).then_some(true));
        for register in among(table.clobbers) {
            state.registers[register] = Value::UNKNOWN;
        }
        let mut paths: Vec<_> = places
            .into_iter()
            .map(|ip| State {
                ip,
                ..state.clone()
            })
            .collect();

        match paths.pop() {
            Some(last) => {
                *state = last;
                Step::Part(paths)
            }
            None => Step::End(End::Lost),
        }
    }

    /// A conditional move or set. If a number is involved, follows both outcomes.
    fn select<O: Observer>(
        &self,
        at: u64,
        operation: &Operation,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        let Operation::Select {
            condition,
            to,
            yes,
            no,
            inverts,
            increments,
        } = operation
        else {
            return Step::Next;
        };
        let (is_so, marks) = self.evaluate(*condition, state.flags);
        let yes = self.read(at, yes, state, observer);
        let mut no = self.read(at, no, state, observer);

        if *inverts {
            no = binary(Arithmetic::Xor, no, Value::number(-1));
        }
        if *increments {
            no = binary(Arithmetic::Add, no, Value::number(1));
        }
        let (yes, no) = (yes.marked(marks), no.marked(marks));

        observer.branch(state, at, marks, is_so);
        match is_so {
            Some(is_so) => {
                let value = if is_so { yes } else { no };

                self.write(at, to, value, None, state, observer);
                Step::Next
            }
            None if yes == no => {
                self.write(at, to, yes, None, state, observer);
                Step::Next
            }
            None => {
                let mut other = state.clone();

                self.write(at, to, yes, None, &mut other, observer);
                self.write(at, to, no, None, state, observer);
                Step::Part(vec![other])
            }
        }
    }

    /// A conditional comparison. Follows both outcomes, as for a branch.
    fn compare_if<O: Observer>(
        &self,
        at: u64,
        operation: &Operation,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        let Operation::CompareIf {
            condition,
            a,
            b,
            size,
            otherwise,
        } = operation
        else {
            return Step::Next;
        };
        let (is_so, marks) = self.evaluate(*condition, state.flags);
        let a = self.read(at, a, state, observer);
        let b = self.read(at, b, state, observer);
        let (yes, no) = (Flags::Compare(a, b, *size), Flags::Known(*otherwise, marks));

        observer.branch(state, at, marks, is_so);
        state.flags = if is_so == Some(false) { no } else { yes };
        if is_so.is_some() {
            return Step::Next;
        }
        let mut other = state.clone();

        other.flags = no;
        Step::Part(vec![other])
    }

    /// An instruction with unknown results.
    fn other<O: Observer>(
        &self,
        at: u64,
        other: &Other,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) {
        let marks = among(other.reads).fold(0, |marks, it| marks | state.registers[it].marks);
        let counted = other.counts.as_ref().map_or(0, |(arithmetic, by)| {
            counts(*arithmetic, self.read(at, by, state, observer))
        });

        for touch in &other.touches {
            let address = address_of(&touch.place, state);
            let times = touch
                .times
                .map(|it| state.registers[usize::from(it)].as_number());
            let size = match times {
                None => touch.size,
                Some(Some(count @ 0..4096)) => touch.size * count as usize,
                Some(_) => 0,
            };
            let access = Access {
                at,
                address,
                is_write: touch.is_write,
                is_per_cpu: touch.place.is_per_cpu,
                is_locked: other.is_locked,
                counts: counted,
                value: Value::UNKNOWN,
            };

            observer.access(state, &access);
            if touch.is_write {
                forget(state, address, size);
            }
        }
        for register in among(other.writes) {
            state.registers[register] = Value::UNKNOWN.marked(marks);
        }
        if other.sets_flags {
            state.flags = Flags::Unknown(marks);
        }
    }

    /// The value of an operand.
    fn read<O: Observer>(
        &self,
        at: u64,
        operand: &Operand,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Value {
        match operand {
            Operand::Register(part) => part_of(*part, state),
            Operand::Number(number) => Value::number(*number),
            Operand::Address(place) => address_of(place, state),
            Operand::Own(base) => Value::address(*base, 0),
            Operand::Memory {
                place,
                size,
                is_locked,
            } => {
                let address = address_of(place, state);
                let access = Access {
                    at,
                    address,
                    is_write: false,
                    is_per_cpu: place.is_per_cpu,
                    is_locked: false,
                    counts: 0,
                    value: Value::UNKNOWN,
                };
                let value = match observer.access(state, &access) {
                    Some(value) => value,
                    None if *is_locked => Value::address(Base::Counted(at), 0),
                    None if access.is_per_cpu => Value::UNKNOWN,
                    None => self.load(state, address, size.bytes),
                };

                of_size(value, *size)
            }
        }
    }

    /// The value in memory, if known.
    fn load<T>(&self, state: &State<T>, address: Value, size: usize) -> Value {
        match address.known {
            Known::Address(base, offset) => match state.memory.get(&(base, offset)) {
                Some((value, known)) if usize::from(*known) >= size => value.truncated(size),
                Some(_) => Value::UNKNOWN,
                None => match base {
                    Base::Argument(index) if size == 8 => {
                        Value::address(Base::Field(index, offset), 0)
                    }
                    _ => Value::UNKNOWN,
                },
            },
            _ => Value::UNKNOWN,
        }
    }

    /// Writes a value, which is a counter update if `counts` is set.
    fn write<O: Observer>(
        &self,
        at: u64,
        to: &Operand,
        value: Value,
        counts: Option<i8>,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) {
        match to {
            Operand::Register(part) => {
                let index = usize::from(part.register);
                let old = state.registers[index];

                state.registers[index] = match part.size.bytes {
                    8 => value,
                    4 => value.truncated(4),
                    // The other bytes are unchanged.
                    size => match (old.as_number(), value.as_number()) {
                        (Some(old), Some(new)) => {
                            let mask = mask(size);
                            let kept = old as u64 & !mask;

                            Value::number((kept | new as u64 & mask) as i64).marked(value.marks)
                        }
                        // A wider read implies that the rest was zeroed before.
                        _ => Value::UNKNOWN.marked(value.marks),
                    },
                };
            }
            Operand::Memory {
                place,
                size,
                is_locked,
            } => {
                let address = address_of(place, state);
                let counted = match value.known {
                    Known::Address(Base::Counted(_), by) => by.signum() as i8,
                    _ => 0,
                };
                let access = Access {
                    at,
                    address,
                    is_write: true,
                    is_per_cpu: place.is_per_cpu,
                    is_locked: *is_locked,
                    counts: counts.unwrap_or(counted),
                    value,
                };

                observer.access(state, &access);
                forget(state, address, size.bytes);
                if let (Known::Address(base, offset), false) = (address.known, access.is_per_cpu) {
                    state
                        .memory
                        .insert((base, offset), (value, size.bytes as u8));
                }
            }
            Operand::Number(_) | Operand::Address(_) | Operand::Own(_) => {}
        }
    }

    /// Whether a condition holds, if known, and the marks of its inputs.
    fn evaluate(&self, condition: Condition, flags: Flags) -> (Option<bool>, u8) {
        use Condition as C;

        let (a, b, size) = match flags {
            Flags::Unknown(marks) => return (None, marks),
            Flags::Known(bits, marks) => return (condition.is_met(bits), marks),
            Flags::Compare(a, b, size) => (a, b, size),
            Flags::Sum(value, _)
                if !matches!(
                    condition,
                    C::Equal | C::NotEqual | C::Negative | C::NotNegative
                ) =>
            {
                return (None, value.marks);
            }
            Flags::Result(value, size) | Flags::Sum(value, size) => (value, Value::number(0), size),
        };
        let marks = a.marks | b.marks;
        let numbers = match (a.known, b.known) {
            (Known::Number(a), Known::Number(b)) => Some((a, b)),
            (Known::Address(one, a), Known::Address(other, b)) if one == other && size == 8 => {
                // Assume a base in the middle of the kernel's half.
                Some((a.wrapping_add(i64::MIN >> 1), b.wrapping_add(i64::MIN >> 1)))
            }
            (Known::Address(base, a), Known::Number(b)) if self.is_valid(base) && size == 8 => {
                is_small(b).then_some((a.wrapping_add(i64::MIN >> 1), b))
            }
            (Known::Number(a), Known::Address(base, b)) if self.is_valid(base) && size == 8 => {
                is_small(a).then_some((a, b.wrapping_add(i64::MIN >> 1)))
            }
            _ => None,
        };
        let Some((a, b)) = numbers else {
            return (None, marks);
        };
        let (a, b) = (sign_extended(a, size), sign_extended(b, size));
        let (above, below) = (a as u64 & mask(size), b as u64 & mask(size));
        let is_so = match condition {
            C::Equal => a == b,
            C::NotEqual => a != b,
            C::Above => above > below,
            C::AboveOrEqual => above >= below,
            C::Below => above < below,
            C::BelowOrEqual => above <= below,
            C::Greater => a > b,
            C::GreaterOrEqual => a >= b,
            C::Less => a < b,
            C::LessOrEqual => a <= b,
            C::Negative => sign_extended(a.wrapping_sub(b), size) < 0,
            C::NotNegative => sign_extended(a.wrapping_sub(b), size) >= 0,
            C::Other => return (None, marks),
        };

        (Some(is_so), marks)
    }

    /// Whether to assume that addresses with this base are neither NULL nor an error.
    fn is_valid(&self, base: Base) -> bool {
        match base {
            Base::Stack => true,
            Base::Argument(_) => self.arguments_are_valid,
            Base::Thread => true,
            Base::Field(..) | Base::Returned(_) | Base::Counted(_) | Base::Cpu => false,
        }
    }

    /// Whether a jump from `at` to `to` leaves the function.
    fn is_other_function(&self, at: u64, to: u64) -> bool {
        let own = self.extent(at);

        if own.contains(&to) {
            // A jump to the function's own start is a loop only if no frame was set up, which is
            // rare.
            return false;
        }
        let name = |address| self.image.symbol_of(address).map_or("", |it| it.name);
        let (from, target) = (name(at), name(to));
        let cold = |hot: &str, cold: &str| cold.strip_suffix(".cold") == Some(hot);

        !(cold(from, target) || cold(target, from))
    }
}

fn is_small(number: i64) -> bool {
    (-SMALL..SMALL).contains(&number)
}

/// The registers in a set.
fn among(set: u32) -> impl Iterator<Item = usize> {
    (0..REGISTERS).filter(move |it| set >> it & 1 != 0)
}

/// The address of a place.
fn address_of<T>(place: &Place, state: &State<T>) -> Value {
    let base = match place.base {
        None => Value::number(0),
        Some(register) => state.registers[usize::from(register)],
    };
    let address = binary(Arithmetic::Add, base, Value::number(place.displacement));

    match place.index {
        None => address,
        Some(index) => binary(Arithmetic::Add, address, part_of(index, state)),
    }
}

/// The value of a part of a register.
fn part_of<T>(part: Part, state: &State<T>) -> Value {
    let value = of_size(state.registers[usize::from(part.register)], part.size);

    match part.shift {
        0 => value,
        shift => binary(Arithmetic::Shl, value, Value::number(shift.into())),
    }
}

fn of_size(value: Value, size: Size) -> Value {
    match size.is_signed {
        true => value.signed(size.bytes),
        false => value.truncated(size.bytes),
    }
}

/// The result of an operation on two values.
fn binary(operation: Arithmetic, a: Value, b: Value) -> Value {
    let marks = a.marks | b.marks;
    let known = match (a.known, b.known) {
        (Known::Number(a), Known::Number(b)) => {
            let shift = b as u32 & 63;

            match operation {
                Arithmetic::Add => Known::Number(a.wrapping_add(b)),
                Arithmetic::Sub => Known::Number(a.wrapping_sub(b)),
                Arithmetic::And => Known::Number(a & b),
                Arithmetic::Or => Known::Number(a | b),
                Arithmetic::Xor => Known::Number(a ^ b),
                Arithmetic::Shl => Known::Number(a << shift),
                Arithmetic::Shr => Known::Number((a as u64 >> shift) as i64),
                Arithmetic::Sar => Known::Number(a >> shift),
            }
        }
        (Known::Address(base, a), Known::Number(b)) => match operation {
            Arithmetic::Add => Known::Address(base, a.wrapping_add(b)),
            Arithmetic::Sub => Known::Address(base, a.wrapping_sub(b)),
            Arithmetic::Or | Arithmetic::Xor | Arithmetic::Shl if b == 0 => Known::Address(base, a),
            _ => Known::Nothing,
        },
        (Known::Number(a), Known::Address(base, b)) if operation == Arithmetic::Add => {
            Known::Address(base, a.wrapping_add(b))
        }
        (Known::Address(one, a), Known::Address(other, b))
            if one == other && operation == Arithmetic::Sub =>
        {
            Known::Number(a.wrapping_sub(b))
        }
        (_, Known::Number(0)) | (Known::Number(0), _) if operation == Arithmetic::And => {
            Known::Number(0)
        }
        _ => Known::Nothing,
    };

    Value { known, marks }
}

/// Whether an operation increments (1), decrements (-1), or neither (0).
fn counts(operation: Arithmetic, by: Value) -> i8 {
    let sign = match operation {
        Arithmetic::Add => by.as_number().map_or(0, i64::signum),
        Arithmetic::Sub => -by.as_number().map_or(1, i64::signum),
        _ => 0,
    };

    sign as i8
}

/// Discards the content of memory.
fn forget<T>(state: &mut State<T>, address: Value, size: usize) {
    let Known::Address(base, offset) = address.known else {
        return;
    };
    let from = (base, offset.saturating_sub(7));
    let end = (base, offset.saturating_add(size.max(1) as i64));
    let gone: Vec<_> = state
        .memory
        .range(from..end)
        .filter(|((_, at), (_, length))| at.saturating_add((*length).into()) > offset)
        .map(|(place, _)| *place)
        .collect();

    for place in gone {
        state.memory.remove(&place);
    }
}

/// Returns from the current function.
fn leave<T>(state: &mut State<T>) -> Step<T> {
    match state.frames.pop() {
        Some(to) => Step::Jump(to),
        None => Step::End(End::Return),
    }
}

/// Sets the registers after a skipped call.
fn returned<T>(state: &mut State<T>, value: Value) {
    // The callee may change memory whose address it is passed.
    for index in ARGUMENTS {
        if let Known::Address(Base::Stack, offset) = state.registers[index].known {
            let place = Value::address(Base::Stack, offset);

            forget(state, place, 8);
        }
    }
    state.registers[VOLATILE].fill(Value::UNKNOWN);
    state.set_result(value);
    state.flags = Flags::Unknown(0);
}
