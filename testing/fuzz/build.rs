// SPDX-License-Identifier: GPL-2.0-only

//! Sets what the files of the kernel ask for, so that nothing is left out.

fn main() {
    println!("cargo::rustc-cfg=CONFIG_BPF_SYSCALL");
    println!("cargo::rerun-if-changed=build.rs");
}
