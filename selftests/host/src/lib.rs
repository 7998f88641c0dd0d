// SPDX-License-Identifier: GPL-2.0-only

//! The pure parts of Killswitch, compiled from the same files as in the kernel, and their tests.

#![cfg(test)]
#![forbid(unsafe_code)]

#[path = "../../../src/command.rs"]
mod command;
#[path = "../../../src/command_cases.rs"]
mod command_cases;
#[path = "../../../src/errno.rs"]
mod errno;
#[path = "../../fuzz/src/targets/mod.rs"]
mod fuzz_targets;
#[path = "../../../policy/mod.rs"]
mod policy;

mod btf_properties;
mod command_properties;
mod corpus;
mod policy_properties;
