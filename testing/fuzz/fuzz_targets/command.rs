// SPDX-License-Identifier: GPL-2.0-only

//! The libFuzzer target for [`killswitch_fuzz::command`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| killswitch_fuzz::command(data));
