// SPDX-License-Identifier: GPL-2.0-only

//! Tests with small debug information, and with that of a built kernel.

use super::{
    super::{
        find_modules,
        sample::{self, Addresses, Section, ALLOC, DATA, PROGBITS, TEXT},
        tests::Directory,
    },
    *,
};
use gimli::{
    write::{self, Address, AttributeValue as Value, EndianVec, LineProgram, RangeList, Sections},
    Encoding, Format,
};
use proptest::prelude::*;
use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    time::Instant,
};

/// Sections that are compressed.
const COMPRESSED: u64 = 0x800;
const NOTE: u32 = 7;

/// Writes debug information of compile units.
struct Writer {
    dwarf: write::Dwarf,
    encoding: Encoding,
}

/// An entry: its unit, and its index there.
type Id = (write::UnitId, write::UnitEntryId);

impl Writer {
    fn new(format: Format, version: u16) -> Self {
        let mut dwarf = write::Dwarf::new();

        // The offsets of names must not be common numbers.
        dwarf.strings.add("x".repeat(0x5678));
        Self {
            dwarf,
            encoding: Encoding {
                format,
                version,
                address_size: 8,
            },
        }
    }

    fn unit(&mut self) -> write::UnitId {
        let unit = write::Unit::new(self.encoding, LineProgram::none());

        self.dwarf.units.add(unit)
    }

    fn add(&mut self, unit: write::UnitId, tag: gimli::DwTag, all: &[(gimli::DwAt, Value)]) -> Id {
        let it = self.dwarf.units.get_mut(unit);
        let entry = it.add(it.root(), tag);

        for (name, value) in all {
            it.get_mut(entry).set(*name, value.clone());
        }
        (unit, entry)
    }

    /// A function without code of its own.
    fn function(&mut self, unit: write::UnitId, name: &str, line: u64) -> Id {
        let name = Value::StringRef(self.dwarf.strings.add(name));
        let all = [
            (gimli::DW_AT_name, name),
            (gimli::DW_AT_decl_line, Value::Udata(line)),
        ];

        self.add(unit, gimli::DW_TAG_subprogram, &all)
    }

    /// Code of `origin`, in the same unit.
    fn code(&mut self, tag: gimli::DwTag, origin: Id, start: u64) -> Id {
        let all = [
            (gimli::DW_AT_abstract_origin, Value::UnitRef(origin.1)),
            (
                gimli::DW_AT_low_pc,
                Value::Address(Address::Constant(start)),
            ),
        ];

        self.add(origin.0, tag, &all)
    }

    fn sections(mut self) -> Vec<Section> {
        let mut sections = Sections::new(EndianVec::new(gimli::LittleEndian));
        let mut found = Vec::new();

        self.dwarf.write(&mut sections).unwrap();
        sections
            .for_each(|id, data| {
                if !data.slice().is_empty() {
                    let bytes = data.slice().to_vec();

                    found.push(Section::new(id.name(), PROGBITS, 0, bytes));
                }
                Ok::<_, ()>(())
            })
            .unwrap();
        found
    }
}

const SUBPROGRAM: gimli::DwTag = gimli::DW_TAG_subprogram;
const INLINED: gimli::DwTag = gimli::DW_TAG_inlined_subroutine;

/// Debug information of the sample kernel: `callback` is inlined into `f` and `last`, `listed` was
/// split, and another `callback` at another line is only in `unprobed`.
fn debug(format: Format, version: u16) -> Vec<Section> {
    let mut writer = Writer::new(format, version);
    let [first, second, third] = [(); 3].map(|()| writer.unit());
    let callback = writer.function(first, "callback", 7);
    let listed = writer.function(first, "listed", 20);

    writer.code(SUBPROGRAM, callback, TEXT + 0x80);
    writer.code(SUBPROGRAM, listed, TEXT + 0x50);
    writer.code(SUBPROGRAM, listed, TEXT + 0x60);
    writer.code(INLINED, callback, TEXT + 0xb4);
    // Eliminated by the compiler.
    writer.code(INLINED, callback, 0);

    // In another unit, and in two parts.
    let ranges = [0x24, 0x42].map(|start| write::Range::StartLength {
        begin: Address::Constant(TEXT + start),
        length: 2,
    });
    let unit = writer.dwarf.units.get_mut(second);
    let ranges = unit.ranges.add(RangeList(ranges.to_vec()));
    let there = Value::DebugInfoRef(write::DebugInfoRef::Entry(callback.0, callback.1));
    let middle = [(gimli::DW_AT_abstract_origin, there)];
    let middle = writer.add(second, SUBPROGRAM, &middle);
    let all = [
        (gimli::DW_AT_abstract_origin, Value::UnitRef(middle.1)),
        (gimli::DW_AT_ranges, Value::RangeListRef(ranges)),
    ];
    writer.add(second, INLINED, &all);

    // With an inline name.
    let all = [
        (gimli::DW_AT_name, Value::String(b"callback".to_vec())),
        (gimli::DW_AT_decl_line, Value::Udata(8)),
    ];
    let other = writer.add(third, SUBPROGRAM, &all);

    writer.code(INLINED, other, TEXT + 0xa4);

    // With another symbol.
    let symbol = Value::StringRef(writer.dwarf.strings.add("_RNv8callback"));
    let named = writer.function(third, "callback", 9);
    let entry = writer.dwarf.units.get_mut(third).get_mut(named.1);

    entry.set(gimli::DW_AT_linkage_name, symbol);
    writer.code(INLINED, named, TEXT + 0xa8);
    writer.sections()
}

fn read(file: &[u8], names: &[&str]) -> Result<Said, Problem> {
    let kernel = sample::kernel(Addresses::ToThemselves, true);
    let image = Image::in_bytes(kernel, &[])?;
    let asked = Asked {
        names,
        find: &|name| {
            image
                .named(Within::Kernel, name)
                .next()
                .map(|it| it.address)
        },
    };

    asked.read_elf(file, None, &Budget::new(MAX_BYTES, WINDOW))
}

/// The sample kernel with additional sections.
fn with(extra: Vec<Section>) -> Vec<u8> {
    let mut sections = sample::kernel_sections(Addresses::ToThemselves, true);

    sections.extend(extra);
    sample::elf(false, sections)
}

fn origin(name: &str, instances: &[u64], inlined: &[u64]) -> Origin {
    let all = |all: &[u64]| all.iter().map(|it| TEXT + it).collect();

    Origin {
        name: name.into(),
        is_shared: false,
        instances: all(instances),
        inlined: all(inlined),
    }
}

/// The expected result for [`debug`].
fn expected() -> Vec<Origin> {
    vec![
        origin("callback", &[0x80], &[0x24, 0xb4]),
        origin("callback", &[], &[0xa4]),
        origin("listed", &[0x50, 0x60], &[]),
    ]
}

fn found(file: &[u8]) -> Result<Vec<Origin>, Problem> {
    let mut found = read(file, &["callback", "listed", "none"])?.0.unwrap();

    for it in &mut found {
        it.inlined.sort_unstable();
    }
    Ok(found)
}

#[test]
fn copies_of_the_function_are_found() {
    for format in [Format::Dwarf32, Format::Dwarf64] {
        for version in [4, 5] {
            let file = with(debug(format, version));

            assert_eq!(found(&file).unwrap(), expected(), "{format:?} {version}");
        }
    }
    assert_eq!(read(&with(Vec::new()), &["f"]), Ok((None, None)));
}

#[test]
fn header_functions_are_in_several_units() {
    let mut writer = Writer::new(Format::Dwarf32, 5);

    for start in [0x24, 0xb4] {
        let unit = writer.unit();
        let callback = writer.function(unit, "callback", 7);

        writer.code(INLINED, callback, TEXT + start);
    }
    let expected = Origin {
        is_shared: true,
        ..origin("callback", &[], &[0x24, 0xb4])
    };

    assert_eq!(found(&with(writer.sections())).unwrap(), [expected]);
}

/// `bytes` after a header with the compression format.
fn compressed(bytes: &[u8], header: &[u8]) -> Vec<u8> {
    let compression = flate2::Compression::fast();
    let mut encoder = flate2::write::ZlibEncoder::new(header.to_vec(), compression);

    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_sections_are_read() {
    let all = || debug(Format::Dwarf32, 5).into_iter();
    let new = all().map(|mut it| {
        let size = it.data.len() as u64;
        let header = [1u64.to_le_bytes(), size.to_le_bytes(), [0; 8]].concat();

        it.data = compressed(&it.data, &header);
        it.flags = COMPRESSED;
        it
    });
    let old = all().map(|mut it| {
        let header = [*b"ZLIB....", (it.data.len() as u64).to_be_bytes()].concat();

        it.data = compressed(&it.data, &[&header[..4], &header[8..]].concat());
        it.name = match it.name {
            ".debug_info" => ".zdebug_info",
            ".debug_abbrev" => ".zdebug_abbrev",
            ".debug_str" => ".zdebug_str",
            ".debug_rnglists" => ".zdebug_rnglists",
            _ => return it,
        };
        it
    });

    assert_eq!(found(&with(new.collect())).unwrap(), expected());
    assert_eq!(found(&with(old.collect())).unwrap(), expected());
}

/// Adds debug information to the sample module `plain`: the function `name` is at its symbol with
/// the index `own`, and is inlined 4 bytes after the symbol `other`.
pub(crate) fn with_copy(directory: &Directory, name: &str, own: u64, other: u64) {
    const PLACE: u64 = 0x1122_3344_5566_7788;
    let image = directory.open();
    let mut writer = Writer::new(Format::Dwarf32, 5);
    let unit = writer.unit();
    let function = writer.function(unit, name, 1);

    for (tag, start) in [(SUBPROGRAM, PLACE), (INLINED, PLACE + 1)] {
        writer.code(tag, function, start);
    }
    let mut sections = sample::module_sections("first", "second", image.btf.as_ref());
    let start = sections.len();

    sections.extend(writer.sections());
    let index = sections
        .iter()
        .position(|it| it.name == ".debug_info")
        .unwrap();
    let place =
        |value: u64| memmem::find(&sections[index].data, &value.to_le_bytes()).unwrap() as u64;
    let table = [(place(PLACE), own, 1, 0), (place(PLACE + 1), other, 1, 4)];

    assert!(index >= start);
    sections.push(sample::relocations(index as u32 + 1, &table));
    fs::write(
        directory.path("modules/plain.ko"),
        sample::elf(true, sections),
    )
    .unwrap();
}

#[test]
fn module_debug_information_is_relocated() {
    let directory = Directory::new("dwarf-module");

    // These symbols are 16 bytes apart.
    with_copy(&directory, "local", 2, 3);
    let image = directory.open();
    let module = image.module_named("plain").unwrap();
    let address = |name| {
        let mut found = image.named(Within::Module(module), name);

        found.next().unwrap().address
    };
    let found = image
        .origins(Some(module), None, Path::new("/none"), &["local"])
        .unwrap_or_else(|error| panic!("{error}"))
        .unwrap();

    assert_eq!(found[0].instances, [address("local")]);
    assert_eq!(found[0].inlined, [address("first") + 4]);
}

/// A note with a build ID of twenty bytes `byte`, after another note.
fn build_id(byte: u8) -> Vec<u8> {
    let mut note = Vec::new();

    for (size, kind) in [(3u32, 1u32), (20, 3)] {
        for number in [4, size, kind] {
            note.extend_from_slice(&number.to_le_bytes());
        }
        note.extend_from_slice(b"GNU\0");
        note.extend(vec![byte; size.next_multiple_of(4) as usize]);
    }
    note
}

/// The sample kernel with a build ID in its data, between symbols.
fn kernel_with_notes() -> Vec<u8> {
    let mut sections = sample::kernel_sections(Addresses::ToThemselves, true);
    let [.., data, symbols, names] = &mut sections[..] else {
        unreachable!()
    };
    let start = DATA + data.data.len() as u64;

    data.data.extend(build_id(7));
    for (name, address) in [
        ("__start_notes", start),
        ("__stop_notes", DATA + data.data.len() as u64),
    ] {
        let [symbol, strings] = sample::symbol_table(&[(name, 3, address, true)], 5);
        let at = symbols.data.len();

        // After the empty one, and after the NUL before the names.
        symbols.data.extend_from_slice(&symbol.data[24..]);
        symbols.data[at..at + 4].copy_from_slice(&(names.data.len() as u32).to_le_bytes());
        names.data.extend_from_slice(&strings.data[1..]);
    }
    sample::elf(false, sections)
}

#[test]
fn separate_files_are_found_by_build_id() {
    let directory = Directory::new("dwarf-separate");
    let vmlinux = directory.path("vmlinux");

    fs::write(&vmlinux, kernel_with_notes()).unwrap();
    let image = directory.open();
    let with_id = |byte| {
        let note = Section::new(".notes", NOTE, ALLOC, build_id(byte));
        let mut all = debug(Format::Dwarf32, 5);

        all.push(Section {
            address: DATA + 0x20_0000,
            ..note
        });
        with(all)
    };
    let place = directory.path(".build-id/07");
    let origins = |debug: &Path| {
        image
            .origins(None, Some(&vmlinux), debug, &["listed"])
            .map_err(|error| error.to_string())
    };

    assert_eq!(origins(&directory.path("")), Ok(None));
    assert_eq!(origins(&directory.path("nowhere")), Ok(None));
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join(format!("{}.debug", "07".repeat(19))), with_id(7)).unwrap();
    let expected = Ok(Some(vec![origin("listed", &[0x50, 0x60], &[])]));
    assert_eq!(origins(&directory.path("")), expected);

    let file = directory.path("separate");
    fs::write(&file, with_id(7)).unwrap();
    assert_eq!(origins(&file), expected);
    fs::write(&file, with_id(8)).unwrap();
    let error = origins(&file).unwrap_err();
    assert!(
        error.ends_with("separate: it is from another build; give the right one"),
        "{error}"
    );
}

#[test]
fn cyclic_origins_are_ignored() {
    let mut writer = Writer::new(Format::Dwarf32, 5);
    let unit = writer.unit();
    let callback = writer.function(unit, "callback", 7);
    let one = writer.code(SUBPROGRAM, callback, TEXT + 0x50);
    let two = writer.code(SUBPROGRAM, one, TEXT + 0x60);
    let origin_of = |writer: &mut Writer, it: Id, origin: Id| {
        let entry = writer.dwarf.units.get_mut(unit).get_mut(it.1);

        entry.set(gimli::DW_AT_abstract_origin, Value::UnitRef(origin.1));
    };

    origin_of(&mut writer, one, two);
    origin_of(&mut writer, callback, callback);
    writer.code(INLINED, two, TEXT + 0x24);
    assert_eq!(
        found(&with(writer.sections())).unwrap(),
        [origin("callback", &[], &[])]
    );
}

#[test]
fn corruption_is_one_error() {
    type Change = fn(&mut Vec<u8>);

    let damaged = |name: &str, change: Change| {
        let mut sections = debug(Format::Dwarf32, 5);
        let section = sections.iter_mut().find(|it| it.name == name).unwrap();

        change(&mut section.data);
        found(&with(sections)).unwrap_err().to_string()
    };
    let cases: [(&str, Change, &str); 5] = [
        (
            ".debug_info",
            |it| it.truncate(it.len() - 9),
            "its debug information is truncated",
        ),
        (
            ".debug_info",
            |it| it[..4].copy_from_slice(&[0xf0, 0xff, 0xff, 0xff]),
            "a compile unit of its debug information is too large",
        ),
        (
            ".debug_info",
            |it| it[4] = 9,
            "its debug information is corrupt: ",
        ),
        (
            ".debug_abbrev",
            |it| it.clear(),
            "its debug information is corrupt: ",
        ),
        (
            ".debug_rnglists",
            |it| it.truncate(1),
            "its debug information is corrupt: ",
        ),
    ];

    for (name, change, expected) in cases {
        let sentence = damaged(name, change);

        assert!(sentence.starts_with(expected), "{name}: {sentence}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Any bytes lead to an answer or an error.
    #[test]
    fn no_input_causes_a_panic(
        version in prop_oneof![Just(4u16), Just(5)],
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut sections = debug(Format::Dwarf32, version);

        for (at, byte) in changes {
            let count = sections.iter().map(|it| it.data.len()).sum::<usize>();
            let mut at = at.index(count);

            for section in &mut sections {
                match section.data.get_mut(at) {
                    Some(it) => {
                        *it = byte;
                        break;
                    }
                    None => at -= section.data.len(),
                }
            }
        }
        let _ = found(&with(sections));
    }
}

/// The number of inlined copies of each function according to llvm-dwarfdump, for the file at
/// `path`.
fn counted(path: &Path) -> HashMap<String, usize> {
    let mut child = Command::new("llvm-dwarfdump")
        .arg("--debug-info")
        .arg(path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut counts = HashMap::new();
    let (mut is_inlined, mut name) = (false, String::new());

    for line in BufReader::new(child.stdout.take().unwrap()).split(b'\n') {
        let line = String::from_utf8_lossy(&line.unwrap()).into_owned();
        let line = line.trim_start();

        if let Some((_, tag)) = line.split_once("DW_TAG_") {
            is_inlined = tag == "inlined_subroutine";
        } else if !is_inlined {
        } else if line.starts_with("DW_AT_abstract_origin") {
            name = line.split('"').nth(1).unwrap_or_default().into();
        } else if line.starts_with("DW_AT_low_pc") || line.starts_with("DW_AT_ranges") {
            *counts.entry(std::mem::take(&mut name)).or_default() += 1;
        }
    }
    assert!(child.wait().unwrap().success());
    counts
}

#[test]
#[ignore = "needs a built kernel with debug information, its modules, and llvm-dwarfdump"]
fn copies_match_llvm_dwarfdump() {
    /// One of this many names is checked.
    const STEP: usize = 100;

    let path =
        |name| PathBuf::from(env::var_os(name).unwrap_or_else(|| panic!("{name} is not set")));
    let vmlinux = path("KS_VMLINUX");
    let mut files = find_modules(&path("KS_MODULES"));
    let size = |it: &PathBuf| fs::metadata(it).map_or(0, |it| it.len());
    let mut all = 0;

    files.sort_by_key(|it| std::cmp::Reverse(size(it)));
    files.truncate(4);
    files.push(vmlinux);
    for file in files {
        let counts = counted(&file);
        let mut names: Vec<_> = counts.keys().filter(|it| !it.is_empty()).collect();

        names.sort();
        let step = if counts.len() > 10 * STEP { STEP } else { 1 };
        let names: Vec<_> = names.into_iter().step_by(step).map(|it| &**it).collect();
        let asked = Asked {
            names: &names,
            // Each address is counted.
            find: &|_| Some(0),
        };
        let start = Instant::now();
        // Modules may have been stripped.
        let Some(found) = asked.read(&file).unwrap().0 else {
            assert!(
                counts.is_empty() && file != path("KS_VMLINUX"),
                "{}",
                file.display()
            );
            continue;
        };
        let time = start.elapsed();
        let mut own: HashMap<_, usize> = HashMap::new();

        for it in &found {
            *own.entry(&*it.name).or_default() += it.inlined.len();
        }
        for name in &names {
            let own = own.get(name).copied().unwrap_or(0);

            assert_eq!(own, counts[*name], "{name} in {}", file.display());
            all += own;
        }
        println!(
            "{}: {} of {} functions, {time:.1?}",
            file.display(),
            names.len(),
            counts.len()
        );
    }
    println!("{all} copies");
    assert!(all > 1000);
}
