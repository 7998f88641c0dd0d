// SPDX-License-Identifier: GPL-2.0-only

//! What Lockdown, and any other LSM that answers its hook, says to changing engagements.
//!
//! C header: [`include/linux/security.h`](srctree/include/linux/security.h)

use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

/// Asks all LSMs whether engagements may change. Process context; the asked may log.
pub(crate) fn permits_changes() -> Result {
    // SAFETY: The reason is one that `security_locked_down()` knows.
    to_result(unsafe {
        bindings::security_locked_down(bindings::lockdown_reason_LOCKDOWN_KILLSWITCH)
    })
}
