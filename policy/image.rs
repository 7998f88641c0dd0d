// SPDX-License-Identifier: GPL-2.0-only

//! A kernel, as the policy sees it: the one that runs, or one in files.

use super::{
    code::Reader,
    facts::InModule,
    prototype::Prototype,
    Symbol, //
};
use core::ops::Range;

/// A kernel and its modules: their symbols, code and types.
pub(crate) trait Image {
    /// Where the symbol that `address` belongs to begins, and where the next one does.
    fn extent(&self, address: usize) -> Option<Range<usize>>;

    /// The name of the symbol that `address` belongs to, or a question mark.
    fn name(&self, address: usize) -> Symbol;

    /// Calls `take` with what is known of the function that begins at `address`, if one does that
    /// can be probed, and no other function of the kernel itself, or of its module, has its name.
    fn function(&self, address: usize, take: &mut dyn FnMut(Function<'_>));

    /// Where the part of the function that begins at `address` is that its compiler moved out of
    /// the way, because it rarely runs.
    fn cold_part(&self, address: usize) -> Cold;

    /// The function whose cold part begins at `address`.
    fn hot_part(&self, address: usize) -> Option<usize>;

    /// Copies the code at `at`, without the breakpoints of probes. Returns false, and may have
    /// copied part of it, if it cannot be read.
    fn read(&self, at: usize, buffer: &mut [u8]) -> bool;

    /// Calls `visit` with each place that calls one of `functions`, and with that function.
    fn callers(&self, functions: &[usize], visit: &mut dyn FnMut(usize, usize));

    /// What reads its code.
    fn reader(&self) -> &'static dyn Reader;

    /// How many bytes in front of a function belong to it, and may be entered instead of it.
    fn padding(&self) -> usize;
}

/// What is known of a function.
#[derive(Clone, Copy)]
pub(crate) struct Function<'a> {
    /// The module that it is in, if it is in one.
    pub(crate) module: Option<InModule<'a>>,
    /// What its prototype says.
    pub(crate) prototype: Prototype,
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

/// The function that the code at `address` belongs to.
pub(crate) fn owner(image: &dyn Image, address: usize) -> Option<usize> {
    let start = image.extent(address)?.start;

    Some(image.hot_part(start).unwrap_or(start))
}

/// Whether a symbol of this name is padding in front of a function, as objtool and the compiler
/// name it.
pub(super) fn is_padding(symbol: &str) -> bool {
    symbol.starts_with("__pfx_") || symbol.starts_with("__cfi_")
}
