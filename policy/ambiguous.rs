// SPDX-License-Identifier: GPL-2.0-only

//! Rule `ambiguous`: refuses a name that several functions have.
//!
//! `register_kprobe()` would silently use the first one, and the vulnerable one might keep running.

use super::{
    Cause,
    Facts, //
};

pub(super) fn judge(facts: &Facts<'_>) -> Result<(), Cause> {
    match facts.addresses.len() {
        0 | 1 => Ok(()),
        count => Err(Cause::Ambiguous(count)),
    }
}
