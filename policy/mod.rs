// SPDX-License-Identifier: GPL-2.0-only

//! The policy: whether a function may be made to return a value, and why not.
//!
//! Pure functions of [`Facts`] that the kernel side collected. Nothing in here does I/O, allocates,
//! or knows a kernel type, so the same files are compiled into the kernel and into the host tests.
//! Every rule has a file of its own; [`judge`] asks them in a fixed order.
//!
//! The rules compare addresses, never names: a name only served to find the address.

#![forbid(unsafe_code)]

mod ambiguous;
#[cfg(any(test, CONFIG_SECURITY_KILLSWITCH_KUNIT_TEST))]
pub(crate) mod cases;
mod facts;
mod lsm_entry;
mod lsm_hook;
mod return_type;
mod value;

pub(crate) use facts::{
    AddressSet,
    Facts,
    Hook,
    HookSet, //
};
pub(crate) use lsm_entry::is_entry_name;
pub(crate) use value::Value;

use core::fmt;

/// A rule of the policy. Its [`Display`](fmt::Display) form is the name that administrators see in
/// results, in the kernel log and in the `rule=` field of audit records; it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The function is an entry point of the LSM framework.
    LsmEntry,
    /// The function is a callback that an LSM registered.
    LsmHook,
    /// The value is none that the function's return type can hold.
    ReturnType,
    /// The name stands for several functions.
    Ambiguous,
}

impl Rule {
    /// All rules, in the order in which [`judge`] asks them.
    pub(crate) const ALL: [Rule; 4] = [
        Rule::LsmEntry,
        Rule::LsmHook,
        Rule::ReturnType,
        Rule::Ambiguous,
    ];
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rule::LsmEntry => "lsm-entry",
            Rule::LsmHook => "lsm-hook",
            Rule::ReturnType => "return-type",
            Rule::Ambiguous => "ambiguous",
        })
    }
}

/// Why the policy refuses. Its [`Display`](fmt::Display) form is the second half of a sentence
/// whose first half names what was asked for: the reason, the rule, and what to do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The function is an entry point of the LSM framework (rule `lsm-entry`).
    LsmEntry,
    /// The function is a callback of the LSM of this name (rule `lsm-hook`).
    LsmHook(&'static str),
    /// The value does not fit an `int` (rule `return-type`).
    NotAnInt,
    /// There are this many functions of that name (rule `ambiguous`).
    Ambiguous(usize),
}

impl Refusal {
    /// The rule that refused.
    pub(crate) fn rule(&self) -> Rule {
        match self {
            Refusal::LsmEntry => Rule::LsmEntry,
            Refusal::LsmHook(_) => Rule::LsmHook,
            Refusal::NotAnInt => Rule::ReturnType,
            Refusal::Ambiguous(_) => Rule::Ambiguous,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::LsmEntry => f.write_str(
                "this is an entry point of the Linux Security Modules, and without it every one \
                 of them is bypassed; choose the vulnerable function itself",
            )?,
            Refusal::LsmHook(lsm) => write!(
                f,
                "this is a callback of the security module {lsm}, which would no longer be \
                 asked; choose the vulnerable function itself"
            )?,
            Refusal::NotAnInt => {
                f.write_str("the value does not fit a C int; choose one from -2^31 to 2^31-1")?
            }
            Refusal::Ambiguous(count) => write!(
                f,
                "{count} functions have this name; write module:symbol if the one that you mean \
                 is in a module, or choose a caller whose name is unique"
            )?,
        }
        write!(f, " (rule {})", self.rule())
    }
}

/// Proof that [`judge`] allowed an engagement. It cannot be made outside the policy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Allowed(());

/// Decides whether the function described by `facts` may be made to return `value`.
///
/// The first rule that refuses is the answer.
pub(crate) fn judge(facts: &Facts<'_>, value: Value) -> Result<Allowed, Refusal> {
    Rule::ALL.iter().try_for_each(|rule| match rule {
        Rule::LsmEntry => lsm_entry::judge(facts),
        Rule::LsmHook => lsm_hook::judge(facts),
        Rule::ReturnType => return_type::judge(value),
        Rule::Ambiguous => ambiguous::judge(facts),
    })?;
    Ok(Allowed(()))
}

#[cfg(CONFIG_SECURITY_KILLSWITCH_KUNIT_TEST)]
#[kernel::macros::kunit_tests(killswitch_policy)]
mod tests {
    use super::cases;

    #[test]
    fn every_case_gets_its_verdict() {
        assert_eq!(cases::first_wrong(), None);
    }
}
