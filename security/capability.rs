// SPDX-License-Identifier: GPL-2.0-only

//! The capabilities of a file's opener and of the current task.
//!
//! C header: [`include/linux/capability.h`](srctree/include/linux/capability.h)

use kernel::{
    bindings,
    ffi::c_int,
    types::Opaque, //
};

const CAP_SYS_ADMIN: c_int = bindings::CAP_SYS_ADMIN as c_int;

/// The credentials of an open file: those of its opener.
///
/// # Invariants
///
/// The file stays open for `'a`.
pub(crate) struct Opener<'a>(&'a Opaque<bindings::file>);

impl<'a> Opener<'a> {
    /// The opener of `file`.
    ///
    /// # Safety
    ///
    /// `file` must point to a file that stays open for `'a`.
    pub(super) unsafe fn from_raw(file: *const bindings::file) -> Self {
        // SAFETY: The caller promises that the file is valid for `'a`; its fields may change.
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

    /// The same without an audit record, only to choose what a file shows. Any context.
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
