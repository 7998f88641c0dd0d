// SPDX-License-Identifier: GPL-2.0-only

//! What machine code says: whether a function decides about access, and from how many places
//! functions are called.
//!
//! Code is read as bytes. Which of them are branches is a matter of the architecture and stands in
//! a file of its own, [`x86`]. A byte that only looks like a branch does no harm: it would have to
//! land on the few bytes at which a function can be entered.

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

    // Code often calls the same function several times in a row.
    let mut last = None;
    let through = branches(code, address, &mut |target| {
        let callee = entry(code, target)?;
        if last == Some(callee) || callee == address || kernel.hubs.contains(callee) {
            return None;
        }
        last = Some(callee);
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
struct Unreadable;

/// Where a function may begin that a branch to `target` calls: at that place, a little before it,
/// or behind the padding that was branched to.
fn landing(code: &dyn Code, target: usize) -> core::ops::RangeInclusive<usize> {
    target.saturating_sub(arch::ENTRY)..=target.saturating_add(code.padding())
}

/// The function that a branch to `target` calls, if one begins there.
fn entry(code: &dyn Code, target: usize) -> Option<usize> {
    let symbol = code.extent(target)?;

    // Padding is a symbol of its own.
    if symbol.len() <= code.padding() {
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
        // What lies in front of the first branch is no part of it.
        let mut at = part.start.wrapping_sub(1);

        if part.len() > MAX_BODY {
            return Err(Unreadable);
        }
        while part.end.wrapping_sub(at) > OVERLAP && !part.is_empty() {
            let mut buffer = [0; CHUNK];
            let bytes = &mut buffer[..part.end.wrapping_sub(at).min(CHUNK)];
            let before = usize::from(!part.contains(&at));

            if !code.read(at.wrapping_add(before), &mut bytes[before..]) {
                return Err(Unreadable);
            }
            let found = arch::branches(bytes, at)
                .filter(|target| !body.contains(target))
                .find_map(&mut *visit);
            if found.is_some() {
                return Ok(found);
            }
            at = at.wrapping_add(bytes.len() - OVERLAP);
        }
    }
    Ok(None)
}
