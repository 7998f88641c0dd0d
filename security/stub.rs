// SPDX-License-Identifier: GPL-2.0-only

//! The return stubs and their slots: where an engaged function continues, and what it returns.
//!
//! The stubs are in stubs_x86.S: stub `n` counts a hit of slot `n`, loads its value and returns.

use kernel::{
    bindings,
    prelude::*,
    sync::atomic::{
        ordering::{
            Full,
            Relaxed, //
        },
        Atomic, //
    },
};

/// The number of slots.
pub(crate) const SLOTS: usize = bindings::CONFIG_SECURITY_KILLSWITCH_SLOTS as usize;

/// The value that each stub loads.
#[export_name = "killswitch_values"]
static VALUES: [Atomic<i64>; SLOTS] = [const { Atomic::new(0) }; SLOTS];

/// How often each stub ran since its slot was taken.
#[export_name = "killswitch_hits"]
static HITS: [Atomic<i64>; SLOTS] = [const { Atomic::new(0) }; SLOTS];

extern "C" {
    #[link_name = "killswitch_stubs"]
    static STUBS: [usize; SLOTS];
}

/// Nothing refers to the slot.
const FREE: i32 = 0;
/// A [`Slot`] exists for it.
const TAKEN: i32 = 1;
/// Its [`Slot`] is gone, but a task may still be on the way to the stub.
const USED: i32 = 2;
/// This and everything above: as [`USED`], and the [`drain()`] of this number waits for such tasks.
const DRAINING: i32 = 3;

static STATES: [Atomic<i32>; SLOTS] = [const { Atomic::new(FREE) }; SLOTS];

/// What [`Slot::watched`] holds from the moment calls are sent to the stub: so little that counting
/// the calls that are on their way never makes it positive.
const TAKES_CALLS: i64 = i64::MIN;

/// A slot: a stub that nobody else uses, the value that it returns, and which calls are sent to it.
///
/// # Invariants
///
/// The index is below [`SLOTS`], the slot's state is [`TAKEN`], and no other `Slot` has this index.
pub(crate) struct Slot {
    index: usize,
    only_nonroot: bool,
    /// The calls that were seen and not sent to the stub, or [`TAKES_CALLS`].
    watched: Atomic<i64>,
}

impl Slot {
    /// Takes a slot for a function that shall return `value`, to all callers or only to those that
    /// are not root, or says that there is none left. Calls are only counted until
    /// [`take_calls()`](Self::take_calls) if the function is to be watched first.
    ///
    /// May sleep, for long when the slots that are left have been used before: a task could still
    /// be on its way to the stub of one. Who asks at the same time as somebody else may be told
    /// that there is none, so callers take turns.
    pub(crate) fn take(value: i64, only_nonroot: bool, watch: bool) -> Option<Self> {
        let take = || {
            let index =
                (0..SLOTS).find(|index| STATES[*index].cmpxchg(FREE, TAKEN, Full).is_ok())?;
            // INVARIANT: The exchange made the state `TAKEN`, and only one caller can succeed in
            // it.
            Some(Self {
                index,
                only_nonroot,
                watched: Atomic::new(if watch { 0 } else { TAKES_CALLS }),
            })
        };
        let slot = take().or_else(|| {
            drain();
            take()
        })?;

        HITS[slot.index].store(0, Relaxed);
        slot.set_value(value);
        Some(slot)
    }

    /// What the stub returns from now on, on every CPU. Any context.
    pub(crate) fn set_value(&self, value: i64) {
        VALUES[self.index].store(value, Relaxed);
    }

    /// How often the stub ran, or how many calls were seen while the function is only watched. Any
    /// context.
    pub(crate) fn hits(&self) -> u64 {
        match self.watched.load(Relaxed) {
            calls if calls >= 0 => calls as u64,
            _ => HITS[self.index].load(Relaxed) as u64,
        }
    }

    /// Sends calls to the stub from now on, if the function is watched and was not called yet:
    /// between the last call that is not sent there and the first that is there is none. Otherwise
    /// nothing changes. Any context.
    pub(crate) fn take_calls(&self) -> Result {
        match self.watched.cmpxchg(0, TAKES_CALLS, Full) {
            Ok(_) => Ok(()),
            Err(_) => Err(EBUSY),
        }
    }

    /// Whether all calls are sent to the stub, and always were.
    pub(super) fn takes_all(&self) -> bool {
        !self.only_nonroot && self.watched.load(Relaxed) < 0
    }

    /// Whether the call that hits `kprobe` is to be sent to the stub; counts it if it is only
    /// watched.
    ///
    /// # Safety
    ///
    /// To be called by the handler of `kprobe`.
    #[inline(always)]
    pub(super) unsafe fn takes_this(&self, kprobe: *mut bindings::kprobe) -> bool {
        // SAFETY: By the safety requirements.
        if self.only_nonroot && !unsafe { bindings::killswitch_is_nonroot(kprobe) } {
            return false;
        }
        self.watched.load(Relaxed) < 0 || self.watched.fetch_add(1, Full) < 0
    }

    /// The address of the stub.
    pub(super) fn address(&self) -> usize {
        // SAFETY: The table is constant, and stubs_x86.S gives it one entry per slot.
        unsafe { STUBS[self.index] }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        STATES[self.index].store(USED, Relaxed);
    }
}

/// Frees the slots that have been used, once no task can be on its way to their stubs. Sleeps.
fn drain() {
    static NEXT: Atomic<i32> = Atomic::new(DRAINING);

    // A number of its own, so that nobody frees a slot that someone else began to wait for later.
    let draining = NEXT.fetch_add(1, Relaxed);
    let mut waiting = false;

    for state in &STATES {
        waiting |= state.cmpxchg(USED, draining, Full).is_ok();
    }
    if !waiting {
        return;
    }
    // SAFETY: No preconditions beyond process context.
    unsafe { bindings::killswitch_wait_for_tasks() };
    for state in &STATES {
        let _ = state.cmpxchg(draining, FREE, Full);
    }
}

/// The number of slots in use. Any context.
pub(crate) fn taken() -> usize {
    STATES
        .iter()
        .filter(|state| state.load(Relaxed) == TAKEN)
        .count()
}
