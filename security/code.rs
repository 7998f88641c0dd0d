// SPDX-License-Identifier: GPL-2.0-only

//! The machine code of the running kernel, as compiled or as patched since.
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

/// The size of the chunks in which code is searched for calls, in bytes.
const CHUNK: usize = 1024;

/// How much code is searched between two reschedules, in bytes.
const STRIDE: usize = 256 << 10;

/// The padding in front of functions, in bytes.
const PADDING: usize = bindings::KILLSWITCH_PADDING as usize;

/// The code of the kernel and its loaded modules.
pub(crate) struct RunningCode {
    may_be_split: fn(&str) -> bool,
    failure: Cell<Option<Error>>,
}

impl RunningCode {
    /// Makes one. `may_be_split` says whether the kernel may have a cold part of a function, by its
    /// name without suffixes, since searching for one is slow.
    pub(crate) fn new(may_be_split: fn(&str) -> bool) -> Self {
        Self {
            may_be_split,
            failure: Cell::new(None),
        }
    }

    /// The error that makes results invalid: EINTR if the current task was killed, or ENOMEM.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.get()
    }
}

/// The address range of the code of the kernel itself, without init code. Any context.
pub(crate) fn text() -> Range<usize> {
    (&raw const bindings::_stext).addr()..(&raw const bindings::_etext).addr()
}

/// All call sites of `functions` in the kernel and its modules, each with the function that it
/// calls. May sleep. Fails with EINTR if the current task was killed, and with ENOMEM.
///
/// The kernel itself does not call functions of modules, except by a few static calls, which are
/// left out.
fn callers(functions: &[usize]) -> Result<KVVec<(usize, usize)>> {
    // Symbols of modules cannot be resolved while the list of modules is locked.
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

/// Like [`callers()`], for calls in a module that go through its veneers.
fn callers_by_veneers(
    area: Range<usize>,
    called: &Called<KVec<usize>>,
    found: &mut KVVec<(usize, usize)>,
) -> Result {
    // Sorted by address.
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

/// Calls `visit` with the code in `area`, in chunks that overlap by `overlap` bytes, and the
/// address of each. May sleep. Fails with EINTR if the current task was killed.
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

        // Areas are mapped as a whole; one that cannot be read was unmapped, and calls nothing.
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
    /// The addresses of `symbol` in the kernel or the module that `address` is in. On ENOMEM there
    /// are none, and [`failure()`](Self::failure) says so.
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

/// The prototype of the function `symbol`, in `module` or in the kernel itself. Sleeps.
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

/// Copies the code at `at`, with probes replaced by the original code. Sleeps. Returns false as
/// [`copy()`] does.
fn read(at: usize, buffer: &mut [u8]) -> bool {
    // SAFETY: The mutex is taken and released here, and no other lock in between. While it is held,
    // no code is half patched.
    unsafe { bindings::mutex_lock(&raw mut bindings::text_mutex) };
    let is_read = copy(at, buffer);

    // A probe before the buffer may extend into it.
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

/// Copies kernel memory, which need not be mapped. Any context. Returns false on a fault, when part
/// of it may have been copied.
pub(super) fn copy(at: usize, buffer: &mut [u8]) -> bool {
    // SAFETY: The length is that of the buffer; faults are handled.
    unsafe {
        bindings::copy_from_kernel_nofault(
            buffer.as_mut_ptr().cast::<c_void>(),
            at as *const c_void,
            buffer.len(),
        ) == 0
    }
}

/// Restores the code that the probe at `probed`, if there is one, replaced, in `buffer`, which
/// holds the code at `at`.
fn restore(probed: usize, at: usize, buffer: &mut [u8]) {
    let mut original = [0; Native::PROBE];
    // SAFETY: Any address may be passed, and there is room for the longest probe.
    let count = unsafe { bindings::killswitch_original_code(probed, original.as_mut_ptr()) };

    for (address, byte) in (probed..).zip(&original[..count.min(Native::PROBE)]) {
        if let Some(place) = address.checked_sub(at).and_then(|it| buffer.get_mut(it)) {
            *place = *byte;
        }
    }
}
