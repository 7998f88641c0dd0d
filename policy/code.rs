// SPDX-License-Identifier: GPL-2.0-only

//! What machine code says: whether a function decides about access, and from how many places
//! functions are called.
//!
//! Which bytes are branches is a matter of the architecture and stands in a file of its own,
//! [`x86`].

pub(crate) mod x86;

use super::{
    facts::Kernel,
    sort, //
};
use core::ops::{
    DerefMut,
    Range, //
};
use x86 as arch;

/// The most code of one function that is looked at, in bytes. The largest have half of that.
const MAX_BODY: usize = 128 << 10;
/// How much code is copied at a time, in bytes.
const CHUNK: usize = 512;

/// The machine code of the kernel and its modules.
pub(crate) trait Code {
    /// Where the function that `address` is in begins and ends.
    fn extent(&self, address: usize) -> Option<Range<usize>>;

    /// Where the part of the function that begins at `address` is that its compiler moved out of
    /// the way, because it rarely runs.
    fn cold_part(&self, address: usize) -> Cold;

    /// Copies the code at `at`, without the breakpoints of probes. Returns false, and may have
    /// copied part of it, if it cannot be read.
    fn read(&self, at: usize, buffer: &mut [u8]) -> bool;

    /// From how many places in the kernel and its modules the most called of the functions at
    /// `addresses` is called.
    fn callers(&self, addresses: &[usize]) -> usize;

    /// How many bytes in front of a function belong to it, and may be entered instead of it.
    fn padding(&self) -> usize;

    /// Whether the symbol that begins at `address` is such padding, and not a function that is as
    /// short.
    fn is_padding(&self, address: usize) -> bool;
}

/// What is known about a function's cold part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cold {
    /// It has none.
    None,
    /// It lies here.
    At(Range<usize>),
    /// It cannot be told from that of another function.
    Unknown,
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

/// Looks through the function that begins at `address`, and those that it calls, for a call of what
/// decides about access.
pub(super) fn evidence(code: &dyn Code, kernel: &Kernel<'_>, address: usize) -> Option<Evidence> {
    let direct = branches(code, address, &mut |target| {
        kernel.deciders.first_in(landing(code, target))
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

    let through = callees(code, address, &mut |callee| {
        if kernel.hubs.contains(callee) {
            return None;
        }
        // What cannot be read there is not the code of this function.
        branches(code, callee, &mut |target| {
            kernel.deciders.first_in(landing(code, target))
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
    code: &dyn Code,
    address: usize,
    visit: &mut dyn FnMut(usize) -> Option<T>,
) -> Result<Option<T>, Unreadable> {
    let mut last = None;

    branches(code, address, &mut |target| {
        let callee = entry(code, target)?;

        if callee == address || last.replace(callee) == Some(callee) {
            return None;
        }
        visit(callee)
    })
}

/// Functions, and from how many places each of them is called.
///
/// # Invariants
///
/// The elements, an address and a count, are sorted by address.
pub(crate) struct Census<S>(S);

impl<S: DerefMut<Target = [(usize, usize)]>> Census<S> {
    /// Makes one of functions, each with the count to begin with.
    pub(crate) fn new(mut functions: S) -> Self {
        sort::by_key(&mut functions, |(address, _)| *address);
        // INVARIANT: Sorted just above.
        Self(functions)
    }

    /// Counts the branches in `bytes`, which lie at `at`, to each of the functions or to the
    /// `padding` in front of it. A branch under a breakpoint counts, too. To find all in code that
    /// is looked at in pieces, these have to overlap by [`OVERLAP`] bytes.
    pub(crate) fn count(&mut self, bytes: &[u8], at: usize, padding: usize) {
        arch::count_calls(bytes, at, &mut self.0, padding);
    }

    /// Whether any of the functions lies in `area`.
    pub(crate) fn has_any_in(&self, area: Range<usize>) -> bool {
        self.0.iter().any(|(function, _)| area.contains(function))
    }

    /// How often the most counted of the functions at `addresses` was, as far as they are among
    /// them.
    pub(crate) fn of(&self, addresses: &[usize]) -> usize {
        self.0
            .iter()
            .filter(|(function, _)| addresses.contains(function))
            .map(|(_, count)| *count)
            .max()
            .unwrap_or(0)
    }
}

/// How many bytes pieces of code have to overlap by.
pub(crate) const OVERLAP: usize = arch::WINDOW - 1;

/// Code that cannot be read.
pub(crate) struct Unreadable;

/// Where a function may begin that a branch to `target` calls: at that place, a little before it,
/// or behind the padding that was branched to.
fn landing(code: &dyn Code, target: usize) -> core::ops::RangeInclusive<usize> {
    target.saturating_sub(arch::ENTRY)..=target.saturating_add(code.padding())
}

/// The function that a branch to `target` calls, if one begins there.
fn entry(code: &dyn Code, target: usize) -> Option<usize> {
    let symbol = code.extent(target)?;

    // Padding is a symbol of its own.
    if symbol.len() <= code.padding() && code.is_padding(symbol.start) {
        return Some(symbol.end);
    }
    Some(symbol.start).filter(|start| target - start <= arch::ENTRY)
}

/// Calls `visit` with the target of every branch that leaves the function at `address`, until it
/// returns something.
fn branches<T>(
    code: &dyn Code,
    address: usize,
    visit: &mut dyn FnMut(usize) -> Option<T>,
) -> Result<Option<T>, Unreadable> {
    let body = code.extent(address).ok_or(Unreadable)?;
    let cold = match code.cold_part(address) {
        Cold::None => 0..0,
        Cold::At(range) => range,
        Cold::Unknown => return Err(Unreadable),
    };

    for part in [&body, &cold] {
        let mut at = part.start;

        if part.len() > MAX_BODY {
            return Err(Unreadable);
        }
        while at < part.end {
            let mut buffer = [0; CHUNK];
            let bytes = &mut buffer[..(part.end - at).min(CHUNK)];
            // An instruction that the buffer cuts off is read again.
            let last = match at + bytes.len() == part.end {
                true => bytes.len(),
                false => bytes.len() - arch::LONGEST,
            };
            let mut next = 0;

            if !code.read(at, bytes) {
                return Err(Unreadable);
            }
            while next < last {
                // What is no instruction is data, or has been cut off by the end of the function.
                let Some(instruction) = arch::decode(&bytes[next..]) else {
                    next += 1;
                    continue;
                };

                next += instruction.length;
                let found = instruction
                    .branch
                    .map(|branch| (at + next).wrapping_add_signed(branch as isize))
                    .filter(|target| !body.contains(target))
                    .and_then(&mut *visit);
                if found.is_some() {
                    return Ok(found);
                }
            }
            at += next;
        }
    }
    Ok(None)
}
