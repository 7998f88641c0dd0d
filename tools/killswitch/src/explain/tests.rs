// SPDX-License-Identifier: GPL-2.0-only

//! Tests on small handwritten functions.

use super::{
    output::{json, list, read, text, Line},
    prototypes::Structures,
    *,
};
use crate::image::{
    kinds::{FUNC_PROTO, POINTER, STRUCT},
    sample::{
        of_types,
        Part::{self, Call, Code, Jump, Take},
        Sample,
    },
    tests::of_functions,
    Architecture, Origin,
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
const RETURN: Part = Code(&[0xc3], &[0xd65f_03c0]);
/// xor %eax,%eax; ret
const SUCCEED: Part = Code(&[0x31, 0xc0, 0xc3], &[0x5280_0000, 0xd65f_03c0]);
/// test %rdi,%rdi; je 1f; movl $1,(%rdi); xor %eax,%eax; ret; 1: mov $-22,%eax; ret
/// cbz x0,1f; mov w1,#1; str w1,[x0]; mov w0,#0; ret; 1: mov w0,#-22; ret
const WORK: Part = Code(
    &[
        0x48, 0x85, 0xff, 0x74, 0x09, 0xc7, 0x07, 1, 0, 0, 0, 0x31, 0xc0, 0xc3, 0xb8, 0xea, 0xff,
        0xff, 0xff, 0xc3,
    ],
    &[
        0xb400_00a0,
        0x5280_0021,
        0xb900_0001,
        0x5280_0000,
        0xd65f_03c0,
        0x1280_02a0,
        0xd65f_03c0,
    ],
);
/// test %eax,%eax; js 1f; xor %eax,%eax; 1: ret
/// tbnz w0,#31,1f; mov w0,#0; 1: ret
const PASS_ERRORS_ON: Part = Code(
    &[0x85, 0xc0, 0x78, 0x02, 0x31, 0xc0, 0xc3],
    &[0x37f8_0040, 0x5280_0000, 0xd65f_03c0],
);
/// sub $24,%rsp; lea 8(%rsp),%rdi
/// sub sp,sp,#32; add x0,sp,#8
const PASS_A_SLOT: Part = Code(
    &[0x48, 0x83, 0xec, 0x18, 0x48, 0x8d, 0x7c, 0x24, 0x08],
    &[0xd100_83ff, 0x9100_23e0],
);
/// test %eax,%eax; jne 1f; mov 8(%rsp),%eax; 1: add $24,%rsp; ret
/// cbnz w0,1f; ldr w0,[sp,#8]; 1: add sp,sp,#32; ret
const READ_THE_SLOT: Part = Code(
    &[
        0x85, 0xc0, 0x75, 0x04, 0x8b, 0x44, 0x24, 0x08, 0x48, 0x83, 0xc4, 0x18, 0xc3,
    ],
    &[0x3500_0040, 0xb940_0be0, 0x9100_83ff, 0xd65f_03c0],
);
/// mov (%rax),%eax; ret
/// ldr w0,[x0]; ret
const USE_AS_ADDRESS: Part = Code(&[0x8b, 0x00, 0xc3], &[0xb940_0000, 0xd65f_03c0]);
/// cmp $-2,%eax; jne 1f; ud2; 1: ret
/// cmn w0,#2; b.ne 1f; brk #0x800; 1: ret
const BUG_ON_ENOENT: Part = Code(
    &[0x83, 0xf8, 0xfe, 0x75, 0x02, 0x0f, 0x0b, 0xc3],
    &[0x3100_081f, 0x5400_0041, 0xd421_0000, 0xd65f_03c0],
);
/// cmp $-11,%eax; je back to the call; ret
/// cmn w0,#11; b.eq back to the call; ret
const REPEAT_ON_EAGAIN: Part = Code(
    &[0x83, 0xf8, 0xf5, 0x74, 0xf6, 0xc3],
    &[0x3100_2c1f, 0x54ff_ffc0, 0xd65f_03c0],
);
/// movl $1,(%rdi)
/// mov w1,#1; str w1,[x0]
const STORE: Part = Code(&[0xc7, 0x07, 1, 0, 0, 0], &[0x5280_0021, 0xb900_0001]);
/// mov 0x188(%rdi),%rax; mov 8(%rax),%rcx; ret
/// ldr x1,[x0,#0x188]; ldr x2,[x1,#8]; ret
const USE_PRIVATE: Part = Code(
    &[
        0x48, 0x8b, 0x87, 0x88, 0x01, 0, 0, 0x48, 0x8b, 0x48, 0x08, 0xc3,
    ],
    &[0xf940_c401, 0xf940_0422, 0xd65f_03c0],
);
/// mov 0x188(%rdi),%rax; test %rax,%rax; je 1f; mov 8(%rax),%rcx; 1: ret
/// ldr x1,[x0,#0x188]; cbz x1,1f; ldr x2,[x1,#8]; 1: ret
const USE_PRIVATE_IF_SET: Part = Code(
    &[
        0x48, 0x8b, 0x87, 0x88, 0x01, 0, 0, 0x48, 0x85, 0xc0, 0x74, 0x04, 0x48, 0x8b, 0x48, 0x08,
        0xc3,
    ],
    &[0xf940_c401, 0xb400_0041, 0xf940_0422, 0xd65f_03c0],
);
/// incl %gs:__preempt_count
/// mrs x1,sp_el0; ldr w2,[x1,#16]; add w2,w2,#1; str w2,[x1,#16]
const DISABLE_PREEMPTION: Part = Code(
    &[0x65, 0xff, 0x04, 0x25, 0x30, 0, 0x20, 0x81],
    &[0xd538_4101, 0xb940_1022, 0x1100_0442, 0xb900_1022],
);
/// decl %gs:__preempt_count
/// mrs x1,sp_el0; ldr x2,[x1,#16]; sub x2,x2,#1; str w2,[x1,#16]
const ENABLE_PREEMPTION: Part = Code(
    &[0x65, 0xff, 0x0c, 0x25, 0x30, 0, 0x20, 0x81],
    &[0xd538_4101, 0xf940_0822, 0xd100_0442, 0xb900_1022],
);
/// cmp $0xfffffffffffff000,%rax; ja 1f; mov (%rax),%eax; 1: ret
/// cmn x0,#0xfff; b.hi 1f; ldr w0,[x0]; 1: ret
const USE_UNLESS_ERROR: Part = Code(
    &[
        0x48, 0x3d, 0, 0xf0, 0xff, 0xff, 0x77, 0x02, 0x8b, 0x00, 0xc3,
    ],
    &[0xb13f_fc1f, 0x5400_0048, 0xb940_0000, 0xd65f_03c0],
);
/// lock decl (%rdi); ret
/// 1: ldxr w1,[x0]; sub w2,w1,#1; stlxr w3,w2,[x0]; cbnz w3,1b; ret
const DROP: Part = Code(
    &[0xf0, 0xff, 0x0f, 0xc3],
    &[
        0x885f_7c01,
        0x5100_0422,
        0x8803_fc02,
        0x35ff_ffa3,
        0xd65f_03c0,
    ],
);
/// mov $-1,%eax; lock xadd %eax,(%rdi); ret
/// mov w1,#-1; ldaddl w1,w1,[x0]; ret
const DROP_AND_READ: Part = Code(
    &[0xb8, 0xff, 0xff, 0xff, 0xff, 0xf0, 0x0f, 0xc1, 0x07, 0xc3],
    &[0x1280_0001, 0xb861_0001, 0xd65f_03c0],
);
/// mov $1,%eax; lock xadd %eax,(%rdi); ret
/// mov w1,#1; stadd w1,[x0]; ret
const TAKE: Part = Code(
    &[0xb8, 0x01, 0, 0, 0, 0xf0, 0x0f, 0xc1, 0x07, 0xc3],
    &[0x5280_0021, 0xb821_001f, 0xd65f_03c0],
);
/// test %eax,%eax; je 1f; cmp $-11,%eax; je 1f; ud2; 1: ret
/// cmp w0,#0; ccmn w0,#11,#4,ne; b.eq 1f; brk #0x800; 1: ret
const BUG_UNLESS_EAGAIN: Part = Code(
    &[
        0x85, 0xc0, 0x74, 0x07, 0x83, 0xf8, 0xf5, 0x74, 0x02, 0x0f, 0x0b, 0xc3,
    ],
    &[
        0x7100_001f,
        0x3a4b_1804,
        0x5400_0040,
        0xd421_0000,
        0xd65f_03c0,
    ],
);
/// mov $0,%edx; test %eax,%eax; cmovns %edx,%eax; ret
/// cmp w0,#0; csel w0,w0,wzr,lt; ret
const SELECT_ERRORS: Part = Code(
    &[0xba, 0, 0, 0, 0, 0x85, 0xc0, 0x0f, 0x49, 0xc2, 0xc3],
    &[0x7100_001f, 0x1a9f_b000, 0xd65f_03c0],
);
/// endbr64; push %rbx; mov %rdi,%rbx
/// bti c; paciasp; stp x29,x30,[sp,#-32]!; mov x29,sp; str x19,[sp,#16]; mov x19,x0
const ENTER: Part = Code(
    &[0xf3, 0x0f, 0x1e, 0xfa, 0x53, 0x48, 0x89, 0xfb],
    &[
        0xd503_245f,
        0xd503_233f,
        0xa9be_7bfd,
        0x9100_03fd,
        0xf900_0bf3,
        0xaa00_03f3,
    ],
);
/// test %eax,%eax; je 1f; mov (%rbx),%eax; 1: pop %rbx; ret
/// cbz w0,1f; ldr w0,[x19]; 1: ldr x19,[sp,#16]; ldp x29,x30,[sp],#32; autiasp; ret
const LEAVE: Part = Code(
    &[0x85, 0xc0, 0x74, 0x02, 0x8b, 0x03, 0x5b, 0xc3],
    &[
        0x3400_0040,
        0xb940_0260,
        0xf940_0bf3,
        0xa8c2_7bfd,
        0xd503_23bf,
        0xd65f_03c0,
    ],
);

/// cmp $1,%edi; je 1f; jb 2f; cmp $2,%edi; je 3f; xor %eax,%eax; ret
/// 1: mov $-2,%eax; ret; 2: mov $-1,%eax; ret; 3: mov $-3,%eax; ret
/// cmp w0,#2; b.hi 1f; adr x1,3f; ldrb w1,[x1,w0,uxtw]; adr x2,2f; add x1,x2,w1,sxtb #2; br x1
/// 2: mov w0,#-1; ret; mov w0,#-2; ret; mov w0,#-3; ret; 1: mov w0,#0; ret; 3: .byte 0,2,4
const SWITCH: Part = Code(
    &[
        0x83, 0xff, 0x01, 0x74, 0x0a, 0x72, 0x0e, 0x83, 0xff, 0x02, 0x74, 0x0f, 0x31, 0xc0, 0xc3,
        0xb8, 0xfe, 0xff, 0xff, 0xff, 0xc3, 0xb8, 0xff, 0xff, 0xff, 0xff, 0xc3, 0xb8, 0xfd, 0xff,
        0xff, 0xff, 0xc3,
    ],
    &[
        0x7100_081f,
        0x5400_0188,
        0x1000_01a1,
        0x3860_4821,
        0x1000_0062,
        0x8b21_8841,
        0xd61f_0020,
        0x1280_0000,
        0xd65f_03c0,
        0x1280_0020,
        0xd65f_03c0,
        0x1280_0040,
        0xd65f_03c0,
        0x5280_0000,
        0xd65f_03c0,
        0x0004_0200,
    ],
);

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
    int("opens", &[WORK]),
    int("checks_pointer", &[Call("opens"), USE_UNLESS_ERROR]),
    void("drop", &[DROP]),
    void("drop_and_read", &[DROP_AND_READ]),
    void("take", &[TAKE]),
    void(
        "calls_counters",
        &[Call("drop"), Call("drop_and_read"), Call("take"), RETURN],
    ),
    int("tries", &[WORK]),
    int("insists", &[Call("tries"), BUG_UNLESS_EAGAIN]),
    int("selected", &[WORK]),
    int("selects", &[Call("selected"), SELECT_ERRORS]),
    int("called_in_frame", &[WORK]),
    int("has_frame", &[ENTER, Call("called_in_frame"), LEAVE]),
    int("switches", &[SWITCH]),
    int("noted", &[WORK]),
    void("listen", &[STORE, RETURN]),
    void("notes", &[Take("noted"), Jump("listen")]),
];

const TABLES: &[(&str, [&str; 2])] = &[
    ("one_ops", ["init_one", "destroy_one"]),
    ("two_ops", ["init_two", "destroy_two"]),
    ("three_ops", ["init_three", "destroy_three"]),
];

/// A kernel file with all of these functions.
pub fn file(architecture: Architecture) -> Vec<u8> {
    crate::image::sample::of_functions(architecture, FUNCTIONS, TABLES)
}

fn kernel(architecture: Architecture) -> Kernel {
    Kernel::new(of_functions(architecture, FUNCTIONS, TABLES))
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
fn recursive_types_are_bounded() {
    let image = Image::in_bytes(
        of_types(|builder| {
            // An anonymous type that contains itself ninety-nine times, each at the largest offset.
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
    // Their addresses are within bounds.
    assert!(fields.iter().skip(1).all(|it| it.offset > 0));
}

#[test]
fn functions_are_explained() {
    explained_on(Architecture::X86);
}

#[test]
fn functions_are_explained_on_arm64() {
    explained_on(Architecture::Arm64);
}

fn explained_on(architecture: Architecture) {
    let kernel = kernel(architecture);
    let index = Index::new(&kernel);

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
        ("opens", -1, Summary::Safe, &[]),
        (
            "opens",
            8,
            Summary::Unsafe,
            &[Kind::FalseSuccess, Kind::Crash],
        ),
        ("drop", 0, Summary::Unsafe, &[Kind::Leak]),
        ("drop_and_read", 0, Summary::Unsafe, &[Kind::Leak]),
        ("take", 0, Summary::Loss, &[]),
        ("tries", -11, Summary::Safe, &[]),
        ("tries", -1, Summary::Unsafe, &[Kind::Crash]),
        ("selected", -1, Summary::Safe, &[]),
        ("called_in_frame", -1, Summary::Safe, &[]),
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
    for architecture in [Architecture::X86, Architecture::Arm64] {
        let kernel = kernel(architecture);
        let index = Index::new(&kernel);
        let found = |name, value| {
            let function = index.find(None, name).unwrap();

            index.explain(&function, value)
        };

        // It returns 0 after its work, and -22 before it.
        assert_eq!(found("checked", -1).own, [(-22, true), (0, false)]);
        assert!(found("checked", 0).values.contains(&-22));
        assert_eq!(
            found("switches", 5).own,
            [(-3, true), (-2, true), (-1, true), (0, true)]
        );
        assert!(found("init_one", -1).values.is_empty());
    }
}

#[test]
fn passed_addresses_are_found() {
    for architecture in [Architecture::X86, Architecture::Arm64] {
        let kernel = kernel(architecture);
        let index = Index::new(&kernel);
        let function = index.find(None, "noted").unwrap();
        let address = function.addresses()[0] as u64;
        let found = references::find(&index.tables, kernel.image(), None, address);

        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].what,
            references::Use::Passed {
                to: "listen",
                parameter: "object"
            }
        );
    }
}

#[test]
fn calls_through_veneers_are_calls() {
    let (image, calls) = crate::image::arm64_tests::far();

    for (at, function) in calls {
        assert!(callers::site(&image, at, &[function], Some(-1), &[]).is_some());
    }
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
    // List content is escaped for terminals.
    let error = read(b"function,value\nf,\x1b[31m\n").unwrap_err();

    assert!(!error.to_string().contains(char::is_control), "{error}");
}

#[test]
fn functions_are_printed_as_json() {
    let kernel = kernel(Architecture::X86);
    let index = Index::new(&kernel);
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
fn findings_are_printed_as_text() {
    let kernel = kernel(Architecture::X86);
    let index = Index::new(&kernel);
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
        "  own return values: -22, 0\n",
        "  without side effects: -22\n",
        "  not seen: calls through pointers",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
}

#[test]
fn copies_are_reported() {
    let kernel = kernel(Architecture::X86);
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
            // Another function of the same name.
            origin("checked", &["uses"], &[("bugs", 1)]),
            origin("unheeded", &["unheeded", "leave"], &[]),
            origin("passed_on", &["passed_on"], &[]),
            origin("fails", &["fails"], &many),
            origin("gone", &[], &[("reads", 9), ("bugs", 3)]),
        ]),
        ..Index::new(&kernel)
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
            "checked -1: safe: callers handle the value like the function's own; but \
             copies still run, 1 inlined: engaging it does not close the hole there\n"
        ),
        "{with_copies}"
    );
    let place = format!(
        "inlined        reads+0x5 ({:#x}): this copy still runs",
        address("reads") + 5
    );
    assert!(with_copies.contains(&place), "{with_copies}");
    assert_eq!(lines("checked", "this copy still runs"), 1);
    assert_eq!(lines("checked", "that the compiler inlined"), 0);
    assert_eq!(lines("unheeded", "copies still run, 1 cloned: "), 1);
    assert_eq!(lines("unheeded", "cloned         leave"), 1);
    assert_eq!(lines("passed_on", "copies: none"), 1);
    assert_eq!(lines("passed_on", "copies still run"), 0);
    assert_eq!(lines("fails", "this copy still runs"), 8);
    assert_eq!(lines("fails", "at 12 places, in 1 functions"), 1);
    assert_eq!(
        lines(
            "gone",
            "is inlined in 2 functions, the first of which are reads, bugs;"
        ),
        1
    );
    assert_eq!(lines("gone", "does not close"), 0);
    // Not in debug information.
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
