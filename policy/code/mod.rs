// SPDX-License-Identifier: GPL-2.0-only

//! What machine code says: whether a function decides about access, and from how many places
//! functions are called.
//!
//! How instructions are encoded is a matter of the [`Architecture`], and each has a file of its
//! own. The kernel is compiled with its own one only, and the host programs with all.

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
    sort, //
};
use core::{
    marker::PhantomData,
    ops::{
        DerefMut,
        Range,
        RangeInclusive, //
    }, //
};

/// The most code of one function that is looked at, in bytes. The largest have half of that.
const MAX_BODY: usize = 128 << 10;
/// How much code is copied at a time, in bytes.
const CHUNK: usize = 256;

/// An architecture: how its instructions are encoded.
pub(crate) trait Architecture: Sized + 'static {
    /// The longest instruction, in bytes.
    const LONGEST: usize;
    /// What the addresses of instructions are multiples of.
    const ALIGNMENT: usize;
    /// How far behind its beginning a function is entered at most, in bytes.
    const ENTRY: usize;
    /// How many bytes pieces of code have to overlap by if branches are looked for in them.
    const OVERLAP: usize;
    /// How many arguments are passed in registers.
    const ARGUMENTS: u32;
    /// Whether a result lies where the first argument of the next call does.
    const RESULT_IS_ARGUMENT: bool;
    /// How many bytes have to be read to see where a [veneer](Self::behind_veneer) leads; 0 if
    /// there are none.
    const VENEER: usize = 0;
    /// How many bytes the longest probe replaces.
    const PROBE: usize;
    /// Whether a probe leaves nothing of a branch that it is put on.
    const PROBE_HIDES_BRANCH: bool;

    /// Decodes the instruction that `bytes` begin with. There is none if it is longer than they
    /// are, or no instruction at all.
    fn decode(bytes: &[u8]) -> Option<Instruction>;

    /// Whether `bytes` begin with a direct call.
    fn is_call(bytes: &[u8]) -> bool;

    /// What the instruction that `bytes` begin with does with a result. Of those that do not read
    /// it, this knows the usual ones.
    fn use_of_result(bytes: &[u8]) -> Use;

    /// Calls `visit` with the place of all that may be a branch in `bytes`, which lie at `at`, and
    /// leads to one of the `length` addresses behind `start` or to `start`; and with where that is.
    fn find_branches(
        bytes: &[u8],
        at: usize,
        start: usize,
        length: usize,
        visit: impl FnMut(usize, usize),
    );

    /// Where the veneer leads that `bytes`, which lie at `at`, begin with. The loader of modules
    /// puts such code in them for calls of what is too far away.
    fn behind_veneer(_bytes: &[u8], _at: usize) -> Option<usize> {
        None
    }

    /// Whether `bytes` may begin with what a probe has put in the place of an instruction.
    fn is_probe(bytes: &[u8]) -> bool;

    /// Whether `bytes`, with which a function begins that is probed there, send its calls to the
    /// probe.
    fn is_armed(bytes: &[u8]) -> bool;
}

/// An instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// How many bytes it has.
    pub(crate) length: usize,
    /// How far behind its end it goes on, if it is a direct call or jump.
    pub(crate) branch: Option<i32>,
    /// The number that it moves into a register, if that is all it does, and whether the register
    /// has 64 bits then.
    pub(crate) moved: Option<(i32, bool)>,
}

/// What an instruction does with the result of the function that was called before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Nothing.
    None,
    /// Overwrites it without a look.
    Overwrites,
    /// Returns with it.
    Returns,
    /// Reads it, or may read it.
    Reads,
}

/// What is asked of the code of an image, whatever architecture that is of.
pub(crate) trait Reader {
    /// Looks through the function that begins at `address`, and those that it calls, for a call of
    /// what decides about access.
    fn evidence(&self, image: &dyn Image, kernel: &Kernel<'_>, address: usize) -> Option<Evidence>;

    /// Whether the function at `address` can fail by itself: an error number, from -2 to -133, is
    /// moved into a register somewhere in its code, of 64 bits if it returns a pointer. Comparisons
    /// return -1, so that does not count.
    fn can_fail(&self, image: &dyn Image, address: usize, returns: Type) -> bool;

    /// Whether a branch begins at `place`, or one byte before it, in code that is decoded from the
    /// beginning of its function. It does, if that code cannot be read.
    fn is_branch(&self, image: &dyn Image, place: usize) -> bool;

    /// Whether the code behind the call at `place` takes notice of what was returned to it. It
    /// does, if that is not known.
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
        // What cannot be read there is not the code of this function.
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

/// Calls `visit` with the beginning of each function that the one at `address` calls or jumps to,
/// until it returns something. It is called once for several calls in a row.
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
    /// overlap by [`Architecture::OVERLAP`] bytes.
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

    /// Whether any of the functions lies in `area`.
    pub(crate) fn has_any_in(&self, area: Range<usize>) -> bool {
        self.0.iter().any(|function| area.contains(function))
    }
}

/// Visits those of `functions`, which are sorted, that a branch to `target` calls. Kept apart from
/// the loop that is gone through for each place.
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

/// A part of the code, which is copied piece by piece.
struct Code<'a, A> {
    architecture: PhantomData<A>,
    image: &'a dyn Image,
    part: &'a Range<usize>,
    /// Where the piece begins.
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

    /// The bytes at `at`, which is in the part: those of the longest instruction, or more, or what
    /// is left of the part.
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

/// Where a function may begin that a branch to `target` calls: at that place, a little before it,
/// or behind the padding that was branched to.
fn landing<A: Architecture>(image: &dyn Image, target: usize) -> RangeInclusive<usize> {
    target.saturating_sub(A::ENTRY)..=target.saturating_add(image.padding())
}

/// The function that a branch to `target` calls, if one begins there.
fn entry<A: Architecture>(image: &dyn Image, target: usize) -> Option<usize> {
    let symbol = image.extent(target)?;

    // Padding is a symbol of its own.
    if symbol.len() <= image.padding() && is_padding(image.name(symbol.start).as_str()) {
        return Some(symbol.end);
    }
    Some(symbol.start).filter(|start| target - start <= A::ENTRY)
}

fn can_fail<A: Architecture>(image: &dyn Image, address: usize, returns: Type) -> bool {
    instructions::<A, _>(image, address, &mut |instruction, _| {
        let is_error = instruction.moved.is_some_and(|(number, is_wide)| {
            (-133..=-2).contains(&number) && (is_wide || returns != Type::Pointer)
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
    /// How many instructions are looked at.
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
            // What was passed on may be returned again.
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

/// What becomes of a result.
enum Fate {
    /// It is taken notice of, or that is not known.
    Used,
    Ignored,
    /// The function is left with it.
    Returned,
    /// What begins here is called with it.
    Passed(usize),
}

/// What becomes of a result from `at` on, in the symbol `body`. The first of all `steps` is the
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
            // What is jumped to returns to the caller of the caller.
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

/// Where a branch to `target` leads in the end: behind a veneer, if one is there. What a symbol
/// stands for is none.
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

/// Calls `visit` with every instruction of the function at `address` and the place behind it, until
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
            // What is no instruction is data, or is cut off by the end of the function.
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
