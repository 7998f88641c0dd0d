// SPDX-License-Identifier: GPL-2.0-only

//! What keeps programs for the BPF virtual machine from doing harm: the verifier, the rules for
//! loading them, and the code that turns them into machine instructions.

use super::{
    never,
    Family, //
};

/// The arithmetic by which the verifier knows what values a register can hold.
#[rustfmt::skip]
pub(super) const BOUNDS: Family = Family {
    name: "bpf bounds",
    lines: &[
        never("computes ranges of numbers", &["cnum32_*"]),
    ],
};
