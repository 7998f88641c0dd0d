// SPDX-License-Identifier: GPL-2.0-only

//! Rule `lsm-entry`: the entry points of the LSM framework are out of reach, whatever the value.
//!
//! One of them made to return 0 bypasses every LSM at once.

use super::{
    Facts,
    Refusal, //
};

pub(super) fn judge(facts: &Facts<'_>) -> Result<(), Refusal> {
    let is_entry = |address: &usize| facts.lsm_entries.contains(*address);

    if facts.addresses.iter().any(is_entry) {
        return Err(Refusal::LsmEntry);
    }
    Ok(())
}
