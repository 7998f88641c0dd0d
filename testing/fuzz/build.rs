// SPDX-License-Identifier: GPL-2.0-only

//! Sets the configuration of the kernel's files, with everything enabled.

fn main() {
    println!("cargo::rustc-cfg=CONFIG_BPF_SYSCALL");
    println!("cargo::rerun-if-changed=build.rs");
}
