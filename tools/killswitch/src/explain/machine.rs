// SPDX-License-Identifier: GPL-2.0-only

//! A machine that runs code of which most values are not known: it follows every path, within
//! bounds, and reports calls, memory and ends to an [`Observer`].

use crate::image::Image;
use iced_x86::{
    Code, ConditionCode, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory,
    Mnemonic, OpAccess, OpKind, Register,
};
use std::{
    collections::{hash_map::DefaultHasher, BTreeMap, HashMap, HashSet, VecDeque},
    hash::{Hash, Hasher},
    ops::Range,
};

/// The longest instruction, in bytes.
const LONGEST: usize = 15;
/// How often one place is reached at most where paths part or meet, with the same small numbers.
const VISITS: u32 = 16;
/// Numbers from here to 0, or below this, are no addresses.
const SMALL: i64 = 1 << 16;

/// What the address of something is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Base {
    /// The stack pointer where the machine began.
    Stack,
    /// The argument with this index.
    Argument(u8),
    /// The pointer at this offset of what the argument points to.
    Field(u8, i64),
    /// What a call at this address returned.
    Returned(u64),
}

/// What is known of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Known {
    #[default]
    Nothing,
    Number(i64),
    Address(Base, i64),
}

/// A value, and marks of the observer, which stick to all that is computed from it.
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

    /// The lower `size` bytes, as a number without a sign.
    fn truncated(self, size: usize) -> Self {
        match self.known {
            Known::Number(number) => Self {
                known: Known::Number((number as u64 & mask(size)) as i64),
                ..self
            },
            Known::Address(..) if size == 8 => self,
            _ => Self {
                known: Known::Nothing,
                ..self
            },
        }
    }

    /// The lower `size` bytes, as a number with a sign.
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

fn sign_extended(number: i64, size: usize) -> i64 {
    let shift = 64 - 8 * size.clamp(1, 8) as u32;

    number << shift >> shift
}

/// What the flags were set by, with the number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Flags {
    Unknown(u8),
    Compare(Value, Value, usize),
    /// What leaves neither a carry nor an overflow.
    Result(Value, usize),
    /// What may leave one.
    Sum(Value, usize),
}

/// Where the machine stands on one path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State<T> {
    pub registers: [Value; 16],
    /// What was written, with the number of bytes.
    memory: BTreeMap<(Base, i64), (Value, u8)>,
    flags: Flags,
    /// Where calls that were entered return to.
    frames: Vec<u64>,
    ip: u64,
    /// What the observer keeps of the path.
    pub trail: T,
}

impl<T> State<T> {
    /// The registers that arguments are passed in, in order.
    pub const ARGUMENTS: [usize; 6] = [7, 6, 2, 1, 8, 9];

    /// One at `ip`, with nothing known but the stack pointer.
    pub fn new(ip: u64, trail: T) -> Self {
        let mut registers = [Value::UNKNOWN; 16];

        registers[4] = Value::address(Base::Stack, 0);
        Self {
            registers,
            memory: BTreeMap::new(),
            flags: Flags::Unknown(0),
            frames: Vec::new(),
            ip,
            trail,
        }
    }

    /// The argument with this index of a function that is called.
    pub fn argument(&self, index: usize) -> Value {
        Self::ARGUMENTS
            .get(index)
            .map_or(Value::UNKNOWN, |it| self.registers[*it])
    }

    /// What is returned.
    pub fn result(&self) -> Value {
        self.registers[0]
    }

    /// Whether something was written to this place.
    pub fn has_written(&self, base: Base, offset: i64) -> bool {
        self.memory.contains_key(&(base, offset))
    }

    /// Takes note of what is at a place, which has so many bytes.
    pub fn set(&mut self, base: Base, offset: i64, value: Value, size: u8) {
        self.memory.insert((base, offset), (value, size));
    }

    /// The small numbers in the registers that a function keeps what it returns in. Paths with
    /// others are followed however many there were.
    fn kept(&self) -> [i16; 7] {
        [0, 3, 5, 12, 13, 14, 15].map(|register| match self.registers[register].signed(4).known {
            Known::Number(number @ -4095..=255) => number as i16,
            _ => i16::MAX,
        })
    }

    /// How many calls were entered.
    pub fn depth(&self) -> usize {
        self.frames.len()
    }
}

/// Where a call or a jump leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Function(u64),
    /// Through a pointer.
    Pointer(Value),
}

/// What becomes of a call.
pub enum Next {
    /// The callee is run.
    Enter,
    /// It returns this.
    Return(Value),
}

/// How a path ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Return,
    /// At a jump to another function.
    Tail(Target),
    /// At an instruction that traps, as BUG() and WARN() are compiled to.
    Trap,
    /// Where the code cannot be followed.
    Lost,
}

/// An access to memory.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Where the instruction is.
    pub at: u64,
    /// What is accessed.
    pub address: Value,
    pub is_write: bool,
    /// Whether it is relative to what each CPU has.
    pub is_per_cpu: bool,
    /// Whether it is one step with what it reads and writes, and what is added.
    pub is_locked: bool,
    /// Whether it counts: up if this is above 0, and down if it is below.
    pub counts: i8,
    /// What is written.
    pub value: Value,
}

/// What is to be known about the paths.
pub trait Observer {
    type Trail: Clone + Hash + Eq;

    /// A call, or a jump to another function.
    fn call(&mut self, state: &mut State<Self::Trail>, at: u64, target: Target) -> Next;

    /// Whether jumps to other functions are calls, even if they end the function that is run.
    fn follows_tails(&self) -> bool {
        false
    }

    /// An access to memory. What is read can be given.
    fn access(&mut self, _state: &mut State<Self::Trail>, _access: &Access) -> Option<Value> {
        None
    }

    /// A branch that depends on a value with these marks, and whether it is taken, if known.
    fn branch(&mut self, _state: &mut State<Self::Trail>, _at: u64, _marks: u8, _: Option<bool>) {}

    /// Whether the path ends before the instruction here.
    fn stops(&mut self, _state: &mut State<Self::Trail>, _at: u64) -> bool {
        false
    }

    /// The end of a path.
    fn end(&mut self, state: &mut State<Self::Trail>, at: u64, end: End);
}

/// Runs code of an image.
pub struct Machine<'a> {
    image: &'a Image,
    /// How many instructions are run at most.
    budget: usize,
    /// Whether arguments are taken to be no NULL.
    pub arguments_are_valid: bool,
    instructions: HashMap<u64, Instruction>,
    info: InstructionInfoFactory,
}

/// What follows an instruction.
enum Step<T> {
    Next,
    Jump(u64),
    /// Two paths: this one, and another one.
    Part(Box<State<T>>),
    End(End),
}

impl<'a> Machine<'a> {
    /// One that runs so many instructions at most.
    pub fn new(image: &'a Image, budget: usize) -> Self {
        Self {
            image,
            budget,
            arguments_are_valid: false,
            instructions: HashMap::new(),
            info: InstructionInfoFactory::new(),
        }
    }

    /// The instruction at `at`.
    fn decode(&mut self, at: u64) -> Option<Instruction> {
        if let Some(known) = self.instructions.get(&at) {
            return Some(*known);
        }
        let instruction = instruction(self.image, at)?;

        self.instructions.insert(at, instruction);
        Some(instruction)
    }

    /// Follows all paths from `start`. Returns whether all were followed to their ends.
    pub fn run<O: Observer>(&mut self, start: State<O::Trail>, observer: &mut O) -> bool {
        let mut waiting = VecDeque::from([start]);
        let mut is_deep = false;
        let mut visits: HashMap<(u64, [i16; 7]), u32> = HashMap::new();
        let mut seen: HashSet<u64> = HashSet::new();
        let mut is_whole = true;
        let mut steps = 0;

        // By turns the path that waits longest, so that ways out that are near are not forgotten over
        // a loop, and the last one, so that ends that are far are reached.
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
                state.ip = instruction.next_ip();
                match self.step(&instruction, &mut state, observer) {
                    Step::Next => continue,
                    Step::Jump(to) => state.ip = to,
                    Step::Part(other) => waiting.push_back(*other),
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
        &mut self,
        instruction: &Instruction,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        use Mnemonic as M;

        let at = instruction.ip();
        match instruction.flow_control() {
            FlowControl::Next => {}
            FlowControl::Call | FlowControl::IndirectCall => {
                let target = self.target(instruction, state, observer);

                return self.call(at, target, state, observer);
            }
            FlowControl::Return => return leave(state),
            FlowControl::UnconditionalBranch | FlowControl::IndirectBranch => {
                let target = self.target(instruction, state, observer);

                return self.jump(at, target, state, observer);
            }
            FlowControl::ConditionalBranch => {
                return self.branch(instruction, state, observer);
            }
            _ => return Step::End(End::Trap),
        }
        let size = operand_size(instruction, 0);
        let is_one_register = instruction.op_count() == 2
            && instruction.op0_kind() == OpKind::Register
            && instruction.op1_kind() == OpKind::Register
            && instruction.op0_register() == instruction.op1_register();

        match instruction.mnemonic() {
            M::Nop | M::Endbr64 | M::Pause | M::Lfence | M::Mfence | M::Sfence => {}
            M::Int3 | M::Ud2 | M::Ud1 | M::Ud0 => return Step::End(End::Trap),
            M::Mov | M::Movsx | M::Movsxd => {
                let value = self.read(instruction, 1, state, observer);
                let value = value.signed(operand_size(instruction, 1));

                self.write(instruction, value, state, observer);
            }
            M::Movzx => {
                let value = self.read(instruction, 1, state, observer);
                let value = value.truncated(operand_size(instruction, 1));

                self.write(instruction, value, state, observer);
            }
            M::Lea => self.write(instruction, address_of(instruction, state), state, observer),
            M::Push => {
                let value = self.read(instruction, 0, state, observer);

                push(state, value);
            }
            M::Pop => {
                let value = pop(state);

                self.write(instruction, value, state, observer);
            }
            M::Cmp => {
                let a = self.read(instruction, 0, state, observer);
                let b = self.read(instruction, 1, state, observer);

                state.flags = Flags::Compare(a, b, size);
            }
            M::Test => {
                let a = self.read(instruction, 0, state, observer);
                let b = self.read(instruction, 1, state, observer);
                let value = if is_one_register {
                    a
                } else {
                    binary(M::And, a, b)
                };

                state.flags = Flags::Result(value, size);
            }
            mnemonic @ (M::Xor | M::Sub) if is_one_register => {
                let value = Value::number(0);

                self.write(instruction, value, state, observer);
                state.flags = match mnemonic {
                    M::Sub => Flags::Compare(value, value, size),
                    _ => Flags::Result(value, size),
                };
            }
            mnemonic @ (M::Add | M::Sub | M::And | M::Or | M::Xor | M::Shl | M::Shr | M::Sar)
                if instruction.op_count() == 2 && !instruction.has_lock_prefix() =>
            {
                let a = self.read(instruction, 0, state, observer);
                let b = self.read(instruction, 1, state, observer);
                let signed = b.signed(operand_size(instruction, 1));
                let value = match mnemonic {
                    M::Shr => binary(mnemonic, a.truncated(size), b),
                    _ => binary(mnemonic, a.signed(size), signed),
                };

                self.write(instruction, value, state, observer);
                state.flags = match mnemonic {
                    M::Sub => Flags::Compare(a, signed, size),
                    M::And | M::Or | M::Xor => Flags::Result(value, size),
                    _ => Flags::Sum(value, size),
                };
            }
            mnemonic @ (M::Inc | M::Dec | M::Neg | M::Not) if !instruction.has_lock_prefix() => {
                let a = self.read(instruction, 0, state, observer);
                let value = match mnemonic {
                    M::Inc => binary(M::Add, a, Value::number(1)),
                    M::Dec => binary(M::Sub, a, Value::number(1)),
                    M::Neg => binary(M::Sub, Value::number(0), a),
                    _ => binary(M::Xor, a, Value::number(-1)),
                };

                self.write(instruction, value, state, observer);
                if mnemonic != M::Not {
                    state.flags = Flags::Sum(value, size);
                }
            }
            _ if instruction.condition_code() != ConditionCode::None => {
                return self.conditional(instruction, state, observer);
            }
            _ => self.other(instruction, state, observer),
        }
        Step::Next
    }

    /// Where a call or a jump leads.
    fn target<O: Observer>(
        &mut self,
        instruction: &Instruction,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Target {
        match instruction.op0_kind() {
            OpKind::NearBranch64 => Target::Function(instruction.near_branch_target()),
            _ => Target::Pointer(self.read(instruction, 0, state, observer)),
        }
    }

    fn call<O: Observer>(
        &mut self,
        at: u64,
        target: Target,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        let target = match self.thunk(target) {
            Thunk::Return => return leave(state),
            Thunk::Nothing => return Step::Next,
            Thunk::Register(register) => Target::Pointer(state.registers[register]),
            Thunk::None => target,
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
        &mut self,
        at: u64,
        target: Target,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        let target = match (self.thunk(target), target) {
            (Thunk::Return, _) => return leave(state),
            (Thunk::Register(register), _) => Target::Pointer(state.registers[register]),
            (_, Target::Function(to)) if !self.is_other_function(at, to) => return Step::Jump(to),
            _ => target,
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
        &mut self,
        instruction: &Instruction,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        let (taken, marks) = self.evaluate(instruction.condition_code(), state.flags);
        let target = Target::Function(instruction.near_branch_target());

        observer.branch(state, instruction.ip(), marks, taken);
        if taken == Some(false) {
            return Step::Jump(instruction.next_ip());
        }
        if taken == Some(true) {
            return self.jump(instruction.ip(), target, state, observer);
        }
        let mut other = state.clone();

        match self.jump(instruction.ip(), target, &mut other, observer) {
            Step::Jump(to) => {
                other.ip = to;
                Step::Part(Box::new(other))
            }
            Step::End(end) => {
                observer.end(&mut other, instruction.ip(), end);
                Step::Jump(instruction.next_ip())
            }
            _ => Step::Jump(instruction.next_ip()),
        }
    }

    /// A move or a set that depends on flags. If a number is at stake, both ways are followed.
    fn conditional<O: Observer>(
        &mut self,
        instruction: &Instruction,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Step<O::Trail> {
        let (is_so, marks) = self.evaluate(instruction.condition_code(), state.flags);
        let (yes, no) = match instruction.op_count() {
            2 => (
                self.read(instruction, 1, state, observer),
                self.read(instruction, 0, state, observer),
            ),
            _ => (Value::number(1), Value::number(0)),
        };
        let (yes, no) = (yes.marked(marks), no.marked(marks));

        observer.branch(state, instruction.ip(), marks, is_so);
        match is_so {
            Some(is_so) => {
                self.write(instruction, if is_so { yes } else { no }, state, observer);
                Step::Next
            }
            None if yes == no => {
                self.write(instruction, yes, state, observer);
                Step::Next
            }
            None => {
                let mut other = state.clone();

                self.write(instruction, yes, &mut other, observer);
                self.write(instruction, no, state, observer);
                Step::Part(Box::new(other))
            }
        }
    }

    /// An instruction whose results are not known.
    fn other<O: Observer>(
        &mut self,
        instruction: &Instruction,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) {
        let mut marks = 0;
        let mut accesses = Vec::new();
        let mut written = Vec::new();
        let info = self.info.info(instruction);

        for used in info.used_memory() {
            let (is_read, is_write) = directions(used.access());

            if (is_read || is_write) && used.base() != Register::RSP {
                accesses.push((is_write, used.memory_size().size()));
            }
        }
        for used in info.used_registers() {
            let (is_read, is_write) = directions(used.access());
            let Some(register) = number(used.register()) else {
                continue;
            };

            if is_read {
                marks |= state.registers[register].marks;
            }
            if is_write {
                written.push(register);
            }
        }
        let is_string = instruction.is_string_instruction();

        for (is_write, size) in accesses {
            let address = match is_string {
                true => state.registers[if is_write { 7 } else { 6 }],
                false => address_of(instruction, state),
            };
            let size = match state.registers[1].as_number() {
                Some(count) if is_string && (0..4096).contains(&count) => size * count as usize,
                _ if is_string => 0,
                _ => size,
            };
            let access = Access {
                at: instruction.ip(),
                address,
                is_write,
                is_per_cpu: is_per_cpu(instruction),
                is_locked: instruction.has_lock_prefix()
                    || instruction.mnemonic() == Mnemonic::Xchg,
                counts: counts(instruction, state),
                value: Value::UNKNOWN,
            };

            observer.access(state, &access);
            if is_write {
                forget(state, address, size);
            }
        }
        for register in written.into_iter().filter(|it| *it != 4) {
            state.registers[register] = Value::UNKNOWN.marked(marks);
        }
        if instruction.rflags_modified() != 0 {
            state.flags = Flags::Unknown(marks);
        }
    }

    /// What an operand is.
    fn read<O: Observer>(
        &mut self,
        instruction: &Instruction,
        operand: u32,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) -> Value {
        let size = operand_size(instruction, operand);

        match instruction.op_kind(operand) {
            OpKind::Register => {
                let register = instruction.op_register(operand);
                let value = number(register).map_or(Value::UNKNOWN, |it| state.registers[it]);

                match register.is_gpr8() && is_high(register) {
                    true => Value::UNKNOWN.marked(value.marks),
                    false => value.truncated(size),
                }
            }
            OpKind::Memory => {
                let address = address_of(instruction, state);
                let access = Access {
                    at: instruction.ip(),
                    address,
                    is_write: false,
                    is_per_cpu: is_per_cpu(instruction),
                    is_locked: false,
                    counts: 0,
                    value: Value::UNKNOWN,
                };

                if let Some(value) = observer.access(state, &access) {
                    return value;
                }
                if access.is_per_cpu {
                    return Value::UNKNOWN;
                }
                self.load(state, address, size)
            }
            _ => Value::number(instruction.try_immediate(operand).map_or(0, |it| it as i64)),
        }
    }

    /// What memory holds, as far as it is known.
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

    /// Puts a value where the first operand says.
    fn write<O: Observer>(
        &mut self,
        instruction: &Instruction,
        value: Value,
        state: &mut State<O::Trail>,
        observer: &mut O,
    ) {
        let size = operand_size(instruction, 0);

        match instruction.op0_kind() {
            OpKind::Register => {
                let register = instruction.op0_register();
                let Some(index) = number(register) else {
                    return;
                };
                let old = state.registers[index];

                state.registers[index] = match size {
                    8 => value,
                    4 => value.truncated(4),
                    // The other bytes stay.
                    _ => match (old.as_number(), value.as_number()) {
                        (Some(old), Some(new)) if !is_high(register) => {
                            let mask = mask(size);
                            let kept = old as u64 & !mask;

                            Value::number((kept | new as u64 & mask) as i64).marked(value.marks)
                        }
                        // Who reads more has set the rest to zero before.
                        _ => Value::UNKNOWN.marked(value.marks),
                    },
                };
            }
            OpKind::Memory => {
                let address = address_of(instruction, state);
                let access = Access {
                    at: instruction.ip(),
                    address,
                    is_write: true,
                    is_per_cpu: is_per_cpu(instruction),
                    is_locked: instruction.has_lock_prefix(),
                    counts: counts(instruction, state),
                    value,
                };

                observer.access(state, &access);
                forget(state, address, size);
                if let (Known::Address(base, offset), false) = (address.known, access.is_per_cpu) {
                    state.memory.insert((base, offset), (value, size as u8));
                }
            }
            _ => {}
        }
    }

    /// Whether a condition is met, if that is known, and the marks of what it depends on.
    fn evaluate(&self, condition: ConditionCode, flags: Flags) -> (Option<bool>, u8) {
        use ConditionCode as C;

        let (a, b, size) = match flags {
            Flags::Unknown(marks) => return (None, marks),
            Flags::Compare(a, b, size) => (a, b, size),
            Flags::Sum(value, _) if !matches!(condition, C::e | C::ne | C::s | C::ns) => {
                return (None, value.marks);
            }
            Flags::Result(value, size) | Flags::Sum(value, size) => (value, Value::number(0), size),
        };
        let marks = a.marks | b.marks;
        let numbers = match (a.known, b.known) {
            (Known::Number(a), Known::Number(b)) => Some((a, b)),
            (Known::Address(one, a), Known::Address(other, b)) if one == other && size == 8 => {
                // As if the base were in the middle of the kernel's half.
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
            C::e => a == b,
            C::ne => a != b,
            C::a => above > below,
            C::ae => above >= below,
            C::b => above < below,
            C::be => above <= below,
            C::g => a > b,
            C::ge => a >= b,
            C::l => a < b,
            C::le => a <= b,
            C::s => sign_extended(a.wrapping_sub(b), size) < 0,
            C::ns => sign_extended(a.wrapping_sub(b), size) >= 0,
            _ => return (None, marks),
        };

        (Some(is_so), marks)
    }

    /// Whether addresses with this base are taken to be no NULL and no error.
    fn is_valid(&self, base: Base) -> bool {
        match base {
            Base::Stack => true,
            Base::Argument(_) => self.arguments_are_valid,
            Base::Field(..) | Base::Returned(_) => false,
        }
    }

    /// Whether a jump from `at` to `to` leaves the function.
    fn is_other_function(&self, at: u64, to: u64) -> bool {
        let own = self.extent(at);

        if own.contains(&to) {
            // A jump to its own beginning is a loop only if no frame was set up, which is rare.
            return false;
        }
        let name = |address| self.image.symbol_of(address).map_or("", |it| it.name);
        let (from, target) = (name(at), name(to));
        let cold = |hot: &str, cold: &str| cold.strip_suffix(".cold") == Some(hot);

        !(cold(from, target) || cold(target, from))
    }

    /// What a call or a jump to one of the kernel's small helpers stands for.
    fn thunk(&self, target: Target) -> Thunk {
        const REGISTERS: [&str; 16] = [
            "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11",
            "r12", "r13", "r14", "r15",
        ];
        let Target::Function(to) = target else {
            return Thunk::None;
        };
        let Some(symbol) = self.image.symbol_of(to) else {
            return Thunk::None;
        };

        // Several names may stand for it.
        if self
            .image
            .names(to)
            .any(|it| it.name.ends_with("return_thunk"))
        {
            return Thunk::Return;
        }
        match symbol.name {
            "__fentry__" => Thunk::Nothing,
            name if name.starts_with("__x86_indirect_") => {
                let is_named = |it: &str| name.strip_suffix(it).is_some_and(|it| it.ends_with('_'));

                // An array has one for each register, of which each has the same size.
                match REGISTERS.iter().position(|it| is_named(it)) {
                    Some(index) => Thunk::Register(index),
                    None => Thunk::Register(((to - symbol.address) / 32) as usize & 15),
                }
            }
            _ => Thunk::None,
        }
    }
}

enum Thunk {
    None,
    Nothing,
    Return,
    Register(usize),
}

/// The instruction at `at`.
pub fn instruction(image: &Image, at: u64) -> Option<Instruction> {
    let bytes = (1..=LONGEST)
        .rev()
        .find_map(|length| image.read(at, length))?;
    let mut decoder = Decoder::with_ip(64, bytes, at, DecoderOptions::NONE);
    let instruction = decoder.decode();

    (instruction.code() != Code::INVALID).then_some(instruction)
}

/// The index of a general register, whatever its size.
pub fn number(register: Register) -> Option<usize> {
    register
        .is_gpr()
        .then(|| register.full_register() as usize - Register::RAX as usize)
}

fn is_high(register: Register) -> bool {
    matches!(
        register,
        Register::AH | Register::BH | Register::CH | Register::DH
    )
}

fn is_small(number: i64) -> bool {
    (-SMALL..SMALL).contains(&number)
}

fn is_per_cpu(instruction: &Instruction) -> bool {
    matches!(instruction.segment_prefix(), Register::GS | Register::FS)
}

/// The size of an operand, in bytes.
pub fn operand_size(instruction: &Instruction, operand: u32) -> usize {
    match instruction.try_op_kind(operand) {
        Ok(OpKind::Register) => instruction.op_register(operand).size(),
        Ok(OpKind::Memory) => instruction.memory_size().size(),
        _ => match instruction.op0_kind() {
            OpKind::Register => instruction.op0_register().size(),
            OpKind::Memory => instruction.memory_size().size(),
            _ => 8,
        },
    }
}

/// The address of an operand in memory.
fn address_of<T>(instruction: &Instruction, state: &State<T>) -> Value {
    let displacement = instruction.memory_displacement64() as i64;

    if instruction.is_ip_rel_memory_operand() {
        return Value::number(instruction.ip_rel_memory_address() as i64);
    }
    let base = match instruction.memory_base() {
        Register::None => Value::number(0),
        register => number(register).map_or(Value::UNKNOWN, |it| state.registers[it]),
    };
    let address = binary(Mnemonic::Add, base, Value::number(displacement));

    match number(instruction.memory_index()).map(|it| state.registers[it]) {
        None => address,
        Some(index) => {
            let scale = i64::from(instruction.memory_index_scale());
            let index = match index.as_number() {
                Some(number) => Value::number(number.wrapping_mul(scale)).marked(index.marks),
                None if scale == 1 => index,
                None => Value::UNKNOWN.marked(index.marks),
            };

            binary(Mnemonic::Add, address, index)
        }
    }
}

/// What an operation makes of two values.
fn binary(operation: Mnemonic, a: Value, b: Value) -> Value {
    let marks = a.marks | b.marks;
    let known = match (a.known, b.known) {
        (Known::Number(a), Known::Number(b)) => {
            let shift = b as u32 & 63;

            match operation {
                Mnemonic::Add => Known::Number(a.wrapping_add(b)),
                Mnemonic::Sub => Known::Number(a.wrapping_sub(b)),
                Mnemonic::And => Known::Number(a & b),
                Mnemonic::Or => Known::Number(a | b),
                Mnemonic::Xor => Known::Number(a ^ b),
                Mnemonic::Shl => Known::Number(a << shift),
                Mnemonic::Shr => Known::Number((a as u64 >> shift) as i64),
                Mnemonic::Sar => Known::Number(a >> shift),
                _ => Known::Nothing,
            }
        }
        (Known::Address(base, a), Known::Number(b)) => match operation {
            Mnemonic::Add => Known::Address(base, a.wrapping_add(b)),
            Mnemonic::Sub => Known::Address(base, a.wrapping_sub(b)),
            Mnemonic::Or | Mnemonic::Xor | Mnemonic::Shl if b == 0 => Known::Address(base, a),
            _ => Known::Nothing,
        },
        (Known::Number(a), Known::Address(base, b)) if operation == Mnemonic::Add => {
            Known::Address(base, a.wrapping_add(b))
        }
        (Known::Address(one, a), Known::Address(other, b))
            if one == other && operation == Mnemonic::Sub =>
        {
            Known::Number(a.wrapping_sub(b))
        }
        (_, Known::Number(0)) | (Known::Number(0), _) if operation == Mnemonic::And => {
            Known::Number(0)
        }
        _ => Known::Nothing,
    };

    Value { known, marks }
}

/// Whether an access reads, and whether it writes.
fn directions(access: OpAccess) -> (bool, bool) {
    match access {
        OpAccess::Read | OpAccess::CondRead => (true, false),
        OpAccess::Write | OpAccess::CondWrite => (false, true),
        OpAccess::ReadWrite | OpAccess::ReadCondWrite => (true, true),
        _ => (false, false),
    }
}

/// Whether an instruction adds to what is in memory (1), takes something off it (-1), or neither (0).
fn counts<T>(instruction: &Instruction, state: &State<T>) -> i8 {
    let second = || match instruction.op1_kind() {
        OpKind::Register => number(instruction.op1_register()).and_then(|it| {
            state.registers[it]
                .signed(operand_size(instruction, 1))
                .as_number()
        }),
        _ => instruction
            .try_immediate(1)
            .ok()
            .map(|it| sign_extended(it as i64, operand_size(instruction, 0))),
    };
    let sign = match instruction.mnemonic() {
        Mnemonic::Inc => 1,
        Mnemonic::Dec => -1,
        Mnemonic::Sub => -second().map_or(1, i64::signum),
        Mnemonic::Add | Mnemonic::Xadd => second().map_or(0, i64::signum),
        _ => 0,
    };

    sign as i8
}

/// Forgets what memory held.
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

fn push<T>(state: &mut State<T>, value: Value) {
    let top = binary(Mnemonic::Sub, state.registers[4], Value::number(8));

    state.registers[4] = top;
    if let Known::Address(base, offset) = top.known {
        state.memory.insert((base, offset), (value, 8));
    }
}

fn pop<T>(state: &mut State<T>) -> Value {
    let top = state.registers[4];
    let value = match top.known {
        Known::Address(base, offset) => state.memory.get(&(base, offset)).map(|it| it.0),
        _ => None,
    };

    state.registers[4] = binary(Mnemonic::Add, top, Value::number(8));
    value.unwrap_or_default()
}

/// Leaves the function that is run.
fn leave<T>(state: &mut State<T>) -> Step<T> {
    match state.frames.pop() {
        Some(to) => Step::Jump(to),
        None => Step::End(End::Return),
    }
}

/// Puts what a call that was not run leaves behind into the registers.
fn returned<T>(state: &mut State<T>, value: Value) {
    // What a callee is passed the address of may be another value then.
    for index in 0..State::<T>::ARGUMENTS.len() {
        if let Known::Address(Base::Stack, offset) = state.argument(index).known {
            let place = Value::address(Base::Stack, offset);

            forget(state, place, 8);
        }
    }
    for register in [1, 2, 6, 7, 8, 9, 10, 11] {
        state.registers[register] = Value::UNKNOWN;
    }
    state.registers[0] = value;
    state.flags = Flags::Unknown(0);
}
