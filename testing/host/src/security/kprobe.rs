// SPDX-License-Identifier: GPL-2.0-only

//! What stands in for security/kprobe.rs.

use super::{entry::Entry, stub::Slot};
use crate::machine::{machine, Probe as Registered, What};
use kernel::{host, prelude::*, sync::Arc};

/// A probe, and what it missed if it is not registered any more.
pub(crate) struct Probe(usize, Option<u64>);

impl Probe {
    pub(crate) fn register(entry: &Entry<'_>, slot: Arc<Slot>) -> Result<Self> {
        host::allocate()?;
        machine(|m| {
            m.fails(What::Register)?;
            let id = m.next_probe;

            m.next_probe += 1;
            m.probes.push(Registered {
                id,
                address: entry.address(),
                slot: slot.0,
                is_disabled: true,
                is_gone: false,
                missed: 0,
            });
            Ok(Self(id, None))
        })
    }

    pub(crate) fn unregister(&mut self) -> Result {
        if self.1.is_none() {
            machine(|m| m.disable(&[self.0]))?;
            self.1 = Some(self.missed());
            machine(|m| m.probes.retain(|probe| probe.id != self.0));
        }
        Ok(())
    }

    pub(crate) fn missed(&self) -> u64 {
        let registered = machine(|m| m.probe(self.0).map(|probe| probe.missed));

        registered.or(self.1).unwrap()
    }

    pub(crate) fn is_armed(&self) -> bool {
        machine(|m| m.has_armed(self.0))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        assert!((0..1000).any(|_| self.unregister().is_ok()));
    }
}

/// The host has no blacklist.
pub(crate) fn is_blacklisted(_entry: &Entry<'_>) -> bool {
    false
}

pub(crate) fn enable<'a>(probes: impl Iterator<Item = &'a Probe>) -> Result {
    let ids = ids_of(probes)?;

    machine(|m| m.enable(&ids))
}

pub(crate) fn disable<'a>(probes: impl Iterator<Item = &'a Probe>) -> Result {
    let ids = ids_of(probes)?;

    machine(|m| m.disable(&ids))
}

pub(crate) fn unregister<'a>(probes: impl Iterator<Item = &'a mut Probe>) -> Result {
    let mut registered = KVec::new();

    for probe in probes {
        registered.push(probe, GFP_KERNEL)?;
    }
    disable(registered.iter().map(|probe| &**probe))?;
    registered.into_iter().try_for_each(Probe::unregister)
}

fn ids_of<'a>(probes: impl Iterator<Item = &'a Probe>) -> Result<KVec<usize>> {
    let mut ids = KVec::new();

    for probe in probes.filter(|probe| probe.1.is_none()) {
        ids.push(probe.0, GFP_KERNEL)?;
    }
    Ok(ids)
}
