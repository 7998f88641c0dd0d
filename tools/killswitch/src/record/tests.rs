// SPDX-License-Identifier: GPL-2.0-only

//! Tests of CVE records.

use super::*;
use proptest::prelude::*;
use serde_json::{json, Value};

/// A record in the form in which the kernel's numbering authority publishes them.
pub fn sample() -> Value {
    json!({
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1.1",
        "cveMetadata": {"cveId": "CVE-2030-12345", "state": "PUBLISHED"},
        "containers": {"cna": {
            "title": "sample: do not\n count  twice",
            "descriptions": [
                {"lang": "en", "value": "first() counts twice."},
                {"lang": "de", "value": "zweimal()"},
            ],
            "affected": [
                {
                    "programFiles": ["net/sample/plain.c", "include/net/sample.h"],
                    "versions": [{
                        "version": "72548b093ee38a6d4f2a19e6ef1948ae05c181f7",
                        "lessThan": "893d22e0135fa394db81df88697fba6032747667",
                        "status": "affected", "versionType": "git",
                    }],
                },
                {
                    "programFiles": ["net/sample/plain.c"],
                    "versions": [
                        {"version": "4.14", "status": "affected"},
                        {"version": "0", "lessThan": "4.14", "status": "unaffected",
                         "versionType": "semver"},
                        {"version": "5.10.254", "lessThanOrEqual": "5.10.*",
                         "status": "unaffected", "versionType": "semver"},
                        {"version": "7.0", "lessThanOrEqual": "*", "status": "unaffected",
                         "versionType": "original_commit_for_fix"},
                    ],
                },
            ],
            "cpeApplicability": [{"nodes": [{"operator": "OR", "cpeMatch": [
                {"vulnerable": true, "versionStartIncluding": "4.14",
                 "versionEndExcluding": "5.10.254"},
                {"vulnerable": true, "versionStartIncluding": "4.14",
                 "versionEndExcluding": "6.1.170"},
                {"vulnerable": false, "versionEndExcluding": "6.2.1"},
            ]}]}],
        }},
    })
}

#[test]
fn a_record_is_understood() {
    let versions = |list: &[&str]| list.iter().map(|it| it.parse().unwrap()).collect();

    assert_eq!(
        Record::parse(sample().to_string().as_bytes()),
        Ok(Record {
            id: "CVE-2030-12345".into(),
            title: "sample: do not count twice".into(),
            text: "first() counts twice.".into(),
            files: vec!["include/net/sample.h".into(), "net/sample/plain.c".into()],
            versions: Ranges {
                introduced: versions(&["4.14"]),
                fixed: versions(&["5.10.254", "6.1.170", "7.0"]),
            },
        })
    );
}

#[test]
fn what_is_left_out_is_empty() {
    let text = r#"{"cveMetadata": {"cveId": "CVE-2030-1"}, "containers": {"cna": {}}}"#;
    let record = Record::parse(text.as_bytes()).unwrap();

    assert_eq!((&*record.title, &*record.text), ("", ""));
    assert_eq!(
        (record.files.len(), record.versions),
        (0, Ranges::default())
    );
}

#[test]
fn what_is_no_record_is_one_clear_error() {
    let with = |pointer: &str, value: Value| {
        let mut record = sample();

        *record.pointer_mut(pointer).unwrap() = value;
        record.to_string()
    };

    for (text, problem) in [
        (String::new(), "it is no CVE record (JSON 5): EOF"),
        ("[]".into(), "it is no CVE record"),
        (
            "{}".into(),
            "it is no CVE record (JSON 5): missing field `cveMetadata`",
        ),
        (
            sample().to_string()[..200].into(),
            "it is no CVE record (JSON 5): EOF",
        ),
        ("[".repeat(100_000), "it is no CVE record"),
        (
            with("/cveMetadata/cveId", json!("12345")),
            "its cveId is no CVE",
        ),
        (
            with("/cveMetadata/cveId", json!("CVE-1\nengage f 0")),
            "its cveId is no CVE",
        ),
        (
            with("/cveMetadata/state", json!("REJECTED")),
            "CVE-2030-12345 is rejected",
        ),
        (
            with("/containers/cna/affected", json!({})),
            "it is no CVE record",
        ),
        (
            with("/containers/cna/title", json!(["x"])),
            "it is no CVE record",
        ),
        (" ".repeat(5 << 20), "it is larger than any CVE record"),
    ] {
        let error = Record::parse(text.as_bytes()).unwrap_err().to_string();

        assert!(error.starts_with(problem), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
    assert!(Record::parse(b"\xff\xfe").is_err());
}

#[test]
fn paths_that_are_none_are_left_out() {
    let mut record = sample();

    *record
        .pointer_mut("/containers/cna/affected/0/programFiles")
        .unwrap() = json!(["a\nb.c", "x".repeat(5000), "good.c"]);
    let record = Record::parse(record.to_string().as_bytes()).unwrap();

    assert_eq!(record.files, ["good.c", "net/sample/plain.c"]);
}

proptest! {
    #[test]
    fn a_record_that_is_cut_is_an_error(end in 0usize..2000) {
        let text = sample().to_string();

        prop_assert!(Record::parse(&text.as_bytes()[..end.min(text.len() - 1)]).is_err());
    }

    #[test]
    fn nothing_makes_the_parser_fail(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        at in 0usize..2000,
        byte in any::<u8>(),
    ) {
        let mut text = sample().to_string().into_bytes();
        let length = text.len();

        text[at % length] = byte;
        let _ = Record::parse(&text);
        let _ = Record::parse(&bytes);
    }
}
