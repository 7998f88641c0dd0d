// SPDX-License-Identifier: GPL-2.0-only

//! All causes of refusals: an errno and a sentence for each.

use crate::{
    command::Malformed,
    errno,
    policy::{
        self,
        Rule,
        Symbol, //
    },
    security::{
        kallsyms,
        stub::SLOTS, //
    }, //
};
use core::fmt;
use kernel::error::{
    code::*,
    Error, //
};

/// Why a request is refused. Its [`Display`](fmt::Display) form says what is wrong and what to do
/// instead. A refused request has changed nothing.
#[derive(Clone, Copy)]
pub(crate) enum Refusal<'a> {
    /// The opener of the file had no CAP_SYS_ADMIN.
    Opener,
    /// The writer has no CAP_SYS_ADMIN.
    Writer,
    /// Killswitch is sealed.
    Sealed,
    /// Lockdown, or another LSM with its hook, does not permit it.
    LockedDown,
    /// The request is malformed.
    Malformed(Malformed<'a>),
    /// The request has a condition, and the function has no type information.
    NoTypes,
    /// The policy refuses it.
    Policy(policy::Refusal),
    /// No function has this name.
    NoFunction,
    /// The module of this name is loaded and has no such function.
    NotInModule(&'a str),
    /// No engagement has this name.
    NotEngaged,
    /// The function is already engaged.
    AlreadyEngaged,
    /// The function is already observed.
    AlreadyObserved,
    /// The kernel cannot probe it.
    NotProbeable,
    /// `tryengage` for a module of this name that is not loaded.
    NothingToWatch(&'a str),
    /// The module of the function is being loaded or unloaded.
    ModuleBusy,
    /// Something else redirects calls of the function, such as a livepatch.
    Redirected,
    /// BPF programs are constantly being attached.
    Contended,
    /// The kernel did not arm the probe.
    NotArmed,
    /// All slots are in use.
    NoSlot,
    /// Calls that must return the slot's current value may be in flight.
    OldValueInFlight,
    /// The engagement of this open file has ended.
    Ended,
    /// The kernel command line has an unknown lockdown level.
    BootLevel,
    /// The kernel command line has an unknown parameter.
    BootParameter,
    /// The parameters on the kernel command line are too long.
    BootTooLong,
    /// The kernel failed unexpectedly.
    Failed(Error),
}

impl Refusal<'_> {
    /// The errno of the system call.
    pub(crate) fn errno(&self) -> Error {
        match self {
            Refusal::Opener | Refusal::Writer | Refusal::Sealed | Refusal::LockedDown => EPERM,
            Refusal::Malformed(Malformed::Range(_)) => ERANGE,
            Refusal::Malformed(_)
            | Refusal::BootLevel
            | Refusal::BootParameter
            | Refusal::BootTooLong => EINVAL,
            Refusal::Policy(refusal) => match refusal.cause.rule() {
                Rule::LsmEntry
                | Rule::LsmHook
                | Rule::SecurityBase
                | Rule::Security
                | Rule::Object
                | Rule::Default
                | Rule::Mediation
                | Rule::Primitive => EACCES,
                Rule::ReturnType => ERANGE,
                Rule::Ambiguous => ENOTUNIQ,
            },
            Refusal::NoFunction
            | Refusal::NotInModule(_)
            | Refusal::NotEngaged
            | Refusal::NothingToWatch(_) => ENOENT,
            Refusal::AlreadyEngaged
            | Refusal::AlreadyObserved
            | Refusal::ModuleBusy
            | Refusal::Redirected
            | Refusal::Contended
            | Refusal::OldValueInFlight
            | Refusal::NotArmed => EBUSY,
            Refusal::NotProbeable | Refusal::NoTypes => EOPNOTSUPP,
            Refusal::NoSlot => ENOSPC,
            Refusal::Ended => EIDRM,
            Refusal::Failed(error) => *error,
        }
    }

    /// The name of that errno.
    pub(crate) fn errno_name(&self) -> &'static str {
        errno::name(-i64::from(self.errno().to_errno())).unwrap_or("?")
    }

    /// The rule of the policy that refused, if one did.
    pub(crate) fn rule(&self) -> Option<Rule> {
        match self {
            Refusal::Policy(refusal) => Some(refusal.cause.rule()),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Opener => f.write_str(
                "this file was opened without CAP_SYS_ADMIN in the initial user namespace; open \
                 it again as root on the host",
            ),
            Refusal::Writer => f.write_str(
                "this requires CAP_SYS_ADMIN in the initial user namespace; write as root on the \
                 host",
            ),
            Refusal::Sealed => {
                f.write_str("Killswitch is sealed, so nothing can change until the next boot")
            }
            Refusal::LockedDown => f.write_str(
                "the kernel is locked down, so engagements change only at boot: use killswitch= \
                 on the kernel command line",
            ),
            Refusal::Malformed(malformed) => malformed.fmt(f),
            Refusal::NoTypes => f.write_str(
                "a condition needs type information, and this function has none; engage it without \
                 a condition, or choose a function that calls it",
            ),
            Refusal::Policy(refusal) => refusal.describe(f, &|address| {
                kallsyms::name_of(address).unwrap_or(Symbol::new(b"?"))
            }),
            Refusal::NoFunction => f.write_str(
                "there is no function of this name in the kernel or its loaded modules; check \
                 /proc/kallsyms",
            ),
            Refusal::NotInModule(module) => write!(
                f,
                "module {module} is loaded and has no function of this name; check /proc/kallsyms"
            ),
            Refusal::NothingToWatch(module) => write!(
                f,
                "module {module} is not loaded, so there are no calls to watch; engage it, which \
                 takes effect when the module is loaded"
            ),
            Refusal::NotEngaged => f.write_str(
                "it is not engaged; see /sys/kernel/security/killswitch/engaged for what is",
            ),
            Refusal::AlreadyEngaged => f.write_str(
                "it is already engaged; to change the value, write to its file retval under \
                 /sys/kernel/security/killswitch/fn",
            ),
            Refusal::AlreadyObserved => f.write_str(
                "it is already observed; engage it by the same name, with the same scope and \
                 condition, or disengage it first",
            ),
            Refusal::NotProbeable => f.write_str(
                "the kernel cannot probe it (it is noinstr, blacklisted, freed after boot, missing \
                 from type information, or not a function); choose a function that calls it",
            ),
            Refusal::ModuleBusy => {
                f.write_str("its module is being loaded or unloaded; try again")
            }
            Refusal::Redirected => f.write_str(
                "its calls are already redirected; check /sys/kernel/livepatch for a livepatch, \
                 and engage a function that calls it",
            ),
            Refusal::Contended => {
                f.write_str("BPF programs are being attached to functions; try again")
            }
            Refusal::NotArmed => f.write_str(
                "the kernel did not arm its probe; check whether kprobes are off in \
                 /sys/kernel/debug/kprobes/enabled, and whether the kernel log has a warning from \
                 ftrace, which then stays off until the next boot",
            ),
            Refusal::NoSlot => write!(
                f,
                "all {SLOTS} slots are in use; disengage a function first, in a separate write, or \
                 try again if you just did"
            ),
            Refusal::OldValueInFlight => f.write_str(
                "calls that return the old value may still be in flight; try again, or disengage \
                 it and engage it with the new value",
            ),
            Refusal::Ended => f.write_str("this engagement has ended; open the file again"),
            Refusal::BootLevel => f.write_str(
                "the level must be integrity or confidentiality; integrity is the default",
            ),
            Refusal::BootParameter => f.write_str(
                "the parameters are killswitch=<function>=<value>[,...], \
                 killswitch.lockdown=<level> and killswitch.seal",
            ),
            Refusal::BootTooLong => {
                f.write_str("the parameters are too long in total, and some have NO effect")
            }
            Refusal::Failed(error) => {
                write!(f, "the kernel failed with error {}", error.to_errno())
            }
        }
    }
}

impl From<Error> for Refusal<'_> {
    fn from(error: Error) -> Self {
        Refusal::Failed(error)
    }
}

impl From<kernel::alloc::AllocError> for Refusal<'_> {
    fn from(error: kernel::alloc::AllocError) -> Self {
        Refusal::Failed(error.into())
    }
}

impl<'a> From<Malformed<'a>> for Refusal<'a> {
    fn from(malformed: Malformed<'a>) -> Self {
        Refusal::Malformed(malformed)
    }
}
