// SPDX-License-Identifier: GPL-2.0-only

//! What machine code says: whether a function decides about access, and from how many places
//! functions are called.
//!
//! Which bytes are branches is a matter of the architecture and stands in a file of its own,
//! [`x86`].

pub(crate) mod x86;

use super::{
    facts::Kernel,
    image::{
        self,
        is_padding,
        Cold,
        Image, //
    },
    return_type::Type,
    sort, //
};
use core::ops::{
    DerefMut,
    Range, //
};
use x86::{
    self as arch,
    Use, //
};

/// The most code of one function that is looked at, in bytes. The largest have half of that.
const MAX_BODY: usize = 128 << 10;
/// How much code is copied at a time, in bytes.
const CHUNK: usize = 256;

/// What shows that a function decides about access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// It calls what decides.
    Calls {
        /// Where the function between begins, if it does not call it itself.
        through: Option<usize>,
        /// Where what decides begins.
        decider: usize,
    },
    /// Its code cannot be read, or not all of it.
    Unknown,
}

/// Looks through the function that begins at `address`, and those that it calls, for a call of what
/// decides about access.
pub(super) fn evidence(image: &dyn Image, kernel: &Kernel<'_>, address: usize) -> Option<Evidence> {
    let direct = branches(image, address, &mut |target| {
        kernel.deciders.first_in(landing(image, target))
    });
    match direct {
        Ok(Some(decider)) => {
            return Some(Evidence::Calls {
                through: None,
                decider,
            })
        }
        Ok(None) => {}
        Err(Unreadable) => return Some(Evidence::Unknown),
    }

    let through = callees(image, address, &mut |callee| {
        if kernel.hubs.contains(callee) {
            return None;
        }
        // What cannot be read there is not the code of this function.
        branches(image, callee, &mut |target| {
            kernel.deciders.first_in(landing(image, target))
        })
        .ok()?
        .map(|decider| (callee, decider))
    });
    match through {
        Ok(found) => found.map(|(callee, decider)| Evidence::Calls {
            through: Some(callee),
            decider,
        }),
        Err(Unreadable) => Some(Evidence::Unknown),
    }
}

/// Calls `visit` with the beginning of each function that the one at `address` calls or jumps to,
/// until it returns something. It is called once for several calls in a row.
pub(crate) fn callees<T>(
    image: &dyn Image,
    address: usize,
    visit: &mut dyn FnMut(usize) -> Option<T>,
) -> Result<Option<T>, Unreadable> {
    let mut last = None;

    branches(image, address, &mut |target| {
        let callee = entry(image, target)?;

        if callee == address || last.replace(callee) == Some(callee) {
            return None;
        }
        visit(callee)
    })
}

/// Functions whose callers are looked for.
///
/// # Invariants
///
/// The addresses are sorted.
pub(crate) struct Called<S>(S);

impl<S: DerefMut<Target = [usize]>> Called<S> {
    /// Makes a set of functions.
    pub(crate) fn new(mut functions: S) -> Self {
        sort::by_key(&mut functions, |address| *address);
        // INVARIANT: Sorted just above.
        Self(functions)
    }

    /// Calls `visit` with the place of each branch in `bytes`, which lie at `at`, to one of the
    /// functions or to the `padding` in front of it, and with the function. A branch under a
    /// breakpoint counts, too. To find all in code that is looked at in pieces, these have to
    /// overlap by [`OVERLAP`] bytes.
    pub(crate) fn find(
        &self,
        bytes: &[u8],
        at: usize,
        padding: usize,
        visit: &mut dyn FnMut(usize, usize),
    ) {
        arch::find_calls(bytes, at, &self.0, padding, visit);
    }

    /// Whether any of the functions lies in `area`.
    pub(crate) fn has_any_in(&self, area: Range<usize>) -> bool {
        self.0.iter().any(|function| area.contains(function))
    }
}

/// How many bytes pieces of code have to overlap by.
pub(crate) const OVERLAP: usize = arch::WINDOW - 1;

/// Code that cannot be read.
pub(crate) struct Unreadable;

/// A part of the code, which is copied piece by piece.
struct Code<'a> {
    image: &'a dyn Image,
    part: &'a Range<usize>,
    /// Where the piece begins.
    start: usize,
    length: usize,
    piece: [u8; CHUNK],
}

impl<'a> Code<'a> {
    fn new(image: &'a dyn Image, part: &'a Range<usize>) -> Self {
        Self {
            image,
            part,
            start: 0,
            length: 0,
            piece: [0; CHUNK],
        }
    }

    /// The bytes at `at`, which is in the part: those of the longest instruction, or more, or what
    /// is left of the part.
    fn at(&mut self, at: usize) -> Result<&[u8], Unreadable> {
        let left = self.part.end - at;
        let is_copied = at
            .checked_sub(self.start)
            .is_some_and(|offset| offset + left.min(arch::LONGEST) <= self.length);

        if !is_copied {
            self.start = at;
            self.length = left.min(CHUNK);
            if !self.image.read(at, &mut self.piece[..self.length]) {
                return Err(Unreadable);
            }
        }
        Ok(&self.piece[at - self.start..self.length])
    }
}

/// Where a function may begin that a branch to `target` calls: at that place, a little before it,
/// or behind the padding that was branched to.
fn landing(image: &dyn Image, target: usize) -> core::ops::RangeInclusive<usize> {
    target.saturating_sub(arch::ENTRY)..=target.saturating_add(image.padding())
}

/// The function that a branch to `target` calls, if one begins there.
fn entry(image: &dyn Image, target: usize) -> Option<usize> {
    let symbol = image.extent(target)?;

    // Padding is a symbol of its own.
    if symbol.len() <= image.padding() && is_padding(image.name(symbol.start).as_str()) {
        return Some(symbol.end);
    }
    Some(symbol.start).filter(|start| target - start <= arch::ENTRY)
}

/// Whether the function at `address` can fail by itself: an error number, from -2 to -133, is moved
/// into a register somewhere in its code, of 64 bits if it returns a pointer. Comparisons return
/// -1, so that does not count.
pub(super) fn can_fail(image: &dyn Image, address: usize, returns: Type) -> bool {
    instructions(image, address, &mut |instruction, _| {
        let is_error = instruction.moved.is_some_and(|(number, is_wide)| {
            (-133..=-2).contains(&number) && (is_wide || returns != Type::Pointer)
        });

        is_error.then_some(())
    })
    .is_ok_and(|found| found.is_some())
}

/// Whether a branch begins at `place`, or one byte before it, in code that is decoded from the
/// beginning of its function. It does, if that code cannot be read.
pub(super) fn is_branch(image: &dyn Image, place: usize) -> bool {
    let Some(body) = image.extent(place) else {
        return true;
    };

    instructions(image, body.start, &mut |instruction, next| {
        let start = next - instruction.length;

        match place.checked_sub(start) {
            Some(0 | 1) if instruction.branch.is_some() => Some(true),
            Some(0) | None => Some(false),
            Some(_) => None,
        }
    })
    .map_or(true, |found| found.unwrap_or(false))
}

/// Whether the code behind the call at `place` takes notice of what was returned to it. It does, if
/// that cannot be told.
pub(super) fn heeds(image: &dyn Image, place: usize) -> bool {
    /// How many instructions are looked at.
    const STEPS: usize = 16;
    let Some(body) = image.extent(place) else {
        return true;
    };
    let mut code = Code::new(image, &body);
    let mut at = place;

    for step in 0..STEPS {
        let Ok(bytes) = code.at(at) else {
            return true;
        };
        let used = match step {
            0 if bytes[0] == arch::CALL => Use::None,
            // What is jumped to returns to the caller of the caller.
            0 => Use::Leaves,
            _ => arch::use_of_result(bytes),
        };
        let is_left = match used {
            Use::Reads => return true,
            Use::Overwrites => return false,
            Use::Leaves => true,
            Use::None => {
                let Some(instruction) = arch::decode(bytes) else {
                    return true;
                };

                at += instruction.length;
                match instruction.branch {
                    Some(distance) if step > 0 => at = at.wrapping_add_signed(distance as isize),
                    _ => {}
                }
                !body.contains(&at)
            }
        };
        if is_left {
            let mut is_void = false;

            if let Some(caller) = image::owner(image, place) {
                image.function(caller, &mut |it| {
                    is_void = it.prototype.returns == Type::Void
                });
            }
            return !is_void;
        }
    }
    true
}

/// Calls `visit` with the target of every branch that leaves the function at `address`, until it
/// returns something.
fn branches<T>(
    image: &dyn Image,
    address: usize,
    visit: &mut dyn FnMut(usize) -> Option<T>,
) -> Result<Option<T>, Unreadable> {
    let body = image.extent(address).ok_or(Unreadable)?;

    instructions(image, address, &mut |instruction, next| {
        instruction
            .branch
            .map(|branch| next.wrapping_add_signed(branch as isize))
            .filter(|target| !body.contains(target))
            .and_then(&mut *visit)
    })
}

/// Calls `visit` with every instruction of the function at `address` and the place behind it, until
/// it returns something.
fn instructions<T>(
    image: &dyn Image,
    address: usize,
    visit: &mut dyn FnMut(arch::Instruction, usize) -> Option<T>,
) -> Result<Option<T>, Unreadable> {
    let body = image.extent(address).ok_or(Unreadable)?;
    let cold = match image.cold_part(address) {
        Cold::None => 0..0,
        Cold::At(range) => range,
        Cold::Unknown => return Err(Unreadable),
    };

    for part in [&body, &cold] {
        let mut code = Code::new(image, part);
        let mut at = part.start;

        if part.len() > MAX_BODY {
            return Err(Unreadable);
        }
        while at < part.end {
            // What is no instruction is data, or is cut off by the end of the function.
            let Some(instruction) = arch::decode(code.at(at)?) else {
                at += 1;
                continue;
            };

            at += instruction.length;
            let found = visit(instruction, at);
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}
