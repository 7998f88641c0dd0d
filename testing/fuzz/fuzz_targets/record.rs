// SPDX-License-Identifier: GPL-2.0-only

//! The program with which libFuzzer tries [`killswitch::fuzz::record`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| killswitch::fuzz::record(data));
