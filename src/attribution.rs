// SPDX-License-Identifier: GPL-2.0-only

//! The callers of an engaged or observed function: which calls to report, and how to show a caller.

use crate::{
    security::{
        callers::{
            Caller,
            Callers,
            Context,
            PLACES,
            REST, //
        },
        kallsyms,
        log::Limit, //
    },
    text::Untrusted, //
};
use core::fmt;
use kernel::{
    prelude::*,
    sync::atomic::{
        ordering::Relaxed,
        Atomic, //
    }, //
};

/// The limit of reports per engagement and minute, without those of first calls, which are few.
const REPORTS: u32 = 10;

/// The callers of one engagement, from its beginning to its end.
pub(crate) struct Attribution {
    callers: Callers,
    /// The number of calls from which on the next report of each caller is due.
    due: [Atomic<u64>; REST + 1],
    limit: Limit,
    /// The reports that the limit suppressed.
    unreported: Atomic<u64>,
}

impl Attribution {
    /// Makes one without calls. May sleep.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            callers: Callers::new()?,
            due: [const { Atomic::new(1) }; REST + 1],
            limit: Limit::new(60, REPORTS)?,
            unreported: Atomic::new(0),
        })
    }

    /// The counters for probes.
    pub(crate) fn callers(&self) -> &Callers {
        &self.callers
    }

    /// All callers that are distinguished.
    pub(crate) fn all(&self) -> impl Iterator<Item = Caller> + '_ {
        (0..PLACES).filter_map(|index| self.callers.get(index))
    }

    /// All others.
    pub(crate) fn rest(&self) -> Option<Caller> {
        self.callers.get(REST)
    }

    /// How many reports were suppressed.
    pub(crate) fn unreported(&self) -> u64 {
        self.unreported.load(Relaxed)
    }

    /// The next caller from `index` on that is due for a report: at its first call, and after each
    /// tenfold increase of its calls. Advances `index`. Any context.
    pub(crate) fn next_due(&self, index: &mut usize) -> Option<Caller> {
        while *index <= REST {
            let at = *index;

            *index += 1;
            let Some(caller) = self.callers.get(at) else {
                continue;
            };
            let due = self.due[at].load(Relaxed);

            if caller.calls < due {
                continue;
            }
            let mut next = due;
            while next <= caller.calls && next < u64::MAX {
                next = next.saturating_mul(10);
            }
            // If two tasks race, one reports.
            if self.due[at].cmpxchg(due, next, Relaxed).is_err() {
                continue;
            }
            if due == 1 || self.limit.has_room() {
                return Some(caller);
            }
            self.unreported.fetch_add(1, Relaxed);
        }
        None
    }
}

/// A caller as files and records show it.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.context {
            Context::Nmi => f.write_str("context=nmi"),
            Context::Hardirq => f.write_str("context=irq"),
            Context::Softirq => f.write_str("context=softirq"),
            Context::Kthread => f.write_str("context=kthread"),
            Context::User(uid) => write!(f, "context=task uid={uid} others=1"),
            Context::Rest => f.write_str("context=task others=1"),
            Context::Task(task) => {
                let (device, inode) = task.program;
                let (major, minor) = (device >> 20, device & 0xf_ffff);

                write!(
                    f,
                    "context=task uid={} dev={major:02x}:{minor:02x} ino={inode} cgroup={} from={}",
                    task.uid,
                    task.cgroup,
                    kallsyms::Place(task.address),
                )
            }
        }
    }
}

/// A line of the file `callers`.
pub(crate) struct Line<'a>(pub(crate) &'a Caller);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Caller {
            context,
            calls,
            first,
            last,
        } = self.0;

        write!(f, "calls={calls} {}", self.0)?;
        if let Some(time) = first {
            write!(f, " first={time}")?;
        }
        write!(f, " last={last}")?;
        match context {
            Context::Task(task) => write!(f, " pid={} comm={}", task.pid, Untrusted(task.comm())),
            _ => Ok(()),
        }
    }
}
