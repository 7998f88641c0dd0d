// SPDX-License-Identifier: GPL-2.0-only

//! Whether a function can return a value safely without running its body, according to machine code
//! and type information: how its callers use the value, what its body takes over from them, and its
//! place in operation tables.

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

/// Maximum number of better values.
const MAX_VALUES: usize = 4;

/// Whether a function can be skipped, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Summary {
    /// Callers handle the value as one that the function returns itself.
    Safe,
    /// Nothing breaks, but work is lost, and some callers cannot notice.
    Loss,
    /// The evidence is insufficient.
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

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    /// Whether it is safe, but work is lost.
    pub is_loss: bool,
    /// The address of the evidence.
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
    /// Whether it needs scope=nonroot.
    pub nonroot: bool,
}

/// The answer for a function and a value.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub summary: Summary,
    pub findings: Vec<Finding>,
    /// Better values.
    pub values: Vec<i64>,
    /// Better callers, the best first.
    pub callers: Vec<Caller>,
    /// The function's own return values; true for those returned without side effects.
    pub own: Vec<(i64, bool)>,
    /// What was not analyzed.
    pub unseen: Vec<String>,
    /// Its copies, if it is in debug information.
    pub copies: Option<Copies>,
}

/// Precomputed data to explain functions of a kernel.
pub struct Index<'a> {
    kernel: &'a Kernel,
    tables: Tables<'a>,
    debug: Debug,
    /// The number of related modules that were not read.
    left_out: usize,
}

impl<'a> Index<'a> {
    /// Prepares the data for `kernel`.
    pub fn new(kernel: &'a Kernel) -> Self {
        Self {
            tables: Tables::new(kernel.image()),
            debug: Debug::default(),
            kernel,
            left_out: 0,
        }
    }

    /// Records the number of related modules that were not read.
    pub fn without(mut self, left_out: usize) -> Self {
        self.left_out = left_out;
        self
    }

    fn image(&self) -> &'a Image {
        self.kernel.image()
    }

    /// The function called `symbol` in `module`, or in any module if `module` does not have it.
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

    /// The compiler-generated variants of the function called `symbol`, if there is no function of
    /// that name.
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

    /// A summary of whether `function` can be made to return `value`.
    pub fn summary(&self, function: &Function<'_>, value: i64) -> Summary {
        self.judge(function, value).0
    }

    /// Explains whether `function` can be made to return `value`, and suggests alternatives.
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

    /// Better values: the function's own return values first.
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

    /// Better callers that the policy accepts.
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
