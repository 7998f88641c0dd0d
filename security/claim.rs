// SPDX-License-Identifier: GPL-2.0-only

//! Claims on functions whose probes do not use ftrace. A claimed function cannot be livepatched,
//! and a livepatched function cannot be claimed. A probe that uses ftrace needs no claim.
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
    /// The sites that are claimed, once for each claim: an engagement claims its function before
    /// the observation that it replaces releases it. Taken before the locks of ftrace.
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

/// A claim on a function, made or not.
pub(super) struct Claim {
    /// The ftrace location of the function; `None` if it needs no claim.
    site: Option<usize>,
    is_made: Atomic<bool>,
}

impl Claim {
    /// A claim on the function at `entry`, not made yet.
    pub(super) fn on(entry: &Entry<'_>) -> Self {
        Self {
            site: entry.site().filter(|_| !entry.is_on_ftrace()),
            is_made: Atomic::new(false),
        }
    }

    /// A claim on nothing.
    pub(super) fn none() -> Self {
        Self {
            site: None,
            is_made: Atomic::new(false),
        }
    }
}

/// Makes (`made`) or releases all `claims` that are not in that state, or none. Sleeps.
///
/// Making them fails with EBUSY if a function is livepatched, with EAGAIN if a BPF program is being
/// attached to one, and with ENODEV if ftrace was killed. Both fail with ENOMEM.
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
        // A site that has other claims stays claimed.
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

        // SAFETY: The length is that of the array, and the lock serializes the calls.
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
            // Reserved above.
            claimed.push(*site, GFP_KERNEL)?;
        } else if let Some(index) = claimed.iter().position(|it| it == site) {
            let _ = claimed.remove(index);
        }
    }
    Ok(())
}
