// SPDX-License-Identifier: GPL-2.0-only

//! The program. Everything else is in the library, which the fuzz targets link, too.

use std::process::ExitCode;

fn main() -> ExitCode {
    killswitch::main()
}
