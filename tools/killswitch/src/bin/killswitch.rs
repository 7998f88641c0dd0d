// SPDX-License-Identifier: GPL-2.0-only

//! The program. All that it does is in the library beside it, where the fuzz targets reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    killswitch::main()
}
