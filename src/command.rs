// SPDX-License-Identifier: GPL-2.0-only

//! The parser of commands, for the files and the kernel command line: bytes to [`Command`]s.
//! Trailing input is rejected.
//!
//! Pure text processing without allocation, so the same file is tested and fuzzed on the host.

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

/// The longest write that is accepted, in bytes.
pub(crate) const MAX_INPUT: usize = 4096;
/// The longest reason, in characters.
pub(crate) const MAX_REASON: usize = 128;
/// The longest time for which a function is watched, in seconds: a day.
const MAX_WATCH: u32 = 86400;
/// The longest time limit of an engagement, in seconds: a year.
const MAX_TERM: u32 = 31_536_000;
/// The longest name of a target, which is also the name of a directory.
const MAX_NAME: usize = 255;

/// The name of a function: `symbol` or `module:symbol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    /// The whole name, as written.
    pub(crate) name: &'a str,
    /// The module, if one was named.
    pub(crate) module: Option<&'a str>,
    /// The function's name.
    pub(crate) symbol: &'a str,
}

impl<'a> Target<'a> {
    /// Splits `name`, which [`parse()`](Self::parse) has accepted before.
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

    /// Parses `word`.
    pub(crate) fn parse(word: &'a str) -> Result<Self, Malformed<'a>> {
        let target = Self::of(word);
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_.$".contains(&byte))
        };

        // Names of modules may begin with a digit; those of functions may not, and addresses are
        // rejected.
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
    /// All calls.
    All,
    /// Calls by tasks whose real user id, in the initial user namespace, is not 0.
    Nonroot,
}

impl Scope {
    /// The question to the policy: may a function return `value` to callers in this scope?
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

/// What to do with calls of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Return this value.
    Engage(Value),
    /// Return this value, if there are no calls for this many seconds.
    TryEngage(Value, u32),
    /// Run the function, and count the calls.
    Observe,
}

impl Action {
    /// The value to return, unless the function is only observed.
    pub(crate) fn value(self) -> Option<Value> {
        match self {
            Action::Engage(value) | Action::TryEngage(value, _) => Some(value),
            Action::Observe => None,
        }
    }
}

/// A request to engage or observe a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Engage<'a> {
    /// The function.
    pub(crate) target: Target<'a>,
    /// What to do with its calls.
    pub(crate) action: Action,
    /// Whose calls are affected.
    pub(crate) scope: Scope,
    /// A condition on these calls.
    pub(crate) condition: Option<&'a str>,
    /// The time limit, in seconds.
    pub(crate) term: Option<u32>,
    /// The administrator's reason.
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
    /// To whose calls.
    pub(crate) scope: Scope,
    /// A condition on these calls.
    pub(crate) condition: Option<&'a str>,
}

impl<'a> Question<'a> {
    /// Parses one line, without its line feed.
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
    /// It is empty.
    Empty,
    /// The write is longer than [`MAX_INPUT`].
    TooLong,
    /// A byte is not a printable ASCII character.
    Unprintable,
    /// An unknown command.
    Verb(&'a str),
    /// This argument is missing.
    Missing(&'static str),
    /// Not a function name.
    Target(&'a str),
    /// Not a value.
    Value(&'a str),
    /// A value that does not fit the return register.
    Range(&'a str),
    /// Not a time to watch, or too long.
    Seconds(&'a str),
    /// Not a time limit, or too long.
    Term(&'a str),
    /// An unknown scope.
    Scope(&'a str),
    /// An invalid condition.
    Condition(Invalid),
    /// An unexpected word.
    Extra(&'a str),
    /// An option behind the reason.
    Late(&'a str),
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
            Malformed::Late(word) => {
                write!(f, "write '{word}' before reason=, which extends to the end")
            }
            Malformed::Reason => write!(f, "a reason has 1 to {MAX_REASON} characters"),
        }
    }
}

impl<'a> Command<'a> {
    /// Parses one line, without its line feed.
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

    /// Whether it ends the engagement called `name`.
    pub(crate) fn disengages(&self, name: &str) -> bool {
        match self {
            Command::Disengage(target) => target.name == name,
            Command::DisengageAll => true,
            Command::Engage(_) | Command::Keep(_) | Command::Seal => false,
        }
    }
}

/// The data of a write, which is `None` if it is longer than [`MAX_INPUT`].
pub(crate) fn check_length(input: Option<&[u8]>) -> Result<&[u8], Malformed<'_>> {
    input.ok_or(Malformed::TooLong)
}

/// The lines of a write, separated by line feeds; a trailing one is optional.
pub(crate) fn lines(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    input
        .strip_suffix(b"\n")
        .unwrap_or(input)
        .split(|byte| *byte == b'\n')
}

/// Parses a value alone, as it is written to `fn/<target>/retval`.
pub(crate) fn parse_lone_value(input: &[u8]) -> Result<Value, Malformed<'_>> {
    let (value, rest) = value(printable(input.strip_suffix(b"\n").unwrap_or(input))?)?;

    expect_end(rest)?;
    Ok(value)
}

/// Parses the value at the start of `text`, and returns the rest.
fn value(text: &str) -> Result<(Value, &str), Malformed<'_>> {
    let (word, rest) = next_word(text).ok_or(Malformed::Missing("return value"))?;

    Ok((parse_value(word)?, rest))
}

/// Fails if there are words left in `text`.
fn expect_end(text: &str) -> Result<(), Malformed<'_>> {
    match next_word(text) {
        Some((word, _)) => Err(Malformed::Extra(word)),
        None => Ok(()),
    }
}

/// Parses a value: a decimal or hexadecimal number, an error name, NULL or void.
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
    // Checked here, so the conversion below can only fail on overflow.
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

/// The first word of `text`, and the rest.
fn next_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(' ');
    if text.is_empty() {
        return None;
    }
    Some(text.split_at(text.find(' ').unwrap_or(text.len())))
}

/// Parses the target at the start of `text`, and returns the rest.
fn target(text: &str) -> Result<(Target<'_>, &str), Malformed<'_>> {
    let (word, rest) = next_word(text).ok_or(Malformed::Missing("function name"))?;
    Ok((Target::parse(word)?, rest))
}

/// Parses the arguments of `verb` at the start of `text`, and returns the rest.
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

/// Parses the number of seconds at the start of `text`, and returns the rest.
fn seconds(text: &str) -> Result<(u32, &str), Malformed<'_>> {
    let (word, rest) = next_word(text).ok_or(Malformed::Missing("number of seconds"))?;

    match number(word).filter(|seconds| *seconds <= MAX_WATCH) {
        Some(seconds) => Ok((seconds, rest)),
        None => Err(Malformed::Seconds(word)),
    }
}

/// Parses a decimal number.
fn number(word: &str) -> Option<u32> {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());

    word.parse().ok().filter(|_| is_number)
}

/// Parses an optional time limit at the start of `text`, and returns the rest.
fn term(text: &str) -> Result<(Option<u32>, &str), Malformed<'_>> {
    match next_word(text).and_then(|(word, rest)| Some((word.strip_prefix("for=")?, rest))) {
        None => Ok((None, text)),
        Some((word, rest)) => match number(word).filter(|term| (1..=MAX_TERM).contains(term)) {
            Some(term) => Ok((Some(term), rest)),
            None => Err(Malformed::Term(word)),
        },
    }
}

/// Parses an optional scope at the start of `text`, and returns the rest.
fn scope(text: &str) -> Result<(Scope, &str), Malformed<'_>> {
    match next_word(text).and_then(|(word, rest)| Some((word.strip_prefix("scope=")?, rest))) {
        None => Ok((Scope::All, text)),
        Some(("all", rest)) => Ok((Scope::All, rest)),
        Some(("nonroot", rest)) => Ok((Scope::Nonroot, rest)),
        Some((word, _)) => Err(Malformed::Scope(word)),
    }
}

/// Parses an optional condition at the start of `text`, and returns the rest.
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

/// Options, in their order, which precede the reason.
const OPTIONS: [&str; 3] = ["scope=", "if=", "for="];

/// Parses an optional reason, which extends to the end of `text`, and returns the rest. Options in
/// it are refused: without them, more calls would be short-circuited, or for longer.
fn reason(text: &str) -> Result<(Option<&str>, &str), Malformed<'_>> {
    match text.trim_start_matches(' ').strip_prefix("reason=") {
        None => Ok((None, text)),
        Some(reason) => {
            let reason = reason.trim_matches(' ');
            if !(1..=MAX_REASON).contains(&reason.len()) {
                return Err(Malformed::Reason);
            }
            let is_option = |word: &&str| OPTIONS.iter().any(|option| word.starts_with(option));

            if let Some(word) = reason.split(' ').find(is_option) {
                return Err(Malformed::Late(word));
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
