// SPDX-License-Identifier: GPL-2.0-only

//! Tests of the index, with the [sample modules](Directory), which call each other.

use super::*;
use crate::{cache::tests::cache, image::tests::Directory};
use std::fs;

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
fn names_match_the_modules() {
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
fn dependencies_are_read() {
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
fn related_modules_are_read() {
    let directory = Directory::new("index-around");
    let index = index(&directory);
    let both = ["nf-sample.ko", "plain.ko"];

    for (module, function, callers, expected) in [
        (None, "first", &[][..], &both[..]),
        (Some("plain"), "first", &[], &both),
        // It is in the kernel, and both call it.
        (None, "f", &[], &both),
        (None, "g", &["f"], &both),
        (Some("plain"), "nothing", &[], &both),
        (None, "nothing", &[], &[]),
        (Some("other"), "nothing", &["nothing"], &[]),
    ] {
        let around = index.around(module, function, &callers.iter().copied().collect(), |_| {
            false
        });

        assert_eq!(files(&around.paths), expected, "{module:?} {function}");
        assert_eq!(around.left_out, 0);
    }
    let around = index.around(None, "f", &BTreeSet::new(), |name| name == "plain");

    // It needs the other one, and nothing else.
    assert_eq!(files(&around.paths), both);
    let around = index.around(None, "f", &BTreeSet::new(), |_| true);

    assert_eq!(files(&around.paths), [""; 0]);
}

#[test]
fn index_is_cached_until_a_module_changes() {
    let directory = Directory::new("index-kept");
    let paths = find_modules(&directory.path("modules"));
    let cache = cache(&directory);
    let of = || Index::in_cache(&directory.path("modules"), Some(&cache)).unwrap();
    let bytes = fs::read(&paths[0]).unwrap();

    let first = of();
    assert!(first.is_of(&paths));
    assert!(!first.is_of(&paths[1..]));
    assert_eq!(
        fs::read_dir(directory.path("deep/cache")).unwrap().count(),
        1
    );
    assert_eq!(of().text, first.text);
    // The cached index is used as long as the modules are the same.
    let kept = fs::read_dir(directory.path("deep/cache")).unwrap().next();
    let name = kept.unwrap().unwrap().file_name().into_string().unwrap();
    let mut other = of();
    other.modules[0].name = "other".into();
    cache
        .keep(&name, &postcard::to_stdvec(&other).unwrap())
        .unwrap();
    assert_eq!(of().modules[0].name, "other");

    fs::write(&paths[0], [&bytes[..], b"\0"].concat()).unwrap();
    assert!(!first.is_of(&paths));
    assert_eq!(of().modules[0].name, first.modules[0].name);
    assert_eq!(
        Index::in_cache(&directory.path("modules"), None)
            .unwrap()
            .text,
        first.text
    );
    // An invalid index is recreated.
    cache.keep(&name, b"\xff\xff\xff\xff\xff").unwrap();
    assert_eq!(of().text, first.text);
}

#[test]
fn unreadable_modules_are_named() {
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
