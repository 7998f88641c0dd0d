// SPDX-License-Identifier: GPL-2.0-only

//! The return stubs and their slots: where an engaged function continues, and what it returns.
//!
//! The stubs are in stubs_x86.S: stub `n` counts a hit of slot `n`, loads its value and returns.

use kernel::{
    bindings,
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

/// A slot: a stub that nobody else uses, and the value that it returns.
///
/// # Invariants
///
/// The index is below [`SLOTS`], the slot's state is [`TAKEN`], and no other `Slot` has this index.
pub(crate) struct Slot(usize);

impl Slot {
    /// Takes a slot for a function that shall return `value`, or says that there is none left.
    ///
    /// May sleep, for long when the slots that are left have been used before: a task could still be
    /// on its way to the stub of one.
    pub(crate) fn take(value: i64) -> Option<Self> {
        let slot = Self::take_free().or_else(|| {
            drain();
            Self::take_free()
        })?;

        HITS[slot.0].store(0, Relaxed);
        slot.set_value(value);
        Some(slot)
    }

    fn take_free() -> Option<Self> {
        let index = (0..SLOTS).find(|index| STATES[*index].cmpxchg(FREE, TAKEN, Full).is_ok())?;
        // INVARIANT: The exchange made the state `TAKEN`, and only one caller can succeed in it.
        Some(Self(index))
    }

    /// What the stub returns from now on, on every CPU. Any context.
    pub(crate) fn set_value(&self, value: i64) {
        VALUES[self.0].store(value, Relaxed);
    }

    /// How often the stub ran. Any context.
    pub(crate) fn hits(&self) -> u64 {
        HITS[self.0].load(Relaxed) as u64
    }

    /// The address of the stub.
    pub(crate) fn address(&self) -> usize {
        // SAFETY: The table is constant, and stubs_x86.S gives it one entry per slot.
        unsafe { STUBS[self.0] }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        STATES[self.0].store(USED, Relaxed);
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
