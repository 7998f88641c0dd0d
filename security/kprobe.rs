// SPDX-License-Identifier: GPL-2.0-only

//! The short-circuit: a kprobe at a function's entry that sends its callers to a return stub.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h)

use super::{
    code,
    entry::Entry,
    stub::Slot, //
};
use crate::policy::code::x86::{
    BREAKPOINT,
    CALL, //
};
use core::{
    marker::PhantomPinned,
    mem::ManuallyDrop,
    pin::Pin, //
};
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_int,
        c_ulong, //
    },
    prelude::*,
    sync::Arc,
    types::Opaque, //
};

/// How often it is tried to enable a probe while somebody attaches a BPF program, for which the
/// kernel waits a millisecond each time, and to unregister one without memory.
const ATTEMPTS: usize = 1000;

/// What the kprobe layer knows of a probe.
#[pin_data]
struct Inner {
    /// The address of the stub of `slot`.
    stub: usize,
    slot: Arc<Slot>,
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
// SAFETY: What is done to the kprobe through a shared reference the kprobe layer does under its own
// mutex (`enable()`, `disable()`, `is_armed()`), or is a volatile read (`missed()`); the rest is
// atomic or constant.
unsafe impl Sync for Probe {}

impl Probe {
    /// Makes a probe that sends calls of the function that begins at `entry` to the stub of `slot`,
    /// those of them that the slot takes, from [`enable()`] on.
    ///
    /// Sleeps. The errors are those of `register_kprobe()`: EINVAL, EILSEQ and ENOENT say that this
    /// function cannot be probed.
    pub(crate) fn register(entry: &Entry<'_>, slot: Arc<Slot>) -> Result<Self> {
        let address = entry.address();
        let handler: Handler = if slot.takes_all() {
            on_entry
        } else {
            on_chosen_entry
        };
        let inner = KBox::pin_init(
            try_pin_init!(&this in Inner {
                stub: slot.address(),
                slot,
                kprobe <- Opaque::ffi_init(|kprobe: *mut bindings::kprobe| {
                    // SAFETY: `kprobe` points to memory for a kprobe.
                    unsafe {
                        kprobe.write(bindings::kprobe {
                            addr: address as *mut bindings::kprobe_opcode_t,
                            pre_handler: Some(handler),
                            post_handler: Some(does_nothing),
                            flags: bindings::KPROBE_FLAG_NESTED | bindings::KPROBE_FLAG_DISABLED,
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
                    // - A function begins at `address` by the invariants of `Entry`, as the
                    //   handlers ask: what the stub returns to is on top of the stack there.
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

    /// Ends the short-circuit: when this returns, no CPU runs the handler any more. Sleeps. Fails
    /// as [`disable()`] does, and not after that.
    pub(crate) fn unregister(&mut self) -> Result {
        if self.registered {
            let mut kprobe = self.inner.kprobe.get();

            // SAFETY: This is one kprobe, and it is there by the type invariants.
            to_result(unsafe { bindings::disable_kprobes(&raw mut kprobe, 1) })?;
            // SAFETY: The same, and it is registered by the type invariants. Only disarming could
            // fail, and that is done.
            unsafe { bindings::unregister_kprobes(&raw mut kprobe, 1) };
            // INVARIANT: So the kprobe layer knows it no more.
            self.registered = false;
        }
        Ok(())
    }

    /// The hits that the kprobe layer could not take, so that the function ran. It has none for a
    /// probe that takes nested hits. Any context.
    pub(crate) fn missed(&self) -> u64 {
        // SAFETY: The kprobe is there by the type invariants. The kernel counts without a lock.
        unsafe { (&raw const (*self.inner.kprobe.get()).nmissed).read_volatile() as u64 }
    }

    /// Whether hits are really handled: probes can be disarmed behind our back. Sleeps.
    pub(crate) fn is_armed(&self) -> bool {
        // SAFETY: The kprobe is there by the type invariants, registered or not.
        if !unsafe { bindings::kprobe_armed(self.inner.kprobe.get()) } {
            return false;
        }
        let mut first = [0];

        // A probe at a place for tracers has a call there, and any other a breakpoint.
        code::copy(self.address, &mut first) && matches!(first[0], CALL | BREAKPOINT)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if (0..ATTEMPTS).all(|_| self.unregister().is_err()) {
            // The kprobe layer still calls the handler, so what it uses stays.
            pr_err!("a probe could not be disarmed and stays: please reboot\n");
            return;
        }
        // SAFETY: Dropped here only, and by the type invariants the kprobe layer does not know it.
        unsafe { ManuallyDrop::drop(&mut self.inner) };
    }
}

/// Whether the kprobe layer takes no probe at `entry`: it has a blacklist of functions that it uses
/// itself, or that run where a probe would crash the machine. Any context.
pub(crate) fn is_blacklisted(entry: &Entry<'_>) -> bool {
    // SAFETY: Any address may be asked for, and it takes no lock but RCU's.
    unsafe { bindings::within_kprobe_blacklist(entry.address()) }
}

/// Begins the short-circuits of all `probes` or of none, in the time that one takes: calls that
/// begin when this has returned do not run the functions. Sleeps.
///
/// EBUSY says that something else sends the callers of one elsewhere, EAGAIN that somebody kept
/// attaching BPF programs, ENODEV that ftrace was killed. Success does not mean that the probes are
/// armed, since all kprobes can be off: ask [`Probe::is_armed()`].
pub(crate) fn enable<'a>(probes: impl Iterator<Item = &'a Probe>) -> Result {
    let mut kprobes = kprobes_of(probes)?;
    let mut enable = || {
        // SAFETY: The kprobes are there by the type invariants, registered or not, and there are
        // as many of them.
        to_result(unsafe { bindings::enable_kprobes(kprobes.as_mut_ptr(), kprobes.len() as c_int) })
    };

    for _ in 1..ATTEMPTS {
        match enable() {
            Err(error) if error == EAGAIN => {}
            result => return result,
        }
    }
    enable()
}

/// Ends the short-circuits of all `probes`, until [`enable()`], in the time that one takes: calls
/// run the functions, or are just being sent to the stubs. Sleeps. When it fails, with ENOMEM for
/// example, some of them may be disabled.
pub(crate) fn disable<'a>(probes: impl Iterator<Item = &'a Probe>) -> Result {
    let mut kprobes = kprobes_of(probes)?;

    // SAFETY: As in `enable()`.
    to_result(unsafe { bindings::disable_kprobes(kprobes.as_mut_ptr(), kprobes.len() as c_int) })
}

/// Ends the short-circuits of all `probes` for good, in the time that one takes: when this returns,
/// no CPU runs their handlers any more. Sleeps. Fails as [`disable()`] does.
pub(crate) fn unregister<'a>(probes: impl Iterator<Item = &'a mut Probe>) -> Result {
    let mut registered: KVec<&mut Probe> = KVec::new();

    for probe in probes.filter(|probe| probe.registered) {
        registered.push(probe, GFP_KERNEL)?;
    }
    let mut kprobes = kprobes_of(registered.iter().map(|probe| &**probe))?;

    disable(registered.iter().map(|probe| &**probe))?;
    // SAFETY: The kprobes are registered by the type invariants, and there are as many of them.
    // Only disarming could fail, and that is done.
    unsafe { bindings::unregister_kprobes(kprobes.as_mut_ptr(), kprobes.len() as c_int) };
    for probe in registered {
        // INVARIANT: So the kprobe layer knows it no more.
        probe.registered = false;
    }
    Ok(())
}

/// What the kprobe layer knows `probes` by.
fn kprobes_of<'a>(probes: impl Iterator<Item = &'a Probe>) -> Result<KVec<*mut bindings::kprobe>> {
    let mut kprobes = KVec::new();

    for probe in probes {
        kprobes.push(probe.inner.kprobe.get(), GFP_KERNEL)?;
    }
    Ok(kprobes)
}

/// What a handler of a kprobe is.
type Handler = unsafe extern "C" fn(*mut bindings::kprobe, *mut bindings::pt_regs) -> c_int;

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

/// Sends the call to the stub if the slot takes it. As [`on_entry`], but for the slot's counter;
/// apart from it because most engagements take all calls, and their callers are not to pay for
/// this.
///
/// # Safety
///
/// As [`on_entry`].
#[link_section = ".kprobes.text"]
unsafe extern "C" fn on_chosen_entry(
    kprobe: *mut bindings::kprobe,
    regs: *mut bindings::pt_regs,
) -> c_int {
    // SAFETY: As in `on_entry`.
    let inner = unsafe { &*kernel::container_of!(Opaque::cast_from(kprobe), Inner, kprobe) };

    // SAFETY: This is the kprobe's handler.
    if !unsafe { inner.slot.takes_this(kprobe) } {
        return 0;
    }
    // SAFETY: By the safety requirements.
    unsafe { on_entry(kprobe, regs) }
}

/// Makes the kprobe layer put the probe among those that may change the instruction pointer. It is
/// called after the probed instruction was single-stepped, for calls that the slot does not take.
///
/// # Safety
///
/// None: it does nothing.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn does_nothing(
    _kprobe: *mut bindings::kprobe,
    _regs: *mut bindings::pt_regs,
    _flags: c_ulong,
) {
}
