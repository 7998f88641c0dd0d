// SPDX-License-Identifier: GPL-2.0-only

//! The return stubs and their slots: where an engaged function continues, and what it returns.
//!
//! The stubs are in stubs_x86.S: stub `n` counts a hit of slot `n` on its CPU, loads its value and
//! returns.

use kernel::{
    bindings,
    sync::atomic::{
        ordering::{
            Full,
            Relaxed,
            Release, //
        },
        Atomic, //
    }, //
};

/// The number of slots.
pub(crate) const SLOTS: usize = bindings::CONFIG_SECURITY_KILLSWITCH_SLOTS as usize;

/// The value that each stub loads.
#[export_name = "killswitch_values"]
static VALUES: [Atomic<i64>; SLOTS] = [const { Atomic::new(0) }; SLOTS];

/// Whether each slot is taken: a [`Slot`] exists for it, or a task may still be on its way to the
/// stub.
static TAKEN: [Atomic<bool>; SLOTS] = [const { Atomic::new(false) }; SLOTS];

extern "C" {
    #[link_name = "killswitch_stubs"]
    static STUBS: [usize; SLOTS];
}

/// A slot: a stub that nothing else uses, and the value that it returns.
///
/// # Invariants
///
/// The index is below [`SLOTS`], the slot is [`TAKEN`], and no other `Slot` has this index.
pub(crate) struct Slot {
    index: usize,
    counter: Counter,
    is_used: Atomic<bool>,
}

/// What counts how often the stub of a slot runs. It can outlive the slot, and is of no use then.
#[derive(Clone, Copy)]
pub(crate) struct Counter {
    index: usize,
    /// The hits of this index before the slot was taken.
    earlier: u64,
}

impl Counter {
    /// How often the stub ran since the slot was taken. Any context.
    pub(crate) fn hits(self) -> u64 {
        hits_of(self.index).wrapping_sub(self.earlier)
    }
}

impl Slot {
    /// Takes a slot whose stub returns `value`, unless all are taken.
    ///
    /// Sleeps, for a grace period of RCU tasks if all slots are taken: some may be only because a
    /// task could still be on its way to their stubs.
    pub(crate) fn take(value: i64) -> Option<Self> {
        let take = || {
            let index =
                (0..SLOTS).find(|index| TAKEN[*index].cmpxchg(false, true, Full).is_ok())?;
            // INVARIANT: The exchange took the index, and only one caller can succeed in it.
            Some(Self {
                index,
                counter: Counter {
                    index,
                    earlier: hits_of(index),
                },
                is_used: Atomic::new(false),
            })
        };
        let slot = take().or_else(|| {
            // SAFETY: Called in process context, where it may sleep.
            unsafe { bindings::killswitch_wait_for_slots() };
            take()
        })?;

        slot.set_value(value);
        Some(slot)
    }

    /// What the stub returns from now on, on every CPU. Any context.
    pub(crate) fn set_value(&self, value: i64) {
        VALUES[self.index].store(value, Relaxed);
    }

    /// What the stub returns. Any context.
    pub(crate) fn value(&self) -> i64 {
        VALUES[self.index].load(Relaxed)
    }

    /// What counts how often the stub runs. Any context.
    pub(crate) fn counter(&self) -> Counter {
        self.counter
    }

    /// Notes that calls may be sent to the stub. Any context.
    pub(super) fn set_used(&self) {
        self.is_used.store(true, Relaxed);
    }

    /// The address of the stub.
    pub(super) fn address(&self) -> usize {
        // SAFETY: The table is constant, and stubs_x86.S gives it one entry per slot.
        unsafe { STUBS[self.index] }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.is_used.load(Relaxed) {
            // SAFETY: The index is below `SLOTS` by the type invariants, and this is asked for once
            // for each time that the slot is taken.
            unsafe { bindings::killswitch_free_slot_later(self.index) };
        } else {
            TAKEN[self.index].store(false, Release);
        }
    }
}

/// Frees a slot: no task is on its way to its stub any more. Called by RCU.
#[no_mangle]
extern "C" fn killswitch_free_slot(index: usize) {
    TAKEN[index].store(false, Release);
}

/// How often the stub with this index has run since boot. Any context.
fn hits_of(index: usize) -> u64 {
    // SAFETY: The index is below `SLOTS`.
    unsafe { bindings::killswitch_sum_hits(index) }
}
