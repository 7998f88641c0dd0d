// SPDX-License-Identifier: GPL-2.0-only

//! Rule `lsm-hook`: refuses the registered callbacks of all LSMs and the trampolines that call
//! them, whatever the value.
//!
//! Their addresses come from the framework's own table, since their names follow no pattern.

use super::{
    Cause,
    Facts, //
};

pub(super) fn judge(facts: &Facts<'_>) -> Result<(), Cause> {
    let kernel = facts.kernel;
    let owner = |address: &usize| match kernel.lsm_trampolines.contains(address) {
        true => Some("that is called through it"),
        false => kernel.lsm_hooks.tags(*address).next(),
    };

    match facts.addresses.iter().find_map(owner) {
        Some(lsm) => Err(Cause::LsmHook(lsm)),
        None => Ok(()),
    }
}
