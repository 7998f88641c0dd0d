// SPDX-License-Identifier: GPL-2.0-only

//! The entry of a function: an address at which the return address is where its caller has put it.
//!
//! C headers: [`include/linux/ftrace.h`](srctree/include/linux/ftrace.h),
//! [`include/linux/kernel.h`](srctree/include/linux/kernel.h)

use super::{
    btf,
    kallsyms,
    module::Loaded, //
};
use crate::policy::Prototype;
use kernel::{
    bindings,
    prelude::*, //
};

/// The beginning of a function, whose module does not go as long as this exists.
///
/// # Invariants
///
/// A function begins at the address: one of the kernel itself, which stays, or one of the module
/// that `_module` keeps, which stays as long as that does.
#[derive(Clone)]
pub(crate) struct Entry<'m> {
    address: usize,
    _module: Option<Loaded<'m>>,
}

impl<'m> Entry<'m> {
    /// Checks that the function called `symbol` begins at `address`, in `module` or in the kernel
    /// itself: that the compiler left room for tracers there, or else that type information knows a
    /// function of the name that the address has. Symbols that are no functions begin none:
    /// data, padding in front of functions, cold parts, labels. May sleep.
    pub(crate) fn of(
        module: Option<&Loaded<'m>>,
        address: usize,
        symbol: &CStr,
    ) -> Option<Entry<'m>> {
        let init =
            (&raw const bindings::_sinittext).addr()..(&raw const bindings::_einittext).addr();
        // What is in init memory is gone later, and something else may come to lie there.
        let stays = match module {
            Some(module) => module.contains(address) && !module.has_in_init(address),
            None => kallsyms::is_kernel_text(address) && !init.contains(&address),
        };
        let is_known = || {
            // SAFETY: Any address may be asked for.
            let is_text = unsafe { bindings::kernel_text_address(address) } != 0;
            let is_named = || {
                kallsyms::addresses_in_same(address, symbol)
                    .is_ok_and(|addresses| addresses.contains(&address))
            };

            is_text && btf::prototype(module, symbol) != Prototype::UNKNOWN && is_named()
        };

        if !stays || (site(address).is_none() && !is_known()) {
            return None;
        }
        // INVARIANT: Checked just above.
        Some(Self {
            address,
            _module: module.cloned(),
        })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> usize {
        self.address
    }

    /// Where the compiler left room for tracers there, if it did. Any context.
    pub(super) fn site(&self) -> Option<usize> {
        site(self.address)
    }

    /// Whether a probe there stands on ftrace. Any context.
    pub(super) fn is_on_ftrace(&self) -> bool {
        cfg!(CONFIG_KPROBES_ON_FTRACE) && self.site().is_some()
    }
}

/// The place for tracers at the entry of the function that begins at `address`, if it has one
/// there, and not only further on in the same symbol, where `ftrace_location()` finds one, too. Any
/// context.
fn site(address: usize) -> Option<usize> {
    // SAFETY: Any address may be asked for.
    let site = unsafe { bindings::ftrace_location(address) };

    // SAFETY: The symbol begins here, and has a place for tracers, so that it can be read.
    (site != 0 && unsafe { bindings::killswitch_is_at_entry(site, address) }).then_some(site)
}
