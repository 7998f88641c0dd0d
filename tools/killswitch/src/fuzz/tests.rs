// SPDX-License-Identifier: GPL-2.0-only

//! Runs the fuzz targets on their corpus, and on corrupt inputs.

use super::*;
use crate::image::tests::seeds as images;
use proptest::prelude::*;
use std::env;

/// A target's name and function.
type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 3] = [("image", image), ("record", record), ("text", text)];
const LIST: &str = "function,module,value,scope\nfirst,plain,-1,nonroot\n\"a,b\",,void,\n";
const ENGAGED: &str = "af_alg_sendmsg retval=-1 hits=2 state=engaged scope=all callers=1 \
                       if=\"a1 == 2\" passed=3 faults=0 timeout_left=7 reason=\"CVE-2026-31431\"\n";
const ENTRY: &str = r#"
id = "door-sample"
title = "sample"
modules = ["plain"]
files = ["net/sample/", "net/*.c"]
reach = "by a call"
distributions = { debian = ["6.1.140-1"] }
sources = ["https://example.org"]
avoid = [{ target = "second 0", why = "it leaks" }]
[[alternatives]]
targets = ["plain:first -EPERM scope=nonroot", 'third -1 if="comm == x"']
loses = "all"
"#;

/// The samples, by target and name.
fn seeds() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let record = crate::record::tests::sample().to_string();
    let text = |name, text: &str| ("text", name, text.as_bytes().to_vec());
    let mut seeds = vec![
        ("record", "sample-record", record.clone().into_bytes()),
        ("record", "cut-off", record[..record.len() / 2].into()),
        text("sample-list", LIST),
        text("sample-engaged", ENGAGED),
        text("sample-entry", ENTRY),
        text("cut-off", &ENTRY[..ENTRY.len() / 2]),
    ];

    seeds.extend(images().into_iter().map(|(name, it)| ("image", name, it)));
    seeds
}

#[test]
fn seeds_match_the_samples() {
    for (target, name, bytes) in seeds() {
        let path = Path::new(CORPUS).join(target).join(name);

        if env::var_os("KS_BLESS").is_some() {
            fs::write(&path, &bytes).unwrap();
        }
        let kept = fs::read(&path).unwrap_or_default();

        // Versions of a library may compress differently.
        assert!(
            kept == bytes || name.contains("gzip") && !kept.is_empty(),
            "{} differs: rewrite it with KS_BLESS=1",
            path.display()
        );
    }
}

#[test]
fn corpus_is_accepted_or_refused() {
    for (target, run) in TARGETS {
        kept::try_all(&Path::new(CORPUS).join(target), run);
    }
}

/// The function of a target.
fn of(target: &str) -> fn(&[u8]) {
    TARGETS.iter().find(|it| it.0 == target).unwrap().1
}

#[test]
fn truncated_files_are_accepted_or_refused() {
    for (target, _, bytes) in seeds() {
        // Truncate kernel files at every offset.
        let step = if target == "image" { 61 } else { 1 };

        for length in (0..bytes.len()).step_by(step) {
            of(target)(&bytes[..length]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn corrupt_files_are_accepted_or_refused(
        which: prop::sample::Index,
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (target, _, mut bytes) = seeds().swap_remove(which.index(seeds().len()));

        for (at, byte) in damages {
            let at = at.index(bytes.len());

            bytes[at] = byte;
        }
        of(target)(&bytes);
    }
}
