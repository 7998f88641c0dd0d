// SPDX-License-Identifier: GPL-2.0-only

//! Rule `lsm-hook`: the callbacks that any LSM registered are out of reach, whatever the value.
//!
//! They are known by address from the framework's own table: their names follow no pattern.

use super::{
    Facts,
    Refusal, //
};

pub(super) fn judge(facts: &Facts<'_>) -> Result<(), Refusal> {
    let owner = |address: &usize| facts.lsm_hooks.owner(*address);

    match facts.addresses.iter().find_map(owner) {
        Some(lsm) => Err(Refusal::LsmHook(lsm)),
        None => Ok(()),
    }
}
