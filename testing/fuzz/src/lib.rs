// SPDX-License-Identifier: GPL-2.0-only

//! The safe parts of Killswitch, compiled from the same files as in the kernel, and their fuzz
//! targets. Each target of cargo-fuzz calls one of these functions.

#![forbid(unsafe_code)]
// The targets use only a part of the code.
#![allow(dead_code, unused_imports)]

#[path = "../../../src/command.rs"]
mod command;
#[path = "../../../src/condition/mod.rs"]
mod condition;
#[path = "../../../src/errno.rs"]
mod errno;
#[path = "../../../policy/mod.rs"]
mod policy;
mod targets;

pub use targets::{btf, code, command, condition};
