// SPDX-License-Identifier: GPL-2.0-only

//! Branches in x86-64 code.
//!
//! Every byte that could begin a direct call or jump is taken for one. That finds what a decoder of
//! instructions finds, and cannot get out of step.

/// How many bytes tell whether there is a branch: the longest, or a shorter one and a byte
/// before it.
pub(super) const WINDOW: usize = 6;

/// How far behind its beginning a function is entered at most: direct calls may skip ENDBR64.
pub(crate) const ENTRY: usize = 4;

/// `call rel32`.
pub(crate) const CALL: u8 = 0xe8;
/// `jmp rel32`.
const JUMP: u8 = 0xe9;
/// The first byte of `jcc rel32`; the second is 0x80 to 0x8f.
const TWO_BYTES: u8 = 0x0f;
/// `int3`, which a probe puts in place of an instruction's first byte.
pub(crate) const BREAKPOINT: u8 = 0xcc;

/// The targets of the branches in `bytes`, which lie at `at`: of all but those that begin with the
/// first byte.
pub(super) fn branches(bytes: &[u8], at: usize) -> impl Iterator<Item = usize> + '_ {
    bytes
        .windows(WINDOW)
        .enumerate()
        .filter_map(move |(index, window)| {
            let is_branch = match [window[0], window[1]] {
                [_, CALL | JUMP] => true,
                [TWO_BYTES, second] => second & 0xf0 == 0x80,
                _ => false,
            };
            is_branch.then(|| target(at.wrapping_add(index), window))
        })
}

/// Adds to the count of each of `functions`, which are sorted by their addresses, how many branches
/// in `bytes`, which lie at `at`, go to it or to the `padding` in front of it.
pub(super) fn count_calls(
    bytes: &[u8],
    at: usize,
    functions: &mut [(usize, usize)],
    padding: usize,
) {
    let ([(first, _), ..], [.., (last, _)]) = (&*functions, &*functions) else {
        return;
    };
    let start = first.saturating_sub(padding);
    let length = last.saturating_add(ENTRY) - start;

    // The target is looked at first: of all bytes, few make up one that is in reach. A processor
    // guesses that right, and which bytes begin a branch it does not.
    for (index, window) in bytes.windows(WINDOW).enumerate() {
        let target = target(at.wrapping_add(index), window);

        if target.wrapping_sub(start) <= length && is_branch(window) {
            count_call(target, functions, padding);
        }
    }
}

/// Whether `window` holds a branch, also one with a breakpoint in the place of its first byte.
fn is_branch(window: &[u8]) -> bool {
    match [window[0], window[1]] {
        [_, CALL | JUMP | BREAKPOINT] => true,
        [TWO_BYTES | BREAKPOINT, second] => second & 0xf0 == 0x80,
        _ => false,
    }
}

/// Counts a branch to `target`. Kept apart from the loop that is gone through for each byte.
#[cold]
#[inline(never)]
fn count_call(target: usize, functions: &mut [(usize, usize)], padding: usize) {
    let from = functions.partition_point(|(function, _)| target.saturating_sub(ENTRY) > *function);

    functions[from..]
        .iter_mut()
        .take_while(|(function, _)| function.saturating_sub(padding) <= target)
        .for_each(|(_, count)| *count += 1);
}

/// Where the displacement at the end of `window`, which lies at `at`, leads.
fn target(at: usize, window: &[u8]) -> usize {
    let displacement = [window[2], window[3], window[4], window[5]];

    at.wrapping_add(WINDOW)
        .wrapping_add_signed(i32::from_le_bytes(displacement) as isize)
}
