// SPDX-License-Identifier: GPL-2.0-only

//! The pure parts of Killswitch, compiled from the same files as in the kernel, and what is tried
//! with them. Each target of cargo-fuzz calls one of these functions.

#![forbid(unsafe_code)]
// The targets use less of it than the kernel does.
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
