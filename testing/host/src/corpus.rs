// SPDX-License-Identifier: GPL-2.0-only

//! What held for the inputs that the fuzzers kept still holds.

use crate::{
    fuzz_targets::{btf, code, command, condition},
    kept,
};
use std::path::Path;

/// Tries every input that is kept for `target`.
fn try_all(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");

    kept::try_all(&corpus.join(target), run);
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
