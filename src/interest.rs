// SPDX-License-Identifier: GPL-2.0-only

//! Which modules engagements are about, so that loading and unloading all others takes no lock.

use crate::text;
use kernel::sync::atomic::{
    ordering::{
        Full,
        Relaxed, //
    },
    Atomic, //
};

/// How many engagements are about a module whose name has this hash. Two names of one hash cost a
/// look at the list.
static INTERESTED: [Atomic<i32>; 1024] = [const { Atomic::new(0) }; 1024];

/// How many engagements are about a module at all.
static ALL: Atomic<i32> = Atomic::new(0);

fn bucket(module: &str) -> &'static Atomic<i32> {
    &INTERESTED[text::hash(module) % INTERESTED.len()]
}

/// Has `module` looked for in the list when it is loaded or unloaded.
///
/// To be made before it is found out whether the module is loaded: so either the module is found,
/// or the one that loads it finds this.
pub(crate) struct Interest(&'static Atomic<i32>);

impl Interest {
    /// Any context.
    pub(crate) fn new(module: &str) -> Self {
        let bucket = bucket(module);

        ALL.fetch_add(1, Relaxed);
        bucket.fetch_add(1, Full);
        Self(bucket)
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Full);
        ALL.fetch_sub(1, Relaxed);
    }
}

/// Whether an engagement may be about `module`. Any context.
pub(crate) fn has_module(module: &str) -> bool {
    // An exchange, so that the order to the state of the module is certain.
    bucket(module).fetch_add(0, Full) > 0
}

/// Whether an engagement is about any module. Any context.
pub(crate) fn is_any() -> bool {
    ALL.load(Relaxed) > 0
}
