// SPDX-License-Identifier: GPL-2.0-only

//! Test tables of commands, shared by the host tests and the KUnit suite.

use crate::{
    command::{
        parse_lone_value,
        Action,
        Command,
        Engage,
        Malformed,
        Question,
        Scope,
        Target, //
    },
    condition::syntax::Invalid,
    policy::Value, //
};

/// A line, and the expected result.
type CommandCase = (&'static [u8], Result<Command<'static>, Malformed<'static>>);
/// A write to a file `retval`, and the expected result.
type ValueCase = (&'static [u8], Result<i64, Malformed<'static>>);

const fn symbol(symbol: &'static str) -> Target<'static> {
    Target {
        name: symbol,
        module: None,
        symbol,
    }
}

const fn engage(
    target: Target<'static>,
    value: i64,
    reason: Option<&'static str>,
) -> Result<Command<'static>, Malformed<'static>> {
    Ok(Command::Engage(Engage {
        target,
        action: Action::Engage(Value::new(value)),
        scope: Scope::All,
        condition: None,
        term: None,
        reason,
    }))
}

const fn conditional(
    condition: &'static str,
    scope: Scope,
    term: Option<u32>,
    reason: Option<&'static str>,
) -> Result<Command<'static>, Malformed<'static>> {
    Ok(Command::Engage(Engage {
        target: symbol("f"),
        action: Action::Engage(Value::new(-1)),
        scope,
        condition: Some(condition),
        term,
        reason,
    }))
}

const fn wrong_condition(
    at: usize,
    what: &'static str,
) -> Result<Command<'static>, Malformed<'static>> {
    Err(Malformed::Condition(Invalid { at, what }))
}

const fn observe(
    target: Target<'static>,
    scope: Scope,
    term: Option<u32>,
    reason: Option<&'static str>,
) -> Result<Command<'static>, Malformed<'static>> {
    Ok(Command::Engage(Engage {
        target,
        action: Action::Observe,
        scope,
        condition: None,
        term,
        reason,
    }))
}

const fn ending(
    watch: Option<u32>,
    scope: Scope,
    term: u32,
    reason: Option<&'static str>,
) -> Result<Command<'static>, Malformed<'static>> {
    Ok(Command::Engage(Engage {
        target: symbol("f"),
        action: match watch {
            None => Action::Engage(Value::new(-1)),
            Some(seconds) => Action::TryEngage(Value::new(-1), seconds),
        },
        scope,
        condition: None,
        term: Some(term),
        reason,
    }))
}

const fn nonroot(
    target: Target<'static>,
    value: i64,
    watch: Option<u32>,
    reason: Option<&'static str>,
) -> Result<Command<'static>, Malformed<'static>> {
    Ok(Command::Engage(Engage {
        target,
        action: match watch {
            None => Action::Engage(Value::new(value)),
            Some(seconds) => Action::TryEngage(Value::new(value), seconds),
        },
        scope: Scope::Nonroot,
        condition: None,
        term: None,
        reason,
    }))
}

const fn tryengage(
    target: Target<'static>,
    value: i64,
    seconds: u32,
    reason: Option<&'static str>,
) -> Result<Command<'static>, Malformed<'static>> {
    Ok(Command::Engage(Engage {
        target,
        action: Action::TryEngage(Value::new(value), seconds),
        scope: Scope::All,
        condition: None,
        term: None,
        reason,
    }))
}

const IN_MODULE: Target<'static> = Target {
    name: "nf_tables:nft_do_chain",
    module: Some("nf_tables"),
    symbol: "nft_do_chain",
};

/// A line with a reason that is one character too long.
const REASON: &str = "engage f 0 reason=\
    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef+";

#[rustfmt::skip]
const COMMANDS: &[CommandCase] = &[
    // The commands.
    (b"engage f 0", engage(symbol("f"), 0, None)),
    (b"engage af_alg_sendmsg -EPERM", engage(symbol("af_alg_sendmsg"), -1, None)),
    (b"engage nf_tables:nft_do_chain -1", engage(IN_MODULE, -1, None)),
    (b"engage f.constprop.0 0", engage(symbol("f.constprop.0"), 0, None)),
    (b"engage f 0 reason=CVE-2026-31431", engage(symbol("f"), 0, Some("CVE-2026-31431"))),
    (b"engage f 0 reason=two words = 2", engage(symbol("f"), 0, Some("two words = 2"))),
    (b"engage f 0 reason= a ", engage(symbol("f"), 0, Some("a"))),
    (b"engage f 0 scope=all", engage(symbol("f"), 0, None)),
    (b"engage f -1 scope=nonroot", nonroot(symbol("f"), -1, None, None)),
    (b"engage f -1 scope=nonroot reason=x", nonroot(symbol("f"), -1, None, Some("x"))),
    (b"engage f 0 reason=x scope", engage(symbol("f"), 0, Some("x scope"))),
    (b"engage f 0 reason=for a=b", engage(symbol("f"), 0, Some("for a=b"))),
    (b"tryengage f -1 0", tryengage(symbol("f"), -1, 0, None)),
    (b"tryengage f -1 86400", tryengage(symbol("f"), -1, 86400, None)),
    (b"tryengage f -1 10 reason=x", tryengage(symbol("f"), -1, 10, Some("x"))),
    (b"tryengage nf_tables:nft_do_chain -1 5 scope=nonroot reason=y",
        nonroot(IN_MODULE, -1, Some(5), Some("y"))),
    (b"engage f -1 for=1", ending(None, Scope::All, 1, None)),
    (b"engage f -1 for=31536000 reason=x", ending(None, Scope::All, 31_536_000, Some("x"))),
    (b"engage f -1 scope=nonroot for=60", ending(None, Scope::Nonroot, 60, None)),
    (b"tryengage f -1 5 for=60", ending(Some(5), Scope::All, 60, None)),
    (b"observe f", observe(symbol("f"), Scope::All, None, None)),
    (b"observe nf_tables:nft_do_chain", observe(IN_MODULE, Scope::All, None, None)),
    (b"observe f scope=nonroot for=60 reason=x",
        observe(symbol("f"), Scope::Nonroot, Some(60), Some("x"))),
    (b"keep f", Ok(Command::Keep(symbol("f")))),
    (b"keep nf_tables:nft_do_chain", Ok(Command::Keep(IN_MODULE))),
    (b"disengage f", Ok(Command::Disengage(symbol("f")))),
    (b"disengage nf_tables:nft_do_chain", Ok(Command::Disengage(IN_MODULE))),
    (b"disengage_all", Ok(Command::DisengageAll)),
    (b"seal", Ok(Command::Seal)),
    // One or more blanks separate words.
    (b"  engage   f   0  ", engage(symbol("f"), 0, None)),
    (b"disengage_all ", Ok(Command::DisengageAll)),
    // Conditions.
    (b"engage f -1 if=x==1", conditional("x==1", Scope::All, None, None)),
    (b"engage f -1 scope=nonroot if=$comm~\"a b*\" for=60 reason=x",
        conditional("$comm~\"a b*\"", Scope::Nonroot, Some(60), Some("x"))),
    (b"engage f -1 if=", wrong_condition(0, "a name is missing")),
    (b"engage f -1 if=x==1 y", Err(Malformed::Extra("y"))),
    (b"engage f -1 if=x==", wrong_condition(3, "a name is missing")),
    (b"engage f -1 if=x==1)", wrong_condition(4, "this is not expected")),
    (b"engage f -1 if=(x==1", wrong_condition(5, "a closing parenthesis is missing")),
    (b"engage f -1 if=$comm~\"a b",
        wrong_condition(10, "the closing double quote of a string is missing")),
    (b"engage f -1 if=x==18446744073709551616", wrong_condition(3, "this is not a 64-bit number")),
    (b"engage f -1 for=60 if=x==1", Err(Malformed::Extra("if=x==1"))),
    (b"engage f -1 reason=x for=60", Err(Malformed::Late("for=60"))),
    (b"engage f -1 reason=x scope=nonroot y", Err(Malformed::Late("scope=nonroot"))),
    (b"observe f reason=for=60", Err(Malformed::Late("for=60"))),
    (b"tryengage f -1 5 reason=x  if=$uid!=0", Err(Malformed::Late("if=$uid!=0"))),
    // Empty lines.
    (b"", Err(Malformed::Empty)),
    (b" ", Err(Malformed::Empty)),
    (b"        ", Err(Malformed::Empty)),
    // Characters.
    (b"engage f\0 0", Err(Malformed::Unprintable)),
    (b"\0", Err(Malformed::Unprintable)),
    (b"engage\tf\t0", Err(Malformed::Unprintable)),
    (b"engage f 0\r", Err(Malformed::Unprintable)),
    (b"engage f\x7f 0", Err(Malformed::Unprintable)),
    (b"engage \xc3\xa9 0", Err(Malformed::Unprintable)),
    (b"engage f 0 reason=\xff", Err(Malformed::Unprintable)),
    // Verbs.
    (b"engag f 0", Err(Malformed::Verb("engag"))),
    (b"Engage f 0", Err(Malformed::Verb("Engage"))),
    (b"disengage-all", Err(Malformed::Verb("disengage-all"))),
    (b"=", Err(Malformed::Verb("="))),
    // Missing words.
    (b"engage", Err(Malformed::Missing("function name"))),
    (b"engage ", Err(Malformed::Missing("function name"))),
    (b"engage f", Err(Malformed::Missing("return value"))),
    (b"disengage", Err(Malformed::Missing("function name"))),
    (b"observe", Err(Malformed::Missing("function name"))),
    (b"observe f -1", Err(Malformed::Extra("-1"))),
    (b"keep", Err(Malformed::Missing("function name"))),
    // Extra words.
    (b"engage f 0 0", Err(Malformed::Extra("0"))),
    (b"engage f 0 Reason=x", Err(Malformed::Extra("Reason=x"))),
    (b"engage f 0 scop=all", Err(Malformed::Extra("scop=all"))),
    (b"engage f 0 x reason=y", Err(Malformed::Extra("x"))),
    (b"disengage f g", Err(Malformed::Extra("g"))),
    (b"disengage_all f", Err(Malformed::Extra("f"))),
    (b"seal now", Err(Malformed::Extra("now"))),
    (b"keep f g", Err(Malformed::Extra("g"))),
    (b"keep f for=60", Err(Malformed::Extra("for=60"))),
    // Scopes.
    (b"engage f 0 scope=", Err(Malformed::Scope(""))),
    (b"engage f 0 scope=root", Err(Malformed::Scope("root"))),
    (b"engage f 0 scope=Nonroot", Err(Malformed::Scope("Nonroot"))),
    (b"engage f 0 scope=all scope=all", Err(Malformed::Extra("scope=all"))),
    (b"engage f scope=all", Err(Malformed::Value("scope=all"))),
    (b"disengage f scope=all", Err(Malformed::Extra("scope=all"))),
    // Seconds.
    (b"tryengage f -1", Err(Malformed::Missing("number of seconds"))),
    (b"tryengage f -1 86401", Err(Malformed::Seconds("86401"))),
    (b"tryengage f -1 4294967296", Err(Malformed::Seconds("4294967296"))),
    (b"tryengage f -1 -1", Err(Malformed::Seconds("-1"))),
    (b"tryengage f -1 +1", Err(Malformed::Seconds("+1"))),
    (b"tryengage f -1 0x1", Err(Malformed::Seconds("0x1"))),
    (b"tryengage f -1 1s", Err(Malformed::Seconds("1s"))),
    (b"tryengage f -1 scope=all 1", Err(Malformed::Seconds("scope=all"))),
    (b"tryengage f -1 1 1", Err(Malformed::Extra("1"))),
    (b"engage f -1 1", Err(Malformed::Extra("1"))),
    // Terms.
    (b"engage f -1 for=", Err(Malformed::Term(""))),
    (b"engage f -1 for=0", Err(Malformed::Term("0"))),
    (b"engage f -1 for=31536001", Err(Malformed::Term("31536001"))),
    (b"engage f -1 for=4294967296", Err(Malformed::Term("4294967296"))),
    (b"engage f -1 for=-1", Err(Malformed::Term("-1"))),
    (b"engage f -1 for=+1", Err(Malformed::Term("+1"))),
    (b"engage f -1 for=1h", Err(Malformed::Term("1h"))),
    (b"engage f -1 for=1 for=1", Err(Malformed::Extra("for=1"))),
    (b"engage f -1 for=60 scope=all", Err(Malformed::Extra("scope=all"))),
    (b"tryengage f -1 for=60 5", Err(Malformed::Seconds("for=60"))),
    // Names.
    (b"engage 0 0", Err(Malformed::Target("0"))),
    (b"engage 0xffffffff81000000 0", Err(Malformed::Target("0xffffffff81000000"))),
    (b"engage m:0xffffffff81000000 0", Err(Malformed::Target("m:0xffffffff81000000"))),
    (b"engage f+0 0", Err(Malformed::Target("f+0"))),
    (b"engage f+0x4 0", Err(Malformed::Target("f+0x4"))),
    (b"engage : 0", Err(Malformed::Target(":"))),
    (b"engage m: 0", Err(Malformed::Target("m:"))),
    (b"engage :f 0", Err(Malformed::Target(":f"))),
    (b"engage m:f:g 0", Err(Malformed::Target("m:f:g"))),
    (b"engage m-n:f 0", Err(Malformed::Target("m-n:f"))),
    (b"engage ../f 0", Err(Malformed::Target("../f"))),
    (b"engage f\" 0", Err(Malformed::Target("f\""))),
    // Reasons.
    (b"engage f 0 reason=", Err(Malformed::Reason)),
    (b"engage f 0 reason=   ", Err(Malformed::Reason)),
    // Values; see also the table below.
    (b"engage f -EPERMX", Err(Malformed::Value("-EPERMX"))),
    (b"engage f 9223372036854775808", Err(Malformed::Range("9223372036854775808"))),
];

#[rustfmt::skip]
const VALUES: &[ValueCase] = &[
    (b"0", Ok(0)),
    (b"0\n", Ok(0)),
    (b" 0 ", Ok(0)),
    (b"-1", Ok(-1)),
    (b"-0", Ok(0)),
    (b"0x10", Ok(16)),
    (b"-0xfF", Ok(-255)),
    (b"9223372036854775807", Ok(i64::MAX)),
    (b"-9223372036854775808", Ok(i64::MIN)),
    (b"0x7fffffffffffffff", Ok(i64::MAX)),
    (b"NULL", Ok(0)),
    (b"void", Ok(0)),
    (b"-EPERM", Ok(-1)),
    (b"-EINVAL", Ok(-22)),
    (b"-EWOULDBLOCK", Ok(-11)),
    (b"-EOPNOTSUPP", Ok(-95)),
    (b"", Err(Malformed::Missing("return value"))),
    (b"\n", Err(Malformed::Missing("return value"))),
    (b"   ", Err(Malformed::Missing("return value"))),
    (b"0\n\n", Err(Malformed::Unprintable)),
    (b"0\0", Err(Malformed::Unprintable)),
    (b"0 0", Err(Malformed::Extra("0"))),
    (b"0x", Err(Malformed::Value("0x"))),
    (b"-", Err(Malformed::Value("-"))),
    (b"--1", Err(Malformed::Value("--1"))),
    (b"+1", Err(Malformed::Value("+1"))),
    (b"0x-1", Err(Malformed::Value("0x-1"))),
    (b"0x+1", Err(Malformed::Value("0x+1"))),
    (b"0X10", Err(Malformed::Value("0X10"))),
    (b"1a", Err(Malformed::Value("1a"))),
    (b"0xg", Err(Malformed::Value("0xg"))),
    (b"1.0", Err(Malformed::Value("1.0"))),
    (b"1_000", Err(Malformed::Value("1_000"))),
    (b"EPERM", Err(Malformed::Value("EPERM"))),
    (b"-eperm", Err(Malformed::Value("-eperm"))),
    (b"-ENOTHING", Err(Malformed::Value("-ENOTHING"))),
    (b"-NULL", Err(Malformed::Value("-NULL"))),
    (b"null", Err(Malformed::Value("null"))),
    (b"true", Err(Malformed::Value("true"))),
    (b"9223372036854775808", Err(Malformed::Range("9223372036854775808"))),
    (b"-9223372036854775809", Err(Malformed::Range("-9223372036854775809"))),
    (b"0xffffffffffffffff", Err(Malformed::Range("0xffffffffffffffff"))),
    (b"340282366920938463463374607431768211456",
     Err(Malformed::Range("340282366920938463463374607431768211456"))),
];

const fn question(target: Target<'static>, value: i64, scope: Scope) -> Question<'static> {
    Question {
        target,
        value: Value::new(value),
        scope,
        condition: None,
    }
}

/// A line that is written to `check`, and the expected result.
type QuestionCase = (&'static [u8], Result<Question<'static>, Malformed<'static>>);

#[rustfmt::skip]
const QUESTIONS: &[QuestionCase] = &[
    (b"f 0", Ok(question(symbol("f"), 0, Scope::All))),
    (b" f  -EPERM ", Ok(question(symbol("f"), -1, Scope::All))),
    (b"nf_tables:nft_do_chain 1", Ok(question(IN_MODULE, 1, Scope::All))),
    (b"f 0 scope=all", Ok(question(symbol("f"), 0, Scope::All))),
    (b"f 0  scope=nonroot ", Ok(question(symbol("f"), 0, Scope::Nonroot))),
    (b"", Err(Malformed::Missing("function name"))),
    (b" ", Err(Malformed::Missing("function name"))),
    (b"f", Err(Malformed::Missing("return value"))),
    (b"f 0 0", Err(Malformed::Extra("0"))),
    (b"f 0 reason=x", Err(Malformed::Extra("reason=x"))),
    (b"f 0 for=60", Err(Malformed::Extra("for=60"))),
    (b"engage f 0", Err(Malformed::Value("f"))),
    (b"engage f", Err(Malformed::Value("f"))),
    (b"f+0 0", Err(Malformed::Target("f+0"))),
    (b"0xffffffff81000000 0x", Err(Malformed::Target("0xffffffff81000000"))),
    (b"f 0x", Err(Malformed::Value("0x"))),
    (b"f\t0", Err(Malformed::Unprintable)),
];

/// The first line of `check` that is not parsed as expected.
pub(crate) fn first_wrong_question() -> Option<&'static [u8]> {
    QUESTIONS
        .iter()
        .find(|(line, expected)| Question::parse(line) != *expected)
        .map(|(line, _)| *line)
}

/// The first command that is not parsed as expected.
pub(crate) fn first_wrong_command() -> Option<&'static [u8]> {
    let (longest, too_long) = (&REASON[..REASON.len() - 1], REASON);
    let reasons_are_wrong = Command::parse(longest.as_bytes()).is_err()
        || Command::parse(too_long.as_bytes()) != Err(Malformed::Reason);

    if reasons_are_wrong {
        return Some(REASON.as_bytes());
    }
    COMMANDS
        .iter()
        .find(|(line, expected)| Command::parse(line) != *expected)
        .map(|(line, _)| *line)
}

/// The first value that is not parsed as expected.
pub(crate) fn first_wrong_value() -> Option<&'static [u8]> {
    VALUES
        .iter()
        .find(|(text, expected)| parse_lone_value(text).map(Value::get) != *expected)
        .map(|(text, _)| *text)
}
