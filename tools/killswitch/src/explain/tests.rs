// SPDX-License-Identifier: GPL-2.0-only

//! Tests with small functions made by hand.

use super::{
    output::{json, list, read, text, Line},
    prototypes::Structures,
    *,
};
use crate::image::{
    kinds::{FUNC_PROTO, POINTER, STRUCT},
    sample::{
        of_types,
        Part::{self, Bytes, Call, Jump},
        Sample,
    },
    tests::of_functions,
    Origin,
};

const fn int(name: &'static str, parts: &'static [Part]) -> Sample {
    Sample {
        name,
        is_int: true,
        parts,
    }
}

const fn void(name: &'static str, parts: &'static [Part]) -> Sample {
    Sample {
        name,
        is_int: false,
        parts,
    }
}

/// ret
const RETURN: Part = Bytes(&[0xc3]);
/// xor %eax,%eax; ret
const SUCCEED: Part = Bytes(&[0x31, 0xc0, 0xc3]);
/// test %rdi,%rdi; je 1f; movl $1,(%rdi); xor %eax,%eax; ret; 1: mov $-22,%eax; ret
const WORK: Part = Bytes(&[
    0x48, 0x85, 0xff, 0x74, 0x09, 0xc7, 0x07, 1, 0, 0, 0, 0x31, 0xc0, 0xc3, 0xb8, 0xea, 0xff, 0xff,
    0xff, 0xc3,
]);
/// test %eax,%eax; js 1f; xor %eax,%eax; 1: ret
const PASS_ERRORS_ON: Part = Bytes(&[0x85, 0xc0, 0x78, 0x02, 0x31, 0xc0, 0xc3]);
/// sub $24,%rsp; lea 8(%rsp),%rdi
const PASS_A_SLOT: Part = Bytes(&[0x48, 0x83, 0xec, 0x18, 0x48, 0x8d, 0x7c, 0x24, 0x08]);
/// test %eax,%eax; jne 1f; mov 8(%rsp),%eax; 1: add $24,%rsp; ret
const READ_THE_SLOT: Part = Bytes(&[
    0x85, 0xc0, 0x75, 0x04, 0x8b, 0x44, 0x24, 0x08, 0x48, 0x83, 0xc4, 0x18, 0xc3,
]);
/// mov (%rax),%eax; ret
const USE_AS_ADDRESS: Part = Bytes(&[0x8b, 0x00, 0xc3]);
/// cmp $-2,%eax; jne 1f; ud2; 1: ret
const BUG_ON_ENOENT: Part = Bytes(&[0x83, 0xf8, 0xfe, 0x75, 0x02, 0x0f, 0x0b, 0xc3]);
/// cmp $-11,%eax; je back to the call; ret
const REPEAT_ON_EAGAIN: Part = Bytes(&[0x83, 0xf8, 0xf5, 0x74, 0xf6, 0xc3]);
/// movl $1,(%rdi)
const STORE: Part = Bytes(&[0xc7, 0x07, 1, 0, 0, 0]);
/// mov 0x188(%rdi),%rax; mov 8(%rax),%rcx; ret
const USE_PRIVATE: Part = Bytes(&[
    0x48, 0x8b, 0x87, 0x88, 0x01, 0, 0, 0x48, 0x8b, 0x48, 0x08, 0xc3,
]);
/// mov 0x188(%rdi),%rax; test %rax,%rax; je 1f; mov 8(%rax),%rcx; 1: ret
const USE_PRIVATE_IF_SET: Part = Bytes(&[
    0x48, 0x8b, 0x87, 0x88, 0x01, 0, 0, 0x48, 0x85, 0xc0, 0x74, 0x04, 0x48, 0x8b, 0x48, 0x08, 0xc3,
]);
/// incl %gs:__preempt_count
const DISABLE_PREEMPTION: Part = Bytes(&[0x65, 0xff, 0x04, 0x25, 0x30, 0, 0x20, 0x81]);
/// decl %gs:__preempt_count
const ENABLE_PREEMPTION: Part = Bytes(&[0x65, 0xff, 0x0c, 0x25, 0x30, 0, 0x20, 0x81]);

const FUNCTIONS: &[Sample] = &[
    int("checked", &[WORK]),
    int("checks", &[Call("checked"), PASS_ERRORS_ON]),
    int("unheeded", &[WORK]),
    int("ignores", &[Call("unheeded"), SUCCEED]),
    int("passed_on", &[WORK]),
    int("passes_on", &[Jump("passed_on")]),
    int("fills", &[WORK]),
    int("reads", &[PASS_A_SLOT, Call("fills"), READ_THE_SLOT]),
    int("finds", &[WORK]),
    int("uses", &[Call("finds"), USE_AS_ADDRESS]),
    int("fails", &[WORK]),
    int("bugs", &[Call("fails"), BUG_ON_ENOENT]),
    int("asks_again", &[WORK]),
    int("repeats", &[Call("asks_again"), REPEAT_ON_EAGAIN]),
    void("mutex_unlock", &[STORE, RETURN]),
    void("leave", &[STORE, Jump("mutex_unlock")]),
    void("kfree", &[STORE, RETURN]),
    void("forget", &[Jump("kfree")]),
    void("complete", &[STORE, RETURN]),
    void("finish", &[Jump("complete")]),
    void("count", &[STORE, RETURN]),
    void("object_init", &[STORE, RETURN]),
    void("nothing", &[RETURN]),
    void(
        "section",
        &[DISABLE_PREEMPTION, STORE, ENABLE_PREEMPTION, RETURN],
    ),
    void("section_end", &[ENABLE_PREEMPTION, RETURN]),
    void(
        "calls_all",
        &[
            Call("leave"),
            Call("forget"),
            Call("finish"),
            Call("count"),
            Call("object_init"),
            Call("nothing"),
            Call("section"),
            Call("section_end"),
            RETURN,
        ],
    ),
    int("init_one", &[WORK]),
    void("destroy_one", &[USE_PRIVATE]),
    int("init_two", &[WORK]),
    void("destroy_two", &[USE_PRIVATE_IF_SET]),
    int("init_three", &[WORK]),
    void("destroy_three", &[Jump("complete")]),
    int("unused", &[WORK]),
];

const TABLES: &[(&str, [&str; 2])] = &[
    ("one_ops", ["init_one", "destroy_one"]),
    ("two_ops", ["init_two", "destroy_two"]),
    ("three_ops", ["init_three", "destroy_three"]),
];

/// A file of a kernel with all these functions.
pub fn file() -> Vec<u8> {
    crate::image::sample::of_functions(FUNCTIONS, TABLES)
}

fn kernel() -> Kernel {
    Kernel::new(of_functions(FUNCTIONS, TABLES))
}

fn kinds(explanation: &Explanation) -> Vec<Kind> {
    let mut found: Vec<_> = explanation
        .findings
        .iter()
        .map(|it| it.kind)
        .filter(|it| *it != Kind::Safe)
        .collect();

    found.sort();
    found.dedup();
    found
}

#[test]
fn types_that_have_themselves_in_them_are_followed_to_an_end() {
    let image = Image::in_bytes(
        of_types(|builder| {
            // Without a name, it has itself in it ninety-nine times, each as far away as can be.
            let own = [0, 1, u32::MAX].repeat(99);
            let members = [&[0, 2, 0], &own[..]].concat();

            builder
                .add("endless", STRUCT << 24 | 100, 8, &members)
                .add("", POINTER << 24, 3, &[])
                .add("", FUNC_PROTO << 24, 0, &[])
        }),
        &[],
    )
    .unwrap_or_else(|problem| panic!("{problem}"));
    let structures = Structures::new(image.types(None).unwrap());
    let fields = &structures.named("endless").unwrap().fields;

    assert!((1..1 << 14).contains(&fields.len()));
    // Their places are not beyond what there is.
    assert!(fields.iter().skip(1).all(|it| it.offset > 0));
}

#[test]
fn functions_are_explained() {
    let kernel = kernel();
    let index = Index::new(&kernel).unwrap();

    for (name, value, summary, expected) in [
        ("checked", -1, Summary::Safe, &[][..]),
        ("checked", 0, Summary::Unsafe, &[Kind::FalseSuccess]),
        ("unheeded", -1, Summary::Loss, &[Kind::Ignored]),
        ("passed_on", -1, Summary::Safe, &[]),
        ("fills", -1, Summary::Safe, &[]),
        (
            "fills",
            0,
            Summary::Unsafe,
            &[Kind::Uninit, Kind::FalseSuccess],
        ),
        ("finds", -1, Summary::Unsafe, &[Kind::Crash]),
        ("fails", -1, Summary::Safe, &[]),
        ("fails", -2, Summary::Unsafe, &[Kind::Crash]),
        ("asks_again", -1, Summary::Safe, &[]),
        ("asks_again", -11, Summary::Unsafe, &[Kind::Hang]),
        ("leave", 0, Summary::Unsafe, &[Kind::Lock]),
        ("forget", 0, Summary::Unsafe, &[Kind::Leak]),
        ("finish", 0, Summary::Unsafe, &[Kind::Hang]),
        ("count", 0, Summary::Loss, &[]),
        ("object_init", 0, Summary::Unsafe, &[Kind::FalseSuccess]),
        ("nothing", 0, Summary::Loss, &[]),
        ("section", 0, Summary::Loss, &[]),
        ("section_end", 0, Summary::Unsafe, &[Kind::Lock]),
        ("init_one", -1, Summary::Unsafe, &[Kind::Teardown]),
        ("init_two", -1, Summary::Safe, &[]),
        ("init_two", 0, Summary::Unsafe, &[Kind::Crash]),
        ("destroy_two", 0, Summary::Unsafe, &[Kind::Leak]),
        (
            "destroy_three",
            0,
            Summary::Unsafe,
            &[Kind::Leak, Kind::Hang],
        ),
        ("unused", -1, Summary::Unknown, &[]),
    ] {
        let function = index.find(None, name).unwrap();
        let found = index.explain(&function, value);

        assert_eq!(
            (found.summary, &kinds(&found)[..]),
            (summary, expected),
            "{name} {value}: {:?}",
            found.findings
        );
        assert_eq!(index.summary(&function, value), summary, "{name}");
    }
}

#[test]
fn what_it_returns_by_itself_is_known() {
    let kernel = kernel();
    let index = Index::new(&kernel).unwrap();
    let found = |name, value| {
        let function = index.find(None, name).unwrap();

        index.explain(&function, value)
    };

    // It returns 0 behind its work, and -22 before that.
    assert_eq!(found("checked", -1).own, [(-22, true), (0, false)]);
    assert!(found("checked", 0).values.contains(&-22));
    assert!(found("init_one", -1).values.is_empty());
}

#[test]
fn lists_are_read() {
    let lines = read(&b"module,value,function,label\nsch-x,-EPERM, f ,x\n,void,g\n"[..]).unwrap();

    assert_eq!(
        lines,
        [
            Line::new("f", "sch-x", "-EPERM").unwrap(),
            Line::new("g", "", "void").unwrap()
        ]
    );
    for wrong in ["value\n1\n", "function\nf\n", "function,value\nf,x\n"] {
        assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
    }
    // A terminal is not given what is in a list.
    let error = read(b"function,value\nf,\x1b[31m\n").unwrap_err();

    assert!(!error.to_string().contains(char::is_control), "{error}");
}

#[test]
fn a_function_is_a_line_of_json() {
    let kernel = kernel();
    let index = Index::new(&kernel).unwrap();
    let lines = [
        Line::new("init_one", "", "-EPERM").unwrap(),
        Line::new("no_such", "module", "void").unwrap(),
    ];
    let mut out = Vec::new();

    list(&index, &lines, &mut out).unwrap();
    let found: Vec<serde_json::Value> = String::from_utf8(out)
        .unwrap()
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();

    assert_eq!(found.len(), 2);
    for line in &found {
        assert_eq!(crate::schema::wrong("explain", line), [""; 0], "{line}");
    }
    assert_eq!(found[0]["function"], "init_one");
    assert_eq!(found[0]["value"], "-EPERM");
    assert_eq!(found[0]["summary"], "unsafe");
    assert_eq!(found[0]["findings"][0]["kind"], "teardown");
    assert_eq!(
        found[0]["findings"][0]["where"],
        "destroy_one+0x7 (0xffffffff810006c7)"
    );
    assert!(found[0]["better"]["callers"].is_array());
    assert_eq!(found[1]["summary"], "unknown");
    assert!(json(&index, &lines[1])
        .unwrap()
        .starts_with(r#"{"function":"no_such","module":"module","value":"void""#));
}

#[test]
fn people_get_a_line_for_each_finding() {
    let kernel = kernel();
    let index = Index::new(&kernel).unwrap();
    let line = Line::new("fills", "", "0").unwrap();
    let mut out = Vec::new();

    text(&index, &line, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();

    assert!(
        out.starts_with("fills 0: unsafe: false-success, uninit\n"),
        "{out}"
    );
    for part in [
        "  uninit         reads+0x12 (",
        "  returns by itself: -22, 0\n",
        "  before it does anything: -22\n",
        "  not seen: calls through pointers",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
}

#[test]
fn copies_that_run_on_are_said() {
    let kernel = kernel();
    let address = |name| {
        kernel
            .image()
            .named(Within::Kernel, name)
            .next()
            .unwrap()
            .address
    };
    let origin = |name: &str, instances: &[&'static str], inlined: &[(&'static str, u64)]| Origin {
        name: name.into(),
        is_shared: false,
        instances: instances.iter().map(|it| address(*it)).collect(),
        inlined: inlined.iter().map(|(it, at)| address(*it) + at).collect(),
    };
    let many: Vec<_> = (0..12).map(|at| ("calls_all", at)).collect();
    let index = Index {
        debug: Debug::of_kernel(vec![
            // One copy is in the function itself, which does not run then.
            origin("checked", &["checked"], &[("checked", 4), ("reads", 5)]),
            // Another function of its name.
            origin("checked", &["uses"], &[("bugs", 1)]),
            origin("unheeded", &["unheeded", "leave"], &[]),
            origin("passed_on", &["passed_on"], &[]),
            origin("fails", &["fails"], &many),
            origin("gone", &[], &[("reads", 9), ("bugs", 3)]),
        ]),
        ..Index::new(&kernel).unwrap()
    };
    let said = |function: &str| {
        let mut out = Vec::new();

        text(&index, &Line::new(function, "", "-1").unwrap(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let lines = |function: &str, part: &str| {
        said(function)
            .lines()
            .filter(|it| it.contains(part))
            .count()
    };
    let with_copies = said("checked");

    assert!(
        with_copies.starts_with(
            "checked -1: safe: callers take the value for one that the function returns; but \
             copies run on, 1 inlined: engaging it does not close the hole there\n"
        ),
        "{with_copies}"
    );
    let place = format!(
        "inlined        reads+0x5 ({:#x}): this copy runs on",
        address("reads") + 5
    );
    assert!(with_copies.contains(&place), "{with_copies}");
    assert_eq!(lines("checked", "this copy runs on"), 1);
    assert_eq!(lines("checked", "that the compiler inlined"), 0);
    assert_eq!(lines("unheeded", "copies run on, 1 cloned: "), 1);
    assert_eq!(lines("unheeded", "cloned         leave"), 1);
    assert_eq!(lines("passed_on", "copies: none"), 1);
    assert_eq!(lines("passed_on", "copies run on"), 0);
    assert_eq!(lines("fails", "this copy runs on"), 8);
    assert_eq!(lines("fails", "at 12 places, in 1 functions"), 1);
    assert_eq!(
        lines(
            "gone",
            "is inlined in 2 functions, the first of which are reads, bugs;"
        ),
        1
    );
    assert_eq!(lines("gone", "does not close"), 0);
    // Debug information does not have it.
    assert_eq!(lines("finds", "and copies that the compiler inlined"), 1);
    assert_eq!(lines("finds", "copies: none"), 0);

    let record = |function| {
        let line = json(&index, &Line::new(function, "", "-1").unwrap()).unwrap();

        serde_json::from_str::<serde_json::Value>(&line).unwrap()["copies"].clone()
    };

    assert_eq!(record("fails")["inlined"], 12);
    assert_eq!(record("fails")["places"].as_array().unwrap().len(), 12);
    assert!(record("finds").is_null());
}
