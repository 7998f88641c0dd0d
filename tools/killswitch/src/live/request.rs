// SPDX-License-Identifier: GPL-2.0-only

//! Writes to `control` and `check`, and the display of the kernel's answers, which are printed
//! verbatim.

use super::{
    outcome,
    screen::{Cell, Meaning, Screen},
    state, DONE, REFUSED,
};
use crate::{
    command::{self, Action, Engage, Scope},
    condition::syntax,
    file,
    machine::{Machine, Reply},
};
use clap::Args;
use serde::Serialize;
use std::{
    error::Error,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The prefixes of options, in the order that the kernel expects.
const OPTIONS: [&str; 4] = ["scope=", "if=", "for=", "reason="];
/// Options that end at the first unquoted blank, and options that end at the end of the line.
const IF: usize = 1;
const REASON: usize = 3;

/// Size limit of a file of requests, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Functions to act on.
#[derive(Args, Clone, Default)]
pub struct Requests {
    /// A function and its operands, as in the file control: af_alg_sendmsg -EPERM
    ///
    /// Several can be given. An argument with blanks is a complete request.
    #[arg(value_name = "REQUEST")]
    words: Vec<String>,
    /// Also write the lines of this file; "-" is the standard input
    ///
    /// The lines are complete commands, of any kind that the file control takes (for check, lines
    /// for the file check). Empty lines, and lines that begin with #, are ignored.
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
}

/// The calls to affect.
#[derive(Args, Clone, Default)]
pub struct Which {
    /// Users: all, or nonroot
    ///
    /// This and the other options apply to requests that do not set them.
    #[arg(long)]
    scope: Option<String>,
    /// Only calls for which this condition is true
    #[arg(long = "if", value_name = "CONDITION")]
    condition: Option<String>,
}

/// Duration and reason.
#[derive(Args, Clone, Default)]
pub struct Term {
    /// Release after this time, such as 90s, 10m, 8h or 30d
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    term: Option<Duration>,
    /// The reason, for the audit log and for status
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// How to make a change and show it.
#[derive(Args, Clone, Copy, Default)]
pub struct How {
    /// Change nothing: print what would be written, and the verdicts
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A kind of request.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The command of the file `control`; nothing for a line of `check`.
    pub verb: &'static str,
    /// The number of words between the function and the options.
    pub operands: usize,
}

impl Requests {
    /// The lines to write. `options` apply to requests in the arguments that do not set them.
    /// `behind` precedes their options.
    pub fn lines(
        &self,
        kind: Kind,
        behind: Option<&str>,
        options: &[Option<String>; OPTIONS.len()],
    ) -> Result<Vec<String>, Box<dyn Error>> {
        let mut lines: Vec<String> = Vec::new();
        let mut missing = 0usize;

        for word in self.words.iter().map(|word| word.trim()) {
            let is_option = OPTIONS.iter().any(|name| word.starts_with(name));

            match lines.last_mut() {
                Some(line) if missing > 0 || is_option => {
                    missing = missing.saturating_sub(1);
                    line.push(' ');
                    line.push_str(word);
                }
                _ => {
                    missing = if word.contains(' ') { 0 } else { kind.operands };
                    lines.push(word.into());
                }
            }
        }
        lines = lines
            .iter()
            .map(|line| complete(kind, line, behind, options))
            .collect();
        for path in &self.file {
            lines.extend(read_lines(path)?);
        }
        if lines.is_empty() {
            return Err("name a function, or a file of requests".into());
        }
        // A line feed would start another line.
        if lines.iter().any(|line| line.contains('\n')) {
            return Err("a request is one line".into());
        }
        Ok(lines)
    }
}

/// The arguments of the program. Values such as `-EPERM` and `-1` are not options: prefix them with
/// a blank, which the kernel ignores.
pub fn arguments(all: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut all: Vec<OsString> = all.collect();
    let has_values = all.get(1).is_some_and(|it| it == "check" || it == "engage");
    let is_value = |it: &str| {
        it.strip_prefix('-')
            .is_some_and(|it| it.starts_with(|first: char| first == 'E' || first.is_ascii_digit()))
    };

    for argument in all.iter_mut().skip(2).filter(|_| has_values) {
        if argument.to_str().is_some_and(is_value) {
            *argument = format!(" {}", argument.to_string_lossy()).into();
        }
    }
    all
}

/// The options, in the order that the kernel expects.
pub fn options(which: &Which, term: &Term) -> [Option<String>; OPTIONS.len()] {
    [
        which.scope.clone(),
        which.condition.clone(),
        term.term.map(|term| term.as_secs().to_string()),
        term.reason.clone(),
    ]
}

/// Completes a request with its verb, and with its options in the order that the kernel expects.
/// Leaves anything unknown in place, for the kernel to report.
fn complete(
    kind: Kind,
    request: &str,
    behind: Option<&str>,
    options: &[Option<String>; OPTIONS.len()],
) -> String {
    let mut parts: Vec<String> = [kind.verb]
        .into_iter()
        .filter(|verb| !verb.is_empty())
        .map(str::to_owned)
        .collect();
    let mut rest = request.trim();
    let mut own = [None; OPTIONS.len()];

    for _ in 0..=kind.operands {
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));

        parts.push(word.into());
        rest = behind.trim_start();
    }
    parts.extend(behind.map(str::to_owned));
    while let Some(index) = OPTIONS.iter().position(|name| rest.starts_with(name)) {
        let name = OPTIONS[index].len();
        let length = match index {
            REASON => rest.len(),
            IF => name + syntax::length(&rest[name..]),
            _ => rest.find(' ').unwrap_or(rest.len()),
        };

        if own[index].is_some() {
            break;
        }
        own[index] = Some(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    for (index, name) in OPTIONS.iter().enumerate() {
        let given = options[index].as_ref();

        parts.extend(
            own[index]
                .map(str::to_owned)
                .or_else(|| Some(format!("{name}{}", given?))),
        );
        if index + 1 == REASON {
            parts.push(rest.into());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// The lines of a file, without empty ones and comments.
fn read_lines(path: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let text = file::input_text(path, MAX_FILE)
        .map_err(|error| format!("{}: it cannot be read: {error}", path.display()))?;

    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect())
}

/// The lines written to `control` and the result: with `--json`, the answer of commands that change
/// something.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Written<'a> {
    /// Whether all of it succeeded. Otherwise nothing was changed.
    done: bool,
    /// What was written, line by line.
    lines: &'a [String],
    /// The kernel's answer, line by line.
    answer: Vec<&'a str>,
    /// The error number of the write.
    errno: Option<i32>,
    /// The error message of the write.
    error: Option<String>,
}

/// Executes all `lines`, or none of them.
pub fn write(
    machine: &Machine,
    lines: &[String],
    json: bool,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    let Reply { result, answer } = machine.ask("control", &text(lines));

    if json {
        screen.json(&Written {
            done: result.is_ok(),
            lines,
            answer: answer.lines().collect(),
            errno: result.as_ref().err().and_then(io::Error::raw_os_error),
            error: result.as_ref().err().map(words),
        })?;
    } else {
        for line in answer.lines() {
            match &result {
                Ok(()) => screen.parts(&coloured(line))?,
                Err(_) => screen.problem_parts(&coloured(line))?,
            }
        }
        if let (Err(error), true) = (&result, answer.is_empty()) {
            screen.problem(unanswered("control", error))?;
        }
    }
    Ok(match result {
        Ok(()) => DONE,
        Err(_) => REFUSED,
    })
}

/// Prints what [`write()`] would do with `lines`.
pub fn rehearse(
    machine: &Machine,
    lines: &[String],
    json: bool,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    Asked::about(machine, lines)?.show(json, screen)
}

/// The request to `check` for a command. `check` only takes values.
fn question(command: &command::Command<'_>) -> Option<String> {
    let command::Command::Engage(Engage {
        target,
        action: Action::Engage(value) | Action::TryEngage(value, _),
        scope,
        condition,
        ..
    }) = command
    else {
        return None;
    };
    let mut line = format!("{} {value}", target.name);

    if *scope == Scope::Nonroot {
        line += " scope=nonroot";
    }
    if let Some(condition) = condition {
        line = format!("{line} if={condition}");
    }
    Some(line)
}

/// A verdict of `check`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verdict {
    /// `allow` or `refuse`.
    verdict: String,
    /// The function, as in the request.
    target: String,
    /// Its value.
    value: i64,
    /// The rule that refuses, or the error.
    why: Option<String>,
    /// The kernel's explanation.
    details: Vec<String>,
}

impl Verdict {
    fn is_allowed(&self) -> bool {
        self.verdict == "allow"
    }
}

/// Requests and answers: with `--json`, the answer of `check`, and of `--dry-run`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Asked {
    /// The lines that would be written to `control`, in a dry run.
    would_write: Vec<String>,
    verdicts: Vec<Verdict>,
    /// The error number, if the request failed.
    errno: Option<i32>,
    /// The error message.
    error: Option<String>,
    /// The kernel's answer if there are no verdicts.
    answer: Option<String>,
}

impl Asked {
    /// Writes requests to `check`.
    pub fn of(machine: &Machine, questions: &[String]) -> Self {
        let Reply { result, answer } = match questions {
            [] => Reply {
                result: Ok(()),
                answer: String::new(),
            },
            _ => machine.ask("check", &text(questions)),
        };
        let verdicts = verdicts(&answer);
        let is_unclear = result.is_err() && verdicts.is_empty() && !answer.is_empty();

        Self {
            would_write: Vec::new(),
            verdicts,
            errno: result.as_ref().err().and_then(io::Error::raw_os_error),
            error: result.err().map(|error| unanswered("check", &error)),
            answer: is_unclear.then(|| answer.trim_end().to_owned()),
        }
    }

    /// Checks lines for `control`. Fails if a line is not a command.
    pub fn about(machine: &Machine, lines: &[String]) -> Result<Self, String> {
        let mut questions = Vec::new();

        for (number, line) in lines.iter().enumerate() {
            match command::Command::parse(line.as_bytes()) {
                Ok(command) => questions.extend(question(&command)),
                Err(malformed) => {
                    return Err(format!("line {}: '{line}': {malformed}", number + 1))
                }
            }
        }
        let asked = Self::of(machine, &questions);
        // The verdicts do not depend on that.
        let closed = || state::closed(machine).filter(|_| !lines.is_empty());

        Ok(Self {
            would_write: lines.to_vec(),
            error: asked.error.clone().or_else(closed),
            ..asked
        })
    }

    /// The exit status.
    pub fn status(&self) -> u8 {
        let allowed = self.verdicts.iter().filter(|it| it.is_allowed()).count();

        match self.error {
            Some(_) => REFUSED,
            None => outcome(allowed > 0, allowed < self.verdicts.len()),
        }
    }

    /// Prints the verdicts. Returns the exit status.
    pub fn show(&self, json: bool, screen: &mut Screen<'_>) -> Result<u8, Box<dyn Error>> {
        if json {
            screen.json(self)?;
        } else {
            for line in &self.would_write {
                screen.line(format_args!("would write: {line}"))?;
            }
            show(&self.verdicts, screen)?;
            match (&self.answer, &self.error) {
                (Some(answer), _) => screen.problem_parts(&coloured(answer))?,
                (None, Some(error)) => screen.problem(error)?,
                (None, None) => {}
            }
        }
        Ok(self.status())
    }

    /// The first refusal as a sentence; `None` if all are allowed.
    fn refusal(&self) -> Option<String> {
        let refused = self.verdicts.iter().find(|it| !it.is_allowed());

        self.answer
            .clone()
            .or_else(|| self.error.clone())
            .or_else(|| {
                let Verdict { target, value, .. } = refused?;
                let why = refused?.details.first().or(refused?.why.as_ref());

                Some(match why {
                    Some(why) => format!("refused {target} {value}: {why}"),
                    None => format!("refused {target} {value}"),
                })
            })
    }
}

/// The kernel's refusal of one of these commands for `control`; `None` if it would accept all.
pub fn first_refusal(machine: &Machine, lines: &[String]) -> Option<String> {
    match Asked::about(machine, lines) {
        Ok(asked) => asked.refusal(),
        Err(malformed) => Some(malformed),
    }
}

/// Parses an answer of `check`.
fn verdicts(answer: &str) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::new();

    for line in answer.lines() {
        let mut words = line.split(' ');
        let head = (|| {
            Some(Verdict {
                verdict: words
                    .next()
                    .filter(|it| ["allow", "refuse"].contains(it))?
                    .into(),
                target: words.next()?.into(),
                value: words.next()?.parse().ok()?,
                why: words.next().map(str::to_owned),
                details: Vec::new(),
            })
        })();

        match (head, verdicts.last_mut()) {
            (Some(verdict), _) => verdicts.push(verdict),
            (None, Some(verdict)) => verdict.details.push(line.trim_start().into()),
            (None, None) => {}
        }
    }
    verdicts
}

/// Prints verdicts, with their first lines in columns.
fn show(verdicts: &[Verdict], screen: &mut Screen<'_>) -> io::Result<()> {
    let width = |of: &dyn Fn(&Verdict) -> usize| verdicts.iter().map(of).max().unwrap_or(0);
    let verdict_width = width(&|it| it.verdict.len());
    let target_width = width(&|it| it.target.len());
    let value_width = width(&|it| it.value.to_string().len());

    for it in verdicts {
        let space = " ".repeat(verdict_width - it.verdict.len());
        let rest = format!(
            "{space} {:target_width$} {:value_width$} {}",
            it.target,
            it.value,
            it.why.as_deref().unwrap_or("")
        );

        screen.parts(&[
            Cell::new(&*it.verdict, Meaning::of_answer(&it.verdict)),
            rest.trim_end().into(),
        ])?;
        for detail in &it.details {
            screen.line(format_args!("  {detail}"))?;
        }
    }
    Ok(())
}

/// An answer of the kernel, with its first word coloured.
fn coloured(line: &str) -> [Cell; 2] {
    let (word, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));

    [Cell::new(word, Meaning::of_answer(word)), rest.into()]
}

/// Joins all lines for one write.
fn text(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

/// An error message without its number.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();

    match text.split_once(" (os error ") {
        Some((words, _)) => words.into(),
        None => text,
    }
}

/// The message for a write without an answer.
fn unanswered(file: &str, error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => "; this needs root in the initial user namespace",
        _ => "",
    };

    format!("{file}: {}{hint}", words(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGAGE: Kind = Kind {
        verb: "engage",
        operands: 1,
    };
    const DISENGAGE: Kind = Kind {
        verb: "disengage",
        operands: 0,
    };
    const CHECK: Kind = Kind {
        verb: "",
        operands: 1,
    };

    fn given(options: [&str; OPTIONS.len()]) -> [Option<String>; OPTIONS.len()] {
        options.map(|it| Some(it.to_owned()).filter(|it| !it.is_empty()))
    }

    #[test]
    fn arguments_become_lines() {
        let none = given([""; OPTIONS.len()]);
        let all = given(["nonroot", "$uid!=0", "60", "CVE-1"]);

        for (kind, words, options, expected) in [
            (
                ENGAGE,
                &["f", "-EPERM"][..],
                &none,
                &["engage f -EPERM"][..],
            ),
            (
                ENGAGE,
                &["f", "-EPERM", "m:g", "void"],
                &none,
                &["engage f -EPERM", "engage m:g void"],
            ),
            (
                ENGAGE,
                &["f", "-1", "scope=nonroot", "reason=two words", "g", "0"],
                &none,
                &["engage f -1 scope=nonroot reason=two words", "engage g 0"],
            ),
            (
                ENGAGE,
                &["f -1 if=$comm==\"a b\" reason=x y", "g -2"],
                &none,
                &["engage f -1 if=$comm==\"a b\" reason=x y", "engage g -2"],
            ),
            (
                ENGAGE,
                &["f", "-1", "g -2 reason=own", "h", "-3", "scope=all"],
                &all,
                &[
                    "engage f -1 scope=nonroot if=$uid!=0 for=60 reason=CVE-1",
                    "engage g -2 scope=nonroot if=$uid!=0 for=60 reason=own",
                    "engage h -3 scope=all if=$uid!=0 for=60 reason=CVE-1",
                ],
            ),
            // The kernel reports the error.
            (ENGAGE, &["f"], &none, &["engage f"]),
            (
                ENGAGE,
                &["f", "-1", "reason=x", "scope=all"],
                &none,
                &["engage f -1 reason=x scope=all"],
            ),
            (
                ENGAGE,
                &["f -1 extra scope=all"],
                &given(["", "", "", "r"]),
                &["engage f -1 extra scope=all reason=r"],
            ),
            (
                DISENGAGE,
                &["f", "m:g"],
                &none,
                &["disengage f", "disengage m:g"],
            ),
            (
                CHECK,
                &["f", "-EPERM", "scope=nonroot"],
                &none,
                &["f -EPERM scope=nonroot"],
            ),
            (
                CHECK,
                &["f", "-EPERM"],
                &given(["nonroot", "", "", ""]),
                &["f -EPERM scope=nonroot"],
            ),
        ] {
            let requests = Requests {
                words: words.iter().map(|it| (*it).into()).collect(),
                file: Vec::new(),
            };

            assert_eq!(
                requests.lines(kind, None, options).unwrap(),
                expected,
                "{words:?}"
            );
        }
    }

    #[test]
    fn line_feeds_do_not_start_commands() {
        for words in [
            &["f", "-1", "reason=x\ndisengage_all"][..],
            &["f\nseal"],
            &[],
        ] {
            let requests = Requests {
                words: words.iter().map(|it| (*it).into()).collect(),
                file: Vec::new(),
            };

            assert!(requests
                .lines(ENGAGE, None, &given([""; OPTIONS.len()]))
                .is_err());
        }
    }

    #[test]
    fn verdicts_are_separated() {
        let answer = "allow f -1\n  function: f in the kernel\nrefuse m:g 0 lsm-entry\n  no (rule \
                      lsm-entry)\n  zone: core\nrefuse nosuch -22 ENOENT\n";
        let verdict =
            |verdict: &str, target: &str, value, why: Option<&str>, details: &[&str]| Verdict {
                verdict: verdict.into(),
                target: target.into(),
                value,
                why: why.map(str::to_owned),
                details: details.iter().map(|it| (*it).to_owned()).collect(),
            };

        assert_eq!(
            verdicts(answer),
            [
                verdict("allow", "f", -1, None, &["function: f in the kernel"]),
                verdict(
                    "refuse",
                    "m:g",
                    0,
                    Some("lsm-entry"),
                    &["no (rule lsm-entry)", "zone: core"]
                ),
                verdict("refuse", "nosuch", -22, Some("ENOENT"), &[]),
            ]
        );
        assert_eq!(verdicts("refused check: 'x' is not a return value\n"), []);
    }
}
