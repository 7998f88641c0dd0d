// SPDX-License-Identifier: GPL-2.0-only

//! Stand-in for security/kprobe.rs.

use super::{condition::Condition, entry::Entry, stub::Slot};
use crate::{
    attribution::Attribution,
    machine::{machine, Probe as Registered, What},
};
use kernel::{
    host,
    prelude::*,
    sync::{Arc, Mutex},
};

/// The calls that a probe affects. Conditions are not compiled here.
pub(crate) struct Calls {
    pub(crate) only_nonroot: bool,
    #[allow(dead_code)]
    pub(crate) condition: Option<Condition>,
}

/// A probe, by its number.
pub(crate) struct Probe {
    id: usize,
    /// The calls that had passed when it was unregistered.
    passed_last: Mutex<u64>,
    // Dropped after the probe is unregistered.
    _slot: Option<Arc<Slot>>,
}

impl Probe {
    pub(crate) fn register(
        entry: &Entry<'_>,
        slot: Option<Arc<Slot>>,
        attribution: Arc<Attribution>,
        calls: Calls,
    ) -> Result<Arc<Self>> {
        host::allocate()?;
        let id = machine(|m| {
            m.fails(What::Register)?;
            let id = m.next_probe;

            m.next_probe += 1;
            m.probes.push(Registered {
                id,
                address: entry.address(),
                slot: slot.as_ref().map(|slot| slot.0),
                attribution,
                only_nonroot: calls.only_nonroot,
                passed: Some(0),
                is_disabled: true,
                is_gone: false,
            });
            Ok::<_, Error>(id)
        })?;

        let probe = Self {
            id,
            passed_last: Mutex::new(0),
            _slot: slot,
        };

        Ok(Arc::new(probe, GFP_KERNEL)?)
    }

    fn with<T>(&self, body: impl FnOnce(&mut Registered) -> T) -> Option<T> {
        machine(|m| m.probe(self.id).map(body))
    }

    pub(crate) fn pass_calls(&self) {
        self.with(|probe| probe.passed = Some(0));
    }

    pub(crate) fn count_calls(&self) {
        self.pass_calls();
    }

    pub(crate) fn take_calls(&self) {
        self.with(|probe| probe.passed = None);
    }

    pub(crate) fn take_calls_if_unused(&self) -> Result {
        let is_unused = self.with(|probe| probe.passed.take_if(|passed| *passed == 0).is_some());

        is_unused.unwrap_or(false).then_some(()).ok_or(EBUSY)
    }

    pub(crate) fn passed(&self) -> u64 {
        match self.with(|probe| probe.passed) {
            Some(passed) => passed.unwrap_or(0),
            None => *self.passed_last.lock(),
        }
    }

    pub(crate) fn is_armed(&self) -> bool {
        machine(|m| m.has_armed(self.id))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        assert!((0..1000).any(|_| unregister(&[&*self]).is_ok()));
    }
}

/// The host has no blacklist.
pub(crate) fn is_blacklisted(_entry: &Entry<'_>) -> bool {
    false
}

pub(crate) fn enable(probes: &[&Probe]) -> Result {
    enable_once(probes)
}

pub(crate) fn enable_once(probes: &[&Probe]) -> Result {
    let ids = ids_of(probes)?;

    machine(|m| m.enable(&ids))
}

pub(crate) fn unregister(probes: &[&Probe]) -> Result {
    let ids = ids_of(probes)?;

    for probe in probes {
        let passed = probe.passed();

        *probe.passed_last.lock() = passed;
    }
    machine(|m| {
        m.disable(&ids)?;
        m.probes.retain(|probe| !ids.contains(&probe.id));
        Ok(())
    })
}

fn ids_of(probes: &[&Probe]) -> Result<KVec<usize>> {
    let mut ids = KVec::new();

    for probe in probes {
        ids.push(probe.id, GFP_KERNEL)?;
    }
    Ok(ids)
}
