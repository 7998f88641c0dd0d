// SPDX-License-Identifier: GPL-2.0-only

//! Deferred work in process context: [`crate::check`] after some time, and work that must not
//! delay its caller.
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

/// How many items may wait in the queue.
pub(crate) const ROOM: i64 = 1024;

static QUEUE: SetOnce<&'static Queue> = SetOnce::new();

/// How many items have been queued since boot.
static DEFERRED: Atomic<i64> = Atomic::new(0);

/// Creates the queue. To be called once, in process context.
pub(crate) fn create() -> Result {
    // SAFETY: Called in process context.
    let queue = NonNull::new(unsafe { bindings::killswitch_create_queue() }).ok_or(ENOMEM)?;

    // SAFETY: The queue was created just above, and lives forever.
    QUEUE.populate(unsafe { Queue::from_raw(queue.as_ptr()) });
    Ok(())
}

/// Queues `work`, after all earlier items. May sleep. Fails with ENOSPC if `room` items are
/// waiting, which is [`ROOM`] or less, and with ENOMEM.
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

/// Waits until all queued items are done, at most a second. Sleeps.
pub(crate) fn wait() {
    // SAFETY: Called in process context, where it may sleep.
    unsafe { bindings::killswitch_wait_until_done(DEFERRED.load(Relaxed), 1000) };
}

/// Schedules [`crate::check_terms`] in `milliseconds`, unless it is scheduled earlier, and then
/// [`crate::check`]. Any context.
pub(crate) fn check_within(milliseconds: u32) {
    // SAFETY: No preconditions.
    unsafe { bindings::killswitch_check_within(milliseconds) };
}

/// Called by a workqueue, as [`check_within`] scheduled it.
#[no_mangle]
extern "C" fn killswitch_check_terms() {
    crate::check_terms();
}

/// Called by a workqueue, after [`killswitch_check_terms`].
#[no_mangle]
extern "C" fn killswitch_check() {
    crate::check();
}
