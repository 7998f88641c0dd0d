// SPDX-License-Identifier: GPL-2.0-only

//! Analysis of machine code: whether a function decides about access, can fail, and where functions
//! are called from.
//!
//! An [`Architecture`] decodes instructions; each has its own file. The kernel is only compiled
//! with its own, the host programs with all.

#[cfg(any(CONFIG_ARM64, not(CONFIG_SECURITY_KILLSWITCH)))]
pub(crate) mod arm64;
#[cfg(any(CONFIG_X86_64, not(CONFIG_SECURITY_KILLSWITCH)))]
pub(crate) mod x86;

#[cfg(CONFIG_ARM64)]
pub(crate) use arm64::Arm64 as Native;
#[cfg(CONFIG_X86_64)]
pub(crate) use x86::X86 as Native;

use super::{
    facts::Kernel,
    image::{
        self,
        is_padding,
        Cold,
        Image, //
    },
    return_type::Type,
    sort,
    value::ERRORS, //
};
use core::{
    marker::PhantomData,
    ops::{
        DerefMut,
        Range,
        RangeInclusive, //
    }, //
};

/// The most code of one function that is analyzed, in bytes. The largest ones have half of that.
const MAX_BODY: usize = 128 << 10;
/// The size of the pieces in which code is copied, in bytes.
const CHUNK: usize = 256;

/// An architecture and its instruction encoding.
pub(crate) trait Architecture: Sized + 'static {
    /// The longest instruction, in bytes.
    const LONGEST: usize;
    /// The alignment of instructions.
    const ALIGNMENT: usize;
    /// The largest offset at which a function is entered, in bytes.
    const ENTRY: usize;
    /// How many bytes pieces of code must overlap by in a search for branches.
    const OVERLAP: usize;
    /// The number of arguments that are passed in registers.
    const ARGUMENTS: u32;
    /// Whether results and first arguments use the same register.
    const RESULT_IS_ARGUMENT: bool;
    /// The size of a [veneer](Self::behind_veneer), in bytes; 0 if there are none.
    const VENEER: usize = 0;
    /// The size of the longest probe, in bytes.
    const PROBE: usize;
    /// Whether a probe overwrites all of a branch.
    const PROBE_HIDES_BRANCH: bool;

    /// Decodes the instruction at the start of `bytes`; `None` if it is truncated or invalid.
    fn decode(bytes: &[u8]) -> Option<Instruction>;

    /// Whether `bytes` begin with a direct call.
    fn is_call(bytes: &[u8]) -> bool;

    /// What the instruction at the start of `bytes` does with a result. Instructions that are not
    /// known count as reading it.
    fn use_of_result(bytes: &[u8]) -> Use;

    /// Calls `visit` with the address and the target of each possible branch in `bytes`, which are
    /// at `at`, whose target is from `start` to `start + length`.
    fn find_branches(
        bytes: &[u8],
        at: usize,
        start: usize,
        length: usize,
        visit: impl FnMut(usize, usize),
    );

    /// The target of the veneer at the start of `bytes`, which are at `at`. The module loader adds
    /// veneers to modules for calls that are out of range.
    fn behind_veneer(_bytes: &[u8], _at: usize) -> Option<usize> {
        None
    }

    /// Whether `bytes` may begin with a probe instead of the original instruction.
    fn is_probe(bytes: &[u8]) -> bool;

    /// Whether `bytes`, at the entry of a probed function, send calls to the probe.
    fn is_armed(bytes: &[u8]) -> bool;
}

/// An instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// Its length in bytes.
    pub(crate) length: usize,
    /// The offset of the target from its end, if it is a direct call or jump.
    pub(crate) branch: Option<i32>,
    /// The number that it moves into a register, if that is all it does, and whether it is a 64-bit
    /// move.
    pub(crate) moved: Option<(i32, bool)>,
}

/// What an instruction does with the result of the function that was called before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Nothing.
    None,
    /// Overwrites it without reading it.
    Overwrites,
    /// Returns it.
    Returns,
    /// Reads it, or may read it.
    Reads,
}

/// Analysis of the code of an image, for any architecture.
pub(crate) trait Reader {
    /// Searches the function at `address`, and those that it calls, for a call of a function that
    /// decides about access.
    fn evidence(&self, image: &dyn Image, kernel: &Kernel<'_>, address: usize) -> Option<Evidence>;

    /// Whether the function at `address` can return an error of its own: its code moves an error
    /// number, from -2 to -134, into a register, by a 64-bit move if it returns a pointer. -1 does
    /// not count, since comparisons return it.
    fn can_fail(&self, image: &dyn Image, address: usize, returns: Type) -> bool;

    /// Whether a branch begins at `place`, or one byte before it, when the code is decoded from the
    /// beginning of its function. True if the code cannot be read.
    fn is_branch(&self, image: &dyn Image, place: usize) -> bool;

    /// Whether the code after the call at `place` uses the result. True if that is unknown.
    fn uses_result(&self, image: &dyn Image, place: usize) -> bool;
}

impl<A: Architecture> Reader for A {
    fn evidence(&self, image: &dyn Image, kernel: &Kernel<'_>, address: usize) -> Option<Evidence> {
        evidence::<A>(image, kernel, address)
    }

    fn can_fail(&self, image: &dyn Image, address: usize, returns: Type) -> bool {
        can_fail::<A>(image, address, returns)
    }

    fn is_branch(&self, image: &dyn Image, place: usize) -> bool {
        is_branch::<A>(image, place)
    }

    fn uses_result(&self, image: &dyn Image, place: usize) -> bool {
        uses_result::<A>(image, place)
    }
}

/// Evidence that a function decides about access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// It calls a function that decides.
    Calls {
        /// The address of the function in between, if the call is not direct.
        through: Option<usize>,
        /// The address of the function that decides.
        decider: usize,
    },
    /// Its code cannot be read, or not all of it.
    Unknown,
}

fn evidence<A: Architecture>(
    image: &dyn Image,
    kernel: &Kernel<'_>,
    address: usize,
) -> Option<Evidence> {
    let direct = branches::<A, _>(image, address, &mut |target| {
        kernel.deciders.first_in(landing::<A>(image, target))
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

    let through = callees::<A, _>(image, address, &mut |callee| {
        if kernel.hubs.contains(callee) {
            return None;
        }
        // Unreadable code of a callee does not count.
        branches::<A, _>(image, callee, &mut |target| {
            kernel.deciders.first_in(landing::<A>(image, target))
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

/// Calls `visit` with the address of each function that the one at `address` calls or jumps to,
/// until it returns something. Consecutive calls of one function are visited once.
pub(crate) fn callees<A: Architecture, T>(
    image: &dyn Image,
    address: usize,
    visit: &mut dyn FnMut(usize) -> Option<T>,
) -> Result<Option<T>, Unreadable> {
    let mut last = None;

    branches::<A, _>(image, address, &mut |target| {
        let callee = entry::<A>(image, target)?;

        if callee == address || last.replace(callee) == Some(callee) {
            return None;
        }
        visit(callee)
    })
}

/// Functions whose callers are searched.
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

    /// Calls `visit` with the address of each branch in `bytes`, which are at `at`, to one of the
    /// functions or to the `padding` in front of it, and with the function. A branch under a
    /// breakpoint counts, too. If code is searched in pieces, they must overlap by
    /// [`Architecture::OVERLAP`] bytes.
    pub(crate) fn find<A: Architecture>(
        &self,
        bytes: &[u8],
        at: usize,
        padding: usize,
        visit: &mut dyn FnMut(usize, usize),
    ) {
        let ([first, ..], [.., last]) = (&*self.0, &*self.0) else {
            return;
        };
        let start = first.saturating_sub(padding);
        let length = last.saturating_add(A::ENTRY) - start;

        A::find_branches(bytes, at, start, length, |place, target| {
            found_call::<A>(place, target, &self.0, padding, visit);
        });
    }

    /// Whether one of the functions begins at `address`.
    pub(crate) fn contains(&self, address: usize) -> bool {
        self.0.binary_search(&address).is_ok()
    }

    /// Whether any of the functions is in `area`.
    pub(crate) fn has_any_in(&self, area: Range<usize>) -> bool {
        self.0.iter().any(|function| area.contains(function))
    }
}

/// Visits those of `functions`, which are sorted, that a branch to `target` calls. Separate from
/// the hot loop over all addresses.
#[cold]
#[inline(never)]
fn found_call<A: Architecture>(
    place: usize,
    target: usize,
    functions: &[usize],
    padding: usize,
    visit: &mut dyn FnMut(usize, usize),
) {
    let from = functions.partition_point(|function| target.saturating_sub(A::ENTRY) > *function);

    let mut last = None;

    for function in &functions[from..] {
        if function.saturating_sub(padding) > target {
            break;
        }
        if last.replace(function) != Some(function) {
            visit(place, *function);
        }
    }
}

/// Code that cannot be read.
pub(crate) struct Unreadable;

/// A part of the code, which is copied in pieces.
struct Code<'a, A> {
    architecture: PhantomData<A>,
    image: &'a dyn Image,
    part: &'a Range<usize>,
    /// The address of the piece.
    start: usize,
    length: usize,
    piece: [u8; CHUNK],
}

impl<'a, A: Architecture> Code<'a, A> {
    fn new(image: &'a dyn Image, part: &'a Range<usize>) -> Self {
        Self {
            architecture: PhantomData,
            image,
            part,
            start: 0,
            length: 0,
            piece: [0; CHUNK],
        }
    }

    /// The bytes at `at`, which is in the part: at least as many as the longest instruction, or the
    /// rest of the part.
    fn at(&mut self, at: usize) -> Result<&[u8], Unreadable> {
        let left = self.part.end - at;
        let is_copied = at
            .checked_sub(self.start)
            .is_some_and(|offset| offset + left.min(A::LONGEST) <= self.length);

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

/// The addresses of functions that a branch to `target` can call: the target itself, a little
/// before it, or after the padding that the branch targets.
fn landing<A: Architecture>(image: &dyn Image, target: usize) -> RangeInclusive<usize> {
    target.saturating_sub(A::ENTRY)..=target.saturating_add(image.padding())
}

/// The function that a branch to `target` calls, if there is one.
fn entry<A: Architecture>(image: &dyn Image, target: usize) -> Option<usize> {
    let symbol = image.extent(target)?;

    // Padding has its own symbol.
    if symbol.len() <= image.padding() && is_padding(image.name(symbol.start).as_str()) {
        return Some(symbol.end);
    }
    Some(symbol.start).filter(|start| target - start <= A::ENTRY)
}

fn can_fail<A: Architecture>(image: &dyn Image, address: usize, returns: Type) -> bool {
    instructions::<A, _>(image, address, &mut |instruction, _| {
        let is_error = instruction.moved.is_some_and(|(number, is_wide)| {
            number != -1 && ERRORS.contains(&number.into()) && (is_wide || returns != Type::Pointer)
        });

        is_error.then_some(())
    })
    .is_ok_and(|found| found.is_some())
}

fn is_branch<A: Architecture>(image: &dyn Image, place: usize) -> bool {
    let Some(body) = image.extent(place) else {
        return true;
    };

    instructions::<A, _>(image, body.start, &mut |instruction, next| {
        let start = next - instruction.length;

        match place.checked_sub(start) {
            Some(0 | 1) if instruction.branch.is_some() => Some(true),
            Some(0) | None => Some(false),
            Some(_) => None,
        }
    })
    .map_or(true, |found| found.unwrap_or(false))
}

fn uses_result<A: Architecture>(image: &dyn Image, place: usize) -> bool {
    /// The number of instructions that are followed.
    const STEPS: usize = 16;
    let mut steps = 0..STEPS;
    let mut at = place;

    loop {
        let Some(body) = image.extent(at) else {
            return true;
        };

        match fate::<A>(image, &body, at, &mut steps) {
            Fate::Used => return true,
            Fate::Ignored => return false,
            Fate::Passed(target) => at = destination::<A>(image, target),
            // A function that gets the result may return it.
            Fate::Returned if !body.contains(&place) => return true,
            Fate::Returned => break,
        }
    }
    let mut is_void = false;

    if let Some(caller) = image::owner(image, place) {
        image.function(caller, &mut |it| {
            is_void = it.prototype.returns == Type::Void
        });
    }
    !is_void
}

/// What happens to a result.
enum Fate {
    /// It is used, or that is unknown.
    Used,
    Ignored,
    /// The function returns it.
    Returned,
    /// The function at this address is called with it.
    Passed(usize),
}

/// What happens to a result from `at` on, in the symbol `body`. The first of all `steps` is the
/// call.
fn fate<A: Architecture>(
    image: &dyn Image,
    body: &Range<usize>,
    at: usize,
    steps: &mut Range<usize>,
) -> Fate {
    let mut code = Code::<A>::new(image, body);
    let mut at = at;

    for step in steps {
        let Ok(bytes) = code.at(at) else {
            return Fate::Used;
        };
        let used = match step {
            0 if A::is_call(bytes) => Use::None,
            // A tail call returns to the caller of the caller.
            0 => Use::Returns,
            _ => A::use_of_result(bytes),
        };
        match used {
            Use::Reads => return Fate::Used,
            Use::Overwrites => return Fate::Ignored,
            Use::Returns => return Fate::Returned,
            Use::None => {}
        }
        let Some(instruction) = A::decode(bytes) else {
            return Fate::Used;
        };

        at += instruction.length;
        match instruction.branch {
            Some(distance) if step > 0 => at = at.wrapping_add_signed(distance as isize),
            _ => {}
        }
        if !body.contains(&at) {
            return match instruction.branch {
                Some(_) if A::RESULT_IS_ARGUMENT => Fate::Passed(at),
                _ => Fate::Returned,
            };
        }
    }
    Fate::Used
}

/// Calls `visit` with the target of every branch that leaves the function at `address`, until it
/// returns something.
fn branches<A: Architecture, T>(
    image: &dyn Image,
    address: usize,
    visit: &mut dyn FnMut(usize) -> Option<T>,
) -> Result<Option<T>, Unreadable> {
    let body = image.extent(address).ok_or(Unreadable)?;

    instructions::<A, _>(image, address, &mut |instruction, next| {
        instruction
            .branch
            .map(|branch| next.wrapping_add_signed(branch as isize))
            .filter(|target| !body.contains(target))
            .map(|target| destination::<A>(image, target))
            .and_then(&mut *visit)
    })
}

/// The final target of a branch to `target`, which may be a veneer. Veneers have no symbols.
fn destination<A: Architecture>(image: &dyn Image, target: usize) -> usize {
    /// The longest veneer, in bytes.
    const MAX: usize = 16;
    let mut bytes = [0; MAX];
    let bytes = &mut bytes[..A::VENEER];
    let is_symbol = || image.extent(target).is_none_or(|it| it.start == target);

    if bytes.is_empty() || is_symbol() || !image.read(target, bytes) {
        return target;
    }
    A::behind_veneer(bytes, target).unwrap_or(target)
}

/// Calls `visit` with each instruction of the function at `address` and the address after it, until
/// it returns something.
fn instructions<A: Architecture, T>(
    image: &dyn Image,
    address: usize,
    visit: &mut dyn FnMut(Instruction, usize) -> Option<T>,
) -> Result<Option<T>, Unreadable> {
    let body = image.extent(address).ok_or(Unreadable)?;
    let cold = match image.cold_part(address) {
        Cold::None => 0..0,
        Cold::At(range) => range,
        Cold::Unknown => return Err(Unreadable),
    };

    for part in [&body, &cold] {
        let mut code = Code::<A>::new(image, part);
        let mut at = part.start;

        if part.len() > MAX_BODY {
            return Err(Unreadable);
        }
        while at < part.end {
            // Not an instruction: data, or truncated by the end of the function.
            let Some(instruction) = A::decode(code.at(at)?) else {
                at += A::ALIGNMENT;
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
