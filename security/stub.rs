// SPDX-License-Identifier: GPL-2.0-only

//! The return stubs and their slots: where an engaged function continues, and what it returns.
//!
//! The stubs are in a file for each architecture, such as stubs_x86.S: stub `n` counts a hit of
//! slot `n` on its CPU, loads the slot's value and returns.
//!
//! A task that was preempted before it reached a stub may run it after the slot was released, until
//! an RCU tasks grace period has ended. Users can delay that for any time, since a long-running
//! system call is not a quiescent state. So waits for it are limited here, and a slot whose grace
//! period has not ended can be taken again for the same value.

use kernel::{
    bindings,
    ffi::c_uint,
    prelude::*,
    sync::atomic::{
        ordering::{
            Full,
            Relaxed, //
        },
        Atomic, //
    }, //
};

/// The number of slots.
pub(crate) const SLOTS: usize = bindings::CONFIG_SECURITY_KILLSWITCH_SLOTS as usize;

/// How long [`Slot::take`] waits for a free slot, in milliseconds.
const WAIT: c_uint = 5000;

/// The value that each stub loads.
#[export_name = "killswitch_values"]
static VALUES: [Atomic<i64>; SLOTS] = [const { Atomic::new(0) }; SLOTS];

/// The state of each slot: the flags below, or 0 if it is free.
static STATES: [Atomic<i32>; SLOTS] = [const { Atomic::new(0) }; SLOTS];

/// A [`Slot`] exists.
const TAKEN: i32 = 1;
/// The slot was released, and a callback is queued for the end of a grace period.
const PENDING: i32 = 2;
/// It was taken and released again meanwhile, so that another grace period is needed.
const REQUEUE: i32 = 4;

/// Sets the state of a slot to what `change` returns, if it is not `None`. Returns the old state.
fn change(index: usize, change: impl Fn(i32) -> Option<i32>) -> Option<i32> {
    let state = &STATES[index];
    let mut old = state.load(Relaxed);

    loop {
        match state.cmpxchg(old, change(old)?, Full) {
            Ok(_) => return Some(old),
            Err(other) => old = other,
        }
    }
}

extern "C" {
    #[link_name = "killswitch_stubs"]
    static STUBS: [usize; SLOTS];
}

/// A slot: a stub that only one engagement sends calls to, and the value that it returns.
///
/// # Invariants
///
/// The index is below [`SLOTS`], its state has [`TAKEN`], and no other `Slot` has this index.
pub(crate) struct Slot {
    index: usize,
    counter: Counter,
    is_used: Atomic<bool>,
}

/// The counter of a slot's hits. If the slot was taken again before the grace period ended, it
/// includes late hits of the previous function. It may outlive the slot, but is meaningless then.
///
/// # Invariants
///
/// The index is below [`SLOTS`].
#[derive(Clone, Copy)]
pub(crate) struct Counter {
    index: usize,
    /// The hits of this index before the slot was taken.
    earlier: u64,
}

impl Counter {
    /// How often the stub has run since the slot was taken. Any context.
    pub(crate) fn hits(self) -> u64 {
        // SAFETY: The index is below `SLOTS` by the type invariants.
        let hits = unsafe { bindings::killswitch_sum_hits(self.index) };

        hits.wrapping_sub(self.earlier)
    }
}

impl Slot {
    /// Takes a slot whose stub returns `value`, unless all are taken. Sleeps, up to [`WAIT`] if
    /// some slots are only waiting for a grace period.
    pub(crate) fn take(value: i64) -> Option<Self> {
        let mut left = WAIT;

        loop {
            // SAFETY: No preconditions.
            let freed = unsafe { bindings::killswitch_count_freed() };

            if let Some(slot) = Self::try_take(value) {
                VALUES[slot.index].store(value, Relaxed);
                return Some(slot);
            }
            let is_waiting = |state: &Atomic<i32>| state.load(Relaxed) & TAKEN == 0;

            if left == 0 || !STATES.iter().any(is_waiting) {
                return None;
            }
            // SAFETY: Called in process context, where it may sleep.
            left = unsafe { bindings::killswitch_wait_for_slot(freed, left) };
        }
    }

    fn try_take(value: i64) -> Option<Self> {
        let take = |index: usize, may: fn(i32) -> bool| {
            // INVARIANT: Only one caller can set the flag, and only dropping clears it.
            change(index, |state| may(state).then_some(state | TAKEN))?;
            // INVARIANT: All indices that are tried are below `SLOTS`.
            let counter = Counter { index, earlier: 0 };

            Some(Self {
                index,
                counter: Counter {
                    earlier: counter.hits(),
                    ..counter
                },
                is_used: Atomic::new(false),
            })
        };
        let free = (0..SLOTS).find_map(|index| take(index, |state| state == 0));

        free.or_else(|| {
            // Late calls return the same value as before. The value of a slot may change until the
            // slot is taken, so it is checked again.
            (0..SLOTS)
                .filter(|index| VALUES[*index].load(Relaxed) == value)
                .filter_map(|index| take(index, |state| state & TAKEN == 0))
                .find(|slot| slot.value() == value)
        })
    }

    /// Sets what the stub returns from now on, on every CPU. Any context. Fails with EAGAIN if
    /// calls from before the slot was taken may still be in flight, which must get the old value.
    pub(crate) fn set_value(&self, value: i64) -> Result {
        if value != self.value() {
            if STATES[self.index].load(Relaxed) & PENDING != 0 {
                return Err(EAGAIN);
            }
            VALUES[self.index].store(value, Relaxed);
        }
        Ok(())
    }

    /// What the stub returns. Any context.
    pub(crate) fn value(&self) -> i64 {
        VALUES[self.index].load(Relaxed)
    }

    /// The counter of hits. Any context.
    pub(crate) fn counter(&self) -> Counter {
        self.counter
    }

    /// Records that calls may be sent to the stub. Any context.
    pub(super) fn set_used(&self) {
        self.is_used.store(true, Relaxed);
    }

    /// The address of the value that the stub returns.
    pub(super) fn value_address(&self) -> *const i64 {
        VALUES[self.index].as_ptr()
    }

    /// The address of the stub.
    pub(super) fn address(&self) -> usize {
        // SAFETY: The table is constant, and has one entry for each slot.
        unsafe { STUBS[self.index] }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let is_used = self.is_used.load(Relaxed);
        let old = change(self.index, |state| {
            Some(match (is_used, state & PENDING != 0) {
                (false, _) => state & !TAKEN,
                (true, false) => PENDING,
                (true, true) => PENDING | REQUEUE,
            })
        });

        match old {
            // SAFETY: The index is below `SLOTS` by the type invariants. `PENDING` was set just
            // above, so no callback is queued for the slot.
            Some(TAKEN) if is_used => unsafe { bindings::killswitch_free_slot_later(self.index) },
            // SAFETY: No preconditions.
            Some(TAKEN) => unsafe { bindings::killswitch_slot_freed() },
            // The queued callback handles it.
            _ => {}
        }
    }
}

/// Called by RCU when no call from before can reach the stub of a slot any more.
#[no_mangle]
extern "C" fn killswitch_free_slot(index: usize) {
    let old = change(index, |state| {
        Some(match state & REQUEUE != 0 {
            true => state & !REQUEUE,
            false => state & !PENDING,
        })
    });

    match old {
        // SAFETY: The index from `drop()` is below `SLOTS`, and its callback is not queued.
        Some(state) if state & REQUEUE != 0 => unsafe {
            bindings::killswitch_free_slot_later(index)
        },
        // SAFETY: No preconditions.
        Some(PENDING) => unsafe { bindings::killswitch_slot_freed() },
        // It was taken meanwhile.
        _ => {}
    }
}
