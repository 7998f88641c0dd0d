// SPDX-License-Identifier: GPL-2.0-only

//! Parsers for the files `engaged`, `status` and `callers`.

use crate::{
    command::Target,
    file,
    machine::{Machine, KILLSWITCH},
};
use serde::Serialize;
use std::{io, iter};

/// The levels of lockdown.
const LOCKDOWN: &str = "/sys/kernel/security/lockdown";

/// A line of `engaged`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Engagement {
    /// The function, as it was engaged.
    pub target: String,
    /// Its value; null if it is only observed.
    pub value: Option<i64>,
    /// The number of short-circuited calls, or of counted ones while it runs.
    pub hits: u64,
    /// A word, such as `engaged` or `armed`. Later kernels may add others.
    pub state: String,
    /// The affected users: `all` or `nonroot`.
    pub scope: String,
    /// The seconds until it is committed or expires, if either will happen.
    pub seconds_left: Option<u64>,
    /// The module in which the function was found, if it has another name.
    pub found_in: Option<String>,
    /// The condition, if any.
    pub condition: Option<String>,
    /// With a condition: the number of calls that ran the function.
    pub passed: Option<u64>,
    /// With a condition: the number of calls with unreadable memory.
    pub faults: Option<u64>,
    /// The number of distinct callers.
    pub callers: u64,
    /// The administrator's reason.
    pub reason: Option<String>,
}

impl Engagement {
    /// Whether it concerns all calls in this scope for which the condition, if any, is true.
    pub fn includes(&self, scope: &str, condition: Option<&str>) -> bool {
        let is_scope = self.scope == "all" || self.scope == scope;

        is_scope && (self.condition.is_none() || self.condition.as_deref() == condition)
    }

    fn parse(line: &str) -> Option<Self> {
        let (target, rest) = line.split_once(' ')?;
        let mut it = Self {
            target: target.into(),
            ..Self::default()
        };

        for (key, value) in fields(rest) {
            match key {
                "retval" if value == "none" => {}
                "retval" => it.value = Some(value.parse().ok()?),
                "hits" => it.hits = value.parse().ok()?,
                "state" => it.state = value,
                "scope" => it.scope = value,
                "timeout_left" => it.seconds_left = Some(value.parse().ok()?),
                "found_in" => it.found_in = Some(value),
                "passed" => it.passed = Some(value.parse().ok()?),
                "faults" => it.faults = Some(value.parse().ok()?),
                "if" => it.condition = Some(value),
                "callers" => it.callers = value.parse().ok()?,
                "reason" => it.reason = Some(value),
                // Ignore unknown fields.
                _ => {}
            }
        }
        Some(it).filter(|it| !it.state.is_empty())
    }

    /// Whether its calls run the function unintentionally, or are not counted.
    pub fn has_failed(&self) -> bool {
        has_failed(&self.state)
    }

    /// The words of the reason.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.reason.iter().flat_map(|reason| words(reason))
    }

    /// Whether the reason is `text`, or contains it as a word, ignoring case.
    pub fn is_because_of(&self, text: &str) -> bool {
        !text.is_empty()
            && (self.reason.as_deref() == Some(text)
                || self.reasons().any(|word| word.eq_ignore_ascii_case(text)))
    }
}

/// Whether, in this state, calls run the function unintentionally, or are not counted.
pub fn has_failed(state: &str) -> bool {
    matches!(state, "disarmed" | "missing")
}

/// The words of a reason, such as CVE IDs.
pub fn words(reason: &str) -> impl Iterator<Item = &str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_.:".contains(letter);

    reason
        .split(move |letter| !is_part(letter))
        .map(|word| word.trim_matches(['-', '.', ':']))
}

/// A hint for an error if nothing is engaged as `name`: engagements of the same function by another
/// name.
pub fn meant(engaged: &[Engagement], name: &str) -> String {
    let symbol = Target::of(name).symbol;
    let near: Vec<&str> = engaged
        .iter()
        .map(|it| &*it.target)
        .filter(|target| Target::of(target).symbol == symbol)
        .collect();

    match &near[..] {
        [] => String::new(),
        near => format!("; did you mean {}?", near.join(" or ")),
    }
}

/// The content of `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Status {
    /// The version of the interface.
    pub version: u32,
    /// The number of engagements.
    pub engagements: u32,
    /// The maximum number of engagements.
    pub slots: u32,
    /// The number of disarmed engagements.
    pub disarmed: u32,
    /// The lockdown level from which on changes are refused.
    pub changes_refused_from: String,
    /// The source of types: `btf` or `none`.
    pub types: String,
    /// Whether changes are sealed until the next boot.
    pub sealed: bool,
    /// Whether a function was engaged since boot.
    pub taint: bool,
    /// Errors and refusals on the kernel command line.
    pub boot_errors: Vec<String>,
}

impl Status {
    fn parse(text: &str) -> Option<Self> {
        let mut it = Self::default();

        for line in text.lines() {
            let (key, value) = line.split_once(": ")?;

            match key {
                "version" => it.version = value.parse().ok()?,
                "slots" => {
                    let (engagements, slots) = value.split_once('/')?;

                    it.engagements = engagements.parse().ok()?;
                    it.slots = slots.parse().ok()?;
                }
                "disarmed" => it.disarmed = value.parse().ok()?,
                "lockdown" => it.changes_refused_from = value.into(),
                "types" => it.types = value.into(),
                "sealed" => it.sealed = value == "1",
                "taint" => it.taint = value == "1",
                "boot-error" => it.boot_errors.push(value.into()),
                // Ignore unknown fields.
                _ => {}
            }
        }
        Some(it).filter(|it| it.version > 0)
    }
}

/// A line of `callers`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Caller {
    /// The number of calls.
    pub calls: u64,
    /// `task`, `kthread`, `softirq`, `irq` or `nmi`.
    pub context: String,
    /// The real user ID, of a task.
    pub uid: Option<u32>,
    /// The device number of its program, in hexadecimal.
    pub device: Option<String>,
    /// The inode number of its program.
    pub inode: Option<u64>,
    /// The inode number of its cgroup.
    pub cgroup: Option<u64>,
    /// The call site.
    pub from: Option<String>,
    /// Whether it counts several callers that have no line of their own.
    pub others: bool,
    /// The time of the first call, in seconds since 1970.
    pub first: Option<u64>,
    /// The time of the last call, in seconds since 1970.
    pub last: Option<u64>,
    /// The process of the first call.
    pub pid: Option<u32>,
    /// The name of that process. Any user can choose it freely.
    pub comm: Option<String>,
}

impl Caller {
    fn parse(line: &str) -> Option<Self> {
        let mut it = Self::default();

        for (key, value) in fields(line) {
            match key {
                "calls" => it.calls = value.parse().ok()?,
                "context" => it.context = value,
                "uid" => it.uid = Some(value.parse().ok()?),
                "dev" => it.device = Some(value),
                "ino" => it.inode = Some(value.parse().ok()?),
                "cgroup" => it.cgroup = Some(value.parse().ok()?),
                "from" => it.from = Some(value),
                "others" => it.others = value == "1",
                "first" => it.first = Some(value.parse().ok()?),
                "last" => it.last = Some(value.parse().ok()?),
                "pid" => it.pid = Some(value.parse().ok()?),
                "comm" => it.comm = Some(value),
                // Ignore unknown fields.
                _ => {}
            }
        }
        Some(it).filter(|it| it.calls > 0)
    }
}

/// The engagements, oldest first.
pub fn engaged(machine: &Machine) -> io::Result<Vec<Engagement>> {
    read(machine, &format!("{KILLSWITCH}/engaged"), Engagement::parse)
}

/// Parses the content of `engaged`.
pub fn parse(text: &str) -> io::Result<Vec<Engagement>> {
    parse_lines(text, Engagement::parse)
}

/// Reads `status`.
pub fn status(machine: &Machine) -> io::Result<Status> {
    let path = format!("{KILLSWITCH}/status");

    Status::parse(&machine.read(&path)?).ok_or_else(|| unexpected(&path))
}

/// The active lockdown level, if there are levels: the one in brackets.
pub fn lockdown(machine: &Machine) -> Option<String> {
    level(&machine.read(LOCKDOWN).ok()?).map(str::to_owned)
}

fn level(levels: &str) -> Option<&str> {
    Some(levels.split_once('[')?.1.split_once(']')?.0)
}

/// Why changes are refused until the next boot, if they are.
pub fn closed(machine: &Machine) -> Option<String> {
    let status = status(machine).ok()?;

    if status.sealed {
        return Some("Killswitch is sealed: no change is possible until a reboot".into());
    }
    let levels = machine.read(LOCKDOWN).ok()?;
    let rank = |level: &str| {
        levels
            .split_ascii_whitespace()
            .position(|it| it.trim_matches(['[', ']']) == level)
    };
    let level = level(&levels)?;

    (rank(level)? >= rank(&status.changes_refused_from)?).then(|| {
        format!("the kernel is locked down ({level}): no change is possible until a reboot")
    })
}

/// The callers of the function engaged as `target`. Fails with [`io::ErrorKind::NotFound`] if
/// nothing is.
pub fn callers(machine: &Machine, target: &str) -> io::Result<Vec<Caller>> {
    let path = format!("{KILLSWITCH}/fn/{target}/callers");

    read(machine, &path, Caller::parse)
}

fn read<T>(machine: &Machine, path: &str, parse: impl Fn(&str) -> Option<T>) -> io::Result<Vec<T>> {
    parse_lines(&machine.read(path)?, parse)
        .map_err(|error| io::Error::other(format!("{path}: {error}")))
}

fn parse_lines<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> io::Result<Vec<T>> {
    let one = |(at, line)| {
        let wrong = || {
            let line = file::shown(line);

            io::Error::other(format!("line {}: unknown format: '{line}'", at + 1))
        };

        parse(line).ok_or_else(wrong)
    };

    text.lines().enumerate().map(one).collect()
}

fn unexpected(path: &str) -> io::Error {
    io::Error::other(format!("{path} has an unknown format"))
}

/// The fields of a line: `key=value`, separated by blanks. A value may be in double quotes, with a
/// backslash before each double quote and backslash in it.
fn fields(line: &str) -> impl Iterator<Item = (&str, String)> {
    let mut rest = line;

    iter::from_fn(move || {
        let (key, behind) = rest.trim_start().split_once('=')?;
        let (value, behind) = match behind.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => match behind.split_once(' ') {
                Some((value, behind)) => (value.into(), behind),
                None => (behind.into(), ""),
            },
        };

        rest = behind;
        Some((key, value))
    })
}

/// The quoted text after an opening quote, and the rest.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();

    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            letter => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn engagements_are_parsed() {
        let engaged = Engagement {
            target: "af_alg_sendmsg".into(),
            value: Some(-1),
            state: "engaged".into(),
            scope: "all".into(),
            ..Engagement::default()
        };

        for (line, expected) in [
            (
                "af_alg_sendmsg retval=-1 hits=0 state=engaged scope=all",
                engaged.clone(),
            ),
            (
                r#"af_alg_sendmsg retval=-1 hits=2 state=engaged scope=all callers=1 reason="CVE-2026-31431""#,
                Engagement {
                    hits: 2,
                    callers: 1,
                    reason: Some("CVE-2026-31431".into()),
                    ..engaged.clone()
                },
            ),
            (
                r#"x25:x25_create retval=none hits=9 state=observing scope=nonroot timeout_left=7 new=1"#,
                Engagement {
                    target: "x25:x25_create".into(),
                    value: None,
                    hits: 9,
                    state: "observing".into(),
                    scope: "nonroot".into(),
                    seconds_left: Some(7),
                    ..Engagement::default()
                },
            ),
            (
                r#"f retval=2147483647 hits=0 state=armed scope=all found_in=other passed=3 faults=1 if="$comm!=\"a b\"" reason="say \"a=b\" \\""#,
                Engagement {
                    target: "f".into(),
                    value: Some(2147483647),
                    state: "armed".into(),
                    found_in: Some("other".into()),
                    condition: Some(r#"$comm!="a b""#.into()),
                    passed: Some(3),
                    faults: Some(1),
                    reason: Some(r#"say "a=b" \"#.into()),
                    ..engaged.clone()
                },
            ),
        ] {
            assert_eq!(Engagement::parse(line), Some(expected), "{line}");
        }
        for line in [
            "",
            "f",
            "f retval=-1 hits=many state=engaged",
            "f retval=-1",
        ] {
            assert_eq!(Engagement::parse(line), None, "{line}");
        }
    }

    #[test]
    fn reasons_are_found() {
        for (reason, text, expected) in [
            ("CVE-2026-31431", "CVE-2026-31431", true),
            ("CVE-2026-31431", "cve-2026-31431", true),
            ("until 7.3.5 (CVE-2026-31431).", "CVE-2026-31431", true),
            ("CVE-2026-31431,CVE-2026-1", "CVE-2026-1", true),
            ("CVE-2026-31431", "CVE-2026-3143", false),
            ("CVE-2026-31431", "31431", false),
            ("ticket 4711", "ticket 4711", true),
            ("ticket 4711", "ticket", true),
            ("ticket 4711", "tick", false),
            ("ticket, 4711", "", false),
        ] {
            let engagement = Engagement {
                reason: Some(reason.into()),
                ..Engagement::default()
            };

            assert_eq!(
                engagement.is_because_of(text),
                expected,
                "{reason:?}, {text:?}"
            );
        }
        assert!(!Engagement::default().is_because_of(""));
    }

    #[test]
    fn hints_name_the_same_function() {
        let engaged = ["x25:x25_create", "f", "m:f"].map(|target| Engagement {
            target: target.into(),
            ..Engagement::default()
        });

        for (name, expected) in [
            ("x25_create", "; did you mean x25:x25_create?"),
            ("other:x25_create", "; did you mean x25:x25_create?"),
            ("n:f", "; did you mean f or m:f?"),
            ("x25", ""),
            ("", ""),
        ] {
            assert_eq!(meant(&engaged, name), expected, "{name}");
        }
    }

    #[test]
    fn status_is_parsed() {
        let text = "version: 1\nslots: 2/256\ndisarmed: 1\nlockdown: integrity\ntypes: btf\n\
                    sealed: 0\ntaint: 1\nboot-error: refused f: no\nboot-error: refused g: no\n";
        let expected = Status {
            version: 1,
            engagements: 2,
            slots: 256,
            disarmed: 1,
            changes_refused_from: "integrity".into(),
            types: "btf".into(),
            sealed: false,
            taint: true,
            boot_errors: vec!["refused f: no".into(), "refused g: no".into()],
        };

        assert_eq!(Status::parse(text), Some(expected.clone()));
        assert_eq!(Status::parse(&format!("{text}later: x\n")), Some(expected));
        for text in ["", "version: one", "slots: 2", "version: 1\nslots: 2\n"] {
            assert_eq!(Status::parse(text), None, "{text}");
        }
    }

    #[test]
    fn callers_are_parsed() {
        for (line, expected) in [
            (
                r#"calls=2 context=task uid=1001 dev=fe:01 ino=2231 cgroup=4711 from=sock_sendmsg+0x2c/0x60 first=1795949617 last=1795949620 pid=811 comm="my curl""#,
                Caller {
                    calls: 2,
                    context: "task".into(),
                    uid: Some(1001),
                    device: Some("fe:01".into()),
                    inode: Some(2231),
                    cgroup: Some(4711),
                    from: Some("sock_sendmsg+0x2c/0x60".into()),
                    first: Some(1795949617),
                    last: Some(1795949620),
                    pid: Some(811),
                    comm: Some("my curl".into()),
                    ..Caller::default()
                },
            ),
            (
                "calls=17 context=softirq last=1795949621",
                Caller {
                    calls: 17,
                    context: "softirq".into(),
                    last: Some(1795949621),
                    ..Caller::default()
                },
            ),
            (
                "calls=5 context=task others=1 last=1795949621",
                Caller {
                    calls: 5,
                    context: "task".into(),
                    others: true,
                    last: Some(1795949621),
                    ..Caller::default()
                },
            ),
        ] {
            assert_eq!(Caller::parse(line), Some(expected), "{line}");
        }
        assert_eq!(Caller::parse("context=task"), None);
    }

    proptest! {
        /// Any reason and condition can be read back, and changes no other field.
        #[test]
        fn reasons_can_be_read_back(reason in "[ -~]{1,128}", condition in "[ -~]{1,64}") {
            let escape = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
            let line = format!(
                "f retval=-1 hits=7 state=engaged scope=all passed=1 faults=2 if=\"{}\" callers=3 \
                 reason=\"{}\"",
                escape(&condition),
                escape(&reason)
            );
            let engagement = Engagement::parse(&line).unwrap();

            prop_assert_eq!(engagement.reason, Some(reason));
            prop_assert_eq!(engagement.condition, Some(condition));
            prop_assert_eq!((engagement.hits, engagement.callers), (7, 3));
        }

        /// No text causes a panic.
        #[test]
        fn any_line_is_parsed(line in "\\PC*") {
            let _ = Engagement::parse(&line);
            let _ = Caller::parse(&line);
            let _ = Status::parse(&line);
        }
    }

    #[test]
    fn the_active_level_is_parsed() {
        for (text, expected) in [
            ("[none] integrity confidentiality\n", Some("none")),
            ("none [integrity] confidentiality\n", Some("integrity")),
            ("", None),
        ] {
            assert_eq!(level(text), expected);
        }
    }
}
