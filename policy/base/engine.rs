// SPDX-License-Identifier: GPL-2.0-only

//! What Killswitch itself depends on: finding, probing and patching functions, and reports.

use super::{
    never,
    Family, //
};

/// Error injection, which makes functions on its own list fail to test their callers.
#[rustfmt::skip]
pub(super) const ERROR_INJECTION: Family = Family {
    name: "error injection",
    lines: &[
        never("checks which error is injected", &["fei_retval_set"]),
    ],
};

/// Functions that redirect the entry of a function.
#[rustfmt::skip]
pub(super) const FTRACE: Family = Family {
    name: "ftrace",
    lines: &[
        never("adds and removes return tracers", &["*register_ftrace_graph"]),
    ],
};

/// Functions that change the code of the running kernel.
#[rustfmt::skip]
pub(super) const TEXT_PATCHING: Family = Family {
    name: "text patching",
    lines: &[
        never("writes to the code of the kernel", &["*text_poke*"]),
        never("puts mitigations into the code of modules", &["__apply_alternatives"]),
        never("runs a function on a CPU at once", &["stop_one_cpu*"]),
        never("runs a function on two CPUs at once", &["stop_two_cpus"]),
        never("sets up the static calls of modules", &["static_call_module_notify"]),
        never("decodes instructions", &["insn_get_*"]),
    ],
};

/// Functions that replace functions by fixed ones.
#[rustfmt::skip]
pub(super) const LIVEPATCH: Family = Family {
    name: "livepatch",
    lines: &[
        never("reports whether a task still runs old code", &["arch_stack_walk_reliable"]),
    ],
};

/// Functions that resolve names to addresses, and addresses to names.
#[rustfmt::skip]
pub(super) const SYMBOLS: Family = Family {
    name: "symbols",
    lines: &[
        never("finds symbols", &["kallsyms_*"]),
        never("lists the symbols of modules", &["module_get_kallsym"]),
        never("names an address", &["lookup_*symbol_name"]),
    ],
};

/// The implementation of files in /sys/kernel/security.
#[rustfmt::skip]
pub(super) const CONTROL_FILES: Family = Family {
    name: "control files",
    lines: &[
        never("opens a file that is written as it is read", &["seq_open*"]),
        never("reads a file that is written as it is read", &["seq_read*"]),
        never("moves within a file that is written as it is read", &["seq_lseek", "traverse"]),
        never("opens a file that is written in one piece", &["single_open*"]),
        never("copies a command from user space", &["simple_write_to_buffer"]),
        never("answers a command in a file", &["simple_transaction_*"]),
        never("copies an answer", &["memory_read_from_buffer"]),
        never("resolves names of files in securityfs", &["simple_lookup"]),
        never("moves within a file", &["default_llseek", "vfs_llseek"]),
    ],
};

/// Notifications of security modules and subsystems.
#[rustfmt::skip]
pub(super) const NOTIFIERS: Family = Family {
    name: "notifier chains",
    lines: &[
        never("adds and removes subscribers", &["*notifier_chain_*register*"]),
    ],
};

/// Functions that all Rust code in the kernel calls.
#[rustfmt::skip]
pub(super) const RUST: Family = Family {
    name: "rust support",
    lines: &[
        never("lets Rust code call the kernel", &["rust_helper_*"]),
        never("is part of the kernel crate", &["_R*_6kernel*"]),
        never("is part of the core library of Rust", &["_R*_4core*"]),
    ],
};
