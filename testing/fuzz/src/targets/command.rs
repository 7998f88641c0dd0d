// SPDX-License-Identifier: GPL-2.0-only

//! Properties of any text written to `control`, `check` or `retval`: it is refused for a printable
//! reason, or has one meaning, however it is written.

use super::ERRORS;
use crate::{
    command::{
        check_length, lines, parse_lone_value, parse_value, Action, Command, Engage, Malformed,
        Question, Scope, Target, MAX_INPUT, MAX_REASON,
    },
    condition::syntax,
    errno,
};
use std::num::ParseIntError;

/// Tests `data` as each kind of text, complete and line by line.
pub fn command(data: &[u8]) {
    let Ok(input) = check_length((data.len() <= MAX_INPUT).then_some(data)) else {
        return;
    };
    let parts: Vec<_> = lines(input).collect();
    let joined = parts.join(&b'\n');

    // Lines contain everything but line feeds.
    assert_eq!(joined, input.strip_suffix(b"\n").unwrap_or(input));
    assert!(!parts.is_empty() && !parts.iter().any(|line| line.contains(&b'\n')));

    for line in parts {
        control(line);
        check(line);
        retval(line);
    }
    retval(input);
}

/// A line as a command.
fn control(line: &[u8]) {
    let result = Command::parse(line);

    wrong_if_unprintable(line, result.err());
    assert_eq!(Command::parse(&[b" ", line, b"  "].concat()), result);

    let Ok(command) = result else { return };
    let printed = match command {
        Command::Engage(Engage {
            target,
            action,
            scope,
            condition,
            term,
            reason,
        }) => {
            is_well_formed(target);
            let reason = reason.map_or(String::new(), |reason| {
                assert!((1..=MAX_REASON).contains(&reason.len()));
                assert_eq!(reason, reason.trim());
                format!(" reason={reason}")
            });
            let scope = match scope {
                Scope::All => "",
                Scope::Nonroot => " scope=nonroot",
            };
            let term = term.map_or(String::new(), |term| {
                assert!((1..=31_536_000).contains(&term));
                format!(" for={term}")
            });
            let condition = condition.map_or(String::new(), |text| {
                assert!(syntax::check(text).is_ok_and(|summary| summary.comparisons <= 16));
                format!(" if={text}")
            });
            let rest = format!("{scope}{condition}{term}{reason}");
            match action {
                Action::Observe => format!("observe {}{rest}", target.name),
                Action::Engage(value) => format!("engage {} {value}{rest}", target.name),
                Action::TryEngage(value, seconds) => {
                    assert!(seconds <= 86400);
                    format!("tryengage {} {value} {seconds}{rest}", target.name)
                }
            }
        }
        Command::Keep(target) => {
            is_well_formed(target);
            format!("keep {}", target.name)
        }
        Command::Disengage(target) => {
            is_well_formed(target);
            format!("disengage {}", target.name)
        }
        Command::DisengageAll => "disengage_all".to_owned(),
        Command::Seal => "seal".to_owned(),
    };
    assert_eq!(Command::parse(printed.as_bytes()), result);

    // Extra text is refused, unless it belongs to a reason.
    if !printed.contains(" reason=") {
        let more = format!("{printed} more");
        assert_eq!(
            Command::parse(more.as_bytes()),
            Err(Malformed::Extra("more"))
        );
    }
}

/// A line as a request to check.
fn check(line: &[u8]) {
    let result = Question::parse(line);

    wrong_if_unprintable(line, result.err());
    assert_eq!(Question::parse(&[b"  ", line, b" "].concat()), result);
    // The corresponding command has the same meaning.
    let engage = [b"engage ", line].concat();
    match (result, Command::parse(&engage)) {
        (Ok(question), command) => {
            is_well_formed(question.target);
            let scope = match question.scope {
                Scope::All => "all",
                Scope::Nonroot => "nonroot",
            };
            let Question { target, value, .. } = question;
            let condition = question.condition;
            let condition = condition.map_or(String::new(), |text| format!(" if={text}"));
            let printed = format!("{} {value} scope={scope}{condition}", target.name);
            assert_eq!(Question::parse(printed.as_bytes()), result);
            assert_eq!(
                command,
                Ok(Command::Engage(Engage {
                    target: question.target,
                    action: Action::Engage(question.value),
                    scope: question.scope,
                    condition: question.condition,
                    term: None,
                    reason: None,
                }))
            );
        }
        // Only commands can have a time limit and a reason.
        (Err(Malformed::Extra(word)), Ok(_)) => {
            assert!(word.starts_with("reason=") || word.starts_with("for="));
        }
        (Err(Malformed::Extra(_)), Err(_)) => (),
        (Err(wrong), command) => assert_eq!(command, Err(wrong)),
    }
}

/// Text as a single value.
fn retval(text: &[u8]) {
    let result = parse_lone_value(text);
    let line = text.strip_suffix(b"\n").unwrap_or(text);

    wrong_if_unprintable(line, result.err());
    let question = [b"f ", line].concat();
    match result {
        // Only requests to check can have a scope and a condition.
        Err(Malformed::Extra(word)) if word.starts_with("scope=") || word.starts_with("if=") => {}
        _ => assert_eq!(Question::parse(&question).map(|it| it.value), result),
    }
    if let Err(Malformed::Range(word)) = result {
        assert!(!number(word).is_ok_and(|number| i64::try_from(number).is_ok()));
    }
    let Ok(value) = result else { return };
    assert_eq!(parse_lone_value(value.to_string().as_bytes()), result);

    let word = std::str::from_utf8(line).unwrap().trim();
    assert_eq!(parse_value(word), result);
    if word == "NULL" || word == "void" {
        assert_eq!(value.get(), 0);
    } else if let Some(name) = word.strip_prefix("-E") {
        let usual = errno::name(-value.get()).unwrap();
        assert_eq!(errno::number(usual), errno::number(&format!("E{name}")));
        assert!(ERRORS.contains(&value.get()));
    } else {
        assert_eq!(number(word), Ok(i128::from(value.get())));
    }
}

/// The number in `word`, which may exceed the return register.
fn number(word: &str) -> Result<i128, ParseIntError> {
    let (sign, magnitude) = match word.strip_prefix('-') {
        Some(magnitude) => (-1, magnitude),
        None => (1, word),
    };

    assert!(!magnitude.contains(['+', '-']));
    match magnitude.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16),
        None => magnitude.parse(),
    }
    .map(|number| sign * number)
}

/// An accepted name is valid, and parses to the same function.
fn is_well_formed(target: Target<'_>) {
    let Target {
        name,
        module,
        symbol,
    } = target;
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| matches!(c, 'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '.' | '$'))
    };

    assert!(name.len() <= 255 && is_name(symbol) && module.is_none_or(is_name));
    assert!(!symbol.starts_with(|c: char| c.is_ascii_digit()));
    assert_eq!(
        name,
        module.map_or(symbol.to_owned(), |module| format!("{module}:{symbol}"))
    );
    assert_eq!(Target::parse(name), Ok(target));
}

/// Text that is not printable has exactly that error. Errors are printable.
fn wrong_if_unprintable(line: &[u8], wrong: Option<Malformed<'_>>) {
    let is_printable = |bytes: &[u8]| bytes.iter().all(|byte| (0x20..0x7f).contains(byte));

    assert_eq!(!is_printable(line), wrong == Some(Malformed::Unprintable));
    if let Some(wrong) = wrong {
        let said = wrong.to_string();
        assert!(!said.is_empty() && is_printable(said.as_bytes()));
    }
}
