// SPDX-License-Identifier: GPL-2.0-only

//! Has the program built again when a file is added to the catalogue, or goes.

fn main() {
    println!("cargo::rerun-if-changed=../catalogue");
}
