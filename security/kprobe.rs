// SPDX-License-Identifier: GPL-2.0-only

//! The short-circuit: a kprobe at a function's entry that sends its callers to a return stub.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h)

use super::stub::Slot;
use core::{
    marker::PhantomPinned,
    pin::Pin,
    ptr, //
};
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    prelude::*,
    sync::{
        atomic::{
            ordering::Relaxed,
            Atomic, //
        },
        rcu, //
    },
    types::Opaque, //
};

/// The first byte of a function that calls into ftrace.
#[cfg(CONFIG_X86_64)]
const CALL: u8 = 0xe8;
/// The first byte of a function with a breakpoint at its entry.
#[cfg(CONFIG_X86_64)]
const BREAKPOINT: u8 = 0xcc;

/// A kprobe that makes a function return the value of its slot without running its body.
///
/// # Invariants
///
/// * `kprobe` was registered at the entry of a function, and stays registered until
///   [`unregister()`](Self::unregister) or drop.
/// * `stub` is the address of the stub of `slot`.
#[pin_data(PinnedDrop)]
pub(crate) struct Probe {
    hits: Atomic<u64>,
    stub: usize,
    slot: Slot,
    #[pin]
    kprobe: Opaque<bindings::kprobe>,
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: A probe may be unregistered from any task, and so may its slot be given back.
unsafe impl Send for Probe {}
// SAFETY: The kprobe is only read, with care for concurrent changes; the rest is atomic or constant.
unsafe impl Sync for Probe {}

impl Probe {
    /// Short-circuits the function whose entry is at `address`, from the return of this call on.
    ///
    /// Sleeps. The errors are those of `register_kprobe()`; EINVAL, EILSEQ and ENOENT say that this
    /// address cannot be probed. Success does not mean that the probe is armed: ask
    /// [`is_armed()`](Self::is_armed).
    pub(crate) fn register(address: usize, slot: Slot) -> impl PinInit<Self, Error> {
        try_pin_init!(&this in Self {
            hits: Atomic::new(0),
            stub: slot.address(),
            slot,
            kprobe <- Opaque::ffi_init(|kprobe: *mut bindings::kprobe| {
                // SAFETY: `kprobe` points to memory for a kprobe, of which all bytes may be zero.
                unsafe {
                    kprobe.write(bindings::kprobe {
                        addr: address as *mut bindings::kprobe_opcode_t,
                        pre_handler: Some(on_entry),
                        post_handler: Some(never_runs),
                        ..pin_init::zeroed()
                    })
                };
            }),
            _pin: PhantomPinned,
            _: {
                // SAFETY:
                // - All fields are initialized, so the handler may be called at once.
                // - The kprobe is pinned, and `drop()` unregisters it before its memory goes away.
                to_result(unsafe {
                    bindings::register_kprobe(Opaque::cast_into(&raw const (*this.as_ptr()).kprobe))
                })?;
            },
        }? Error)
    }

    /// The calls that were short-circuited. Any context.
    pub(crate) fn hits(&self) -> u64 {
        self.hits.load(Relaxed)
    }

    /// Makes the function return `value` from now on, on every CPU. Any context.
    pub(crate) fn set_value(&self, value: i64) {
        self.slot.set_value(value);
    }

    /// Ends the short-circuit: when this returns, no CPU runs the handler any more. Sleeps.
    pub(crate) fn unregister(self: Pin<&mut Self>) {
        // SAFETY: The kprobe was registered by the type invariants. Nothing happens to one that was
        // unregistered before.
        unsafe { bindings::unregister_kprobe(self.kprobe.get()) };
    }

    /// Whether calls of the function are really short-circuited: `register_kprobe()` drops the
    /// error of a probe that it failed to arm, and probes can be disarmed behind our back.
    ///
    /// A function tracer on the function hides that all kprobes were disarmed at once. Any context.
    pub(crate) fn is_armed(&self) -> bool {
        const OFF: u32 = bindings::KPROBE_FLAG_GONE | bindings::KPROBE_FLAG_DISABLED;

        let kprobe = self.kprobe.get();
        // SAFETY: The kprobe is registered by the type invariants, so its address does not change.
        let address = unsafe { (*kprobe).addr };
        let _guard = rcu::read_lock();
        // SAFETY: The table may be walked under the RCU read lock.
        let head = unsafe { bindings::get_kprobe(address.cast::<c_void>()) };

        if head.is_null() {
            return false;
        }
        // SAFETY: Both kprobes are there: ours by the type invariants, the one at the head of the
        // address, which is ours or an aggregate that contains it, under the RCU read lock.
        let (flags, head_flags) = unsafe {
            (
                (&raw const (*kprobe).flags).read_volatile(),
                (&raw const (*head).flags).read_volatile(),
            )
        };
        if (flags | head_flags) & OFF != 0 {
            return false;
        }
        match first_byte(address.cast()) {
            Some(BREAKPOINT) => true,
            Some(CALL) => head_flags & bindings::KPROBE_FLAG_FTRACE != 0,
            _ => false,
        }
    }
}

#[pinned_drop]
impl PinnedDrop for Probe {
    fn drop(self: Pin<&mut Self>) {
        self.unregister();
    }
}

/// What lies at `address`, if anything can be read there.
fn first_byte(address: *const u8) -> Option<u8> {
    let mut byte = 0u8;

    // SAFETY: `byte` has room for one byte, and the source may be any address.
    to_result(unsafe {
        bindings::copy_from_kernel_nofault(
            ptr::from_mut(&mut byte).cast::<c_void>(),
            address.cast::<c_void>(),
            1,
        ) as c_int
    })
    .ok()?;
    Some(byte)
}

/// Counts the call and sends it to the stub. Runs in any context, with preemption off: it touches
/// its own counter and the registers, and nothing else.
///
/// # Safety
///
/// `kprobe` must be the one in a [`Probe`], and `regs` the registers at its function's entry.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn on_entry(
    kprobe: *mut bindings::kprobe,
    regs: *mut bindings::pt_regs,
) -> c_int {
    // SAFETY: By the safety requirements the kprobe is in a `Probe`, which is there as long as its
    // handler can run. `Opaque` has the layout of what it contains.
    let probe = unsafe { &*kernel::container_of!(Opaque::cast_from(kprobe), Probe, kprobe) };

    probe.hits.add(1, Relaxed);
    // SAFETY: By the safety requirements the registers are those at the entry, where the top of the
    // stack is the return address: the stub, which by the type invariants returns at once, finds
    // everything that a function needs to return.
    unsafe { (*regs).ip = probe.stub as c_ulong };
    // The instruction pointer was changed: there is nothing to single-step.
    1
}

/// Makes the kprobe layer put the probe among those that may change the instruction pointer. It is
/// called after the probed instruction was single-stepped, which never happens.
unsafe extern "C" fn never_runs(
    _kprobe: *mut bindings::kprobe,
    _regs: *mut bindings::pt_regs,
    _flags: c_ulong,
) {
}
