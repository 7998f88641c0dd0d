// SPDX-License-Identifier: GPL-2.0-only

//! Tests of the index, with the [sample modules](Directory): each of the two calls the other one.

use super::*;
use crate::image::tests::Directory;

fn index(directory: &Directory) -> Index {
    Index::new(&find_modules(&directory.path("modules"))).unwrap()
}

fn files(paths: &[PathBuf]) -> Vec<&str> {
    paths
        .iter()
        .map(|it| it.file_name().unwrap().to_str().unwrap())
        .collect()
}

#[test]
fn names_are_those_of_the_modules() {
    let directory = Directory::new("index-names");
    let index = index(&directory);
    let with = |name: &str| -> Vec<(String, Vec<String>)> {
        index
            .with(|it| it == name)
            .into_iter()
            .map(|(module, names)| {
                let names = names.iter().map(|it| it.to_string()).collect();

                (module.name.clone(), names)
            })
            .collect()
    };

    assert_eq!(with("first"), [("plain".into(), vec!["first".into()])]);
    assert_eq!(
        with("second"),
        [("nf_sample".into(), vec!["second".into()])]
    );
    assert_eq!(with("nothing"), []);
    assert_eq!(index.name(u32::MAX), "");
    for number in 0..index.ends.len() as u32 {
        assert!(!index.name(number).is_empty());
    }
}

#[test]
fn what_a_module_needs_is_read_with_it() {
    let directory = Directory::new("index-needed");
    let index = index(&directory);
    let both = ["nf-sample.ko", "plain.ko"];

    for (modules, functions, expected) in [
        (&["plain"][..], &[][..], &both[..]),
        (&[], &["second"], &both),
        // Both call it.
        (&[], &["f"], &both),
        (&["other"], &["nothing"], &[]),
        (&[], &[], &[]),
    ] {
        let (modules, functions) = (
            modules.iter().copied().collect(),
            functions.iter().copied().collect(),
        );

        assert_eq!(files(&index.needed_for(&modules, &functions)), expected);
    }
}

#[test]
fn an_index_is_kept_until_a_module_changes() {
    let directory = Directory::new("index-kept");
    let paths = find_modules(&directory.path("modules"));
    let place = directory.path("cache/deep/index");
    let index = index(&directory);

    index.keep(&place).unwrap();
    let kept = Index::kept(&place).unwrap();
    assert_eq!(kept.text, index.text);
    assert!(kept.is_of(&paths));
    assert!(!kept.is_of(&paths[1..]));
    // Only its owner may read or change it, and nothing is left beside it.
    let entries: Vec<_> = fs::read_dir(place.parent().unwrap()).unwrap().collect();
    assert_eq!(entries.len(), 1);
    let mode = fs::metadata(place.parent().unwrap()).unwrap().mode();
    assert_eq!(mode & 0o77, 0);

    let bytes = fs::read(&paths[0]).unwrap();
    fs::write(&paths[0], [&bytes[..], b"\0"].concat()).unwrap();
    assert!(!kept.is_of(&paths));
}

#[test]
fn what_is_damaged_is_made_again() {
    let directory = Directory::new("index-damaged");
    let place = directory.path("index");
    let index = index(&directory);

    index.keep(&place).unwrap();
    let bytes = fs::read(&place).unwrap();
    for damaged in [&bytes[..bytes.len() / 2], b"", b"\xff\xff\xff\xff\xff"] {
        fs::write(&place, damaged).unwrap();
        assert!(Index::kept(&place).is_none_or(|it| !it.is_of(&[])));
    }
    assert!(Index::kept(&directory.path("nowhere")).is_none());
}

#[test]
fn a_module_that_cannot_be_read_is_named() {
    let directory = Directory::new("index-broken");
    let path = directory.path("modules/broken.ko.xz");

    fs::write(&path, b"no module").unwrap();
    let error = Index::new(&find_modules(&directory.path("modules"))).unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "{}: it is neither an ELF file nor compressed in a known way",
            path.display()
        )
    );
}
