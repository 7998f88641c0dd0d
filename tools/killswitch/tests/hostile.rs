// SPDX-License-Identifier: GPL-2.0-only

//! The program with invalid or malicious kernels, modules, records and lists: it reports one error
//! for one file, and ends, within 1 GiB of memory.

use std::{
    env, fs,
    io::{self, Seek, SeekFrom, Write},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testing/fuzz/corpus");
/// The time limit. It usually takes a second or two.
const MAX_TIME: Duration = Duration::from_secs(600);

/// A temporary directory.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("killswitch-{}-{name}", std::process::id()));

        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The path of a file in it.
    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().into()
    }

    /// Creates a file, and returns its path.
    fn write(&self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.0.join(name), bytes).unwrap();
        self.path(name)
    }

    /// Creates a named pipe without a writer, and returns its path.
    fn pipe(&self, name: &str) -> String {
        let path = self.path(name);

        assert!(Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success());
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Leftover files are harmless.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A kernel or module file from the fuzzers' seeds.
fn seed(name: &str) -> Vec<u8> {
    fs::read(Path::new(CORPUS).join("image").join(name)).unwrap()
}

/// Runs the program with these arguments and 1 GiB of address space, and returns its exit status
/// and error output.
fn run(words: &[&str]) -> (Option<i32>, String) {
    run_with(words, Stdio::null())
}

/// The same with a standard input.
fn run_with(words: &[&str], input: Stdio) -> (Option<i32>, String) {
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -v 1048576 && exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_killswitch"))
        .args(words)
        .env("XDG_CACHE_HOME", "/dev/null")
        .stdin(input)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();

    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > MAX_TIME {
            child.kill().unwrap();
            panic!("{words:?} does not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();

    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Checks that the program refuses the file at `path`, one of `words`, for a reason that contains
/// `why`.
#[track_caller]
fn refused(words: &[&str], path: &str, why: &str) {
    let (status, said) = run(words);
    let start = format!("killswitch: {path}: ");

    assert_eq!(status, Some(2), "{words:?}: {said}");
    assert!(said.starts_with(&start) && said.contains(why), "{said}");
    assert!(
        said.trim_end().lines().count() == 1 && said.len() < 1000,
        "{said}"
    );
}

/// The same for the commands that read a kernel.
#[track_caller]
fn kernel_refused(path: &str, why: &str) {
    for words in [&["facts"][..], &["cve", "--all"]] {
        refused(&[words, &["--vmlinux", path]].concat(), path, why);
    }
}

/// Writes a number of `size` bytes.
fn put(bytes: &mut [u8], at: usize, number: u64, size: usize) {
    bytes[at..at + size].copy_from_slice(&number.to_le_bytes()[..size]);
}

fn get(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

/// The offset of an ELF file's section headers, and the size of one, in bytes.
const SECTIONS: usize = 0x28;
const SECTION: usize = 64;
/// The offset of its program headers, and the size of one.
const SEGMENTS: usize = 64;
const SEGMENT: usize = 56;

/// A boot image with this payload.
fn boot_image(payload: &[u8]) -> Vec<u8> {
    let mut image = seed("packed-zstd");
    let length = payload.len() as u64;

    image.truncate(0x400 + 16);
    put(&mut image, 0x24c, length, 4);
    image.extend_from_slice(payload);
    image
}

/// zstd data that expands to `blocks` times 128 KiB of zeros.
fn bomb(blocks: usize) -> Vec<u8> {
    // A window of 2 MiB, and no total size.
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 11 << 3];

    for number in 1..=blocks {
        // Whether it is the last one, one repeated byte, and the count.
        let header = u32::from(number == blocks) | 1 << 1 | (128 << 10) << 3;

        bytes.extend_from_slice(&header.to_le_bytes()[..3]);
        bytes.push(0);
    }
    bytes
}

#[test]
fn special_files_are_refused_immediately() {
    let directory = Directory::new("no-file");
    let kernel = directory.write("kernel", &seed("sample-kernel"));
    let pipe = directory.pipe("pipe");
    let around = directory.path("around");

    symlink(&around, &around).unwrap();
    for words in [
        &["suggest", "--record", &pipe][..],
        &["scan", "--list", &pipe],
    ] {
        refused(words, &pipe, "name a regular file, or - and redirect the");
    }
    for (path, why) in [
        (&*pipe, "it is a directory, a pipe or a device"),
        ("/dev/zero", "it is a directory, a pipe or a device"),
        ("/", "it is a directory, a pipe or a device"),
        (&around, "Too many levels of symbolic links"),
        (&directory.path("nowhere"), "No such file"),
    ] {
        kernel_refused(path, why);
        for words in [
            &["suggest", "--record", path][..],
            &["cve", "--record", path],
            &["cve", "CVE-2026-31431", "--engaged", path],
        ] {
            refused(words, path, why);
        }
        let files = ["--vmlinux", &kernel, "--list", path];

        refused(&[&["scan"], &files[..]].concat(), path, why);
        refused(&[&["explain", "--json"], &files[..]].concat(), path, why);
    }
}

/// Lists and records, which may be the standard input.
#[test]
fn piped_input_is_read_up_to_its_limit() {
    let directory = Directory::new("piped");
    let kernel = directory.write("kernel", &seed("sample-kernel"));
    let list = b"function,value\nf,-1\n";
    let record = fs::read(Path::new(CORPUS).join("record/sample-record")).unwrap();
    let engaged = b"f retval=-1 hits=7 state=engaged scope=all reason=\"CVE-2026-31431\"\n";

    for (words, bytes, limit) in [
        (&["scan", "--list"][..], &list[..], "16 MiB"),
        (&["explain", "--json", "--list"], list, "16 MiB"),
        (&["suggest", "--record"], &record, "4 MiB"),
        (&["cve", "--record"], &record, "4 MiB"),
        (&["cve", "CVE-2026-31431", "--engaged"], engaged, "4 MiB"),
    ] {
        let words = [words, &["-", "--vmlinux", &kernel]].concat();
        let (reader, mut writer) = io::pipe().unwrap();

        writer.write_all(bytes).unwrap();
        drop(writer);
        let (status, said) = run_with(&words, reader.into());

        assert_eq!(status, Some(0), "{words:?}: {said}");
        let zeros = fs::File::open("/dev/zero").unwrap();
        let (status, said) = run_with(&words, zeros.into());

        assert_eq!(status, Some(2), "{words:?}: {said}");
        assert!(said.starts_with("killswitch: -: "), "{said}");
        assert!(said.contains(&format!("larger than {limit}")), "{said}");
    }
}

#[test]
fn invalid_files_among_modules_are_refused() {
    let directory = Directory::new("among-modules");
    let kernel = directory.write("kernel", &seed("sample-kernel"));

    for (name, make, why) in [
        (
            "pipe.ko",
            &(|path: &str| drop(directory.pipe(path))) as &dyn Fn(&str),
            "it is a directory, a pipe or a device",
        ),
        (
            "endless.ko.xz",
            &|path| symlink("/dev/zero", directory.path(path)).unwrap(),
            "it is a directory, a pipe or a device",
        ),
        (
            "folder.ko.zst",
            &|path| symlink("/", directory.path(path)).unwrap(),
            "it is a directory, a pipe or a device",
        ),
        (
            "empty.ko",
            &|path| drop(directory.write(path, b"")),
            "it is neither an ELF file nor compressed in a known way",
        ),
        (
            "archive.ko",
            &|path| drop(directory.write(path, b"!<arch>\nkernel/")),
            "it is neither an ELF file nor compressed in a known way",
        ),
        (
            "bomb.ko.zst",
            &|path| drop(directory.write(path, &bomb(4000))),
            "it exceeds the size limit of kernels and modules",
        ),
        (
            "one-name.ko",
            &|path| drop(directory.write(path, &with_one_name())),
            "it has too many symbols",
        ),
    ] {
        let modules = directory.path("modules");
        let path = format!("modules/{name}");

        fs::create_dir(&modules).unwrap();
        make(&path);
        for words in [&["facts"][..], &["cve", "--all"]] {
            let words = [words, &["--vmlinux", &kernel, "--modules", &modules]].concat();
            let (status, said) = run(&words);

            assert_eq!(status, Some(2), "{words:?}: {said}");
            assert!(said.contains(&format!("{path}: ")), "{said}");
            assert!(said.contains(why), "{said}");
            assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        }
        fs::remove_dir_all(&modules).unwrap();
    }
}

/// A module with a hundred thousand symbols that share one long name.
fn with_one_name() -> Vec<u8> {
    const COUNT: usize = 100_000;
    const LENGTH: usize = 1 << 20;

    let mut file = seed("module-plain");
    let sections = get(&file, SECTIONS);
    let kind = |file: &[u8], at: usize| file[at + 4];
    let table = (sections..file.len())
        .step_by(SECTION)
        .find(|at| kind(&file, *at) == 2)
        .unwrap();
    let names = sections + SECTION * file[table + 0x28] as usize;
    let start = file.len() as u64;

    put(&mut file, table + 0x18, start, 8);
    put(&mut file, table + 0x20, (24 * COUNT) as u64, 8);
    put(&mut file, names + 0x18, start + (24 * COUNT) as u64, 8);
    put(&mut file, names + 0x20, LENGTH as u64, 8);
    for number in 0..COUNT {
        let mut symbol = [0; 24];

        // Global and undefined.
        put(&mut symbol, 0, number as u64, 4);
        symbol[4] = 1 << 4;
        file.extend_from_slice(&symbol);
    }
    file.resize(file.len() + LENGTH, b'x');
    file
}

#[test]
fn kernels_with_wrong_numbers_are_refused() {
    let directory = Directory::new("wrong-numbers");
    let kernel = seed("sample-kernel");
    let sections = get(&kernel, SECTIONS);

    for (name, at, number, size, why) in [
        (
            "a section of 2^63 bytes",
            sections + SECTION + 0x20,
            1 << 63,
            8,
            "",
        ),
        (
            "names of 2^63 bytes",
            kernel.len() - SECTION + 0x20,
            1 << 63,
            8,
            "exceeds the size limit",
        ),
        (
            "names far away",
            kernel.len() - SECTION + 0x18,
            u64::MAX - 7,
            8,
            "not a complete ELF file",
        ),
        (
            "headers far away",
            SECTIONS,
            u64::MAX - 7,
            8,
            "not a complete ELF file",
        ),
        (
            "a segment of 2^63 bytes",
            SEGMENTS + 0x20,
            1 << 63,
            8,
            "it is truncated",
        ),
        (
            "a segment far away",
            SEGMENTS + 0x08,
            1 << 63,
            8,
            "it is truncated",
        ),
        (
            "overlapping segments",
            SEGMENTS + SEGMENT + 0x10,
            0xffff_ffff_8100_0000,
            8,
            "",
        ),
        (
            "another machine",
            0x12,
            243,
            2,
            "it is neither for x86-64 nor for arm64",
        ),
        (
            "an object file",
            0x10,
            1,
            2,
            "it is an object file, not a kernel",
        ),
    ] {
        let mut file = kernel.clone();

        put(&mut file, at, number, size);
        let path = directory.write(name, &file);

        // Sections of a kernel are only read on demand.
        match why {
            "" => assert!(matches!(run(&["facts", "--vmlinux", &path]).0, Some(0 | 2))),
            why => kernel_refused(&path, why),
        }
    }
}

#[test]
fn decompression_bombs_are_refused() {
    let directory = Directory::new("expand");
    // An lzma file with a window of 4 GiB.
    let lzma = [&[0x5d, 0, 0, 0xff, 0xff][..], &[0xff; 8], &[0; 64]].concat();

    // 1 MB that expands to 32 GiB.
    let path = directory.write("bomb", &boot_image(&bomb(1 << 18)));

    refused(
        &["facts", "--vmlinux", &path],
        &path,
        "exceeds the size limit",
    );
    for (name, payload, why) in [
        ("lzma", lzma, "it cannot be decompressed"),
        (
            "cut off",
            bomb(4)[..10].to_vec(),
            "it cannot be decompressed",
        ),
        (
            "nothing",
            b"\x1f\x8b\x08".to_vec(),
            "it cannot be decompressed",
        ),
        ("lzo", b"\x89LZO\0".to_vec(), "LZO, which is not supported"),
    ] {
        kernel_refused(&directory.write(name, &boot_image(&payload)), why);
    }
}

#[test]
fn sparse_files_are_refused() {
    let directory = Directory::new("holes");
    let path = directory.path("file");
    let with_hole = |head: &[u8], parts: &[(u64, &[u8])]| {
        let mut file = fs::File::create(&path).unwrap();

        file.set_len(1 << 40).unwrap();
        file.write_all(head).unwrap();
        for (at, bytes) in parts {
            file.seek(SeekFrom::Start(*at)).unwrap();
            file.write_all(bytes).unwrap();
        }
    };
    let mut head = seed("sample-kernel")[..SEGMENTS].to_vec();
    let mut first = [0; SECTION];

    // If the number of sections or of segments is large, the first section header has it.
    put(&mut first, 0x20, u32::MAX.into(), 8);
    put(&mut first, 0x2c, u32::MAX.into(), 4);
    put(&mut head, SECTIONS, 0x1000, 8);
    put(&mut head, 0x3c, 0, 2);
    with_hole(&head, &[(0x1000, &first)]);
    kernel_refused(&path, "it has too many sections or segments");
    put(&mut head, 0x3c, 1, 2);
    put(&mut head, 0x38, 0xffff, 2);
    with_hole(&head, &[(0x1000, &first)]);
    kernel_refused(&path, "it has too many sections or segments");

    // The maximum number of segments, of 16 MiB each.
    let mut segment = [0; SEGMENT];
    put(&mut segment, 0, 1, 4);
    put(&mut segment, 0x20, 16 << 20, 8);
    put(&mut head, 0x3c, 0, 2);
    put(&mut head, SECTIONS, 0, 8);
    put(&mut head, 0x38, 0xfffe, 2);
    with_hole(&head, &[(SEGMENTS as u64, &segment.repeat(0xfffe))]);
    kernel_refused(&path, "it exceeds the size limit");

    with_hole(b"", &[]);
    kernel_refused(&path, "it is neither an ELF file nor a boot image");
    refused(
        &["suggest", "--record", &path],
        &path,
        "it is larger than 4 MiB",
    );
}

#[test]
fn endless_text_is_refused() {
    let directory = Directory::new("text");
    let nested = format!(
        "{{\"cveMetadata\": {{\"cveId\": \"CVE-2030-1\"}}, \"containers\": {}",
        "[".repeat(1 << 20)
    );
    let wrong = format!("{{\"cveMetadata\": \"{}\"}}", "\\u001b[31m".repeat(1 << 18));
    let entry = format!("id = {}", "[".repeat(1 << 19));

    for (name, text) in [("nested", &nested), ("wrong", &wrong)] {
        let path = directory.write(name, text.as_bytes());

        refused(&["suggest", "--record", &path], &path, "not a CVE record");
    }
    let path = directory.write("CVE-2030-1.toml", entry.as_bytes());
    let (status, said) = run(&["cve", "CVE-2030-1", "--catalogue", &path]);

    assert_eq!(status, Some(2), "{said}");
    assert!(said.starts_with(&format!("killswitch: {path}: ")), "{said}");
    assert!(said.len() < 1000, "{said}");
}
