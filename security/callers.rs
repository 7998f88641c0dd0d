// SPDX-License-Identifier: GPL-2.0-only

//! The callers of a probed function, as handlers.c counts them.
//!
//! C header: [`include/linux/percpu.h`](srctree/include/linux/percpu.h)

use core::ptr::NonNull;
use kernel::{
    bindings,
    ffi::{
        c_uint,
        c_ulong, //
    },
    prelude::*,
    str::CStr, //
};

/// The number of places for callers that are distinguished: contexts and tasks.
pub(crate) const PLACES: usize = OTHERS;

/// The index of the place that all other callers share.
pub(crate) const REST: usize = OTHERS;

const TASKS: usize = bindings::KILLSWITCH_TASKS as usize;
const OTHERS: usize = bindings::KILLSWITCH_OTHERS as usize;

/// The context of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// A non-maskable interrupt.
    Nmi,
    /// An interrupt.
    Hardirq,
    /// A soft interrupt.
    Softirq,
    /// A kernel thread.
    Kthread,
    /// Any other task.
    Task(Task),
    /// Tasks of this real user id that share a place.
    User(u32),
    /// All other tasks.
    Rest,
}

/// The key of a task, and properties of the first one with this key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Task {
    /// The real user id, in the initial user namespace.
    pub(crate) uid: u32,
    /// The device and the inode number of the program, both 0 without a program.
    pub(crate) program: (u32, usize),
    /// The id of the cgroup in the unified hierarchy.
    pub(crate) cgroup: u64,
    /// The return address of the call.
    pub(crate) address: usize,
    /// The login user id and the session id of audit.
    pub(crate) login: (u32, u32),
    /// The process id.
    pub(crate) pid: i32,
    comm: [u8; COMM],
}

const COMM: usize = bindings::TASK_COMM_LEN as usize;

impl Task {
    /// The name of the process, which the process can choose.
    pub(crate) fn comm(&self) -> &[u8] {
        CStr::from_bytes_until_nul(&self.comm).map_or(&self.comm, CStr::to_bytes)
    }
}

/// A snapshot of a caller and its calls.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) context: Context,
    /// The number of calls.
    pub(crate) calls: u64,
    /// The times of the first call, if known, and of the last, in seconds since the epoch.
    pub(crate) first: Option<i64>,
    pub(crate) last: i64,
}

/// The callers of one function.
///
/// # Invariants
///
/// The pointer is from `killswitch_new_callers()`, and is freed only here.
pub(crate) struct Callers(NonNull<bindings::killswitch_callers>);

// SAFETY: Callers are not bound to a task.
unsafe impl Send for Callers {}
// SAFETY: Handlers write to them on any CPU, as readers expect: see `get()`.
unsafe impl Sync for Callers {}

impl Callers {
    /// Allocates callers. May sleep.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: Called in process context.
        let callers = unsafe { bindings::killswitch_new_callers() };

        // INVARIANT: Made just now.
        NonNull::new(callers).map(Self).ok_or(ENOMEM)
    }

    /// The caller in the place with this index, up to [`REST`], if there is one. Any context.
    pub(crate) fn get(&self, index: usize) -> Option<Caller> {
        let place = c_uint::try_from(index).ok().filter(|_| index <= REST)?;
        let is_task = (TASKS..OTHERS).contains(&index);
        let calls = self.count(index);

        if calls == 0 {
            return None;
        }
        // SAFETY: The callers are valid by the type invariants, and the index is that of a place.
        if is_task && !unsafe { bindings::killswitch_knows_caller(self.0.as_ptr(), place) } {
            return None;
        }
        // SAFETY: As above. The fields of a task are written before its place becomes valid, and
        // those of a context are constant, except for the times, which are read racily.
        let (known, last) = unsafe {
            let known = &raw const (*self.0.as_ptr()).known[index];

            (known, (&raw const (*known).last).read_volatile())
        };
        let context = match place {
            bindings::KILLSWITCH_NMI => Context::Nmi,
            bindings::KILLSWITCH_HARDIRQ => Context::Hardirq,
            bindings::KILLSWITCH_SOFTIRQ => Context::Softirq,
            bindings::KILLSWITCH_KTHREAD => Context::Kthread,
            bindings::KILLSWITCH_OTHERS => Context::Rest,
            // SAFETY: As above; these fields are constant now.
            _ => unsafe {
                match (*known).is_shared {
                    true => Context::User((*known).uid),
                    false => Context::Task(Task {
                        uid: (*known).uid,
                        program: ((*known).device, (*known).exe_number),
                        cgroup: (*known).cgroup,
                        address: (*known).address,
                        login: ((*known).login, (*known).session),
                        pid: (*known).pid,
                        comm: (*known).comm,
                    }),
                }
            },
        };
        // SAFETY: As above.
        let first = is_task.then(|| unsafe { (*known).first });

        Some(Caller {
            context,
            calls,
            first: first.map(time_of),
            last: time_of(last),
        })
    }

    /// How many calls a condition let pass. Any context.
    pub(crate) fn passed(&self) -> u64 {
        // SAFETY: The callers are valid by the type invariants.
        unsafe { bindings::killswitch_sum_passed(self.0.as_ptr()) }
    }

    /// For how many calls a condition faulted. Any context.
    pub(crate) fn faults(&self) -> u64 {
        // SAFETY: As above.
        unsafe { bindings::killswitch_sum_faults(self.0.as_ptr()) }
    }

    fn count(&self, index: usize) -> u64 {
        // SAFETY: The callers are valid by the type invariants, and the index is at most that of
        // the last place.
        unsafe { bindings::killswitch_sum_calls(self.0.as_ptr(), index as c_uint) }
    }

    /// The pointer for a probe's handler, which must not use it after `self` is dropped.
    pub(super) fn as_ptr(&self) -> *mut bindings::killswitch_callers {
        self.0.as_ptr()
    }
}

/// The time of a call, from the jiffies that were recorded.
fn time_of(call: c_ulong) -> i64 {
    // SAFETY: No preconditions.
    unsafe { bindings::killswitch_time_of(call) }
}

impl Drop for Callers {
    fn drop(&mut self) {
        // SAFETY: The callers are valid by the type invariants, and the handlers no longer use the
        // pointer.
        unsafe { bindings::killswitch_free_callers(self.0.as_ptr()) };
    }
}
