// SPDX-License-Identifier: GPL-2.0-only

//! Fuzz targets: for any input, the program either answers, or reports an error in one sentence.
//! Each target of cargo-fuzz calls one of these functions, and the tests run them on the inputs in
//! `testing/fuzz/corpus`.

use crate::{
    catalogue::Catalogue, cve, explain, facts, image::Image, known::Subject, live::state, print,
    record::Record, scan, suggest,
};
use std::{fmt::Display, fs, io, path::Path, sync::LazyLock};

/// The directory of the inputs.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testing/fuzz/corpus");
/// The kernel that modules are loaded with.
static KERNEL: LazyLock<Vec<u8>> =
    LazyLock::new(|| fs::read(Path::new(CORPUS).join("image/sample-kernel")).unwrap_or_default());
/// Maximum number of functions per input.
const MAX_ASKED: usize = 8;

/// Tests `data` as the file of a kernel or of a module.
pub fn image(data: &[u8]) {
    #[cfg(fuzzing)]
    in_one_thread();

    let is_elf = data.starts_with(b"\x7fELF");
    let is_relocatable = data.get(16) == Some(&1);
    let is_boot_image = data.get(0x202..0x206) == Some(b"HdrS");
    let image = match is_elf && !is_relocatable || is_boot_image {
        true => Image::in_bytes(data.into(), &[]),
        false => Image::in_bytes(KERNEL.clone(), &[data.into()]),
    };

    match image {
        Ok(image) => ask(image),
        Err(problem) => is_clear(&problem),
    }
}

/// Runs everything in one thread, the one whose coverage the fuzzer records.
#[cfg(fuzzing)]
fn in_one_thread() {
    static DONE: std::sync::Once = std::sync::Once::new();

    DONE.call_once(|| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1);

        pool.use_current_thread()
            .build_global()
            .expect("no thread pool exists yet");
    });
}

/// Runs all queries.
fn ask(image: Image) {
    let names: Vec<_> = image.symbols().map(|it| it.name.to_owned()).collect();

    assert!(!facts::of(&image).is_empty());
    for types in (0..image.modules().len()).map(Some).chain([None]) {
        for id in image.types(types).map_or(0..0, |it| it.own()) {
            let found = image.types(types).and_then(|it| it.get(id));

            found.map(|it| it.members().count());
        }
    }
    let subject = Subject::of_image(image, None);
    let Some(kernel) = &subject.kernel else {
        return;
    };
    let index = explain::Index::new(kernel);
    let mut out = scan::Output::table(io::sink(), b'\t');

    scan::counts(kernel, &mut out).expect("writes to a sink do not fail");
    for name in names.iter().rev().take(MAX_ASKED) {
        let line = explain::output::Line::new(name, "", "-EPERM").expect("a valid value");

        explain::output::text(&index, &line, &mut io::sink())
            .expect("writes to a sink do not fail");
    }
}

/// Tests `data` as a CVE record.
pub fn record(data: &[u8]) {
    static CATALOGUE: LazyLock<Catalogue> =
        LazyLock::new(|| Catalogue::built_in().unwrap_or_default());

    match Record::parse(data) {
        Ok(record) => {
            let subject = Subject::default();
            let finding = suggest::finding(&record, &CATALOGUE, &subject);
            let suggestions = suggest::suggest(&record, finding, &subject, &[]);

            assert!(suggest::names(&record).keys().all(|it| !it.is_empty()));
            assert!(print::suggested(&suggestions, None).starts_with(&record.id));
        }
        Err(problem) => is_clear(&problem),
    }
}

/// Tests `data` as each of the other text files: lists of functions, files of the catalogue, and
/// the kernel's list of engagements.
pub fn text(data: &[u8]) {
    for problem in [scan::read(data).err(), explain::output::read(data).err()] {
        problem.iter().for_each(is_clear);
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Catalogue::of(vec![("door-sample.toml".into(), text.into())]) {
        Ok(catalogue) => catalogue.entries().for_each(|entry| {
            let subject = Subject::default();

            cve::of_entry(entry, &catalogue, &subject);
            assert!(print::contradictions(entry, &subject).is_empty());
        }),
        Err(problems) => problems.iter().for_each(is_clear),
    }
    match state::parse(text) {
        Ok(engagements) => assert!(engagements.len() <= text.lines().count()),
        Err(problem) => is_clear(&problem),
    }
}

/// An error is one sentence of printable characters.
fn is_clear(problem: &impl Display) {
    let sentence = problem.to_string();

    assert!(
        !sentence.is_empty() && sentence.len() < 2000,
        "{sentence:?}"
    );
    assert!(!sentence.contains(char::is_control), "{sentence:?}");
}

#[cfg(test)]
#[path = "../../../testing/fuzz/src/kept.rs"]
mod kept;
#[cfg(test)]
mod tests;
