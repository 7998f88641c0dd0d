// SPDX-License-Identifier: GPL-2.0-only

//! Tests with [small kernels and modules](super::sample).

use super::{
    boot_image,
    btf::FUNC_PROTO,
    compression, kernel,
    sample::{self, Addresses, DATA, INIT, TEXT},
    *,
};
use proptest::prelude::*;
use std::env;

/// A kernel file with these bytes, and such modules.
pub(super) fn image(kernel: Vec<u8>, modules: &[Vec<u8>]) -> Image {
    Image::in_bytes(kernel, modules).unwrap_or_else(|problem| panic!("{problem}"))
}

fn kernel(how: Addresses) -> Vec<u8> {
    sample::kernel(how, false)
}

/// Two modules that call each other.
fn modules() -> Vec<Vec<u8>> {
    let image = image(kernel(Addresses::ToThemselves), &[]);
    let base = image.btf.as_ref();

    vec![
        sample::module("first", "second", base),
        sample::module("second", "first", base),
    ]
}

/// Small kernel and module files of all kinds, with their names.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let packed = boot_image::tests::sample(&compression::tests::gzip(&kernel(Addresses::ToBase)));
    let module = modules().remove(0);
    let cut = |bytes: &[u8]| bytes[..bytes.len() - 100].to_vec();
    let mut seeds = vec![
        ("sample-kernel", kernel(Addresses::ToThemselves)),
        ("relative-to-base", kernel(Addresses::ToBase)),
        ("relative-to-base-before", kernel(Addresses::ToBaseBefore)),
        ("with-per-cpu", kernel(Addresses::WithPerCpu)),
        ("with-table", sample::kernel(Addresses::ToThemselves, true)),
        ("boot-image-gzip", packed.clone()),
        ("boot-image-gzip-cut-off", packed[..packed.len() / 2].into()),
        ("cut-off", cut(&kernel(Addresses::ToThemselves))),
        ("module-cut-off", cut(&module)),
        ("module-gzip", compression::tests::gzip(&module)),
        ("module-plain", module),
        (
            "of-functions",
            crate::explain::tests::file(Architecture::X86),
        ),
        (
            "of-functions-arm64",
            crate::explain::tests::file(Architecture::Arm64),
        ),
    ];
    let names = [
        "packed-gzip",
        "packed-bzip2",
        "packed-lz4",
        "packed-lzma",
        "packed-xz",
        "packed-zstd",
    ];

    for (name, (_, bytes)) in names.into_iter().zip(compression::tests::samples()) {
        seeds.push((name, boot_image::tests::sample(&bytes)));
    }
    seeds
}

#[test]
fn modules_share_one_budget() {
    let image = image(kernel(Addresses::ToThemselves), &[]);
    let load = |budget: &Budget| {
        let draft = Draft::in_bytes(modules().remove(0)).unwrap();
        let (base, path) = (image.base_of_modules(), Path::new("module.ko"));

        image.load(draft, base, path, &Exports::new(), budget).err()
    };
    let least = (0..1 << 20)
        .step_by(64)
        .find(|it| load(&Budget::new(*it, WINDOW)).is_none())
        .unwrap();
    let both = Budget::new(2 * least - 128, WINDOW);

    assert!(least > 128);
    assert_eq!(load(&both), None);
    assert_eq!(load(&both), Some(TOO_LARGE.into()));
}

fn sample() -> Image {
    image(kernel(Addresses::ToThemselves), &modules())
}

/// A kernel with [handwritten](sample::of_functions) functions and tables.
pub fn of_functions(
    architecture: Architecture,
    functions: &[sample::Sample],
    tables: &[(&'static str, [&str; 2])],
) -> Image {
    image(sample::of_functions(architecture, functions, tables), &[])
}

/// Files of the sample kernel and its modules `plain`, with the function `first`, and `nf_sample`,
/// a guard, with the function `second`.
pub struct Directory(PathBuf);

impl Directory {
    /// Creates them in a directory whose name contains `name`.
    pub fn new(name: &str) -> Self {
        let directory = env::temp_dir().join(format!("killswitch-{}-{name}", std::process::id()));
        let [plain, guard] = &modules()[..] else {
            unreachable!()
        };

        fs::create_dir_all(directory.join("modules")).unwrap();
        fs::write(directory.join("vmlinux"), kernel(Addresses::ToThemselves)).unwrap();
        fs::write(directory.join("modules/plain.ko"), plain).unwrap();
        fs::write(directory.join("modules/nf-sample.ko"), guard).unwrap();
        Self(directory)
    }

    /// The path of a file or directory in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Creates the directories `proc` and `sys`, as if the kernel ran with all modules loaded.
    pub fn run(&self) {
        let (files, types) = (self.open(), sample_core::sample_types());
        let mut sample = sample_core::Sample::new(&files, &types);

        sample.build(&[]);
        sample.write(&self.path(""), &sample_core::module_types(&types));
    }

    /// Opens the files.
    pub fn open(&self) -> Image {
        let modules = find_modules(&self.path("modules"));

        Image::open(&self.path("vmlinux"), &modules).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Leftover files are harmless.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs all queries.
fn ask(image: &Image) {
    for symbol in image.symbols() {
        image.extent(symbol.address);
        image.is_blacklisted(symbol.address);
        image.is_traced(symbol.address);
        let _ = image.named(Within::Anywhere, symbol.name).count();
        let _ = image.names(symbol.address).count();
    }
    for area in image.areas() {
        for address in [area.range.start, area.range.end - 1, area.range.end] {
            image.extent(address);
            image.read(address, 16);
        }
    }
    for types in (0..image.modules().len()).map(Some).chain([None]) {
        if let Some(types) = image.types(types) {
            for id in 0..types.own().end {
                types.get(id).map(|found| found.members().count());
            }
        }
    }
}

#[test]
fn symbols_match_the_table() {
    let all = [
        Addresses::ToThemselves,
        Addresses::ToBase,
        Addresses::ToBaseBefore,
        Addresses::WithPerCpu,
    ];

    for how in all {
        let image = image(kernel(how), &[]);
        let names: Vec<_> = image.symbols().map(|symbol| symbol.name).collect();

        assert_eq!(names.len(), 22, "{how:?}");
        assert_eq!(names[..5], ["_text", "_stext", "__pfx_f", "f", "weak_f"]);
        assert_eq!(image.padding(), 16);
    }
}

#[test]
fn linker_table_is_the_fallback() {
    let file = sample::kernel(Addresses::ToThemselves, true);
    let image = image(file, &[]);
    let at = |address| -> Vec<_> { image.names(address).map(|it| it.name).collect() };

    assert_eq!(at(TEXT + 0x20), ["f", "weak_f"]);
    assert_eq!(at(TEXT + 0xa0), ["unprobed", "__kprobes_text_start"]);
    assert_eq!(image.named(Within::Kernel, "f").next().unwrap().kind, 'T');
    assert_eq!(image.hooks().len(), 3);
}

#[test]
fn boot_images_are_read() {
    let elf = kernel(Addresses::ToThemselves);
    let packed = boot_image::tests::sample(&compression::tests::gzip(&elf));
    let plain = boot_image::tests::sample(&elf);

    for file in [packed, plain] {
        let image = image(file, &[]);

        assert_eq!(image.symbols().count(), 22);
    }
}

#[test]
fn sections_of_a_kernel_are_distinguished() {
    let image = sample();

    assert_eq!(image.areas()[0].range, TEXT..TEXT + 0x400);
    assert_eq!(image.areas()[1].range, INIT..INIT + 0x100);
    assert!(image.area(INIT).unwrap().is_init);
    assert!(!image.area(TEXT).unwrap().is_init);
    assert!(image.area(DATA).is_none());
    assert_eq!(image.areas().len(), 6);
}

#[test]
fn extents_match_kallsyms() {
    let image = sample();

    assert_eq!(image.extent(TEXT + 0x3f), Some(TEXT + 0x20..TEXT + 0x40));
    assert_eq!(image.extent(TEXT + 0xb0), Some(TEXT + 0xb0..TEXT + 0x400));
    assert_eq!(image.symbol_of(TEXT + 0x21).unwrap().name, "f");
    assert_eq!(
        image.symbol_of(TEXT + 0xa1).unwrap().name,
        "__kprobes_text_start"
    );
    assert_eq!(image.extent(TEXT - 1), None);
}

#[test]
fn callbacks_have_the_names_of_their_lsms() {
    let image = sample();
    let hooks: Vec<_> = image
        .hooks()
        .iter()
        .map(|hook| (hook.address, &*hook.lsm, hook.array.as_deref().unwrap()))
        .collect();

    assert!(image.has_hook_table());
    assert_eq!(
        hooks,
        [
            (TEXT + 0x80, "sample", "sample_hooks"),
            (TEXT + 0x80, "sample", "sample_hooks"),
            (TEXT + 0x80, "other", "other_hooks"),
        ]
    );
    assert_eq!(image.trampolines(), TEXT + 0x90..TEXT + 0x99);
}

#[test]
fn too_many_callbacks_are_refused() {
    let mut image = image(kernel(Addresses::ToThemselves), &[]);
    let hooks = image.named(Within::Kernel, "sample_hooks").next().unwrap();
    let records = image.read(hooks.address, 24).unwrap().repeat(1 << 16);
    let (place, length) = (image.memory.end().next_multiple_of(8), records.len());

    assert!(hooks::find(&image).is_ok());
    image
        .memory
        .append(Memory::new(vec![records], [(place, 0, 0..length)]));
    image.bounds.end = u64::MAX;
    assert!(hooks::find(&image).is_err());
}

#[test]
fn probe_locations_are_known() {
    let image = sample();
    let module = |name| image.named(Within::Module(0), name).next().unwrap().address;

    assert!(image.is_traced(TEXT + 0x24) && !image.is_traced(TEXT + 0x20));
    assert_eq!(image.traced_in(TEXT + 0x20..TEXT + 0x40), Some(TEXT + 0x24));
    assert_eq!(image.traced_in(TEXT + 0x40..TEXT + 0x50), None);
    assert!(image.is_traced(module("local")) && image.is_traced(module("first") + 4));
    for address in [
        TEXT + 0x50,
        TEXT + 0x5f,
        TEXT + 0x60,
        TEXT + 0xa8,
        module("local"),
    ] {
        assert!(image.is_blacklisted(address), "{address:x}");
    }
    for address in [TEXT + 0x20, TEXT + 0x40, TEXT + 0xb0, module("first")] {
        assert!(!image.is_blacklisted(address), "{address:x}");
    }
}

#[test]
fn modules_are_placed_and_linked() {
    let image = sample();
    let address = |within, name| image.named(within, name).next().unwrap().address;
    let first = address(Within::Module(0), "first");
    let second = address(Within::Module(1), "second");
    let called = |at: u64| {
        let distance = image.read(at + 1, 4).unwrap().try_into().unwrap();

        (at + 5).wrapping_add_signed(i32::from_le_bytes(distance).into())
    };
    let number = |at| u64::from_le_bytes(image.read(at, 8).unwrap().try_into().unwrap());
    let local = address(Within::Module(0), "local");
    let variable = address(Within::Module(0), "variable");

    assert_eq!(called(first + 4), local);
    assert_eq!(called(first + 11), TEXT + 0x20);
    assert_eq!(called(first + 16), second);
    assert_eq!(called(second + 16), first);
    assert_eq!(number(variable - 8), local + 4);
    assert_eq!(number(variable), (TEXT + 0x20).wrapping_sub(variable));
    // Per-CPU data is not loaded.
    let far = image.read(first + 0x18, 4).unwrap().try_into().unwrap();
    assert_eq!(u32::from_le_bytes(far), (TEXT - FAR) as u32);
    assert!(image.named(Within::Module(0), "per_cpu").next().is_none());
    assert!(image.named(Within::Module(0), ".Lmark").next().is_none());
    assert!(image.unresolved().is_empty());
}

#[test]
fn extents_in_modules_match_symbols() {
    let image = sample();
    let module = Within::Module(1);
    let address = |name| image.named(module, name).next().unwrap().address;
    let second = address("second");
    let area = image.area(second).unwrap();

    assert_eq!(image.extent(second + 1), Some(second..area.range.end));
    assert_eq!(image.extent(second - 1), Some(second - 0x10..second));
    assert_eq!(area.range.end - area.range.start, 4096);
    assert_eq!(area.module, Some(1));
    assert!(image.area(address("init_module")).unwrap().is_init);
    assert!(image.area(address("variable")).is_none());
    assert_eq!(image.modules()[1].name, "module_1");
    assert_eq!(image.module_named("module_1"), Some(1));
}

#[test]
fn unresolved_symbols_are_far() {
    let image = image(kernel(Addresses::ToThemselves), &modules()[..1]);
    let first = image
        .named(Within::Module(0), "first")
        .next()
        .unwrap()
        .address;
    let distance: [u8; 4] = image.read(first + 17, 4).unwrap().try_into().unwrap();
    let target = (first + 21).wrapping_add_signed(i32::from_le_bytes(distance).into());

    assert_eq!(target, TEXT - FAR);
    assert!(image.area(target).is_none());
    assert_eq!(image.unresolved(), [(0, "second".to_owned())]);
}

#[test]
fn types_are_found_by_functions() {
    let image = sample();
    let (kernel, module) = (image.types(None).unwrap(), image.types(Some(1)).unwrap());

    assert_eq!(kernel.functions("f").collect::<Vec<_>>(), [3]);
    assert_eq!(kernel.functions("last").collect::<Vec<_>>(), [5]);
    assert_eq!(module.functions("second").collect::<Vec<_>>(), [6]);
    assert_eq!(module.functions("f").count(), 0);
    assert_eq!(module.get(2).unwrap().kind(), FUNC_PROTO);
    assert!(image.types(Some(2)).is_none());
}

#[test]
fn files_are_found_and_opened() {
    let directory = env::temp_dir().join(format!("killswitch-{}", std::process::id()));
    let vmlinux = directory.join("vmlinux");
    let below = directory.join("kernel/fs");
    let modules = modules();

    fs::create_dir_all(&below).unwrap();
    fs::write(&vmlinux, kernel(Addresses::ToThemselves)).unwrap();
    fs::write(below.join("two-words.ko"), &modules[0]).unwrap();
    fs::write(
        directory.join("a.ko.gz"),
        compression::tests::gzip(&modules[1]),
    )
    .unwrap();
    fs::write(directory.join("a.ko.txt"), "").unwrap();
    let found = find_modules(&directory);
    let image = Image::open(&vmlinux, &found);
    let wrong = Image::open(&found[0], &[])
        .err()
        .map(|error| error.to_string());

    fs::remove_dir_all(&directory).unwrap();
    let image = image.unwrap_or_else(|error| panic!("{error}"));
    let names: Vec<_> = image.modules().iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["a", "two_words"]);
    assert!(image.unresolved().is_empty());
    assert!(wrong
        .unwrap()
        .ends_with("a.ko.gz: it contains no kernel for arm64"));
    assert!(Image::open(&vmlinux, &[]).is_err());
}

#[test]
fn truncated_files_are_refused() {
    let file = kernel(Addresses::ToThemselves);
    let packed = boot_image::tests::sample(&compression::tests::gzip(&file));
    let module = modules().remove(0);

    for length in 0..file.len() {
        assert!(kernel::in_bytes(file[..length].to_vec()).is_err());
    }
    for length in 0..packed.len() - 20 {
        assert!(kernel::in_boot_image(packed[..length].to_vec()).is_err());
    }
    for length in 0..module.len() {
        assert!(Draft::in_bytes(module[..length].to_vec()).is_err());
    }
}

#[test]
fn other_files_are_refused() {
    let mut other = kernel(Addresses::ToThemselves);
    let refused = |bytes: &[u8]| kernel::in_bytes(bytes.into()).err().unwrap().to_string();

    assert_eq!(refused(&modules()[0]), "it is an object file, not a kernel");
    assert!(Draft::in_bytes(other.clone()).is_err());
    other[18] = 3;
    assert_eq!(refused(&other), "it is neither for x86-64 nor for arm64");
}

/// Corruptions of a file of `length` bytes: flipped bytes, and the length after truncation.
fn damages(length: usize) -> impl Strategy<Value = (Vec<(usize, u8)>, usize)> {
    let cut = prop_oneof![3 => Just(length), 1 => 0..length];

    (prop::collection::vec((0..length, any::<u8>()), 1..6), cut)
}

fn damaged(mut bytes: Vec<u8>, (flips, cut): (Vec<(usize, u8)>, usize)) -> Vec<u8> {
    for (at, flip) in flips {
        bytes[at] ^= flip;
    }
    bytes.truncate(cut);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 1000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_kernel_causes_a_panic(
        which in 0usize..5,
        damage in damages(kernel(Addresses::ToBase).len()),
    ) {
        let how = [
            Addresses::ToThemselves,
            Addresses::ToBase,
            Addresses::ToBaseBefore,
            Addresses::WithPerCpu,
        ];
        let mut file = match how.get(which) {
            Some(how) => kernel(*how),
            None => sample::kernel(Addresses::ToBase, true),
        };

        file.resize(kernel(Addresses::ToBase).len(), 0);
        if let Ok(image) = Image::in_bytes(damaged(file, damage), &modules()) {
            ask(&image);
        }
    }

    #[test]
    fn no_module_causes_a_panic(damage in damages(modules()[0].len())) {
        let mut modules = modules();

        modules[0] = damaged(modules[0].clone(), damage);
        if let Ok(image) = Image::in_bytes(kernel(Addresses::ToThemselves), &modules) {
            ask(&image);
        }
    }

    #[test]
    fn no_boot_image_causes_a_panic(damage in damages(1500)) {
        let file = compression::tests::gzip(&kernel(Addresses::ToThemselves));
        let file = boot_image::tests::sample(&file);

        let _ = kernel::in_boot_image(damaged(file, damage));
    }
}
