// SPDX-License-Identifier: GPL-2.0-only

//! Text written to the control file, to `check` and to `retval`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| killswitch_fuzz::command(data));
