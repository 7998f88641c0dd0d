// SPDX-License-Identifier: GPL-2.0-only

//! Properties of any text as a condition: it is refused for a printable reason, or compiles to a
//! program with the same meaning for every call.

mod meaning;
mod types;

use super::Input;
use crate::condition::{
    compile::{self, World},
    program::{Comparison, Field, Next, Source, With, LOADS, ROOM, TEXT},
    syntax::{self, Operator, MAX_COMPARISONS, MAX_NODES},
};
use meaning::{meaning, Says};
use std::cell::Cell;
use types::{Information, FUNCTIONS};

/// The tokens that bytes other than characters stand for.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "p", "number", "small", "raw", "text", "packed", "late", "wide", "from", "elsewhere", "choice",
    "->next", "->word", "->byte", "->low", "->high", "->across", "->big", "->huge", "->forty",
    "->minus", "->truth", "->other", "->n", "->u", "->choice", "->name", "->pointer", "->parts",
    "->list", "->three", "->table", "->from", "->of_cpu", "->theirs", "->fraction", "->call",
    "->end", "->odd", "->crossing", "->long_name", "->a", ".a", ".b", "[0]", "[1]", "[2]", "(s)",
    "(t)", "(s,name)", "(s,next)", "(packed)", "==", "!=", "<", "<=", ">", ">=", "&", "~", "&&",
    "||", "!", "(", ")", "NULL", "true", "ONE", "MINUS", "WIDE", "TINY", "-EPERM", "EPERM",
    "\"a*\"", "\"?b\"", "\"ab\"", "$uid", "$gid", "$comm", "$exe", "$cgroup", "$cap(\"sys_admin\")",
    "$cap(\"bpf\")", "$userns", "initial", "$context", "task", "softirq", "kthread", "$arg1",
    "$arg5", "\"/\"", "\"/a\"", "\"/a/b\"", "\"/bin/x\"", "\"/bin/same\"", "\"/bin/y\"",
];

/// Programs by device and inode. One has two names.
const PROGRAMS: &[(&str, (u32, u64))] = &[
    ("/bin/x", (8, 10)),
    ("/bin/same", (8, 10)),
    ("/bin/y", (8, 11)),
];

/// Cgroups, with the levels and numbers of their ancestors.
const CGROUPS: &[(&str, &[u64])] = &[
    ("/", &[1]),
    ("/a", &[1, 2]),
    ("/a/b", &[1, 2, 3]),
    ("/ab", &[1, 4]),
];

const CONTEXTS: &[&str] = &["nmi", "irq", "softirq", "kthread", "task"];
/// Some capabilities, by number.
const CAPABILITIES: &[(&str, u32)] = &[("sys_admin", 21), ("bpf", 39), ("chown", 0)];

/// The program at a path.
fn inode(path: &str) -> Option<(u32, u64)> {
    PROGRAMS
        .iter()
        .find(|(known, _)| *known == path)
        .map(|it| it.1)
}

struct Machine;

impl World for Machine {
    fn program(&self, path: &str) -> Option<(u32, u64)> {
        inode(path)
    }

    fn cgroup(&self, path: &str) -> Option<(u32, u64)> {
        let (_, way) = CGROUPS.iter().find(|(known, _)| *known == path)?;

        Some((way.len() as u32 - 1, *way.last()?))
    }

    fn registers(&self) -> u32 {
        6
    }
}

/// A call, and the content of kernel memory.
struct Call {
    seed: u64,
    arguments: [u64; 6],
    /// Numbers and texts in memory, so that comparisons with them are sometimes true.
    numbers: Vec<u64>,
    texts: Vec<Vec<u8>>,
    uid: u32,
    gid: u32,
    comm: &'static [u8],
    program: (u32, u64),
    cgroup: &'static str,
    capabilities: Vec<&'static str>,
    is_initial: bool,
    context: &'static str,
    /// Whether memory was accessed.
    was_read: Cell<bool>,
}

/// The number of adjacent pieces of memory, and their size.
const STRETCHES: u64 = 4;
const FIRST_STRETCH: u64 = 0xffff_8880_0000_1000;
const BETWEEN: u64 = 0x1000;
const SIZE: u64 = 256;

fn mixed(seed: u64, number: u64) -> u64 {
    let mut mixed = seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);

    for _ in 0..2 {
        mixed = (mixed ^ mixed >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    mixed ^ mixed >> 29
}

fn one_of<T: Copy>(all: &[T], number: u64) -> Option<T> {
    all.get(number as usize % all.len().max(1)).copied()
}

impl Call {
    fn new(seed: u64, program: &[Comparison<'_>]) -> Self {
        let mut call = Self {
            seed,
            arguments: [0; 6],
            numbers: vec![0, 1, u64::MAX],
            texts: vec![b"ab".to_vec(), vec![b'a'; 64]],
            uid: 0,
            gid: 0,
            comm: one_of(&[&b"ab"[..], b"a", b"b"], mixed(seed, 1)).unwrap_or_default(),
            program: one_of(&[(8, 10), (8, 11), (9, 10)], mixed(seed, 2)).unwrap_or_default(),
            cgroup: one_of(CGROUPS, mixed(seed, 3)).map_or("/", |it| it.0),
            capabilities: CAPABILITIES
                .iter()
                .filter(|(_, number)| mixed(seed, 100 + u64::from(*number)) & 1 == 0)
                .map(|it| it.0)
                .collect(),
            is_initial: mixed(seed, 4) & 1 == 0,
            context: one_of(CONTEXTS, mixed(seed, 5)).unwrap_or_default(),
            was_read: Cell::new(false),
        };

        // Most calls are by tasks.
        if mixed(seed, 6) & 1 == 0 {
            call.context = "task";
        }
        for comparison in program {
            match comparison.with {
                With::Number(number) => {
                    call.numbers
                        .extend([number, number.wrapping_sub(1), number.wrapping_add(1)]);
                }
                With::Text(text) => {
                    let plain = text.replace('*', "").replace('?', "b");

                    call.texts.push(plain.into_bytes());
                }
            }
        }
        call.uid = one_of(&call.numbers, mixed(seed, 7)).unwrap_or_default() as u32;
        call.gid = one_of(&call.numbers, mixed(seed, 8)).unwrap_or_default() as u32;
        for index in 0..6 {
            call.arguments[index] = call.word(200 + index as u64, 5);
        }
        call
    }

    /// A word in memory: usually a pointer if `kinds` is high.
    fn word(&self, place: u64, kinds: u64) -> u64 {
        let chosen = mixed(self.seed, place);

        match chosen % kinds {
            0 => one_of(&self.numbers, chosen >> 8)
                .unwrap_or_default()
                .rotate_left((chosen >> 40) as u32 % 64 * ((chosen >> 48) as u32 % 2)),
            1 => one_of(
                &[0, 8, 0x7fff_0000_1000, u64::MAX - 3, 0x8000_0000_0000_0000],
                chosen >> 8,
            )
            .unwrap_or_default(),
            _ => {
                let offsets = [0, 0, 0, 64, 128, SIZE - 64, SIZE - 16, SIZE - 8, SIZE - 3];

                FIRST_STRETCH
                    + (chosen >> 8) % STRETCHES * BETWEEN
                    + one_of(&offsets, chosen >> 16).unwrap_or_default()
            }
        }
    }

    /// The byte at this address, if it is mapped.
    fn byte(&self, address: u64) -> Option<u8> {
        let offset = address.wrapping_sub(FIRST_STRETCH);

        self.was_read.set(true);
        if offset / BETWEEN >= STRETCHES || offset % BETWEEN >= SIZE {
            return None;
        }
        let line = mixed(self.seed, address / 64);
        if line % 3 == 1 {
            // Text.
            let text = &self.texts[(line >> 8) as usize % self.texts.len()];

            return Some(text.get(address as usize % 64).copied().unwrap_or_default());
        }
        Some((self.word((address / 8) | (1 << 62), 3) >> (address % 8 * 8)) as u8)
    }

    fn number(&self, address: u64, bytes: u8) -> Option<u64> {
        let mut number = [0; 8];

        for (index, byte) in number.iter_mut().take(bytes.into()).enumerate() {
            *byte = self.byte(address.wrapping_add(index as u64))?;
        }
        Some(u64::from_le_bytes(number))
    }
}

/// Tests `data`: a byte that selects the function, eight for memory, and a condition.
pub fn condition(data: &[u8]) {
    let mut input = Input(data);
    let function = FUNCTIONS[usize::from(input.u8()) % FUNCTIONS.len()];
    let seed = input.i64() as u64;
    let mut text = String::new();

    for byte in input.0 {
        match byte {
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => text.push_str(PIECES[usize::from(byte ^ 0x80) % PIECES.len()]),
        }
    }
    let mut nodes = [None; MAX_NODES];
    let checked = syntax::check(&text);
    let tree = match syntax::parse(&text, &mut nodes) {
        Ok(tree) => tree,
        Err(wrong) => {
            assert_eq!(checked.err(), Some(wrong));
            return can_be_shown(wrong, &text, "");
        }
    };
    let summary = checked.unwrap();
    let mut choices = String::new();
    let mut program = Vec::new();

    assert_eq!(syntax::length(&text), text.len());
    assert!((1..=MAX_COMPARISONS).contains(&summary.comparisons));
    assert_eq!(summary.comparisons, tree.comparisons().count());
    if let Err(wrong) = compile::compile(
        tree,
        &Information,
        function,
        &Machine,
        &mut choices,
        &mut |it| program.push(*it),
    ) {
        return can_be_shown(wrong, &text, &choices);
    }

    is_well_formed(&program);
    for number in 0..8 {
        let call = Call::new(mixed(seed, number), &program);
        let says = run(&program, &call);

        // Conditions without memory accesses do not access memory.
        assert!(summary.reads_memory || !call.was_read.get(), "{text}");
        assert_eq!(
            Some(says),
            meaning(&text, function, &call),
            "{text} {program:?}"
        );
    }
}

/// Checks that the error is printable, and at a character of the condition or after it.
fn can_be_shown(wrong: syntax::Invalid, text: &str, choices: &str) {
    let is_printable = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));

    assert!(wrong.at <= text.len());
    assert!(!wrong.what.is_empty() && is_printable(&wrong.to_string()));
    for line in choices.lines() {
        assert!(
            is_printable(line) && line.split(' ').count() <= 32,
            "{line}"
        );
    }
}

/// Checks everything that the handlers rely on.
fn is_well_formed(program: &[Comparison<'_>]) {
    assert!((1..=ROOM).contains(&program.len()));
    for (at, comparison) in program.iter().enumerate() {
        for next in [comparison.if_true, comparison.if_false] {
            if let Next::Comparison(number) = next {
                assert!(number > at && number < program.len());
            }
        }
        if let With::Text(text) = comparison.with {
            assert!(text.len() <= TEXT);
        }
        if let Source::Argument(path) = comparison.source {
            assert!(path.argument < 6 && path.loads <= LOADS);
            match path.what {
                Field::Text(length) => {
                    assert!((1..=TEXT).contains(&usize::from(length)));
                    assert!(matches!(comparison.with, With::Text(_)));
                }
                Field::Number {
                    bytes, shift, bits, ..
                } => {
                    assert!(matches!(bytes, 1 | 2 | 4 | 8) && bits > 0);
                    assert!(shift + bits <= 8 * bytes);
                    assert!(matches!(comparison.with, With::Number(_)));
                }
            }
        }
        let shown = comparison.to_string();
        assert!(!shown.is_empty() && shown.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    }
}

/// Runs a program like the handlers.
fn run(program: &[Comparison<'_>], call: &Call) -> Says {
    let mut next = Next::Comparison(0);

    loop {
        let comparison = match next {
            Next::Comparison(number) => &program[number],
            Next::End(is_true) => return is_true.into(),
        };
        let is_true = match comparison.source {
            Source::Argument(path) => {
                let mut value = call.arguments[usize::from(path.argument)];
                let mut exists = true;

                for (index, offset) in path.offsets[..path.loads].iter().enumerate() {
                    let bytes = match path.what {
                        Field::Number { bytes, .. } if index + 1 == path.loads => bytes,
                        _ => 8,
                    };
                    match call.number(value.wrapping_add_signed((*offset).into()), bytes) {
                        Some(number) => value = number,
                        None => exists = false,
                    }
                    if !exists {
                        return Says::Unknown;
                    }
                }
                match path.what {
                    Field::Number {
                        shift,
                        bits,
                        is_signed,
                        ..
                    } => {
                        let unused = 64 - bits;
                        let value = value >> shift << unused;

                        compare_numbers(
                            comparison,
                            match is_signed {
                                true => (value as i64 >> unused) as u64,
                                false => value >> unused,
                            },
                            is_signed,
                        )
                    }
                    Field::Text(length) => {
                        let start = value.wrapping_add_signed(path.offsets[path.loads].into());
                        let mut text = Vec::new();

                        for index in 0..u64::from(length) {
                            match call.byte(start.wrapping_add(index)) {
                                None => return Says::Unknown,
                                Some(0) => break,
                                Some(byte) => text.push(byte),
                            }
                        }
                        if text.len() == TEXT {
                            return Says::Unknown;
                        }
                        compare_text(comparison, &text)
                    }
                }
            }
            Source::Comm => compare_text(comparison, call.comm),
            Source::Exe(_, device, inode) => {
                (call.program == (device, inode)) == (comparison.operator == Operator::Equal)
            }
            Source::Cgroup(level, number) => {
                let way = CGROUPS.iter().find(|(path, _)| *path == call.cgroup);
                let is_in = way.and_then(|it| it.1.get(level as usize)) == Some(&number);

                is_in == (comparison.operator == Operator::Equal)
            }
            Source::Uid => compare_numbers(comparison, call.uid.into(), false),
            Source::Gid => compare_numbers(comparison, call.gid.into(), false),
            Source::Cap(number) => {
                let has = CAPABILITIES
                    .iter()
                    .any(|it| it.1 == number && call.capabilities.contains(&it.0));

                compare_numbers(comparison, has.into(), false)
            }
            Source::Userns => compare_numbers(comparison, call.is_initial.into(), false),
            Source::Context => {
                let number = CONTEXTS.iter().position(|known| *known == call.context);

                compare_numbers(comparison, number.unwrap() as u64, false)
            }
        };

        next = if is_true {
            comparison.if_true
        } else {
            comparison.if_false
        };
    }
}

fn compare_numbers(comparison: &Comparison<'_>, a: u64, is_signed: bool) -> bool {
    let With::Number(b) = comparison.with else {
        panic!("{comparison:?}");
    };
    let sign = u64::from(is_signed) << 63;

    match comparison.operator {
        Operator::Equal => a == b,
        Operator::NotEqual => a != b,
        Operator::Less => a ^ sign < b ^ sign,
        Operator::LessOrEqual => a ^ sign <= b ^ sign,
        Operator::Greater => a ^ sign > b ^ sign,
        Operator::GreaterOrEqual => a ^ sign >= b ^ sign,
        Operator::And => a & b != 0,
        Operator::Matches => panic!("{comparison:?}"),
    }
}

fn compare_text(comparison: &Comparison<'_>, text: &[u8]) -> bool {
    let With::Text(with) = comparison.with else {
        panic!("{comparison:?}");
    };

    match comparison.operator {
        Operator::Equal => text == with.as_bytes(),
        Operator::NotEqual => text != with.as_bytes(),
        Operator::Matches => text_matches(text, with.as_bytes()),
        _ => panic!("{comparison:?}"),
    }
}

/// Backtracks to the last star on a mismatch.
fn text_matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut of) = (0, 0);
    let mut star = None;

    while at < text.len() {
        match pattern.get(of) {
            Some(b'*') => {
                of += 1;
                star = Some((at, of));
            }
            Some(byte) if *byte == b'?' || *byte == text[at] => (at, of) = (at + 1, of + 1),
            _ => match &mut star {
                Some((retry, behind)) => {
                    *retry += 1;
                    (at, of) = (*retry, *behind);
                }
                None => return false,
            },
        }
    }
    pattern[of..].iter().all(|byte| *byte == b'*')
}
