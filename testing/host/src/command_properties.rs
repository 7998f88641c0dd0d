// SPDX-License-Identifier: GPL-2.0-only

//! Properties of every line written to the control file.

use crate::{
    command::{
        check_length, lines, parse_lone_value, Action, Command, Malformed, Scope, MAX_REASON,
    },
    command_cases, errno,
    policy::Value,
};
use proptest::prelude::*;

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

#[test]
fn every_error_has_a_name_that_is_parsed() {
    for number in 1..=134 {
        // The kernel has no errors with these two numbers.
        if number == 41 || number == 58 {
            assert_eq!(errno::name(number), None);
            continue;
        }
        let name = errno::name(number).unwrap();
        assert_eq!(i64::from(errno::number(name).unwrap()), number);
    }
    assert_eq!(errno::name(0), None);
    assert_eq!(errno::name(-1), None);
}

#[test]
fn writes_are_complete_or_too_long() {
    assert_eq!(check_length(Some(b"seal")), Ok(&b"seal"[..]));
    assert_eq!(check_length(None), Err(Malformed::TooLong));
}

#[test]
fn lines_are_separated_by_line_feeds() {
    let split = |input: &'static [u8]| lines(input).collect::<Vec<_>>();

    assert_eq!(split(b""), [b""]);
    assert_eq!(split(b"\n"), [b""]);
    assert_eq!(split(b"a"), [b"a"]);
    assert_eq!(split(b"a\n"), [b"a"]);
    assert_eq!(split(b"a\nb"), [b"a", b"b"]);
    assert_eq!(split(b"a\n\n"), [&b"a"[..], b""]);
    assert_eq!(split(b"a\n\nb\n"), [&b"a"[..], b"", b"b"]);
}

fn symbol() -> impl Strategy<Value = String> {
    "[A-Za-z_][A-Za-z0-9_.$]{0,60}"
}

fn target() -> impl Strategy<Value = String> {
    prop_oneof![
        symbol(),
        (symbol(), symbol()).prop_map(|(m, s)| format!("{m}:{s}"))
    ]
}

fn blanks() -> impl Strategy<Value = String> {
    " {1,3}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_parsed_or_refused(line in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Err(malformed) = Command::parse(&line) {
            prop_assert!(!malformed.to_string().is_empty());
        }
        let _ = parse_lone_value(&line);
    }

    #[test]
    fn any_words_are_parsed_or_refused(
        words in prop::collection::vec(
            prop_oneof![
                Just("engage".to_owned()), Just("disengage".to_owned()), Just("keep".to_owned()),
                Just("observe".to_owned()),
                Just("disengage_all".to_owned()), Just("-EPERM".to_owned()),
                Just("reason=why".to_owned()), target(), "[ -~]{0,8}",
            ],
            0..6,
        ),
    ) {
        let _ = Command::parse(words.join(" ").as_bytes());
    }

    #[test]
    fn valid_commands_are_parsed(
        target in target(),
        action in prop_oneof![
            any::<i64>().prop_map(|value| Action::Engage(Value::new(value))),
            (any::<i64>(), 0u32..=86400)
                .prop_map(|(value, seconds)| Action::TryEngage(Value::new(value), seconds)),
            Just(Action::Observe),
        ],
        scope in prop::option::of(prop_oneof![Just(Scope::All), Just(Scope::Nonroot)]),
        term in prop::option::of(1u32..=31_536_000),
        reason in prop::option::of("[!-~]([ -~]{0,126}[!-~])?".prop_filter("an option", |reason| {
            !reason.split(' ').any(|word| {
                ["scope=", "if=", "for="].iter().any(|option| word.starts_with(option))
            })
        })),
        gap in blanks(),
    ) {
        let mut line = match action {
            Action::Engage(value) => format!("engage{gap}{target}{gap}{value}"),
            Action::TryEngage(value, seconds) => {
                format!("tryengage{gap}{target}{gap}{value}{gap}{seconds}")
            }
            Action::Observe => format!("observe{gap}{target}"),
        };
        if let Some(scope) = &scope {
            line += &format!("{gap}scope={scope}");
        }
        if let Some(term) = &term {
            line += &format!("{gap}for={term}");
        }
        if let Some(reason) = &reason {
            line += &format!("{gap}reason={reason}");
        }
        match Command::parse(line.as_bytes()) {
            Ok(Command::Engage(engage)) => {
                prop_assert_eq!(engage.target.name, &target);
                prop_assert_eq!(engage.target.module.map(str::len), target.find(':'));
                prop_assert_eq!(engage.action, action);
                prop_assert_eq!(engage.scope, scope.unwrap_or(Scope::All));
                prop_assert_eq!(engage.term, term);
                prop_assert_eq!(engage.reason, reason.as_deref());
            }
            other => prop_assert!(false, "{:?}", other),
        }
        let line = format!("disengage{gap}{target}");
        prop_assert!(matches!(
            Command::parse(line.as_bytes()), Ok(Command::Disengage(t)) if t.name == target
        ));
    }

    #[test]
    fn one_wrong_byte_is_refused(position in 0usize..40, byte in prop_oneof![0u8..32, 127u8..]) {
        let mut line = *b"engage af_alg_sendmsg -EPERM reason=CVE-";
        line[position] = byte;
        prop_assert_eq!(Command::parse(&line), Err(Malformed::Unprintable));
    }

    #[test]
    fn numbers_are_parsed(value in any::<i64>()) {
        let sign = if value < 0 { "-" } else { "" };
        let decimal = value.to_string();
        let hex = format!("{sign}0x{:x}", value.unsigned_abs());
        prop_assert_eq!(parse_lone_value(decimal.as_bytes()), Ok(Value::new(value)));
        prop_assert_eq!(parse_lone_value(hex.as_bytes()), Ok(Value::new(value)));
    }

    #[test]
    fn long_reasons_are_refused(length in MAX_REASON + 1..3000) {
        let line = format!("engage f 0 reason={}", "r".repeat(length));
        prop_assert_eq!(Command::parse(line.as_bytes()), Err(Malformed::Reason));
    }
}
