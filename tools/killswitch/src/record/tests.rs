// SPDX-License-Identifier: GPL-2.0-only

//! Tests of CVE records.

use super::*;
use proptest::prelude::*;
use serde_json::{json, Value};

/// A record in the form that the kernel's CVE numbering authority publishes.
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
fn records_are_parsed() {
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
fn missing_fields_are_empty() {
    let text = r#"{"cveMetadata": {"cveId": "CVE-2030-1"}, "containers": {"cna": {}}}"#;
    let record = Record::parse(text.as_bytes()).unwrap();

    assert_eq!((&*record.title, &*record.text), ("", ""));
    assert_eq!(
        (record.files.len(), record.versions),
        (0, Ranges::default())
    );
}

#[test]
fn invalid_records_are_one_error() {
    let with = |pointer: &str, value: Value| {
        let mut record = sample();

        *record.pointer_mut(pointer).unwrap() = value;
        record.to_string()
    };

    for (text, problem) in [
        (String::new(), "not a CVE record (JSON 5): EOF"),
        ("[]".into(), "not a CVE record"),
        (
            "{}".into(),
            "not a CVE record (JSON 5): missing field `cveMetadata`",
        ),
        (
            sample().to_string()[..200].into(),
            "not a CVE record (JSON 5): EOF",
        ),
        ("[".repeat(100_000), "not a CVE record"),
        (
            with("/cveMetadata/cveId", json!("12345")),
            "its cveId is not a CVE ID",
        ),
        (
            with("/cveMetadata/cveId", json!("CVE-1\nengage f 0")),
            "its cveId is not a CVE ID",
        ),
        (
            with("/cveMetadata/state", json!("REJECTED")),
            "CVE-2030-12345 is rejected",
        ),
        (
            with("/containers/cna/affected", json!({})),
            "not a CVE record",
        ),
        (
            with("/containers/cna/title", json!(["x"])),
            "not a CVE record",
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
fn invalid_paths_are_ignored() {
    let mut record = sample();

    *record
        .pointer_mut("/containers/cna/affected/0/programFiles")
        .unwrap() = json!(["a\nb.c", "x".repeat(5000), "good.c"]);
    let record = Record::parse(record.to_string().as_bytes()).unwrap();

    assert_eq!(record.files, ["good.c", "net/sample/plain.c"]);
}

proptest! {
    #[test]
    fn truncated_records_are_errors(end in 0usize..2000) {
        let text = sample().to_string();

        prop_assert!(Record::parse(&text.as_bytes()[..end.min(text.len() - 1)]).is_err());
    }

    #[test]
    fn no_input_causes_a_panic(
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
