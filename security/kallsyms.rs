// SPDX-License-Identifier: GPL-2.0-only

//! From names to addresses: the symbol tables of the kernel and of its modules.
//!
//! C header: [`include/linux/kallsyms.h`](srctree/include/linux/kallsyms.h)

use core::ptr;
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_char,
        c_int,
        c_ulong,
        c_void, //
    },
    prelude::*,
    str::CStrExt, //
};

/// Collects every address at which a symbol called `symbol` lies: in the kernel and in all modules,
/// or only in the module called `module`. The result is sorted and names no address twice.
///
/// May sleep. Fails with ENOMEM only.
pub(crate) fn addresses_of(module: Option<&CStr>, symbol: &CStr) -> Result<KVec<usize>> {
    let mut search = Search {
        symbol,
        found: KVec::new(),
    };
    let data = ptr::from_mut(&mut search).cast::<c_void>();

    if module.is_none() {
        // SAFETY: The callback fits the walk, and `data` points to the `Search` that it expects
        // and that nothing else uses meanwhile.
        to_result(unsafe {
            bindings::kallsyms_on_each_match_symbol(
                Some(found_in_kernel),
                symbol.as_char_ptr(),
                data,
            )
        })?;
    }
    let module = module.map_or(ptr::null(), CStr::as_char_ptr);
    // SAFETY: As above; a null module name asks for all modules.
    to_result(unsafe {
        bindings::module_kallsyms_on_each_symbol(module, Some(found_in_module), data)
    })?;

    let mut found = search.found;
    found.sort_unstable();
    let mut last = None;
    found.retain(|address| last.replace(*address) != Some(*address));
    Ok(found)
}

/// Collects the addresses of all functions of the kernel itself whose name is `wanted`.
///
/// May sleep. Fails with ENOMEM only.
pub(crate) fn functions_of_kernel(wanted: fn(&[u8]) -> bool) -> Result<KVec<usize>> {
    let mut scan = Scan {
        wanted,
        found: KVec::new(),
    };

    // SAFETY: The callback fits the walk, and the last argument points to the `Scan` that it
    // expects and that nothing else uses meanwhile.
    to_result(unsafe {
        bindings::kallsyms_on_each_symbol(
            Some(scan_symbol),
            ptr::from_mut(&mut scan).cast::<c_void>(),
        )
    })?;
    Ok(scan.found)
}

struct Search<'a> {
    symbol: &'a CStr,
    found: KVec<usize>,
}

struct Scan {
    wanted: fn(&[u8]) -> bool,
    found: KVec<usize>,
}

/// Takes note of `address`. The result is what a callback returns to its walk.
fn push(found: &mut KVec<usize>, address: c_ulong) -> c_int {
    match found.push(address, GFP_KERNEL) {
        Ok(()) => 0,
        Err(error) => Error::from(error).to_errno(),
    }
}

/// # Safety
///
/// `data` must point to a [`Search`] that is not used elsewhere during the call.
unsafe extern "C" fn found_in_kernel(data: *mut c_void, address: c_ulong) -> c_int {
    // SAFETY: By the safety requirements.
    let search = unsafe { &mut *data.cast::<Search<'_>>() };
    push(&mut search.found, address)
}

/// # Safety
///
/// `data` must point to a [`Search`] that is not used elsewhere during the call, and `name` to a
/// string.
unsafe extern "C" fn found_in_module(
    data: *mut c_void,
    name: *const c_char,
    address: c_ulong,
) -> c_int {
    // SAFETY: By the safety requirements.
    let search = unsafe { &mut *data.cast::<Search<'_>>() };
    // SAFETY: By the safety requirements.
    if unsafe { CStr::from_char_ptr(name) } != search.symbol {
        return 0;
    }
    push(&mut search.found, address)
}

/// # Safety
///
/// `data` must point to a [`Scan`] that is not used elsewhere during the call, and `name` to a
/// string.
unsafe extern "C" fn scan_symbol(
    data: *mut c_void,
    name: *const c_char,
    address: c_ulong,
) -> c_int {
    // SAFETY: By the safety requirements.
    let scan = unsafe { &mut *data.cast::<Scan>() };
    // SAFETY: By the safety requirements.
    let name = unsafe { CStr::from_char_ptr(name) };
    // SAFETY: Any address may be asked for.
    let is_text = || unsafe { bindings::core_kernel_text(address) } != 0;

    if !(scan.wanted)(name.to_bytes()) || !is_text() {
        return 0;
    }
    push(&mut scan.found, address)
}
