// SPDX-License-Identifier: GPL-2.0-only

//! The short-circuit: a kprobe at a function's entry that sends its callers to a return stub.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h)

use super::{
    entry::{
        self,
        Entry, //
    },
    stub::Slot, //
};
use core::{
    marker::PhantomPinned,
    mem::ManuallyDrop,
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
    sync::rcu,
    types::Opaque, //
};

/// The first byte of a function that calls into ftrace.
#[cfg(CONFIG_X86_64)]
const CALL: u8 = 0xe8;
/// The first byte of a function with a breakpoint at its entry.
#[cfg(CONFIG_X86_64)]
const BREAKPOINT: u8 = 0xcc;

/// What the kprobe layer knows of a probe.
#[pin_data]
struct Inner {
    /// The address of the stub of `slot`.
    stub: usize,
    slot: Slot,
    #[pin]
    kprobe: Opaque<bindings::kprobe>,
    #[pin]
    _pin: PhantomPinned,
}

/// A kprobe that makes a function return the value of its slot without running its body.
///
/// # Invariants
///
/// * `inner.kprobe` was registered, and the kprobe layer may know it as long as `registered`.
/// * `inner` is dropped only when the kprobe layer does not know it.
pub(crate) struct Probe {
    inner: ManuallyDrop<Pin<KBox<Inner>>>,
    address: usize,
    registered: bool,
}

// SAFETY: A probe may be unregistered from any task, and so may its slot be given back.
unsafe impl Send for Probe {}
// SAFETY: The kprobe is only read, with care for concurrent changes; the rest is atomic or constant.
unsafe impl Sync for Probe {}

impl Probe {
    /// Short-circuits the function that begins at `entry`, from the return of this call on.
    ///
    /// Sleeps. The errors are those of `register_kprobe()`; EINVAL, EILSEQ and ENOENT say that this
    /// function cannot be probed. Success does not mean that the probe is armed: ask
    /// [`is_armed()`](Self::is_armed).
    pub(crate) fn register(entry: Entry, slot: Slot) -> Result<Self> {
        // What the stub returns to is on top of the stack at a function's entry.
        let address = entry.address();
        let inner = KBox::pin_init(
            try_pin_init!(&this in Inner {
                stub: slot.address(),
                slot,
                kprobe <- Opaque::ffi_init(|kprobe: *mut bindings::kprobe| {
                    // SAFETY: `kprobe` points to memory for a kprobe.
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
                    // - The kprobe is pinned, and `Probe` does not free it before the kprobe layer
                    //   has forgotten it.
                    to_result(unsafe {
                        bindings::register_kprobe(Opaque::cast_into(
                            &raw const (*this.as_ptr()).kprobe,
                        ))
                    })?;
                },
            }? Error),
            GFP_KERNEL,
        )?;
        // SAFETY: The kprobe is registered, so its address does not change. It may be behind the
        // one that was asked for, if an instruction has to come first.
        let address = unsafe { (*inner.kprobe.get()).addr }.addr();

        // INVARIANT: Registered just above.
        Ok(Self {
            inner: ManuallyDrop::new(inner),
            address,
            registered: true,
        })
    }

    /// Ends the short-circuit: when this returns, no CPU runs the handler any more. Sleeps.
    ///
    /// Fails with EBUSY when the kernel does not manage to disarm the kprobe.
    pub(crate) fn unregister(&mut self) -> Result {
        if !self.registered {
            return Ok(());
        }
        let kprobe = self.inner.kprobe.get();

        // SAFETY: The kprobe was registered by the type invariants. The kernel takes away the
        // address of one that it could not disarm, and still knows it then.
        // INVARIANT: Without that the kprobe layer knows it no more.
        self.registered = unsafe {
            bindings::unregister_kprobe(kprobe);
            (*kprobe).addr.is_null()
        };
        if self.registered {
            return Err(EBUSY);
        }
        Ok(())
    }

    /// The calls that were short-circuited. Any context.
    pub(crate) fn hits(&self) -> u64 {
        self.inner.slot.hits()
    }

    /// Makes the function return `value` from now on, on every CPU. Any context.
    pub(crate) fn set_value(&self, value: i64) {
        self.inner.slot.set_value(value);
    }

    /// Whether calls of the function are really short-circuited: `register_kprobe()` drops the
    /// error of a probe that it failed to arm, and probes can be disarmed behind our back.
    ///
    /// A function tracer on the function hides that all kprobes were disarmed at once. Any context.
    pub(crate) fn is_armed(&self) -> bool {
        const OFF: u32 = bindings::KPROBE_FLAG_GONE | bindings::KPROBE_FLAG_DISABLED;

        let _guard = rcu::read_lock();
        let head = head_at(self.address);

        if head.is_null() {
            return false;
        }
        // SAFETY: Both kprobes are there: ours by the type invariants, the one at the head of the
        // address, which is ours or an aggregate that contains it, under the RCU read lock.
        let (flags, head_flags) = unsafe {
            (
                (&raw const (*self.inner.kprobe.get()).flags).read_volatile(),
                (&raw const (*head).flags).read_volatile(),
            )
        };
        if (flags | head_flags) & OFF != 0 {
            return false;
        }
        match first_byte(self.address) {
            Some(BREAKPOINT) => true,
            Some(CALL) => head_flags & bindings::KPROBE_FLAG_FTRACE != 0,
            _ => false,
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if self.unregister().is_err() {
            // The kprobe layer still calls the handler, so what it uses stays.
            pr_err!("a probe could not be disarmed and stays: please reboot\n");
            return;
        }
        // SAFETY: Dropped here only, and by the type invariants the kprobe layer does not know it.
        unsafe { ManuallyDrop::drop(&mut self.inner) };
    }
}

/// Whether the function at `address` carries a kprobe with which ours cannot share it: one that may
/// not change the instruction pointer. The kprobe layer has armed it as such and would disarm the
/// two as if they might, which fails. A breakpoint, where there is no place for tracers, knows no such
/// difference. Any context.
pub(crate) fn is_taken(address: usize) -> bool {
    let _guard = rcu::read_lock();
    let head = head_at(entry::location(address));

    // SAFETY: Under the RCU read lock, what is at the head of an address is there.
    !head.is_null() && unsafe { (&raw const (*head).post_handler).read_volatile() }.is_none()
}

/// The kprobe, or the aggregate of several, that the kernel has at `address`, or null. To be called
/// and used under the RCU read lock.
fn head_at(address: usize) -> *mut bindings::kprobe {
    // SAFETY: The table may be walked under the RCU read lock, whatever the address.
    unsafe { bindings::get_kprobe(ptr::without_provenance_mut(address)) }
}

/// What lies at `address`, if anything can be read there.
fn first_byte(address: usize) -> Option<u8> {
    let mut byte = 0u8;

    // SAFETY: `byte` has room for one byte, and the source may be any address.
    to_result(unsafe {
        bindings::copy_from_kernel_nofault(
            ptr::from_mut(&mut byte).cast::<c_void>(),
            ptr::without_provenance(address),
            1,
        ) as c_int
    })
    .ok()?;
    Some(byte)
}

/// Sends the call to the stub. Runs in any context, with preemption off: it touches the registers
/// and nothing else.
///
/// # Safety
///
/// `kprobe` must be the one in an [`Inner`], and `regs` the registers at its function's entry.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn on_entry(
    kprobe: *mut bindings::kprobe,
    regs: *mut bindings::pt_regs,
) -> c_int {
    // SAFETY: By the safety requirements the kprobe is in an `Inner`, which is there as long as its
    // handler can run. `Opaque` has the layout of what it contains.
    let inner = unsafe { &*kernel::container_of!(Opaque::cast_from(kprobe), Inner, kprobe) };

    // SAFETY: By the safety requirements the registers are those at the entry, where the top of the
    // stack is the return address: the stub, which returns at once, finds everything that a
    // function needs to return.
    unsafe { (*regs).ip = inner.stub as c_ulong };
    // The instruction pointer was changed: there is nothing to single-step.
    1
}

/// Makes the kprobe layer put the probe among those that may change the instruction pointer. It is
/// called after the probed instruction was single-stepped, which never happens.
///
/// # Safety
///
/// None: it does nothing.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn never_runs(
    _kprobe: *mut bindings::kprobe,
    _regs: *mut bindings::pt_regs,
    _flags: c_ulong,
) {
}
