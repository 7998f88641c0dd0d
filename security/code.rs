// SPDX-License-Identifier: GPL-2.0-only

//! The machine code of the running kernel, as its compiler made it or as it was patched since.
//!
//! C headers: [`include/linux/memory.h`](srctree/include/linux/memory.h),
//! [`include/linux/uaccess.h`](srctree/include/linux/uaccess.h)

use super::{
    kallsyms,
    module, //
};
use crate::policy::code::{
    x86::{
        BREAKPOINT,
        JUMP, //
    },
    Census,
    Code,
    Cold,
    OVERLAP, //
};
use core::{
    cell::Cell,
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

/// How many bytes the longest probe replaces: a jump.
const JUMP_LENGTH: usize = 5;

/// How many bytes in front of a function belong to it.
const PADDING: usize = bindings::KILLSWITCH_PADDING as usize;

/// The code of the kernel and of the modules that are loaded.
pub(crate) struct RunningCode {
    failure: Cell<Option<Error>>,
}

impl RunningCode {
    /// The code, as it is now.
    pub(crate) fn new() -> Self {
        Self {
            failure: Cell::new(None),
        }
    }

    /// Why it could not be looked at, so that there is no result: EINTR if the current task was
    /// killed meanwhile, ENOMEM.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.get()
    }
}

/// Counts from how many places in the kernel and its modules each of the functions at `addresses`
/// is called, in the time that it takes for one. May sleep. EINTR says that the current task was
/// killed meanwhile, and ENOMEM is the other error.
///
/// The kernel itself was linked without its modules, and calls none of their functions; but for a
/// few static calls, which are left out.
pub(crate) fn callers(addresses: &[usize]) -> Result<Census<KVec<(usize, usize)>>> {
    let mut functions = KVec::with_capacity(addresses.len(), GFP_KERNEL)?;

    for address in addresses {
        functions.push((*address, 0), GFP_KERNEL)?;
    }
    let mut census = Census::new(functions);
    let start = (&raw const bindings::_stext).addr();
    let end = (&raw const bindings::_etext).addr();
    let mut result = match census.has_any_in(start..end) {
        true => count_in(start..end, &mut census),
        false => Ok(()),
    };

    module::for_each_text(|area| {
        if result.is_ok() {
            result = count_in(area, &mut census);
        }
    });
    result.map(|()| census)
}

fn count_in(area: Range<usize>, census: &mut Census<KVec<(usize, usize)>>) -> Result {
    let mut at = area.start;
    let mut pause = at;
    let mut buffer = [0; CHUNK];

    while area.end - at > OVERLAP {
        let bytes = &mut buffer[..(area.end - at).min(CHUNK)];

        // Areas are mapped as a whole; what cannot be read has been unmapped, and calls nothing.
        if copy(at, bytes) {
            census.count(bytes, at, PADDING);
        }
        at += bytes.len() - OVERLAP;
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

impl Code for RunningCode {
    fn extent(&self, address: usize) -> Option<Range<usize>> {
        kallsyms::extent(address)
    }

    fn cold_part(&self, address: usize) -> Cold {
        let Some(symbol) = kallsyms::name_of(address) else {
            return Cold::None;
        };
        let addresses = CString::try_from_fmt(fmt!("{}.cold", symbol.as_str()))
            .and_then(|cold| kallsyms::addresses_in_same(address, &cold))
            .inspect_err(|error| self.failure.set(Some(*error)));

        match addresses.as_deref() {
            Ok([]) => Cold::None,
            Ok([one]) => self.extent(*one).map_or(Cold::Unknown, Cold::At),
            _ => Cold::Unknown,
        }
    }

    fn read(&self, at: usize, buffer: &mut [u8]) -> bool {
        // SAFETY: The mutex is taken and given back here, and nothing else is taken meanwhile. With
        // it held nothing is half patched.
        unsafe { bindings::mutex_lock(&raw mut bindings::text_mutex) };
        let is_read = copy(at, buffer);

        // A probe in front may have put a jump there, which reaches into the buffer.
        for probed in at.saturating_sub(JUMP_LENGTH - 1)..at.saturating_add(buffer.len()) {
            let is_probed = probed
                .checked_sub(at)
                .is_none_or(|index| matches!(buffer[index], BREAKPOINT | JUMP));

            if is_probed {
                restore(probed, at, buffer);
            }
        }
        // SAFETY: It was taken above.
        unsafe { bindings::mutex_unlock(&raw mut bindings::text_mutex) };
        is_read
    }

    fn callers(&self, addresses: &[usize]) -> usize {
        callers(addresses)
            .map(|census| census.of(addresses))
            .inspect_err(|error| self.failure.set(Some(*error)))
            .unwrap_or(0)
    }

    fn padding(&self) -> usize {
        PADDING
    }

    fn is_padding(&self, address: usize) -> bool {
        // As objtool and the compiler name it.
        kallsyms::name_of(address).is_some_and(|symbol| {
            symbol.as_str().starts_with("__pfx_") || symbol.as_str().starts_with("__cfi_")
        })
    }
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
    let mut original = [0; JUMP_LENGTH];
    // SAFETY: Any address may be asked for, and there is room for what the longest probe replaces.
    let count = unsafe { bindings::killswitch_behind_probe(probed, original.as_mut_ptr()) };

    for (address, byte) in (probed..).zip(&original[..count.min(JUMP_LENGTH)]) {
        if let Some(place) = address.checked_sub(at).and_then(|it| buffer.get_mut(it)) {
            *place = *byte;
        }
    }
}
