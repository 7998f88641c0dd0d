// SPDX-License-Identifier: GPL-2.0-only

//! Tables of the administrator's guide that are generated from the code: `KS_BLESS=1 cargo test`
//! writes them, and the tests fail where they differ.

use crate::{
    command::Malformed,
    generated::check,
    policy::{
        self,
        Cause,
        Rule,
        Type, //
    },
    refusal::Refusal,
};
use kernel::error::code::*;

/// The longest line of the guide.
const WIDTH: usize = 100;

/// Fills lines of at most `width` characters with the words of `text`.
fn fill(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];

    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();

        if line.is_empty() {
            *line += word;
        } else if line.len() + 1 + word.len() <= width {
            *line += &format!(" {word}");
        } else {
            lines.push(word.into());
        }
    }
    lines
}

/// A simple table of reStructuredText. `widths` are those of all columns but the last.
fn table<const N: usize>(widths: &[usize], rows: &[[String; N]]) -> String {
    let last = WIDTH - widths.iter().map(|width| width + 2).sum::<usize>();
    let widths: Vec<_> = widths.iter().copied().chain([last]).collect();
    let border = widths.iter().map(|width| "=".repeat(*width));
    let border = border.collect::<Vec<_>>().join("  ") + "\n";
    let mut text = border.clone();

    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<_> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| fill(cell, *width))
            .collect();

        for at in 0..cells.iter().map(Vec::len).max().unwrap() {
            let line: String = cells
                .iter()
                .zip(&widths)
                .map(|(cell, width)| {
                    let words = cell.get(at).map_or("", String::as_str);

                    assert!(words.len() <= *width, "too wide: {words}");
                    format!("{words:width$}  ")
                })
                .collect();

            text += line.trim_end();
            text += "\n";
        }
        if number == 0 {
            text += &border;
        }
    }
    text + &border
}

/// What a rule refuses, and what it accepts instead.
fn covers(rule: Rule) -> (&'static str, &'static str) {
    match rule {
        Rule::LsmEntry => (
            "Entry points of the LSM framework: functions of the kernel itself named \
             ``security_*``, and two others",
            "Nothing",
        ),
        Rule::LsmHook => (
            "Callbacks of LSMs and trampolines to them; with ``bpf`` in ``lsm=`` also what BPF \
             programs attach to",
            "Nothing",
        ),
        Rule::SecurityBase => (
            "What the table names: giving up rights, settings, mounts, IPsec, netfilter, file \
             encryption, randomness, tracing, limits, BPF, text patching and more",
            "What the table has, or ``scope=nonroot``",
        ),
        Rule::Security => (
            "Zone ``security``, and what it, or a function of the table that accepts nothing, \
             calls directly",
            "Nothing",
        ),
        Rule::Object => (
            "Functions on a protection, setting or label: by structures such as ``cred``, ``key`` \
             or ``ctl_table``, because they write a file, or by a word in the name; in ``module`` \
             also operations",
            "``module``: an error, but for labels",
        ),
        Rule::Default => (
            "What the zone does not accept; errors that a caller ignores; in ``core`` and \
             ``guard`` netlink messages, ioctls and socket options, in ``guard`` generic netlink",
            "See `The policy`_, or ``scope=nonroot``",
        ),
        Rule::Mediation => (
            "Functions that decide about access: they call such an entry point, or check a \
             capability, permission or signature, directly or through one function; also if their \
             code cannot be read",
            "An error, for ``int``, ``long`` and pointers",
        ),
        Rule::Primitive => (
            "Functions that are called from 32 places, or on a list (``kernel_clone``)",
            "Nothing",
        ),
        Rule::ReturnType => (
            "Values that the return type cannot hold",
            "What it can hold",
        ),
        Rule::Ambiguous => ("Names of several functions", "``module:symbol``"),
    }
}

#[test]
fn the_table_of_rules_is_in_the_guide() {
    let head = ["Rule", "Refuses", "Accepts instead"].map(String::from);
    let rules = Rule::ALL.map(|rule| {
        let (refused, accepted) = covers(rule);

        [format!("``{rule}``"), refused.into(), accepted.into()]
    });
    let rows: Vec<_> = [head].into_iter().chain(rules).collect();

    check("rules", &table(&[17, 58], &rows));
}

/// Lists refusals, each variant at least once, and says what causes each.
macro_rules! causes {
    ($($variant:pat => $cause:expr, $($refusal:expr),+;)*) => {
        fn cause(refusal: &Refusal<'_>) -> &'static str {
            match refusal {
                $($variant => $cause,)*
            }
        }

        fn refusals() -> Vec<Refusal<'static>> {
            vec![$($($refusal),+),*]
        }
    };
}

/// What the policy says no to, for this reason.
fn policy(cause: Cause) -> Refusal<'static> {
    Refusal::Policy(policy::Refusal {
        cause,
        instead: None,
    })
}

causes! {
    Refusal::Opener =>
        "the opener has no CAP_SYS_ADMIN in the initial user namespace",
        Refusal::Opener;
    Refusal::Writer => "the writer has none", Refusal::Writer;
    Refusal::LockedDown => "lockdown", Refusal::LockedDown;
    Refusal::Sealed => "``seal``", Refusal::Sealed;
    Refusal::Policy(refusal) => match refusal.cause.rule() {
            Rule::ReturnType => "rule ``return-type``: the type cannot hold the value",
            Rule::Ambiguous => "rule ``ambiguous``: several functions have this name",
            _ => "a rule of the policy: see `Rules`_",
        },
        policy(Cause::LsmEntry),
        policy(Cause::ReturnType(Type::Unknown)),
        policy(Cause::Ambiguous(2));
    Refusal::Malformed(malformed) => match malformed {
            Malformed::Range(_) => "64 bits cannot hold it",
            _ => "a malformed line: the message quotes the word",
        },
        Refusal::Malformed(Malformed::Empty),
        Refusal::Malformed(Malformed::Range(""));
    Refusal::BootLevel | Refusal::BootParameter | Refusal::BootTooLong =>
        "a wrong boot parameter",
        Refusal::BootParameter;
    Refusal::NoFunction => "no function of this name", Refusal::NoFunction;
    Refusal::NotInModule(_) => "none in this module, which is loaded", Refusal::NotInModule("");
    Refusal::NotEngaged => "``disengage``, ``keep``: nothing is engaged by this name",
        Refusal::NotEngaged;
    Refusal::NothingToWatch(_) => "``tryengage``: the module is not loaded",
        Refusal::NothingToWatch("");
    Refusal::AlreadyEngaged =>
        "the function is engaged, armed or watched, perhaps by another name, or an earlier line of \
         the write is about it",
        Refusal::AlreadyEngaged;
    Refusal::AlreadyObserved => "it is observed with another name, scope or condition",
        Refusal::AlreadyObserved;
    Refusal::ModuleBusy => "its module is being loaded or unloaded: try again", Refusal::ModuleBusy;
    Refusal::Redirected => "it is livepatched", Refusal::Redirected;
    Refusal::Contended => "BPF programs are being attached all the time: try again",
        Refusal::Contended;
    Refusal::OldValueInFlight =>
        "``retval``: tasks may still be on their way through the slot: try again",
        Refusal::OldValueInFlight;
    Refusal::NotArmed =>
        "kprobes are disabled, or ftrace found a bug in itself: see the kernel log",
        Refusal::NotArmed;
    Refusal::NotProbeable =>
        "the kernel cannot probe it: choose a caller",
        Refusal::NotProbeable;
    Refusal::NoTypes => "a condition without type information", Refusal::NoTypes;
    Refusal::NoSlot =>
        "all slots are taken, also by what the write releases, or released ones were not free \
         within five seconds",
        Refusal::NoSlot;
    Refusal::Ended => "the engagement of this open file has ended", Refusal::Ended;
    Refusal::Failed(error) => if *error == EINTR {
            "the task was killed: try again"
        } else {
            "the kernel failed, also with other errors: see its log"
        },
        Refusal::Failed(EINTR),
        Refusal::Failed(ENOMEM);
}

#[test]
fn the_table_of_errors_is_in_the_guide() {
    let mut rows = vec![["Error", "Causes"].map(String::from)];

    for refusal in refusals() {
        let (name, cause) = (refusal.errno_name(), cause(&refusal));

        match rows.iter_mut().find(|[known, _]| known == name) {
            Some([_, causes]) => *causes += &format!("; {cause}"),
            None => rows.push([name.into(), cause.into()]),
        }
    }
    check("errors", &table(&[10], &rows));
}
