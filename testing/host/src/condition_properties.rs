// SPDX-License-Identifier: GPL-2.0-only

//! Conditions: the compiled program has the meaning of the text.

use crate::{
    condition::{
        compile,
        program::{Comparison, Field, Next, Source, With},
        syntax::{self, Invalid, Operator, MAX_NODES},
    },
    condition_cases::{self, Sample, FUNCTION},
    fuzz_targets,
};
use proptest::{prelude::*, sample::select};

/// Compiles `text`, and calls `body` with the program.
fn with_compiled<T>(
    text: &str,
    choices: &mut String,
    body: impl FnOnce(&[Comparison<'_>]) -> T,
) -> Result<T, Invalid> {
    let mut nodes = [None; MAX_NODES];
    let tree = syntax::parse(text, &mut nodes)?;
    let mut program = Vec::new();

    assert_eq!(
        syntax::check(text).unwrap().comparisons,
        tree.comparisons().count()
    );
    compile::compile(tree, &Sample, FUNCTION, &Sample, choices, &mut |it| {
        program.push(*it)
    })?;
    // All jumps go forward to an existing comparison.
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

#[test]
fn accesses_match_the_types() {
    assert_eq!(condition_cases::first_wrong_program(), None);
}

#[test]
fn errors_are_reported() {
    assert_eq!(condition_cases::first_wrong_refusal(), None);
}

/// A condition on `number`, as a tree.
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

/// Runs a program on a single number, like the handlers.
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
    fn compiled_conditions_match_their_text(
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
    fn any_text_is_parsed_or_refused(text in "[ -~]{0,80}") {
        if let Err(wrong) = with_compiled(&text, &mut String::new(), |_| ()) {
            prop_assert!(!wrong.to_string().is_empty());
        }
    }

    #[test]
    fn compiled_memory_accesses_match_their_text(
        choices in prop::array::uniform9(any::<u8>()),
        pieces in prop::collection::vec(128u8.., 1..16),
    ) {
        fuzz_targets::condition(&[&choices[..], &pieces].concat());
    }
}
