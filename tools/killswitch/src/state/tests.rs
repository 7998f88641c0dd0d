// SPDX-License-Identifier: GPL-2.0-only

//! Tests of what the file `engaged` says.

use super::*;
use proptest::prelude::*;

#[test]
fn lines_are_understood() {
    let text = "\
af_alg_sendmsg retval=-1 hits=2 state=engaged scope=all callers=1 reason=\"CVE-2026-31431\"
x25:x25_create retval=none hits=0 state=observing scope=nonroot timeout_left=604797
nf_tables:nf_tables_newrule retval=-13 hits=0 state=armed scope=nonroot reason=\"a \\\"b\\\" \\\\ c=d\"
f retval=0 hits=18446744073709551615 state=disarmed scope=all found_in=other passed=3 faults=1 \
if=\"(sockaddr_alg_new)uaddr->salg_type~\\\"aead*\\\"\" callers=7 more=1 new
";
    let engagements = parse(text).unwrap();
    let plain = Engagement {
        target: "af_alg_sendmsg".into(),
        value: Some(-1),
        hits: 2,
        doing: Doing::Engaged,
        scope: Scope::All,
        seconds_left: None,
        found_in: None,
        condition: None,
        callers: 1,
        reason: Some("CVE-2026-31431".into()),
    };

    assert_eq!(
        engagements,
        [
            plain.clone(),
            Engagement {
                target: "x25:x25_create".into(),
                value: None,
                hits: 0,
                doing: Doing::Observing,
                scope: Scope::Nonroot,
                seconds_left: Some(604_797),
                callers: 0,
                reason: None,
                ..plain.clone()
            },
            Engagement {
                target: "nf_tables:nf_tables_newrule".into(),
                value: Some(-13),
                hits: 0,
                doing: Doing::Armed,
                scope: Scope::Nonroot,
                callers: 0,
                reason: Some("a \"b\" \\ c=d".into()),
                ..plain.clone()
            },
            Engagement {
                target: "f".into(),
                value: Some(0),
                hits: u64::MAX,
                doing: Doing::Disarmed,
                found_in: Some("other".into()),
                condition: Some("(sockaddr_alg_new)uaddr->salg_type~\"aead*\"".into()),
                callers: 7,
                reason: None,
                ..plain
            },
        ]
    );
    assert_eq!(parse(""), Ok(Vec::new()));
}

#[test]
fn what_is_not_understood_is_named() {
    let good = "f retval=-1 hits=2 state=engaged scope=all";

    for (line, word) in [
        ("f", "retval="),
        ("retval=-1 hits=2 state=engaged scope=all", "retval=-1"),
        ("f retval=x hits=2 state=engaged scope=all", "retval=x"),
        ("f retval=-1 state=engaged scope=all", "hits="),
        ("f retval=-1 hits=-2 state=engaged scope=all", "hits=-2"),
        ("f retval=-1 hits=2 state=gone scope=all", "state=gone"),
        ("f retval=-1 hits=2 scope=all", "state="),
        ("f retval=-1 hits=2 state=engaged scope=root", "scope=root"),
        ("f retval=-1 hits=2 state=engaged", "scope="),
        (
            "f retval=-1 hits=2 state=engaged scope=all callers=x",
            "callers=x",
        ),
        (
            "f retval=-1 hits=2 state=engaged scope=all reason=\"open",
            "reason=\"",
        ),
        (
            "f retval=-1 hits=2 state=engaged scope=all reason=\"a\"b",
            "b",
        ),
        ("1f retval=-1 hits=2 state=engaged scope=all", "1f"),
    ] {
        assert_eq!(
            parse(&format!("{good}\n{line}\n")),
            Err(Wrong {
                line: 2,
                word: word.into()
            }),
            "{line}"
        );
    }
}

proptest! {
    #[test]
    fn nothing_makes_the_parser_fail(text in "(\\PC|\n|\"|\\\\| |=){0,200}") {
        let _ = parse(&text);
    }

    /// What the kernel writes comes out again.
    #[test]
    fn a_reason_and_a_condition_come_out_as_they_went_in(
        reason in "[ -~]{1,128}",
        condition in "[!-~]{1,60}",
    ) {
        let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let line = format!(
            "f retval=-1 hits=2 state=engaged scope=all passed=0 faults=0 if=\"{}\" reason=\"{}\"",
            escaped(&condition),
            escaped(&reason),
        );
        let engagements = parse(&line).unwrap();

        prop_assert_eq!(engagements[0].reason.as_deref(), Some(&*reason));
        prop_assert_eq!(engagements[0].condition.as_deref(), Some(&*condition));
    }
}
