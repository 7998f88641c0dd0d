// SPDX-License-Identifier: GPL-2.0-only

//! Every way in which a request can be refused: one errno per cause, and a sentence for each.

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
/// instead; a refused request has changed nothing.
#[derive(Clone, Copy)]
pub(crate) enum Refusal<'a> {
    /// The one who opened the file had no CAP_SYS_ADMIN.
    Opener,
    /// Whoever wrote to it has no CAP_SYS_ADMIN.
    Writer,
    /// Killswitch was sealed.
    Sealed,
    /// Lockdown, or another LSM that answers its hook, does not allow it.
    LockedDown,
    /// The request is not understood.
    Malformed(Malformed<'a>),
    /// There is a condition, and no type information.
    NoTypes,
    /// The policy does not allow it.
    Policy(policy::Refusal),
    /// There is no function of that name.
    NoFunction,
    /// The module of this name is loaded and has no such function.
    NotInModule(&'a str),
    /// Nothing is engaged by that name.
    NotEngaged,
    /// The function is engaged already.
    AlreadyEngaged,
    /// The function is observed already.
    AlreadyObserved,
    /// The kernel does not allow to probe it.
    NotProbeable,
    /// Its calls were to be watched, and its module, of this name, is not loaded.
    NothingToWatch(&'a str),
    /// The module of the function is just being loaded or unloaded.
    ModuleBusy,
    /// Something else sends the callers of the function elsewhere: a livepatch.
    Redirected,
    /// BPF programs are being attached all the time.
    Contended,
    /// The kernel does not arm the probe.
    NotArmed,
    /// All slots are taken.
    NoSlot,
    /// Calls may be on their way that are to get the value that the slot has.
    OldValueInFlight,
    /// The engagement of this open file is gone.
    Ended,
    /// The kernel command line names a level of lockdown that there is not.
    BootLevel,
    /// The kernel command line has a parameter that there is not.
    BootParameter,
    /// The parameters on the kernel command line are too long.
    BootTooLong,
    /// The kernel failed to do something that should work.
    Failed(Error),
}

impl Refusal<'_> {
    /// What the system call fails with.
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

    /// The name of what the system call fails with.
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
