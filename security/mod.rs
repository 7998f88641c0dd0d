// SPDX-License-Identifier: GPL-2.0-only

//! The kernel, wrapped: one file per C facility, and every `unsafe` block of Killswitch.
//!
//! These interfaces are sound, whatever the rest of Killswitch does with them. Whether a function
//! *may* be engaged is not decided here.

pub(crate) mod audit;
pub(crate) mod boot;
#[cfg_attr(not(CONFIG_BPF_SYSCALL), path = "btf_absent.rs")]
pub(crate) mod btf;
pub(crate) mod callbacks;
pub(crate) mod callers;
pub(crate) mod capability;
mod claim;
pub(crate) mod code;
pub(crate) mod condition;
pub(crate) mod directory;
pub(crate) mod entry;
pub(crate) mod kallsyms;
pub(crate) mod kprobe;
pub(crate) mod lockdown;
pub(crate) mod log;
pub(crate) mod lsm;
pub(crate) mod module;
pub(crate) mod securityfs;
pub(crate) mod stub;
pub(crate) mod taint;
pub(crate) mod work;
