// SPDX-License-Identifier: GPL-2.0-only

//! The short-circuit: a kprobe at a function's entry that sends its callers to a return stub.
//!
//! The handlers are in handlers.c, because they must not call anything that can be probed.
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

/// How often [`enable()`] retries while a BPF program is being attached, for which the kernel
/// sleeps a millisecond each time, and [`Probe::drop()`] on -ENOMEM.
const ATTEMPTS: usize = 1000;

/// The value of [`killswitch_probe::gate`](bindings::killswitch_probe) while calls go to the stub.
/// It is so low that concurrent increments never make it positive.
const OPEN: i64 = i64::MIN;

global_lock! {
    // SAFETY: `init()` below initializes it, before the first probe.
    /// Serializes [`enable()`] and [`unregister()`]. Taken before the locks of the kprobe layer,
    /// which may wait for a grace period.
    unsafe(uninit) static ENABLING: Mutex<()> = ();
}

/// Initializes the locks of this file and of the claims.
///
/// # Safety
///
/// To be called once, before any other function of this file.
pub(super) unsafe fn init() {
    // SAFETY: By the safety requirements.
    unsafe { ENABLING.init() };
    // SAFETY: By the safety requirements; only this file calls the functions there.
    unsafe { claim::init() };
}

/// A pre_handler of a kprobe.
type Handler = unsafe extern "C" fn(*mut bindings::kprobe, *mut bindings::pt_regs) -> c_int;
/// A post_handler of a kprobe.
type PostHandler = unsafe extern "C" fn(*mut bindings::kprobe, *mut bindings::pt_regs, c_ulong);

/// The part of a probe that the kprobe layer refers to.
#[pin_data]
struct Inner {
    #[pin]
    probe: Opaque<bindings::killswitch_probe>,
    #[pin]
    _pin: PhantomPinned,
}

impl Inner {
    fn counts_passing(&self) -> &Atomic<bool> {
        // SAFETY: The field is aligned and valid as long as `self`, and all accesses are atomic.
        unsafe { Atomic::from_ptr(&raw mut (*self.probe.get()).counts_passing) }
    }

    fn kprobe(&self) -> *mut bindings::kprobe {
        // SAFETY: The field is inside the allocation; no reference is made.
        unsafe { &raw mut (*self.probe.get()).kprobe }
    }

    fn gate(&self) -> &Atomic<i64> {
        // SAFETY: The field is aligned and valid as long as `self`, and all accesses are atomic.
        unsafe { Atomic::from_ptr(&raw mut (*self.probe.get()).gate.counter) }
    }
}

/// A kprobe that makes a function return the value of its slot without running its body.
///
/// It lets calls pass until [`take_calls()`](Self::take_calls). Without a slot it only counts them,
/// and does not keep the function from being livepatched.
///
/// # Invariants
///
/// * `inner` holds a kprobe that was registered, and stays so until `is_unregistered`.
/// * `inner` is dropped only when the kprobe is unregistered.
/// * The callers, the condition and the value that the kprobe refers to are those of the fields
///   below.
/// * `gate` is [`OPEN`] only if there is a slot, to whose stub the handler sends calls.
/// * `is_unregistering` is set once, with [`ENABLING`] held; the kprobe stays disabled from then
///   on.
pub(crate) struct Probe {
    inner: ManuallyDrop<Pin<KBox<Inner>>>,
    address: usize,
    is_unregistering: Atomic<bool>,
    is_unregistered: Atomic<bool>,
    claim: Claim,
    slot: Option<Arc<Slot>>,
    // The fields below are dropped after the kprobe.
    attribution: Arc<Attribution>,
    condition: ManuallyDrop<Option<Condition>>,
}

/// Which calls a probe handles.
pub(crate) struct Calls {
    /// Only calls by users other than root, not by interrupts and kernel threads.
    pub(crate) only_nonroot: bool,
    /// Only calls for which this is true, or may be.
    pub(crate) condition: Option<Condition>,
}

// SAFETY: A probe may be unregistered from any task, and so may its slot be released.
unsafe impl Send for Probe {}
// SAFETY: The kprobe layer changes the kprobe under its own mutex; the rest is atomic or constant.
unsafe impl Sync for Probe {}

impl Probe {
    /// Registers a disabled probe on the function at `entry`, for these calls. `slot` has the stub
    /// for calls that it takes; without one, it takes none. `attribution` counts callers.
    ///
    /// Sleeps. Returns the errors of `register_kprobe()`: EINVAL, EILSEQ and ENOENT mean that the
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
        // With a post_handler, the probe may redirect calls, and is not optimized.
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
                    // - The kprobe is pinned, and `Probe` does not free it before it is
                    //   unregistered.
                    // - The callers that the handler counts in live as long as the probe.
                    // - A function begins at `address` by the invariants of `Entry`, as the
                    //   handlers require: its return address is where the stub expects it.
                    to_result(unsafe { bindings::register_kprobe((*this.as_ptr()).kprobe()) })?;
                },
            }? Error),
            GFP_KERNEL,
        )?;
        // SAFETY: The kprobe is registered, so its address is constant. It may be after `address`,
        // if an instruction has to stay first.
        let address = unsafe { (*inner.kprobe()).addr }.addr();
        // SAFETY: The kprobe is registered and disabled, so no handler reads the field yet.
        unsafe {
            (*inner.probe.get()).preempt_offset =
                bindings::killswitch_preempt_offset(inner.kprobe());
        }
        // INVARIANT: Registered just above. On -ENOMEM below, dropping it unregisters it.
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

    /// Lets calls pass, and counts them by caller from now on. Any context.
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

    /// Does the same if no call has passed; otherwise fails with EBUSY and changes nothing. This is
    /// atomic: no call passes uncounted. Any context.
    pub(crate) fn take_calls_if_unused(&self) -> Result {
        self.slot.as_ref().ok_or(EBUSY)?.set_used();
        match self.inner.gate().cmpxchg(0, OPEN, Full) {
            Ok(_) => Ok(()),
            Err(_) => Err(EBUSY),
        }
    }

    /// How many calls have passed. Any context.
    pub(crate) fn passed(&self) -> u64 {
        self.inner.gate().load(Relaxed).max(0) as u64
    }

    /// Whether the probe is armed: others can disarm probes. Sleeps.
    pub(crate) fn is_armed(&self) -> bool {
        // SAFETY: The kprobe is valid by the type invariants, registered or not.
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
                // SAFETY: Dropped only here, and the kprobe is unregistered by the type invariants.
                unsafe { ManuallyDrop::drop(&mut self.inner) };
                // SAFETY: Dropped only here, and no handler uses it any more.
                unsafe { ManuallyDrop::drop(&mut self.condition) };
                return;
            }
        }
        // The kprobe layer still calls the handler, so leak what that uses.
        core::mem::forget(self.attribution.clone());
        pr_err!("a probe could not be disarmed: it stays, and lets all calls pass\n");
    }
}

/// Whether `entry` is on the blacklist of the kprobe layer: functions that it uses itself, or where
/// a probe would crash the machine. Any context.
pub(crate) fn is_blacklisted(entry: &Entry<'_>) -> bool {
    // SAFETY: Any address may be passed, in any context.
    unsafe { bindings::within_kprobe_blacklist(entry.address()) }
}

/// Arms all `probes` or none, in the time that one takes. Sleeps, at most about a second while BPF
/// programs are being attached.
///
/// Fails with EBUSY if something else redirects a function, with EAGAIN if BPF programs were being
/// attached, with ENODEV if ftrace was killed, and with EINVAL if a probe is being unregistered. On
/// success, the probes may still be disarmed if all kprobes are off: check [`Probe::is_armed()`].
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

/// Like [`enable()`], without retries on EAGAIN. Sleeps.
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
    // SAFETY: The kprobes are registered by the type invariants, since none is being unregistered,
    // which does not change while the lock is held. The length is that of the array.
    to_result(unsafe { bindings::enable_kprobes(kprobes.as_mut_ptr(), kprobes.len() as c_int) })
}

/// Unregisters those of `probes` that are still registered, in the time that one takes. When this
/// returns, no CPU runs their handlers any more, except for probes that another task is
/// unregistering and holds a reference to. Sleeps for a grace period.
///
/// Fails with ENOMEM, also if a probe cannot be disarmed; others may be disarmed then, which let
/// calls pass before. Dropping a probe retries.
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
    // SAFETY: The kprobes are registered by the type invariants, nothing else unregisters them, and
    // the length is that of the array. They are disarmed already, so this cannot fail.
    unsafe { bindings::unregister_kprobes(kprobes.as_mut_ptr(), kprobes.len() as c_int) };
    for probe in ending {
        // INVARIANT: Unregistered just above.
        probe.is_unregistered.store(true, Relaxed);
    }
    Ok(())
}

/// The kprobes of `probes`.
fn kprobes_of(probes: &[&Probe]) -> Result<KVec<*mut bindings::kprobe>> {
    let mut kprobes = KVec::with_capacity(probes.len(), GFP_KERNEL)?;

    for probe in probes {
        kprobes.push(probe.inner.kprobe(), GFP_KERNEL)?;
    }
    Ok(kprobes)
}
