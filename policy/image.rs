// SPDX-License-Identifier: GPL-2.0-only

//! A kernel as the policy sees it: the running one, or one in files.

use super::{
    code::Reader,
    facts::InModule,
    prototype::Prototype,
    Symbol, //
};
use core::ops::Range;

/// A kernel and its modules: their symbols, code and types.
pub(crate) trait Image {
    /// The range from the symbol that `address` belongs to, to the next one.
    fn extent(&self, address: usize) -> Option<Range<usize>>;

    /// The name of the symbol that `address` belongs to, or a question mark.
    fn name(&self, address: usize) -> Symbol;

    /// Calls `take` with what is known about the function at `address`, if it can be probed and its
    /// name is unique in the kernel or in its module.
    fn function(&self, address: usize, take: &mut dyn FnMut(Function<'_>));

    /// The cold part of the function at `address`, which the compiler moved because it rarely runs.
    fn cold_part(&self, address: usize) -> Cold;

    /// The function whose cold part is at `address`.
    fn hot_part(&self, address: usize) -> Option<usize>;

    /// Copies the code at `at`, with probes replaced by the original code. Returns false if it
    /// cannot be read; part of it may have been copied.
    fn read(&self, at: usize, buffer: &mut [u8]) -> bool;

    /// Calls `visit` with each call site of `functions`, and the function that it calls.
    fn callers(&self, functions: &[usize], visit: &mut dyn FnMut(usize, usize));

    /// The reader of its code.
    fn reader(&self) -> &'static dyn Reader;

    /// The size of the padding in front of functions, which calls may target instead.
    fn padding(&self) -> usize;
}

/// What is known about a function.
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
    /// It is here.
    At(Range<usize>),
    /// It cannot be distinguished from that of another function.
    Unknown,
}

/// The function that the code at `address` belongs to.
pub(crate) fn owner(image: &dyn Image, address: usize) -> Option<usize> {
    let start = image.extent(address)?.start;

    Some(image.hot_part(start).unwrap_or(start))
}

/// Whether a symbol of this name is padding in front of a function, as objtool or the compiler
/// name it.
pub(super) fn is_padding(symbol: &str) -> bool {
    symbol.starts_with("__pfx_") || symbol.starts_with("__cfi_")
}
