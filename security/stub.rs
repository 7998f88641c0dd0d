// SPDX-License-Identifier: GPL-2.0-only

//! The return stubs and their slots: where an engaged function continues, and what it returns.
//!
//! The stubs are in a file for each architecture, as stubs_x86.S: stub `n` counts a hit of slot `n`
//! on its CPU, loads its value and returns.
//!
//! A task that was preempted on its way to a stub arrives there after its slot was released, at the
//! latest after a grace period of RCU tasks, which users can make as long as they like: a system
//! call that runs for long is no quiescent state. So nothing here waits for that without a limit,
//! and a slot that some task may still be on its way to can be taken for the same value.

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

/// How long [`Slot::take`] waits at most, in milliseconds.
const WAIT: c_uint = 5000;

/// The value that each stub loads.
#[export_name = "killswitch_values"]
static VALUES: [Atomic<i64>; SLOTS] = [const { Atomic::new(0) }; SLOTS];

/// The state of each slot: the flags below, or nothing if it is free.
static STATES: [Atomic<i32>; SLOTS] = [const { Atomic::new(0) }; SLOTS];

/// A [`Slot`] exists for it.
const TAKEN: i32 = 1;
/// A task may be on its way to its stub since it was released. RCU says when there is none.
const PENDING: i32 = 2;
/// It was released again meanwhile, so that RCU has to be asked once more.
const REQUEUE: i32 = 4;

/// Has `change` compute the next state of a slot, if it has one, and returns the one before.
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

/// A slot: a stub that nothing else sends calls to, and the value that it returns.
///
/// # Invariants
///
/// The index is below [`SLOTS`], its state has [`TAKEN`], and no other `Slot` has this index.
pub(crate) struct Slot {
    index: usize,
    counter: Counter,
    is_used: Atomic<bool>,
}

/// What counts how often the stub of a slot runs: late calls of the function that had the slot
/// before, too, if that was taken again early. It can outlive the slot, and is of no use then.
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
    /// How often the stub ran since the slot was taken. Any context.
    pub(crate) fn hits(self) -> u64 {
        // SAFETY: The index is below `SLOTS` by the type invariants.
        let hits = unsafe { bindings::killswitch_sum_hits(self.index) };

        hits.wrapping_sub(self.earlier)
    }
}

impl Slot {
    /// Takes a slot whose stub returns `value`, unless all are taken. Sleeps: if some are only
    /// waiting for RCU, until one is free, but for some seconds at most.
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
            // INVARIANT: Only one caller can set the flag, and only dropping the slot clears it.
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
            // What is on its way to it returns what it would have returned. The value does not
            // change until it is there, but the slot may be another one by the time it is taken.
            (0..SLOTS)
                .filter(|index| VALUES[*index].load(Relaxed) == value)
                .filter_map(|index| take(index, |state| state & TAKEN == 0))
                .find(|slot| slot.value() == value)
        })
    }

    /// What the stub returns from now on, on every CPU. Any context. Fails with EAGAIN if a task
    /// may be on its way there that is to get the old value: from before the slot was taken.
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

    /// What counts how often the stub runs. Any context.
    pub(crate) fn counter(&self) -> Counter {
        self.counter
    }

    /// Notes that calls may be sent to the stub. Any context.
    pub(super) fn set_used(&self) {
        self.is_used.store(true, Relaxed);
    }

    /// Where the value is that the stub returns.
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
            // RCU will call back.
            _ => {}
        }
    }
}

/// No task is on its way to the stub of a slot any more that was when RCU was asked. Called by RCU.
#[no_mangle]
extern "C" fn killswitch_free_slot(index: usize) {
    let old = change(index, |state| {
        Some(match state & REQUEUE != 0 {
            true => state & !REQUEUE,
            false => state & !PENDING,
        })
    });

    match old {
        // SAFETY: It is the index that `drop()` passed, below `SLOTS`, and RCU is done with it.
        Some(state) if state & REQUEUE != 0 => unsafe {
            bindings::killswitch_free_slot_later(index)
        },
        // SAFETY: No preconditions.
        Some(PENDING) => unsafe { bindings::killswitch_slot_freed() },
        // It was taken meanwhile.
        _ => {}
    }
}
