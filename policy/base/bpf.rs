// SPDX-License-Identifier: GPL-2.0-only

//! Functions that keep BPF programs safe: the verifier, the checks on loading, and the JIT
//! compiler.

use super::{
    never,
    Family, //
};

/// The verifier's arithmetic on ranges of register values.
#[rustfmt::skip]
pub(super) const BOUNDS: Family = Family {
    name: "bpf bounds",
    lines: &[
        never("computes ranges of numbers", &["cnum32_*"]),
    ],
};
