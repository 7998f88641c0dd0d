// SPDX-License-Identifier: GPL-2.0-only

//! Tests with a built kernel: `KS_VMLINUX` is its file, with a symbol table, and `KS_MODULES` the
//! directory of its modules.

use super::*;
use iced_x86::{Decoder, DecoderOptions, FlowControl};
use object::{read::elf::Sym as _, LittleEndian};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    process::Command,
};

fn vmlinux() -> PathBuf {
    env::var_os("KS_VMLINUX")
        .expect("KS_VMLINUX is not set")
        .into()
}

fn modules() -> Vec<PathBuf> {
    find_modules(&PathBuf::from(
        env::var_os("KS_MODULES").expect("KS_MODULES is not set"),
    ))
}

fn open(vmlinux: &Path, modules: &[PathBuf]) -> Image {
    Image::open(vmlinux, modules).unwrap_or_else(|error| panic!("{error}"))
}

/// The text symbols in `list`, with their types.
fn text<'a>(
    image: &Image,
    list: impl Iterator<Item = (u64, u8, &'a str)>,
) -> Vec<(u64, char, &'a str)> {
    list.filter(|(address, _, _)| image.area(*address).is_some())
        .map(|(address, kind, name)| (address, char::from(kind), name))
        .collect()
}

#[test]
#[ignore = "needs a built kernel"]
fn stripped_kernels_have_the_same_symbols() {
    let stripped = env::temp_dir().join(format!("killswitch-stripped-{}", std::process::id()));
    let status = Command::new("llvm-objcopy")
        .arg("--strip-all")
        .args([&vmlinux(), &stripped])
        .status()
        .unwrap();
    let image = Image::open(&stripped, &[]);
    let with_table = open(&vmlinux(), &[]);

    fs::remove_file(&stripped).unwrap();
    assert!(status.success());
    let image = image.unwrap_or_else(|error| panic!("{error}"));
    let bytes = fs::read(vmlinux()).unwrap();
    let table = elf::Elf::parse(&bytes[..]).unwrap();
    let table = table.kallsyms().unwrap().unwrap();
    let own: Vec<_> = image
        .symbols()
        .map(|symbol| (symbol.address, symbol.kind, symbol.name))
        .collect();
    let other = text(&image, table.iter());

    assert!(image.symbols().eq(with_table.symbols()));
    assert!(image.hooks() == with_table.hooks());
    assert_eq!(
        image.types(None).unwrap().own().end,
        with_table.types(None).unwrap().own().end
    );
    let sets = [&own, &other].map(|list| list.iter().copied().collect::<BTreeSet<_>>());
    let lacking: Vec<_> = sets[1].difference(&sets[0]).collect();
    let additional: Vec<_> = sets[0].difference(&sets[1]).collect();
    let moved = own.iter().zip(&other).filter(|(one, other)| one != other);

    println!(
        "{} symbols, {} in the table, {} in another order",
        own.len(),
        other.len(),
        moved.count()
    );
    println!("only in the embedded table: {additional:x?}");
    println!("only in the linker's table: {lacking:x?}");
    assert!(own.len() > 10_000);
    assert!(lacking.is_empty() && additional.is_empty());
}

#[test]
#[ignore = "needs a built kernel"]
fn callbacks_match_the_arrays_of_symbols() {
    let image = open(&vmlinux(), &[]);
    let bytes = fs::read(vmlinux()).unwrap();
    let elf = elf::Elf::parse(&bytes[..]).unwrap();
    let table = elf.symbols().unwrap().unwrap();
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();

    for hook in image.hooks() {
        *found.entry(hook.array.as_deref().unwrap()).or_default() += 1;
        assert_ne!(hook.lsm, "?", "{hook:?}");
    }
    // An LSM can have several arrays of one name.
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for symbol in table.symbols {
        let name = std::str::from_utf8(table.name(symbol)).unwrap();

        if found.contains_key(name) {
            *expected.entry(name).or_default() += symbol.st_size(LittleEndian) as usize / 24;
        }
    }
    println!("{found:?}");
    assert_eq!(found, expected);
    for name in [
        "capability_hooks",
        "selinux_hooks",
        "landlock_hooks",
        "bpf_lsm_hooks",
    ] {
        assert!(found.contains_key(name));
    }
    // The table contains the addresses of the trampolines.
    let table = hooks::table(&image).unwrap();
    let trampolines: BTreeSet<u64> = image
        .memory
        .range(table)
        .unwrap()
        .chunks_exact(32)
        .map(|call| u64::from_le_bytes(call[8..16].try_into().unwrap()))
        .collect();
    let range = *trampolines.first().unwrap()..*trampolines.last().unwrap() + 1;
    assert_eq!(image.trampolines(), range);
}

#[test]
#[ignore = "needs a built kernel with its modules"]
fn all_call_targets_are_code() {
    let image = open(&vmlinux(), &modules());
    let mut calls = 0;
    let mut wrong = Vec::new();

    for symbol in image.symbols().filter(|symbol| symbol.module.is_some()) {
        let extent = image.extent(symbol.address).unwrap();
        let length = (extent.end - extent.start) as usize;
        let code = image.read(extent.start, length).unwrap();

        for instruction in Decoder::with_ip(64, code, extent.start, DecoderOptions::NONE) {
            let target = instruction.near_branch_target();

            if instruction.flow_control() == FlowControl::Call && target != 0 {
                let symbol_of_target = image.symbol_of(target);

                calls += 1;
                if symbol_of_target.is_none_or(|it| target - it.address > 4) {
                    wrong.push(format!("{:x} in {}", instruction.ip(), symbol.name));
                }
            }
        }
    }
    println!("{calls} calls, {:?} unresolved", image.unresolved());
    println!("{} have other targets: {wrong:x?}", wrong.len());
    // Alternatives after the last function of a module contain calls that are relative to their
    // destination.
    assert!(calls > 0 && wrong.len() <= calls / 10_000);
}

/// A file of the running kernel, with lines that begin with a hexadecimal address: the rest of each
/// line, and the address.
fn running(name: &str) -> Vec<(u64, String)> {
    let directory = PathBuf::from(env::var_os("KS_RUNNING").expect("KS_RUNNING is not set"));

    fs::read_to_string(directory.join(name))
        .unwrap()
        .lines()
        .map(|line| {
            let (address, rest) = line.split_once([' ', '-']).unwrap();
            let address = u64::from_str_radix(address.trim_start_matches("0x"), 16).unwrap();

            (address, rest.trim().to_owned())
        })
        .collect()
}

#[test]
#[ignore = "needs a built kernel, its modules, and KS_RUNNING: a directory with what it \
            says of itself without KASLR, kallsyms, available_filter_functions_addrs and blacklist"]
fn facts_match_the_running_kernel() {
    let image = open(&vmlinux(), &modules());
    let kallsyms = running("kallsyms");
    let mut modules: BTreeMap<&str, Vec<(u64, &str)>> = BTreeMap::new();

    for (address, rest) in &kallsyms {
        let rest = rest.get(2..).unwrap();
        let (name, module) = rest.split_once("\t[").unwrap_or((rest, "]"));

        modules
            .entry(module.trim_end_matches(']'))
            .or_default()
            .push((*address, name));
    }
    let kernel: Vec<_> = modules.remove("").unwrap();
    let own: Vec<_> = image
        .symbols
        .iter()
        .filter(|symbol| symbol.module.is_none())
        .map(|symbol| (symbol.address, symbol.name))
        .collect();
    assert!(own == kernel, "the kernel's symbols differ");

    // The first function of a module in the running kernel gives its address.
    let mut places = BTreeMap::new();
    let mut checked = 0;
    for (module, symbols) in modules {
        let Some(index) = image.module_named(module) else {
            println!("no module {module}");
            continue;
        };
        let own: Vec<_> = image
            .symbols()
            .filter(|symbol| symbol.module == Some(index))
            .filter(|symbol| !image.area(symbol.address).unwrap().is_init)
            .collect();
        let Some(first) = own.first() else {
            continue;
        };
        let (place, _) = symbols
            .iter()
            .find(|(_, name)| *name == first.name)
            .unwrap();
        let moved = place.wrapping_sub(first.address);
        let area = image.area(first.address).unwrap().range.clone();
        let running: Vec<_> = symbols
            .iter()
            .map(|(address, name)| (address.wrapping_sub(moved), *name))
            .filter(|(address, name)| area.contains(address) && !name.starts_with(".L"))
            .collect();
        let own: Vec<_> = own.iter().map(|it| (it.address, it.name)).collect();

        assert_eq!(own, running, "{module}");
        places.insert(area.start.wrapping_add(moved), (area.clone(), moved));
        checked += own.len();
    }
    println!(
        "{} symbols of the kernel, {checked} of modules",
        kernel.len()
    );

    // The corresponding address here, if it is in the kernel or in one of the modules.
    let here = |address: u64| match places.range(..=address).next_back() {
        Some((start, (area, moved))) if address - start < area.end - area.start => {
            Some(address.wrapping_sub(*moved))
        }
        _ => image.area(address).map(|_| address),
    };
    let traced: BTreeSet<u64> = running("available_filter_functions_addrs")
        .into_iter()
        .filter_map(|(address, _)| here(address))
        .collect();
    // Initialization code has been freed.
    let exists = |address: u64| {
        image.area(address).is_some_and(|area| {
            let is_loaded = || places.values().any(|(other, _)| *other == area.range);

            !area.is_init && (area.module.is_none() || is_loaded())
        })
    };
    let own: BTreeSet<u64> = image
        .traced
        .iter()
        .copied()
        .filter(|it| exists(*it))
        .collect();

    println!("{} ftrace locations", traced.len());
    assert_eq!(own, traced);

    let blacklist: Vec<Range<u64>> = running("blacklist")
        .into_iter()
        .filter_map(|(start, rest)| {
            let end = rest.split(['\t', ' ']).next().unwrap();
            let end = u64::from_str_radix(end.trim_start_matches("0x"), 16).unwrap();

            here(start).map(|here| here..here + (end - start))
        })
        .collect();

    for address in blacklist.iter().cloned().flatten() {
        assert!(image.is_blacklisted(address), "{address:x}");
    }
    for symbol in image.symbols().filter(|symbol| exists(symbol.address)) {
        let is_listed = blacklist.iter().any(|it| it.contains(&symbol.address));

        assert_eq!(
            image.blacklist.contains(symbol.address),
            is_listed,
            "{symbol:?}"
        );
    }
    println!("{} functions on the blacklist", blacklist.len());
}
