// SPDX-License-Identifier: GPL-2.0-only

//! Records of the audit log.
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

/// What a record is about: its type.
#[derive(Clone, Copy)]
pub(crate) enum Type {
    /// A decision on an engagement.
    Config,
    /// A call that was stopped, or only counted.
    Access,
}

/// A record that is being written; dropping it sends it.
///
/// Text goes in through [`Write`], and must be fixed or come from numbers: strings that somebody
/// else chose go through [`untrusted()`](Self::untrusted).
///
/// # Invariants
///
/// The pointer is to an audit buffer that nobody else knows.
pub(crate) struct Record(NonNull<bindings::audit_buffer>);

/// Says, as audit is configured to say it, that a record was lost. Any context.
pub(crate) fn lost() {
    // SAFETY: The message is a string.
    unsafe { bindings::audit_log_lost(c"killswitch: no room for a record".as_char_ptr()) };
}

impl Record {
    /// Begins a record, unless audit is not running, has a rule against it, or no room or memory
    /// for it: one that belongs to what the current task does, or one that stands alone. May sleep,
    /// for as long as audit waits for room.
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

    /// Adds a string that somebody else chose: quoted, or in hexadecimal where it could be mistaken
    /// for something else.
    pub(crate) fn untrusted(&mut self, text: &[u8]) {
        // SAFETY: The buffer is ours by the type invariants, and the length is that of the text.
        unsafe {
            bindings::audit_log_n_untrustedstring(self.0.as_ptr(), text.as_ptr(), text.len())
        };
    }

    /// Adds that nobody did it: auid and ses, unset.
    pub(crate) fn no_subject(&mut self) {
        // SAFETY: The buffer is ours by the type invariants.
        unsafe { bindings::killswitch_audit_no_subject(self.0.as_ptr()) };
    }

    /// Adds who the current task is: auid, uid, ses, subj, pid, comm, exe. May sleep.
    pub(crate) fn subject(&mut self) {
        // SAFETY: The buffer is ours by the type invariants; called in process context.
        unsafe { bindings::killswitch_audit_subject(self.0.as_ptr()) };
    }
}

impl Write for Record {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let length = c_int::try_from(text.len()).map_err(|_| fmt::Error)?;
        // SAFETY: The buffer is ours by the type invariants, and the format takes a length and that
        // many characters.
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
