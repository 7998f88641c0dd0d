// SPDX-License-Identifier: GPL-2.0-only

//! What code does with the address of a function: passes it to another one, or stores it in a
//! structure.

use super::{
    machine::{self, number},
    prototypes::{self, What},
    tables::Tables,
};
use crate::{image::Image, policy::typed_name};
use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};
use std::collections::HashMap;

/// How many instructions are followed from where the address is taken.
const FOLLOWED: usize = 96;
/// How much of a function is decoded to find an instruction, in bytes.
const MAX_FUNCTION: u64 = 64 << 10;

/// The registers that a call may change.
const VOLATILE: [usize; 9] = [0, 1, 2, 6, 7, 8, 9, 10, 11];

/// What is done with the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use<'a> {
    /// It is passed to the function of this name, for the parameter of this name.
    Passed {
        to: &'a str,
        parameter: &'a str,
    },
    /// It is stored in a structure on the stack, whose address is passed to a function.
    Member {
        structure: &'a str,
        member: &'a str,
    },
    /// It is stored at this offset of something.
    Stored {
        offset: i64,
    },
    Unknown,
}

/// A place where the address of a function is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    pub at: u64,
    pub what: Use<'a>,
}

/// Where code of `module`, or of the kernel, takes the address of the function at `address`.
pub fn find<'a>(
    tables: &Tables<'a>,
    image: &'a Image,
    module: Option<usize>,
    address: u64,
) -> Vec<Reference<'a>> {
    let mut found = Vec::new();

    for area in image.areas().iter().filter(|it| it.module == module) {
        let length = (area.range.end - area.range.start) as usize;
        let Some(bytes) = image.read(area.range.start, length) else {
            continue;
        };

        for (index, window) in bytes.windows(4).enumerate() {
            let Ok(word) = window.try_into().map(u32::from_le_bytes) else {
                continue;
            };
            let place = area.range.start + index as u64;
            let is_absolute = word == address as u32;
            let is_relative = (place + 4).wrapping_add_signed((word as i32).into()) == address;
            // Calls and jumps are no references.
            let is_branch = || index > 0 && matches!(bytes[index - 1], 0xe8 | 0xe9);

            if !(is_absolute || is_relative && !is_branch()) {
                continue;
            }
            let Some((code, start)) = around(image, place) else {
                continue;
            };
            let first = &code[start];
            let takes = match first.mnemonic() {
                Mnemonic::Mov => is_absolute && immediate(first) == Some(address),
                Mnemonic::Lea => {
                    first.is_ip_rel_memory_operand() && first.ip_rel_memory_address() == address
                }
                _ => false,
            };

            if takes {
                found.push(Reference {
                    at: first.ip(),
                    what: follow(tables, image, &code, start),
                });
            }
        }
    }
    found
}

fn immediate(instruction: &Instruction) -> Option<u64> {
    instruction.try_immediate(1).ok()
}

/// The instructions around the one that `place` is in, and the index of that.
fn around(image: &Image, place: u64) -> Option<(Vec<Instruction>, usize)> {
    let extent = image.extent(place)?;
    let length = (extent.end - extent.start).min(MAX_FUNCTION) as usize;
    let bytes = image.read(extent.start, length)?;
    let mut decoder = Decoder::with_ip(64, bytes, extent.start, DecoderOptions::NONE);
    let mut code: Vec<Instruction> = Vec::new();
    let mut start = None;

    while decoder.can_decode() {
        let instruction = decoder.decode();

        if start.is_none() && instruction.next_ip() > place {
            start = (instruction.ip() < place).then_some(code.len());
            start?;
        }
        code.push(instruction);
    }
    Some((code, start?))
}

/// What becomes of the address that the instruction with index `start` takes.
fn follow<'a>(
    tables: &Tables<'a>,
    image: &'a Image,
    code: &[Instruction],
    start: usize,
) -> Use<'a> {
    let mut holds = [false; 16];
    // Where on the stack it was put, and which registers point there.
    let mut slots: Vec<i64> = Vec::new();
    let mut stack: HashMap<usize, i64> = HashMap::new();
    let mut stored = None;

    // Where registers point to may have been set before.
    let mut next = start.saturating_sub(FOLLOWED);
    let end = start + FOLLOWED;
    let mut steps = next;

    while let Some(instruction) = code.get(next).filter(|_| steps < end) {
        let index = next;
        let source = match instruction.op_count() {
            2 if instruction.op1_kind() == OpKind::Register => number(instruction.op1_register()),
            _ => None,
        };
        next += 1;
        steps += 1;
        let is_held = index == start || source.is_some_and(|it| holds[it]);

        match instruction.flow_control() {
            FlowControl::Call => {
                let callee = instruction.near_branch_target();
                let is_after = steps > start;
                let found = || passed(tables, image, callee, &holds, &slots, &stack);

                if let Some(found) = is_after.then(found).flatten() {
                    return found;
                }
                for register in VOLATILE {
                    holds[register] = false;
                    stack.remove(&register);
                }
                continue;
            }
            FlowControl::UnconditionalBranch if steps > start => {
                let to = instruction.near_branch_target();

                if let Ok(index) = code.binary_search_by_key(&to, Instruction::ip) {
                    next = index;
                    continue;
                }
                return passed(tables, image, to, &holds, &slots, &stack)
                    .or(stored)
                    .or_else(|| passed_anywhere(tables, image, code, &slots))
                    .unwrap_or(Use::Unknown);
            }
            FlowControl::Return | FlowControl::Interrupt | FlowControl::Exception
                if steps > start =>
            {
                break
            }
            _ => {}
        }
        if instruction.mnemonic() == Mnemonic::Mov
            && instruction.op0_kind() == OpKind::Memory
            && is_held
        {
            let offset = instruction.memory_displacement64() as i64;

            match instruction.memory_base() {
                Register::RSP | Register::RBP => slots.push(offset),
                _ => stored = stored.or(Some(Use::Stored { offset })),
            }
        }
        if instruction.op_count() > 0 && instruction.op0_kind() == OpKind::Register {
            if let Some(register) = number(instruction.op0_register()) {
                let is_write = !matches!(
                    instruction.mnemonic(),
                    Mnemonic::Cmp | Mnemonic::Test | Mnemonic::Push
                );

                if is_write {
                    let is_move = matches!(instruction.mnemonic(), Mnemonic::Mov | Mnemonic::Lea);

                    holds[register] = is_held && is_move;
                    match (instruction.mnemonic(), instruction.memory_base()) {
                        (Mnemonic::Lea, Register::RSP | Register::RBP) => {
                            stack.insert(register, instruction.memory_displacement64() as i64);
                        }
                        (Mnemonic::Mov, _) if instruction.op1_kind() == OpKind::Register => {
                            let copied = match instruction.op1_register() {
                                Register::RSP => Some(0),
                                _ => source.and_then(|it| stack.get(&it).copied()),
                            };

                            match copied {
                                Some(at) => stack.insert(register, at),
                                None => stack.remove(&register),
                            };
                        }
                        _ => {
                            stack.remove(&register);
                        }
                    }
                }
            }
        }
    }
    stored
        .or_else(|| passed_anywhere(tables, image, code, &slots))
        .unwrap_or(Use::Unknown)
}

/// Whether any call passes the address of a structure on the stack that these places are in.
fn passed_anywhere<'a>(
    tables: &Tables<'a>,
    image: &'a Image,
    code: &[Instruction],
    slots: &[i64],
) -> Option<Use<'a>> {
    let mut stack: HashMap<usize, i64> = HashMap::new();

    if slots.is_empty() {
        return None;
    }
    code.iter().find_map(|instruction| {
        if instruction.flow_control() == FlowControl::Call {
            let callee = instruction.near_branch_target();
            let found = passed(tables, image, callee, &[false; 16], slots, &stack);

            stack.retain(|register, _| !VOLATILE.contains(register));
            return found;
        }
        if instruction.op_count() == 2 && instruction.op0_kind() == OpKind::Register {
            let register = number(instruction.op0_register())?;
            let address = match (instruction.mnemonic(), instruction.op1_kind()) {
                (Mnemonic::Lea, _)
                    if matches!(instruction.memory_base(), Register::RSP | Register::RBP) =>
                {
                    Some(instruction.memory_displacement64() as i64)
                }
                (Mnemonic::Mov, OpKind::Register) => {
                    number(instruction.op1_register()).and_then(|it| stack.get(&it).copied())
                }
                _ => None,
            };

            match address {
                Some(at) => stack.insert(register, at),
                None => stack.remove(&register),
            };
        }
        None
    })
}

/// Whether a call passes the address on, by itself or in a structure on the stack.
fn passed<'a>(
    tables: &Tables<'a>,
    image: &'a Image,
    callee: u64,
    holds: &[bool; 16],
    slots: &[i64],
    stack: &HashMap<usize, i64>,
) -> Option<Use<'a>> {
    let symbol = image.symbol_of(callee)?;
    let types = image.types(symbol.module)?;
    let parameters = prototypes::parameters(types, typed_name(symbol.name))?;
    let registers = machine::State::<()>::ARGUMENTS;

    for (parameter, register) in parameters.iter().zip(registers) {
        if holds[register] {
            return Some(Use::Passed {
                to: symbol.name,
                parameter: parameter.name,
            });
        }
    }
    for (parameter, register) in parameters.iter().zip(registers) {
        let (Some(from), Some(name)) = (stack.get(&register), parameter.structure) else {
            continue;
        };
        let Some(structure) = tables.structure(symbol.module, name) else {
            continue;
        };
        let member = slots.iter().find_map(|slot| {
            structure.fields.iter().find(|it| {
                i64::from(it.offset) == slot - from && matches!(it.what, What::Function(_))
            })
        });

        if let Some(member) = member {
            return Some(Use::Member {
                structure: structure.name,
                member: member.name,
            });
        }
    }
    None
}
