// SPDX-License-Identifier: GPL-2.0-only

//! The callbacks of LSMs.
//!
//! An LSM has arrays of `struct security_hook_list`. Each entry begins with a pointer into
//! `static_calls_table` and one to the callback. At boot, if the LSM is enabled, its ID is stored
//! in the entries. In a kernel that did not boot, the LSM is found in the code that does this: the
//! calls of `security_add_hooks()` with the array, its length, and the LSM's `struct lsm_id`.

use super::{
    bytes::{u32_at, u64_at},
    error::Problem,
    symbols::Within,
    Architecture, Image, Source,
};
use crate::policy::code::{arm64::Arm64, x86::X86, Architecture as _};
use std::ops::Range;

/// A callback of an LSM. Whether it is called depends on whether the LSM is enabled at boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The address of the callback.
    pub address: u64,
    /// The name of the LSM; `?` if it is unknown.
    pub lsm: String,
    /// The name of its array, if the array has one.
    pub array: Option<String>,
}

/// The layout of `struct security_hook_list`, in bytes.
struct Layout {
    size: usize,
    /// The offset of the pointer into the table.
    table: usize,
    /// The offset of the pointer to the callback.
    callback: usize,
    /// The offset of the pointer to the LSM's `struct lsm_id`.
    lsm: usize,
}

impl Layout {
    /// The layout in the kernel in `image`, which may be randomized.
    fn of(image: &Image) -> Self {
        Self::from_types(image).unwrap_or(Self {
            size: 24,
            table: 0,
            callback: 8,
            lsm: 16,
        })
    }

    fn from_types(image: &Image) -> Option<Self> {
        let structure = image.types(None)?.structure("security_hook_list")?;
        let offset = |name| {
            let member = structure.members().find(|member| member.name == name)?;

            Some(member.offset as usize / 8)
        };
        let layout = Self {
            size: structure.size_or_type as usize,
            table: offset("scalls")?,
            callback: offset("hook")?,
            lsm: offset("lsmid")?,
        };
        let last = layout.table.max(layout.callback).max(layout.lsm);

        (layout.size.is_multiple_of(8) && last + 8 <= layout.size).then_some(layout)
    }
}

/// The framework's table of callbacks. `None` if the kernel has no LSMs, or no symbols of data
/// (`CONFIG_KALLSYMS_ALL`).
pub(super) fn table(image: &Image) -> Option<Range<u64>> {
    let symbol = image.named(Within::Kernel, "static_calls_table").next()?;
    let size = image
        .types(None)
        .and_then(|types| types.structure("lsm_static_calls_table"))
        .map(|structure| structure.size_or_type);

    match size {
        Some(size) => Some(symbol.address..symbol.address.checked_add(size.into())?),
        None => image.extent(symbol.address),
    }
}

/// Maximum number of callbacks of all LSMs. A distribution's kernel has less than a thousand.
const MAX_HOOKS: usize = 1 << 16;
/// Maximum number of calls that register callbacks.
const MAX_REGISTRATIONS: usize = 64;
/// Maximum size of the code that prepares such a call, in bytes.
const MAX_CODE: usize = 4096;

/// All callbacks of LSMs, sorted by place; for a running kernel, those of enabled LSMs.
pub(super) fn find(image: &Image) -> Result<Vec<Hook>, Problem> {
    /// The size of `struct lsm_static_call` is a multiple of this, in bytes.
    const CALL: u64 = 8;

    let Some(table) = table(image) else {
        return Ok(Vec::new());
    };
    let layout = Layout::of(image);
    let registered = match image.source {
        Source::Files => registrations(image),
        Source::Memory => Vec::new(),
    };
    let mut hooks = Vec::new();

    for (start, bytes) in image.memory.pieces() {
        // Modules have none.
        if start >= image.bounds.end {
            break;
        }
        let mut at = (start.wrapping_neg() % 8) as usize;

        while let Some(record) = bytes.get(at..).and_then(|rest| rest.get(..layout.size)) {
            let pointer = |at| u64_at(record, at).unwrap_or(0);
            let (call, callback) = (pointer(layout.table), pointer(layout.callback));
            let is_one = table.contains(&call)
                && (call - table.start).is_multiple_of(CALL)
                && image
                    .area(callback)
                    .is_some_and(|area| area.module.is_none());

            if !is_one {
                at += 8;
                continue;
            }
            let address = start + at as u64;
            let lsm = match (image.source, pointer(layout.lsm)) {
                (Source::Files, _) => registered
                    .iter()
                    .find(|registration| registration.covers(address, layout.size))
                    .map(|registration| registration.lsm.clone()),
                (Source::Memory, 0) => {
                    at += layout.size;
                    continue;
                }
                (Source::Memory, id) => name(image, id),
            };

            if hooks.len() >= MAX_HOOKS {
                return Err("it has too many LSM callbacks".into());
            }
            hooks.push(Hook {
                address: callback,
                lsm: lsm.unwrap_or_else(|| "?".into()),
                array: image.symbol_of(address).map(|symbol| symbol.name.into()),
            });
            at += layout.size;
        }
    }
    Ok(hooks)
}

/// A call that registers an array of callbacks.
struct Registration {
    start: u64,
    count: u32,
    lsm: String,
}

impl Registration {
    /// Whether the record of `size` bytes at `address` is in the array.
    fn covers(&self, address: u64, size: usize) -> bool {
        address
            .checked_sub(self.start)
            .is_some_and(|offset| offset / (size as u64) < self.count.into())
    }
}

/// All calls that register callbacks.
fn registrations(image: &Image) -> Vec<Registration> {
    let Some(function) = image.named(Within::Kernel, "security_add_hooks").next() else {
        return Vec::new();
    };

    calls_of(image, function.address)
        .into_iter()
        .filter_map(|call| {
            Some(Registration {
                start: call.address_in(image, &FIRST)?,
                count: call.count(image)?,
                lsm: lsm(image, &call)?,
            })
        })
        .collect()
}

/// The name of the LSM for which `call` registers callbacks.
fn lsm(image: &Image, call: &Call<'_>) -> Option<String> {
    let id = call.address_in(image, &THIRD).or_else(|| {
        // Then it is the first parameter of the calling function.
        let mut outer = calls_of(image, call.function).into_iter();

        outer.find_map(|it| it.address_in(image, &FIRST))
    })?;

    name(image, id)
}

/// The name in the `struct lsm_id` at `id`.
fn name(image: &Image, id: u64) -> Option<String> {
    image
        .memory
        .string(image.memory.u64(id)?)
        .map(str::to_owned)
}

/// A parameter: the x86-64 instructions that load an address into its register, absolute and
/// relative to the next instruction; and the register number on arm64.
struct Parameter {
    mov: [u8; 3],
    lea: [u8; 3],
    register: usize,
}

/// %rdi or x0.
const FIRST: Parameter = Parameter {
    mov: [0x48, 0xc7, 0xc7],
    lea: [0x48, 0x8d, 0x3d],
    register: 0,
};
/// %rdx or x2.
const THIRD: Parameter = Parameter {
    mov: [0x48, 0xc7, 0xc2],
    lea: [0x48, 0x8d, 0x15],
    register: 2,
};

/// A call.
struct Call<'a> {
    /// The address of the caller.
    function: u64,
    /// The code before the call, and its address. It belongs to the caller.
    code: &'a [u8],
    start: u64,
}

/// The calls of the function at `address` in the kernel, including jumps.
fn calls_of(image: &Image, address: u64) -> Vec<Call<'_>> {
    let mut calls = Vec::new();

    for area in image.areas().iter().filter(|area| area.module.is_none()) {
        let start = area.range.start;
        let code = image.memory.range(area.range.clone()).unwrap_or_default();
        let mut visit = |place: usize, _| {
            let place = place as u64;

            if let (true, Some(symbol)) = (calls.len() < MAX_REGISTRATIONS, image.extent(place)) {
                let function = symbol.start.max(start);
                let from = function.max(place.saturating_sub(MAX_CODE as u64));

                calls.push(Call {
                    function,
                    code: &code[(from - start) as usize..(place - start) as usize],
                    start: from,
                });
            }
        };

        match image.architecture() {
            Architecture::X86 => {
                X86::find_branches(code, start as usize, address as usize, 0, &mut visit);
            }
            Architecture::Arm64 => {
                Arm64::find_branches(code, start as usize, address as usize, 0, &mut visit);
            }
        }
    }
    calls
}

impl Call<'_> {
    /// The address of data that was last loaded for a parameter.
    fn address_in(&self, image: &Image, parameter: &Parameter) -> Option<u64> {
        let is_data = |address: &u64| image.memory.rest_at(*address).is_some();

        if image.architecture() == Architecture::Arm64 {
            return self.registers()[parameter.register].filter(is_data);
        }
        (0..self.code.len()).rev().find_map(|at| {
            let opcode: [u8; 3] = *self.code[at..].first_chunk()?;
            let number = i64::from(u32_at(self.code, at + 3)? as i32);
            let address = match opcode {
                _ if opcode == parameter.mov => number as u64,
                _ if opcode == parameter.lea => {
                    (self.start + at as u64 + 7).wrapping_add_signed(number)
                }
                _ => return None,
            };

            Some(address).filter(is_data)
        })
    }

    /// The number of callbacks that it registers: the last value loaded for the second parameter.
    fn count(&self, image: &Image) -> Option<u32> {
        const MOV_TO_ESI: u8 = 0xbe;
        /// More than any LSM has.
        const MAX: u32 = 4096;
        let is_count = |count: &u32| (1..=MAX).contains(count);

        if image.architecture() == Architecture::Arm64 {
            return u32::try_from(self.registers()[1]?).ok().filter(is_count);
        }
        (0..self.code.len())
            .rev()
            .filter(|at| self.code[*at] == MOV_TO_ESI)
            .filter_map(|at| u32_at(self.code, at + 1))
            .find(is_count)
    }

    /// The arm64 registers at the call, as far as a number or an address was loaded.
    fn registers(&self) -> [Option<u64>; 32] {
        const PAGE: i64 = 1 << 12;
        let mut registers = [None; 32];

        for (at, bytes) in self.code.chunks_exact(4).enumerate() {
            let word = u32_at(bytes, 0).unwrap_or(0);
            let place = self.start + 4 * at as u64;
            let register = |shift: u32| (word >> shift & 31) as usize;
            let is = |mask: u32, bits: u32| word & mask == bits;
            let high = i64::from((word << 8) as i32 >> 11 & !3);
            let distance = high | i64::from(word >> 29 & 3);

            registers[register(0)] = match () {
                // adrp, adr
                () if is(0x9f00_0000, 0x9000_0000) => {
                    Some((place - place % PAGE as u64).wrapping_add_signed(distance * PAGE))
                }
                () if is(0x9f00_0000, 0x1000_0000) => Some(place.wrapping_add_signed(distance)),
                // add with an immediate; mov of an immediate and of a register
                () if is(0xffc0_0000, 0x9100_0000) => registers[register(5)]
                    .map(|address: u64| address.wrapping_add(u64::from(word >> 10 & 0xfff))),
                () if is(0x7fe0_0000, 0x5280_0000) => Some(u64::from(word >> 5 & 0xffff)),
                () if is(0x7fe0_ffe0, 0x2a00_03e0) => registers[register(16)],
                () => continue,
            };
        }
        registers
    }
}

/// The trampolines through which the framework calls callbacks: from the start of the first one to
/// one byte past the start of the last one. Empty if there are none.
pub(super) fn trampolines(image: &Image) -> Range<u64> {
    let addresses = || {
        image
            .symbols()
            .filter(|symbol| symbol.module.is_none())
            .filter(|symbol| symbol.name.starts_with("__SCT__lsm_static_call_"))
            .map(|symbol| symbol.address)
    };

    addresses()
        .min()
        .zip(addresses().max())
        .map_or(0..0, |(first, last)| first..last + 1)
}
