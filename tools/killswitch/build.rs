// SPDX-License-Identifier: GPL-2.0-only

//! Rebuilds the program when a file is added to or removed from the catalogue.

fn main() {
    println!("cargo::rerun-if-changed=../catalogue");
}
