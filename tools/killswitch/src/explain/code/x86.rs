// SPDX-License-Identifier: GPL-2.0-only

//! Instructions of x86-64.

use super::{
    Architecture, Arithmetic, Condition, Destination, Instruction, Operand, Operation, Other,
    Place, Test, Touch, STACK,
};
use crate::{
    explain::machine::{sign_extended, Known},
    image::{Image, Within},
};
use iced_x86::{
    self as iced, Code, ConditionCode, Decoder, DecoderOptions, FlowControl,
    InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register,
};
use std::ops::Range;

pub struct X86;

/// Maximum length of an instruction, in bytes.
const LONGEST: usize = 15;
/// Decoding limit to find an instruction of a function, in bytes.
const MAX_FUNCTION: u64 = 64 << 10;
const ENDBR64: &[u8] = &[0xf3, 0x0f, 0x1e, 0xfa];

/// The numbers of rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi and r8 to r15.
const NUMBERS: [u8; 16] = [
    RAX, RCX, 2, 19, STACK, 29, RSI, RDI, 4, 5, 9, 10, 20, 21, 22, 23,
];
const NAMES: [&str; 16] = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15",
];
const RDI: u8 = 0;
const RSI: u8 = 1;
const RCX: u8 = 3;
const RAX: u8 = 8;

impl Architecture for X86 {
    fn alignment(&self) -> u64 {
        1
    }

    fn arguments(&self) -> Range<usize> {
        0..6
    }

    fn result(&self) -> usize {
        RAX.into()
    }

    fn decode(&self, image: &Image, at: u64) -> Option<Instruction> {
        let bytes = (1..=LONGEST)
            .rev()
            .find_map(|length| image.read(at, length))?;
        let mut decoder = Decoder::with_ip(64, bytes, at, DecoderOptions::NONE);
        let instruction = decoder.decode();

        (instruction.code() != Code::INVALID).then(|| Instruction {
            at,
            next: instruction.next_ip(),
            operations: operations(image, &instruction),
        })
    }

    fn entries(&self, image: &Image, address: u64) -> Vec<u64> {
        match image.read(address, ENDBR64.len()) {
            Some(ENDBR64) => vec![address, address + ENDBR64.len() as u64],
            _ => vec![address],
        }
    }

    fn references(&self, image: &Image, range: &Range<u64>, address: u64) -> Vec<u64> {
        let length = (range.end - range.start) as usize;
        let Some(bytes) = image.read(range.start, length) else {
            return Vec::new();
        };
        let mut found = Vec::new();

        for (index, window) in bytes.windows(4).enumerate() {
            let Ok(word) = window.try_into().map(u32::from_le_bytes) else {
                continue;
            };
            let place = range.start + index as u64;
            let is_absolute = word == address as u32;
            let is_relative = (place + 4).wrapping_add_signed((word as i32).into()) == address;
            // Calls and jumps are not references.
            let is_branch = || index > 0 && matches!(bytes[index - 1], 0xe8 | 0xe9);

            if !(is_absolute || is_relative && !is_branch()) {
                continue;
            }
            let takes = |it: &iced::Instruction| match it.mnemonic() {
                Mnemonic::Mov => is_absolute && it.try_immediate(1).ok() == Some(address),
                Mnemonic::Lea => {
                    it.is_ip_rel_memory_operand() && it.ip_rel_memory_address() == address
                }
                _ => false,
            };

            found.extend(around(image, place).filter(takes).map(|it| it.ip()));
        }
        found
    }

    fn preempt_count(&self, image: &Image) -> Option<Known> {
        let symbol = image.named(Within::Kernel, "__preempt_count").next()?;

        Some(Known::Number(symbol.address as i64))
    }
}

/// The instruction that contains `place`, but not as its first byte.
fn around(image: &Image, place: u64) -> Option<iced::Instruction> {
    let extent = image.extent(place)?;
    let length = (extent.end - extent.start).min(MAX_FUNCTION) as usize;
    let bytes = image.read(extent.start, length)?;
    let mut decoder = Decoder::with_ip(64, bytes, extent.start, DecoderOptions::NONE);
    let found = decoder.iter().find(|it| it.next_ip() > place)?;

    (found.ip() < place).then_some(found)
}

/// The operations of an instruction.
fn operations(image: &Image, instruction: &iced::Instruction) -> Vec<Operation> {
    match instruction.flow_control() {
        FlowControl::Next => {}
        FlowControl::Call | FlowControl::IndirectCall => {
            return match destination(image, instruction) {
                Some(Destination::Caller) => vec![Operation::Jump(Destination::Caller)],
                Some(to) => vec![Operation::Call(to)],
                None => Vec::new(),
            };
        }
        FlowControl::Return => return vec![Operation::Jump(Destination::Caller)],
        FlowControl::UnconditionalBranch | FlowControl::IndirectBranch => {
            let to = destination(image, instruction);
            let own = Destination::Code(instruction.near_branch_target());

            return vec![Operation::Jump(to.unwrap_or(own))];
        }
        FlowControl::ConditionalBranch => {
            let to = destination(image, instruction);
            let own = Destination::Code(instruction.near_branch_target());

            return vec![Operation::Branch {
                test: Test::Condition(condition(instruction)),
                to: to.unwrap_or(own),
            }];
        }
        _ => return vec![Operation::Trap],
    }
    one(instruction).unwrap_or_else(|| vec![Operation::Other(other(instruction))])
}

/// The operations of an instruction without branches, if known.
fn one(instruction: &iced::Instruction) -> Option<Vec<Operation>> {
    use Mnemonic as M;

    let size = operand_size(instruction, 0);
    let operand = |index| operand(instruction, index);
    let compute = |arithmetic, a: Operand, b: Operand, has_flags| {
        Some(vec![Operation::Compute {
            arithmetic,
            to: Some(operand(0)?),
            a: a.signed(arithmetic != Arithmetic::Shr),
            b: b.signed(true),
            size,
            sets_flags: has_flags,
        }])
    };
    let is_two = instruction.op_count() == 2 && !instruction.has_lock_prefix();
    let is_one = instruction.op_count() == 1 && !instruction.has_lock_prefix();

    match instruction.mnemonic() {
        M::Nop | M::Endbr64 | M::Pause | M::Lfence | M::Mfence | M::Sfence => Some(Vec::new()),
        M::Int3 | M::Ud2 | M::Ud1 | M::Ud0 => Some(vec![Operation::Trap]),
        mnemonic @ (M::Mov | M::Movsx | M::Movsxd | M::Movzx) => Some(vec![Operation::Move {
            to: operand(0)?,
            from: operand(1)?.signed(mnemonic != M::Movzx),
        }]),
        M::Lea => Some(vec![Operation::Move {
            to: operand(0)?,
            from: Operand::Address(place_of(instruction)),
        }]),
        M::Push => Some(vec![
            Operation::Move {
                to: Operand::memory(Place::behind(STACK, -8), 8),
                from: operand(0)?,
            },
            move_stack(Arithmetic::Sub),
        ]),
        M::Pop => Some(vec![
            Operation::Move {
                to: operand(0)?,
                from: Operand::memory(Place::behind(STACK, 0), 8),
            },
            move_stack(Arithmetic::Add),
        ]),
        mnemonic @ (M::Cmp | M::Test) => Some(vec![Operation::Compute {
            arithmetic: match mnemonic {
                M::Cmp => Arithmetic::Sub,
                _ => Arithmetic::And,
            },
            to: None,
            a: operand(0)?.signed(true),
            b: operand(1)?.signed(true),
            size,
            sets_flags: true,
        }]),
        M::Add if is_two => compute(Arithmetic::Add, operand(0)?, operand(1)?, true),
        M::Sub if is_two => compute(Arithmetic::Sub, operand(0)?, operand(1)?, true),
        M::And if is_two => compute(Arithmetic::And, operand(0)?, operand(1)?, true),
        M::Or if is_two => compute(Arithmetic::Or, operand(0)?, operand(1)?, true),
        M::Xor if is_two => compute(Arithmetic::Xor, operand(0)?, operand(1)?, true),
        M::Shl if is_two => compute(Arithmetic::Shl, operand(0)?, operand(1)?, true),
        M::Shr if is_two => compute(Arithmetic::Shr, operand(0)?, operand(1)?, true),
        M::Sar if is_two => compute(Arithmetic::Sar, operand(0)?, operand(1)?, true),
        M::Inc if is_one => compute(Arithmetic::Add, operand(0)?, Operand::Number(1), true),
        M::Dec if is_one => compute(Arithmetic::Add, operand(0)?, Operand::Number(-1), true),
        M::Neg if is_one => compute(Arithmetic::Sub, Operand::Number(0), operand(0)?, true),
        M::Not if is_one => compute(Arithmetic::Xor, operand(0)?, Operand::Number(-1), false),
        _ if instruction.condition_code() != ConditionCode::None => {
            let (yes, no) = match instruction.op_count() {
                2 => (operand(1)?, operand(0)?),
                _ => (Operand::Number(1), Operand::Number(0)),
            };

            Some(vec![Operation::Select {
                condition: condition(instruction),
                to: operand(0)?,
                yes,
                no,
                inverts: false,
                increments: false,
            }])
        }
        _ => None,
    }
}

/// Operations that move the stack pointer by 8.
fn move_stack(arithmetic: Arithmetic) -> Operation {
    let stack = Operand::register(STACK, 8);

    Operation::Compute {
        arithmetic,
        to: Some(stack),
        a: stack,
        b: Operand::Number(8),
        size: 8,
        sets_flags: false,
    }
}

/// The target of a call or a jump; `None` for a tracer's.
fn destination(image: &Image, instruction: &iced::Instruction) -> Option<Destination> {
    if instruction.op0_kind() != OpKind::NearBranch64 {
        let pointer = operand(instruction, 0).unwrap_or(Operand::Number(0));

        return Some(Destination::Pointer(pointer));
    }
    let to = instruction.near_branch_target();
    let Some(symbol) = image.symbol_of(to) else {
        return Some(Destination::Code(to));
    };

    // It may have several names.
    if image.names(to).any(|it| it.name.ends_with("return_thunk")) {
        return Some(Destination::Caller);
    }
    match symbol.name {
        "__fentry__" => None,
        name if name.starts_with("__x86_indirect_") => {
            let is_named = |it: &str| name.strip_suffix(it).is_some_and(|it| it.ends_with('_'));
            // An array of thunks of the same size, one per register.
            let index = NAMES
                .iter()
                .position(|it| is_named(it))
                .unwrap_or(((to - symbol.address) / 32) as usize & 15);

            Some(Destination::Pointer(Operand::register(NUMBERS[index], 8)))
        }
        _ => Some(Destination::Code(to)),
    }
}

/// An instruction with unknown results.
fn other(instruction: &iced::Instruction) -> Other {
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(instruction);
    let is_string = instruction.is_string_instruction();
    let has_memory = (0..instruction.op_count())
        .any(|index| matches!(instruction.try_op_kind(index), Ok(OpKind::Memory)));
    let mut found = Other {
        is_locked: instruction.has_lock_prefix() || instruction.mnemonic() == Mnemonic::Xchg,
        counts: counts(instruction),
        sets_flags: instruction.rflags_modified() != 0,
        ..Other::default()
    };

    for used in info.used_memory() {
        let (is_read, is_write) = directions(used.access());
        let place = match (is_string, is_write) {
            (true, true) => Place::behind(RDI, 0),
            (true, false) => Place::behind(RSI, 0),
            _ => place_of(instruction),
        };
        let is_implicit = used.base() == Register::RSP && !has_memory;

        if (is_read || is_write) && !is_implicit {
            found.touches.push(Touch {
                place,
                size: used.memory_size().size(),
                is_write,
                times: is_string.then_some(RCX),
            });
        }
    }
    for used in info.used_registers() {
        let (is_read, is_write) = directions(used.access());

        if let Some(register) = number(used.register()) {
            found.reads |= u32::from(is_read) << register;
            found.writes |= u32::from(is_write && register != STACK) << register;
        }
    }
    found
}

/// The addend of an instruction on memory, negative if subtracted.
fn counts(instruction: &iced::Instruction) -> Option<(Arithmetic, Operand)> {
    let second = || Some(operand(instruction, 1)?.signed(true));

    match instruction.mnemonic() {
        Mnemonic::Inc => Some((Arithmetic::Add, Operand::Number(1))),
        Mnemonic::Dec => Some((Arithmetic::Add, Operand::Number(-1))),
        Mnemonic::Sub => Some((Arithmetic::Sub, second()?)),
        Mnemonic::Add | Mnemonic::Xadd => Some((Arithmetic::Add, second()?)),
        _ => None,
    }
}

/// An operand: memory, an immediate, or the lower part of a general register.
fn operand(instruction: &iced::Instruction, index: u32) -> Option<Operand> {
    let size = operand_size(instruction, index);

    match instruction.try_op_kind(index).ok()? {
        OpKind::Register => {
            let register = instruction.op_register(index);
            let is_high = matches!(
                register,
                Register::AH | Register::BH | Register::CH | Register::DH
            );

            Some(Operand::register(
                number(register).filter(|_| !is_high)?,
                size,
            ))
        }
        OpKind::Memory => Some(Operand::memory(place_of(instruction), size)),
        _ => {
            let number = instruction.try_immediate(index).ok()?;

            Some(Operand::Number(sign_extended(number as i64, size)))
        }
    }
}

/// The number of a general register of any size.
fn number(register: Register) -> Option<u8> {
    register
        .is_gpr()
        .then(|| NUMBERS[register.full_register() as usize - Register::RAX as usize])
}

/// The size of an operand, in bytes.
fn operand_size(instruction: &iced::Instruction, operand: u32) -> usize {
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

/// The address of a memory operand.
fn place_of(instruction: &iced::Instruction) -> Place {
    let is_per_cpu = matches!(instruction.segment_prefix(), Register::GS | Register::FS);

    if instruction.is_ip_rel_memory_operand() {
        return Place {
            displacement: instruction.ip_rel_memory_address() as i64,
            is_per_cpu,
            ..Place::default()
        };
    }
    let index = number(instruction.memory_index()).map(|it| {
        let mut part = super::Part::new(it, 8);

        part.shift = instruction.memory_index_scale().trailing_zeros() as u8;
        part
    });

    Place {
        base: number(instruction.memory_base()),
        index,
        displacement: instruction.memory_displacement64() as i64,
        is_per_cpu,
    }
}

fn condition(instruction: &iced::Instruction) -> Condition {
    match instruction.condition_code() {
        ConditionCode::e => Condition::Equal,
        ConditionCode::ne => Condition::NotEqual,
        ConditionCode::b => Condition::Below,
        ConditionCode::be => Condition::BelowOrEqual,
        ConditionCode::a => Condition::Above,
        ConditionCode::ae => Condition::AboveOrEqual,
        ConditionCode::l => Condition::Less,
        ConditionCode::le => Condition::LessOrEqual,
        ConditionCode::g => Condition::Greater,
        ConditionCode::ge => Condition::GreaterOrEqual,
        ConditionCode::s => Condition::Negative,
        ConditionCode::ns => Condition::NotNegative,
        _ => Condition::Other,
    }
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
