// SPDX-License-Identifier: GPL-2.0-only

//! Tests of the catalogue's files.

use super::*;

/// A valid file.
pub const SAMPLE: &str = r#"
id = "CVE-2030-1000"
title = "plain counts twice"
names = ["Twice"]
modules = ["plain"]
files = ["net/sample/plain.c"]
reach = "any user"
sources = ["made up"]

[versions]
introduced = ["4.14", "5.0"]
fixed = ["5.10.254", "6.1.170", "7.0"]

[distributions]
Debian = ["6.1.168-1"]

[[alternatives]]
targets = ["plain:first -EPERM"]
loses = "counting"

[[alternatives]]
targets = ["plain:local -EPERM scope=nonroot", "plain:init -1 if=$uid!=0"]
loses = "counting, for users"
tried = "not at all"

[[avoid]]
target = "plain:first 0"
why = "it was not counted"
"#;

/// A way in.
pub const DOOR: &str = r#"
id = "door-sample"
title = "counting"
modules = ["plain"]
files = ["net/sample/", "lib/count*"]
reach = "any user"
sources = ["made up"]

[[alternatives]]
targets = ["plain:first -EACCES"]
loses = "counting"
"#;

fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let files = files
        .iter()
        .map(|(name, text)| (name.to_string(), text.to_string()));

    match Catalogue::of(files.collect()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(Problem::to_string).collect(),
    }
}

/// A catalogue of files named after their entries.
pub fn catalogue(texts: &[&str]) -> Catalogue {
    let file = |text: &&str| {
        let id = text.split('"').nth(1).unwrap();

        (format!("{id}.toml"), text.to_string())
    };

    Catalogue::of(texts.iter().map(file).collect()).unwrap()
}

#[test]
fn built_in_catalogue_is_valid() {
    let catalogue = match Catalogue::built_in() {
        Ok(catalogue) => catalogue,
        Err(problems) => panic!("{problems:?}"),
    };
    let (doors, cves): (Vec<_>, Vec<_>) = catalogue.entries().partition(|it| it.is_door());

    assert!(cves.len() >= 80, "{}", cves.len());
    assert!(doors.len() >= 50, "{}", doors.len());
}

#[test]
fn entries_are_parsed() {
    let catalogue = catalogue(&[SAMPLE, DOOR]);
    let entry = catalogue.get("CVE-2030-1000").unwrap();
    let questions: Vec<_> = entry.alternatives[1]
        .questions()
        .map(|it| (it.target.symbol, it.value.get(), it.condition))
        .collect();

    assert_eq!(
        questions,
        [("local", -1, None), ("init", -1, Some("$uid!=0"))]
    );
    assert!(!entry.is_door());
    assert!(catalogue.get("door-sample").unwrap().is_door());
    assert_eq!(catalogue.entries().count(), 2);
}

#[test]
fn errors_are_reported_with_their_keys() {
    let name = "CVE-2030-1000.toml";

    assert_eq!(problems(&[(name, SAMPLE)]), [""; 0]);
    for (from, to, problem) in [
        (
            "title = \"plain counts twice\"\n",
            "",
            "missing field `title`",
        ),
        (
            "title = \"plain counts twice\"",
            "title = \" \"",
            "title: it is empty",
        ),
        ("title =", "titel =", "titel: unknown field `titel`"),
        (
            "loses = \"counting\"",
            "lost = 1",
            "alternatives[0].lost: unknown field `lost`",
        ),
        (
            "reach = \"any user\"",
            "reach = 1",
            "reach: invalid type: integer `1`",
        ),
        (
            "\"CVE-2030-1000\"",
            "\"CVE-30-1\"",
            "id: 'CVE-30-1' is neither a CVE nor a door",
        ),
        (
            "\"CVE-2030-1000\"",
            "\"CVE-2030-1001\"",
            "id: the file must be CVE-2030-1001.toml",
        ),
        ("[\"made up\"]", "[]", "sources: it is empty"),
        (
            "[\"net/sample/plain.c\"]",
            "[\"/net\"]",
            "files[0]: '/net' is not a path in the source",
        ),
        (
            "plain:first -EPERM",
            "plain:first",
            "alternatives[0].targets[0]: the return value is missing",
        ),
        (
            "plain:first -EPERM",
            "plain:first -EPREM",
            "alternatives[0].targets[0]: '-EPREM' is not a return value",
        ),
        (
            "plain:first -EPERM",
            "plain:fi rst -1",
            "alternatives[0].targets[0]: 'rst' is not a return value",
        ),
        (
            "plain:first -EPERM",
            "other:first -EPERM",
            "alternatives[0].targets[0]: module other is not among modules",
        ),
        (
            "scope=nonroot",
            "scope=users",
            "alternatives[1].targets[0]: unknown scope 'users'",
        ),
        ("if=$uid!=0", "if=$uid!=", "alternatives[1].targets[1]: "),
        (
            "[\"plain:first -EPERM\"]",
            "[]",
            "alternatives[0].targets: it is empty",
        ),
        (
            "target = \"plain:first 0\"",
            "target = \"plain:first -EPERM\"",
            "avoid[0].target: it is a target of an alternative",
        ),
        (
            "why = \"it was not counted\"",
            "why = \"\"",
            "avoid[0].why: it is empty",
        ),
        (
            "[[avoid]]",
            "none = \"x\"\n[[avoid]]",
            "alternatives[1].none: unknown field `none`",
        ),
        (
            "names =",
            "none = \"x\"\nnames =",
            "none: there are alternatives",
        ),
        (
            "\"4.14\", \"5.0\"",
            "\"5.0\", \"4.14\"",
            "versions.introduced[1]: 4.14 is after 5.0",
        ),
        (
            "\"4.14\", \"5.0\"",
            "\"4.14\", \"4.14\"",
            "versions.introduced[1]: 4.14 is after 4.14",
        ),
        (
            "\"4.14\", \"5.0\"",
            "\"7.0\"",
            "versions.introduced: 7.0 is not before the fix, 7.0",
        ),
        (
            "\"4.14\", \"5.0\"",
            "\"5.10.254\", \"6.0\"",
            "versions.introduced[0]: 5.10.254 is not before the fix of its branch, 5.10.254",
        ),
        (
            ", \"7.0\"]",
            "]",
            "versions.fixed: the fix of mainline is missing after 6.1.170",
        ),
        (
            "\"7.0\"",
            "\"7\"",
            "versions.fixed[2]: '7' is not a Linux version",
        ),
        (
            "6.1.168-1",
            "6.1.168",
            "distributions.Debian[0]: '6.1.168' is not a package version",
        ),
        ("[[avoid]]", "[[avoid", "unclosed array table"),
    ] {
        let found = problems(&[(name, &SAMPLE.replacen(from, to, 1))]);

        assert!(SAMPLE.contains(from), "{from}");
        assert!(
            found.iter().any(|it| {
                it.strip_prefix(name)
                    .and_then(|it| it.strip_prefix(": "))
                    .is_some_and(|it| it.starts_with(problem))
            }),
            "{to}: {found:?}"
        );
        assert!(found.iter().all(|it| it.lines().count() == 1), "{found:?}");
    }
}

#[test]
fn entries_say_why_they_have_no_alternatives() {
    let name = "CVE-2030-1000.toml";
    let text = SAMPLE.split("[[").next().unwrap();
    let with = text.replace("names =", "none = \"nothing may fail\"\nnames =");

    assert_eq!(
        problems(&[(name, text)]),
        [format!(
            "{name}: alternatives: there are none, and the key none does not say why"
        )]
    );
    assert_eq!(problems(&[(name, &with)]), [""; 0]);
}

#[test]
fn doors_have_no_versions() {
    let text = DOOR.replace("[[", "[versions]\nfixed = [\"7.0\"]\n[[");

    assert_eq!(
        problems(&[("door-sample.toml", &text)]),
        ["door-sample.toml: versions: not allowed in a door"]
    );
}

#[test]
fn ids_are_unique() {
    let files = [
        ("a/CVE-2030-1000.toml", SAMPLE),
        ("b/CVE-2030-1000.toml", SAMPLE),
    ];

    assert_eq!(
        problems(&files),
        ["b/CVE-2030-1000.toml: id: duplicate of a/CVE-2030-1000.toml"]
    );
}

#[test]
fn most_specific_door_of_a_file_is_chosen() {
    let inner = DOOR
        .replace("door-sample", "door-inner")
        .replace("\"net/sample/\"", "\"net/sample/inner*\"")
        .replace("lib/count*", "lib/other.c");
    let catalogue = catalogue(&[SAMPLE, DOOR, &inner]);

    for (files, doors) in [
        (&["net/sample/plain.c"][..], &["door-sample"][..]),
        (&["net/sample/deep/er.c"], &["door-sample"]),
        (&["net/sample/inner_tube.c"], &["door-inner"]),
        (
            &["lib/counter.c", "net/sample/inner.c"],
            &["door-inner", "door-sample"],
        ),
        (&["lib/other.c"], &["door-inner"]),
        (&["lib/other.cc", "net/samples.c", "net/sample", ""], &[]),
        (&[], &[]),
    ] {
        let files: Vec<_> = files.iter().map(|it| it.to_string()).collect();
        let found: Vec<_> = catalogue.doors(&files).iter().map(|it| &*it.id).collect();

        assert_eq!(found, doors, "{files:?}");
    }
}

#[test]
fn all_sources_but_headers_need_a_door() {
    let catalogue = catalogue(&[SAMPLE, DOOR]);

    for (file, is_open) in [
        ("net/sample/plain.c", false),
        ("net/sample/entry.S", false),
        ("net/core/sock.c", true),
        ("arch/x86/entry/entry_64.S", true),
        ("rust/kernel/lib.rs", true),
        ("include/net/sock.h", false),
    ] {
        let found = catalogue.without_door(&[file.to_owned()]);

        assert_eq!(!found.is_empty(), is_open, "{file}");
    }
}

#[test]
fn packages_are_ordered_by_version_and_revision() {
    let key = |text| package_key(text).unwrap();

    assert!(key("6.1.140-1") > key("6.1.135-2"));
    assert!(key("6.1.140-2") > key("6.1.140-1"));
    assert_eq!(key("7.3.4-1~bpo13+1"), key("7.3.4-1"));
    for text in ["6.1.140", "6.1.140-", "6.1.140-x", "x-1", ""] {
        assert_eq!(package_key(text), None, "{text}");
    }
}
