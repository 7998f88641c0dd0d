// SPDX-License-Identifier: GPL-2.0-only

//! Type information.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| killswitch_fuzz::btf(data));
