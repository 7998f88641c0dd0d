// SPDX-License-Identifier: GPL-2.0-only

//! Formats findings as text and as JSON.

use super::{inlined, Caller, Explanation, Finding, Index, Kind, Summary};
use crate::{
    command::parse_value,
    file,
    image::{Image, Source},
};
use rayon::prelude::*;
use serde::Serialize;
use std::{
    error::Error,
    io::{self, Write},
};

/// A function and a value to explain.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    function: String,
    module: String,
    /// As in the request.
    value: String,
    number: i64,
}

impl Line {
    /// Fails if the value is invalid.
    pub fn new(function: &str, module: &str, value: &str) -> Result<Self, String> {
        Ok(Self {
            function: function.into(),
            module: module.into(),
            value: value.into(),
            number: parse_value(value)
                .map_err(|it| file::shown(&it.to_string()))?
                .get(),
        })
    }

    /// The module, which may be empty, and the function's name.
    pub fn target(&self) -> (&str, &str) {
        self.function
            .split_once(':')
            .unwrap_or((&self.module, &self.function))
    }
}

/// Reads a list, which is CSV with the columns `function` and `value`, and optionally `module`.
pub fn read(list: &[u8]) -> Result<Vec<Line>, Box<dyn Error>> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(list);
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|it| it == name);
    let function = column("function").ok_or("it has no column \"function\"")?;
    let value = column("value").ok_or("it has no column \"value\"")?;
    let module = column("module");
    let mut lines = Vec::new();

    for record in reader.records() {
        let record = record?;
        let field = |at: usize| record.get(at).unwrap_or("");
        let module = module.map_or("", field);

        lines.push(Line::new(field(function), module, field(value))?);
    }
    Ok(lines)
}

/// A finding.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Found<'a> {
    kind: &'static str,
    /// The address, with its symbol.
    r#where: String,
    why: &'a str,
}

/// A function that could be engaged instead.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Better<'a> {
    /// Other values of the same function.
    values: &'a [i64],
    callers: &'a [Caller],
}

/// A line of the answer of `killswitch explain --json`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Record<'a> {
    /// The function, as in the request.
    function: &'a str,
    /// Its module, if it was a separate column.
    module: &'a str,
    /// The value, as in the request.
    value: &'a str,
    summary: Summary,
    findings: Vec<Found<'a>>,
    better: Better<'a>,
    /// The function's own return values.
    returns: Vec<i64>,
    /// Its copies; null without debug information about it.
    copies: Option<inlined::Record>,
    /// What was not analyzed.
    unseen: &'a [String],
    source: Source,
}

/// An address with its symbol.
pub fn place(image: &Image, address: u64) -> String {
    let symbol = image
        .object(address)
        .map(|(symbol, _)| symbol)
        .or_else(|| image.symbol_of(address));

    match symbol {
        Some(symbol) if symbol.address == address => format!("{} ({address:#x})", symbol.name),
        Some(symbol) => format!(
            "{}+{:#x} ({address:#x})",
            symbol.name,
            address - symbol.address
        ),
        None => format!("{address:#x}"),
    }
}

fn explain(index: &Index<'_>, line: &Line) -> Explanation {
    let (module, symbol) = line.target();
    let (mut explanation, module) = match index.find(Some(module), symbol) {
        Some(function) => (index.explain(&function, line.number), function.index()),
        None => {
            let module = index.image().module_named(module);

            (absent(index, module, symbol), module)
        }
    };

    if let Some(problem) = index.debug.problem(module) {
        explanation.unseen.push(problem.into());
    }
    explanation
}

/// The reason why a function has no symbol.
fn absent(index: &Index<'_>, module: Option<usize>, symbol: &str) -> Explanation {
    let copies = index.debug.only_inlined(module, symbol);
    let unseen = match &copies {
        None => "there is no function of this name: it may be inlined, or not built".into(),
        Some(it) => {
            let (count, first) = it.functions(index.image());

            format!(
                "there is no function of this name, since it is inlined in {count} functions, the \
                 first of which are {first}; engage these"
            )
        }
    };

    Explanation {
        summary: Summary::Unknown,
        findings: Vec::new(),
        values: Vec::new(),
        callers: Vec::new(),
        own: Vec::new(),
        unseen: vec![unseen],
        copies,
    }
}

/// Explains the functions of a list, one line of JSON each.
pub fn list(index: &Index<'_>, lines: &[Line], out: &mut impl Write) -> io::Result<()> {
    let found: Vec<_> = lines
        .par_iter()
        .map(|line| json(index, line))
        .collect::<io::Result<_>>()?;

    found.iter().try_for_each(|it| writeln!(out, "{it}"))
}

/// A function as a line of JSON.
pub fn json(index: &Index<'_>, line: &Line) -> io::Result<String> {
    let explanation = explain(index, line);
    let image = index.kernel.image();
    let record = Record {
        function: &line.function,
        module: &line.module,
        value: &line.value,
        summary: explanation.summary,
        findings: explanation
            .findings
            .iter()
            .map(|it| Found {
                kind: it.kind.name(),
                r#where: place(image, it.at),
                why: &it.why,
            })
            .collect(),
        better: Better {
            values: &explanation.values,
            callers: &explanation.callers,
        },
        returns: explanation.own.iter().map(|it| it.0).collect(),
        copies: explanation
            .copies
            .as_ref()
            .map(|it| it.record(|address| place(image, address))),
        unseen: &explanation.unseen,
        source: image.source(),
    };

    Ok(serde_json::to_string(&record)?)
}

/// A function as text.
pub fn text(index: &Index<'_>, line: &Line, out: &mut impl Write) -> io::Result<()> {
    let explanation = explain(index, line);
    let image = index.kernel.image();
    let words = match explanation.summary {
        Summary::Safe => "safe: callers handle the value like the function's own",
        Summary::Loss => "loss: nothing breaks, but work is lost silently",
        Summary::Unsafe => "unsafe",
        Summary::Unknown => "unknown: the evidence is insufficient",
    };
    let kinds: Vec<_> = kinds(&explanation.findings);
    let list = match explanation.summary {
        Summary::Unsafe => format!(": {}", kinds.join(", ")),
        _ => String::new(),
    };

    let copies = explanation.copies.as_ref();

    writeln!(
        out,
        "{} {}: {words}{list}{}",
        line.function,
        line.value,
        copies
            .and_then(|it| it.words())
            .map_or(String::new(), |it| format!("; but {it}"))
    )?;
    for finding in &explanation.findings {
        let kind = match finding {
            Finding { is_loss: true, .. } => "loss",
            _ => finding.kind.name(),
        };

        writeln!(
            out,
            "  {kind:<14} {}: {}",
            place(image, finding.at),
            finding.why
        )?;
    }
    if let Some(copies) = copies {
        copies.write(image, |address| place(image, address), out)?;
    }
    let values = |all: &[i64]| {
        all.iter()
            .map(i64::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };

    if !explanation.own.is_empty() {
        let pure: Vec<_> = explanation
            .own
            .iter()
            .filter(|it| it.1)
            .map(|it| it.0)
            .collect();
        let all: Vec<_> = explanation.own.iter().map(|it| it.0).collect();

        writeln!(out, "  own return values: {}", values(&all))?;
        if !pure.is_empty() {
            writeln!(out, "  without side effects: {}", values(&pure))?;
        }
    }
    if !explanation.values.is_empty() {
        writeln!(out, "  better values: {}", values(&explanation.values))?;
    }
    for caller in &explanation.callers {
        let scope = if caller.nonroot { " scope=nonroot" } else { "" };

        writeln!(
            out,
            "  better caller: {} {}{scope} ({})",
            caller.function,
            caller.value,
            caller.summary.name()
        )?;
    }
    for unseen in &explanation.unseen {
        writeln!(out, "  not seen: {unseen}")?;
    }
    writeln!(
        out,
        "  not seen: calls through pointers that are set at run time{}",
        match copies {
            None => ", and copies that the compiler inlined",
            Some(_) => "",
        }
    )
}

/// The names of findings other than safe, without duplicates.
fn kinds(findings: &[Finding]) -> Vec<&'static str> {
    let mut found: Vec<_> = findings
        .iter()
        .map(|it| it.kind)
        .filter(|it| *it != Kind::Safe)
        .collect();

    found.sort_by(|one, other| other.cmp(one));
    found.dedup();
    found.into_iter().map(Kind::name).collect()
}
