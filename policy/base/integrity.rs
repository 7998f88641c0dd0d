// SPDX-License-Identifier: GPL-2.0-only

//! Protection against foreign code and data: lockdown, signatures and keys, loading of modules and
//! kexec images, integrity measurement, verified and encrypted storage, random numbers and
//! cryptography.

use super::{
    never,
    Family, //
};

/// Functions that lock the kernel down, or report how it was booted.
#[rustfmt::skip]
pub(super) const LOCKDOWN: Family = Family {
    name: "lockdown",
    lines: &[
    ],
};

/// Verification of blocks read from disks and file systems.
#[rustfmt::skip]
pub(super) const VERITY: Family = Family {
    name: "verified storage",
    lines: &[
        never("determines how a file is encrypted", &[
            "ecryptfs:ecryptfs_read_*", "ecryptfs:ecryptfs_parse_*",
            "ecryptfs:ecryptfs_compute_root_iv",
        ]),
    ],
};

/// The random number generator.
#[rustfmt::skip]
pub(super) const RANDOM: Family = Family {
    name: "random numbers",
    lines: &[
        never("collects randomness", &["write_pool_user"]),
    ],
};

/// The algorithms themselves.
#[rustfmt::skip]
pub(super) const ALGORITHMS: Family = Family {
    name: "crypto algorithms",
    lines: &[
        never("computes a hash", &["*:blake2*", "xxh64_*"]),
        never("prepares a key", &["*aes_preparekey"]),
        never("loads another kernel", &["kexec_*"]),
        never("computes a keyed checksum", &[
            "*:poly1305_*", "*:nh", "*:nhpoly1305_*", "*:gf128mul_*",
        ]),
    ],
};
