// SPDX-License-Identifier: GPL-2.0-only

//! Tests of the command line, with the [sample kernel](Directory).

use super::*;
use clap::CommandFactory;
use image::tests::Directory;
use std::fs;

/// Runs the program with these arguments, and returns its exit status and output, or the error.
pub fn outcome(words: &[&str]) -> Result<(u8, String), String> {
    outcome_on(&Machine::nowhere(), words)
}

/// The same on a machine.
fn outcome_on(machine: &Machine, words: &[&str]) -> Result<(u8, String), String> {
    let words = ["killswitch"].iter().chain(words);
    let arguments = Arguments::try_parse_from(words).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    let status = run(&arguments, machine, &mut out).map_err(|error| error.to_string())?;

    Ok((status, String::from_utf8(out).unwrap()))
}

/// The path of a source file of this program.
pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares `text` with a source file of this program, which `KS_BLESS=1` rewrites.
pub fn golden(path: &str, text: &str) {
    let place = source(path);

    if env::var_os("KS_BLESS").is_some() {
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, text).unwrap();
    }
    let expected = fs::read_to_string(&place).unwrap_or_default();
    assert_eq!(text, expected, "{path}: KS_BLESS=1 cargo test rewrites it");
}

/// Runs `killswitch scan` on the sample kernel with these arguments.
fn scan(directory: &Directory, words: &[&str]) -> Result<(u8, String), String> {
    let (vmlinux, modules) = (directory.path("vmlinux"), directory.path("modules"));
    let files = [
        "scan",
        "--vmlinux",
        vmlinux.to_str().unwrap(),
        "--modules",
        modules.to_str().unwrap(),
    ];

    outcome(&[&files, words].concat())
}

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn modes_are_exclusive() {
    for words in [
        &["scan", "--vmlinux", "v"][..],
        &["scan", "--vmlinux", "v", "--all", "--counts"],
        &["scan", "--vmlinux", "v", "--all", "--list", "l"],
        &["status", "--json", "--openmetrics"],
        &["status", "--json", "--openvex"],
        &["status", "--openvex", "--openmetrics"],
        &["disengage", "f", "--all"],
        &["lift"],
        &[],
    ] {
        assert!(
            Arguments::try_parse_from(["killswitch"].iter().chain(words)).is_err(),
            "{words:?}"
        );
    }
}

#[test]
fn values_are_not_options() {
    let words = [
        "killswitch",
        "engage",
        "f",
        "-EPERM",
        "-1",
        "--reason",
        "-E",
        "--json",
    ];
    let read = live::arguments(words.iter().map(|it| it.into()));

    assert_eq!(read[3..], [" -EPERM", " -1", "--reason", " -E", "--json"]);
    assert!(Arguments::try_parse_from(read).is_ok());
    // Other commands take no values.
    let words = ["killswitch", "status", "-1"];
    assert_eq!(live::arguments(words.iter().map(|it| it.into())), words);
}

#[test]
fn every_command_has_a_manual_page_and_is_completed() {
    let directory = Directory::new("manual");
    let path = directory.path("man");

    fs::create_dir(&path).unwrap();
    outcome(&["manual", path.to_str().unwrap()]).unwrap();
    let mut pages: Vec<_> = fs::read_dir(&path)
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let mut expected: Vec<_> = Arguments::command()
        .get_subcommands()
        .filter(|it| !it.is_hide_set())
        .map(|it| format!("killswitch-{}.8", it.get_name()))
        .chain(["killswitch.8".into()])
        .collect();
    expected.sort();
    assert_eq!(pages, expected);

    let shells = ["bash", "zsh", "fish"].map(|shell| outcome(&["completion", shell]).unwrap());
    for command in Arguments::command()
        .get_subcommands()
        .filter(|it| !it.is_hide_set())
    {
        let name = command.get_name();
        let page = fs::read_to_string(path.join(format!("killswitch-{name}.8"))).unwrap();

        for option in command.get_arguments().filter_map(|it| it.get_long()) {
            // As in roff.
            let escaped = format!("\\-\\-{}", option.replace('-', "\\-"));

            assert!(page.contains(&escaped), "{name} --{option}");
            for (status, text) in &shells {
                assert_eq!(*status, DONE);
                assert!(text.contains(option), "{name} --{option}");
            }
        }
        for argument in command.get_positionals() {
            let value = argument.get_value_names().unwrap()[0].as_str();

            assert!(page.contains(value), "{name} {value}");
        }
    }
}

#[test]
fn lists_get_verdicts() {
    let directory = Directory::new("lists");
    let [one, other] = ["one", "other"].map(|name| directory.path(name));
    let names = [&one, &other].map(|path| path.to_str().unwrap());

    fs::write(&one, "function,value\nfirst,-1\nfirst,0\n").unwrap();
    fs::write(
        &other,
        "function,retval,scope\nsecond,-1,nonroot\nnothing,1\n",
    )
    .unwrap();
    let (status, text) = scan(&directory, &["--list", names[0], "--list", names[1]]).unwrap();
    let verdicts: Vec<_> = text
        .lines()
        .map(|line| line.split(',').take(4).collect::<Vec<_>>().join(" "))
        .collect();

    assert_eq!(status, DONE);
    assert_eq!(
        verdicts,
        [
            "function value scope verdict",
            "first -1 all allow",
            "first 0 all refuse",
            "second -1 nonroot allow",
            "nothing 1 all absent",
        ]
    );
    fs::write(&one, "function,value\nfirst,-1\nfirst,\n").unwrap();
    assert_eq!(
        scan(&directory, &["--list", names[0]])
            .map(|(status, text)| (status, text.lines().count())),
        Ok((live::PARTLY, 3))
    );
    fs::write(&one, "function,value\nfirst,\n").unwrap();
    assert_eq!(
        scan(&directory, &["--list", names[0]]).map(|(status, _)| status),
        Ok(live::REFUSED)
    );
}

#[test]
fn everything_gets_a_verdict() {
    let directory = Directory::new("everything");
    let head = |option| {
        scan(&directory, &[option])
            .map(|(status, text)| (status, text.lines().next().unwrap().to_owned()))
    };

    assert_eq!(
        head("--all"),
        Ok((DONE, "function,module,zone,returns,value,scope".into()))
    );
    assert_eq!(
        head("--counts"),
        Ok((DONE, "zone\tvalue\tverdict\tfunctions".into()))
    );
}

#[test]
fn facts_are_printed() {
    let directory = Directory::new("facts");
    let vmlinux = directory.path("vmlinux");
    let (status, text) = outcome(&["facts", "--vmlinux", vmlinux.to_str().unwrap()]).unwrap();

    assert_eq!(status, DONE);
    assert!(
        text.starts_with("modules: 0\nunresolved references: 0\n"),
        "{text}"
    );
}

#[test]
fn unreadable_files_are_named() {
    let directory = Directory::new("unreadable");
    let path = |name| directory.path(name).to_str().unwrap().to_owned();
    let (nowhere, empty, list) = (path("nowhere"), path("empty"), path("list"));
    let vmlinux = path("vmlinux");
    let missing = "it cannot be read: No such file or directory (os error 2)";

    fs::create_dir(&empty).unwrap();
    fs::write(&list, "function\nf\n").unwrap();
    for (words, problem) in [
        (
            vec!["--vmlinux", &nowhere, "--all"],
            format!("{nowhere}: {missing}"),
        ),
        (
            vec!["--vmlinux", &vmlinux, "--modules", &nowhere, "--all"],
            format!("{nowhere}: {missing}"),
        ),
        (
            vec!["--vmlinux", &vmlinux, "--modules", &empty, "--all"],
            format!("{empty}: it contains no modules"),
        ),
        (
            vec!["--vmlinux", &vmlinux, "--list", &nowhere],
            format!("{nowhere}: {missing}"),
        ),
        (
            vec!["--vmlinux", &vmlinux, "--list", &list],
            format!("{list}: it has no column \"value\", \"retval\" or \"bypass_retval\""),
        ),
        (
            vec!["--vmlinux", &list, "--all"],
            format!("{list}: it is neither an ELF file nor a boot image"),
        ),
    ] {
        assert_eq!(outcome(&[&["scan"], &words[..]].concat()), Err(problem));
    }
}

#[test]
fn index_is_cached_below_the_root_of_the_machine() {
    let directory = Directory::new("machine-cache");
    let root = directory.path("root");
    let machine = Machine::at(&root, |_, _| unreachable!());
    let (vmlinux, modules) = (directory.path("vmlinux"), directory.path("modules"));
    let mut directories = vec![root.clone()];
    let mut kept = Vec::new();

    fs::create_dir_all(root.join("var/cache")).unwrap();
    outcome_on(
        &machine,
        &[
            "cve",
            "--all",
            "--vmlinux",
            vmlinux.to_str().unwrap(),
            "--modules",
            modules.to_str().unwrap(),
        ],
    )
    .unwrap();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => directories.push(entry.path()),
                false => kept.push(entry.file_name().into_string().unwrap()),
            }
        }
    }
    assert!(
        matches!(&kept[..], [one] if one.starts_with("modules-")),
        "{kept:?}"
    );
}

#[test]
fn unrelated_modules_are_not_read() {
    let directory = Directory::new("running-around");
    let machine = Machine::at(&directory.path(""), |_, _| unreachable!());
    let modules = "lib/modules/1.2-three/kernel";
    let mut other = fs::read(directory.path("modules/plain.ko")).unwrap();
    let explain = |function| {
        outcome_on(&machine, &["explain", function]).map(|(_, text)| {
            let line = text.lines().next().unwrap_or_default();

            line.split(':').next().unwrap().to_owned()
        })
    };
    let mut replace = |old: &[u8], new: &[u8]| {
        let found: Vec<_> = memchr::memmem::find_iter(&other, old).collect();

        for at in found {
            other[at..at + new.len()].copy_from_slice(new);
        }
    };

    replace(b"first\0", b"third\0");
    replace(b"second\0", b"fourth\0");
    // It is for arm64, so reading it fails.
    other[0x12] = 183;
    directory.run();
    fs::create_dir_all(directory.path("proc/sys/kernel")).unwrap();
    fs::write(directory.path("proc/sys/kernel/osrelease"), "1.2-three\n").unwrap();
    fs::create_dir_all(directory.path(modules)).unwrap();
    fs::write(directory.path(&format!("{modules}/other.ko")), &other).unwrap();

    assert_eq!(explain("first"), Ok("first -EPERM".into()));
    // It calls this one.
    let error = explain("f").unwrap_err();
    assert!(
        error.contains("other.ko: its architecture differs from the kernel's"),
        "{error}"
    );
}

/// An untrusted file may contain escape sequences.
#[test]
fn file_content_is_escaped_on_terminals() {
    let directory = Directory::new("terminal");
    let record = directory.path("record.json");
    let mut hostile = record::tests::sample();
    let vmlinux = directory.path("vmlinux");
    let words = [
        "cve",
        "--release",
        "6.1.1",
        "--vmlinux",
        vmlinux.to_str().unwrap(),
        "--record",
        record.to_str().unwrap(),
    ];

    hostile["containers"]["cna"]["title"] = "x \u{1b}[2Jy\u{202e}".into();
    fs::write(&record, hostile.to_string()).unwrap();
    for format in [&[][..], &["--json"]] {
        let (_, text) = outcome(&[&words[..], format].concat()).unwrap();

        assert!(text.contains(r"x \u001b[2Jy\u202e"), "{text}");
        assert!(!text.contains(['\x1b', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn write_errors_are_reported() {
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let directory = Directory::new("full");
    let vmlinux = directory.path("vmlinux");
    let files = ["--vmlinux", vmlinux.to_str().unwrap()];

    for words in [&["facts"][..], &["scan", "--all"], &["scan", "--counts"]] {
        let words = ["killswitch"].iter().chain(words).chain(&files);
        let arguments = Arguments::try_parse_from(words).unwrap();
        let error = run(&arguments, &Machine::nowhere(), &mut Full)
            .unwrap_err()
            .to_string();

        assert!(error.starts_with("cannot write the result: "), "{error}");
    }
}
