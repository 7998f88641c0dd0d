// SPDX-License-Identifier: GPL-2.0-only

//! Tests of OpenVEX documents, against what its specification (version 0.2.0) asks for.

use super::*;
use serde_json::{to_value, Value};
use std::collections::BTreeSet;

fn finding(state: State) -> Finding {
    Finding {
        id: format!("CVE-2030-{}", 1000 + state as u32),
        title: "sample".into(),
        state,
        reason: "so it is".into(),
        ways: vec![Way {
            door: None,
            beside: Vec::new(),
            commands: vec!["engage f -EPERM".into(), "engage g -EPERM".into()],
            answers: vec![crate::cve::Answer::Allowed; 2],
            loses: "f".into(),
            tried: None,
            state: None,
        }],
        avoid: Vec::new(),
        sources: Vec::new(),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).map(|it| it.as_str().expect("it is text"))
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// What a document must have, and may have.
fn check(document: &Value) {
    const STATUSES: [&str; 4] = ["not_affected", "affected", "fixed", "under_investigation"];
    const JUSTIFICATIONS: [&str; 5] = [
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    ];
    let allowed = [
        "@context",
        "@id",
        "author",
        "role",
        "timestamp",
        "last_updated",
        "version",
        "tooling",
        "statements",
    ];
    let of_statement = [
        "@id",
        "version",
        "vulnerability",
        "timestamp",
        "last_updated",
        "products",
        "status",
        "supplier",
        "status_notes",
        "justification",
        "impact_statement",
        "action_statement",
        "action_statement_timestamp",
    ];

    assert!(keys(document).is_subset(&allowed.into()), "{document}");
    assert_eq!(
        text(document, "@context"),
        Some("https://openvex.dev/ns/v0.2.0")
    );
    let id = text(document, "@id").unwrap();
    assert!(
        id.starts_with("urn:") && !id.contains([' ', '<', '>']),
        "{id}"
    );
    assert!(!text(document, "author").unwrap().is_empty());
    assert!(humantime::parse_rfc3339(text(document, "timestamp").unwrap()).is_ok());
    assert!(document["version"].as_u64().unwrap() >= 1);
    let statements = document["statements"].as_array().unwrap();
    assert!(!statements.is_empty());
    for statement in statements {
        assert!(
            keys(statement).is_subset(&of_statement.into()),
            "{statement}"
        );
        assert!(!text(&statement["vulnerability"], "name")
            .unwrap()
            .is_empty());
        let products = statement["products"].as_array().unwrap();
        assert!(!products.is_empty());
        assert!(text(&products[0], "@id").unwrap().starts_with("pkg:"));
        let status = text(statement, "status").unwrap();
        let justification = text(statement, "justification");
        assert!(STATUSES.contains(&status), "{status}");
        assert!(justification.is_none_or(|it| JUSTIFICATIONS.contains(&it)));
        // Why it is not affected has to be said, and what to do if it is.
        assert_eq!(
            status == "not_affected",
            justification.is_some() || text(statement, "impact_statement").is_some(),
            "{statement}"
        );
        assert_eq!(
            status == "affected",
            text(statement, "action_statement").is_some()
        );
    }
}

#[test]
fn documents_have_what_the_specification_asks_for() {
    let findings = State::ALL.map(finding);
    let time = "2026-11-30T00:00:00Z";
    let document = document(&findings, "7.3.4+deb13 (Debian x)", Some("a b"), time);
    let document = to_value(document).unwrap();

    check(&document);
    assert_eq!(
        document["@id"],
        "urn:killswitch:a%20b:7.3.4%2Bdeb13%20%28Debian%20x%29:2026-11-30T00:00:00Z"
    );
    let statuses: Vec<_> = document["statements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(it, "status").unwrap(), text(it, "justification")))
        .collect();
    let (absent, inline) = (
        "vulnerable_code_not_present",
        "inline_mitigations_already_exist",
    );

    assert_eq!(
        statuses,
        [
            ("not_affected", Some(absent)),
            ("fixed", None),
            ("not_affected", Some(inline)),
            ("not_affected", Some(inline)),
            ("affected", None),
            ("affected", None),
            ("affected", None),
            ("affected", None),
            ("affected", None),
            ("under_investigation", None),
        ]
    );
    assert_eq!(
        document["statements"][0]["products"][0]["@id"],
        "pkg:generic/linux@7.3.4%2Bdeb13%20%28Debian%20x%29"
    );
}

#[test]
fn what_to_do_is_what_is_allowed() {
    let mut open = finding(State::Exposed);

    assert_eq!(
        action(&open),
        "engage f -EPERM; engage g -EPERM, until a fixed kernel is booted"
    );
    open.ways[0].answers[1] = crate::cve::Answer::Absent;
    assert_eq!(action(&open), "boot a fixed kernel");
}
