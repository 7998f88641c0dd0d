// SPDX-License-Identifier: GPL-2.0-only

//! Tests of OpenVEX documents, against a schema of our own for version 0.2.0 of the specification.

use super::*;
use crate::schema::{errors, validator};
use serde_json::{json, to_value, Value};

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
            copies: Vec::new(),
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

/// Errors in a document.
pub fn wrong(document: &Value) -> Vec<String> {
    let schema = serde_json::from_str(include_str!("openvex.json")).unwrap();

    errors(&validator(&schema), document)
}

#[test]
fn documents_meet_the_specification() {
    let findings = State::ALL.map(finding);
    let time = "2026-11-30T00:00:00Z";
    let document = document(&findings, "7.3.4+deb13 (Debian x)", Some("a b"), time);
    let document = to_value(document).unwrap();

    assert_eq!(wrong(&document), [""; 0]);
    assert_eq!(
        document["@id"],
        "urn:killswitch:a%20b:7.3.4%2Bdeb13%20%28Debian%20x%29:2026-11-30T00:00:00Z"
    );
    for (finding, statement) in findings
        .iter()
        .zip(document["statements"].as_array().unwrap())
    {
        let is_affected = statement["status"] == "affected";

        assert_eq!(is_affected, finding.state.is_open(), "{statement}");
    }
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

/// Each of these changes makes a document invalid.
#[test]
fn violations_of_the_specification_are_found() {
    let sound = to_value(document(
        &[finding(State::Exposed), finding(State::NotAffected)],
        "7.3.4",
        None,
        "2026-11-30T00:00:00Z",
    ))
    .unwrap();

    assert_eq!(wrong(&sound), [""; 0]);
    for (pointer, key, value) in [
        ("", "@context", json!("https://openvex.dev/ns")),
        ("", "@id", json!("no IRI")),
        ("", "author", json!("")),
        ("", "timestamp", json!("2026-11-30")),
        ("", "version", json!("1")),
        ("", "statements", json!([])),
        ("", "more", json!(1)),
        ("/statements/0", "more", json!(1)),
        ("/statements/0", "status", json!("exposed")),
        ("/statements/0", "status", json!("not_affected")),
        ("/statements/0", "action_statement", Value::Null),
        ("/statements/0", "products", json!([])),
        ("/statements/0/vulnerability", "name", json!("door-x")),
        ("/statements/0/products/0", "@id", json!("linux")),
        ("/statements/1", "status", json!("affected")),
        ("/statements/1", "justification", json!("it is not there")),
    ] {
        let mut document = sound.clone();

        document.pointer_mut(pointer).unwrap()[key] = value;
        assert_ne!(wrong(&document), [""; 0], "{pointer}/{key}");
    }
}

#[test]
fn actions_are_allowed_commands() {
    let mut open = finding(State::Exposed);

    assert_eq!(
        action(&open),
        "engage f -EPERM; engage g -EPERM, until a fixed kernel is booted"
    );
    open.ways[0].answers[1] = crate::cve::Answer::Absent;
    assert_eq!(action(&open), "boot a fixed kernel");
}
