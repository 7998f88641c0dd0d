// SPDX-License-Identifier: GPL-2.0-only

//! The policy: whether a function may be made to return a value, and why not.
//!
//! Pure functions of [`Facts`], which the kernel side collects. Nothing here does I/O, allocates,
//! or knows a kernel type, so the same files are compiled into the kernel and into the host tests.
//! Each rule has its own file; [`judge`] evaluates them in a fixed order.
//!
//! The rules compare addresses; a name only serves to find one. But modules are loaded and
//! unloaded, so rule `security-base` compares all names that a module has for the address of its
//! function.

#![forbid(unsafe_code)]

pub(crate) mod alternatives;
mod ambiguous;
mod base;
// Unused without type information.
#[cfg_attr(not(CONFIG_BPF_SYSCALL), allow(dead_code))]
pub(crate) mod btf;
#[cfg(any(test, CONFIG_SECURITY_KILLSWITCH_KUNIT_TEST))]
pub(crate) mod cases;
mod catalogue;
pub(crate) mod code;
mod core_functions;
mod facts;
pub(crate) mod glob;
pub(crate) mod image;
mod lsm_entry;
mod lsm_hook;
mod mediation;
mod no_decision;
#[cfg_attr(not(CONFIG_BPF_SYSCALL), allow(dead_code))]
mod objects;
mod primitive;
#[cfg_attr(not(CONFIG_BPF_SYSCALL), allow(dead_code))]
mod prototype;
mod return_type;
mod sort;
mod symbol;
mod value;
mod zone;

#[cfg(test)]
#[allow(unused_imports)]
pub(crate) use base::without;
pub(crate) use base::{
    original,
    Member,
    Members, //
};
pub(crate) use catalogue::{
    Catalogue,
    Name,
    Set, //
};
pub(crate) use facts::{
    AddressSet,
    Callers,
    Facts,
    InModule,
    Kernel,
    Tagged,
    TaggedSet, //
};
pub(crate) use primitive::MANY;
pub(crate) use prototype::Prototype;
pub(crate) use return_type::Type;
pub(crate) use symbol::{
    typed_name,
    Symbol, //
};
pub(crate) use value::Value;
pub(crate) use zone::Zone;

use code::Evidence;
use core::fmt;
use objects::Object;

/// A rule of the policy. Its [`Display`](fmt::Display) form is the name that administrators see in
/// results, in the kernel log and in the `rule=` field of audit records; it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The function is an entry point of the LSM framework.
    LsmEntry,
    /// The function is a callback that an LSM registered.
    LsmHook,
    /// The LSMs or the kernel's own protections depend on the function.
    SecurityBase,
    /// The function decides about access, and the value does not deny it.
    Mediation,
    /// The function is built from `security/`, or called directly by one that accepts no value.
    Security,
    /// The function works on a protection, a setting or a label.
    Object,
    /// The function is low-level code of the architecture, or it is built in or in a guard and the
    /// value is not one of its own refusals.
    Default,
    /// Much of the kernel depends on the function.
    Primitive,
    /// The function's return type cannot hold the value.
    ReturnType,
    /// Several functions have the name.
    Ambiguous,
}

impl Rule {
    /// All rules, in the order in which [`judge`] evaluates them.
    pub(crate) const ALL: [Rule; 10] = [
        Rule::LsmEntry,
        Rule::LsmHook,
        Rule::SecurityBase,
        Rule::Security,
        Rule::Object,
        Rule::Default,
        Rule::Mediation,
        Rule::Primitive,
        Rule::ReturnType,
        Rule::Ambiguous,
    ];

    /// Whether it only depends on the address of a function, and not on its code.
    pub(crate) fn is_by_place(self) -> bool {
        matches!(
            self,
            Rule::LsmEntry | Rule::LsmHook | Rule::SecurityBase | Rule::Security | Rule::Ambiguous
        )
    }

    /// The verdict. `is_named` says that a line of the table accepts the value explicitly.
    fn judge(self, facts: &Facts<'_>, asked: Asked, is_named: bool) -> Result<(), Cause> {
        match self {
            Rule::LsmEntry => lsm_entry::judge(facts),
            Rule::LsmHook => lsm_hook::judge(facts),
            Rule::Primitive => primitive::judge(facts),
            Rule::Ambiguous => ambiguous::judge(facts),
            _ if is_named => Ok(()),
            Rule::ReturnType => return_type::judge(facts, asked.value),
            Rule::SecurityBase => base::judge(facts, asked),
            Rule::Security => zone::judge_security(facts),
            Rule::Object => zone::judge_object(facts, asked.value),
            Rule::Default => zone::judge(facts, asked),
            Rule::Mediation => mediation::judge(facts, asked.value),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rule::LsmEntry => "lsm-entry",
            Rule::LsmHook => "lsm-hook",
            Rule::SecurityBase => "security-base",
            Rule::Mediation => "mediation",
            Rule::Security => "security",
            Rule::Object => "object",
            Rule::Default => "default",
            Rule::Primitive => "primitive",
            Rule::ReturnType => "return-type",
            Rule::Ambiguous => "ambiguous",
        })
    }
}

/// Why a rule refuses an engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The function is an entry point of the LSM framework (rule `lsm-entry`).
    LsmEntry,
    /// The function is a callback of the LSM of this name, or a trampoline (rule `lsm-hook`).
    LsmHook(&'static str),
    /// This line of the table protects it (rule `security-base`).
    Base(Member),
    /// The evidence that it decides about access, and its return type (rule `mediation`).
    Mediation(Evidence, Type),
    /// It is built from `security/` (rule `security`).
    Security,
    /// The function at this address, which accepts no value, calls it (rule `security`).
    Callee(usize),
    /// It works on this (rule `object`).
    Object(Object),
    /// It is in this zone, and serves requests of administrators (rule `default`).
    Request(Zone),
    /// It is in this zone, and has this return type (rule `default`).
    Default(Zone, Type),
    /// It is in this zone, and a caller ignores its return value (rule `default`).
    ResultIgnored(Zone),
    /// It is on the list of functions that the kernel cannot work without (rule `primitive`).
    Core,
    /// It is called from this many places (rule `primitive`).
    Called(usize),
    /// Its return type, which cannot hold the value (rule `return-type`).
    ReturnType(Type),
    /// This many functions have the name (rule `ambiguous`).
    Ambiguous(usize),
}

impl Cause {
    /// The rule that refuses.
    pub(crate) fn rule(&self) -> Rule {
        match self {
            Cause::LsmEntry => Rule::LsmEntry,
            Cause::LsmHook(_) => Rule::LsmHook,
            Cause::Base(_) => Rule::SecurityBase,
            Cause::Mediation(..) => Rule::Mediation,
            Cause::Security | Cause::Callee(_) => Rule::Security,
            Cause::Object(_) => Rule::Object,
            Cause::Request(_) | Cause::Default(..) | Cause::ResultIgnored(_) => Rule::Default,
            Cause::Core | Cause::Called(_) => Rule::Primitive,
            Cause::ReturnType(_) => Rule::ReturnType,
            Cause::Ambiguous(_) => Rule::Ambiguous,
        }
    }

    /// Writes the second half of a sentence whose first half names the request. `name` returns the
    /// name of the function at an address.
    fn describe(&self, f: &mut fmt::Formatter<'_>, name: &dyn Fn(usize) -> Symbol) -> fmt::Result {
        match self {
            Cause::LsmEntry => f.write_str(
                "this is an entry point of the Linux Security Modules; without it, all of them are \
                 bypassed",
            ),
            Cause::LsmHook(lsm) => write!(
                f,
                "this is a callback of the security module {lsm}, which would be bypassed"
            ),
            Cause::Base(member) => write!(
                f,
                "this function {}, which is security-critical ({})",
                member.line().why,
                member.family().name
            ),
            Cause::Mediation(evidence, returns) => {
                match evidence {
                    Evidence::Calls {
                        through: None,
                        decider,
                    } => write!(f, "it decides about access: it calls {}", name(*decider)),
                    Evidence::Calls {
                        through: Some(between),
                        decider,
                    } => write!(
                        f,
                        "it decides about access: it calls {}, which calls {}",
                        name(*between),
                        name(*decider)
                    ),
                    Evidence::Unknown => f.write_str(
                        "its code cannot be read in full, so it may decide about access",
                    ),
                }?;
                write!(f, "; it returns {returns}")
            }
            Cause::Security => f.write_str("it is part of the security modules, keys or integrity"),
            Cause::Callee(caller) => {
                write!(f, "it is called by {}, which accepts no value", name(*caller))
            }
            Cause::Object(object) => write!(f, "it works on {}", object.name()),
            Cause::Request(_) => f.write_str(
                "administrators need it to protect the machine, so spare root: scope=nonroot",
            ),
            Cause::Default(zone, returns) => match zone {
                Zone::Guard(what) => {
                    write!(f, "it is in a module that {what}, and returns {returns}")
                }
                Zone::Module => {
                    write!(f, "it returns {returns}, and callers would assume success")
                }
                Zone::Processor => f.write_str("it is low-level code of the architecture"),
                _ => write!(f, "it is built into the kernel, and returns {returns}"),
            },
            Cause::ResultIgnored(_) => f.write_str("a caller ignores what it returns"),
            Cause::Core => f.write_str("the kernel cannot work without it"),
            Cause::Called(count) => write!(
                f,
                "much of the kernel depends on it: it is called from {count} places"
            ),
            Cause::ReturnType(returns) => {
                write!(f, "it returns {returns}, which cannot hold this value")
            }
            Cause::Ambiguous(count) => write!(f, "{count} functions have this name"),
        }
    }
}

/// Why the policy refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The cause.
    pub(crate) cause: Cause,
    /// What the policy would accept for the same function.
    pub(crate) instead: Option<Asked>,
}

impl Refusal {
    /// Writes the second half of a sentence whose first half names the request: the cause, what to
    /// do instead, and the rule. `name` returns the name of the function at an address.
    pub(crate) fn describe(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &dyn Fn(usize) -> Symbol,
    ) -> fmt::Result {
        self.cause.describe(f, name)?;
        f.write_str("; ")?;
        match (self.cause, self.instead) {
            (Cause::Ambiguous(_), _) => f.write_str(
                "write module:symbol, or vmlinux:symbol for the kernel's own, or choose a caller \
                 whose name is unique",
            ),
            (_, Some(asked)) => {
                match asked.value.get() {
                    -1 => f.write_str("an error such as -EPERM would be accepted"),
                    value => write!(f, "{value} would be accepted"),
                }?;
                f.write_str(if asked.spares_root {
                    " with scope=nonroot"
                } else {
                    ""
                })
            }
            (_, None) => {
                f.write_str("no value would be accepted; choose the vulnerable function itself")
            }
        }?;
        write!(f, " (rule {})", self.cause.rule())
    }
}

/// Decides whether the function described by `facts` may be made to return the value in `asked`.
///
/// The first rule that refuses is the answer.
pub(crate) fn judge(facts: &Facts<'_>, asked: Asked) -> Result<(), Refusal> {
    match first_cause(facts, asked) {
        None => Ok(()),
        Some(cause) => Err(Refusal {
            cause,
            instead: alternatives::accepted(facts, asked),
        }),
    }
}

/// Decides whether the function described by `facts` may be made to return any value, at least to
/// users other than root if `spares_root`.
pub(crate) fn judge_any(facts: &Facts<'_>, spares_root: bool) -> Result<(), Refusal> {
    let value = Value::new(-1);

    judge(facts, Asked { value, spares_root }).or_else(|refusal| match refusal.instead {
        Some(_) => Ok(()),
        None => Err(refusal),
    })
}

/// Whether it is refused in any case, so that its code and its callers need not be read.
pub(crate) fn is_refused_without_code(facts: &Facts<'_>, asked: Asked) -> bool {
    lsm_entry::judge(facts).is_err()
        || lsm_hook::judge(facts).is_err()
        || (!base::is_named(facts, asked) && base::judge(facts, asked).is_err())
}

/// A request to the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The value to return.
    pub(crate) value: Value,
    /// Whether calls by root still run the function.
    pub(crate) spares_root: bool,
}

/// The cause of the first rule that refuses.
fn first_cause(facts: &Facts<'_>, asked: Asked) -> Option<Cause> {
    let is_named = base::is_named(facts, asked);

    Rule::ALL
        .iter()
        .find_map(|rule| rule.judge(facts, asked, is_named).err())
}

#[cfg(CONFIG_SECURITY_KILLSWITCH_KUNIT_TEST)]
#[kernel::macros::kunit_tests(killswitch_policy)]
mod tests {
    use super::cases;

    #[test]
    fn verdicts_are_as_expected() {
        assert_eq!(cases::first_wrong(), None);
    }
}
