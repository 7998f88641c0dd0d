// SPDX-License-Identifier: GPL-2.0-only

//! Stand-in for the directory security/: the same names and signatures, on a simulated
//! [machine](crate::machine).

pub(crate) mod directory;
pub(crate) mod kprobe;
pub(crate) mod securityfs;
pub(crate) mod symbols;

pub(crate) use symbols::{btf, code, entry, kallsyms, module};

use crate::machine::{machine, Lockdown};
use kernel::{host, prelude::*};

pub(crate) mod audit {
    use super::machine;
    use std::fmt::{self, Write};

    /// A record was lost.
    pub(crate) fn lost() {
        machine(|m| m.lost_records += 1);
    }

    pub(crate) enum Type {
        Config,
        Access,
    }

    /// A record, which is sent on drop.
    pub(crate) struct Record(String);

    impl Record {
        pub(crate) fn start(of_task: bool, _: Type) -> Option<Self> {
            Some(Self(String::from(if of_task { "event: " } else { "" })))
        }

        pub(crate) fn untrusted(&mut self, text: &[u8]) {
            let _ = write!(self.0, "\"{}\"", str::from_utf8(text).unwrap());
        }

        pub(crate) fn no_subject(&mut self) {
            self.0.push_str(" kernel");
        }

        pub(crate) fn subject(&mut self) {
            self.0.push_str(" task");
        }
    }

    impl Write for Record {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write_str(text)
        }
    }

    impl Drop for Record {
        fn drop(&mut self) {
            let record = std::mem::take(&mut self.0);

            machine(|m| m.records.push(record));
        }
    }
}

pub(crate) mod boot {
    /// The parameters with the prefix `killswitch`, without it.
    pub(crate) struct CommandLine<'a>(pub(crate) &'a [String]);

    impl CommandLine<'_> {
        pub(crate) fn parameters(&self) -> impl Iterator<Item = &[u8]> {
            self.0.iter().map(String::as_bytes)
        }

        pub(crate) fn is_incomplete(&self) -> bool {
            false
        }
    }
}

pub(crate) mod callbacks {
    use crate::policy::Tagged;
    use kernel::prelude::*;
    use std::ops::Range;

    pub(crate) struct Calls {
        pub(crate) hooks: KVec<Tagged<&'static str>>,
        pub(crate) trampolines: Range<usize>,
    }

    pub(crate) fn registered_calls() -> Result<Calls> {
        Ok(Calls {
            hooks: KVec::new(),
            trampolines: 0..0,
        })
    }
}

pub(crate) mod callers {
    use super::*;
    use kernel::sync::Mutex;

    /// Root and one user.
    pub(crate) const PLACES: usize = 2;
    pub(crate) const REST: usize = 2;

    /// Only tasks are callers here.
    #[allow(dead_code)]
    #[derive(Clone, Copy)]
    pub(crate) enum Context {
        Nmi,
        Hardirq,
        Softirq,
        Kthread,
        Task(Task),
        User(u32),
        Rest,
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Task {
        pub(crate) uid: u32,
        pub(crate) program: (u32, usize),
        pub(crate) cgroup: u64,
        pub(crate) address: usize,
        pub(crate) login: (u32, u32),
        pub(crate) pid: i32,
    }

    impl Task {
        pub(crate) fn comm(&self) -> &[u8] {
            b"caller"
        }
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Caller {
        pub(crate) context: Context,
        pub(crate) calls: u64,
        pub(crate) first: Option<i64>,
        pub(crate) last: i64,
    }

    /// Their calls, by number.
    pub(crate) struct Callers(Mutex<[u64; PLACES]>);

    impl Callers {
        pub(crate) fn new() -> Result<Self> {
            host::allocate()?;
            Ok(Self(Mutex::new([0; PLACES])))
        }

        pub(crate) fn get(&self, index: usize) -> Option<Caller> {
            let calls = *self.0.lock().get(index)?;

            (calls > 0).then_some(Caller {
                context: Context::Task(Task {
                    uid: 1001 * index as u32,
                    program: (0, 0),
                    cgroup: 1,
                    address: 0,
                    login: (1001, 1),
                    pid: 1,
                }),
                calls,
                first: None,
                last: 0,
            })
        }

        pub(crate) fn passed(&self) -> u64 {
            0
        }

        pub(crate) fn faults(&self) -> u64 {
            0
        }

        pub(crate) fn count(&self, is_root: bool) {
            self.0.lock()[usize::from(!is_root)] += 1;
        }
    }
}

pub(crate) mod condition {
    use crate::condition::{compile::World, program::Comparison};
    use kernel::{host, prelude::*};

    pub(crate) struct Condition;

    impl Condition {
        pub(crate) fn new() -> Result<Self> {
            host::allocate()?;
            Ok(Self)
        }

        pub(crate) fn add(&mut self, _: &Comparison<'_>) -> Result {
            Ok(())
        }
    }

    /// There are no programs and no cgroups here.
    pub(crate) struct Running;

    impl World for Running {
        fn program(&self, _: &str) -> Option<(u32, u64)> {
            None
        }

        fn cgroup(&self, _: &str) -> Option<(u32, u64)> {
            None
        }

        fn registers(&self) -> u32 {
            6
        }
    }
}

pub(crate) mod capability {
    use super::machine;
    use std::marker::PhantomData;

    pub(crate) struct Opener<'a>(pub(crate) PhantomData<&'a ()>);

    impl Opener<'_> {
        pub(crate) fn has_cap_sys_admin(&self) -> bool {
            machine(|m| m.world.opener_may)
        }

        pub(crate) fn is_administrator(&self) -> bool {
            self.has_cap_sys_admin()
        }
    }

    pub(crate) fn current_has_cap_sys_admin() -> bool {
        machine(|m| m.world.writer_may)
    }
}

pub(crate) mod lockdown {
    use super::{boot::CommandLine, *};

    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Level {
        Integrity,
        Confidentiality,
    }

    pub(crate) fn threshold() -> Level {
        match machine(|m| m.until_confidentiality) {
            true => Level::Confidentiality,
            false => Level::Integrity,
        }
    }

    pub(crate) fn set_threshold(_: &CommandLine<'_>, level: Level) {
        machine(|m| m.until_confidentiality = level == Level::Confidentiality);
    }

    pub(crate) fn permits_reading() -> Result {
        match machine(|m| m.world.lockdown) >= Lockdown::Confidentiality {
            true => Err(EPERM),
            false => Ok(()),
        }
    }

    pub(crate) fn permits_changes() -> Result {
        let refused_from = match threshold() {
            Level::Integrity => Lockdown::Integrity,
            Level::Confidentiality => Lockdown::Confidentiality,
        };

        if machine(|m| m.world.lockdown >= refused_from || m.is_sealed) {
            return Err(EPERM);
        }
        Ok(())
    }
}

pub(crate) mod lsm {
    use super::*;

    pub(crate) fn seal() {
        machine(|m| m.is_sealed = true);
    }

    pub(crate) fn is_sealed() -> bool {
        machine(|m| m.is_sealed)
    }
}

pub(crate) mod stub {
    use super::machine;
    use crate::machine::Slot as Taken;
    use kernel::prelude::*;

    pub(crate) const SLOTS: usize = crate::machine::SLOTS;

    pub(crate) struct Slot(pub(super) usize);

    #[derive(Clone, Copy)]
    pub(crate) struct Counter(usize);

    impl Counter {
        /// A counter that is no longer used returns 0, so that no test uses it.
        pub(crate) fn hits(self) -> u64 {
            machine(|m| m.slots[self.0].map_or(0, |slot| slot.hits))
        }
    }

    impl Slot {
        pub(crate) fn take(value: i64) -> Option<Self> {
            machine(|m| {
                let index = m.slots.iter().position(Option::is_none)?;

                m.slots[index] = Some(Taken { value, hits: 0 });
                Some(Self(index))
            })
        }

        fn with<T>(&self, body: impl FnOnce(&mut Taken) -> T) -> T {
            machine(|m| body(m.slots[self.0].as_mut().unwrap()))
        }

        pub(crate) fn set_value(&self, value: i64) -> Result {
            self.with(|slot| slot.value = value);
            Ok(())
        }

        pub(crate) fn value(&self) -> i64 {
            self.with(|slot| slot.value)
        }

        pub(crate) fn counter(&self) -> Counter {
            Counter(self.0)
        }
    }

    impl Drop for Slot {
        fn drop(&mut self) {
            machine(|m| {
                // A probe that still sends calls there would return another engagement's value.
                assert!(m.probes.iter().all(|probe| probe.slot != Some(self.0)));
                m.slots[self.0] = None;
            });
        }
    }
}

pub(crate) mod taint {
    use super::machine;

    pub(crate) fn set() {
        machine(|m| m.is_tainted = true);
    }

    pub(crate) fn is_set() -> bool {
        machine(|m| m.is_tainted)
    }
}

pub(crate) mod log {
    use kernel::{host, prelude::*};

    pub(crate) struct Limit;

    impl Limit {
        pub(crate) fn new(_seconds: u32, _burst: u32) -> Result<Self> {
            host::allocate()?;
            Ok(Self)
        }

        pub(crate) fn has_room(&self) -> bool {
            true
        }
    }
}

pub(crate) mod work {
    use super::machine;
    use kernel::{host, prelude::*};

    pub(crate) const ROOM: i64 = 2;

    /// The queue is always empty.
    pub(crate) fn defer(_room: i64, work: impl FnOnce() + Send + 'static) -> Result {
        host::allocate()?;
        work();
        Ok(())
    }

    /// Nothing is queued.
    pub(crate) fn wait() {}

    pub(crate) fn check_within(milliseconds: u32) {
        machine(|m| {
            let due = host::now() + i64::from(milliseconds);

            m.check_at = Some(m.check_at.map_or(due, |earlier| earlier.min(due)));
        });
    }
}
