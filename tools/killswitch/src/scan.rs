// SPDX-License-Identifier: GPL-2.0-only

//! The policy's verdicts on functions and values: those in a list, or all of a kernel.

use crate::{
    command::{parse_value, Malformed, Question, Scope, Target},
    condition::syntax,
    conditions,
    image::{Source, Within},
    kernel::{Function, Kernel, Verdict, KERNEL},
    policy::{Asked, Type, Value, Zone},
};
use rayon::prelude::*;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    error::Error,
    io::{self, Write},
};

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
/// `bypass_retval`), and optionally `module`, `scope` and `if`. Missing columns are empty.
pub fn read(list: &[u8]) -> Result<Vec<Line>, Box<dyn Error>> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(list);
    let headers = reader.headers()?.clone();
    let column = |names: &[&str]| headers.iter().position(|it| names.contains(&it));
    let function = column(&["function"]).ok_or("it has no column \"function\"")?;
    let value = column(&["value", "retval", "bypass_retval"])
        .ok_or("it has no column \"value\", \"retval\" or \"bypass_retval\"")?;
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

/// An output record: for a line of a list, for an accepted value, or for a number of functions.
/// Without JSON, the fields except for the source are columns.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Answer<'a> {
    /// With `--list`.
    Line {
        /// The function, as in the request.
        function: &'a str,
        /// The value, as in the request.
        value: &'a str,
        /// `all`, `nonroot`, or the content of the column.
        scope: &'a str,
        /// `allow`, `refuse`, `absent`, or `?` if the line is invalid.
        verdict: &'static str,
        /// The rule that refuses, or the error.
        rule: Option<String>,
        reason: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, schemars(required))]
        source: Option<Source>,
    },
    /// With `--all`.
    Accepted {
        function: &'a str,
        /// Its module, or `vmlinux`.
        module: &'a str,
        zone: &'static str,
        /// Its return type.
        returns: String,
        value: &'static str,
        /// `all`, or `nonroot` if only scope=nonroot is accepted.
        scope: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, schemars(required))]
        source: Option<Source>,
    },
    /// With `--counts`.
    Count {
        zone: &'static str,
        value: &'static str,
        /// `accepted`, `accepted-nonroot`, or the rule that refuses.
        verdict: String,
        functions: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, schemars(required))]
        source: Option<Source>,
    },
}

/// The output format.
pub enum Output<W: Write> {
    /// As a table with column names.
    Table(Box<csv::Writer<W>>),
    /// As JSON, one object per line, each with the source of the kernel.
    Json(W, Source),
}

impl<W: Write> Output<W> {
    /// A table with fields separated by `delimiter`.
    pub fn table(out: W, delimiter: u8) -> Self {
        let mut builder = csv::WriterBuilder::new();

        builder.delimiter(delimiter).has_headers(false);
        Self::Table(Box::new(builder.from_writer(out)))
    }

    fn source(&self) -> Option<Source> {
        match self {
            Self::Table(_) => None,
            Self::Json(_, source) => Some(*source),
        }
    }

    fn columns(&mut self, names: &[&str]) -> io::Result<()> {
        match self {
            Self::Table(out) => Ok(out.write_record(names)?),
            Self::Json(..) => Ok(()),
        }
    }

    fn write(&mut self, answer: &Answer<'_>) -> io::Result<()> {
        match self {
            Self::Table(out) => Ok(out.serialize(answer)?),
            Self::Json(out, _) => {
                serde_json::to_writer(&mut *out, answer)?;
                writeln!(out)
            }
        }
    }

    /// Flushes the output.
    pub fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Table(out) => out.flush(),
            Self::Json(out, _) => out.flush(),
        }
    }
}

/// Prints the verdicts on the lines of a list. Returns the number of invalid lines.
pub fn list(kernel: &Kernel, lines: &[Line], out: &mut Output<impl Write>) -> io::Result<usize> {
    let verdicts: Vec<_> = lines
        .par_iter()
        .map(|line| question(line).map(|question| verdict(kernel, &question)))
        .collect();
    let source = out.source();
    let mut wrong = 0;

    out.columns(&["function", "value", "scope", "verdict", "rule", "reason"])?;
    for (line, verdict) in lines.iter().zip(verdicts) {
        let (verdict, rule, reason) = verdict.unwrap_or_else(|malformed| {
            wrong += 1;
            ("?", None, malformed.to_string())
        });

        out.write(&Answer::Line {
            function: &line.function,
            value: &line.value,
            scope: &line.scope,
            verdict,
            rule,
            reason,
            source,
        })?;
    }
    Ok(wrong)
}

/// The request in a line, parsed as by the kernel's file `check`.
fn question(line: &Line) -> Result<Question<'_>, Malformed<'_>> {
    if line.function.is_empty() {
        return Err(Malformed::Missing("function name"));
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
fn verdict(kernel: &Kernel, question: &Question<'_>) -> (&'static str, Option<String>, String) {
    let Some(function) = kernel.find(&question.target) else {
        let reason = match question.target.module {
            Some(module) if module != KERNEL => {
                format!("module {module} has no function of this name")
            }
            _ => "there is no function of this name".into(),
        };

        return ("absent", None, reason);
    };
    let asked = question.scope.asks(question.value);
    let (_, verdicts) = kernel.judge(&function, &[asked]);
    let verdict = verdicts[0];
    let condition = question
        .condition
        .filter(|_| verdict == Verdict::Accepted && !function.is_absent());
    if let Some(Err(wrong)) = condition.map(|it| conditions::check(kernel, &function, it)) {
        return ("refuse", Some("condition".into()), wrong);
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
            "module {} was not read; the verdict is by its names only",
            function.module()
        ));
    }
    (word, verdict.rule(), reasons.join("; "))
}

/// The verdicts on one value for one function.
struct Row<'a> {
    function: &'a str,
    module: &'a str,
    zone: &'static str,
    returns: Type,
    value: &'static str,
    verdict: String,
}

/// The verdict string for accepted values.
const ACCEPTED: &str = "accepted";
/// The verdict string for values that are only accepted with scope=nonroot.
const ACCEPTED_NONROOT: &str = "accepted-nonroot";

/// Functions per batch of output.
const CHUNK: usize = 1 << 14;

/// Computes the verdicts on every function that can be probed, for several values: first the
/// kernel's functions, by name, then those of modules. Passes each to `take`.
fn rows<'a>(kernel: &'a Kernel, mut take: impl FnMut(Row<'a>) -> io::Result<()>) -> io::Result<()> {
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

/// Prints everything that is accepted.
pub fn all(kernel: &Kernel, out: &mut Output<impl Write>) -> io::Result<()> {
    let source = out.source();

    out.columns(&["function", "module", "zone", "returns", "value", "scope"])?;
    rows(kernel, |row| {
        let scope = match &*row.verdict {
            ACCEPTED => Scope::All,
            ACCEPTED_NONROOT => Scope::Nonroot,
            _ => return Ok(()),
        };

        out.write(&Answer::Accepted {
            function: row.function,
            module: row.module,
            zone: row.zone,
            returns: row.returns.to_string(),
            value: row.value,
            scope: scope.to_string(),
            source,
        })
    })
}

/// Prints the number of functions by zone, value and verdict.
pub fn counts(kernel: &Kernel, out: &mut Output<impl Write>) -> io::Result<()> {
    let source = out.source();
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();

    rows(kernel, |row| {
        *counts
            .entry((row.zone, row.value, row.verdict))
            .or_default() += 1;
        Ok(())
    })?;
    out.columns(&["zone", "value", "verdict", "functions"])?;
    for ((zone, value, verdict), functions) in counts {
        out.write(&Answer::Count {
            zone,
            value,
            verdict,
            functions,
            source,
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
