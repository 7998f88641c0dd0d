// SPDX-License-Identifier: GPL-2.0-only

//! The program with an output that its reader closes early.

use std::{
    io,
    process::{Command, Output, Stdio},
};

const KERNEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../testing/fuzz/corpus/image/sample-kernel"
);

/// A pipe whose reader has closed it.
fn closed() -> Stdio {
    let (_, writer) = io::pipe().unwrap();

    writer.into()
}

fn run(words: &[&str], output: Stdio, errors: Stdio) -> Output {
    Command::new(env!("CARGO_BIN_EXE_killswitch"))
        .args(words)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .output()
        .unwrap()
}

#[test]
fn closed_output_ends_it_silently() {
    for words in [
        &["facts", "--vmlinux", KERNEL][..],
        &["scan", "--counts", "--vmlinux", KERNEL],
        &["cve", "--all", "--json", "--vmlinux", KERNEL],
        &["explain", "f", "--vmlinux", KERNEL],
        &["completion", "bash"],
    ] {
        let output = run(words, closed(), Stdio::piped());
        let said = String::from_utf8_lossy(&output.stderr);

        // As after SIGPIPE.
        assert_eq!(output.status.code(), Some(141), "{words:?}: {said}");
        assert!(!said.contains("written"), "{words:?}: {said}");
    }
}

#[test]
fn status_reports_errors_if_stderr_is_closed() {
    let words = ["facts", "--vmlinux", "/nowhere"];

    assert_eq!(run(&words, Stdio::null(), closed()).status.code(), Some(2));
}
