// SPDX-License-Identifier: GPL-2.0-only

//! Fuzz targets, with the properties that they check. The host tests run them on the corpus in
//! `testing/fuzz/corpus`.

mod btf;
mod code;
mod command;
mod condition;

pub use btf::btf;
pub use code::code;
pub use command::command;
pub use condition::condition;

use std::ops::Range;

/// All errors, from EFTYPE to EPERM, in `include/uapi/asm-generic/errno.h`.
const ERRORS: Range<i64> = -134..0;

/// Splits the input. Past its end, it is zero.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let (taken, rest) = self.0.split_at(self.0.len().min(N));

        bytes[..taken.len()].copy_from_slice(taken);
        self.0 = rest;
        bytes
    }

    fn u8(&mut self) -> u8 {
        self.bytes::<1>()[0]
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.bytes())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }

    fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.bytes())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
