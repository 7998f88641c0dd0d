// SPDX-License-Identifier: GPL-2.0-only

//! Who opened a file, who writes to it, and whether both may administer the machine.
//!
//! C header: [`include/linux/capability.h`](srctree/include/linux/capability.h)

use kernel::{
    bindings,
    ffi::c_int,
    types::Opaque, //
};

const CAP_SYS_ADMIN: c_int = bindings::CAP_SYS_ADMIN as c_int;

/// The credentials that an open file carries: those of whoever opened it.
///
/// # Invariants
///
/// The file stays open for `'a`.
pub(crate) struct Opener<'a>(&'a Opaque<bindings::file>);

impl<'a> Opener<'a> {
    /// Looks at an open file.
    ///
    /// # Safety
    ///
    /// `file` must point to a file that stays open for `'a`.
    pub(super) unsafe fn from_raw(file: *const bindings::file) -> Self {
        // SAFETY: The caller promises that the file is there for `'a`; what it holds may change.
        // INVARIANT: By the safety requirements.
        Self(unsafe { &*file.cast::<Opaque<bindings::file>>() })
    }

    /// Whether the opener had CAP_SYS_ADMIN in the initial user namespace. Any context.
    pub(crate) fn has_cap_sys_admin(&self) -> bool {
        // SAFETY: The file is open by the type invariants, and `init_user_ns` lives forever.
        unsafe {
            bindings::file_ns_capable(self.0.get(), &raw mut bindings::init_user_ns, CAP_SYS_ADMIN)
        }
    }

    /// The same, for nothing but the choice of what is shown: what decides is not on record. Any
    /// context.
    pub(crate) fn is_administrator(&self) -> bool {
        // SAFETY: The file is open by the type invariants.
        unsafe { bindings::killswitch_opened_by_administrator(self.0.get()) }
    }
}

/// Whether the current task has CAP_SYS_ADMIN in the initial user namespace. Process context.
pub(crate) fn current_has_cap_sys_admin() -> bool {
    // SAFETY: Called in process context, where `current` has credentials.
    unsafe { bindings::capable(CAP_SYS_ADMIN) }
}
