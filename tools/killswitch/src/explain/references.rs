// SPDX-License-Identifier: GPL-2.0-only

//! How code uses the address of a function: passes it as an argument, or stores it in a structure.

use super::{
    code::{
        self, Destination, Instruction, Operand, Operation, ARGUMENTS, FRAME, REGISTERS, STACK,
        VOLATILE,
    },
    prototypes::{self, What},
    tables::Tables,
};
use crate::{image::Image, policy::typed_name};
use std::collections::HashMap;

/// Maximum number of instructions executed after the address is taken.
const FOLLOWED: usize = 96;
/// Decoding limit to find an instruction of a function, in bytes.
const MAX_FUNCTION: u64 = 64 << 10;

/// The use of the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use<'a> {
    /// An argument for the parameter of this name, of the function of this name.
    Passed {
        to: &'a str,
        parameter: &'a str,
    },
    /// Stored in a structure on the stack, whose address is an argument.
    Member {
        structure: &'a str,
        member: &'a str,
    },
    /// Stored at this offset of another object.
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

/// The places where code of `module`, or of the kernel, takes the address of the function at
/// `address`.
pub fn find<'a>(
    tables: &Tables<'a>,
    image: &'a Image,
    module: Option<usize>,
    address: u64,
) -> Vec<Reference<'a>> {
    let areas = image.areas().iter().filter(|it| it.module == module);
    let taken = areas.flat_map(|it| code::of(image).references(image, &it.range, address));

    taken
        .filter_map(|at| {
            let extent = image.extent(at)?;
            let end = extent.end.min(extent.start + MAX_FUNCTION);
            let code = code::all(image, extent.start..end);
            let start = code.binary_search_by_key(&at, |it| it.at).ok()?;

            Some(Reference {
                at,
                what: follow(tables, image, &code, start),
            })
        })
        .collect()
}

/// How the address is used that the instruction with index `start` takes.
fn follow<'a>(
    tables: &Tables<'a>,
    image: &'a Image,
    code: &[Instruction],
    start: usize,
) -> Use<'a> {
    let mut holds = [false; REGISTERS];
    // Its places on the stack, and registers that point there.
    let mut slots: Vec<i64> = Vec::new();
    let mut stack: HashMap<usize, i64> = HashMap::new();
    let mut stored = None;

    // Registers may point there already.
    let mut next = start.saturating_sub(FOLLOWED);
    let end = start + FOLLOWED;
    let mut steps = next;

    'code: while let Some(instruction) = code.get(next).filter(|_| steps < end) {
        let is_first = next == start;

        next += 1;
        steps += 1;
        for operation in &instruction.operations {
            match operation {
                Operation::Call(to) => {
                    let is_after = steps > start;
                    let found = || passed(tables, image, to, &holds, &slots, &stack);

                    if let Some(found) = is_after.then(found).flatten() {
                        return found;
                    }
                    holds[VOLATILE].fill(false);
                    stack.retain(|register, _| !VOLATILE.contains(register));
                }
                Operation::Jump(to) if steps > start => {
                    if let Some(index) = within(code, to) {
                        next = index;
                        continue 'code;
                    }
                    return passed(tables, image, to, &holds, &slots, &stack)
                        .or(stored)
                        .or_else(|| passed_anywhere(tables, image, code, &slots))
                        .unwrap_or(Use::Unknown);
                }
                Operation::Trap if steps > start => break 'code,
                Operation::Move { to, from } => {
                    let is_held = is_first || from.number().is_some_and(|it| holds[it]);

                    match to {
                        Operand::Memory { place, .. } if is_held => match place.base {
                            Some(STACK | FRAME) => slots.push(place.displacement),
                            _ => {
                                stored = stored.or(Some(Use::Stored {
                                    offset: place.displacement,
                                }));
                            }
                        },
                        Operand::Register(part) => {
                            let register = part.register.into();

                            holds[register] = is_held;
                            match stack_address(from, &stack) {
                                Some(at) => stack.insert(register, at),
                                None => stack.remove(&register),
                            };
                        }
                        _ => {}
                    }
                }
                _ => {
                    let written = operation.all_written();

                    for register in (0..REGISTERS).filter(|it| written >> it & 1 != 0) {
                        // The address may be assembled here.
                        holds[register] = is_first;
                        stack.remove(&register);
                    }
                }
            }
        }
    }
    stored
        .or_else(|| passed_anywhere(tables, image, code, &slots))
        .unwrap_or(Use::Unknown)
}

/// Whether a call passes the address of a structure on the stack that contains these places.
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
    let operations = code.iter().flat_map(|it| &it.operations);

    for operation in operations {
        if let Operation::Call(to) = operation {
            let found = passed(tables, image, to, &[false; REGISTERS], slots, &stack);

            if found.is_some() {
                return found;
            }
            stack.retain(|register, _| !VOLATILE.contains(register));
        } else if let Some(register) = operation.written() {
            let address = match operation {
                Operation::Move { from, .. } => stack_address(from, &stack),
                _ => None,
            };

            match address {
                Some(at) => stack.insert(register, at),
                None => stack.remove(&register),
            };
        }
    }
    None
}

/// The stack location that a moved value points to, relative to the stack pointer or the frame
/// pointer.
fn stack_address(from: &Operand, stack: &HashMap<usize, i64>) -> Option<i64> {
    match from {
        Operand::Address(place) => {
            matches!(place.base, Some(STACK | FRAME)).then_some(place.displacement)
        }
        Operand::Register(part) if part.register == STACK => Some(0),
        Operand::Register(part) => stack.get(&part.register.into()).copied(),
        _ => None,
    }
}

/// The index of the target of a jump in `code`.
fn within(code: &[Instruction], to: &Destination) -> Option<usize> {
    match to {
        Destination::Code(to) => code.binary_search_by_key(to, |it| it.at).ok(),
        _ => None,
    }
}

/// Whether a call passes the address, directly or in a structure on the stack.
fn passed<'a>(
    tables: &Tables<'a>,
    image: &'a Image,
    callee: &Destination,
    holds: &[bool; REGISTERS],
    slots: &[i64],
    stack: &HashMap<usize, i64>,
) -> Option<Use<'a>> {
    let Destination::Code(callee) = callee else {
        return None;
    };
    let symbol = image.symbol_of(*callee)?;
    let types = image.types(symbol.module)?;
    let parameters = prototypes::parameters(types, typed_name(symbol.name))?;
    for (parameter, register) in parameters.iter().zip(ARGUMENTS) {
        if holds[register] {
            return Some(Use::Passed {
                to: symbol.name,
                parameter: parameter.name,
            });
        }
    }
    for (parameter, register) in parameters.iter().zip(ARGUMENTS) {
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
