// SPDX-License-Identifier: GPL-2.0-only

//! Rule `return-type`: the value must be one that the function's C prototype can mean.
//!
//! Prototypes are not known here, so every function counts as one that returns an `int`.

use super::{
    Refusal,
    Value, //
};

pub(super) fn judge(value: Value) -> Result<(), Refusal> {
    i32::try_from(value.get())
        .map(|_| ())
        .map_err(|_| Refusal::NotAnInt)
}
