// SPDX-License-Identifier: GPL-2.0-only

//! Tests with the [sample kernel](Directory), as a [running kernel](sample_core).

use super::{
    super::{
        sample::{DATA, TEXT},
        sample_core::{module_types, sample_types, untraced, Sample},
        tests::Directory,
        Image, Within,
    },
    *,
};
use proptest::prelude::*;
use std::fs;

/// The sample kernel, and its running form.
struct Shown {
    directory: Directory,
    files: Image,
    btf: Btf,
}

impl Shown {
    fn new(name: &str) -> Self {
        let directory = Directory::new(name);

        Self {
            files: directory.open(),
            btf: sample_types(),
            directory,
        }
    }

    /// The sample kernel, running, with probes.
    fn sample(&self) -> Sample<'_> {
        let mut sample = Sample::new(&self.files, &self.btf);
        let calls = self.address("first");

        // A call with a breakpoint, and one with a jump.
        sample.build(&[(calls + 11, 1), (calls + 16, 5)]);
        sample
    }

    fn address(&self, name: &str) -> u64 {
        self.files
            .named(Within::Anywhere, name)
            .next()
            .unwrap()
            .address
    }

    /// Exports `sample`, and reads it.
    fn read(&self, sample: &Sample<'_>) -> Result<Image, String> {
        let places = sample.write(&self.directory.path(""), &module_types(&self.btf));

        Image::running(&places, |_| Vec::new()).map_err(|error| error.to_string())
    }
}

#[test]
fn running_kernel_matches_its_files() {
    let shown = Shown::new("running-files");
    let mut sample = shown.sample();
    // Only one of two LSMs is enabled.
    let hooks = shown.address("sample_hooks");
    for record in [hooks, hooks + 24] {
        sample.put(record + 16, &shown.address("sample_lsmid").to_le_bytes());
    }
    let image = shown.read(&sample).unwrap();
    let files = &shown.files;
    let names = |image: &Image| -> Vec<_> {
        let modules = image.modules().iter();

        modules.map(|it| it.name.clone()).collect()
    };
    let stays = |image: &Image| -> Vec<_> {
        let areas = image.areas().iter();

        areas.filter(|it| !it.is_init).cloned().collect()
    };

    assert_eq!(names(&image), ["nf_sample", "plain"]);
    assert_eq!(names(&image), names(files));
    assert_eq!(stays(&image), stays(files));
    for area in stays(files) {
        let length = (area.range.end - area.range.start) as usize;
        let own = image.read(area.range.start, length).unwrap();

        assert!(own == untraced(files, area.range.clone()), "{area:?}");
        for address in area.range {
            assert_eq!(image.is_blacklisted(address), files.is_blacklisted(address));
            assert_eq!(image.is_traced(address), files.is_traced(address));
        }
    }
    let symbols = |image: &Image| -> Vec<_> {
        let exists = |address| image.area(address).is_some_and(|it| !it.is_init);
        let symbols = image.symbols().filter(|it| exists(it.address));

        symbols
            .map(|it| (it.address, it.kind, it.name.to_owned(), it.module))
            .collect()
    };
    assert_eq!(symbols(&image), symbols(files));
    assert_eq!(image.hooks(), &files.hooks()[..2]);
    assert_eq!(image.trampolines(), files.trampolines());
    assert_eq!(image.padding(), files.padding());
    let types = image.types(Some(1)).unwrap();
    assert_eq!(types.functions("first").count(), 1);
    assert_eq!(types.functions("f").count(), 0);
    assert_eq!(image.types(None).unwrap().functions("last").count(), 1);
    assert!(image.unresolved().is_empty());
}

#[test]
fn module_data_is_read() {
    let shown = Shown::new("running-data");
    let image = shown.read(&shown.sample()).unwrap();
    let variable = shown.address("variable");

    assert_eq!(image.read(variable, 8), shown.files.read(variable, 8));
    assert_eq!(image.object(variable).unwrap().0.name, "variable");
}

#[test]
fn modules_without_code_are_read() {
    let shown = Shown::new("running-no-code");
    let mut sample = shown.sample();
    let is_plain = |bytes: &[u8]| bytes.get(24..30) == Some(b"plain\0");
    let module = sample.pieces.iter().find(|it| is_plain(&it.1)).unwrap().0;

    sample.put(module + 0x60, &[0; 24]);
    let image = shown.read(&sample).unwrap();
    let index = image.module_named("plain").unwrap();
    assert!(image.areas().iter().all(|it| it.module != Some(index)));
    assert!(image.read(shown.address("variable"), 8).is_some());
    assert!(image.named(Within::Module(index), "first").next().is_none());
}

#[test]
fn modules_that_are_not_loaded_are_read_from_files() {
    let shown = Shown::new("running-others");
    let only = [shown.directory.path("modules/nf-sample.ko")];
    let files = Image::open(&shown.directory.path("vmlinux"), &only).unwrap();
    let mut sample = Sample::new(&files, &shown.btf);
    let both = ["nf-sample.ko", "plain.ko"].map(|it| shown.directory.path("modules").join(it));

    sample.build(&[]);
    let places = sample.write(&shown.directory.path(""), &[]);
    let image = Image::running(&places, |_| both.to_vec()).unwrap();
    let paths: Vec<_> = image.modules().iter().map(|it| it.path.clone()).collect();
    assert_eq!(
        paths,
        [PathBuf::from("/sys/module/nf_sample"), both[1].clone()]
    );
    // They are linked with the loaded ones.
    let address = |name| image.named(Within::Anywhere, name).next().unwrap().address;
    let (first, second) = (address("first"), address("second"));
    let distance = image.read(first + 17, 4).unwrap().try_into().unwrap();
    let target = (first + 21).wrapping_add_signed(i32::from_le_bytes(distance).into());
    // The sample exports no symbol of a module.
    assert_ne!(target, second);
    assert_eq!(image.unresolved().len(), 1);

    for (_, line) in &mut sample.symbols {
        if line.starts_with("t second") {
            line.replace_range(..1, "T");
        }
    }
    let places = sample.write(&shown.directory.path(""), &[]);
    let image = Image::running(&places, |_| both.to_vec()).unwrap();
    let distance = image.read(first + 17, 4).unwrap().try_into().unwrap();
    let target = (first + 21).wrapping_add_signed(i32::from_le_bytes(distance).into());
    assert_eq!(target, second);
    assert!(image.unresolved().is_empty());
}

#[test]
fn missing_data_is_named() {
    /// A change to the exported data, and the resulting error.
    type Case = (fn(&Shown, &mut Sample<'_>), &'static str);

    let shown = Shown::new("running-refused");
    let cases: [Case; 9] = [
        (
            |_, sample| sample.symbols.iter_mut().for_each(|it| it.0 = 0),
            "it hides addresses; this needs root, and kernel.kptr_restrict below 2",
        ),
        (
            |_, sample| sample.symbols.reverse(),
            "its symbols are not sorted",
        ),
        (
            |_, sample| sample.symbols[0].1.truncate(1),
            "one of its lines is not a symbol",
        ),
        (
            |_, sample| sample.symbols.retain(|it| it.1 != "D _sdata"),
            "the kernel has no symbol _sdata (CONFIG_KALLSYMS_ALL)",
        ),
        (
            |_, sample| sample.pieces.retain(|it| it.0 != TEXT),
            "it does not contain the memory at 0xffffffff81000000",
        ),
        (
            |_, sample| sample.pieces.retain(|it| it.0 != DATA),
            "it does not contain the memory at 0xffffffff81200000",
        ),
        (
            |shown, sample| {
                let start = shown
                    .files
                    .area(shown.address("second"))
                    .unwrap()
                    .range
                    .start;

                sample.put(start, &[0; 4096]);
            },
            "it does not contain the code at 0xffffffff81400000",
        ),
        (
            |_, sample| sample.symbols.retain(|it| !it.1.ends_with("[plain]")),
            "module plain has just been loaded",
        ),
        (
            |_, sample| {
                let modules = sample
                    .symbols
                    .iter()
                    .find(|it| it.1 == "D modules")
                    .unwrap()
                    .0;
                let first = sample.get(modules, 8);
                let first = u64::from_le_bytes(first.try_into().unwrap());

                sample.put(first, &first.to_le_bytes());
            },
            "one of its lists is too long",
        ),
    ];

    for (change, expected) in cases {
        let mut sample = shown.sample();

        change(&shown, &mut sample);
        let error = shown.read(&sample).err().unwrap();
        let (path, sentence) = error.split_once(": ").unwrap();

        assert_eq!(sentence, expected);
        assert!(
            path.ends_with("kallsyms") || path.ends_with("kcore"),
            "{path}"
        );
    }
}

#[test]
fn files_of_proc_are_required() {
    let shown = Shown::new("running-absent");
    let places = shown.sample().write(&shown.directory.path(""), &[]);
    let error = || {
        Image::running(&places, |_| Vec::new())
            .err()
            .unwrap()
            .to_string()
    };

    fs::write(&places.core, b"\x7fELF").unwrap();
    assert!(
        error().contains("kcore: it cannot be read: "),
        "{}",
        error()
    );
    fs::remove_file(&places.core).unwrap();
    assert!(
        error().ends_with("kcore: the kernel does not export its memory (CONFIG_PROC_KCORE)"),
        "{}",
        error()
    );
    shown.sample().write(&shown.directory.path(""), &[]);
    fs::remove_file(places.types.join("vmlinux")).unwrap();
    assert!(
        error().contains("btf/vmlinux: it cannot be read: "),
        "{}",
        error()
    );
}

#[test]
fn changing_data_is_read_until_it_is_stable() {
    let settled_as = |all: &[Result<u8, &'static str>]| {
        let mut all = all.iter().cycle();

        settled(|| all.next().unwrap().map_err(Problem::from))
    };
    let error = |it| Err(Problem::from(it));

    assert_eq!(settled_as(&[Ok(1), Ok(2), Ok(2), Ok(1)]), Ok(2));
    assert_eq!(settled_as(&[Err("one"), Ok(2), Ok(2), Ok(1)]), Ok(2));
    assert_eq!(
        settled_as(&[Err("one"), Err("two"), Err("two")]),
        error("two")
    );
    assert!(settled_as(&[Ok(1), Ok(2)])
        .unwrap_err()
        .to_string()
        .starts_with("it changes while it is read"));
}

#[test]
fn symbol_lines_are_parsed() {
    for (line, expected) in [
        (
            &b"ffffffff81000000 T f"[..],
            Some(((0xffff_ffff_8100_0000, b'T', &b"f"[..]), None)),
        ),
        (
            b"10 t a.b\t[m]",
            Some(((16, b't', b"a.b"), Some(&b"m"[..]))),
        ),
        (b"0 A ", Some(((0, b'A', b""), None))),
        (b"10 t a\tm", None),
        (b"x t a", None),
        (b"10 ", None),
        (b"", None),
    ] {
        assert_eq!(line_of(line), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 200,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_core_file_causes_a_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        is_cut: bool,
    ) {
        let shown = Shown::new("running-damaged");
        let places = shown.sample().write(&shown.directory.path(""), &module_types(&shown.btf));
        let mut bytes = fs::read(&places.core).unwrap();
        // Headers and structures are a small part of it.
        let structures = bytes.windows(8).position(|it| it == b"coming\0\0").unwrap();

        for (at, flip) in flips {
            let at = match flip % 3 {
                0 => at.index(64 + 56 * 12),
                1 => structures - 0x100 + at.index(bytes.len() - structures + 0x100),
                _ => at.index(bytes.len()),
            };

            bytes[at] ^= flip;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        fs::write(&places.core, bytes).unwrap();
        let _ = Image::running(&places, |_| Vec::new());
    }
}
