// SPDX-License-Identifier: GPL-2.0-only

//! Killswitch: a Linux Security Module that makes vulnerable kernel functions return a fixed value
//! without running, and that refuses to do so to what the other security modules stand on.
//!
//! Data flows through the files in this order: [`control`] takes what an administrator writes,
//! [`authority`] says whether this administrator may, [`command`] understands it, [`subject`] finds
//! the function, [`permit`] asks the [`policy`] about it in the light of what is [`protected`],
//! [`transaction`] carries it out on the [`list`] of [`engagement`]s, [`refusal`] says why not, and
//! [`event`] is what is reported of it. [`attribution`] is who
//! calls engaged functions. [`upkeep`] is what modules and time do to engagements, of
//! which an [`interest`] finds the ones that matter. [`check`] only asks, [`files`] shows the
//! state, and [`boot`] applies the kernel command line. [`errno`] and [`text`] help all of them.
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
    module_coming,
    module_going,
    module_live, //
};

/// What starts every line in the kernel log.
const __LOG_PREFIX: &[u8] = b"killswitch\0";

/// Creates the files and what they show, and has modules watched. Called once, by the LSM
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
