// SPDX-License-Identifier: GPL-2.0-only

//! Rule `ambiguous`: a name that stands for several functions names none of them.
//!
//! `register_kprobe()` would silently take the first, and the vulnerable one would run on.

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
