// SPDX-License-Identifier: GPL-2.0-only

//! Killswitch: a Linux Security Module that makes vulnerable kernel functions return a fixed value
//! without running, and that refuses to do so to what the other security modules stand on.
//!
//! Data flows through the files in this order: [`control`] takes what an administrator writes,
//! [`command`] understands it, [`authority`] says whether this administrator may, [`permit`] asks
//! the [`policy`] about the [`subject`] in the light of what is [`protected`], [`registry`] carries
//! it out on [`engagement`]s, and [`records`] tells the audit log. [`check`] only asks, [`files`]
//! shows the state, and [`boot`] applies the kernel command line.
//!
//! [`security`] wraps the kernel and is the only part with unsafe code.

#![deny(unsafe_code)]

mod authority;
mod boot;
mod check;
mod command;
#[cfg(CONFIG_SECURITY_KILLSWITCH_KUNIT_TEST)]
mod command_cases;
mod control;
mod engagement;
mod errno;
mod files;
mod permit;
mod protected;
mod records;
mod refusal;
mod registry;
mod subject;
mod text;

#[path = "../policy/mod.rs"]
mod policy;

#[allow(unsafe_code)]
#[path = "../security/mod.rs"]
mod security;

use kernel::prelude::*;

/// What starts every line in the kernel log.
const __LOG_PREFIX: &[u8] = b"killswitch\0";

/// Creates the files. Called once, by the LSM framework, at fs_initcall time.
fn set_up() -> Result {
    files::create()?;
    security::module::watch()
}

/// Looks after the engagements. Called by a workqueue, some time after they were looked at last.
fn tick() {
    // The look is all there is to do.
    drop(registry::look());
}

/// Engages what is armed for a module that comes; if that fails the module must not be loaded.
/// Called by the module notifier chain, before the module's own code runs.
fn module_comes(module: &security::module::Module) -> Result {
    match registry::lock() {
        Ok(mut registry) => registry.module_comes(module, false),
        // Without a registry nothing is armed.
        Err(_) => Ok(()),
    }
}

/// Engages what was armed for a module while that was set up. Called by the module notifier chain.
fn module_is_there(module: &security::module::Module) {
    // Failures are told, and there is nothing else to be done about them.
    let _ = registry::lock().and_then(|mut registry| registry.module_comes(module, true));
}

/// Ends the engagements in a module that goes. Called by the module notifier chain.
fn module_goes(module: &security::module::Module) {
    // Without a registry there is nothing to end.
    if let Ok(mut registry) = registry::lock() {
        registry.module_goes(module);
    }
}

/// Applies the kernel command line. Called once, by the LSM framework, before user space starts.
fn apply(command_line: &security::boot::CommandLine<'_>) {
    boot::apply(command_line);
}
