// SPDX-License-Identifier: GPL-2.0-only

//! Where functions begin, so that the return address is on top of the stack.
//!
//! C headers: [`include/linux/ftrace.h`](srctree/include/linux/ftrace.h),
//! [`include/linux/kernel.h`](srctree/include/linux/kernel.h)

use super::{
    btf,
    kallsyms,
    module::Loaded, //
};
use crate::policy::Type;
use kernel::{
    bindings,
    prelude::*, //
};

/// The beginning of a function that stays as long as its module does.
///
/// # Invariants
///
/// A function begins at the address.
#[derive(Clone, Copy)]
pub(crate) struct Entry(usize);

impl Entry {
    /// Makes sure that the function called `symbol` begins at `address`: that the compiler left
    /// room for tracers there, or else that type information knows a function of the name that the
    /// address has. Symbols that are no functions begin none: data, padding in front of functions,
    /// cold parts, labels. May sleep.
    pub(crate) fn of(module: Option<&Loaded>, address: usize, symbol: &CStr) -> Option<Self> {
        // Gone after boot, and something else may come to lie there.
        let init =
            (&raw const bindings::_sinittext).addr()..(&raw const bindings::_einittext).addr();
        let is_freed =
            init.contains(&address) || module.is_some_and(|module| module.has_in_init(address));
        let is_known = || {
            // SAFETY: Any address may be asked for.
            let is_text = unsafe { bindings::kernel_text_address(address) } != 0;
            let is_named = || {
                kallsyms::addresses_in_same(address, symbol)
                    .is_ok_and(|addresses| addresses.contains(&address))
            };

            is_text && btf::returned(module, symbol) != Type::Unknown && is_named()
        };

        if is_freed || !(has_site(address) || is_known()) {
            return None;
        }
        // INVARIANT: Checked just above.
        Some(Self(address))
    }

    /// Where it is.
    pub(crate) fn address(self) -> usize {
        self.0
    }
}

/// Whether the function that begins at `address` has a place for tracers. Any context.
fn has_site(address: usize) -> bool {
    // SAFETY: Any address may be asked for.
    unsafe { bindings::ftrace_location(address) != 0 }
}
