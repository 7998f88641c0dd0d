// SPDX-License-Identifier: GPL-2.0-only

//! What held for the inputs that the fuzzers kept still holds.

use crate::fuzz_targets::{btf, code, command, condition};
use std::{fs, panic, path::Path};

/// Tries every input that is kept for `target`.
fn try_all(target: &str, run: fn(&[u8])) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut count = 0;

    for file in fs::read_dir(kept).unwrap() {
        let path = file.unwrap().path();
        let input = fs::read(&path).unwrap();

        assert!(
            panic::catch_unwind(|| run(&input)).is_ok(),
            "see above for what does not hold with {}",
            path.display()
        );
        count += 1;
    }
    assert_ne!(count, 0);
}

#[test]
fn text_that_was_kept() {
    try_all("command", command);
}

#[test]
fn type_information_that_was_kept() {
    try_all("btf", btf);
}

#[test]
fn machine_code_that_was_kept() {
    try_all("code", code);
}

#[test]
fn conditions_that_were_kept() {
    try_all("condition", condition);
}
