// SPDX-License-Identifier: GPL-2.0-only

//! Tests of known facts about a kernel, with the [sample kernel](Directory).

use super::*;
use crate::image::{find_modules, tests::Directory};
use std::fs;

fn subject(directory: &Directory, with_modules: bool) -> Subject {
    let path = directory.path("modules");
    let index = Index::of(&Machine::nowhere(), &path).unwrap();
    let index = with_modules.then_some((&index, &*path));
    let modules = ["plain"].into();

    open_file(
        &directory.path("vmlinux"),
        index,
        &modules,
        &BTreeSet::new(),
    )
    .unwrap()
}

#[test]
fn answers_match_the_policy() {
    let directory = Directory::new("known-answers");
    let [with, without] = [true, false].map(|it| subject(&directory, it));

    fs::write(directory.path("modules.builtin"), "kernel/lib/inner.ko\n").unwrap();
    let listed = subject(&directory, true);
    for (line, expected, expected_without, expected_listed) in [
        ("first -EPERM", "allowed", "unknown", "allowed"),
        ("plain:first -EPERM", "allowed", "unknown", "allowed"),
        (
            "nf_sample:second -EPERM scope=nonroot",
            "allowed",
            "unknown",
            "allowed",
        ),
        ("plain:first 0", "refused", "unknown", "refused"),
        (
            "plain:first -EPERM if=$uid!=0",
            "allowed",
            "unknown",
            "allowed",
        ),
        (
            "plain:first -EPERM if=number==1",
            "refused",
            "unknown",
            "refused",
        ),
        ("f 0", "refused", "refused", "refused"),
        ("vmlinux:first -EPERM", "absent", "absent", "absent"),
        ("nothing -EPERM", "unknown", "unknown", "absent"),
        ("plain:nothing -EPERM", "absent", "unknown", "absent"),
        ("other:nothing -EPERM", "unknown", "unknown", "absent"),
    ] {
        let question = Question::parse(line.as_bytes()).unwrap();

        for (subject, expected) in [
            (&with, expected),
            (&without, expected_without),
            (&listed, expected_listed),
        ] {
            let answer = subject.answer(&question);
            let word = serde_json::to_value(&answer).unwrap();

            assert_eq!(word["verdict"], expected, "{line}: {answer:?}");
        }
    }
    assert_eq!(
        Subject::default().answer(&Question::parse(b"f 0").unwrap()),
        Answer::Unknown
    );
}

#[test]
fn modules_that_may_be_built_in_are_not_absent() {
    let directory = Directory::new("known-presence");
    let presence = |subject: &Subject, name| subject.presence(name);
    let subject = subject(&directory, true);

    // This kernel does not have the names of built-in modules.
    assert_eq!(presence(&subject, "other"), Presence::Unknown);
    fs::write(directory.path("modules.builtin"), "kernel/lib/in-ner.ko\n").unwrap();
    let subject = self::subject(&directory, true);
    assert_eq!(presence(&subject, "in_ner"), Presence::BuiltIn);
    assert_eq!(presence(&subject, "plain"), Presence::Module);
    assert_eq!(presence(&subject, "other"), Presence::Absent);
    // One directory of several.
    fs::write(directory.path("modules.dep"), "kernel/net/other.ko.xz:\n").unwrap();
    let subject = self::subject(&directory, true);
    let question = Question::parse(b"other:nothing -EPERM").unwrap();
    assert_eq!(presence(&subject, "other"), Presence::Module);
    assert_eq!(presence(&subject, "plain"), Presence::Module);
    assert_eq!(presence(&subject, "another"), Presence::Absent);
    assert_eq!(subject.answer(&question), Answer::Unknown);
    let subject = self::subject(&directory, false);
    assert_eq!(presence(&subject, "plain"), Presence::Unknown);
}

#[test]
fn installed_modules_are_known() {
    let directory = Directory::new("known-installed");
    let subject = |files: &[(&str, &str)]| {
        for (path, text) in files {
            let path = directory.path(path);

            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Subject::installed(&Machine::at(&directory.path(""), |_, _| unreachable!()))
    };
    let expect = |subject: &Subject, expected: [Presence; 4]| {
        assert_eq!(
            ["af_alg", "in_ner", "extra", "other"].map(|it| subject.presence(it)),
            expected
        );
    };
    let unknown = [Presence::Unknown; 4];

    expect(&subject(&[]), unknown);
    let version = [
        ("proc/version", "Linux version 7.3.4 (made up)\n"),
        ("proc/sys/kernel/osrelease", "7.3.4\n"),
    ];
    assert_eq!(subject(&version).release().unwrap().name, "7.3.4");
    // One list alone is not sufficient.
    let modules = "lib/modules/7.3.4/modules.dep";
    let list = "kernel/crypto/af_alg.ko.xz:\nupdates/extra.ko: kernel/crypto/af_alg.ko.xz\n";
    expect(&subject(&[(modules, list)]), unknown);
    let built_in = [(
        "lib/modules/7.3.4/modules.builtin",
        "kernel/lib/in-ner.ko\n",
    )];
    expect(
        &subject(&built_in),
        [
            Presence::Module,
            Presence::BuiltIn,
            Presence::Module,
            Presence::Absent,
        ],
    );
}

#[test]
fn given_releases_do_not_hide_the_package() {
    let banner = "Linux version 6.1.0-48-amd64 (a@b) (gcc) #1 SMP Debian 6.1.172-1 (2026-05-01)";

    for (own, given, expected) in [
        (
            banner,
            "6.1.0-48-amd64",
            "6.1.0-48-amd64 (Debian 6.1.172-1)",
        ),
        (banner, "6.1.0-47-amd64", "6.1.0-47-amd64"),
        (banner, "6.1.178-1", "6.1.178-1"),
        (banner, "6.1.172", "6.1.172"),
        ("6.1.172", "6.1.178", "6.1.178"),
        ("", "6.1.0-48-amd64", "6.1.0-48-amd64"),
    ] {
        let mut subject = Subject {
            release: Release::parse(own).ok(),
            ..Subject::default()
        };

        subject.set_release(Release::parse(given).unwrap());
        assert_eq!(subject.release.unwrap().to_string(), expected, "{given}");
    }
}

#[test]
fn only_needed_modules_are_read() {
    let directory = Directory::new("known-open");
    let path = directory.path("modules");
    let index = Index::of(&Machine::nowhere(), &path).unwrap();
    let nothing = BTreeSet::new();
    let count = |modules: &BTreeSet<&str>| {
        let vmlinux = directory.path("vmlinux");
        let subject = open_file(&vmlinux, Some((&index, &path)), modules, &nothing).unwrap();

        subject.kernel.unwrap().image().modules().len()
    };

    assert_eq!(count(&nothing), 0);
    assert_eq!(count(&["plain"].into()), find_modules(&path).len());
}

#[test]
fn invalid_files_are_errors() {
    let directory = Directory::new("known-engaged");
    let path = directory.path("engaged");

    assert!(engagements(&path)
        .unwrap_err()
        .to_string()
        .starts_with("it cannot be read: "));
    fs::write(
        &path,
        "f retval=-1 hits=0 state=engaged scope=all\nf hits\n",
    )
    .unwrap();
    assert_eq!(
        engagements(&path).unwrap_err().to_string(),
        "line 2: unknown format: 'f hits'"
    );
    fs::write(&path, "").unwrap();
    assert_eq!(engagements(&path).unwrap(), []);
}
