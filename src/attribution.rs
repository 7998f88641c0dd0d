// SPDX-License-Identifier: GPL-2.0-only

//! Who calls a function that is engaged or observed: which calls are to be reported, and how a
//! caller is shown.

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

/// How many reports of calls there are at most, of one engagement in a minute, beside those of
/// first calls, of which there are few in all.
const REPORTS: u32 = 10;

/// The callers of one engagement, from its beginning to its end.
pub(crate) struct Attribution {
    callers: Callers,
    /// From how many calls of each caller on one is to be reported.
    due: [Atomic<u64>; REST + 1],
    limit: Limit,
    /// What there was no room for.
    unreported: Atomic<u64>,
}

impl Attribution {
    /// Makes one that has seen no calls. May sleep.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            callers: Callers::new()?,
            due: [const { Atomic::new(1) }; REST + 1],
            limit: Limit::new(60, REPORTS)?,
            unreported: Atomic::new(0),
        })
    }

    /// What probes count in.
    pub(crate) fn callers(&self) -> &Callers {
        &self.callers
    }

    /// All that can be distinguished.
    pub(crate) fn all(&self) -> impl Iterator<Item = Caller> + '_ {
        (0..PLACES).filter_map(|index| self.callers.get(index))
    }

    /// All that cannot.
    pub(crate) fn rest(&self) -> Option<Caller> {
        self.callers.get(REST)
    }

    /// How many reports there was no room for.
    pub(crate) fn unreported(&self) -> u64 {
        self.unreported.load(Relaxed)
    }

    /// The next caller from `index` on, which is moved on, that is to be reported: at its first
    /// call, and when it has made ten times as many as the last time. Any context.
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
            // Of two tasks that look, one reports.
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

/// What is shown of a caller, in files and records alike.
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
