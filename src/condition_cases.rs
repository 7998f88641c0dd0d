// SPDX-License-Identifier: GPL-2.0-only

//! Test tables of conditions and their programs, shared by the host tests and the KUnit suites.

use crate::{
    condition::{
        compile::{
            self,
            World, //
        },
        program::Comparison,
        syntax, //
    },
    policy::btf::{
        self,
        Described,
        Layouts,
        Member,
        Types, //
    },
    text::Text, //
};
use core::fmt::Write;
use kernel::prelude::*;

/// `int f(struct s *p, int number, unsigned char small, struct s *next_to_it)`, with
///
/// ```text
/// struct s {
///     signed char byte;           // at 0
///     unsigned short word;        // at 2
///     unsigned int low:3, high:5; // at 4
///     unsigned int :3, across:18; // after them, in the same four bytes
///     struct s *next;             // at 8
///     char text[16];              // at 16
///     int array[3];               // at 32
/// };
/// enum e { ONE = 1, MINUS = -1 };
/// ```
pub(crate) struct Sample;

/// The type id of `f`.
pub(crate) const FUNCTION: u32 = 12;

const S: u32 = 10;
const ENUMERATORS: [(&str, i128); 2] = [("ONE", 1), ("MINUS", -1)];
const MEMBERS: [(&str, u32, u32, u8); 8] = [
    ("byte", 3, 0, 0),
    ("word", 4, 16, 0),
    ("low", 5, 32, 3),
    ("high", 5, 35, 5),
    ("across", 5, 43, 18),
    ("next", 6, 64, 0),
    ("text", 7, 128, 0),
    ("array", 8, 256, 0),
];
const PARAMETERS: [(&str, u32); 5] = [
    ("p", 6),
    ("number", 2),
    ("small", 9),
    ("next_to_it", 6),
    ("answer", 11),
];

fn described(kind: u32, size_or_type: u32, encoding: u32) -> Option<Described> {
    let count = match kind {
        btf::FUNC_PROTO => PARAMETERS.len() as u32,
        btf::STRUCT => MEMBERS.len() as u32,
        // The flag for signed.
        btf::ENUM => 1 << 31 | ENUMERATORS.len() as u32,
        _ => 0,
    };

    Some(Described {
        info: kind << 24 | count,
        size_or_type,
        encoding,
    })
}

impl Types for Sample {
    fn get(&self, id: u32) -> Option<Described> {
        match id {
            1 => described(btf::FUNC_PROTO, 2, 0),
            2 => described(btf::INT, 4, btf::SIGNED | 32),
            3 => described(btf::INT, 1, btf::SIGNED | 8),
            4 => described(btf::INT, 2, 16),
            5 => described(btf::INT, 4, 32),
            6 => described(btf::PTR, S, 0),
            7 | 8 => described(btf::ARRAY, 0, 0),
            9 => described(btf::INT, 1, 8),
            S => described(btf::STRUCT, 48, 0),
            11 => described(btf::ENUM, 4, 0),
            12 => described(btf::FUNC, 1, 0),
            _ => None,
        }
    }

    fn name(&self, id: u32) -> &str {
        match id {
            S => "s",
            _ => "",
        }
    }

    fn parameter(&self, _: u32, index: u32) -> Option<u32> {
        PARAMETERS.get(index as usize).map(|(_, id)| *id)
    }
}

impl Layouts for Sample {
    fn parameter_name(&self, _: u32, index: u32) -> Option<&str> {
        PARAMETERS.get(index as usize).map(|(name, _)| *name)
    }

    fn member(&self, id: u32, index: u32) -> Option<Member<'_>> {
        let (name, of, bit_offset, bits) = *MEMBERS.get(index as usize).filter(|_| id == S)?;

        Some(Member {
            name,
            id: of,
            bit_offset,
            bits,
        })
    }

    fn array(&self, id: u32) -> Option<(u32, u32)> {
        match id {
            7 => Some((3, 16)),
            8 => Some((2, 3)),
            _ => None,
        }
    }

    fn enumerator(&self, id: u32, index: u32) -> Option<(&str, i128)> {
        ENUMERATORS
            .get(index as usize)
            .filter(|_| id == 11)
            .copied()
    }

    fn find(&self, name: &str) -> Option<u32> {
        (name == "s").then_some(S)
    }

    fn find_enumerator(&self, name: &str) -> Option<i128> {
        (name == "ELSEWHERE").then_some(77)
    }
}

impl World for Sample {
    fn program(&self, path: &str) -> Option<(u32, u64)> {
        (path == "/bin/there").then_some((8, 1234))
    }

    fn cgroup(&self, path: &str) -> Option<(u32, u64)> {
        (path == "/there").then_some((1, 99))
    }

    fn registers(&self) -> u32 {
        6
    }
}

/// A condition, and its program.
#[rustfmt::skip]
const PROGRAMS: &[(&str, &str)] = &[
    ("number==1", "argument 2, 4 bytes"),
    ("$arg3>1", "argument 3, 1 bytes"),
    ("p->byte==-1", "argument 1, +0, 1 bytes"),
    ("p->low==7", "argument 1, +4, 3 bits from bit 0 of 1 bytes"),
    ("p->high==31", "argument 1, +4, 5 bits from bit 3 of 1 bytes"),
    ("p->across==1", "argument 1, +4, 18 bits from bit 11 of 4 bytes"),
    ("p->next->next->word==1", "argument 1, +8 -> +8 -> +2, 2 bytes"),
    ("p->text~\"a*\"", "argument 1, +16, up to 16 characters"),
    ("p->array[2]==-5", "argument 1, +40, 4 bytes"),
    ("p[1].word==3", "argument 1, +50, 2 bytes"),
    ("(s)p->word==3", "argument 1, +2, 2 bytes"),
    ("(s,text)p->word==3", "argument 1, -14, 2 bytes"),
    ("p->next==NULL", "argument 1, +8, 8 bytes"),
    ("answer==MINUS", "argument 5, 4 bytes"),
    ("number==ELSEWHERE", "argument 2, 4 bytes"),
    ("number==-EPERM", "argument 2, 4 bytes"),
    ("$uid==0", "context; real user id"),
    ("$uid==0&&$context!=task", "real user id; context"),
    ("$exe==\"/bin/there\"", "context; program, inode 1234 of device 00:08"),
    ("$cgroup!=\"/there\"", "context; cgroup, 99 at level 1"),
    ("$cap(\"sys_admin\")", "context; capability 21"),
];

/// A wrong condition, and a part of the error message.
#[rustfmt::skip]
const REFUSALS: &[(&str, &str)] = &[
    ("nothing==1", "the function has no such argument"),
    ("p->nothing==1", "members: byte word low high across next text array"),
    ("p->low==8", "cannot have such a value"),
    ("small==-1", "cannot have such a value"),
    ("number==2147483648", "cannot have such a value"),
    ("p->array[3]==1", "not that long"),
    ("p==1", "only be compared with NULL"),
    ("p>0", "only be compared with NULL"),
    ("number->x==1", "this is not a pointer"),
    ("p.word==1", "use ->"),
    ("(s)number->word==1", "this is not a pointer"),
    ("(t)p->word==1", "no such structure"),
    ("p->text==1", "this is not a number"),
    ("number~\"a\"", "this is not a pointer"),
    ("$exe==\"/bin/nothing\"", "no such program"),
    ("$cap(\"x\")", "capabilities: chown dac_override"),
    ("$uid(\"x\")==1", "only $cap"),
    ("$uid~\"x\"", "cannot be compared in this way"),
    ("answer==TWO", "names: ONE MINUS"),
    ("p->next->next->next->next->next->next->next->next->next==NULL", "more than 8 steps"),
    (
        "p->text==\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        "more than 62 characters",
    ),
];

/// Compiles `text`, and passes each comparison to `take`. `Ok(Err)` has the error message. Sleeps.
pub(crate) fn compile(
    text: &str,
    take: &mut dyn FnMut(&Comparison<'_>),
) -> Result<Result<(), Text>> {
    let mut nodes = KVec::from_elem(None, syntax::MAX_NODES, GFP_KERNEL)?;
    let mut said = Text::new();
    let result = match syntax::parse(text, &mut nodes) {
        Ok(tree) => compile::compile(tree, &Sample, FUNCTION, &Sample, &mut said, &mut |it| {
            take(it)
        }),
        Err(wrong) => Err(wrong),
    };

    Ok(match result {
        Ok(()) => Ok(()),
        Err(wrong) => {
            write!(said, "{wrong}").map_err(|_| ENOMEM)?;
            Err(said)
        }
    })
}

/// Whether `text` is compiled to the `expected` program.
fn is_compiled_to(text: &str, expected: &str) -> Result<bool> {
    let mut described = Text::new();
    let mut is_first = true;
    let mut written = Ok(());
    let compiled = compile(text, &mut |comparison| {
        let separator = if core::mem::take(&mut is_first) {
            ""
        } else {
            "; "
        };

        written = written.and(write!(described, "{separator}{comparison}"));
    })?;

    written.map_err(|_| ENOMEM)?;
    Ok(compiled.is_ok() && described.as_str() == expected)
}

/// The first condition that is not compiled as expected.
pub(crate) fn first_wrong_program() -> Option<&'static str> {
    PROGRAMS
        .iter()
        .find(|(text, expected)| is_compiled_to(text, expected) != Ok(true))
        .map(|(text, _)| *text)
}

/// The first condition that is not refused as expected.
pub(crate) fn first_wrong_refusal() -> Option<&'static str> {
    let is_refused = |text, expected| match compile(text, &mut |_| {}) {
        Ok(Err(said)) => said.as_str().contains(expected),
        _ => false,
    };

    REFUSALS
        .iter()
        .find(|(text, expected)| !is_refused(text, expected))
        .map(|(text, _)| *text)
}
