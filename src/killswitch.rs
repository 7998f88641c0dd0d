// SPDX-License-Identifier: GPL-2.0-only

//! Killswitch: a Linux Security Module that makes vulnerable kernel functions return a fixed value
//! without running, and refuses to do so to other LSMs and the code that they depend on.
//!
//! Data flows through the files in this order: [`control`] receives the writes of an administrator,
//! [`authority`] checks the permission, [`command`] parses the commands, [`subject`] finds the
//! function, [`permit`] asks the [`policy`] about it, given what is [`protected`] in this kernel,
//! [`transaction`] carries the request out on the [`list`] of [`engagement`]s, [`refusal`] says why
//! not, and [`event`] reports it. [`attribution`] tracks the callers of engaged functions.
//! [`upkeep`] handles modules and time limits; [`interest`] says which modules matter. [`check`]
//! only predicts verdicts, [`files`] shows the state, and [`boot`] applies the kernel command line.
//! [`errno`] and [`text`] are helpers.
//!
//! [`security`] wraps the kernel and is the only part with unsafe code.

#![deny(unsafe_code)]

mod attribution;
mod authority;
mod boot;
mod check;
mod command;
#[cfg(CONFIG_SECURITY_KILLSWITCH_KUNIT_TEST)]
mod command_cases;
mod condition;
#[cfg(CONFIG_SECURITY_KILLSWITCH_KUNIT_TEST)]
mod condition_cases;
mod control;
mod engagement;
mod errno;
mod event;
mod files;
mod interest;
mod list;
mod permit;
mod protected;
mod refusal;
mod subject;
mod text;
mod transaction;
mod upkeep;

#[path = "../policy/mod.rs"]
mod policy;

#[allow(unsafe_code)]
#[path = "../security/mod.rs"]
mod security;

use kernel::prelude::*;
use upkeep::{
    check,
    check_terms,
    module_coming,
    module_going,
    module_live, //
};

/// The prefix of all lines in the kernel log.
const __LOG_PREFIX: &[u8] = b"killswitch\0";

/// Creates the files and their data, and registers the module notifiers. Called once, by the LSM
/// framework, at fs_initcall time.
fn set_up() -> Result {
    protected::create()?;
    list::create()?;
    upkeep::create()?;
    event::create()?;
    security::work::create()?;
    files::create()?;
    security::module::watch()
}

/// Applies the kernel command line. Called once, by the LSM framework, before user space starts.
fn apply(command_line: &security::boot::CommandLine<'_>) {
    boot::apply(command_line);
}
