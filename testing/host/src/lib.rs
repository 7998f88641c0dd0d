// SPDX-License-Identifier: GPL-2.0-only

//! The safe Rust code of Killswitch, compiled from the same files as in the kernel, and its tests.
//!
//! The kernel below is simulated: the crate `kernel` and the module `security` have the names and
//! signatures of the real ones.

#![cfg(test)]
#![forbid(unsafe_code)]

#[path = "../../../src/attribution.rs"]
mod attribution;
#[path = "../../../src/authority.rs"]
mod authority;
#[path = "../../../src/boot.rs"]
mod boot;
#[path = "../../../src/check.rs"]
mod check;
#[path = "../../../src/command.rs"]
mod command;
#[path = "../../../src/command_cases.rs"]
mod command_cases;
#[path = "../../../src/condition/mod.rs"]
mod condition;
#[path = "../../../src/condition_cases.rs"]
mod condition_cases;
#[path = "../../../src/control.rs"]
mod control;
#[path = "../../../src/engagement.rs"]
mod engagement;
#[path = "../../../src/errno.rs"]
mod errno;
#[path = "../../../src/event.rs"]
mod event;
#[path = "../../../src/files.rs"]
mod files;
#[path = "../../fuzz/src/targets/mod.rs"]
mod fuzz_targets;
#[path = "../../../src/interest.rs"]
mod interest;
#[path = "../../fuzz/src/kept.rs"]
mod kept;
#[path = "../../../src/list.rs"]
mod list;
#[path = "../../../src/permit.rs"]
mod permit;
#[path = "../../../policy/mod.rs"]
mod policy;
#[path = "../../../src/protected.rs"]
mod protected;
#[path = "../../../src/refusal.rs"]
mod refusal;
#[path = "../../../src/subject.rs"]
mod subject;
#[path = "../../../src/text.rs"]
mod text;
#[path = "../../../src/transaction.rs"]
mod transaction;
#[path = "../../../src/upkeep.rs"]
mod upkeep;

mod arm64;
mod btf_properties;
mod command_properties;
mod condition_properties;
mod corpus;
mod disassembler;
mod generated;
mod guide;
mod image;
mod machine;
mod model;
mod model_properties;
mod policy_properties;
mod security;
mod wording;

// `security` expects these here.
use upkeep::{check, check_terms, module_coming, module_going, module_live};
