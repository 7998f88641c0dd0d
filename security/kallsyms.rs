// SPDX-License-Identifier: GPL-2.0-only

//! The symbol tables of the kernel and its modules: names to addresses, and back.
//!
//! C header: [`include/linux/kallsyms.h`](srctree/include/linux/kallsyms.h)

use super::module::{
    self,
    Loaded, //
};
use crate::policy::Symbol;
use core::{
    fmt,
    ops::Range,
    ptr, //
};
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

/// Where to search for a symbol.
#[derive(Clone, Copy)]
pub(crate) enum Within<'a> {
    /// In the kernel itself and in all modules.
    Anywhere,
    /// In the kernel itself.
    Kernel,
    /// In the module of this name.
    Module(&'a CStr),
}

/// All addresses of symbols called `symbol`, without duplicates.
///
/// May sleep. Fails with ENOMEM only.
pub(crate) fn addresses_of(within: Within<'_>, symbol: &CStr) -> Result<KVec<usize>> {
    let mut search = Search {
        symbol,
        found: KVec::new(),
    };
    let data = ptr::from_mut(&mut search).cast::<c_void>();
    let module = match within {
        Within::Anywhere => Some(ptr::null()),
        Within::Kernel => None,
        Within::Module(module) => Some(module.as_char_ptr()),
    };

    if !matches!(within, Within::Module(_)) {
        // SAFETY: The callback fits the walk, and `data` points to the `Search` that it expects
        // and that nothing else uses during the call.
        to_result(unsafe {
            bindings::kallsyms_on_each_match_symbol(
                Some(found_in_kernel),
                symbol.as_char_ptr(),
                data,
            )
        })?;
    }
    if let Some(module) = module {
        // SAFETY: As above; a null module name asks for all modules.
        to_result(unsafe {
            bindings::module_kallsyms_on_each_symbol(module, Some(found_in_module), data)
        })?;
    }
    Ok(search.found)
}

/// All addresses of symbols called `symbol` in the kernel or the module that `address` is in.
///
/// May sleep. Fails with ENOMEM only.
pub(crate) fn addresses_in_same(address: usize, symbol: &CStr) -> Result<KVec<usize>> {
    let mut name = [0; module::NAME_LEN];

    if !module::copy_owner_name(address, &mut name) {
        return addresses_of(Within::Kernel, symbol);
    }
    let name = CStr::from_bytes_until_nul(&name).map_err(|_| EINVAL)?;

    addresses_of(Within::Module(name), symbol)
}

/// All names of the symbol at `address` in `module`. May sleep. Fails with ENOMEM only.
pub(crate) fn names_in_module(module: &Loaded<'_>, address: usize) -> Result<KVec<Symbol>> {
    let mut names = KVec::new();

    for_each_in_module(module, &mut |name, at| {
        if at == address {
            names.push(Symbol::new(name), GFP_KERNEL)?;
        }
        Ok(())
    })?;
    Ok(names)
}

/// Calls `visit` with the name and the address of every symbol of `module`. May sleep. Stops at the
/// first error, and returns it.
pub(crate) fn for_each_in_module(
    module: &Loaded<'_>,
    visit: &mut dyn FnMut(&[u8], usize) -> Result,
) -> Result {
    let mut visit: &mut dyn FnMut(&[u8], usize) -> Result = visit;

    // SAFETY: The callback fits the walk, the module's name is a string, and the last argument
    // points to the closure that the callback expects and that nothing else uses during the call.
    to_result(unsafe {
        bindings::module_kallsyms_on_each_symbol(
            module.name().as_char_ptr(),
            Some(visit_symbol),
            ptr::from_mut(&mut visit).cast::<c_void>(),
        )
    })
}

/// Calls `visit` with the name and the address of every symbol in the code of the kernel itself.
/// May sleep. Stops at the first error, and returns it.
pub(crate) fn for_each_in_kernel(visit: &mut dyn FnMut(&[u8], usize) -> Result) -> Result {
    let mut only_text = |name: &[u8], address: usize| {
        if !is_kernel_text(address) {
            return Ok(());
        }
        visit(name, address)
    };
    let mut visit: &mut dyn FnMut(&[u8], usize) -> Result = &mut only_text;

    // SAFETY: The callback fits the walk, and the last argument points to the closure that it
    // expects and that nothing else uses during the call.
    to_result(unsafe {
        bindings::kallsyms_on_each_symbol(
            Some(visit_symbol),
            ptr::from_mut(&mut visit).cast::<c_void>(),
        )
    })
}

/// Whether `address` is in the code of the kernel itself. Any context.
pub(super) fn is_kernel_text(address: usize) -> bool {
    // SAFETY: Any address may be passed.
    unsafe { bindings::core_kernel_text(address) != 0 }
}

/// The range from the symbol that `address` belongs to, to the next one. May sleep.
pub(crate) fn extent(address: usize) -> Option<Range<usize>> {
    let (mut size, mut offset) = (0, 0);

    // SAFETY: Any address may be passed, and the results have room.
    if unsafe { bindings::kallsyms_lookup_size_offset(address, &raw mut size, &raw mut offset) }
        == 0
    {
        return None;
    }
    let start = address - offset;
    Some(start..start.checked_add(size)?)
}

/// The name of the symbol that `address` belongs to. May sleep.
pub(crate) fn name_of(address: usize) -> Option<Symbol> {
    let mut buffer = [0u8; bindings::KSYM_NAME_LEN as usize];

    // SAFETY: Any address may be passed, and the buffer has room for any name.
    if unsafe { bindings::lookup_symbol_name(address, buffer.as_mut_ptr()) } != 0 {
        return None;
    }
    let name = CStr::from_bytes_until_nul(&buffer).ok()?;
    Some(Symbol::new(name.to_bytes()))
}

/// An address in the code. Its [`Display`](fmt::Display) form is `function+offset/length`, followed
/// by the module in brackets, if it is in one; or `?`.
pub(crate) struct Place(pub(crate) usize);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0u8; bindings::KILLSWITCH_SYMBOL_LEN as usize];

        // SAFETY: Any address may be passed, and the buffer has room for any result.
        unsafe { bindings::sprint_symbol(buffer.as_mut_ptr(), self.0) };
        let text = CStr::from_bytes_until_nul(&buffer).map_err(|_| fmt::Error)?;

        match text.to_str().map_err(|_| fmt::Error)? {
            // The module was unloaded; raw addresses are not disclosed.
            address if address.starts_with("0x") => f.write_str("?"),
            place => place.split(' ').try_for_each(|part| f.write_str(part)),
        }
    }
}

struct Search<'a> {
    symbol: &'a CStr,
    found: KVec<usize>,
}

/// Adds `address`, unless it is known. Returns what a callback returns to its walk.
fn push(found: &mut KVec<usize>, address: c_ulong) -> c_int {
    if found.contains(&address) {
        return 0;
    }
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
    // SAFETY: Both are strings, the one by the safety requirements.
    if unsafe { bindings::strcmp(name, search.symbol.as_char_ptr()) } != 0 {
        return 0;
    }
    push(&mut search.found, address)
}

/// # Safety
///
/// `data` must point to a closure that is not used elsewhere during the call, and `name` to a
/// string.
unsafe extern "C" fn visit_symbol(
    data: *mut c_void,
    name: *const c_char,
    address: c_ulong,
) -> c_int {
    // SAFETY: By the safety requirements.
    let visit = unsafe { &mut *data.cast::<&mut dyn FnMut(&[u8], usize) -> Result>() };
    // SAFETY: By the safety requirements.
    let name = unsafe { CStr::from_char_ptr(name) };

    match visit(name.to_bytes(), address) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}
