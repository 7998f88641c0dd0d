// SPDX-License-Identifier: GPL-2.0-only

//! Rule `lsm-internal`: what lies amid the code of the LSMs may only be made to fail.

use super::{
    Cause,
    Facts,
    Value, //
};

pub(super) fn judge(facts: &Facts<'_>, value: Value) -> Result<(), Cause> {
    let is_inside = |address| facts.kernel.lsm_code.contains(address);

    if !facts.returns.fails_with(value) && facts.addresses.iter().any(is_inside) {
        return Err(Cause::LsmInternal(facts.returns));
    }
    Ok(())
}
