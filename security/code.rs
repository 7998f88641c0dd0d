// SPDX-License-Identifier: GPL-2.0-only

//! The machine code of the running kernel, as its compiler made it or as it was patched since.
//!
//! C headers: [`include/linux/memory.h`](srctree/include/linux/memory.h),
//! [`include/linux/uaccess.h`](srctree/include/linux/uaccess.h)

use super::{
    btf,
    entry::Entry,
    kallsyms,
    kprobe,
    module::{
        self,
        Loaded, //
    }, //
};
use crate::policy::{
    self,
    code::{
        Architecture,
        Called,
        Native,
        Reader, //
    },
    image::{
        Cold,
        Function,
        Image, //
    },
    InModule,
    Prototype,
    Symbol, //
};
use core::{
    cell::Cell,
    fmt,
    ops::Range, //
};
use kernel::{
    bindings,
    ffi::c_void,
    prelude::*,
    str::CString, //
};

/// How much code is copied at a time to count calls, in bytes.
const CHUNK: usize = 1024;

/// How much code is gone through before others may run, in bytes.
const STRIDE: usize = 256 << 10;

/// How many bytes in front of a function belong to it.
const PADDING: usize = bindings::KILLSWITCH_PADDING as usize;

/// The code of the kernel and of the modules that are loaded.
pub(crate) struct RunningCode {
    may_be_split: fn(&str) -> bool,
    failure: Cell<Option<Error>>,
}

impl RunningCode {
    /// The code, as it is now. `may_be_split` says whether the kernel itself may have a cold part
    /// of a function of a name without suffixes: to search for one takes long.
    pub(crate) fn new(may_be_split: fn(&str) -> bool) -> Self {
        Self {
            may_be_split,
            failure: Cell::new(None),
        }
    }

    /// Why it could not be looked at, so that there is no result: EINTR if the current task was
    /// killed meanwhile, ENOMEM.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.get()
    }
}

/// Where the code of the kernel itself lies, without what is freed after boot. Any context.
pub(crate) fn text() -> Range<usize> {
    (&raw const bindings::_stext).addr()..(&raw const bindings::_etext).addr()
}

/// All places in the kernel and its modules that call one of `functions`, each with that function.
/// May sleep. EINTR says that the current task was killed meanwhile, and ENOMEM is the other error.
///
/// The kernel itself was linked without its modules, and calls none of their functions; but for a
/// few static calls, which are left out.
fn callers(functions: &[usize]) -> Result<KVVec<(usize, usize)>> {
    // The symbols of modules cannot be asked for as long as their list is locked.
    let mut found = KVVec::new();
    let mut sorted = KVec::with_capacity(functions.len(), GFP_KERNEL)?;

    sorted.extend_from_slice(functions, GFP_KERNEL)?;
    let called = Called::new(sorted);
    let mut result = match called.has_any_in(text()) {
        true => callers_in(text(), &called, &mut found),
        false => Ok(()),
    };

    module::for_each_text(|area| {
        if result.is_ok() && Native::VENEER != 0 {
            result = callers_by_veneers(area.clone(), &called, &mut found);
        }
        if result.is_ok() {
            result = callers_in(area, &called, &mut found);
        }
    });
    result.map(|()| found)
}

/// As [`callers()`], of those in a module that call by the veneers there.
fn callers_by_veneers(
    area: Range<usize>,
    called: &Called<KVec<usize>>,
    found: &mut KVVec<(usize, usize)>,
) -> Result {
    // In order of their places.
    let mut veneers: KVec<(usize, usize)> = KVec::new();
    let mut places = KVec::new();
    let mut callers = KVVec::new();

    for_each_chunk(area.clone(), Native::VENEER, |bytes, at| {
        for index in (0..bytes.len()).step_by(Native::ALIGNMENT) {
            let leads_to = Native::behind_veneer(&bytes[index..], at + index);

            if let Some(function) = leads_to.filter(|it| called.contains(*it)) {
                // Chunks overlap.
                if places.last() != Some(&(at + index)) {
                    places.push(at + index, GFP_KERNEL)?;
                    veneers.push((at + index, function), GFP_KERNEL)?;
                }
            }
        }
        Ok(())
    })?;
    if veneers.is_empty() {
        return Ok(());
    }
    callers_in(area, &Called::new(places), &mut callers)?;
    for (place, veneer) in &callers {
        if let Ok(index) = veneers.binary_search_by_key(veneer, |(place, _)| *place) {
            found.push((*place, veneers[index].1), GFP_KERNEL)?;
        }
    }
    Ok(())
}

/// Not inlined, so that it can be measured.
#[inline(never)]
fn callers_in(
    area: Range<usize>,
    called: &Called<KVec<usize>>,
    found: &mut KVVec<(usize, usize)>,
) -> Result {
    for_each_chunk(area, Native::OVERLAP, |bytes, at| {
        let mut result = Ok(());

        called.find::<Native>(bytes, at, PADDING, &mut |place, function| {
            if result.is_ok() {
                result = found.push((place, function), GFP_KERNEL);
            }
        });
        Ok(result?)
    })
}

/// Calls `visit` with the code in `area`, chunk by chunk, and where each lies. They overlap by
/// `overlap` bytes. May sleep. EINTR says that the current task was killed meanwhile.
#[inline(always)]
fn for_each_chunk(
    area: Range<usize>,
    overlap: usize,
    mut visit: impl FnMut(&[u8], usize) -> Result,
) -> Result {
    let mut at = area.start;
    let mut pause = at;
    let mut buffer = [0; CHUNK];

    while area.end - at > overlap {
        let bytes = &mut buffer[..(area.end - at).min(CHUNK)];
        let is_read = match Native::PROBE_HIDES_BRANCH {
            true => read(at, bytes),
            false => copy(at, bytes),
        };

        // Areas are mapped as a whole; what cannot be read has been unmapped, and calls nothing.
        if is_read {
            visit(bytes, at)?;
        }
        at += bytes.len() - overlap;
        if at - pause >= STRIDE {
            pause = at;
            // SAFETY: This may sleep, and there is a current task.
            if unsafe { bindings::killswitch_pause() } {
                return Err(EINTR);
            }
        }
    }
    Ok(())
}

impl RunningCode {
    /// The addresses of what is called `symbol` in what `address` is in. Without memory for them
    /// there are none, and [`failure()`](Self::failure) says so.
    fn siblings(&self, address: usize, symbol: fmt::Arguments<'_>) -> KVec<usize> {
        CString::try_from_fmt(symbol)
            .and_then(|symbol| kallsyms::addresses_in_same(address, &symbol))
            .inspect_err(|error| self.failure.set(Some(*error)))
            .unwrap_or_default()
    }

    fn describe(&self, address: usize, take: &mut dyn FnMut(Function<'_>)) -> Result {
        let (Some(name), Ok(module)) = (kallsyms::name_of(address), Loaded::owner_of(address))
        else {
            return Ok(());
        };
        let symbol = CString::try_from_fmt(fmt!("{}", name.as_str()))?;
        let is_probed = Entry::of(module.as_ref(), address, &symbol)
            .is_some_and(|entry| !kprobe::is_blacklisted(&entry))
            && kallsyms::addresses_in_same(address, &symbol)?.len() == 1;
        let names = match &module {
            Some(module) => kallsyms::names_in_module(module, address)?,
            None => KVec::new(),
        };

        if is_probed {
            take(Function {
                module: module.as_ref().map(|module| InModule {
                    module: module.name().to_str().unwrap_or_default(),
                    symbols: &names,
                }),
                prototype: prototype(module.as_ref(), name.as_str())?,
            });
        }
        Ok(())
    }
}

/// The prototype of the function called `symbol`, in `module` or in the kernel itself. Sleeps.
pub(crate) fn prototype(module: Option<&Loaded<'_>>, symbol: &str) -> Result<Prototype> {
    let name = CString::try_from_fmt(fmt!("{}", policy::typed_name(symbol)))?;

    Ok(btf::prototype(module, &name))
}

impl Image for RunningCode {
    fn extent(&self, address: usize) -> Option<Range<usize>> {
        kallsyms::extent(address)
    }

    fn name(&self, address: usize) -> Symbol {
        kallsyms::name_of(address).unwrap_or(Symbol::new(b"?"))
    }

    fn function(&self, address: usize, take: &mut dyn FnMut(Function<'_>)) {
        if let Err(error) = self.describe(address, take) {
            self.failure.set(Some(error));
        }
    }

    fn hot_part(&self, address: usize) -> Option<usize> {
        let name = kallsyms::name_of(address)?;
        let hot = name.as_str().strip_suffix(".cold")?;

        self.siblings(address, fmt!("{hot}")).first().copied()
    }

    fn cold_part(&self, address: usize) -> Cold {
        let Some(symbol) = kallsyms::name_of(address) else {
            return Cold::None;
        };
        let original = policy::original(symbol.as_str());

        if text().contains(&address) && !(self.may_be_split)(original) {
            return Cold::None;
        }
        match &self.siblings(address, fmt!("{}.cold", symbol.as_str()))[..] {
            [] => Cold::None,
            [one] => self.extent(*one).map_or(Cold::Unknown, Cold::At),
            _ => Cold::Unknown,
        }
    }

    fn read(&self, at: usize, buffer: &mut [u8]) -> bool {
        read(at, buffer)
    }

    fn callers(&self, functions: &[usize], visit: &mut dyn FnMut(usize, usize)) {
        if functions.is_empty() {
            return;
        }
        match callers(functions) {
            Ok(found) => found
                .iter()
                .for_each(|(place, function)| visit(*place, *function)),
            Err(error) => self.failure.set(Some(error)),
        }
    }

    fn reader(&self) -> &'static dyn Reader {
        &Native
    }

    fn padding(&self) -> usize {
        PADDING
    }
}

/// Copies the code at `at`, without the probes in it. Sleeps. Returns false as [`copy()`] does.
fn read(at: usize, buffer: &mut [u8]) -> bool {
    // SAFETY: The mutex is taken and released here, and nothing else is taken meanwhile. With
    // it held nothing is half patched.
    unsafe { bindings::mutex_lock(&raw mut bindings::text_mutex) };
    let is_read = copy(at, buffer);

    // A probe in front may be so long that it reaches into the buffer.
    for probed in at.saturating_sub(Native::PROBE - 1)..at {
        restore(probed, at, buffer);
    }
    for index in 0..buffer.len() {
        if Native::is_probe(&buffer[index..]) {
            restore(at + index, at, buffer);
        }
    }
    // SAFETY: It was taken above.
    unsafe { bindings::mutex_unlock(&raw mut bindings::text_mutex) };
    is_read
}

/// Copies memory of the kernel, which need not be there. Any context. Returns false, and may have
/// copied part of it, if it cannot be read.
pub(super) fn copy(at: usize, buffer: &mut [u8]) -> bool {
    // SAFETY: The buffer has room for so many bytes; what cannot be read is reported.
    unsafe {
        bindings::copy_from_kernel_nofault(
            buffer.as_mut_ptr().cast::<c_void>(),
            at as *const c_void,
            buffer.len(),
        ) == 0
    }
}

/// Puts the bytes that the probe at `probed`, if there is one, replaced back into `buffer`, which
/// holds the code at `at`.
fn restore(probed: usize, at: usize, buffer: &mut [u8]) {
    let mut original = [0; Native::PROBE];
    // SAFETY: Any address may be asked for, and there is room for what the longest probe replaces.
    let count = unsafe { bindings::killswitch_original_code(probed, original.as_mut_ptr()) };

    for (address, byte) in (probed..).zip(&original[..count.min(Native::PROBE)]) {
        if let Some(place) = address.checked_sub(at).and_then(|it| buffer.get_mut(it)) {
            *place = *byte;
        }
    }
}
