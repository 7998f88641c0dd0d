// SPDX-License-Identifier: GPL-2.0-only

//! Work that is done later, in process context: [`crate::check`] after some time, and whatever else
//! must not be waited for.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use core::ptr::NonNull;
use kernel::{
    bindings,
    prelude::*,
    sync::{
        atomic::{
            ordering::Relaxed,
            Atomic, //
        },
        SetOnce, //
    },
    workqueue::Queue, //
};

/// How much work may wait in the queue.
pub(crate) const ROOM: i64 = 1024;

static QUEUE: SetOnce<&'static Queue> = SetOnce::new();

/// How much work was put into the queue since boot.
static DEFERRED: Atomic<i64> = Atomic::new(0);

/// Creates the queue. To be called once, in process context.
pub(crate) fn create() -> Result {
    // SAFETY: Called in process context.
    let queue = NonNull::new(unsafe { bindings::killswitch_create_queue() }).ok_or(ENOMEM)?;

    // SAFETY: The queue was created just above, and lives forever.
    QUEUE.populate(unsafe { Queue::from_raw(queue.as_ptr()) });
    Ok(())
}

/// Has `work` done later, behind what was put into the queue before. May sleep. Fails with ENOSPC
/// if more than `room` is waiting, which is [`ROOM`] or less, and with ENOMEM.
pub(crate) fn defer(room: i64, work: impl FnOnce() + Send + 'static) -> Result {
    // SAFETY: No preconditions.
    if DEFERRED.load(Relaxed) - unsafe { bindings::killswitch_count_done() } >= room {
        return Err(ENOSPC);
    }
    let queue = QUEUE.as_ref().ok_or(ENODEV)?;

    DEFERRED.fetch_add(1, Relaxed);
    queue
        .try_spawn(GFP_KERNEL, move || {
            work();
            done();
        })
        .inspect_err(|_| done())?;
    Ok(())
}

fn done() {
    // SAFETY: No preconditions.
    unsafe { bindings::killswitch_done() };
}

/// Waits until what is in the queue now is done, or for a second. Sleeps.
pub(crate) fn wait() {
    // SAFETY: Called in process context, where it may sleep.
    unsafe { bindings::killswitch_wait_until_done(DEFERRED.load(Relaxed), 1000) };
}

/// Has [`crate::check`] called once, in `milliseconds` or earlier if that was asked for. Any
/// context.
pub(crate) fn check_within(milliseconds: u32) {
    // SAFETY: No preconditions.
    unsafe { bindings::killswitch_check_within(milliseconds) };
}

/// Called by a workqueue, when [`check_within`] said so.
#[no_mangle]
extern "C" fn killswitch_check() {
    crate::check();
}
