// SPDX-License-Identifier: GPL-2.0-only

//! The modules that engagements concern, so that loading and unloading others takes no lock.

use crate::text;
use kernel::sync::atomic::{
    ordering::{
        Full,
        Relaxed, //
    },
    Atomic, //
};

/// The number of engagements that concern a module whose name has this hash. A collision only costs
/// a search of the list.
static INTERESTED: [Atomic<i32>; 1024] = [const { Atomic::new(0) }; 1024];

/// The number of engagements that concern any module.
static ALL: Atomic<i32> = Atomic::new(0);

fn bucket(module: &str) -> &'static Atomic<i32> {
    &INTERESTED[text::hash(module) % INTERESTED.len()]
}

/// While this exists, the list is searched when `module` is loaded or unloaded.
///
/// Make it before checking whether the module is loaded: then either the check sees the module, or
/// the module notifier sees this.
pub(crate) struct Interest(&'static Atomic<i32>);

impl Interest {
    /// Makes one for `module`. Any context.
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

/// Whether an engagement may concern `module`. Any context.
pub(crate) fn has_module(module: &str) -> bool {
    // A read-modify-write, to be ordered against the state of the module.
    bucket(module).fetch_add(0, Full) > 0
}

/// Whether an engagement concerns any module. Any context.
pub(crate) fn is_any() -> bool {
    ALL.load(Relaxed) > 0
}
