// SPDX-License-Identifier: GPL-2.0-only

//! Where functions begin: the places at which the compiler left room for tracers.
//!
//! C header: [`include/linux/ftrace.h`](srctree/include/linux/ftrace.h)

use kernel::bindings;

/// Whether a function that can be traced begins at `address`. Symbols that are no function begin
/// none: data, padding in front of functions, cold parts, labels. May be called from any context.
pub(crate) fn is_function(address: usize) -> bool {
    // SAFETY: Any address may be asked for.
    unsafe { bindings::ftrace_location(address) != 0 }
}
