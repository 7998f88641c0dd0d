// SPDX-License-Identifier: GPL-2.0-only

//! Runs the fuzzers' corpus.

use crate::{
    fuzz_targets::{btf, code, command, condition},
    kept,
};
use std::path::Path;

/// Runs every input in the corpus of `target`.
fn try_all(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");

    kept::try_all(&corpus.join(target), run);
}

#[test]
fn text_corpus() {
    try_all("command", command);
}

#[test]
fn type_information_corpus() {
    try_all("btf", btf);
}

#[test]
fn machine_code_corpus() {
    try_all("code", code);
}

#[test]
fn condition_corpus() {
    try_all("condition", condition);
}
