// SPDX-License-Identifier: GPL-2.0-only

//! Where functions begin: the places at which the compiler left room for tracers.
//!
//! C header: [`include/linux/ftrace.h`](srctree/include/linux/ftrace.h)

use kernel::bindings;

/// The place for tracers in the function that begins at `address`, or 0 if no function that can be
/// traced begins there. Any context.
pub(crate) fn location(address: usize) -> usize {
    // SAFETY: Any address may be asked for.
    unsafe { bindings::ftrace_location(address) }
}

/// Whether a function that can be traced begins at `address`, and stays. Symbols that are no function
/// begin none: data, padding in front of functions, cold parts, labels. Any context.
pub(crate) fn is_function(address: usize) -> bool {
    // Gone after boot, and something else may come to lie there.
    let init = (&raw const bindings::_sinittext).addr()..(&raw const bindings::_einittext).addr();

    location(address) != 0 && !init.contains(&address)
}
