// SPDX-License-Identifier: GPL-2.0-only

//! Tests of states, with a kernel whose answers the tests write.

use super::*;
use crate::{
    catalogue::tests::{catalogue, DOOR, SAMPLE},
    live::state,
    record,
};

/// A kernel, as far as the tests say something about it.
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
fn the_version_decides_for_kernels_of_kernel_org() {
    for (release, state, reason) in [
        (
            "4.13",
            State::NotAffected,
            "it is older than the flaw, which came with 5.0",
        ),
        (
            "5.10.253",
            State::Exposed,
            "it has the flaw: kernel.org fixed it in 5.10.254, and nothing",
        ),
        (
            "5.10.254",
            State::Fixed,
            "it has the fix, which came with 5.10.254",
        ),
        (
            "6.5.1",
            State::Exposed,
            "it has the flaw: kernel.org did not fix it in 6.5, and nothing",
        ),
        ("7.3.4", State::Fixed, "it has the fix, which came with 7.0"),
        (
            "7.0-rc2",
            State::Unknown,
            "which versions have it is not known here",
        ),
    ] {
        let finding = finding(&Scripted::new(release, ""));

        assert_eq!(finding.state, state, "{release}");
        assert!(finding.reason.starts_with(reason), "{}", finding.reason);
    }
}

/// A distribution backports, so that its version says only what it has.
#[test]
fn the_version_of_a_distribution_never_says_that_it_is_vulnerable() {
    for (release, state, reason) in [
        (
            "6.1.0-37-amd64",
            State::Unknown,
            "Debian has the fix since 6.1.168-1; search",
        ),
        (
            "5.10.0-30-amd64",
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
            "the package 6.1.168-1 has the fix, as 6.1.168-1 had",
        ),
        (
            "6.1.169-1~bpo11+1",
            State::Fixed,
            "the package 6.1.169-1~bpo11+1 has the fix",
        ),
        (
            "7.3.4+deb13-amd64",
            State::Fixed,
            "has the fix, which came with 7.0",
        ),
        (
            "4.9.0-19-amd64",
            State::NotAffected,
            "it is older than the flaw",
        ),
        (
            "5.15.0-91-generic",
            State::Unknown,
            "Ubuntu backports fixes; search for the CVE",
        ),
        (
            "4.4.0-210-generic",
            State::Unknown,
            "Ubuntu backports features into older versions",
        ),
        (
            "5.14.0-362.el9.x86_64",
            State::Unknown,
            "rpm -q --changelog",
        ),
        (
            "6.1.100-custom",
            State::Unknown,
            "if the source is that of kernel.org, give its version",
        ),
        (
            "4.4.100-custom",
            State::Unknown,
            "if the source is that of kernel.org, give its version",
        ),
        (
            "unknown",
            State::Unknown,
            "the version of the kernel is not known",
        ),
    ] {
        let finding = finding(&Scripted::new(release, ""));

        assert_eq!(finding.state, state, "{release}: {}", finding.reason);
        assert!(finding.reason.contains(reason), "{}", finding.reason);
    }
}

#[test]
fn a_kernel_without_the_module_is_not_affected() {
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
fn what_is_engaged_decides_before_the_version() {
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
            "first waits for its module",
        ),
        (
            line("first", "none", "state=armed scope=all"),
            State::Observed,
            "first waits",
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
            "nothing is stopped",
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
            "plain:init waits for its module",
        ),
        (
            line("local", "-1", all) + &line("init", "none", "state=observing scope=all"),
            State::Partly,
            "init is observed",
        ),
        (
            line("local", "-1", all) + &line("init", "-1", "state=disarmed scope=all"),
            State::Disarmed,
            "the probe of init is off",
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
fn what_is_fixed_can_be_lifted() {
    let engaged = line("first", "-1", "state=engaged scope=all");
    let reason = finding(&Scripted::new("7.3", &engaged)).reason;

    assert!(reason.ends_with("can be lifted"), "{reason}");
    let reason = finding(&Scripted::new("4.4", &engaged)).reason;
    assert!(reason.ends_with("can be lifted"), "{reason}");
    let reason = finding(&Scripted::new("7.3", "")).reason;
    assert!(!reason.contains("lifted"), "{reason}");
}

#[test]
fn without_a_way_that_is_allowed_there_is_no_mitigation() {
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
    // The second alternative is still there.
    let finding = self::finding(&kernel(&["first"]));
    assert_eq!(finding.state, State::Exposed);
    assert!(
        finding.reason.contains("engage plain:local"),
        "{}",
        finding.reason
    );
}

#[test]
fn a_record_is_answered_by_the_way_into_its_files() {
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
    assert!(reason.contains("that closes door-sample"), "{reason}");
    assert_eq!(of_nothing("CVE-1").state, State::Unknown);
    let state = |files: &[&str]| {
        let record = Record {
            files: files.iter().map(|it| it.to_string()).collect(),
            ..record.clone()
        };
        let finding = of_record(&record, &catalogue, &Scripted::new("6.1.1", ""));

        (finding.state, finding.reason)
    };

    // A header says little, and a source file beside the door leaves the flaw open.
    assert_eq!(state(&["net/sample/a.c", "include/b.h"]).0, State::Exposed);
    let (none, reason) = state(&["net/sample/a.c", "net/core/b.c"]);
    assert_eq!(none, State::NoMitigation);
    assert!(
        reason
            .ends_with("door-sample is a way to some of its source files, and not to net/core/b.c"),
        "{reason}"
    );
    let (none, reason) = state(&["net/core/b.c"]);
    assert_eq!(none, State::NoMitigation);
    assert!(
        reason.ends_with("neither is a way into its source files"),
        "{reason}"
    );
}

#[test]
fn where_nothing_closes_it_no_door_does() {
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
fn states_are_what_their_names_say() {
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
