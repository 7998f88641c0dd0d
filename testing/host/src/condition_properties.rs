// SPDX-License-Identifier: GPL-2.0-only

//! Conditions: what they compile to says the same as they do.

use crate::{
    condition::{
        compile::{self, World},
        program::{Comparison, Field, Next, Source, With},
        syntax::{self, Operator, Wrong, MAX_NODES},
    },
    policy::btf::{self, Described, Layouts, Member, Types},
};
use proptest::{prelude::*, sample::select};

/// `int f(struct s *p, int number, unsigned char small, struct s *next_to_it)`, with
///
/// ```text
/// struct s {
///     signed char byte;           // at 0
///     unsigned short word;        // at 2
///     unsigned int low:3, high:5; // at 4
///     struct s *next;             // at 8
///     char text[16];              // at 16
///     int array[3];               // at 32
/// };
/// enum e { ONE = 1, MINUS = -1 };
/// ```
struct Fake;

const S: u32 = 10;
const ENUMERATORS: [(&str, i128); 2] = [("ONE", 1), ("MINUS", -1)];
const MEMBERS: [(&str, u32, u32, u8); 7] = [
    ("byte", 3, 0, 0),
    ("word", 4, 16, 0),
    ("low", 5, 32, 3),
    ("high", 5, 35, 5),
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
        // Its sign.
        btf::ENUM => 1 << 31 | ENUMERATORS.len() as u32,
        _ => 0,
    };

    Some(Described {
        info: kind << 24 | count,
        size_or_type,
        encoding,
    })
}

impl Types for Fake {
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

impl Layouts for Fake {
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

impl World for Fake {
    fn program(&self, path: &str) -> Option<(u32, u64)> {
        (path == "/bin/there").then_some((8, 1234))
    }

    fn cgroup(&self, path: &str) -> Option<(u32, u64)> {
        (path == "/there").then_some((1, 99))
    }
}

/// Compiles `text`, and calls `body` with what it is made to.
fn with_compiled<T>(
    text: &str,
    choices: &mut String,
    body: impl FnOnce(&[Comparison<'_>]) -> T,
) -> Result<T, Wrong> {
    let mut nodes = [None; MAX_NODES];
    let tree = syntax::parse(text, &mut nodes)?;
    let mut program = Vec::new();

    assert_eq!(
        syntax::check(text).unwrap().comparisons,
        tree.comparisons().count()
    );
    compile::compile(tree, &Fake, 12, &Fake, choices, &mut |it| program.push(*it))?;
    // All that one leads to is there, and comes later.
    for (at, comparison) in program.iter().enumerate() {
        for next in [comparison.if_true, comparison.if_false] {
            assert!(match next {
                Next::Comparison(number) => number > at && number < program.len(),
                Next::End(_) => true,
            });
        }
    }
    Ok(body(&program))
}

/// Compiles, or says what is wrong.
fn compiled(text: &str) -> Result<String, String> {
    let mut choices = String::new();
    let lines = |program: &[Comparison<'_>]| {
        let all: Vec<_> = program.iter().map(Comparison::to_string).collect();

        all.join("; ")
    };
    let result = with_compiled(text, &mut choices, lines);

    result.map_err(|wrong| format!("{wrong}{}", choices.trim_end()))
}

#[test]
fn each_way_leads_where_the_types_say() {
    let ways = [
        ("number==1", "argument 2, 4 bytes"),
        ("$arg3>1", "argument 3, 1 bytes"),
        ("p->byte==-1", "argument 1, +0, 1 bytes"),
        ("p->low==7", "argument 1, +4, 3 bits from bit 0 of 1 bytes"),
        (
            "p->high==31",
            "argument 1, +4, 5 bits from bit 3 of 1 bytes",
        ),
        (
            "p->next->next->word==1",
            "argument 1, +8 -> +8 -> +2, 2 bytes",
        ),
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
        (
            "$exe==\"/bin/there\"",
            "context; program, inode 1234 of device 00:08",
        ),
        ("$cgroup!=\"/there\"", "context; cgroup, 99 at level 1"),
        ("$cap(\"sys_admin\")", "context; capability 21"),
    ];

    for (text, expected) in ways {
        assert_eq!(compiled(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let wrong = [
        ("nothing==1", "the function has no such argument"),
        (
            "p->nothing==1",
            "members: byte word low high next text array",
        ),
        ("p->low==8", "never have such a value"),
        ("small==-1", "never have such a value"),
        ("number==2147483648", "never have such a value"),
        ("p->array[3]==1", "not that long"),
        ("p==1", "only be compared with NULL"),
        ("p>0", "only be compared with NULL"),
        ("number->x==1", "this is no pointer"),
        ("p.word==1", "use ->"),
        ("(s)number->word==1", "this is no pointer"),
        ("(t)p->word==1", "no such structure"),
        ("p->text==1", "this is no number"),
        ("number~\"a\"", "this is no pointer"),
        ("$exe==\"/bin/nothing\"", "no such program"),
        ("$cap(\"x\")", "capabilities: chown dac_override"),
        ("$uid(\"x\")==1", "only $cap"),
        ("$uid~\"x\"", "cannot be compared in this way"),
        ("answer==TWO", "names: ONE MINUS"),
        (
            "p->next->next->next->next->next->next->next->next->next==NULL",
            "more than 8 steps",
        ),
    ];

    for (text, expected) in wrong {
        let said = compiled(text).unwrap_err();

        assert!(said.contains(expected), "{text}: {said}");
    }
}

/// A condition on `number`, as a tree, and as what it says.
#[derive(Clone, Debug)]
enum Says {
    Compare(Operator, i32),
    Not(Box<Says>),
    And(Box<Says>, Box<Says>),
    Or(Box<Says>, Box<Says>),
}

impl Says {
    fn text(&self) -> String {
        match self {
            Says::Compare(operator, value) => {
                let operator = match operator {
                    Operator::Equal => "==",
                    Operator::NotEqual => "!=",
                    Operator::Less => "<",
                    Operator::LessOrEqual => "<=",
                    Operator::Greater => ">",
                    Operator::GreaterOrEqual => ">=",
                    Operator::And | Operator::Matches => "&",
                };

                format!("number{operator}{value}")
            }
            Says::Not(it) => format!("!({})", it.text()),
            Says::And(a, b) => format!("({})&&({})", a.text(), b.text()),
            Says::Or(a, b) => format!("({})||({})", a.text(), b.text()),
        }
    }

    fn is_true(&self, number: i32) -> bool {
        match self {
            Says::Compare(operator, value) => match operator {
                Operator::Equal => number == *value,
                Operator::NotEqual => number != *value,
                Operator::Less => number < *value,
                Operator::LessOrEqual => number <= *value,
                Operator::Greater => number > *value,
                Operator::GreaterOrEqual => number >= *value,
                Operator::And | Operator::Matches => number & *value != 0,
            },
            Says::Not(it) => !it.is_true(number),
            Says::And(a, b) => a.is_true(number) && b.is_true(number),
            Says::Or(a, b) => a.is_true(number) || b.is_true(number),
        }
    }

    fn count(&self) -> usize {
        match self {
            Says::Compare(..) => 1,
            Says::Not(it) => it.count(),
            Says::And(a, b) | Says::Or(a, b) => a.count() + b.count(),
        }
    }
}

fn says() -> impl Strategy<Value = Says> {
    let operator = select(vec![
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
        Operator::And,
    ]);
    let value = prop_oneof![-3i32..4, Just(i32::MIN), Just(i32::MAX)];
    let leaf = (operator, value).prop_map(|(operator, value)| Says::Compare(operator, value));

    leaf.prop_recursive(6, 24, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|it| Says::Not(Box::new(it))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Says::And(Box::new(a), Box::new(b))),
            (inner.clone(), inner).prop_map(|(a, b)| Says::Or(Box::new(a), Box::new(b))),
        ]
    })
}

/// Runs a program that looks at one number, as handlers do.
fn run(program: &[Comparison<'_>], number: i32) -> bool {
    let mut at = 0;

    loop {
        let comparison = &program[at];
        let Source::Argument(path) = comparison.source else {
            panic!("{comparison:?}");
        };
        let Field::Number {
            bytes: 4,
            bits: 32,
            is_signed: true,
            ..
        } = path.what
        else {
            panic!("{comparison:?}");
        };
        let With::Number(with) = comparison.with else {
            panic!("{comparison:?}");
        };
        let (a, b) = (i64::from(number), with as i64);
        let is_true = match comparison.operator {
            Operator::Equal => a == b,
            Operator::NotEqual => a != b,
            Operator::Less => a < b,
            Operator::LessOrEqual => a <= b,
            Operator::Greater => a > b,
            Operator::GreaterOrEqual => a >= b,
            Operator::And | Operator::Matches => a & b != 0,
        };
        let next = if is_true {
            comparison.if_true
        } else {
            comparison.if_false
        };

        match next {
            Next::End(outcome) => return outcome,
            Next::Comparison(later) => {
                assert!(later > at);
                at = later;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_compiled_says_the_same(
        says in says(),
        numbers in prop::collection::vec(prop_oneof![-4i32..5, any::<i32>()], 1..20),
    ) {
        let text = says.text();

        if says.count() > syntax::MAX_COMPARISONS || text.len() > syntax::MAX_LENGTH {
            prop_assert!(syntax::check(&text).is_err());
            return Ok(());
        }
        // It may be nested too deep.
        if syntax::check(&text).is_ok() {
            let outcomes = with_compiled(&text, &mut String::new(), |program| {
                numbers.iter().map(|number| run(program, *number)).collect::<Vec<_>>()
            });

            for (number, outcome) in numbers.iter().zip(outcomes.unwrap()) {
                prop_assert_eq!(outcome, says.is_true(*number), "{} {}", text, number);
            }
        }
    }

    #[test]
    fn any_text_is_understood_or_refused(text in "[ -~]{0,80}") {
        if let Err(wrong) = with_compiled(&text, &mut String::new(), |_| ()) {
            prop_assert!(!wrong.to_string().is_empty());
        }
    }

    #[test]
    fn pieces_of_conditions_are_understood_or_refused(
        pieces in prop::collection::vec(select(vec![
            "p", "number", "->next", "->word", "->text", ".word", "[1]", "==", "!=", "<", "&", "~",
            "1", "-3", "\"a*\"", "&&", "||", "!", "(", ")", "(s)", "(s,text)", "$uid", "$comm",
            "$cap(\"sys_admin\")", "$context", "task", "NULL", "-EPERM", "ONE",
        ]), 1..16),
    ) {
        let _ = with_compiled(&pieces.concat(), &mut String::new(), |_| ());
    }
}
