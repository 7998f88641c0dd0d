// SPDX-License-Identifier: GPL-2.0-only

//! Audit records.
//!
//! C header: [`include/linux/audit.h`](srctree/include/linux/audit.h)

use core::{
    fmt::{
        self,
        Write, //
    },
    ptr::NonNull, //
};
use kernel::{
    bindings,
    ffi::c_int,
    str::CStrExt, //
};

/// The type of a record.
#[derive(Clone, Copy)]
pub(crate) enum Type {
    /// A decision about an engagement.
    Config,
    /// A call that was short-circuited or counted.
    Access,
}

/// A record that is being written. Dropping it sends it.
///
/// [`Write`] is for constant text and numbers only; strings that users choose go through
/// [`untrusted()`](Self::untrusted).
///
/// # Invariants
///
/// The pointer is to an audit buffer that nothing else uses.
pub(crate) struct Record(NonNull<bindings::audit_buffer>);

/// Reports a lost record in the way that audit is configured to. Any context.
pub(crate) fn lost() {
    // SAFETY: The message is a string.
    unsafe { bindings::audit_log_lost(c"killswitch: no room for a record".as_char_ptr()) };
}

impl Record {
    /// Starts a record, in the event of the current task or in one of its own. Returns `None` if
    /// audit is off, a rule excludes the record, or there is no memory or no room in the backlog.
    /// May sleep, for as long as audit waits for room.
    pub(crate) fn start(of_task: bool, of: Type) -> Option<Self> {
        let number = match of {
            Type::Config => bindings::AUDIT_MAC_CONFIG_CHANGE,
            Type::Access => bindings::AUDIT_AVC,
        };
        // SAFETY: Called in process context.
        let buffer = unsafe { bindings::killswitch_audit_start(of_task, number as c_int) };

        // INVARIANT: A fresh buffer.
        NonNull::new(buffer).map(Self)
    }

    /// Adds an untrusted string: quoted, or in hexadecimal if it contains special characters.
    pub(crate) fn untrusted(&mut self, text: &[u8]) {
        // SAFETY: The buffer is ours by the type invariants, and the length is that of the text.
        unsafe {
            bindings::audit_log_n_untrustedstring(self.0.as_ptr(), text.as_ptr(), text.len())
        };
    }

    /// Adds that no task is the subject: auid and ses, unset.
    pub(crate) fn no_subject(&mut self) {
        // SAFETY: The buffer is ours by the type invariants.
        unsafe { bindings::killswitch_audit_no_subject(self.0.as_ptr()) };
    }

    /// Adds the current task as the subject: auid, uid, ses, subj, pid, comm, exe. May sleep.
    pub(crate) fn subject(&mut self) {
        // SAFETY: The buffer is ours by the type invariants; called in process context.
        unsafe { bindings::killswitch_audit_subject(self.0.as_ptr()) };
    }
}

impl Write for Record {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let length = c_int::try_from(text.len()).map_err(|_| fmt::Error)?;
        // SAFETY: The buffer is ours by the type invariants, and the format takes a length and a
        // string of that length.
        unsafe {
            bindings::audit_log_format(
                self.0.as_ptr(),
                c"%.*s".as_char_ptr(),
                length,
                text.as_ptr(),
            )
        };
        Ok(())
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // SAFETY: The buffer is ours by the type invariants, and not used any more.
        unsafe { bindings::audit_log_end(self.0.as_ptr()) };
    }
}
