// SPDX-License-Identifier: GPL-2.0-only

//! Tests of the commands about CVEs, with the [sample kernel](Directory). Their output is compared
//! with the files in `golden/`, which `KS_BLESS=1` rewrites.

use super::*;
use crate::{
    catalogue::tests::{DOOR, SAMPLE},
    image::{tests::Directory, with_copy},
    record,
    schema::wrong,
    tests::golden,
};
use std::fs;

/// The sample kernel, with a catalogue, a record and a list of engagements.
struct Files(Directory);

impl Files {
    fn new(name: &str) -> Self {
        let files = Self(Directory::new(name));
        let refused = SAMPLE
            .replace("CVE-2030-1000", "CVE-2030-1001")
            .replace("modules = [\"plain\"]\n", "")
            .replace("plain:first -EPERM", "vmlinux:last void")
            .replace("plain:local -EPERM scope=nonroot", "f -EPERM")
            .replace("plain:", "");

        let sample = SAMPLE.replace(
            "loses = \"counting, for users\"",
            "loses = \"counting, for users\"\nrefused = \"it cannot be probed\"",
        );

        fs::create_dir_all(files.0.path("catalogue")).unwrap();
        for (file, text) in [
            ("catalogue/CVE-2030-1000.toml", &*sample),
            ("catalogue/CVE-2030-1001.toml", &refused),
            ("catalogue/door-sample.toml", DOOR),
            ("record.json", &record::tests::sample().to_string()),
            (
                "engaged",
                "plain:first retval=-1 hits=7 state=engaged scope=all reason=\"CVE-2030-1000\"\n",
            ),
        ] {
            fs::write(files.0.path(file), text).unwrap();
        }
        files
    }

    fn path(&self, name: &str) -> String {
        self.0.path(name).to_str().unwrap().into()
    }

    /// Runs the program with these arguments, on the sample kernel and catalogue.
    fn run(&self, words: &[&str]) -> Result<(u8, String), String> {
        let (vmlinux, modules) = (self.path("vmlinux"), self.path("modules"));
        let catalogue = self.path("catalogue");
        let mut all = vec![
            "--vmlinux",
            &vmlinux,
            "--modules",
            &modules,
            "--release",
            "6.1.1",
        ];

        match words[0] {
            "lint" => all.truncate(4),
            _ => all.extend(["--catalogue", &catalogue]),
        }
        crate::tests::outcome(&[words, &all].concat())
    }
}

#[test]
fn output_matches_the_golden_files() {
    let files = Files::new("golden");
    let (record, engaged) = (files.path("record.json"), files.path("engaged"));

    for (name, words) in [
        ("cve.txt", &["cve", "CVE-2030-1000"][..]),
        ("cve-refused.txt", &["cve", "CVE-2030-1001"]),
        ("cve-unknown.txt", &["cve", "CVE-2030-9999"]),
        ("cve-record.txt", &["cve", "--record", &record]),
        (
            "cve-engaged.txt",
            &["cve", "CVE-2030-1000", "--engaged", &engaged],
        ),
        (
            "cve-all.txt",
            &["cve", "--all", "--engaged", &engaged, "--record", &record],
        ),
        (
            "cve-all.json",
            &["cve", "--all", "--engaged", &engaged, "--json"],
        ),
        ("suggest.txt", &["suggest", "--record", &record]),
        ("suggest.json", &["suggest", "--record", &record, "--json"]),
    ] {
        let (status, text) = files.run(words).unwrap();

        assert_eq!(status, DONE);
        golden(&format!("src/print/golden/{name}"), &text);
    }
}

#[test]
fn copies_are_reported() {
    const COPIES: &str = "copies still run, 1 inlined: engaging it does not close the hole there";
    let files = Files::new("copies");
    let record = files.path("record.json");
    let run = |words: &[&str]| files.run(words).unwrap().1;
    let cve = || run(&["cve", "CVE-2030-1000"]);
    let suggest = || -> serde_json::Value {
        serde_json::from_str(&run(&["suggest", "--record", &record, "--json"])).unwrap()
    };
    let before = cve();

    assert!(suggest()["functions"][0].get("note").is_none());
    // The function is inlined in the one before it.
    with_copy(&files.0, "first", 3, 2);
    let line = format!("  but       plain:first: {COPIES}\n");

    assert!(cve().contains(&line), "{}", cve());
    assert_eq!(cve().replace(&line, ""), before);
    assert_eq!(suggest()["functions"][0]["note"], COPIES);
    let json: serde_json::Value =
        serde_json::from_str(&run(&["cve", "CVE-2030-1000", "--json"])).unwrap();

    assert_eq!(wrong("cve", &json), [""; 0]);
    assert_eq!(
        json["cves"][0]["ways"][0]["copies"][0],
        format!("plain:first: {COPIES}")
    );
    let error = files.run(&["cve", "--all", "--debug", "/nowhere"]);

    assert_eq!(error.unwrap_err(), "/nowhere: no such file or directory");
}

#[test]
fn openvex_documents_cover_all_arguments() {
    let files = Files::new("openvex");
    let (status, text) = files.run(&["cve", "--all", "--openvex"]).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();

    assert_eq!(status, DONE);
    assert_eq!(document["statements"].as_array().unwrap().len(), 2);
    assert_eq!(vex::tests::wrong(&document), [""; 0]);
}

#[test]
fn lint_reports_errors() {
    let files = Files::new("lint");
    let catalogue = files.path("catalogue");
    let lint = || files.run(&["lint", &catalogue]).unwrap();
    let (status, text) = lint();
    let lines: Vec<_> = text.lines().collect();

    // One alternative of the sample has functions that may not fail in this kernel.
    assert_eq!(status, NOT_ALL);
    assert!(
        lines[0].starts_with("CVE-2030-1001.toml: alternatives[0]: vmlinux:last is refused: "),
        "{text}"
    );
    let path = files.0.path("catalogue/CVE-2030-1001.toml");
    let sample = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        sample.replace("loses = ", "refused = \"it may not\"\nloses = "),
    )
    .unwrap();
    let (_, text) = lint();
    assert!(!text.contains("vmlinux:last"), "{text}");
    let wrong = SAMPLE
        .replace("CVE-2030-1000", "CVE-2030-1001")
        .replace("first -EPERM", "first -EPERM if=number==1");
    fs::write(&path, wrong).unwrap();
    let (_, text) = lint();
    assert!(
        text.starts_with(
            "CVE-2030-1001.toml: alternatives[0]: plain:first is refused: the function has no such \
             argument at character 1 of the condition"
        ),
        "{text}"
    );
    fs::write(&path, SAMPLE).unwrap();
    let (status, text) = lint();
    assert_eq!(status, NOT_ALL);
    assert_eq!(text.lines().count(), 2, "{text}");
    let nowhere = files.path("nowhere.toml");
    let (status, text) = files.run(&["lint", &nowhere]).unwrap();
    assert_eq!(
        (status, text),
        (
            NOT_ALL,
            format!("{nowhere}: it cannot be read: No such file or directory (os error 2)\n")
        )
    );
}

#[test]
fn invalid_arguments_are_errors() {
    let files = Files::new("cve-errors");
    let (record, engaged) = (files.path("record.json"), files.path("engaged"));

    fs::write(&record, "{").unwrap();
    fs::write(&engaged, "f").unwrap();
    for (words, problem) in [
        (
            &["cve", "--record", &record][..],
            format!("{record}: not a CVE record (JSON 5): "),
        ),
        (
            &["suggest", "--record", &record],
            format!("{record}: not a CVE record (JSON 5): "),
        ),
        (
            &["cve", "--all", "--engaged", &engaged],
            format!("{engaged}: line 1: unknown format: 'f'"),
        ),
        (&["cve"], "error: the following required arguments".into()),
        (
            &["cve", "--all", "CVE-1"],
            "error: the argument '--all' cannot be used".into(),
        ),
        (
            &["suggest"],
            "error: the following required arguments".into(),
        ),
    ] {
        let error = files.run(words).unwrap_err();

        assert!(error.starts_with(&problem), "{error}");
    }
}

#[test]
fn text_is_folded() {
    let long = "word ".repeat(40);
    let text = field("why", &long);

    assert_eq!(text.lines().count(), 3);
    assert!(text.lines().all(|it| it.len() <= 100));
    assert!(text.starts_with("  why       word"));
    assert_eq!(field("why", ""), "  why       \n");
}

#[test]
fn suggested_commands_are_one_write() {
    let commands = ["engage f -EPERM".to_owned(), "engage g 0".to_owned()];

    assert_eq!(
        typed(&commands[..1]),
        format!("echo 'engage f -EPERM' > {CONTROL}")
    );
    assert_eq!(
        typed(&commands),
        format!("cat <<'END' > {CONTROL}\nengage f -EPERM\nengage g 0\nEND")
    );
    assert!(typed(&["engage f 0 if=$comm=='x'".into()]).starts_with("cat <<'END' > "));
}
