// SPDX-License-Identifier: GPL-2.0-only

//! What the policy says to functions and values: those of a list, or all that there are.

use crate::{
    command::{parse_value, Malformed, Question, Scope, Target},
    condition::syntax,
    conditions,
    image::Within,
    kernel::{Function, Kernel, Verdict, KERNEL},
    policy::{Asked, Type, Value, Zone},
};
use rayon::prelude::*;
use std::{collections::BTreeMap, error::Error, io::Write};

/// A line of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// The function, as `symbol` or as `module:symbol`.
    function: String,
    value: String,
    scope: String,
    condition: String,
}

/// Reads a list, which is CSV with columns `function` and `value` (or `retval`, or
/// `bypass_retval`), and perhaps `module`, `scope` and `if`. What is not there is empty.
pub fn read(list: &[u8]) -> Result<Vec<Line>, Box<dyn Error>> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(list);
    let headers = reader.headers()?.clone();
    let column = |names: &[&str]| headers.iter().position(|it| names.contains(&it));
    let function = column(&["function"]).ok_or("it has no column function")?;
    let value = column(&["value", "retval", "bypass_retval"])
        .ok_or("it has no column value, retval or bypass_retval")?;
    let [module, scope, condition] = ["module", "scope", "if"].map(|it| column(&[it]));
    let mut lines = Vec::new();

    for record in reader.records() {
        let record = record?;
        let field = |column: Option<usize>| column.and_then(|it| record.get(it)).unwrap_or("");
        let (function, module) = (field(Some(function)), field(module));
        let is_whole = module.is_empty() || function.is_empty() || function.contains(':');

        lines.push(Line {
            function: match is_whole {
                true => function.into(),
                false => format!("{module}:{function}"),
            },
            value: field(Some(value)).into(),
            scope: match field(scope) {
                "" => "all".into(),
                scope => scope.into(),
            },
            condition: field(condition).into(),
        });
    }
    Ok(lines)
}

/// Judges the lines of a list. Returns how many are not understood.
pub fn list(
    kernel: &Kernel,
    lines: &[Line],
    out: &mut csv::Writer<impl Write>,
) -> csv::Result<usize> {
    let answers: Vec<_> = lines
        .par_iter()
        .map(|line| question(line).map(|question| answer(kernel, &question)))
        .collect();
    let mut wrong = 0;

    out.write_record(["function", "value", "scope", "verdict", "rule", "reason"])?;
    for (line, answer) in lines.iter().zip(answers) {
        let [verdict, rule, reason] = answer.unwrap_or_else(|malformed| {
            wrong += 1;
            ["?".into(), String::new(), malformed.to_string()]
        });
        let Line {
            function,
            value,
            scope,
            ..
        } = line;

        out.write_record([function, value, scope, &verdict, &rule, &reason])?;
    }
    Ok(wrong)
}

/// What is asked for, in the words that the kernel's file `check` takes.
fn question(line: &Line) -> Result<Question<'_>, Malformed<'_>> {
    if line.function.is_empty() {
        return Err(Malformed::Missing("name of a function"));
    }
    if line.value.is_empty() {
        return Err(Malformed::Missing("return value"));
    }
    let condition = Some(&*line.condition).filter(|it| !it.is_empty());

    if let Some(condition) = condition {
        syntax::check(condition).map_err(Malformed::Condition)?;
    }
    Ok(Question {
        target: Target::parse(&line.function)?,
        value: parse_value(&line.value)?,
        scope: match &*line.scope {
            "all" => Scope::All,
            "nonroot" => Scope::Nonroot,
            other => return Err(Malformed::Scope(other)),
        },
        condition,
    })
}

/// The verdict, the rule and the reason.
fn answer(kernel: &Kernel, question: &Question<'_>) -> [String; 3] {
    let Some(function) = kernel.find(&question.target) else {
        let reason = match question.target.module {
            Some(module) if module != KERNEL => {
                format!("module {module} has no function of this name")
            }
            _ => "there is no function of this name".into(),
        };

        return ["absent".into(), String::new(), reason];
    };
    let asked = question.scope.asks(question.value);
    let (_, verdicts) = kernel.judge(&function, &[asked]);
    let verdict = verdicts[0];
    let condition = question
        .condition
        .filter(|_| verdict == Verdict::Accepted && !function.is_absent());
    if let Some(Err(wrong)) = condition.map(|it| conditions::check(kernel, &function, it)) {
        return ["refuse".into(), "condition".into(), wrong];
    }
    let mut reasons = Vec::new();
    let word = match verdict {
        Verdict::Accepted => "allow",
        _ => "refuse",
    };

    match verdict {
        Verdict::Accepted if function.is_absent() => {}
        Verdict::Accepted => reasons.push(format!("it returns {}", function.returns())),
        Verdict::Refused(refusal) => reasons.push(kernel.words(&refusal)),
        Verdict::NotProbeable => reasons.push("the kernel cannot probe it".into()),
    }
    if verdict != Verdict::Accepted {
        let alternatives = kernel.alternatives(&function, asked);

        if !alternatives.is_empty() {
            reasons.push(format!("instead: {alternatives}"));
        }
    }
    if function.is_absent() {
        reasons.push(format!(
            "module {} was not read, so this is what the names tell",
            function.module()
        ));
    }
    [
        word.into(),
        verdict.rule().unwrap_or_default(),
        reasons.join("; "),
    ]
}

/// What one value gets for one function.
struct Row<'a> {
    function: &'a str,
    module: &'a str,
    zone: &'static str,
    returns: Type,
    value: &'static str,
    verdict: String,
}

/// The verdict on what is accepted.
const ACCEPTED: &str = "accepted";
/// The verdict on what is accepted only if root is spared.
const ACCEPTED_NONROOT: &str = "accepted-nonroot";

/// How many functions are judged before what they get is written.
const CHUNK: usize = 1 << 14;

/// Judges every function that can be probed, for each of some values: those of the kernel first, by
/// name, and then those of the modules. What each gets is taken by `take`.
fn rows<'a>(
    kernel: &'a Kernel,
    mut take: impl FnMut(Row<'a>) -> csv::Result<()>,
) -> csv::Result<()> {
    let mut targets: Vec<(Option<&str>, usize, &str)> = kernel
        .image()
        .symbols()
        .filter(|symbol| kernel.is_probeable(symbol))
        .map(|symbol| match symbol.module {
            None => (None, 0, symbol.name),
            Some(index) => {
                let module = &kernel.image().modules()[index];

                (Some(&*module.name), index, symbol.name)
            }
        })
        .collect();

    targets.sort_unstable();
    targets.dedup();
    for targets in targets.chunks(CHUNK) {
        let rows: Vec<_> = targets
            .par_iter()
            .filter_map(|(module, index, symbol)| {
                let within = module.map_or(Within::Kernel, |_| Within::Module(*index));

                kernel.find_in(within, symbol)
            })
            .flat_map_iter(|function| rows_of(kernel, &function))
            .collect();

        rows.into_iter().try_for_each(&mut take)?;
    }
    Ok(())
}

fn rows_of<'a>(kernel: &Kernel, function: &Function<'a>) -> impl Iterator<Item = Row<'a>> {
    let values: &[(&str, i64)] = match function.returns() {
        Type::Void => &[("void", 0)],
        _ => &[("-1", -1), ("0", 0), ("1", 1)],
    };
    let asked: Vec<Asked> = values
        .iter()
        .flat_map(|(_, value)| {
            [Scope::All, Scope::Nonroot].map(|scope| scope.asks(Value::new(*value)))
        })
        .collect();
    let (zone, verdicts) = kernel.judge(function, &asked);
    let (name, module, returns) = (function.name(), function.module(), function.returns());

    values.iter().enumerate().map(move |(at, (value, _))| Row {
        function: name,
        module,
        zone: match zone {
            Zone::Core => "core",
            Zone::Guard(_) => "guard",
            Zone::Module => "module",
            Zone::Security => "security",
            Zone::Processor => "processor",
        },
        returns,
        value,
        verdict: match (verdicts[2 * at].rule(), verdicts[2 * at + 1].rule()) {
            (None, _) => ACCEPTED.into(),
            (_, None) => ACCEPTED_NONROOT.into(),
            (Some(rule), _) => rule,
        },
    })
}

/// Writes what is accepted, of everything.
pub fn all(kernel: &Kernel, out: &mut csv::Writer<impl Write>) -> csv::Result<()> {
    out.write_record(["function", "module", "zone", "returns", "value", "scope"])?;
    rows(kernel, |row| {
        let scope = match &*row.verdict {
            ACCEPTED => Scope::All,
            ACCEPTED_NONROOT => Scope::Nonroot,
            _ => return Ok(()),
        };
        let (returns, scope) = (row.returns.to_string(), scope.to_string());

        out.write_record([
            row.function,
            row.module,
            row.zone,
            &returns,
            row.value,
            &scope,
        ])
    })
}

/// Writes how many functions of each zone get which verdict, for each value.
pub fn counts(kernel: &Kernel, out: &mut csv::Writer<impl Write>) -> csv::Result<()> {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();

    rows(kernel, |row| {
        *counts
            .entry((row.zone, row.value, row.verdict))
            .or_default() += 1;
        Ok(())
    })?;
    out.write_record(["zone", "value", "verdict", "functions"])?;
    for ((zone, value, verdict), count) in counts {
        out.write_record([zone, value, &verdict, &count.to_string()])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
