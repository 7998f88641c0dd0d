// SPDX-License-Identifier: GPL-2.0-only

//! Rule `security-base`: what the LSMs and the kernel's own protections stand on.
//!
//! The files of this directory are a table, and nothing else: families of functions, each with the
//! values that it may still be made to return, and why it is there. To protect one more, add a
//! line.

mod authority;
mod bpf;
mod engine;
mod hardening;
mod integrity;
mod network;

use super::{
    glob,
    Cause,
    Facts,
    Type,
    Value, //
};

/// The table.
const FAMILIES: &[&Family] = &[
    &engine::PROBING,
    &engine::ERROR_INJECTION,
    &engine::FTRACE,
    &engine::TEXT_PATCHING,
    &engine::TRAMPOLINES,
    &engine::LIVEPATCH,
    &engine::SYMBOLS,
    &engine::TYPES,
    &engine::CONTROL_FILES,
    &engine::AUDIT_LOG,
    &engine::AUDIT_RULES,
    &engine::AUDIT_CONTEXT,
    &engine::NOTIFIERS,
    &engine::MODULES,
    &engine::TAINT,
    &engine::KILLSWITCH,
    &engine::RUST,
    &engine::GRACE_PERIODS,
    &engine::LSM_FRAMEWORK,
    &authority::CAPABILITIES,
    &authority::CREDENTIALS,
    &authority::GROUPS,
    &authority::FILE_ACCESS,
    &authority::FILE_ATTRIBUTES,
    &authority::FILE_LIMITS,
    &authority::FS_ACCESS,
    &authority::PROC,
    &authority::MOUNTS,
    &authority::NAMESPACES,
    &authority::PTRACE,
    &authority::SIGNALS,
    &authority::PROCESS_LIMITS,
    &authority::IPC,
    &authority::KEYRINGS,
    &authority::CGROUPS,
    &authority::PERF,
    &authority::IO_URING,
    &authority::TERMINALS,
    &authority::GRAPHICS,
    &authority::STORAGE,
    &authority::USB,
    &authority::THUNDERBOLT,
    &authority::PASSTHROUGH,
    &authority::DEVICES,
    &hardening::SECCOMP,
    &hardening::USERCOPY,
    &hardening::PAGE_PROTECTION,
    &hardening::PHYSICAL_MEMORY,
    &hardening::EXPLOIT_DETECTION,
    &hardening::MEMORY_LIMITS,
    &hardening::ADDRESS_HIDING,
    &hardening::CPU_MITIGATIONS,
    &hardening::DMA,
    &hardening::PANIC,
    &hardening::MEMORY_INIT,
    &hardening::USER_PROTECTION,
    &hardening::EXECUTION,
    &hardening::COREDUMP,
    &hardening::CONFIDENTIAL,
    &hardening::MICROCODE,
    &integrity::LOCKDOWN,
    &integrity::MODULES,
    &integrity::FILES,
    &integrity::KEXEC,
    &integrity::SIGNATURES,
    &integrity::KEYS,
    &integrity::MEASUREMENT,
    &integrity::VERITY,
    &integrity::ENCRYPTION,
    &integrity::RANDOM,
    &integrity::CRYPTO_API,
    &integrity::ALGORITHMS,
    &network::FILTERING,
    &network::LABELS,
    &network::IPSEC,
    &network::TRANSPORT,
    &network::WIRELESS,
    &network::SERVERS,
    &network::ACCESS,
    &bpf::VERIFIER,
    &bpf::STATES,
    &bpf::MEMORY_CHECKS,
    &bpf::CALL_CHECKS,
    &bpf::BOUNDS,
    &bpf::FIXUPS,
    &bpf::TYPES,
    &bpf::LOADING,
    &bpf::COMPILING,
    &bpf::CLASSIC,
];

/// Functions that are protected for the same reason.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Family {
    /// What administrators know it by.
    pub(crate) name: &'static str,
    /// Its lines.
    lines: &'static [Line],
}

/// A line of the table: functions that do the same.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    accepts: Accepts,
    /// What the functions do, to be read behind "this function".
    pub(crate) why: &'static str,
    /// Their names: `symbol` for a function of the kernel itself, `module:symbol` for one that may
    /// be in a module as well. `*` stands for any characters.
    names: &'static [&'static str],
}

/// The values that a function may still be made to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepts {
    /// None.
    Nothing,
    /// Errors, from -1 to -4095, if the function can return errors.
    Errors,
    /// This number.
    Only(i64),
}

/// A line for functions that may not be made to return anything.
const fn never(why: &'static str, names: &'static [&'static str]) -> Line {
    Line {
        accepts: Accepts::Nothing,
        why,
        names,
    }
}

/// A line for functions that may be made to fail with an error.
const fn errno(why: &'static str, names: &'static [&'static str]) -> Line {
    Line {
        accepts: Accepts::Errors,
        why,
        names,
    }
}

/// A line for functions that may be made to return 0 or false.
const fn zero(why: &'static str, names: &'static [&'static str]) -> Line {
    Line {
        accepts: Accepts::Only(0),
        why,
        names,
    }
}

/// A line for functions that may be made to return 1 or true.
const fn one(why: &'static str, names: &'static [&'static str]) -> Line {
    Line {
        accepts: Accepts::Only(1),
        why,
        names,
    }
}

/// A name in the table, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    family: u16,
    line: u16,
    name: u16,
}

impl Member {
    /// The whole table.
    pub(crate) fn all() -> impl Iterator<Item = Member> {
        (0..).zip(FAMILIES).flat_map(|(family, lines)| {
            (0..).zip(lines.lines).flat_map(move |(line, names)| {
                (0..)
                    .zip(names.names)
                    .map(move |(name, _)| Member { family, line, name })
            })
        })
    }

    /// A number that no other name has.
    pub(crate) fn number(self) -> usize {
        let places = [self.family, self.line, self.name].map(usize::from);

        places.iter().fold(0, |number, place| number << 16 | place)
    }

    /// The family.
    pub(crate) fn family(self) -> &'static Family {
        FAMILIES[usize::from(self.family)]
    }

    /// The line.
    pub(crate) fn line(self) -> &'static Line {
        &self.family().lines[usize::from(self.line)]
    }

    /// The name, as it stands in the table.
    pub(crate) fn name(self) -> &'static str {
        self.line().names[usize::from(self.name)]
    }

    /// The name of the function, without its module, as a pattern.
    pub(crate) fn symbol(self) -> &'static str {
        let name = self.name();
        name.split_once(':').map_or(name, |(_, symbol)| symbol)
    }

    /// The name of the function, if every kernel is expected to have it: no pattern, no module.
    pub(crate) fn expected(self) -> Option<&'static str> {
        Some(self.name()).filter(|name| !name.contains([':', '*']))
    }

    /// Whether it stands for the function that was called `original` in `module`.
    fn stands_for(self, module: &str, original: &str) -> bool {
        let name = self.name();

        // It is asked of the whole table, of which this leaves little.
        glob::may_end(name.as_bytes(), original.as_bytes())
            && name.split_once(':').is_some_and(|(m, s)| {
                glob::matches(m.as_bytes(), module.as_bytes())
                    && glob::matches(s.as_bytes(), original.as_bytes())
            })
    }

    /// Whether a function that returns `returns` may be made to return `value`.
    fn accepts(self, returns: Type, value: Value) -> bool {
        match self.line().accepts {
            Accepts::Nothing => false,
            Accepts::Errors => returns.fails_with(value),
            Accepts::Only(number) => value.get() == number,
        }
    }
}

/// The name that a function had before its compiler made a variant of it.
pub(crate) fn original(symbol: &str) -> &str {
    match symbol.split_once('.') {
        Some((name, _)) if !name.is_empty() => name,
        _ => symbol,
    }
}

pub(super) fn judge(facts: &Facts<'_>, value: Value) -> Result<(), Cause> {
    let refuses = |member: &Member| !member.accepts(facts.returns, value);
    let by_address = facts
        .addresses
        .iter()
        .find_map(|address| facts.kernel.base.tags(*address).find(refuses));
    let by_module = || {
        let function = facts.module?;
        let mut originals = function.symbols.iter().map(|it| original(it.as_str()));

        originals.find_map(|original| {
            Member::all().find(|it| it.stands_for(function.module, original) && refuses(it))
        })
    };

    match by_address.or_else(by_module) {
        Some(member) => Err(Cause::Base(member)),
        None => Ok(()),
    }
}
