// SPDX-License-Identifier: GPL-2.0-only

//! The entry of a function: an address where the return address is still where the caller put it.
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

/// The entry of a function. Its module is not unloaded as long as this exists.
///
/// # Invariants
///
/// A function begins at the address: in the kernel itself, outside of init memory, or in the module
/// to which `_module` is a reference.
#[derive(Clone)]
pub(crate) struct Entry<'m> {
    address: usize,
    _module: Option<Loaded<'m>>,
}

impl<'m> Entry<'m> {
    /// Checks that the function `symbol` begins at `address`, in `module` or in the kernel itself:
    /// either the compiler left room for ftrace there, or type information has a function of that
    /// name. Other symbols do not pass: data, padding in front of functions, cold parts, labels.
    /// May sleep.
    pub(crate) fn of(
        module: Option<&Loaded<'m>>,
        address: usize,
        symbol: &CStr,
    ) -> Option<Entry<'m>> {
        let init =
            (&raw const bindings::_sinittext).addr()..(&raw const bindings::_einittext).addr();
        // Init memory is freed and reused.
        let stays = match module {
            Some(module) => module.contains(address) && !module.has_in_init(address),
            None => kallsyms::is_kernel_text(address) && !init.contains(&address),
        };
        let is_known = || {
            // SAFETY: Any address may be passed.
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

    /// The address of the function.
    pub(crate) fn address(&self) -> usize {
        self.address
    }

    /// The ftrace location there, if there is one. Any context.
    pub(super) fn site(&self) -> Option<usize> {
        site(self.address)
    }

    /// Whether a probe there uses ftrace. Any context.
    pub(super) fn is_on_ftrace(&self) -> bool {
        cfg!(CONFIG_KPROBES_ON_FTRACE) && self.site().is_some()
    }
}

/// The ftrace location at the entry of the function at `address`, if there is one.
/// `ftrace_location()` also finds one further on in the same symbol, which does not count. Any
/// context.
fn site(address: usize) -> Option<usize> {
    // SAFETY: Any address may be passed.
    let site = unsafe { bindings::ftrace_location(address) };

    // SAFETY: The symbol begins here and has an ftrace location, so it can be read.
    (site != 0 && unsafe { bindings::killswitch_is_at_entry(site, address) }).then_some(site)
}
