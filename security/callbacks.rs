// SPDX-License-Identifier: GPL-2.0-only

//! The LSM framework's table of registered callbacks.
//!
//! C header: [`include/linux/lsm_hooks.h`](srctree/include/linux/lsm_hooks.h)

use crate::policy::Tagged;
use core::{
    mem::size_of,
    ops::Range, //
};
use kernel::{
    bindings,
    prelude::*,
    str::CStrExt, //
};

/// The framework's static calls.
pub(crate) struct Calls {
    /// The callbacks of all LSMs, with the names of the LSMs, in the order of the table.
    pub(crate) hooks: KVec<Tagged<&'static str>>,
    /// The address range of the trampolines through which the framework calls them.
    pub(crate) trampolines: Range<usize>,
}

/// Reads the framework's table of callbacks, which is constant once all LSMs have been
/// initialized. May sleep. Fails with ENOMEM only.
pub(crate) fn registered_calls() -> Result<Calls> {
    const CALLS: usize =
        size_of::<bindings::lsm_static_calls_table>() / size_of::<bindings::lsm_static_call>();

    let table = (&raw const bindings::static_calls_table).cast::<bindings::lsm_static_call>();
    let mut hooks = KVec::new();
    let (mut first, mut end) = (usize::MAX, 0);

    for index in 0..CALLS {
        // SAFETY: The table has exactly `CALLS` elements; it is packed, so they may be unaligned.
        // It is read-only after init.
        let call = unsafe { table.add(index).read_unaligned() };
        let trampoline = call.trampoline.addr();
        let list = call.hl;

        if trampoline != 0 {
            first = first.min(trampoline);
            end = end.max(trampoline + 1);
        }
        if list.is_null() {
            continue;
        }
        // SAFETY: Registered hooks live forever and are constant.
        let (address, id) = unsafe { ((*list).hook.lsm_func_addr as usize, (*list).lsmid) };
        // SAFETY: As above; the names of LSMs are constant strings.
        let name: &'static CStr = unsafe { CStr::from_char_ptr((*id).name) };
        let tag = name.to_str().unwrap_or("?");

        hooks.push(Tagged { address, tag }, GFP_KERNEL)?;
    }
    Ok(Calls {
        hooks,
        trampolines: first..end,
    })
}
