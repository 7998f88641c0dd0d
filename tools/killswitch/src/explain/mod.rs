// SPDX-License-Identifier: GPL-2.0-only

//! Whether it is safe to have a function return a value without its body being run, as machine code
//! and type information say: what its callers do with the value, what its body takes over from
//! them, and what is called through operation tables.

mod body;
mod callers;
mod code;
mod contracts;
mod inlined;
mod machine;
pub mod output;
mod prototypes;
mod question;
mod references;
mod tables;
mod undo;
mod verbs;

pub use {contracts::Kind, inlined::Debug};

use crate::{
    command::Scope,
    image::{Image, Within},
    kernel::{Function, Kernel},
    policy::Value,
};
use contracts::Class;
use inlined::Copies;
use question::Question;
use serde::Serialize;
use tables::Tables;

/// How many better values are named.
const MAX_VALUES: usize = 4;

/// Whether a function can be skipped, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Summary {
    /// Callers take the value for one that the function returns.
    Safe,
    /// Nothing breaks, but work is lost, and some callers are not notified.
    Loss,
    /// What was seen says neither.
    Unknown,
    /// Something breaks.
    Unsafe,
}

impl Summary {
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Loss => "loss",
            Self::Unknown => "unknown",
            Self::Unsafe => "unsafe",
        }
    }
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    /// Whether it is safe, but work is lost.
    pub is_loss: bool,
    /// The address that shows it.
    pub at: u64,
    pub why: String,
}

/// A function that could be engaged instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "BetterCaller"))]
pub struct Caller {
    pub function: String,
    pub value: i64,
    pub summary: Summary,
    /// Whether root has to be spared.
    pub nonroot: bool,
}

/// What there is to say about a function and a value.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub summary: Summary,
    pub findings: Vec<Finding>,
    /// Values that are judged better.
    pub values: Vec<i64>,
    /// Callers that are judged better, the best ones first.
    pub callers: Vec<Caller>,
    /// What the function returns by itself; true for what it returns before it does anything.
    pub own: Vec<(i64, bool)>,
    /// What could not be seen.
    pub unseen: Vec<String>,
    /// Its copies, if debug information has it.
    pub copies: Option<Copies>,
}

/// What is needed to explain functions of a kernel: made once, as it takes a moment.
pub struct Index<'a> {
    kernel: &'a Kernel,
    tables: Tables<'a>,
    debug: Debug,
    /// How many modules that have to do with what is asked for were not read.
    left_out: usize,
}

impl<'a> Index<'a> {
    /// Finds out what is needed about `kernel`.
    pub fn new(kernel: &'a Kernel) -> Self {
        Self {
            tables: Tables::new(kernel.image()),
            debug: Debug::default(),
            kernel,
            left_out: 0,
        }
    }

    /// Says that so many modules have to do with what is asked for, and were not read.
    pub fn without(mut self, left_out: usize) -> Self {
        self.left_out = left_out;
        self
    }

    fn image(&self) -> &'a Image {
        self.kernel.image()
    }

    /// The function called `symbol` in `module`, or wherever it is if that has none.
    pub fn find<'b>(&'b self, module: Option<&str>, symbol: &'b str) -> Option<Function<'b>> {
        let kernel = self.kernel;
        let module = module
            .filter(|it| !it.is_empty())
            .map(|it| it.replace('-', "_"));
        let within = match module.as_deref() {
            None => Within::Anywhere,
            Some(name) => self
                .image()
                .module_named(name)
                .map_or(Within::Kernel, Within::Module),
        };

        [within, Within::Anywhere]
            .into_iter()
            .find_map(|within| kernel.find_in(within, symbol))
            .or_else(|| self.variant(within, symbol))
    }

    /// What the compiler made of the function called `symbol`, if it kept nothing of that name.
    fn variant(&self, within: Within, symbol: &str) -> Option<Function<'_>> {
        const SUFFIXES: [&str; 4] = [".isra.", ".constprop.", ".llvm.", ".part."];
        let is_within = |module: Option<usize>| match within {
            Within::Anywhere => true,
            Within::Kernel => module.is_none(),
            Within::Module(index) => module == Some(index),
        };
        let found = self.image().symbols().find(|it| {
            let rest = it.name.strip_prefix(symbol).unwrap_or_default();
            let is_variant = SUFFIXES.iter().any(|suffix| rest.starts_with(suffix));

            is_variant && !rest.ends_with(".cold") && is_within(it.module)
        })?;

        self.kernel.find_in(within, found.name)
    }

    /// Says in a word whether `function` can be made to return `value`.
    pub fn summary(&self, function: &Function<'_>, value: i64) -> Summary {
        self.judge(function, value).0
    }

    /// Says whether `function` can be made to return `value`, why, and what would be better.
    pub fn explain(&self, function: &Function<'_>, value: i64) -> Explanation {
        let (summary, question) = self.judge(function, value);
        let own = match question.class {
            Class::Void => Vec::new(),
            _ => question
                .body()
                .map_or(Vec::new(), |it| it.values(question.size)),
        };
        let is_better = |other: Summary| other < summary;
        let copies = self.debug.copies(self.image(), function);
        let mut values = Vec::new();
        let mut callers = Vec::new();

        if summary != Summary::Safe {
            if question.class != Class::Void {
                values = self.better_values(function, value, &own, is_better);
            }
            callers = self.better_callers(function, value, is_better);
        }
        Explanation {
            summary,
            findings: question.findings,
            values,
            callers,
            own,
            unseen: question.unseen,
            copies,
        }
    }

    /// Values that are judged better: those that it returns by itself first.
    fn better_values(
        &self,
        function: &Function<'_>,
        value: i64,
        own: &[(i64, bool)],
        is_better: impl Fn(Summary) -> bool,
    ) -> Vec<i64> {
        let returns = function.returns();
        let pure = own.iter().filter(|it| it.1).map(|it| it.0);
        let named = function
            .addresses()
            .iter()
            .flat_map(|it| self.tables.holding(*it as u64))
            .filter_map(|it| contracts::of(it.structure, it.member))
            .flat_map(|it| it.safe_values().collect::<Vec<_>>());
        let usual = [-1, -22, 0];
        let mut candidates: Vec<i64> = Vec::new();

        for candidate in named.chain(pure).chain(usual) {
            let is_new = candidate != value && !candidates.contains(&candidate);

            if is_new && returns.holds(Value::new(candidate)) {
                candidates.push(candidate);
            }
        }
        candidates.truncate(2 * MAX_VALUES);
        candidates.retain(|it| is_better(self.summary(function, *it)));
        candidates.truncate(MAX_VALUES);
        candidates
    }

    /// Callers that the policy accepts and that are judged better.
    fn better_callers(
        &self,
        function: &Function<'_>,
        value: i64,
        is_better: impl Fn(Summary) -> bool,
    ) -> Vec<Caller> {
        let asked = Scope::All.asks(Value::new(value));
        let mut found = Vec::new();

        for alternative in self.kernel.callers_instead(function, asked) {
            let Some(symbol) = self.image().symbol_of(alternative.function as u64) else {
                continue;
            };
            let within = symbol.module.map_or(Within::Kernel, Within::Module);
            let Some(caller) = self.kernel.find_in(within, symbol.name) else {
                continue;
            };
            let value = alternative.asked.value.get();
            let summary = self.summary(&caller, value);

            if is_better(summary) {
                let module = caller.index().map(|_| format!("{}:", caller.module()));

                found.push(Caller {
                    function: format!("{}{}", module.unwrap_or_default(), symbol.name),
                    value,
                    summary,
                    nonroot: alternative.asked.spares_root,
                });
            }
        }
        found.sort_by_key(|it| it.summary);
        found
    }

    fn judge<'b>(&'b self, function: &'b Function<'b>, value: i64) -> (Summary, Question<'a, 'b>) {
        let mut question = Question::new(self, function, value);

        question.find();
        (question.summary(), question)
    }
}

#[cfg(test)]
mod labels;
#[cfg(test)]
pub mod tests;
