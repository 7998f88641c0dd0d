// SPDX-License-Identifier: GPL-2.0-only

//! Claims on functions whose probes do not stand on ftrace: as long as there is one, the function
//! is not livepatched, and a function that is livepatched cannot be claimed. A probe on ftrace is a
//! claim itself.
//!
//! C header: [`include/linux/ftrace.h`](srctree/include/linux/ftrace.h)

use super::entry::Entry;
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_uint,
        c_ulong, //
    },
    prelude::*,
    sync::{
        atomic::{
            ordering::Relaxed,
            Atomic, //
        },
        global_lock, //
    },
};

global_lock! {
    // SAFETY: `init()` below initializes it, before the first claim.
    /// The places that are claimed, each once for every claim on it: an engagement that takes the
    /// place of another is there before that has gone. Taken before the locks of ftrace.
    unsafe(uninit) static CLAIMED: Mutex<KVec<usize>> = KVec::new();
}

/// Initializes the lock of this file.
///
/// # Safety
///
/// To be called once, before any other function of this file.
pub(super) unsafe fn init() {
    // SAFETY: By the safety requirements.
    unsafe { CLAIMED.init() };
}

/// A claim that can be made on a function.
pub(super) struct Claim {
    /// Where the function is traced; nothing if there is no need of a claim.
    site: Option<usize>,
    is_made: Atomic<bool>,
}

impl Claim {
    /// The claim on the function that begins at `entry`, not made yet.
    pub(super) fn on(entry: &Entry<'_>) -> Self {
        Self {
            site: entry.site().filter(|_| !entry.is_on_ftrace()),
            is_made: Atomic::new(false),
        }
    }

    /// No claim.
    pub(super) fn none() -> Self {
        Self {
            site: None,
            is_made: Atomic::new(false),
        }
    }
}

/// Makes (`made`) or gives up all `claims` that are not in that state, or none. Sleeps.
///
/// To make them fails with EBUSY if a function is livepatched, with EAGAIN if a BPF program is
/// being attached to one, and with ENODEV if ftrace was killed. Without memory, either fails with
/// ENOMEM.
pub(super) fn set<'a>(claims: impl Iterator<Item = &'a Claim>, made: bool) -> Result {
    let mut claimed = CLAIMED.lock();
    let mut changing = KVec::new();
    let mut sites: KVec<c_ulong> = KVec::new();

    for claim in claims.filter(|claim| claim.is_made.load(Relaxed) != made) {
        if let Some(site) = claim.site {
            changing.push((claim, site), GFP_KERNEL)?;
        }
    }
    for (_, site) in &changing {
        let times = |sites: &mut dyn Iterator<Item = usize>| sites.filter(|it| it == site).count();
        let before = times(&mut claimed.iter().copied());
        // What others claim, too, stays claimed.
        let changes = match made {
            true => before == 0,
            false => before == times(&mut changing.iter().map(|(_, site)| *site)),
        };

        if changes && !sites.contains(&(*site as c_ulong)) {
            sites.push(*site as c_ulong, GFP_KERNEL)?;
        }
    }
    if made {
        claimed.reserve(changing.len(), GFP_KERNEL)?;
    }
    if !sites.is_empty() {
        let others = if made { 0 } else { changing.len() };

        // SAFETY: There are as many addresses, and nothing else calls this with the lock held.
        to_result(unsafe {
            bindings::killswitch_claim(
                sites.as_mut_ptr(),
                sites.len() as c_uint,
                made,
                claimed.len() == others,
            )
        })?;
    }
    for (claim, site) in &changing {
        claim.is_made.store(made, Relaxed);
        if made {
            // There is room.
            claimed.push(*site, GFP_KERNEL)?;
        } else if let Some(index) = claimed.iter().position(|it| it == site) {
            let _ = claimed.remove(index);
        }
    }
    Ok(())
}
