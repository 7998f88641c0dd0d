// SPDX-License-Identifier: GPL-2.0-only

//! Tests of states, with a kernel that returns scripted answers.

use super::*;
use crate::{
    catalogue::tests::{catalogue, DOOR, SAMPLE},
    live::state,
    record,
};

/// A kernel with scripted answers.
struct Scripted<'a> {
    release: Option<Release>,
    presence: Presence,
    refuses: &'a [&'a str],
    engagements: Vec<Engagement>,
}

impl<'a> Scripted<'a> {
    fn new(release: &str, engaged: &str) -> Self {
        Self {
            release: Release::parse(release).ok(),
            presence: Presence::Module,
            refuses: &[],
            engagements: state::parse(engaged).unwrap(),
        }
    }
}

impl Known for Scripted<'_> {
    fn release(&self) -> Option<&Release> {
        self.release.as_ref()
    }

    fn presence(&self, _: &str) -> Presence {
        self.presence
    }

    fn answer(&self, question: &Question<'_>) -> Answer {
        match self.refuses.contains(&question.target.symbol) {
            true => Answer::Refused("it must not fail (rule made-up)".into()),
            false => Answer::Allowed,
        }
    }

    fn engagements(&self) -> &[Engagement] {
        &self.engagements
    }
}

fn finding(kernel: &Scripted<'_>) -> Finding {
    let catalogue = catalogue(&[SAMPLE, DOOR]);

    of_entry(catalogue.get("CVE-2030-1000").unwrap(), &catalogue, kernel)
}

fn line(target: &str, value: &str, rest: &str) -> String {
    format!("{target} retval={value} hits=3 {rest}\n")
}

#[test]
fn version_decides_for_kernels_of_kernel_org() {
    for (release, state, reason) in [
        (
            "4.13",
            State::NotAffected,
            "it predates the flaw, introduced in 4.14",
        ),
        (
            "5.10.253",
            State::Exposed,
            "it has the flaw: kernel.org fixed it in 5.10.254, and nothing",
        ),
        (
            "5.10.254",
            State::Fixed,
            "it has the fix, released in 5.10.254",
        ),
        (
            "6.5.1",
            State::Exposed,
            "it has the flaw: kernel.org did not fix it in 6.5, and nothing",
        ),
        ("7.3.4", State::Fixed, "it has the fix, released in 7.0"),
        (
            "7.0-rc2",
            State::Unknown,
            "it is not known whether this version has the flaw; check",
        ),
    ] {
        let finding = finding(&Scripted::new(release, ""));

        assert_eq!(finding.state, state, "{release}");
        assert!(finding.reason.starts_with(reason), "{}", finding.reason);
    }
}

/// Distributions backport fixes, so the version alone does not show that one is missing.
#[test]
fn distribution_versions_never_imply_vulnerability() {
    for (release, state, reason) in [
        (
            "6.1.0-37-amd64",
            State::Unknown,
            "it depends on the patch level, which 6.1.0-37-amd64 does not have; give the version",
        ),
        (
            "5.10.0-30-amd64",
            State::Unknown,
            "of its package, which is in uname -v, with --release",
        ),
        (
            "6.5.0-5-amd64",
            State::Unknown,
            "but Debian backports fixes; search for the CVE",
        ),
        (
            "6.1.160-1",
            State::Unknown,
            "Debian has the fix since 6.1.168-1; search",
        ),
        (
            "6.1.168-1",
            State::Fixed,
            "the package 6.1.168-1 has the fix, since 6.1.168-1",
        ),
        (
            "6.1.169-1~bpo11+1",
            State::Fixed,
            "the package 6.1.169-1~bpo11+1 has the fix",
        ),
        (
            "7.3.4+deb13-amd64",
            State::Fixed,
            "has the fix, released in 7.0",
        ),
        ("4.9.0-19-amd64", State::NotAffected, "it predates the flaw"),
        (
            "5.15.0-91-generic",
            State::Unknown,
            "Ubuntu backports fixes; search for the CVE",
        ),
        (
            "4.4.0-210-generic",
            State::Unknown,
            "Ubuntu backports features",
        ),
        (
            "5.14.0-362.el9.x86_64",
            State::Unknown,
            "rpm -q --changelog",
        ),
        (
            "6.1.100-custom",
            State::Unknown,
            "if the source is from kernel.org, give its version",
        ),
        (
            "4.4.100-custom",
            State::Unknown,
            "if the source is from kernel.org, give its version",
        ),
        (
            "unknown",
            State::Unknown,
            "the version of the kernel is unknown",
        ),
    ] {
        let finding = finding(&Scripted::new(release, ""));

        assert_eq!(finding.state, state, "{release}: {}", finding.reason);
        assert!(finding.reason.contains(reason), "{}", finding.reason);
    }
}

#[test]
fn kernels_without_the_module_are_not_affected() {
    for (presence, release, state) in [
        (Presence::Absent, "6.1.1", State::NotAffected),
        (Presence::Absent, "5.15.0-91-generic", State::NotAffected),
        (Presence::Absent, "unknown", State::NotAffected),
        (Presence::Absent, "7.3", State::Fixed),
        (Presence::BuiltIn, "6.1.1", State::Exposed),
        (Presence::Unknown, "6.1.1", State::Exposed),
        (Presence::Unknown, "unknown", State::Unknown),
    ] {
        let kernel = Scripted {
            presence,
            ..Scripted::new(release, "")
        };

        assert_eq!(finding(&kernel).state, state, "{presence:?} {release}");
    }
}

#[test]
fn engagements_take_precedence_over_the_version() {
    let all = "state=engaged scope=all";
    let users = "state=engaged scope=nonroot";

    for (engaged, state, reason) in [
        (
            line("first", "-1", all),
            State::Mitigated,
            "first returns -1, 3 calls so far",
        ),
        (
            line("plain:first", "-13", all),
            State::Mitigated,
            "plain:first returns -13",
        ),
        (line("other:first", "-1", all), State::Exposed, ""),
        (
            line("first", "0", all),
            State::Partly,
            "first returns 0, 3 calls so far; the catalogue has",
        ),
        (
            line("first", "-1", users),
            State::Partly,
            "for users only; the catalogue has",
        ),
        (
            line(
                "first",
                "-1",
                "state=engaged scope=all passed=1 faults=0 if=\"$uid!=0\"",
            ),
            State::Partly,
            "if $uid!=0; the catalogue has",
        ),
        (
            line("first", "-1", "state=engaged scope=all timeout_left=60"),
            State::Mitigated,
            "for 60 seconds more",
        ),
        (
            line("first", "-1", "state=armed scope=all"),
            State::Armed,
            "first is armed until its module is loaded",
        ),
        (
            line("first", "none", "state=armed scope=all"),
            State::Observed,
            "first is armed",
        ),
        (
            line("first", "none", "state=observing scope=all"),
            State::Observed,
            "3 calls ran",
        ),
        (
            line("first", "-1", "state=probing scope=all"),
            State::Observed,
            "first is watched",
        ),
        (
            line("first", "-1", "state=disarmed scope=all"),
            State::Disarmed,
            "it RUNS",
        ),
        (
            line("first", "-1", "state=missing scope=all"),
            State::Disarmed,
            "no call is stopped",
        ),
        (
            line("local", "-1", users),
            State::Partly,
            "not engaged: plain:init",
        ),
        (
            line("local", "-1", users) + &line("init", "-1", all),
            State::Mitigated,
            "init returns",
        ),
        (
            line("local", "-1", all) + &line("plain:init", "-1", "state=armed scope=all"),
            State::Armed,
            "plain:init is armed until its module is loaded",
        ),
        (
            line("local", "-1", all) + &line("init", "none", "state=observing scope=all"),
            State::Partly,
            "init is observed",
        ),
        (
            line("local", "-1", all) + &line("init", "-1", "state=disarmed scope=all"),
            State::Disarmed,
            "the probe of init is disarmed",
        ),
        (
            line("local", "-1", all)
                + &line(
                    "init",
                    "-1",
                    "state=engaged scope=all passed=0 faults=0 if=\"$uid!=0\"",
                ),
            State::Mitigated,
            "if $uid!=0",
        ),
        (
            line("first", "-1", all) + &line("init", "-1", "state=disarmed scope=all"),
            State::Mitigated,
            "first returns -1",
        ),
    ] {
        for release in ["6.1.1", "5.15.0-91-generic"] {
            let finding = finding(&Scripted::new(release, &engaged));

            if state == State::Exposed && release != "6.1.1" {
                assert_eq!(finding.state, State::Unknown, "{engaged}");
                continue;
            }
            assert_eq!(finding.state, state, "{engaged}: {}", finding.reason);
            assert!(finding.reason.contains(reason), "{}", finding.reason);
        }
        assert_eq!(finding(&Scripted::new("7.3", &engaged)).state, State::Fixed);
    }
}

#[test]
fn engagements_for_fixed_cves_can_be_lifted() {
    let engaged = line("first", "-1", "state=engaged scope=all");
    let reason = finding(&Scripted::new("7.3", &engaged)).reason;

    assert!(reason.ends_with("can be lifted"), "{reason}");
    let reason = finding(&Scripted::new("4.4", &engaged)).reason;
    assert!(reason.ends_with("can be lifted"), "{reason}");
    let reason = finding(&Scripted::new("7.3", "")).reason;
    assert!(!reason.contains("lifted"), "{reason}");
}

#[test]
fn no_allowed_way_means_no_mitigation() {
    let kernel = |refuses| Scripted {
        refuses,
        ..Scripted::new("6.1.1", "")
    };
    let finding = finding(&kernel(&["first", "init"]));

    assert_eq!(finding.state, State::NoMitigation);
    assert!(
        finding
            .reason
            .contains("plain:init is refused: it must not fail (rule made-up)"),
        "{}",
        finding.reason
    );
    // The second alternative is still available.
    let finding = self::finding(&kernel(&["first"]));
    assert_eq!(finding.state, State::Exposed);
    assert!(
        finding.reason.contains("engage plain:local"),
        "{}",
        finding.reason
    );
}

#[test]
fn records_are_answered_by_the_way_into_their_files() {
    let catalogue = catalogue(&[DOOR]);
    let record = record::tests::sample().to_string();
    let record = Record::parse(record.as_bytes()).unwrap();
    let state = |release, engaged: &str| {
        let finding = of_record(&record, &catalogue, &Scripted::new(release, engaged));

        (finding.state, finding.reason)
    };

    let (exposed, reason) = state("6.1.1", "");
    assert_eq!(exposed, State::Exposed);
    assert!(
        reason.ends_with("engage plain:first -EACCES reason=CVE-2030-12345"),
        "{reason}"
    );
    assert_eq!(state("6.1.170", "").0, State::Fixed);
    assert_eq!(state("4.4", "").0, State::NotAffected);
    let (partly, reason) = state("6.1.1", &line("first", "-1", "state=engaged scope=all"));
    assert_eq!(partly, State::Partly);
    assert!(reason.contains("this closes door-sample"), "{reason}");
    assert_eq!(of_nothing("CVE-1").state, State::Unknown);
    let state = |files: &[&str]| {
        let record = Record {
            files: files.iter().map(|it| it.to_string()).collect(),
            ..record.clone()
        };
        let finding = of_record(&record, &catalogue, &Scripted::new("6.1.1", ""));

        (finding.state, finding.reason)
    };

    // Headers have no way in, and a source file that the door does not cover leaves the flaw open.
    assert_eq!(state(&["net/sample/a.c", "include/b.h"]).0, State::Exposed);
    let (none, reason) = state(&["net/sample/a.c", "net/core/b.c"]);
    assert_eq!(none, State::NoMitigation);
    assert!(
        reason.ends_with("door-sample covers some of its source files, but not net/core/b.c"),
        "{reason}"
    );
    let (none, reason) = state(&["net/core/b.c"]);
    assert_eq!(none, State::NoMitigation);
    assert!(
        reason.ends_with("it has no way into its source files"),
        "{reason}"
    );
}

/// A missing module proves nothing about code outside of it.
#[test]
fn files_elsewhere_are_not_missing_with_the_module() {
    let other = DOOR
        .replace("door-sample", "door-other")
        .replace("lib/count*", "lib/other.c")
        .replace("net/sample/", "net/other/")
        .replace("plain", "other");
    let catalogue = catalogue(&[DOOR, &other]);
    let record = record::tests::sample().to_string();
    let record = Record::parse(record.as_bytes()).unwrap();

    for (files, state) in [
        (&["net/sample/a.c"][..], State::NotAffected),
        (
            &["net/sample/a.c", "net/sample/a.h", "lib/count.c"],
            State::NotAffected,
        ),
        (&["net/sample/a.c", "net/core/sock.c"], State::NoMitigation),
        (&["net/sample/a.c", "net/core/entry.S"], State::NoMitigation),
        (&["net/sample/a.c", "include/net/sock.h"], State::Exposed),
        (&["net/sample/a.c", "net/other/a.c"], State::Exposed),
        (&["net/core/sock.c"], State::NoMitigation),
        (&[], State::NoMitigation),
    ] {
        let record = Record {
            files: files.iter().map(|it| it.to_string()).collect(),
            ..record.clone()
        };
        let kernel = Scripted {
            presence: Presence::Absent,
            ..Scripted::new("6.1.1", "")
        };
        let finding = of_record(&record, &catalogue, &kernel);

        assert_eq!(finding.state, state, "{files:?}");
        if state == State::NotAffected {
            assert_eq!(
                finding.reason,
                "neither built in nor among the modules found: plain"
            );
        }
    }
}

#[test]
fn doors_do_not_apply_if_nothing_closes_it() {
    let text = SAMPLE.split("[[").next().unwrap();
    let text = text.replace("names =", "none = \"nothing may fail\"\nnames =");
    let catalogue = catalogue(&[&text, DOOR]);
    let entry = catalogue.get("CVE-2030-1000").unwrap();
    let finding = of_entry(entry, &catalogue, &Scripted::new("6.1.1", ""));

    assert_eq!(finding.state, State::NoMitigation);
    assert!(
        finding.reason.ends_with("nothing may fail"),
        "{}",
        finding.reason
    );
    assert!(finding.ways.is_empty());
}

#[test]
fn states_have_names() {
    let names = State::ALL.map(|it| it.to_string());

    assert_eq!(
        names,
        [
            "not-affected",
            "fixed",
            "mitigated",
            "armed",
            "partly",
            "disarmed",
            "observed",
            "exposed",
            "no-mitigation",
            "unknown",
        ]
    );
    for (state, name) in State::ALL.iter().zip(names) {
        assert_eq!(serde_json::to_value(state).unwrap(), name);
    }
}
