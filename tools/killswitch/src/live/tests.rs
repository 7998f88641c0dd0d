// SPDX-License-Identifier: GPL-2.0-only

//! Tests of the commands, on a machine of plain files whose `control` and `check` return scripted
//! answers.

use super::{apply::apply, *};
use crate::{
    catalogue::tests::{catalogue, DOOR, SAMPLE},
    image::tests::Directory,
    machine::Reply,
    mitigations::FromCatalogue,
    schema, vex, Arguments,
};
use clap::Parser;
use serde_json::Value;
use std::{cell::RefCell, collections::VecDeque, fs, rc::Rc};

#[path = "../../../../testing/host/src/generated.rs"]
mod generated;

/// A scripted answer: the file, the expected write, the error if any, and the text.
type Answer<'a> = (&'a str, &'a str, Option<i32>, &'a str);

const EPERM: i32 = 1;
const EACCES: i32 = 13;
const EINVAL: i32 = 22;

const STATUS: &str = "version: 1\nslots: 3/256\ndisarmed: 0\nlockdown: integrity\ntypes: btf\n\
                      sealed: 0\ntaint: 1\n";
const ENGAGED: &str = "\
af_alg_sendmsg retval=-1 hits=2 state=engaged scope=all callers=1 reason=\"CVE-2026-31431\"
x25:x25_create retval=-1 hits=0 state=armed scope=nonroot timeout_left=5400 reason=\"ticket 4711\"
alg_bind retval=none hits=12 state=observing scope=all passed=3 faults=0 if=\"$uid!=0\" callers=2 \
reason=\"see CVE-2026-31431\"
";
const KERNEL_LOG: &str = "\
5,1,1000000,-;killswitch: armed x25:x25_create: when its module is loaded it will return -1
6,2,100000000,-;killswitch: engaged af_alg_sendmsg: it returns -1 (-EPERM) without running
";

/// A machine for a test.
struct Made {
    directory: Directory,
    machine: Machine,
    left: Rc<RefCell<VecDeque<String>>>,
}

impl Made {
    /// Creates it with these files, and with these answers in this order.
    fn new(name: &str, files: &[(&str, &str)], answers: &[Answer<'_>]) -> Self {
        let directory = Directory::new(&format!("live-{name}"));
        let answers: Vec<_> = answers
            .iter()
            .map(|(file, text, error, answer)| {
                (
                    (*file).to_owned(),
                    (*text).to_owned(),
                    *error,
                    (*answer).to_owned(),
                )
            })
            .collect();
        let left = Rc::new(RefCell::new(
            answers
                .iter()
                .map(|(_, text, ..)| text.clone())
                .collect::<VecDeque<_>>(),
        ));
        let asked = left.clone();
        let number = RefCell::new(0);
        let converse = move |path: &std::path::Path, text: &str| {
            let (file, expected, error, answer) = &answers[*number.borrow()];

            *number.borrow_mut() += 1;
            asked.borrow_mut().pop_front();
            assert!(path.ends_with(format!("killswitch/{file}")), "{path:?}");
            assert_eq!(text, expected);
            Reply {
                result: match error {
                    None => Ok(()),
                    Some(errno) => Err(io::Error::from_raw_os_error(*errno)),
                },
                answer: answer.clone(),
            }
        };

        for (path, text) in files {
            let path = directory.path(path.trim_start_matches('/'));

            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self {
            machine: Machine::at(&directory.path(""), converse),
            directory,
            left,
        }
    }

    /// Runs a command; returns the status, the answer and the problems.
    fn run(&self, words: &[&str]) -> (Result<u8, String>, String, String) {
        let words = ["killswitch"].iter().chain(words);
        let arguments = Arguments::try_parse_from(arguments(words.clone().map(|it| it.into())))
            .unwrap_or_else(|error| panic!("{error}"));
        let crate::Command::Live(command) = &arguments.command else {
            panic!("it does not apply to files");
        };

        let knowledge = FromCatalogue::new(|| Ok(catalogue(&[SAMPLE, DOOR])));

        self.on_screen(|screen| run(command, &self.machine, &knowledge, screen))
    }

    fn on_screen(
        &self,
        run: impl FnOnce(&mut Screen<'_>) -> Result<u8, Box<dyn Error>>,
    ) -> (Result<u8, String>, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = run(&mut Screen::new(&mut out, &mut err, false, false));
        let text = |bytes| {
            let root = self.directory.path("");

            String::from_utf8(bytes)
                .unwrap()
                .replace(root.to_str().unwrap(), "/")
        };

        assert_eq!(*self.left.borrow(), [] as [&str; 0], "unused answers");
        (
            status.map_err(|error| error.to_string()),
            text(out),
            text(err),
        )
    }

    fn read(&self, path: &str) -> String {
        self.machine.read(path).unwrap()
    }
}

/// Compares `text` with a golden file.
fn golden(name: &str, text: &str) {
    crate::tests::golden(&format!("src/live/golden/{name}"), text);
}

fn file(name: &str) -> String {
    format!("{KILLSWITCH}/{name}")
}

/// The files of a machine with engagements.
fn files() -> Vec<(String, String)> {
    [
        (file("control"), ""),
        (file("check"), ""),
        (file("status"), STATUS),
        (file("engaged"), ENGAGED),
        (
            "/sys/kernel/security/lockdown".into(),
            "[none] integrity confidentiality\n",
        ),
        ("/proc/uptime".into(), "90061.25 1.00\n"),
        ("/dev/kmsg".into(), KERNEL_LOG),
        ("/proc/version".into(), "Linux version 6.5.1 (made up)\n"),
        ("/proc/sys/kernel/hostname".into(), "host one\n"),
        ("/proc/sys/kernel/osrelease".into(), "6.5.1-made\n"),
    ]
    .map(|(path, text)| (path, text.to_owned()))
    .to_vec()
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files
        .iter()
        .map(|(path, text)| (&**path, &**text))
        .collect()
}

/// A command, the writes and answers of the kernel, and the status, the answer, or `@` and the name
/// of a golden file with it, and the problems.
struct Case<'a> {
    words: &'a [&'a str],
    answers: &'a [Answer<'a>],
    status: u8,
    out: &'a str,
    err: &'a str,
}

#[test]
fn commands_are_written_and_answered() {
    let engaged = "engaged f: it returns -1 (-EPERM) without running\n  note: f.part.0 runs\n";
    let refused = "refused engage g 0: this is an entry point (rule lsm-entry)\n";
    let allow = "allow f -1\n  function: f in the kernel\n";
    let refuse = "refuse long_name 2147483647 lsm-entry\n  this is an entry point\n";

    for (
        number,
        Case {
            words,
            answers,
            status,
            out,
            err,
        },
    ) in [
        Case {
            words: &["engage", "f", "-EPERM"],
            answers: &[("control", "engage f -EPERM\n", None, engaged)],
            status: DONE,
            out: engaged,
            err: "",
        },
        Case {
            words: &[
                "engage",
                "f",
                "-EPERM",
                "m:g",
                "void",
                "--reason",
                "two words",
                "--for",
                "2h",
            ],
            answers: &[(
                "control",
                "engage f -EPERM for=7200 reason=two words\n\
                 engage m:g void for=7200 reason=two words\n",
                None,
                "engaged f: it\narmed m:g: when\n",
            )],
            status: DONE,
            out: "engaged f: it\narmed m:g: when\n",
            err: "",
        },
        Case {
            words: &["engage", "g", "0"],
            answers: &[("control", "engage g 0\n", Some(EACCES), refused)],
            status: REFUSED,
            out: "",
            err: refused,
        },
        Case {
            words: &["engage", "g", "0"],
            answers: &[("control", "engage g 0\n", Some(EACCES), "")],
            status: REFUSED,
            out: "",
            err: "killswitch: control: Permission denied; this needs root in the initial \
                 user namespace\n",
        },
        Case {
            words: &["engage", "g", "0", "--json"],
            answers: &[("control", "engage g 0\n", Some(EACCES), refused)],
            status: REFUSED,
            out: "@change-refused.json",
            err: "",
        },
        Case {
            words: &[
                "engage",
                "f",
                "-1",
                "--unless-called",
                "1h",
                "--scope",
                "nonroot",
            ],
            answers: &[(
                "control",
                "tryengage f -1 3600 scope=nonroot\n",
                None,
                "watching f\n",
            )],
            status: DONE,
            out: "watching f\n",
            err: "",
        },
        Case {
            words: &["observe", "f", "m:g", "--if", "$comm==\"a b\""],
            answers: &[(
                "control",
                "observe f if=$comm==\"a b\"\nobserve m:g if=$comm==\"a b\"\n",
                None,
                "observing f: its\n",
            )],
            status: DONE,
            out: "observing f: its\n",
            err: "",
        },
        Case {
            words: &["observe", "f", "--json"],
            answers: &[("control", "observe f\n", None, "observing f: its\n")],
            status: DONE,
            out: "@change-done.json",
            err: "",
        },
        Case {
            words: &["check", "f", "nothing", "--json"],
            answers: &[(
                "check",
                "f nothing\n",
                Some(EINVAL),
                "refused check: 'nothing' is no\n",
            )],
            status: REFUSED,
            out: "@check-unclear.json",
            err: "",
        },
        Case {
            words: &["engage", "f", "-1", "--dry-run", "--json"],
            answers: &[("check", "f -1\n", None, allow)],
            status: DONE,
            out: "@check-rehearsed.json",
            err: "",
        },
        Case {
            words: &["keep", "f"],
            answers: &[("control", "keep f\n", None, "kept f: it\n")],
            status: DONE,
            out: "kept f: it\n",
            err: "",
        },
        Case {
            words: &["disengage", "f", "m:g"],
            answers: &[(
                "control",
                "disengage f\ndisengage m:g\n",
                None,
                "disengaged f after 2 hits\n",
            )],
            status: DONE,
            out: "disengaged f after 2 hits\n",
            err: "",
        },
        Case {
            words: &["disengage", "--all"],
            answers: &[(
                "control",
                "disengage_all\n",
                Some(EPERM),
                "refused disengage_all: sealed\n",
            )],
            status: REFUSED,
            out: "",
            err: "refused disengage_all: sealed\n",
        },
        Case {
            words: &["seal", "--yes"],
            answers: &[("control", "seal\n", None, "sealed: nothing changes\n")],
            status: DONE,
            out: "sealed: nothing changes\n",
            err: "",
        },
        Case {
            words: &["seal", "--dry-run"],
            answers: &[],
            status: DONE,
            out: "would write: seal\n",
            err: "",
        },
        Case {
            words: &["lift", "af_alg_sendmsg"],
            answers: &[(
                "control",
                "disengage af_alg_sendmsg\n",
                None,
                "disengaged\n",
            )],
            status: DONE,
            out: "disengaged\n",
            err: "",
        },
        Case {
            words: &["lift", "cve-2026-31431", "af_alg_sendmsg"],
            answers: &[(
                "control",
                "disengage af_alg_sendmsg\ndisengage alg_bind\n",
                None,
                "disengaged af_alg_sendmsg after 2 hits\ndisengaged alg_bind after 12 hits\n",
            )],
            status: DONE,
            out: "disengaged af_alg_sendmsg after 2 hits\ndisengaged alg_bind after 12 hits\n",
            err: "",
        },
        Case {
            words: &["lift", "CVE-2026-3143", "ticket 4711"],
            answers: &[(
                "control",
                "disengage x25:x25_create\n",
                None,
                "disengaged\n",
            )],
            status: PARTLY,
            out: "disengaged\n",
            err: "killswitch: nothing is engaged by the name or for the reason CVE-2026-3143\n",
        },
        Case {
            words: &["lift", "x25_create"],
            answers: &[],
            status: REFUSED,
            out: "",
            err: "killswitch: nothing is engaged by the name or for the reason x25_create; did \
                  you mean x25:x25_create?\n",
        },
        Case {
            words: &["lift", "ticket", "--dry-run"],
            answers: &[],
            status: DONE,
            out: "would write: disengage x25:x25_create\n",
            err: "",
        },
        Case {
            words: &["check", "f", "-EPERM"],
            answers: &[("check", "f -EPERM\n", None, allow)],
            status: DONE,
            out: allow,
            err: "",
        },
        Case {
            words: &["check", "f", "-EPERM", "long_name", "0x7fffffff"],
            answers: &[(
                "check",
                "f -EPERM\nlong_name 0x7fffffff\n",
                None,
                &[allow, refuse].concat(),
            )],
            status: PARTLY,
            out: "allow  f                 -1\n  function: f in the kernel\n\
                  refuse long_name 2147483647 lsm-entry\n  this is an entry point\n",
            err: "",
        },
        Case {
            words: &["check", "long_name", "2147483647", "--json"],
            answers: &[("check", "long_name 2147483647\n", None, refuse)],
            status: REFUSED,
            out: "@check-refused.json",
            err: "",
        },
        Case {
            words: &["check", "f", "nothing"],
            answers: &[(
                "check",
                "f nothing\n",
                Some(EINVAL),
                "refused check: 'nothing' is no\n",
            )],
            status: REFUSED,
            out: "",
            err: "refused check: 'nothing' is no\n",
        },
        Case {
            words: &[
                "engage",
                "f",
                "-EPERM",
                "scope=nonroot",
                "--reason",
                "CVE-1",
                "--dry-run",
            ],
            answers: &[("check", "f -1 scope=nonroot\n", None, allow)],
            status: DONE,
            out: "would write: engage f -EPERM scope=nonroot reason=CVE-1\n\
                  allow f -1\n  function: f in the kernel\n",
            err: "",
        },
    ]
    .into_iter()
    .enumerate()
    {
        let machine = Made::new(&format!("commands-{number}"), &borrowed(&files()), answers);
        let (result, answer, problem) = machine.run(words);

        assert_eq!((result, &*problem), (Ok(status), err), "{words:?}");
        match out.strip_prefix('@') {
            Some(name) => golden(name, &answer),
            None => assert_eq!(answer, out, "{words:?}"),
        }
    }
}

#[test]
fn request_files_are_written_verbatim() {
    let answer = "engaged f: it\ndisengaged g after 0 hits\n";
    let machine = Made::new(
        "file",
        &borrowed(&files()),
        &[(
            "control",
            "engage f -1 reason=x\ndisengage g\n",
            None,
            answer,
        )],
    );
    let path = machine.directory.path("requests");

    fs::write(
        &path,
        "# Until then.\n\n  engage f -1 reason=x\ndisengage g\n",
    )
    .unwrap();
    let words = ["engage", "--reason", "no", "--file", path.to_str().unwrap()];
    assert_eq!(
        machine.run(&words),
        (Ok(DONE), answer.into(), String::new())
    );
}

#[test]
fn errors_are_reported_before_writing() {
    let machine = Made::new("wrong", &borrowed(&files()), &[]);

    for (words, problem) in [
        (&["engage"][..], "name a function, or a file of requests"),
        (&["engage", "f\nseal", "-1"], "a request is one line"),
        (
            &["engage", "f", "nothing", "--dry-run"],
            "line 1: 'engage f nothing': 'nothing' is not a return value; write a decimal or 0x \
             number, an error such as -EPERM, NULL or void",
        ),
        (
            &["engage", "--file", "/nowhere"],
            "/nowhere: it cannot be read: No such file or directory (os error 2)",
        ),
    ] {
        assert_eq!(machine.run(words).0, Err(problem.into()), "{words:?}");
    }
}

#[test]
fn commands_report_that_killswitch_is_not_active() {
    let machine = Made::new(
        "absent",
        &[("/etc/killswitch.d/a.conf", "engage f -1\n")],
        &[],
    );
    let missing = "there is no /sys/kernel/security/killswitch/control; check that the kernel has \
                   CONFIG_SECURITY_KILLSWITCH, that securityfs is mounted, and that lsm= contains \
                   killswitch\n";

    for words in [
        &["check", "f", "-1"][..],
        &["engage", "f", "-1"],
        &["disengage", "--all"],
        &["lift", "f"],
        &["seal", "--yes"],
        &["status"],
        &["status", "--json"],
        &["watch"],
        &["why", "f"],
    ] {
        assert_eq!(
            machine.run(words),
            (
                Ok(NOT_AVAILABLE),
                String::new(),
                format!("killswitch: {missing}")
            ),
            "{words:?}"
        );
    }
    let (status, _, err) = machine.run(&["apply"]);
    assert_eq!(status, Ok(NOT_AVAILABLE));
    assert_eq!(
        err,
        format!("killswitch: NOTHING of /etc/killswitch.d is engaged: {missing}")
    );
}

#[test]
fn status_is_shown() {
    let machine = Made::new("status", &borrowed(&files()), &[]);
    let old = "killswitch: warning: x25:x25_create has been armed for 1d 1h, more than 1d 1h; \
               check for a fixed kernel\n\
               killswitch: warning: alg_bind has been observed for up to 1d 1h, more than 1d 1h; \
               check for a fixed kernel\n";

    for (words, status, err) in [
        (&["status"][..], DONE, ""),
        (&["status", "--max-age", "25h"], PARTLY, old),
        (&["status", "--max-age", "2d"], DONE, ""),
    ] {
        let (result, table, problem) = machine.run(words);

        assert_eq!((result, &*problem), (Ok(status), err), "{words:?}");
        golden("status.txt", &table);
    }
}

#[test]
fn age_is_shown_and_warned_about() {
    let machine = Made::new("age", &borrowed(&files()), &[]);
    let json = |words: &[&str]| {
        let (status, out, _) = machine.run(&[&["status", "--json"], words].concat());
        let report: Value = serde_json::from_str(&out).unwrap();
        let of = |key: &str| -> Vec<Value> {
            let engaged = report["engaged"].as_array().unwrap();

            engaged.iter().map(|it| it[key].clone()).collect()
        };

        assert_eq!(schema::wrong("status", &report), [""; 0]);
        (
            status,
            of("age"),
            of("overdue"),
            report["warnings"].as_array().unwrap().len(),
        )
    };
    let ages = || vec![89961.into(), 90060.into(), 90061.into()];

    for (max_age, status, overdue) in [
        ("89960s", PARTLY, [true, true, true]),
        ("89961s", PARTLY, [false, true, true]),
        ("90060s", PARTLY, [false, false, true]),
        ("90061s", DONE, [false, false, false]),
    ] {
        let count = overdue.iter().filter(|it| **it).count();
        let words = ["--max-age", max_age];
        let metrics = machine.run(&["status", "--openmetrics", "--max-age", max_age]);
        let samples: Vec<_> = metrics
            .1
            .lines()
            .filter(|it| it.starts_with("killswitch_overdue{"))
            .map(|it| it.ends_with(" 1"))
            .collect();

        assert_eq!(
            json(&words),
            (Ok(status), ages(), overdue.map(Value::from).to_vec(), count)
        );
        assert_eq!(samples, overdue, "{max_age}");
        assert!(metrics
            .1
            .contains(&format!("killswitch_warnings {count}\n")));
    }
    assert_eq!(json(&[]), (Ok(DONE), ages(), vec![Value::Null; 3], 0));
}

/// Releases, engagements, and the state of the only CVE of the catalogue, if it is shown.
#[test]
fn states_of_cves_are_shown() {
    const FIRST: &str = "plain:first retval=-1 hits=7 state=engaged scope=all\n";
    const OTHER: &str = "f retval=-1 hits=0 state=engaged scope=all reason=\"CVE-2030-4711\"\n";

    // For the CVE, but not in the catalogue.
    const BESIDE: &str = "f retval=-1 hits=0 state=engaged scope=all reason=\"cve-2030-1000\"\n";

    for (number, (release, engaged, status, states)) in [
        ("6.5.1", "", PARTLY, &["CVE-2030-1000 exposed"][..]),
        ("6.5.1", FIRST, DONE, &["CVE-2030-1000 mitigated"]),
        (
            "6.5.1",
            "plain:first retval=-1 hits=7 state=disarmed scope=all\n",
            PARTLY,
            &["CVE-2030-1000 disarmed"],
        ),
        (
            "6.5.1",
            "plain:first retval=-1 hits=7 state=engaged scope=nonroot\n",
            PARTLY,
            &["CVE-2030-1000 partly"],
        ),
        (
            "6.5.1",
            "plain:first retval=none hits=7 state=observing scope=all\n",
            PARTLY,
            &["CVE-2030-1000 observed"],
        ),
        ("7.3.4", "", DONE, &["CVE-2030-1000 fixed"]),
        ("4.13", "", DONE, &[]),
        ("4.13", FIRST, DONE, &["CVE-2030-1000 not-affected"]),
        (
            "6.5.1",
            OTHER,
            PARTLY,
            &["CVE-2030-1000 exposed", "CVE-2030-4711 unknown"],
        ),
        ("4.13", BESIDE, DONE, &["CVE-2030-1000 not-affected"]),
        ("6.5.1", BESIDE, PARTLY, &["CVE-2030-1000 exposed"]),
    ]
    .into_iter()
    .enumerate()
    {
        let mut files = files();

        files[2].1 = STATUS.into();
        files[3].1 = engaged.into();
        files[7].1 = format!("Linux version {release} (made up)\n");
        let machine = Made::new(&format!("cve-{number}"), &borrowed(&files), &[]);
        let (result, out, _) = machine.run(&["status", "--cve", "--json"]);
        let report: Value = serde_json::from_str(&out).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let shown: Vec<_> = report["cves"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| format!("{} {}", text(&it["id"]), text(&it["state"])))
            .collect();

        // Without it, other warnings determine the status.
        assert_eq!(result, Ok(status.max(machine.run(&["status"]).0.unwrap())));
        assert_eq!(shown, states, "{release}, {engaged}");
        assert_eq!(report["release"], release);
        assert_eq!(schema::wrong("status", &report), [""; 0]);

        let (_, metrics, _) = machine.run(&["status", "--cve", "--openmetrics"]);
        let samples: Vec<_> = metrics
            .lines()
            .filter_map(|it| it.strip_prefix("killswitch_cve{cve=\""))
            .map(|it| it.replace("\",state=\"", " ").replace("\"} 1", ""))
            .collect();
        assert_eq!(samples, states);
        for state in states.iter().filter_map(|it| it.split(' ').nth(1)) {
            let sample = format!("\nkillswitch_cves{{state=\"{state}\"}} 1\n");

            assert!(metrics.contains(&sample), "{metrics}");
        }

        let (result, out, _) = machine.run(&["status", "--openvex"]);
        let document: Value = serde_json::from_str(&out).unwrap();
        let statements = document["statements"].as_array().unwrap();
        // It also contains irrelevant CVEs.
        let count = states.len().max(1);
        assert_eq!((result, statements.len()), (Ok(DONE), count));
        assert_eq!(vex::tests::wrong(&document), [""; 0]);
        let id = text(&document["@id"]);
        assert!(id.starts_with(&format!("urn:killswitch:host%20one:{release}:")));
    }
}

#[test]
fn states_of_cves_are_a_table() {
    let machine = Made::new("cve-table", &borrowed(&files()), &[]);
    let (status, text, err) = machine.run(&["status", "--cve"]);

    assert_eq!(status, Ok(PARTLY));
    golden("status-cve.txt", &text);
    golden("status-cve-warnings.txt", &err);
    let (_, json, _) = machine.run(&["status", "--cve", "--json"]);
    golden("status-cve.json", &json);
}

#[test]
fn failures_are_warned_about() {
    let mut files = files();

    files[2].1 = STATUS.replace("disarmed: 0", "disarmed: 1")
        + "boot-error: refused g: there is no function of this name\n";
    files[3].1 = "f retval=-1 hits=0 state=disarmed scope=all\n\
                  m:g retval=-1 hits=0 state=missing scope=all found_in=other\n"
        .into();
    let machine = Made::new("failed", &borrowed(&files), &[]);

    assert_eq!(machine.run(&["status", "--json"]).0, Ok(PARTLY));
    // Metrics are always available.
    let (status, metrics, _) = machine.run(&["status", "--openmetrics"]);
    assert_eq!(status, Ok(DONE));
    assert!(metrics.contains("\nkillswitch_warnings 3\n"), "{metrics}");

    let (status, out, err) = machine.run(&["status"]);

    assert_eq!(status, Ok(PARTLY));
    golden("status-failed.txt", &out);
    golden("status-failed-warnings.txt", &err);
}

#[test]
fn status_is_machine_readable() {
    let mut files = files();

    files[3].1 = ENGAGED.lines().next().unwrap().to_owned() + "\n";
    let machine = Made::new("json", &borrowed(&files), &[]);
    let (status, out, _) = machine.run(&["status", "--json"]);

    assert_eq!(status, Ok(DONE));
    golden("status.json", &out);
    let (status, out, _) = machine.run(&["status", "--openmetrics"]);
    let samples: Vec<_> = out.lines().filter(|it| !it.starts_with('#')).collect();
    let of = "{target=\"af_alg_sendmsg\",scope=\"all\",reason=\"CVE-2026-31431\"}";
    let expected = [
        "info{kernel=\"6.5.1-made\",lockdown=\"none\",types=\"btf\"} 1",
        "slots 256",
        "engagements 3",
        "disarmed 0",
        "sealed 0",
        "taint 1",
        "boot_errors 0",
        "warnings 0",
        &format!("state{} 1", of.replace('}', ",state=\"engaged\"}")),
        &format!("hits_total{of} 2"),
        &format!("callers{of} 1"),
        &format!("age_seconds{of} 89961"),
    ]
    .map(|it| format!("killswitch_{it}"));

    assert_eq!(status, Ok(DONE));
    assert_eq!(samples, expected);
    // Each family is described before its samples, and nothing follows the EOF marker.
    assert!(
        out.contains("# TYPE killswitch_hits counter\nkillswitch_hits_total{"),
        "{out}"
    );
    assert!(out.ends_with("\n# EOF\n"), "{out}");
}

#[test]
fn metrics_have_units_and_counters_of_conditions() {
    let machine = Made::new("metrics", &borrowed(&files()), &[]);
    let (_, out, _) = machine.run(&["status", "--openmetrics"]);
    let of = "{target=\"alg_bind\",scope=\"all\",reason=\"see CVE-2026-31431\"}";

    for line in [
        format!("killswitch_passed_total{of} 3"),
        format!("killswitch_faults_total{of} 0"),
        format!(
            "killswitch_state{} 1",
            of.replace('}', ",state=\"observing\"}")
        ),
        "# UNIT killswitch_left_seconds seconds".into(),
    ] {
        assert!(out.contains(&format!("{line}\n")), "{line}: {out}");
    }
    // Without a condition, these counters do not exist.
    assert_eq!(out.matches("killswitch_passed_total{").count(), 1, "{out}");
}

/// The table of metrics in the administrator's guide, which `KS_BLESS=1` writes.
#[test]
fn the_table_of_metrics_is_in_the_guide() {
    let machine = Made::new("guide", &borrowed(&files()), &[]);
    let (_, out, _) = machine.run(&["status", "--cve", "--max-age", "1d", "--openmetrics"]);
    let row = |name: &str, meaning: &str| format!("{name:28}  {meaning}\n");
    let border = row(&"=".repeat(28), &"=".repeat(70));
    let metrics = out.lines().filter_map(|line| {
        let (family, help) = line.strip_prefix("# HELP ")?.split_once(' ')?;
        let counter = format!("# TYPE {family} counter\n");
        let name = match out.contains(&counter) {
            true => format!("{family}_total"),
            false => family.to_owned(),
        };

        Some(row(&format!("``{name}``"), help.trim_end_matches('.')))
    });
    let body: String = metrics.collect();
    let head = row("Metric", "Meaning");
    let table = format!("{border}{head}{border}{body}{border}");

    assert!(table.lines().all(|it| it.len() <= 100), "{table}");
    generated::check("metrics", &table);
}

/// Alerts and the dashboard use existing metrics only.
#[test]
fn monitors_use_existing_metrics() {
    let machine = Made::new("monitors", &borrowed(&files()), &[]);
    let (_, out, _) = machine.run(&["status", "--cve", "--max-age", "1d", "--openmetrics"]);
    let is_measured = |name: &str| {
        out.lines().any(|line| {
            line.starts_with(&format!("{name} ")) || line.starts_with(&format!("{name}{{"))
        }) || out.contains(&format!("# TYPE {name} gauge\n"))
    };
    let alerts = include_str!("../../../../packaging/monitoring/alerts.yml");
    let dashboard = include_str!("../../../../packaging/monitoring/dashboard.json");
    let shown: Value = serde_json::from_str(dashboard).unwrap();
    let panels = shown["panels"].as_array().unwrap();

    for text in [alerts, dashboard] {
        let names: Vec<_> = text
            .split(|it: char| !it.is_ascii_alphanumeric() && it != '_')
            .filter(|it| it.starts_with("killswitch_"))
            .collect();

        assert!(names.len() >= 9, "{names:?}");
        for name in names {
            assert!(is_measured(name), "{name}: {out}");
        }
    }
    for panel in panels {
        for key in ["title", "description"] {
            assert!(
                panel[key].as_str().is_some_and(|it| !it.is_empty()),
                "{panel}"
            );
        }
        assert!(panel["targets"]
            .as_array()
            .is_some_and(|all| all.iter().all(|it| it["expr"].is_string())));
    }
}

#[test]
fn engagements_replace_observations() {
    let mut files = applied(&[("10.conf", "engage g -1\n")]);

    files[3].1 = "g retval=none hits=0 state=observing scope=all\n".into();
    files.push((file("fn/g/retval"), "none\n".into()));
    let made = Made::new(
        "observed",
        &borrowed(&files),
        &[("control", "engage g -1", None, "engaged g\n")],
    );

    assert_eq!(made.run(&["apply"]).0, Ok(DONE));
    assert_eq!(made.read(&file("fn/g/retval")), "none\n");
}

#[test]
fn callers_are_shown() {
    let mut files = files();
    let callers = file("fn/af_alg_sendmsg/callers");
    let passwd = "root:x:0:0:root:/root:/bin/bash\nuser:x:1001:1001::/home/user:/bin/sh\n";

    files.extend([
        (
            callers,
            "calls=2 context=task uid=1001 dev=fe:01 ino=2231 cgroup=4711 \
             from=sock_sendmsg+0x2c/0x60 first=1795949617 last=1795949620 pid=811 comm=\"curl\"\n\
             calls=17 context=softirq last=1795949621\n\
             calls=3 context=task uid=77 others=1 first=1795949617 last=1795949621\n\
             calls=5 context=task others=1 last=1795949622\n"
                .to_owned(),
        ),
        ("/etc/passwd".into(), passwd.into()),
    ]);
    let machine = Made::new("why", &borrowed(&files), &[]);
    let (status, table, err) = machine.run(&["why", "af_alg_sendmsg"]);

    assert_eq!((status, &*err), (Ok(DONE), ""));
    golden("why.txt", &table);
    let (_, json, _) = machine.run(&["why", "af_alg_sendmsg", "--json"]);
    golden("why.json", &json);
    assert_eq!(
        machine.run(&["why", "m:af_alg_sendmsg"]),
        (
            Ok(REFUSED),
            "The audit log was not searched: ausearch is missing or failed.\n".into(),
            "killswitch: nothing is engaged by the name m:af_alg_sendmsg; did you mean \
             af_alg_sendmsg?\n"
                .into()
        )
    );
    let bind = machine.machine.path(&file("fn/alg_bind"));
    fs::create_dir_all(&bind).unwrap();
    fs::write(bind.join("callers"), "").unwrap();
    let (_, none, _) = machine.run(&["why", "alg_bind"]);
    golden("why-none.txt", &none);

    // Records of the audit log about this function.
    let ausearch = machine.directory.path("usr/sbin/ausearch");
    fs::create_dir_all(ausearch.parent().unwrap()).unwrap();
    fs::write(
        &ausearch,
        "#!/bin/sh\n[ \"$*\" = '--input-logs -m AVC,MAC_CONFIG_CHANGE -ts boot -i' ] || exit 1\n\
         # What its own environment says may be another user's.\n\
         [ -z \"$HOME$CARGO_MANIFEST_DIR\" ] && [ \"$LC_ALL\" = C.UTF-8 ] || exit 1\n\
         say() { printf '%b\\n' \"type=AVC msg=audit(1:$1) : avc:  denied  $2\"; }\n\
         say 1 '{ call } for  comm=a\\033[2J lsm=killswitch tcontext=sendmsg tclass=function'\n\
         say 2 '{ call } for  comm=a lsm=killswitch tcontext=other tclass=function'\n\
         say 3 '{ read } for  tcontext=sendmsg tclass=file'\n",
    )
    .unwrap();
    fs::set_permissions(
        &ausearch,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    assert_eq!(
        machine.run(&["why", "sendmsg"]).1,
        "In the audit log:\ntype=AVC msg=audit(1:1) : avc:  denied  { call } for  comm=a\\u001b[2J \
         lsm=killswitch tcontext=sendmsg tclass=function\n"
    );
}

#[test]
fn programs_and_cgroups_have_paths() {
    let mut files = files();
    let callers = file("fn/af_alg_sendmsg/callers");

    files.extend([
        (callers.clone(), String::new()),
        ("/usr/bin/curl".into(), String::new()),
        ("/sys/fs/cgroup/a.slice/b.service/x".into(), String::new()),
    ]);
    let machine = Made::new("paths", &borrowed(&files), &[]);
    let program = machine.machine.inode("/usr/bin/curl").unwrap();
    let cgroup = machine
        .machine
        .inode("/sys/fs/cgroup/a.slice/b.service")
        .unwrap();
    let exe = machine.directory.path("proc/811/exe");
    let row = |inode| {
        let line = format!(
            "calls=2 context=task uid=0 dev=fe:01 ino={inode} cgroup={cgroup} from=f+0x1/0x2 \
             first=1 last=2 pid=811 comm=\"curl\"\n"
        );

        fs::write(machine.machine.path(&callers), line).unwrap();
        let (_, out, _) = machine.run(&["why", "af_alg_sendmsg"]);

        out.lines()
            .find(|it| it.contains("(curl)"))
            .unwrap()
            .to_owned()
    };

    fs::create_dir_all(exe.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(machine.machine.path("/usr/bin/curl"), &exe).unwrap();
    let found = row(program);
    assert!(
        found.contains("usr/bin/curl (curl)  /a.slice/b.service  f+0x1/0x2"),
        "{found}"
    );
    // Another program has the process ID by now.
    let found = row(program + 1);
    assert!(found.contains("0    (curl)"), "{found}");
}

#[test]
fn watching_nothing_reports_nothing() {
    let machine = Made::new("watch", &borrowed(&files()), &[]);
    let words = [
        "watch",
        "--for",
        "30ms",
        "--interval",
        "100000000000y",
        "x25_create",
        "alg_bind",
    ];

    assert_eq!(
        machine.run(&words),
        (
            Ok(DONE),
            String::new(),
            "killswitch: nothing is engaged by the name x25_create yet; did you mean x25:x25_create?\n\
             killswitch: watching 1 of 3 engagements, and what changes every 100000000000years; \
             Ctrl-C ends it\n"
                .into()
        )
    );
}

/// Any user can choose names of programs and cgroups.
#[test]
fn untrusted_names_are_escaped_on_terminals() {
    let hostile = "a\x1b]0;x\x07\n0  root  \u{9b}2J\u{202e}";
    let mut files = files();
    let callers = file("fn/af_alg_sendmsg/callers");

    files.extend([
        (callers.clone(), String::new()),
        (format!("/tmp/{hostile}"), String::new()),
        (format!("/sys/fs/cgroup/{hostile}/x"), String::new()),
    ]);
    let machine = Made::new("hostile", &borrowed(&files), &[]);
    let inode = |path: &str| machine.machine.inode(&format!("{path}/{hostile}")).unwrap();
    let exe = machine.directory.path("proc/811/exe");

    fs::create_dir_all(exe.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(machine.machine.path(&format!("/tmp/{hostile}")), &exe).unwrap();
    fs::write(
        machine.machine.path(&callers),
        format!(
            "calls=2 context=task uid=0 ino={} cgroup={} first=1 last=2 pid=811 comm=\"a\"\n",
            inode("/tmp"),
            inode("/sys/fs/cgroup")
        ),
    )
    .unwrap();
    let shown = r"x\u0007\u000a0  root  \u009b2J\u202e";
    let (status, out, _) = machine.run(&["why", "af_alg_sendmsg"]);

    assert_eq!(status, Ok(DONE));
    assert_eq!(out.matches(shown).count(), 2, "{out}");
    assert!(
        !out.contains(|it: char| it.is_control() && it != '\n'),
        "{out:?}"
    );
    let (_, json, _) = machine.run(&["why", "af_alg_sendmsg", "--json"]);
    assert!(
        !json.contains(|it: char| it.is_control() && it != '\n'),
        "{json:?}"
    );
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["callers"][0]["path"], format!("/{hostile}"));
}

/// With the maximum number of engagements, and a full kernel log.
#[test]
fn many_engagements_are_shown() {
    let engaged: String = (0..200)
        .map(|number| {
            format!(
                "m{number}:function_{number} retval=-1 hits={number} state=engaged scope=all \
                 callers=3 reason=\"CVE-2030-{:04}\"\n",
                1000 + number
            )
        })
        .collect();
    let mut files = files();

    files[3].1 = engaged;
    let machine = Made::new("many", &borrowed(&files), &[]);
    let (_, out, _) = machine.run(&["status", "--cve"]);
    assert_eq!(out.matches("function_").count(), 200 + 200);
}

/// Files of a machine with `f` and `m:g` engaged, and files of commands.
fn applied<'a>(confs: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    let mut files = files();

    files[3].1 = "f retval=-1 hits=0 state=engaged scope=all reason=\"two words\"\n\
                  m:g retval=-1 hits=0 state=armed scope=nonroot passed=0 faults=0 if=\"$uid!=0\"\n\
                  h retval=-1 hits=0 state=probing scope=all timeout_left=7\n\
                  t retval=-1 hits=0 state=engaged scope=all timeout_left=7\n"
        .into();
    for name in ["f", "m:g", "h", "t"] {
        files.push((file(&format!("fn/{name}/retval")), "-1\n".into()));
    }
    files.extend(
        confs
            .iter()
            .map(|(name, text)| (format!("/etc/killswitch.d/{name}"), (*text).into())),
    );
    files
}

/// A test of `apply`: the content of files, the writes and answers of the kernel, the status, the
/// answer and the problems. `@` stands for `/etc/killswitch.d/`.
type Applied<'a> = (
    &'a [(&'a str, &'a str)],
    &'a [Answer<'a>],
    u8,
    &'a str,
    &'a str,
);

#[test]
fn files_are_applied() {
    const REFUSED_IN: &str =
        "refused in line 2: engage security_file_open 0: no (rule lsm-entry)\n";
    const CASES: &[Applied<'_>] = &[
        (&[], &[], DONE, "killswitch: there is no @*.conf\n", ""),
        (
            &[("ignored", "engage x -1"), (".conf", "engage x -1")],
            &[],
            DONE,
            "killswitch: there is no @*.conf\n",
            "",
        ),
        // In the order of names, each file as a transaction, without comments.
        (
            &[
                ("20.conf", "engage x -1 reason=two words"),
                ("10.conf", "# why\n\n  engage a\t-EPERM  \nengage b void\n"),
            ],
            &[
                (
                    "control",
                    "engage a\t-EPERM\nengage b void",
                    None,
                    "engaged a\nengaged b\n",
                ),
                (
                    "control",
                    "engage x -1 reason=two words",
                    None,
                    "engaged x\n",
                ),
            ],
            DONE,
            "@10.conf: engaged a\nengaged b\n@20.conf: engaged x\n",
            "",
        ),
        // A refusal names the line of the file, and other files are still applied.
        (
            &[
                (
                    "10.conf",
                    "# one\nengage f -1 reason=two words\nengage a -1\n\n\
                     engage security_file_open 0\n",
                ),
                ("20.conf", "engage x -1\n"),
            ],
            &[
                (
                    "control",
                    "engage a -1\nengage security_file_open 0",
                    Some(EACCES),
                    REFUSED_IN,
                ),
                ("control", "engage x -1", None, "engaged x\n"),
            ],
            PARTLY,
            "@20.conf: engaged x\n",
            "killswitch: NOTHING of @10.conf was done: refused in line 5: engage \
             security_file_open 0: no (rule lsm-entry)\n",
        ),
        (
            &[("10.conf", "engage a -1")],
            &[("control", "engage a -1", Some(EACCES), "")],
            REFUSED,
            "",
            "killswitch: NOTHING of @10.conf was done: Permission denied\n",
        ),
        // Already engaged.
        (
            &[(
                "10.conf",
                "engage f -1 reason=two words\nengage m:g -1 scope=nonroot if=$uid!=0 for=9\n",
            )],
            &[],
            DONE,
            "@10.conf: f is already engaged, and returns -1\n\
             @10.conf: m:g is already armed, and will return -1 when its module is loaded\n",
            "",
        ),
        (
            &[(
                "10.conf",
                "engage f -1 scope=nonroot reason=two words\nengage m:g -1 scope=nonroot \
                 if=$uid!=0 reason=x\n",
            )],
            &[],
            DONE,
            "@10.conf: f is already engaged, and returns -1\n\
             @10.conf: m:g is already armed, and will return -1 when its module is loaded\n",
            "killswitch: scope and reason of f are not changed; disengage it first to change \
             them\n\
             killswitch: scope and reason of m:g are not changed; disengage it first to change \
             them\n",
        ),
        // Calls pass if the engagement has a scope or condition that the file has not.
        (
            &[("10.conf", "engage m:g -1 scope=nonroot\n")],
            &[],
            PARTLY,
            "@10.conf: m:g is already armed, and will return -1 when its module is loaded\n",
            "killswitch: @10.conf: calls of m:g pass that the file stops\n\
             killswitch: the condition of m:g is not changed; disengage it first to change it\n",
        ),
        (
            &[("10.conf", "engage m:g -1 if=$uid!=0\n")],
            &[],
            PARTLY,
            "@10.conf: m:g is already armed, and will return -1 when its module is loaded\n",
            "killswitch: @10.conf: calls of m:g pass that the file stops\n\
             killswitch: scope and reason of m:g are not changed; disengage it first to change \
             them\n",
        ),
        // A time limit that the file has not is removed, in the same write.
        (
            &[
                ("10.conf", "engage a -1\nengage t -1\n"),
                ("20.conf", "engage t -1 for=9"),
            ],
            &[(
                "control",
                "engage a -1\nkeep t",
                None,
                "engaged a\nkept t\n",
            )],
            DONE,
            "@10.conf: engaged a\nkept t\n\
             @10.conf: t is already engaged, and returns -1\n\
             @20.conf: t is already engaged, and returns -1\n",
            "",
        ),
        (
            &[("10.conf", "engage t -1\n")],
            &[("control", "keep t", Some(EPERM), "")],
            REFUSED,
            "",
            "killswitch: NOTHING of @10.conf was done: Operation not permitted\n",
        ),
        (
            &[("10.conf", "engage h -1\n")],
            &[],
            REFUSED,
            "",
            "killswitch: @10.conf: h is probing, and RUNS\n",
        ),
        // Not parsed by the kernel.
        (
            &[("10.conf", "engage a -1\ndisengage_all\n")],
            &[],
            REFUSED,
            "",
            "killswitch: NOTHING of @10.conf was done: line 2: 'disengage_all' is not allowed \
             in these files, only engage and mitigate are\n",
        ),
        (
            &[("10.conf", "engage a -1\nengage f -1 scope=all extra\n")],
            &[],
            REFUSED,
            "",
            "killswitch: NOTHING of @10.conf was done: line 2: 'extra' is not expected here\n",
        ),
        (
            &[("10.conf", "mitigate CVE-1\n")],
            &[],
            REFUSED,
            "",
            "killswitch: NOTHING of @10.conf was done: line 1: CVE-1: it is not in the \
             catalogue\n",
        ),
        // An invalid function name is not used in a path.
        (
            &[("10.conf", "engage ../fn/f -1\n")],
            &[(
                "control",
                "engage ../fn/f -1",
                Some(EINVAL),
                "refused the request: no\n",
            )],
            REFUSED,
            "",
            "killswitch: NOTHING of @10.conf was done: refused the request: no\n",
        ),
    ];
    let full = |text: &str| text.replace('@', "/etc/killswitch.d/");

    for (number, (files, answers, status, out, err)) in CASES.iter().enumerate() {
        let name = format!("apply-{number}");
        let made = Made::new(&name, &borrowed(&applied(files)), answers);

        assert_eq!(
            made.run(&["apply"]),
            (Ok(*status), full(out), full(err)),
            "{files:?}"
        );
    }
}

#[test]
fn files_are_rehearsed() {
    const CASES: &[Applied<'_>] = &[
        (
            &[(
                "10.conf",
                "engage a -EPERM reason=x\nengage f -5 reason=two words\n",
            )],
            &[
                ("check", "a -1\n", None, "allow a -1\n  zone: core\n"),
                ("check", "f -5\n", None, "allow f -5\n"),
            ],
            DONE,
            "@10.conf:\nwould write: engage a -EPERM reason=x\nallow a -1\n  zone: core\n\
             @10.conf: f is already engaged, and would return -5\n",
            "",
        ),
        // A refused value refuses the file, as without a dry run.
        (
            &[(
                "10.conf",
                "engage m:g -5 scope=nonroot if=$uid!=0\nengage f -1\n",
            )],
            &[(
                "check",
                "m:g -5 scope=nonroot\n",
                None,
                "refuse m:g -5 default\n  no\n",
            )],
            REFUSED,
            "",
            "killswitch: NOTHING of @10.conf would be done: refused m:g -5: no\n",
        ),
        (
            &[("10.conf", "engage f NONSENSE\n")],
            &[],
            REFUSED,
            "",
            "killswitch: NOTHING of @10.conf would be done: line 1: 'NONSENSE' is not a return \
             value; write a decimal or 0x number, an error such as -EPERM, NULL or void\n",
        ),
        // So does the state.
        (
            &[("10.conf", "engage h -1\n")],
            &[],
            REFUSED,
            "",
            "killswitch: @10.conf: h is probing, and RUNS\n",
        ),
        // And so do calls that pass.
        (
            &[("10.conf", "engage m:g -1 scope=nonroot\n")],
            &[],
            PARTLY,
            "@10.conf: m:g is already armed, and will return -1 when its module is loaded\n",
            "killswitch: @10.conf: calls of m:g pass that the file stops\n\
             killswitch: the condition of m:g is not changed; disengage it first to change it\n",
        ),
        // Later files know what earlier ones would engage.
        (
            &[
                ("10.conf", "engage a -EPERM\nengage t -1\n"),
                ("20.conf", "engage a -EIO\nengage t -1\n"),
                ("30.conf", "engage a -EIO scope=nonroot\n"),
            ],
            &[
                ("check", "a -1\n", None, "allow a -1\n"),
                ("check", "a -5\n", None, "allow a -5\n"),
            ],
            DONE,
            "@10.conf:\nwould write: engage a -EPERM\nwould write: keep t\nallow a -1\n\
             @10.conf: t is already engaged, and returns -1\n\
             @20.conf: a is already engaged, and would return -EIO\n\
             @20.conf: t is already engaged, and returns -1\n\
             @30.conf: a is already engaged, and returns -EIO\n",
            "killswitch: scope and reason of a are not changed; disengage it first to change \
             them\n",
        ),
        // A refused file engages nothing.
        (
            &[
                ("10.conf", "engage a -1\nengage f -1"),
                ("20.conf", "engage a -1\n"),
            ],
            &[
                ("check", "a -1\n", None, "refuse a -1 default\n"),
                ("check", "a -1\n", None, "refuse a -1 default\n"),
            ],
            REFUSED,
            "@10.conf:\nwould write: engage a -1\nrefuse a -1 default\n\
             @10.conf: f is already engaged, and returns -1\n\
             @20.conf:\nwould write: engage a -1\nrefuse a -1 default\n",
            "killswitch: scope and reason of f are not changed; disengage it first to change \
             them\n",
        ),
    ];
    let full = |text: &str| text.replace('@', "/etc/killswitch.d/");

    for (number, (files, answers, status, out, err)) in CASES.iter().enumerate() {
        let name = format!("rehearsed-{number}");
        let made = Made::new(&name, &borrowed(&applied(files)), answers);

        assert_eq!(
            made.run(&["apply", "--dry-run"]),
            (Ok(*status), full(out), full(err)),
            "{files:?}"
        );
        assert_eq!(made.read(&file("fn/f/retval")), "-1\n");
    }
}

/// Dry runs report that the kernel refuses changes, whatever the verdict.
#[test]
fn dry_runs_report_lockdown_and_seal() {
    let allow = "allow a -1\n  zone: core\n";
    let locked = "the kernel is locked down (integrity): no change is possible until a reboot";
    let lines = "engage a -1\nengage f -1 reason=two words\nengage m:g -5 scope=nonroot\n";
    let mut files = applied(&[("10.conf", lines)]);

    files[4].1 = "none [integrity] confidentiality\n".into();
    let asked = [("check", "a -1\n", None, allow)];
    assert_eq!(
        Made::new("closed-engage", &borrowed(&files), &asked).run(&[
            "engage",
            "a",
            "-1",
            "--dry-run"
        ]),
        (
            Ok(REFUSED),
            format!("would write: engage a -1\n{allow}"),
            format!("killswitch: {locked}\n"),
        )
    );
    let value = ("check", "m:g -5 scope=nonroot\n", None, "allow m:g -5\n");
    let made = Made::new("closed-apply", &borrowed(&files), &[asked[0], value]);
    let (status, out, err) = made.run(&["apply", "--dry-run"]);
    assert_eq!(status, Ok(REFUSED));
    assert!(out.ends_with(allow));
    assert_eq!(
        err,
        format!(
            "killswitch: {locked}\nkillswitch: NOTHING of /etc/killswitch.d/10.conf would be done: \
             {locked}\n"
        )
    );
    assert_eq!(made.run(&["lift", "f", "--dry-run"]).0, Ok(REFUSED));

    files[4].1 = "none [integrity] confidentiality\n".into();
    files[2].1 = files[2]
        .1
        .replace("lockdown: integrity", "lockdown: confidentiality");
    let made = Made::new("open", &borrowed(&files), &[]);
    assert_eq!(made.run(&["lift", "f", "--dry-run"]).0, Ok(DONE));
    files[2].1 = files[2].1.replace("sealed: 0", "sealed: 1");
    let made = Made::new("sealed", &borrowed(&files), &[]);
    assert_eq!(made.run(&["lift", "f", "--dry-run"]).0, Ok(REFUSED));
}

#[test]
fn values_are_set() {
    let files = applied(&[("10.conf", "engage f -5 reason=two words\n")]);
    let allow = ("check", "f -5\n", None, "allow f -5\n");
    let made = Made::new("values", &borrowed(&files), &[allow]);

    assert_eq!(made.run(&["apply"]).0, Ok(DONE));
    assert_eq!(made.read(&file("fn/f/retval")), "-5\n");
    // The same value is not written again.
    fs::remove_file(machine_path(&made, "fn/f/retval")).unwrap();
    fs::write(
        made.directory.path("etc/killswitch.d/10.conf"),
        "engage f -EPERM reason=two words\n",
    )
    .unwrap();
    assert_eq!(made.run(&["apply"]).0, Ok(DONE));
}

/// A file with a refused value changes nothing.
#[test]
fn values_are_part_of_the_transaction() {
    let lines = "engage a -1\nengage m:g -6 scope=nonroot if=$uid!=0\nengage f -5\n";
    let files = applied(&[("10.conf", lines)]);
    let question = "m:g -6 scope=nonroot\nf -5\n";
    let refuse = "allow m:g -6\nrefuse f -5 return-type\n  it is bool\n";
    let made = Made::new(
        "refused-value",
        &borrowed(&files),
        &[("check", question, None, refuse)],
    );
    let err =
        |why: &str| format!("killswitch: NOTHING of /etc/killswitch.d/10.conf was done: {why}\n");

    assert_eq!(
        made.run(&["apply"]),
        (Ok(REFUSED), String::new(), err("refused f -5: it is bool"))
    );
    assert_eq!(made.read(&file("fn/m:g/retval")), "-1\n");

    // The kernel refuses it although it has allowed it.
    for (number, (limited, written, (error, answer), undone)) in [
        (
            "",
            "engage a -1",
            (None, ""),
            "the changes before it are undone",
        ),
        (
            "",
            "engage a -1",
            (Some(EPERM), "refused in line 1: disengage a: no\n"),
            "changes before it are NOT undone: refused in line 1: disengage a: no",
        ),
        (
            "engage t -1\n",
            "engage a -1\nkeep t",
            (None, ""),
            "changes before it are NOT undone: keep t",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("full-value-{number}");
        let answers = [
            ("check", question, None, "allow m:g -6\nallow f -5\n"),
            ("control", written, None, "done\n"),
            ("control", "disengage a", error, answer),
        ];
        let files = applied(&[("10.conf", &*format!("{lines}{limited}"))]);
        let made = Made::new(&name, &borrowed(&files), &answers);
        let full = machine_path(&made, "fn/f/retval");

        fs::remove_file(&full).unwrap();
        std::os::unix::fs::symlink("/dev/full", &full).unwrap();
        assert_eq!(
            made.run(&["apply"]),
            (
                Ok(REFUSED),
                String::new(),
                err(&format!(
                    "f is already engaged, and refused the value -5: No space left on device (see \
                     the kernel log); {undone}"
                ))
            )
        );
        assert_eq!(made.read(&file("fn/m:g/retval")), "-1\n");
    }
}

fn machine_path(made: &Made, name: &str) -> std::path::PathBuf {
    made.machine.path(&file(name))
}

#[test]
fn directories_instead_of_files_are_named() {
    let made = Made::new("unreadable", &borrowed(&applied(&[])), &[]);

    fs::create_dir_all(made.directory.path("etc/killswitch.d/40.conf")).unwrap();
    assert_eq!(
        made.run(&["apply"]),
        (
            Ok(REFUSED),
            String::new(),
            "killswitch: /etc/killswitch.d/40.conf cannot be read: NOTHING of it is engaged (it is \
             a directory, a pipe or a device; name a regular file, or copy it to one first)\n"
                .into()
        )
    );
}

#[test]
fn mitigations_are_resolved() {
    let one_refused = "allow a -1\n  zone: core\nrefuse b -5 default\n  it is built in\n";

    fn engage(own: &[&[&str]], doors: &[&[&str]]) -> Mitigation {
        let lines = |it: &&[&str]| it.iter().map(|line| (*line).to_owned()).collect();

        Mitigation::Engage {
            own: own.iter().map(lines).collect(),
            doors: doors.iter().map(lines).collect(),
        }
    }

    struct Sample;

    impl Knowledge for Sample {
        fn report(&self, _: &Machine, _: &[Engagement], _: bool) -> Result<cve::Report, String> {
            unreachable!("not used")
        }

        fn mitigation(&self, _: &Machine, id: &str) -> Mitigation {
            match id {
                "CVE-1" => engage(&[&["engage a -EPERM", "engage f -5 reason=two words"]], &[]),
                "CVE-4" => engage(
                    &[
                        &["engage a -1", "engage b -EIO scope=nonroot"],
                        &["engage c void reason=own"],
                    ],
                    &[],
                ),
                "CVE-5" => engage(&[&["engage a -1"], &["engage f -1 reason=two words"]], &[]),
                "CVE-6" => engage(
                    &[&["engage a -1"]],
                    &[&["engage d -1"], &["engage f -1 reason=two words"]],
                ),
                "CVE-7" => engage(&[&["engage a -1"]], &[&["engage d -1"]]),
                "CVE-2" => Mitigation::NotNeeded("fixed since 7.3.5".into()),
                _ => Mitigation::Unknown("there is no entry".into()),
            }
        }
    }
    for (number, (text, answers, status, out, err)) in [
        (
            "engage x -1\nmitigate CVE-1\nmitigate CVE-2\n",
            &[
                ("check", "f -5\n", None, "allow f -5\n"),
                (
                    "control",
                    "engage x -1\nengage a -EPERM reason=CVE-1",
                    None,
                    "engaged x\nengaged a\n",
                ),
            ][..],
            DONE,
            "/etc/killswitch.d/10.conf: CVE-2 is skipped: fixed since 7.3.5\n\
             /etc/killswitch.d/10.conf: engaged x\nengaged a\n\
             /etc/killswitch.d/10.conf: f is already engaged, and returns -5\n",
            "",
        ),
        (
            "# one\nmitigate CVE-1\n",
            &[
                ("check", "f -5\n", None, "allow f -5\n"),
                (
                    "control",
                    "engage a -EPERM reason=CVE-1",
                    Some(EACCES),
                    "refused in line 1: engage a -1: no\n",
                ),
            ],
            REFUSED,
            "",
            "killswitch: NOTHING of /etc/killswitch.d/10.conf was done: refused in line 2: engage a \
             -1: no\n",
        ),
        (
            "mitigate CVE-2\n",
            &[],
            DONE,
            "/etc/killswitch.d/10.conf: CVE-2 is skipped: fixed since 7.3.5\n",
            "",
        ),
        (
            "engage x -1\nmitigate CVE-3\n",
            &[],
            REFUSED,
            "",
            "killswitch: NOTHING of /etc/killswitch.d/10.conf was done: line 2: CVE-3: there is no \
             entry\n",
        ),
        // The first alternative that the kernel allows is chosen.
        (
            "mitigate CVE-4\n",
            &[
                ("check", "a -1\nb -5 scope=nonroot\n", None, one_refused),
                ("check", "c 0\n", None, "allow c 0\n"),
                ("control", "engage c void reason=own", None, "engaged c\n"),
            ],
            DONE,
            "/etc/killswitch.d/10.conf: engaged c\n",
            "",
        ),
        (
            "mitigate CVE-4\n",
            &[
                ("check", "a -1\nb -5 scope=nonroot\n", None, one_refused),
                ("check", "c 0\n", None, "refuse c 0 ENOENT\n  there is none\n"),
            ],
            REFUSED,
            "",
            "killswitch: NOTHING of /etc/killswitch.d/10.conf was done: line 1: refused b -5: it \
             is built in\n",
        ),
        // An alternative that is already engaged is kept, even if it is not the best.
        (
            "mitigate CVE-5\n",
            &[],
            DONE,
            "/etc/killswitch.d/10.conf: f is already engaged, and returns -1\n",
            "",
        ),
        // An engaged door is no reason to leave out the mitigation itself.
        (
            "mitigate CVE-6\n",
            &[
                ("check", "a -1\n", None, "allow a -1\n"),
                ("control", "engage a -1 reason=CVE-6", None, "engaged a\n"),
            ],
            DONE,
            "/etc/killswitch.d/10.conf: engaged a\n",
            "",
        ),
        // A door is the last resort: one that is engaged, or else one that is allowed.
        (
            "mitigate CVE-6\n",
            &[("check", "a -1\n", None, "refuse a -1 default\n  no\n")],
            PARTLY,
            "/etc/killswitch.d/10.conf: f is already engaged, and returns -1\n",
            "killswitch: /etc/killswitch.d/10.conf: line 1: CVE-6 is closed in part: engage f -1 \
             reason=two words, which may leave another way to the flaw, is engaged since its own \
             mitigation is not possible: refused a -1: no\n",
        ),
        (
            "mitigate CVE-7\n",
            &[
                ("check", "a -1\n", None, "refuse a -1 default\n  no\n"),
                ("check", "d -1\n", None, "allow d -1\n"),
                ("control", "engage d -1 reason=CVE-7", None, "engaged d\n"),
            ],
            PARTLY,
            "/etc/killswitch.d/10.conf: engaged d\n",
            "killswitch: /etc/killswitch.d/10.conf: line 1: CVE-7 is closed in part: engage d -1, \
             which may leave another way to the flaw, is engaged since its own mitigation is not \
             possible: refused a -1: no\n",
        ),
        (
            "mitigate CVE-7\n",
            &[
                ("check", "a -1\n", None, "refuse a -1 default\n  no\n"),
                ("check", "d -1\n", None, "refuse d -1 default\n  never\n"),
            ],
            REFUSED,
            "",
            "killswitch: NOTHING of /etc/killswitch.d/10.conf was done: line 1: refused a -1: no\n",
        ),
        (
            "mitigate CVE-1 scope=all\n",
            &[],
            REFUSED,
            "",
            "killswitch: NOTHING of /etc/killswitch.d/10.conf was done: line 1: 'mitigate CVE-1 \
             scope=all' is not of the form: mitigate CVE\n",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let files = applied(&[("10.conf", text)]);
        let made = Made::new(&format!("mitigate-{number}"), &borrowed(&files), answers);
        let options = Arguments::try_parse_from(["killswitch", "apply"]).unwrap();
        let crate::Command::Live(Command::Apply(options)) = options.command else {
            panic!("not used");
        };

        assert_eq!(
            made.on_screen(|screen| apply(&made.machine, &options, &Sample, screen)),
            (Ok(status), out.into(), err.into()),
            "{text}"
        );
    }
}

/// Releases, the content of a file, the writes and answers of the kernel, and the answer, without
/// the leading path.
#[test]
fn fixed_cves_are_not_engaged() {
    let engaged = "engaged plain:first\n";
    let control = [(
        "control",
        "engage plain:first -EPERM reason=CVE-2030-1000",
        None,
        engaged,
    )];
    // The choice between several ways depends on the policy.
    let check = [("check", "plain:first -1\n", None, "allow plain:first -1\n")];
    let mitigate = "mitigate CVE-2030-1000";
    let by_hand = "engage plain:first -EPERM reason=CVE-2030-1000";

    for (number, (release, line, answers, out)) in [
        (
            "7.3.4",
            mitigate,
            vec![],
            "CVE-2030-1000 is skipped: it has the fix, released in 7.0\n",
        ),
        (
            "4.13",
            mitigate,
            vec![],
            "CVE-2030-1000 is skipped: it predates the flaw, introduced in 4.14\n",
        ),
        ("6.5.1", mitigate, [check, control].concat(), engaged),
        // It is unknown whether it has the fix.
        (
            "6.1.0-37-amd64",
            mitigate,
            [check, control].concat(),
            engaged,
        ),
        ("6.5.1", by_hand, control.to_vec(), engaged),
        (
            "7.3.4",
            by_hand,
            control.to_vec(),
            "line 1 is not needed for CVE-2030-1000, but is engaged (mitigate CVE-2030-1000 \
             would skip it): it has the fix, released in 7.0\n\
             /etc/killswitch.d/10.conf: engaged plain:first\n",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut files = applied(&[("10.conf", line)]);

        files[7].1 = format!("Linux version {release} (made up)\n");
        let made = Made::new(&format!("retire-{number}"), &borrowed(&files), &answers);

        assert_eq!(
            made.run(&["apply"]),
            (
                Ok(DONE),
                format!("/etc/killswitch.d/10.conf: {out}"),
                String::new()
            ),
            "{release}: {line}"
        );
    }
}

/// Files that other users can write are not applied.
#[test]
fn untrusted_files_are_not_applied() {
    use std::os::unix::fs::{chown, symlink, PermissionsExt};

    let made = Made::new(
        "others",
        &borrowed(&applied(&[("10.conf", "engage a -1")])),
        &[],
    );
    let path = made.directory.path("etc/killswitch.d/10.conf");
    let refused = |why: &str| {
        let err = format!(
            "killswitch: /etc/killswitch.d/10.conf cannot be read: NOTHING of it is engaged \
             ({why})\n"
        );

        assert_eq!(made.run(&["apply"]), (Ok(REFUSED), String::new(), err));
    };

    for mode in [0o664, 0o646, 0o666] {
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        refused(
            "users other than its owner can change /etc/killswitch.d/10.conf; chmod go-w it, or \
             use another directory",
        );
    }
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    // Only root can change the owner.
    if chown(&path, Some(77), None).is_ok() {
        refused(
            "/etc/killswitch.d/10.conf belongs to user 77, who can change it; chown it to root",
        );
    }
    // Files without an end, and pipes.
    let no_file =
        "it is a directory, a pipe or a device; name a regular file, or copy it to one first";
    fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    refused(no_file);
    fs::remove_file(&path).unwrap();
    let made_pipe = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made_pipe.unwrap().success());
    refused(no_file);
}

/// Only the default directory need not exist.
#[test]
fn wrong_directories_are_errors() {
    let made = Made::new("directories", &borrowed(&files()), &[]);
    let current = std::env::current_dir().unwrap();
    let refused = |directory: &str, why: &str| {
        let directory = current.join(directory);
        let err = format!(
            "killswitch: NOTHING of {} is engaged: {why}\n",
            directory.display()
        );

        assert_eq!(
            made.run(&["apply", directory.to_str().unwrap()]),
            (Ok(NOT_AVAILABLE), String::new(), err)
        );
    };

    assert_eq!(made.run(&["apply"]).0, Ok(DONE));
    refused("/etc/killswitch.dd", "No such file or directory");
    refused("here/it.d", "No such file or directory");
    refused("/proc/version", "Not a directory");
    assert_eq!(made.run(&["apply", "here/it.d"]).0, Ok(NOT_AVAILABLE));
    assert_eq!(
        made.run(&["apply", "/nothing", "--json"]).0,
        Ok(NOT_AVAILABLE)
    );

    fs::create_dir_all(made.directory.path("etc")).unwrap();
    fs::write(made.directory.path("etc/killswitch.d"), "").unwrap();
    refused("/etc/killswitch.d", "Not a directory");
}

/// Files that other users can replace, or choose, are not applied.
#[test]
fn untrusted_directories_are_not_applied() {
    use std::os::unix::fs::{chown, symlink, PermissionsExt};

    let files = applied(&[("10.conf", "engage f -1 reason=two words")]);
    let made = Made::new("other-directories", &borrowed(&files), &[]);
    let path = |name: &str| made.directory.path(name);
    let set = |name: &str, mode| {
        fs::set_permissions(path(name), PermissionsExt::from_mode(mode)).unwrap();
    };
    let run = || made.run(&["apply"]);
    let refused = |status, err: &str| {
        assert_eq!(
            run(),
            (Ok(status), String::new(), format!("killswitch: {err}\n"))
        );
    };
    let others = |name: &str| {
        format!(
            "users other than its owner can change {name}; chmod go-w it, or use another directory"
        )
    };

    assert_eq!(run().0, Ok(DONE));
    for (name, mode) in [
        ("etc/killswitch.d", 0o777),
        ("etc/killswitch.d", 0o1777),
        ("etc", 0o775),
    ] {
        set(name, mode);
        refused(
            NOT_AVAILABLE,
            &format!(
                "NOTHING of /etc/killswitch.d is engaged: {}",
                others(&format!("/{name}"))
            ),
        );
        set(name, 0o755);
    }
    // The directory of a symbolic link's target.
    fs::create_dir(path("theirs")).unwrap();
    fs::rename(path("etc/killswitch.d/10.conf"), path("theirs/it")).unwrap();
    symlink(path("theirs/it"), path("etc/killswitch.d/10.conf")).unwrap();
    assert_eq!(run().0, Ok(DONE));
    set("theirs", 0o777);
    let unreadable = "/etc/killswitch.d/10.conf cannot be read: NOTHING of it is engaged";
    refused(REFUSED, &format!("{unreadable} ({})", others("/theirs")));
    set("theirs", 0o755);
    // Only root can change the owner.
    if chown(path("theirs"), Some(77), None).is_ok() {
        refused(
            REFUSED,
            &format!(
                "{unreadable} (/theirs belongs to user 77, who can change it; chown it to root)"
            ),
        );
    }
}

#[test]
fn results_of_apply_are_machine_readable() {
    let run = |name: &str, files: &[(&str, &str)], answers: &[Answer<'_>], words: &[&str]| {
        let made = Made::new(
            &format!("apply-json-{name}"),
            &borrowed(&applied(files)),
            answers,
        );
        let (status, out, err) = made.run(&[&["apply", "--json"], words].concat());

        assert_eq!(err, "");
        golden(&format!("apply-{name}.json"), &out);
        status
    };

    assert_eq!(run("none", &[], &[], &[]), Ok(DONE));
    assert_eq!(
        run(
            "partly",
            &[
                ("10.conf", "engage a -1\nengage f -1 scope=nonroot\n"),
                ("20.conf", "engage security_file_open 0\n"),
                ("30.conf", "disengage_all\n"),
            ],
            &[
                ("control", "engage a -1", None, "engaged a\n  note: b\n"),
                (
                    "control",
                    "engage security_file_open 0",
                    Some(EACCES),
                    "refused engage security_file_open 0: no (rule lsm-entry)\n"
                ),
            ],
            &[]
        ),
        Ok(PARTLY)
    );
    assert_eq!(
        run(
            "rehearsed",
            &[("10.conf", "engage a -1\nengage f -1\n")],
            &[("check", "a -1\n", None, "allow a -1\n  zone: core\n")],
            &["--dry-run"]
        ),
        Ok(DONE)
    );
    let absent = Made::new(
        "apply-json-absent",
        &[("/etc/killswitch.d/a.conf", "engage f -1\n")],
        &[],
    );
    let (status, out, err) = absent.run(&["apply", "--json"]);
    assert_eq!((status, &*err), (Ok(NOT_AVAILABLE), ""));
    golden("apply-absent.json", &out);
}

/// The exit status has the same meaning for all commands.
#[test]
fn exit_status_reports_the_outcome() {
    const ALLOW: &str = "allow f -1\n";
    const REFUSE: &str = "refuse f -1 lsm-entry\n";
    const ONE: &str = "allow f -1\nrefuse g -1 lsm-entry\n";
    const NO: &str = "refused\n";
    let conf = |name: &'static str, text: &'static str| (name, text);
    let good = conf("10.conf", "engage f -1 reason=two words\n");
    let bad = conf("20.conf", "engage h -1\n");
    let skipped = conf("30.conf", "mitigate CVE-2030-1000\n");

    for (number, (words, confs, answers, status)) in [
        (
            &["check", "f", "-1"][..],
            &[][..],
            &[("check", "f -1\n", None, ALLOW)][..],
            DONE,
        ),
        (
            &["check", "f", "-1"],
            &[],
            &[("check", "f -1\n", None, REFUSE)],
            REFUSED,
        ),
        (
            &["check", "f", "-1", "g", "-1"],
            &[],
            &[("check", "f -1\ng -1\n", None, ONE)],
            PARTLY,
        ),
        (
            &["check", "f", "-1"],
            &[],
            &[("check", "f -1\n", Some(EPERM), NO)],
            REFUSED,
        ),
        (
            &["engage", "f", "-1"],
            &[],
            &[("control", "engage f -1\n", None, "engaged f\n")],
            DONE,
        ),
        (
            &["engage", "f", "-1"],
            &[],
            &[("control", "engage f -1\n", Some(EACCES), NO)],
            REFUSED,
        ),
        (
            &["engage", "f", "-1", "--dry-run"],
            &[],
            &[("check", "f -1\n", None, ALLOW)],
            DONE,
        ),
        (
            &["engage", "f", "-1", "--dry-run"],
            &[],
            &[("check", "f -1\n", None, REFUSE)],
            REFUSED,
        ),
        (
            &["engage", "f", "-1", "g", "-1", "--dry-run"],
            &[],
            &[("check", "f -1\ng -1\n", None, ONE)],
            PARTLY,
        ),
        (
            &["lift", "f"],
            &[],
            &[("control", "disengage f\n", None, "disengaged f\n")],
            DONE,
        ),
        (&["lift", "nothing"], &[], &[], REFUSED),
        (
            &["lift", "f"],
            &[],
            &[("control", "disengage f\n", Some(EPERM), NO)],
            REFUSED,
        ),
        (
            &["lift", "f", "nothing"],
            &[],
            &[("control", "disengage f\n", None, "disengaged f\n")],
            PARTLY,
        ),
        (&["why", "nothing"], &[], &[], REFUSED),
        (&["status"], &[], &[], DONE),
        (&["status", "--max-age", "1s"], &[], &[], PARTLY),
        (&["status", "--cve"], &[], &[], DONE),
        (&["apply"], &[], &[], DONE),
        (&["apply"], &[good], &[], DONE),
        (&["apply"], &[skipped], &[], DONE),
        (&["apply"], &[bad], &[], REFUSED),
        (&["apply"], &[good, bad], &[], PARTLY),
        (&["apply"], &[skipped, bad], &[], REFUSED),
        (
            &["apply"],
            &[bad, conf("30.conf", "engage x -1")],
            &[("control", "engage x -1", None, "engaged x\n")],
            PARTLY,
        ),
        (
            &["apply"],
            &[good, conf("30.conf", "engage x -1")],
            &[("control", "engage x -1", Some(EACCES), NO)],
            PARTLY,
        ),
        (
            &["apply", "--dry-run"],
            &[good, conf("30.conf", "engage x -1")],
            &[("check", "x -1\n", None, REFUSE)],
            PARTLY,
        ),
        (
            &["apply", "--dry-run"],
            &[conf("30.conf", "engage x -1")],
            &[("check", "x -1\n", None, REFUSE)],
            REFUSED,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut files = applied(confs);

        files[7].1 = "Linux version 7.3.4 (made up)\n".into();
        for json in [&[][..], &["--json"]] {
            let name = format!("exit-{number}-{}", json.len());
            let made = Made::new(&name, &borrowed(&files), answers);
            let words = [words, json].concat();

            assert_eq!(made.run(&words).0, Ok(status), "{words:?}, {confs:?}");
        }
    }
}

#[test]
fn requests_are_one_write() {
    let directory = Directory::new("live-once");
    let path = directory.path("sys/kernel/security/killswitch/control");

    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "").unwrap();
    let mut machine = Machine::this();
    machine.set_root(&directory.path(""));
    let reply = machine.ask("control", "engage f -1\nengage g -1\n");

    assert!(reply.result.is_ok());
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "engage f -1\nengage g -1\n"
    );
    let reply = machine.ask("nothing", "x");
    assert_eq!(reply.result.unwrap_err().kind(), io::ErrorKind::NotFound);
}
