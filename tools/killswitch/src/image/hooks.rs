// SPDX-License-Identifier: GPL-2.0-only

//! The callbacks of LSMs.
//!
//! An LSM has arrays of `struct security_hook_list`. Each begins with a pointer into
//! `static_calls_table` and one to the callback. Which LSM it belongs to is written into it when
//! the kernel boots and the LSM is enabled. In a kernel that did not run that is found in the code
//! which does so: the calls of `security_add_hooks()`, which take the array, its length, and the
//! LSM's `struct lsm_id`.

use super::{
    bytes::{u32_at, u64_at},
    error::Problem,
    symbols::Within,
    Image, Source,
};
use std::ops::Range;

/// A callback that an LSM has for the framework. If it is called depends on whether the LSM is
/// enabled when the kernel boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Where the callback begins.
    pub address: u64,
    /// The name of the LSM; `?` if it is not known.
    pub lsm: String,
    /// The name of the array that it is in, if that has one.
    pub array: Option<String>,
}

/// How `struct security_hook_list` is laid out, in bytes.
struct Layout {
    size: usize,
    /// Where the pointer into the table is.
    table: usize,
    /// Where the pointer to the callback is.
    callback: usize,
    /// Where the pointer to the LSM's `struct lsm_id` is.
    lsm: usize,
}

impl Layout {
    /// That of the kernel in `image`, which may be random.
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

/// Where the framework's table of callbacks is. There is none if the kernel has no LSMs, or does
/// not tell where its data is (`CONFIG_KALLSYMS_ALL`).
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

/// The most callbacks of all LSMs. A kernel of a distribution has less than a thousand.
const MAX_HOOKS: usize = 1 << 16;
/// The most calls that register callbacks.
const MAX_REGISTRATIONS: usize = 64;
/// The most code in front of such a call that prepares it, in bytes.
const MAX_CODE: usize = 4096;

/// All callbacks of LSMs, by where they are in memory: of a kernel that runs, of those that are
/// enabled.
pub(super) fn find(image: &Image) -> Result<Vec<Hook>, Problem> {
    /// What `struct lsm_static_call`s are a multiple of, in bytes.
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
        // Modules cannot have any.
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
                return Err("it has more LSM callbacks than any kernel can have".into());
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
    /// Whether the record of so many bytes at `address` is in the array.
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
        .take(MAX_REGISTRATIONS)
        .filter_map(|call| {
            Some(Registration {
                start: call.address_in(image, &TO_RDI)?,
                count: call.count()?,
                lsm: lsm(image, &call)?,
            })
        })
        .collect()
}

/// The name of the LSM for which `call` registers callbacks.
fn lsm(image: &Image, call: &Call<'_>) -> Option<String> {
    let id = call.address_in(image, &TO_RDX).or_else(|| {
        // Then it is what the function got as its first parameter.
        calls_of(image, call.function).find_map(|outer| outer.address_in(image, &TO_RDI))
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

/// The instructions that load an address into a register: as a number, and relative to the next
/// one.
struct Load {
    mov: [u8; 3],
    lea: [u8; 3],
}

const TO_RDI: Load = Load {
    mov: [0x48, 0xc7, 0xc7],
    lea: [0x48, 0x8d, 0x3d],
};
const TO_RDX: Load = Load {
    mov: [0x48, 0xc7, 0xc2],
    lea: [0x48, 0x8d, 0x15],
};

/// A call.
struct Call<'a> {
    /// Where the function begins that calls.
    function: u64,
    /// The code in front of the call, and where it is. It is of the function.
    code: &'a [u8],
    start: u64,
}

/// All calls in the kernel of the function at `address`, and jumps there.
fn calls_of(image: &Image, address: u64) -> impl Iterator<Item = Call<'_>> {
    /// The opcodes of a call and of a jump.
    const BRANCHES: [u8; 2] = [0xe8, 0xe9];

    let areas = image.areas().iter().filter(|area| area.module.is_none());

    areas.flat_map(move |area| {
        let code = image.memory.range(area.range.clone()).unwrap_or_default();

        code.windows(5).enumerate().filter_map(move |(at, branch)| {
            if !BRANCHES.contains(&branch[0]) {
                return None;
            }
            let place = area.range.start + at as u64;
            let distance = i64::from(u32_at(branch, 1)? as i32);

            if (place + 5).wrapping_add_signed(distance) != address {
                return None;
            }
            let function = image.extent(place)?.start.max(area.range.start);
            let start = (function - area.range.start) as usize;
            let start = start.max(at.saturating_sub(MAX_CODE));

            Some(Call {
                function,
                code: code.get(start..at)?,
                start: area.range.start + start as u64,
            })
        })
    })
}

impl Call<'_> {
    /// The address of data that was last loaded into a register.
    fn address_in(&self, image: &Image, load: &Load) -> Option<u64> {
        (0..self.code.len()).rev().find_map(|at| {
            let opcode: [u8; 3] = *self.code[at..].first_chunk()?;
            let number = i64::from(u32_at(self.code, at + 3)? as i32);
            let address = match opcode {
                _ if opcode == load.mov => number as u64,
                _ if opcode == load.lea => (self.start + at as u64 + 7).wrapping_add_signed(number),
                _ => return None,
            };

            image.memory.rest_at(address).map(|_| address)
        })
    }

    /// How many callbacks it registers: what was last loaded into %esi.
    fn count(&self) -> Option<u32> {
        const MOV_TO_ESI: u8 = 0xbe;
        /// More than any LSM has.
        const MAX: u32 = 4096;

        (0..self.code.len())
            .rev()
            .filter(|at| self.code[*at] == MOV_TO_ESI)
            .filter_map(|at| u32_at(self.code, at + 1))
            .find(|count| (1..=MAX).contains(count))
    }
}

/// Where the trampolines lie through which the framework calls callbacks: from the first one to one
/// behind the beginning of the last one. Empty if there are none.
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
