// SPDX-License-Identifier: GPL-2.0-only

//! The short-circuit: a kprobe at a function's entry that sends its callers to a return stub.
//!
//! The handlers are in handlers.c, because nothing that they call may be probed.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h)

use super::{
    claim::{
        self,
        Claim, //
    },
    code,
    condition::Condition,
    entry::Entry,
    stub::Slot, //
};
use crate::{
    attribution::Attribution,
    policy::code::{
        Architecture,
        Native, //
    }, //
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
        c_ulong, //
    },
    prelude::*,
    sync::{
        atomic::{
            ordering::{
                Full,
                Relaxed, //
            },
            Atomic, //
        },
        global_lock,
        Arc, //
    },
    types::Opaque, //
};

/// How often [`enable()`] tries again while a BPF program is being attached, for which the kernel
/// sleeps a millisecond each time, and [`Probe::drop()`] without memory.
const ATTEMPTS: usize = 1000;

/// What [`killswitch_probe::gate`](bindings::killswitch_probe) holds while calls go to the stub: so
/// little that counting the calls that are under way never makes it positive.
const OPEN: i64 = i64::MIN;

global_lock! {
    // SAFETY: `init()` below initializes it, before the first probe.
    /// Keeps [`enable()`] from probes that are being unregistered. Taken before the locks of the
    /// kprobe layer, which may wait for a grace period.
    unsafe(uninit) static ENABLING: Mutex<()> = ();
}

/// Initializes the lock of this file, and that of the claims.
///
/// # Safety
///
/// To be called once, before any other function of this file.
pub(super) unsafe fn init() {
    // SAFETY: By the safety requirements.
    unsafe { ENABLING.init() };
    // SAFETY: By the safety requirements; nothing else calls the functions there.
    unsafe { claim::init() };
}

/// What a handler of a kprobe is.
type Handler = unsafe extern "C" fn(*mut bindings::kprobe, *mut bindings::pt_regs) -> c_int;
/// What is called after the probed instruction.
type PostHandler = unsafe extern "C" fn(*mut bindings::kprobe, *mut bindings::pt_regs, c_ulong);

/// What the kprobe layer knows of a probe.
#[pin_data]
struct Inner {
    #[pin]
    probe: Opaque<bindings::killswitch_probe>,
    #[pin]
    _pin: PhantomPinned,
}

impl Inner {
    fn counts_passing(&self) -> &Atomic<bool> {
        // SAFETY: The field is aligned and there as long as `self`, and all accesses are atomic.
        unsafe { Atomic::from_ptr(&raw mut (*self.probe.get()).counts_passing) }
    }

    fn kprobe(&self) -> *mut bindings::kprobe {
        // SAFETY: The field is inside of the allocation; no reference is made.
        unsafe { &raw mut (*self.probe.get()).kprobe }
    }

    fn gate(&self) -> &Atomic<i64> {
        // SAFETY: The field is aligned and there as long as `self`, and all accesses are atomic.
        unsafe { Atomic::from_ptr(&raw mut (*self.probe.get()).gate.counter) }
    }
}

/// A kprobe that makes a function return the value of its slot without running its body.
///
/// It lets calls pass, and counts them, until [`take_calls()`](Self::take_calls). Without a slot it
/// only counts them, and does not keep the function from being livepatched.
///
/// # Invariants
///
/// * `inner` holds a kprobe that was registered; the kprobe layer may know it unless
///   `is_unregistered`.
/// * `inner` is dropped only when the kprobe layer does not know it.
/// * The callers, the condition and the value that the kprobe refers to are those of the fields
///   below.
/// * `gate` is [`OPEN`] only if there is a slot, whose stub the handler sends calls to.
/// * `is_unregistering` changes with [`ENABLING`] held, once; the kprobe is disabled from then on.
pub(crate) struct Probe {
    inner: ManuallyDrop<Pin<KBox<Inner>>>,
    address: usize,
    is_unregistering: Atomic<bool>,
    is_unregistered: Atomic<bool>,
    claim: Claim,
    slot: Option<Arc<Slot>>,
    // What follows is dropped after the kprobe.
    attribution: Arc<Attribution>,
    condition: ManuallyDrop<Option<Condition>>,
}

/// Which calls a probe is for.
pub(crate) struct Calls {
    /// Not those of root, nor of interrupts and threads of the kernel.
    pub(crate) only_nonroot: bool,
    /// Those that this is true for, or may be.
    pub(crate) condition: Option<Condition>,
}

// SAFETY: A probe may be unregistered from any task, and so may its slot be released.
unsafe impl Send for Probe {}
// SAFETY: What is done to the kprobe through a shared reference the kprobe layer does under its own
// mutex; the rest is atomic or constant.
unsafe impl Sync for Probe {}

impl Probe {
    /// Registers a probe that is disabled on the function that begins at `entry`, for these calls.
    /// `slot` has the stub for the calls that it takes, if it
    /// takes any, and `attribution` counts whose they are.
    ///
    /// Sleeps. The errors are those of `register_kprobe()`: EINVAL, EILSEQ and ENOENT say that this
    /// function cannot be probed.
    pub(crate) fn register(
        entry: &Entry<'_>,
        slot: Option<Arc<Slot>>,
        attribution: Arc<Attribution>,
        calls: Calls,
    ) -> Result<Arc<Self>> {
        let address = entry.address();
        let callers = attribution.callers().as_ptr();
        let stub = slot.as_ref().map_or(0, |slot| slot.address());
        // With it, the probe may send calls elsewhere, and is not optimized.
        let post_handler = match slot.is_some() || !entry.is_on_ftrace() {
            true => Some(bindings::killswitch_after_call as PostHandler),
            false => None,
        };
        let value = slot
            .as_ref()
            .map_or(ptr::null(), |slot| slot.value_address());
        let condition = calls
            .condition
            .as_ref()
            .map_or(ptr::null(), Condition::as_ptr);
        let handler: Handler = match (&calls.condition, calls.only_nonroot) {
            (Some(_), _) => bindings::killswitch_on_conditional_call,
            (None, true) => bindings::killswitch_on_user_call,
            (None, false) => bindings::killswitch_on_call,
        };
        let inner = KBox::pin_init(
            try_pin_init!(&this in Inner {
                probe <- Opaque::ffi_init(|probe: *mut bindings::killswitch_probe| {
                    // SAFETY: `probe` points to memory for one.
                    unsafe {
                        probe.write(bindings::killswitch_probe {
                            kprobe: bindings::kprobe {
                                addr: address as *mut bindings::kprobe_opcode_t,
                                pre_handler: Some(handler),
                                post_handler,
                                flags: bindings::KPROBE_FLAG_NESTED
                                    | bindings::KPROBE_FLAG_DISABLED,
                                ..pin_init::zeroed()
                            },
                            callers,
                            function: address as c_ulong,
                            condition,
                            only_nonroot: calls.only_nonroot,
                            value,
                            stub: stub as c_ulong,
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
                    // - The callers that the handler counts in are there as long as the probe.
                    // - A function begins at `address` by the invariants of `Entry`, as the
                    //   handlers ask: what the stub returns to is on top of the stack there.
                    to_result(unsafe { bindings::register_kprobe((*this.as_ptr()).kprobe()) })?;
                },
            }? Error),
            GFP_KERNEL,
        )?;
        // SAFETY: The kprobe is registered, so its address does not change. It may be behind the
        // one that was asked for, if an instruction has to come first.
        let address = unsafe { (*inner.kprobe()).addr }.addr();
        // SAFETY: The kprobe is registered and disabled, so no handler reads the field yet.
        unsafe {
            (*inner.probe.get()).preempt_offset =
                bindings::killswitch_preempt_offset(inner.kprobe());
        }
        // INVARIANT: Registered just above. If there is no memory for it, dropping it unregisters.
        let probe = Self {
            inner: ManuallyDrop::new(inner),
            address,
            is_unregistering: Atomic::new(false),
            is_unregistered: Atomic::new(false),
            claim: match slot {
                Some(_) => Claim::on(entry),
                None => Claim::none(),
            },
            slot,
            attribution,
            condition: ManuallyDrop::new(calls.condition),
        };

        Ok(Arc::new(probe, GFP_KERNEL)?)
    }

    /// Lets calls pass. Any context.
    pub(crate) fn pass_calls(&self) {
        self.inner.counts_passing().store(false, Relaxed);
        self.inner.gate().store(0, Relaxed);
    }

    /// Lets calls pass, and counts them from now on, and by their callers. Any context.
    pub(crate) fn count_calls(&self) {
        self.inner.gate().store(0, Relaxed);
        self.inner.counts_passing().store(true, Relaxed);
    }

    /// Sends calls to the stub from now on, on every CPU, if there is one. Any context.
    pub(crate) fn take_calls(&self) {
        if let Some(slot) = &self.slot {
            slot.set_used();
            self.inner.gate().store(OPEN, Relaxed);
        }
    }

    /// The same if no call has passed, else returns EBUSY and changes nothing: between the last
    /// call that passes and the first that does not there is none. Any context.
    pub(crate) fn take_calls_if_unused(&self) -> Result {
        self.slot.as_ref().ok_or(EBUSY)?.set_used();
        match self.inner.gate().cmpxchg(0, OPEN, Full) {
            Ok(_) => Ok(()),
            Err(_) => Err(EBUSY),
        }
    }

    /// How many calls have passed, as they were counted. Any context.
    pub(crate) fn passed(&self) -> u64 {
        self.inner.gate().load(Relaxed).max(0) as u64
    }

    /// Whether hits are handled: probes can be disarmed behind the back of their owner. Sleeps.
    pub(crate) fn is_armed(&self) -> bool {
        // SAFETY: The kprobe is there by the type invariants, registered or not.
        if !unsafe { bindings::kprobe_armed(self.inner.kprobe()) } {
            return false;
        }
        let mut first = [0; Native::PROBE];

        code::copy(self.address, &mut first) && Native::is_armed(&first)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.pass_calls();
        for _ in 0..ATTEMPTS {
            if self.is_unregistered.load(Relaxed) || unregister(&[&*self]).is_ok() {
                // SAFETY: Dropped here only, and by the type invariants the kprobe layer does not
                // know it.
                unsafe { ManuallyDrop::drop(&mut self.inner) };
                // SAFETY: Dropped here only, and the handler that used it is gone.
                unsafe { ManuallyDrop::drop(&mut self.condition) };
                return;
            }
        }
        // The kprobe layer still calls the handler, so what that uses stays.
        core::mem::forget(self.attribution.clone());
        pr_err!("a probe could not be disarmed: it stays, and lets all calls pass\n");
    }
}

/// Whether the kprobe layer takes no probe at `entry`: it has a blacklist of functions that it uses
/// itself, or that run where a probe would crash the machine. Any context.
pub(crate) fn is_blacklisted(entry: &Entry<'_>) -> bool {
    // SAFETY: Any address may be asked for, and it takes no lock but RCU's.
    unsafe { bindings::within_kprobe_blacklist(entry.address()) }
}

/// Arms all `probes` or none, in the time that one takes. Sleeps, a second at most if BPF programs
/// are being attached all the time.
///
/// EBUSY says that something else sends the callers of one elsewhere, EAGAIN that BPF programs were
/// being attached, ENODEV that ftrace was killed, EINVAL that one is being unregistered. The
/// probes may still be disarmed, since all kprobes can be off: ask [`Probe::is_armed()`].
pub(crate) fn enable(probes: &[&Probe]) -> Result {
    let mut result = enable_once(probes);

    for _ in 1..ATTEMPTS {
        if result != Err(EAGAIN) {
            break;
        }
        result = enable_once(probes);
    }
    result
}

/// As [`enable()`], and fails with EAGAIN at once. Sleeps.
pub(crate) fn enable_once(probes: &[&Probe]) -> Result {
    let mut kprobes = kprobes_of(probes)?;
    let _enabling = ENABLING.lock();

    if probes
        .iter()
        .any(|probe| probe.is_unregistering.load(Relaxed))
    {
        return Err(EINVAL);
    }
    claim::set(probes.iter().map(|probe| &probe.claim), true)?;
    // SAFETY: The kprobes are registered by the type invariants, since none of them is ending,
    // which does not change with the lock held, and there are as many of them.
    to_result(unsafe { bindings::enable_kprobes(kprobes.as_mut_ptr(), kprobes.len() as c_int) })
}

/// Unregisters those of `probes` that are still registered, in the time that one takes: when this
/// returns, no CPU runs their handlers any more, but for those that another task is unregistering
/// and holds a reference to. Sleeps for a grace period.
///
/// Fails if there is no memory, or none to disarm one of them: others may be off then, which let
/// calls pass before. Dropping them tries again.
pub(crate) fn unregister(probes: &[&Probe]) -> Result {
    if probes.is_empty() {
        return Ok(());
    }
    let mut ending = KVec::with_capacity(probes.len(), GFP_KERNEL)?;
    let mut kprobes;
    {
        let _enabling = ENABLING.lock();

        for probe in probes {
            if !probe.is_unregistering.load(Relaxed) {
                ending.push(*probe, GFP_KERNEL)?;
            }
        }
        kprobes = kprobes_of(&ending)?;
        // SAFETY: As in `enable_once()`.
        to_result(unsafe {
            bindings::disable_kprobes(kprobes.as_mut_ptr(), kprobes.len() as c_int)
        })?;
        claim::set(ending.iter().map(|probe| &probe.claim), false)?;
        for probe in &ending {
            // INVARIANT: Disabled just above, and `enable_once()` fails from now on.
            probe.is_unregistering.store(true, Relaxed);
        }
    }
    // SAFETY: The kprobes are registered by the type invariants, nothing else unregisters them now,
    // and there are as many of them. Only disarming could fail, and that is done.
    unsafe { bindings::unregister_kprobes(kprobes.as_mut_ptr(), kprobes.len() as c_int) };
    for probe in ending {
        // INVARIANT: So the kprobe layer does not know it any more.
        probe.is_unregistered.store(true, Relaxed);
    }
    Ok(())
}

/// What the kprobe layer knows `probes` by.
fn kprobes_of(probes: &[&Probe]) -> Result<KVec<*mut bindings::kprobe>> {
    let mut kprobes = KVec::with_capacity(probes.len(), GFP_KERNEL)?;

    for probe in probes {
        kprobes.push(probe.inner.kprobe(), GFP_KERNEL)?;
    }
    Ok(kprobes)
}
