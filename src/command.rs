// SPDX-License-Identifier: GPL-2.0-only

//! The language of what is written to the files and to the command line: from bytes to
//! [`Command`]s, once, with nothing left over.
//!
//! Pure text processing without allocation, so that the same file is tested and fuzzed on the host.

use crate::{
    condition::syntax::{
        self,
        Invalid, //
    },
    errno,
    policy::{
        Asked,
        Value, //
    }, //
};
use core::fmt;

/// The longest write that is looked at, in bytes.
pub(crate) const MAX_INPUT: usize = 4096;
/// The longest reason, in characters.
pub(crate) const MAX_REASON: usize = 128;
/// The longest time for which a function is watched, in seconds: a day.
const MAX_WATCH: u32 = 86400;
/// The longest time for which an engagement lasts that ends by itself, in seconds: a year.
const MAX_TERM: u32 = 31_536_000;
/// The longest name of a target: that of a directory, which it gives its name to.
const MAX_NAME: usize = 255;

/// A function, as it was named: `symbol` or `module:symbol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    /// All of it, as it was written.
    pub(crate) name: &'a str,
    /// The module that the function must be in, if one was named.
    pub(crate) module: Option<&'a str>,
    /// The function's name.
    pub(crate) symbol: &'a str,
}

impl<'a> Target<'a> {
    /// Takes `name` apart, which [`parse()`](Self::parse) has found to be one.
    pub(crate) fn of(name: &'a str) -> Self {
        let (module, symbol) = match name.split_once(':') {
            Some((module, symbol)) => (Some(module), symbol),
            None => (None, name),
        };

        Self {
            name,
            module,
            symbol,
        }
    }

    /// Takes `word` apart.
    pub(crate) fn parse(word: &'a str) -> Result<Self, Malformed<'a>> {
        let target = Self::of(word);
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_.$".contains(&byte))
        };

        // Some modules are called by a number. Functions are not, and addresses are no names.
        let is_address = target
            .symbol
            .starts_with(|first: char| first.is_ascii_digit());

        if word.len() > MAX_NAME
            || is_address
            || !is_name(target.symbol)
            || !target.module.is_none_or(is_name)
        {
            return Err(Malformed::Target(word));
        }
        Ok(target)
    }
}

/// Whose calls are short-circuited. Its [`Display`](fmt::Display) form is what follows `scope=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everybody's.
    All,
    /// Those of tasks whose real user id, in the initial user namespace, is not 0.
    Nonroot,
}

impl Scope {
    /// What the policy is asked: whether a function may be made to return `value` to these.
    pub(crate) fn asks(self, value: Value) -> Asked {
        Asked {
            value,
            spares_root: self == Scope::Nonroot,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scope::All => "all",
            Scope::Nonroot => "nonroot",
        })
    }
}

/// What shall become of calls of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// They return this value.
    Engage(Value),
    /// The same, if there are none for so many seconds before.
    TryEngage(Value, u32),
    /// They run it, and are counted.
    Observe,
}

impl Action {
    /// What the function shall return, if its calls shall not run it.
    pub(crate) fn value(self) -> Option<Value> {
        match self {
            Action::Engage(value) | Action::TryEngage(value, _) => Some(value),
            Action::Observe => None,
        }
    }
}

/// What is to be engaged or observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Engage<'a> {
    /// The function.
    pub(crate) target: Target<'a>,
    /// What shall become of its calls.
    pub(crate) action: Action,
    /// Of whose calls.
    pub(crate) scope: Scope,
    /// Of which of these calls, if not of all.
    pub(crate) condition: Option<&'a str>,
    /// After how many seconds it shall end by itself, if it shall.
    pub(crate) term: Option<u32>,
    /// Why, in the administrator's words.
    pub(crate) reason: Option<&'a str>,
}

/// One line of a write to the control file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    /// `engage <target> <retval> [<options>]`, `tryengage <target> <retval> <seconds> [<options>]`,
    /// and `observe <target> [<options>]`, with the options `scope=<scope>`, `if=<condition>`,
    /// `for=<seconds>` and `reason=<text>`, in this order.
    Engage(Engage<'a>),
    /// `keep <target>`
    Keep(Target<'a>),
    /// `disengage <target>`
    Disengage(Target<'a>),
    /// `disengage_all`
    DisengageAll,
    /// `seal`
    Seal,
}

/// One line of a write to the file `check`: `<target> <retval> [scope=<scope>] [if=<condition>]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question<'a> {
    /// The function that would be engaged.
    pub(crate) target: Target<'a>,
    /// What it would return.
    pub(crate) value: Value,
    /// To whom.
    pub(crate) scope: Scope,
    /// In which of these calls, if not in all.
    pub(crate) condition: Option<&'a str>,
}

impl<'a> Question<'a> {
    /// Understands one line, which carries no line feed.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, Malformed<'a>> {
        let (target, rest) = target(printable(line)?)?;
        let (value, rest) = value(rest)?;
        let (scope, rest) = scope(rest)?;
        let (condition, rest) = condition(rest)?;

        expect_end(rest)?;
        Ok(Self {
            target,
            value,
            scope,
            condition,
        })
    }
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed<'a> {
    /// There is nothing on it.
    Empty,
    /// The write is longer than [`MAX_INPUT`].
    TooLong,
    /// A byte is not a printable ASCII character.
    Unprintable,
    /// The first word is no command.
    Verb(&'a str),
    /// A word that the command needs is not there; this says which.
    Missing(&'static str),
    /// This is no name of a function.
    Target(&'a str),
    /// This is no value.
    Value(&'a str),
    /// This value does not fit the return register.
    Range(&'a str),
    /// This is no number of seconds, or too many.
    Seconds(&'a str),
    /// The same of a term.
    Term(&'a str),
    /// There is no such scope.
    Scope(&'a str),
    /// This is wrong with a condition.
    Condition(Invalid),
    /// This word is one too many.
    Extra(&'a str),
    /// The reason is empty or longer than [`MAX_REASON`].
    Reason,
}

impl fmt::Display for Malformed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::Empty => f.write_str("there is no command on this line"),
            Malformed::TooLong => write!(f, "a write holds at most {MAX_INPUT} bytes"),
            Malformed::Unprintable => f.write_str(
                "only printable ASCII characters are allowed; one command per line, words \
                 separated by blanks",
            ),
            Malformed::Verb(word) => write!(
                f,
                "unknown command '{word}'; the commands are engage, tryengage, observe, \
                 keep, disengage, disengage_all and seal"
            ),
            Malformed::Missing(what) => write!(f, "the {what} is missing"),
            Malformed::Target(word) => write!(
                f,
                "'{word}' is not a function name; write symbol or module:symbol"
            ),
            Malformed::Value(word) => write!(
                f,
                "'{word}' is not a return value; write a decimal or 0x number, an error such as \
                 -EPERM, NULL or void"
            ),
            Malformed::Range(word) => write!(f, "{word} does not fit the return register"),
            Malformed::Seconds(word) => write!(
                f,
                "'{word}' is not a time to watch the function; write seconds, 0 to {MAX_WATCH}"
            ),
            Malformed::Term(word) => write!(
                f,
                "'{word}' is not a time limit; write for=<seconds>, from 1 to {MAX_TERM}"
            ),
            Malformed::Scope(word) => {
                write!(
                    f,
                    "unknown scope '{word}'; write scope=all or scope=nonroot"
                )
            }
            Malformed::Condition(wrong) => wrong.fmt(f),
            Malformed::Extra(word) => write!(f, "'{word}' is not expected here"),
            Malformed::Reason => write!(f, "a reason has 1 to {MAX_REASON} characters"),
        }
    }
}

impl<'a> Command<'a> {
    /// Understands one line, which carries no line feed.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, Malformed<'a>> {
        let line = printable(line)?;
        let (verb, rest) = next_word(line).ok_or(Malformed::Empty)?;
        let (command, rest) = match verb {
            "engage" | "tryengage" | "observe" => {
                let (target, rest) = target(rest)?;
                let (action, rest) = action(verb, rest)?;
                let (scope, rest) = scope(rest)?;
                let (condition, rest) = condition(rest)?;
                let (term, rest) = term(rest)?;
                let (reason, rest) = reason(rest)?;
                let command = Command::Engage(Engage {
                    target,
                    action,
                    scope,
                    condition,
                    term,
                    reason,
                });
                (command, rest)
            }
            "keep" => {
                let (target, rest) = target(rest)?;
                (Command::Keep(target), rest)
            }
            "disengage" => {
                let (target, rest) = target(rest)?;
                (Command::Disengage(target), rest)
            }
            "disengage_all" => (Command::DisengageAll, rest),
            "seal" => (Command::Seal, rest),
            _ => return Err(Malformed::Verb(verb)),
        };

        expect_end(rest)?;
        Ok(command)
    }

    /// Whether it ends the engagement of what was named `name`.
    pub(crate) fn disengages(&self, name: &str) -> bool {
        match self {
            Command::Disengage(target) => target.name == name,
            Command::DisengageAll => true,
            Command::Engage(_) | Command::Keep(_) | Command::Seal => false,
        }
    }
}

/// What was written in one go; there is nothing when it was longer than [`MAX_INPUT`].
pub(crate) fn check_length(input: Option<&[u8]>) -> Result<&[u8], Malformed<'_>> {
    input.ok_or(Malformed::TooLong)
}

/// The lines of a write: what its line feeds separate, the last one being optional.
pub(crate) fn lines(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    input
        .strip_suffix(b"\n")
        .unwrap_or(input)
        .split(|byte| *byte == b'\n')
}

/// Understands a value that stands alone: what is written to `fn/<target>/retval`.
pub(crate) fn parse_lone_value(input: &[u8]) -> Result<Value, Malformed<'_>> {
    let (value, rest) = value(printable(input.strip_suffix(b"\n").unwrap_or(input))?)?;

    expect_end(rest)?;
    Ok(value)
}

/// The value at the head of `text`, and what follows it.
fn value(text: &str) -> Result<(Value, &str), Malformed<'_>> {
    let (word, rest) = next_word(text).ok_or(Malformed::Missing("return value"))?;

    Ok((parse_value(word)?, rest))
}

/// Fails if there is something in `text`.
fn expect_end(text: &str) -> Result<(), Malformed<'_>> {
    match next_word(text) {
        Some((word, _)) => Err(Malformed::Extra(word)),
        None => Ok(()),
    }
}

/// Understands a value: a number in decimal or hexadecimal notation, an error name, NULL or void.
pub(crate) fn parse_value(word: &str) -> Result<Value, Malformed<'_>> {
    if word == "NULL" || word == "void" {
        return Ok(Value::new(0));
    }
    let (negative, magnitude) = match word.strip_prefix('-') {
        Some(magnitude) => (true, magnitude),
        None => (false, word),
    };
    if negative {
        if let Some(number) = errno::number(magnitude) {
            return Ok(Value::new(-i64::from(number)));
        }
    }
    let (digits, radix) = match magnitude.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (magnitude, 10),
    };
    // Checked here so that what the conversion below refuses can only be too large.
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(Malformed::Value(word));
    }
    u64::from_str_radix(digits, radix)
        .ok()
        .and_then(|number| match negative {
            true => 0i64.checked_sub_unsigned(number),
            false => i64::try_from(number).ok(),
        })
        .map(Value::new)
        .ok_or(Malformed::Range(word))
}

/// `bytes` as text, if they are printable ASCII characters.
pub(crate) fn printable(bytes: &[u8]) -> Result<&str, Malformed<'_>> {
    if bytes.iter().any(|byte| !matches!(byte, b' '..=b'~')) {
        return Err(Malformed::Unprintable);
    }
    core::str::from_utf8(bytes).map_err(|_| Malformed::Unprintable)
}

/// The first word of `text`, and what follows it.
fn next_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(' ');
    if text.is_empty() {
        return None;
    }
    Some(text.split_at(text.find(' ').unwrap_or(text.len())))
}

/// The target at the head of `text`, and what follows it.
fn target(text: &str) -> Result<(Target<'_>, &str), Malformed<'_>> {
    let (word, rest) = next_word(text).ok_or(Malformed::Missing("function name"))?;
    Ok((Target::parse(word)?, rest))
}

/// What `verb` does, as the head of `text` says, and what follows that.
fn action<'a>(verb: &str, text: &'a str) -> Result<(Action, &'a str), Malformed<'a>> {
    if verb == "observe" {
        return Ok((Action::Observe, text));
    }
    let (value, rest) = value(text)?;

    if verb == "engage" {
        return Ok((Action::Engage(value), rest));
    }
    let (seconds, rest) = seconds(rest)?;

    Ok((Action::TryEngage(value, seconds), rest))
}

/// The number of seconds at the head of `text`, and what follows it.
fn seconds(text: &str) -> Result<(u32, &str), Malformed<'_>> {
    let (word, rest) = next_word(text).ok_or(Malformed::Missing("number of seconds"))?;

    match number(word).filter(|seconds| *seconds <= MAX_WATCH) {
        Some(seconds) => Ok((seconds, rest)),
        None => Err(Malformed::Seconds(word)),
    }
}

/// The decimal number that `word` is.
fn number(word: &str) -> Option<u32> {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());

    word.parse().ok().filter(|_| is_number)
}

/// The term at the head of `text`, if there is one, and what follows it.
fn term(text: &str) -> Result<(Option<u32>, &str), Malformed<'_>> {
    match next_word(text).and_then(|(word, rest)| Some((word.strip_prefix("for=")?, rest))) {
        None => Ok((None, text)),
        Some((word, rest)) => match number(word).filter(|term| (1..=MAX_TERM).contains(term)) {
            Some(term) => Ok((Some(term), rest)),
            None => Err(Malformed::Term(word)),
        },
    }
}

/// The scope at the head of `text`, if there is one, and what follows it.
fn scope(text: &str) -> Result<(Scope, &str), Malformed<'_>> {
    match next_word(text).and_then(|(word, rest)| Some((word.strip_prefix("scope=")?, rest))) {
        None => Ok((Scope::All, text)),
        Some(("all", rest)) => Ok((Scope::All, rest)),
        Some(("nonroot", rest)) => Ok((Scope::Nonroot, rest)),
        Some((word, _)) => Err(Malformed::Scope(word)),
    }
}

/// The condition at the head of `text`, if there is one, and what follows it.
fn condition(text: &str) -> Result<(Option<&str>, &str), Malformed<'_>> {
    match text.trim_start_matches(' ').strip_prefix("if=") {
        None => Ok((None, text)),
        Some(text) => {
            let (condition, rest) = text.split_at(syntax::length(text));

            syntax::check(condition).map_err(Malformed::Condition)?;
            Ok((Some(condition), rest))
        }
    }
}

/// The reason at the head of `text`, which reaches to its end, and what follows it.
fn reason(text: &str) -> Result<(Option<&str>, &str), Malformed<'_>> {
    match text.trim_start_matches(' ').strip_prefix("reason=") {
        None => Ok((None, text)),
        Some(reason) => {
            let reason = reason.trim_matches(' ');
            if !(1..=MAX_REASON).contains(&reason.len()) {
                return Err(Malformed::Reason);
            }
            Ok((Some(reason), ""))
        }
    }
}

#[cfg(CONFIG_SECURITY_KILLSWITCH_KUNIT_TEST)]
#[kernel::macros::kunit_tests(killswitch_command)]
mod tests {
    use crate::command_cases;

    #[test]
    fn commands_are_parsed_as_expected() {
        assert_eq!(command_cases::first_wrong_command(), None);
    }

    #[test]
    fn questions_are_parsed_as_expected() {
        assert_eq!(command_cases::first_wrong_question(), None);
    }

    #[test]
    fn values_are_parsed_as_expected() {
        assert_eq!(command_cases::first_wrong_value(), None);
    }
}
