// SPDX-License-Identifier: GPL-2.0-only

//! Who calls a probed function, as the handlers in handlers.c count it.
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

/// How many callers can be distinguished: contexts and tasks.
pub(crate) const PLACES: usize = OTHERS;

/// The number of all that cannot be.
pub(crate) const REST: usize = OTHERS;

const TASKS: usize = bindings::KILLSWITCH_TASKS as usize;
const OTHERS: usize = bindings::KILLSWITCH_OTHERS as usize;

/// What calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// A non-maskable interrupt.
    Nmi,
    /// An interrupt.
    Hardirq,
    /// A soft interrupt.
    Softirq,
    /// A thread of the kernel.
    Kthread,
    /// Any other task.
    Task(Task),
    /// Tasks of this real user id that have no place of their own.
    User(u32),
    /// Tasks that have none at all.
    Rest,
}

/// What distinguishes a task from others, and what the first of its kind was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Task {
    /// The real user id, in the initial user namespace.
    pub(crate) uid: u32,
    /// The device and the number of the program's inode, both 0 without a program.
    pub(crate) program: (u32, usize),
    /// The number of the cgroup, in the unified hierarchy.
    pub(crate) cgroup: u64,
    /// Where the function would return to.
    pub(crate) address: usize,
    /// The login user id and the session, as audit has them.
    pub(crate) login: (u32, u32),
    /// The process.
    pub(crate) pid: i32,
    comm: [u8; COMM],
}

const COMM: usize = bindings::TASK_COMM_LEN as usize;

impl Task {
    /// The name of the process, which it can choose.
    pub(crate) fn comm(&self) -> &[u8] {
        CStr::from_bytes_until_nul(&self.comm).map_or(&self.comm, CStr::to_bytes)
    }
}

/// A caller, and what is known of its calls at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) context: Context,
    /// How many there were.
    pub(crate) calls: u64,
    /// When the first was, if that is known, and the last, in seconds since 1970.
    pub(crate) first: Option<i64>,
    pub(crate) last: i64,
}

/// The callers of one function.
///
/// # Invariants
///
/// The pointer is to callers that `killswitch_new_callers()` made, and is freed only here.
pub(crate) struct Callers(NonNull<bindings::killswitch_callers>);

// SAFETY: Callers belong to no task.
unsafe impl Send for Callers {}
// SAFETY: Handlers write to them on any CPU, as readers expect: see `get()`.
unsafe impl Sync for Callers {}

impl Callers {
    /// May sleep.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: Called in process context.
        let callers = unsafe { bindings::killswitch_new_callers() };

        // INVARIANT: Made just now.
        NonNull::new(callers).map(Self).ok_or(ENOMEM)
    }

    /// The caller with this number, below [`PLACES`] or [`REST`], if there is one. Any context.
    pub(crate) fn get(&self, index: usize) -> Option<Caller> {
        let place = c_uint::try_from(index).ok().filter(|_| index <= REST)?;
        let is_task = (TASKS..OTHERS).contains(&index);
        let calls = self.count(index);

        if calls == 0 {
            return None;
        }
        // SAFETY: The callers are there by the type invariants, and the index is one of a place.
        if is_task && !unsafe { bindings::killswitch_knows_caller(self.0.as_ptr(), place) } {
            return None;
        }
        // SAFETY: As above. All that is read of a task is written before it is known, and that of a
        // context is constant, but for the times, which are read as they are written.
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
            // SAFETY: As above; these are not written any more.
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

    /// How many calls a condition let run. Any context.
    pub(crate) fn passed(&self) -> u64 {
        // SAFETY: The callers are there by the type invariants.
        unsafe { bindings::killswitch_sum_passed(self.0.as_ptr()) }
    }

    /// For how many calls a condition read memory that is not there. Any context.
    pub(crate) fn faults(&self) -> u64 {
        // SAFETY: As above.
        unsafe { bindings::killswitch_sum_faults(self.0.as_ptr()) }
    }

    fn count(&self, index: usize) -> u64 {
        // SAFETY: The callers are there by the type invariants, and the index is one of a place or
        // that behind the last.
        unsafe { bindings::killswitch_sum_calls(self.0.as_ptr(), index as c_uint) }
    }

    /// What a probe's handler counts in. It must not be used any more when `self` is dropped.
    pub(super) fn as_ptr(&self) -> *mut bindings::killswitch_callers {
        self.0.as_ptr()
    }
}

/// The time of a call that was noted in jiffies.
fn time_of(call: c_ulong) -> i64 {
    // SAFETY: No preconditions.
    unsafe { bindings::killswitch_time_of(call) }
}

impl Drop for Callers {
    fn drop(&mut self) {
        // SAFETY: The callers are there by the type invariants, and those who use the pointer are
        // done with it.
        unsafe { bindings::killswitch_free_callers(self.0.as_ptr()) };
    }
}
