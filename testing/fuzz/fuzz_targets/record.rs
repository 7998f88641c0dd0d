// SPDX-License-Identifier: GPL-2.0-only

//! The libFuzzer target for [`killswitch::fuzz::record`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| killswitch::fuzz::record(data));
