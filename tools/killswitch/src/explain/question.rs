// SPDX-License-Identifier: GPL-2.0-only

//! One function and one value: findings from tables, callers and the body, and their summary.

use super::{
    body::{Body, Event},
    callers::{self, Handling, Site},
    code,
    contracts::{self, Class, Condition, Contract, Outcome},
    machine::{self, Base, Known},
    output, prototypes,
    references::{self, Use},
    tables::Table,
    undo,
    verbs::{self, Verb},
    Finding, Index, Kind, Summary,
};
use crate::{
    image::{self, Image},
    kernel::Function,
    policy::{typed_name, Type},
};
use std::{cell::OnceCell, collections::BTreeSet};

/// Maximum number of call sites to check.
const MAX_SITES: usize = 256;
/// Maximum size of a function that only calls another one, in bytes.
const MAX_WRAPPER: u64 = 96;

/// A function in question.
pub(super) struct Question<'a, 'b> {
    index: &'b Index<'a>,
    function: &'b Function<'b>,
    value: i64,
    pub(super) class: Class,
    /// The size of its return value, in bytes.
    pub(super) size: usize,
    pub(super) findings: Vec<Finding>,
    pub(super) unseen: Vec<String>,
    body: OnceCell<Option<Body>>,
    /// Whether callers were found, and whether some of them could not be analyzed.
    is_used: bool,
    is_unknown: bool,
}

impl<'a, 'b> Question<'a, 'b> {
    pub(super) fn new(index: &'b Index<'a>, function: &'b Function<'b>, value: i64) -> Self {
        let (class, size) = match function.returns() {
            Type::Void => (Class::Void, 0),
            Type::Bool => (Class::of(value & 0xff), 1),
            Type::Number { bytes, .. } => (Class::of(value), bytes.into()),
            Type::Pointer => (Class::of(value), 8),
            Type::Unknown | Type::Other => (Class::of(value), 4),
        };

        Self {
            index,
            function,
            value,
            class,
            size,
            findings: Vec::new(),
            unseen: Vec::new(),
            body: OnceCell::new(),
            is_used: false,
            is_unknown: false,
        }
    }

    fn image(&self) -> &'a Image {
        self.index.image()
    }

    fn start(&self) -> u64 {
        self.function.addresses().first().map_or(0, |it| *it as u64)
    }

    /// The effects of its code; `None` if several functions have its name.
    pub(super) fn body(&self) -> Option<&Body> {
        self.body
            .get_or_init(|| match self.function.addresses() {
                [one] => Some(Body::new(self.image(), *one as u64)),
                _ => None,
            })
            .as_ref()
    }

    fn add(&mut self, kind: Kind, at: u64, why: impl Into<String>) {
        self.findings.push(Finding {
            kind,
            is_loss: false,
            at,
            why: why.into(),
        });
    }

    fn add_loss(&mut self, at: u64, why: impl Into<String>) {
        self.findings.push(Finding {
            kind: Kind::Safe,
            is_loss: true,
            at,
            why: why.into(),
        });
    }

    /// The summary of the findings.
    pub(super) fn summary(&self) -> Summary {
        let is = |kind| self.findings.iter().any(|it| it.kind == kind);

        if self
            .findings
            .iter()
            .any(|it| !matches!(it.kind, Kind::Safe | Kind::Ignored))
        {
            return Summary::Unsafe;
        }
        if self.is_unknown || !self.is_used {
            return Summary::Unknown;
        }
        if is(Kind::Ignored) || self.findings.iter().any(|it| it.is_loss) {
            return Summary::Loss;
        }
        Summary::Safe
    }

    /// Runs all checks.
    pub(super) fn find(&mut self) {
        let addresses: Vec<u64> = self
            .function
            .addresses()
            .iter()
            .map(|it| *it as u64)
            .collect();

        if addresses.is_empty() {
            self.unseen.push("its module was not read".into());
            return;
        }
        if self.index.left_out > 0 {
            self.unseen.push(format!(
                "{} more modules that call it or its callers were not read",
                self.index.left_out
            ));
        }
        if addresses.len() > 1 {
            self.unseen.push(format!(
                "{} functions have this name; the findings are about all of them",
                addresses.len()
            ));
        }
        for address in &addresses {
            let tables = self.index.tables.holding(*address);
            let places = self.index.tables.places(*address).count();

            if tables.is_empty() && places > 0 {
                self.is_unknown = true;
                self.unseen.push(format!(
                    "its address is in data at {places} places that are in no known table"
                ));
            }
            for table in tables {
                self.through_table(&table);
            }
            self.references(*address);
        }
        let sites = self.sites(&addresses);

        if !sites.is_empty() {
            self.is_used = true;
            self.judge_sites(&sites);
        }
        if !sites.is_empty() || !self.is_used {
            self.judge_body();
        }
        if !self.is_used {
            self.unseen
                .push("no caller was found: it may be inlined or called by address".into());
        }
    }

    /// Checks the function as a member of a table.
    fn through_table(&mut self, table: &Table<'a>) {
        let place = format!("{}.{}", table.structure, table.member);

        match contracts::of(table.structure, table.member) {
            Some(contract) => self.through(&contract, Some(table), table.address),
            None => self.without_contract(&place, table.member, table.address),
        }
    }

    /// Checks the function against its contract.
    fn through(&mut self, contract: &Contract<'_>, table: Option<&Table<'a>>, at: u64) {
        let name = format!("{}.{}", contract.structure, contract.member);
        let by = contract
            .by()
            .map_or(String::new(), |it| format!(", called by {it}"));
        let Some(outcome) = contract.outcome(self.value, self.class) else {
            return self.without_line(&name, at);
        };
        let why = format!("as {name}{by}: {}", outcome.why);

        self.is_used = true;
        match outcome.condition {
            None if outcome.is_loss => self.add_loss(at, why),
            None => {
                self.add(outcome.kind, at, why);
                if outcome.kind == Kind::Leak {
                    self.judge_waiters(&name);
                }
            }
            Some(condition) => self.conditional(contract, &outcome, condition, table, at, &why),
        }
    }

    /// Checks for others that wait for an object that is not released.
    fn judge_waiters(&mut self, name: &str) {
        let found = self.body().and_then(Body::completes);
        let found = found.map(|it| (it.at, describe(it)));

        if let Some((at, what)) = found {
            self.add(Kind::Hang, at, format!("as {name}: its body {what}"));
        }
    }

    fn conditional(
        &mut self,
        contract: &Contract<'_>,
        outcome: &Outcome<'_>,
        condition: Condition,
        table: Option<&Table<'a>>,
        at: u64,
        why: &str,
    ) {
        let found = match condition {
            Condition::Undo => self.undo_faults(contract, table),
            Condition::Unlocks => self.undo_unlocks(contract, table),
            Condition::Releases => Ok(self.body().and_then(Body::releases).map(|event| {
                let kind = match event.verb {
                    Verb::Complete => Kind::Hang,
                    _ => outcome.kind,
                };

                (kind, event.at, format!("its body calls {}", event.name))
            })),
            Condition::Consumes => Ok(self.consumes(contract)),
        };

        match found {
            Ok(Some((kind, place, detail))) => self.add(kind, place, format!("{why} ({detail})")),
            Ok(None) => {
                let name = match condition {
                    Condition::Undo => "the function that undoes its work copes with it",
                    Condition::Unlocks => "the function that undoes its work releases no lock then",
                    Condition::Releases => "its body puts, frees and completes nothing",
                    Condition::Consumes => "its body does not free its arguments",
                };
                let text = format!("as {}.{}: {name}", contract.structure, contract.member);

                match self.class {
                    Class::Error => self.add(Kind::Safe, at, text),
                    _ => self.add_loss(at, text),
                }
            }
            Err(missing) => {
                self.unseen.push(missing);
                self.add(outcome.kind, at, format!("{why} (this was not checked)"));
            }
        }
    }

    /// Whether a member that undoes the work faults if the work was not done.
    fn undo_faults(
        &self,
        contract: &Contract<'_>,
        table: Option<&Table<'a>>,
    ) -> Result<Option<(Kind, u64, String)>, String> {
        let functions = self.undo_functions(contract, table)?;
        let behind = contract
            .behind()
            .and_then(|it| self.index.tables.size(self.function.index(), it))
            .unwrap_or(0);

        Ok(functions.into_iter().find_map(|(name, address)| {
            let place = undo::faults(self.image(), address, behind)?;
            let symbol = self.symbol(address);

            Some((Kind::Teardown, place, format!("{name} is {symbol}")))
        }))
    }

    /// Whether a member that undoes the work releases a lock after this value.
    fn undo_unlocks(
        &self,
        contract: &Contract<'_>,
        table: Option<&Table<'a>>,
    ) -> Result<Option<(Kind, u64, String)>, String> {
        let functions = self.undo_functions(contract, table)?;
        let value = machine::Value::number(self.value);

        Ok(functions.into_iter().find_map(|(name, address)| {
            let body = Body::with(self.image(), address, &[(1, value)]);
            let event = body.unlocks()?;

            Some((
                Kind::Lock,
                event.at,
                format!(
                    "{name} is {} and calls {}",
                    self.symbol(address),
                    event.name
                ),
            ))
        }))
    }

    /// The functions that undo the work, by member.
    fn undo_functions<'c>(
        &self,
        contract: &Contract<'c>,
        table: Option<&Table<'a>>,
    ) -> Result<Vec<(&'c str, u64)>, String> {
        let missing = || {
            format!(
                "the table that it is {}.{} of was not found",
                contract.structure, contract.member
            )
        };
        let table = table.ok_or_else(missing)?;
        let module = self.function.index();
        let structure = self
            .index
            .tables
            .structure(module, table.structure)
            .ok_or_else(missing)?;
        let found = contract
            .undo()
            .filter_map(|name| {
                let address = self.index.tables.member(&structure, table.address, name)?;

                Some((name, address))
            })
            .collect();

        Ok(found)
    }

    /// Whether it frees its arguments, and does nothing else.
    fn consumes(&self, contract: &Contract<'_>) -> Option<(Kind, u64, String)> {
        let body = self.body()?;
        let paths = body.returning(self.size, |it| it < 0);
        let event = body.consumes(&paths)?;
        let is_freed_elsewhere = contract.undo().any(|name| {
            let Some((structure, member)) = name.split_once('.') else {
                return false;
            };
            let Some(module) = self.function.index() else {
                return false;
            };
            let functions = self.index.tables.members(module, structure, member);

            functions.into_iter().any(|address| {
                // Functions that all file systems share do not free objects of one of them.
                let is_own = |it: &image::Symbol<'_>| it.module == Some(module);
                let is_same = |object: Known| match event.object {
                    Known::Address(Base::Field(0, _), _) => object == event.object,
                    _ => matches!(object, Known::Address(Base::Field(..), 0)),
                };

                self.image()
                    .symbol_of(address)
                    .is_some_and(|it| is_own(&it))
                    && Body::new(self.image(), address)
                        .all_events()
                        .iter()
                        .any(|it| it.verb == Verb::Free && is_same(it.object))
            })
        });

        (!is_freed_elsewhere).then(|| (Kind::Leak, event.at, describe(event)))
    }

    /// Checks a value that the contract does not cover.
    fn without_line(&mut self, name: &str, at: u64) {
        self.is_used = true;
        match (self.class, self.function.returns()) {
            (Class::Zero, Type::Number { .. }) => self.add(
                Kind::FalseSuccess,
                at,
                format!("as {name}: 0 is success, but nothing was done"),
            ),
            (Class::Positive, Type::Number { .. }) => self.add(
                Kind::FalseSuccess,
                at,
                format!("as {name}: a value that is not an error is success, but nothing was done"),
            ),
            _ => {
                self.is_unknown = true;
                self.unseen
                    .push(format!("the effect of this value as {name} is unknown"));
            }
        }
    }

    /// Checks a member without a known contract by the usual meaning of its name.
    fn without_contract(&mut self, name: &str, member: &str, at: u64) {
        const UNDO: [&str; 24] = [
            "release",
            "destroy",
            "exit",
            "free",
            "remove",
            "disconnect",
            "cleanup",
            "close",
            "stop",
            "uninit",
            "fini",
            "done",
            "put",
            "deactivate",
            "unbind",
            "detach",
            "evict",
            "unregister",
            "shutdown",
            "dtor",
            "teardown",
            "unlock",
            "end",
            "complete",
        ];
        let is_undo = member.split('_').any(|it| UNDO.contains(&it));

        self.is_used = true;
        self.unseen.push(format!("there is no contract for {name}"));
        match self.class {
            _ if is_undo => self.add(
                Kind::Leak,
                at,
                format!("as {name}: by its name it releases resources of others"),
            ),
            Class::Void
                if self
                    .body()
                    .is_some_and(|it| it.paths.iter().any(|it| it.has_effect)) =>
            {
                self.add(
                    Kind::FalseSuccess,
                    at,
                    format!("as {name}: the caller cannot notice that nothing was done"),
                );
            }
            Class::Void => self.add_loss(at, format!("as {name}: its body changes nothing")),
            Class::Zero if self.can_fail() => self.add(
                Kind::FalseSuccess,
                at,
                format!("as {name}: 0 is success, but nothing was done"),
            ),
            _ => self.is_unknown = true,
        }
    }

    /// Checks the places where code takes the function's address.
    fn references(&mut self, address: u64) {
        let index = self.index;
        let module = self.function.index();
        let found = references::find(&index.tables, self.image(), module, address);
        let mut seen = BTreeSet::new();

        for reference in found {
            let candidates = self.candidates(&reference.what, address);
            let key: Vec<_> = candidates
                .iter()
                .map(|it| (it.structure, it.member))
                .collect();

            if !seen.insert(key) {
                continue;
            }
            match self.worst(&candidates) {
                Some(contract) => self.through(&contract, None, reference.at),
                None => {
                    let what = match &reference.what {
                        Use::Passed { to, parameter } => {
                            format!("is passed to {to} as {parameter}")
                        }
                        Use::Member { structure, member } => {
                            format!("is stored in {structure}.{member}")
                        }
                        Use::Stored { offset } => format!("is stored at offset {offset:#x}"),
                        Use::Unknown => "is taken".into(),
                    };

                    self.is_unknown = true;
                    self.unseen.push(format!(
                        "its address {what} at {}, which has no known contract",
                        self.place(reference.at)
                    ));
                }
            }
        }
    }

    /// The contracts that may apply to a reference.
    fn candidates<'c>(&self, what: &Use<'_>, address: u64) -> Vec<Contract<'c>> {
        let exact = match what {
            Use::Passed { to, parameter } => contracts::of(to, parameter),
            Use::Member { structure, member } => contracts::of(structure, member),
            _ => None,
        };
        if let Some(contract) = exact {
            return vec![contract];
        }
        let Some(shape) = self.index.tables.shape(address) else {
            return Vec::new();
        };
        let members = self.index.tables.with(self.function.index(), shape);
        let mut found: Vec<(i64, Contract<'c>)> = members
            .iter()
            .filter_map(|(structure, offset, member)| {
                Some((i64::from(*offset), contracts::of(structure, member)?))
            })
            .collect();
        let named = |it: &Contract<'_>| match what {
            Use::Passed { parameter, .. } => it.member == *parameter,
            Use::Member { member, .. } => it.member == *member,
            _ => false,
        };

        if let Use::Stored { offset } = what {
            if found.iter().any(|it| it.0 == *offset) {
                found.retain(|it| it.0 == *offset);
            }
        }
        if found.iter().any(|it| named(&it.1)) {
            found.retain(|it| named(&it.1));
        }
        if found.is_empty() {
            return self.of_parameters(shape);
        }
        found.into_iter().map(|it| it.1).collect()
    }

    /// The contracts of parameters of this type.
    fn of_parameters<'c>(&self, shape: prototypes::Shape) -> Vec<Contract<'c>> {
        let Some(types) = self.image().types(None) else {
            return Vec::new();
        };

        contracts::all()
            .into_iter()
            .filter(|it| {
                prototypes::parameters(types, it.structure).is_some_and(|all| {
                    all.iter().any(|parameter| {
                        parameter.name == it.member && parameter.shape == Some(shape)
                    })
                })
            })
            .collect()
    }

    /// The contract with the worst outcome.
    fn worst<'c>(&self, candidates: &[Contract<'c>]) -> Option<Contract<'c>> {
        let kind = |it: &&Contract<'c>| {
            it.outcome(self.value, self.class)
                .map_or(Kind::Safe, |it| it.kind)
        };

        candidates.iter().max_by_key(kind).copied()
    }

    /// Direct call sites of the function.
    fn sites(&mut self, addresses: &[u64]) -> Vec<Site> {
        let image = self.image();
        let parameters = self.parameters();
        let value = (self.class != Class::Void).then_some(self.value);
        let entries: Vec<u64> = addresses
            .iter()
            .flat_map(|it| code::of(image).entries(image, *it))
            .collect();
        let mut places: Vec<u64> = entries
            .iter()
            .flat_map(|it| self.index.kernel.branches_to(*it))
            .collect();

        places.sort_unstable();
        places.dedup();
        let all = places.len();
        let found: Vec<_> = places
            .into_iter()
            .take(MAX_SITES)
            .filter_map(|at| callers::site(image, at, &entries, value, &parameters))
            .filter(|it| !addresses.contains(&it.caller))
            .collect();

        if all > MAX_SITES {
            self.unseen
                .push(format!("only {MAX_SITES} of {all} call sites were checked"));
        }
        found
    }

    fn parameters(&self) -> Vec<prototypes::Parameter<'a>> {
        let name = typed_name(self.function.name());

        self.image()
            .types(self.function.index())
            .and_then(|types| prototypes::parameters(types, name))
            .unwrap_or_default()
    }

    fn judge_sites(&mut self, sites: &[Site]) {
        for site in sites {
            let caller = self.symbol(site.caller);

            if let Some(at) = site.faults {
                self.add(
                    Kind::Crash,
                    at,
                    format!("{caller} uses the value as an address"),
                );
            }
            if let Some(at) = site.traps {
                self.add(
                    Kind::Crash,
                    at,
                    format!("{caller} reaches a BUG() or a WARN() because of the value"),
                );
            }
            if let Some((argument, at)) = site.reads {
                self.add(
                    Kind::Uninit,
                    at,
                    format!(
                        "{caller} continues and reads what the function sets by argument {argument}"
                    ),
                );
            }
            if site.repeats {
                self.add(
                    Kind::Hang,
                    site.at,
                    format!("{caller} calls it again because of the value, in an endless loop"),
                );
            }
            if self.class == Class::Void || site.faults.is_some() {
                continue;
            }
            if site.is_returned {
                self.through_caller(site);
            }
            match site.handling {
                Handling::Ignored => self.add(
                    Kind::Ignored,
                    site.at,
                    format!("{caller} ignores the result"),
                ),
                handling => {
                    let returns = site
                        .returns
                        .map_or(String::new(), |it| format!(", and returns {it}"));

                    self.add(
                        Kind::Safe,
                        site.at,
                        format!("{caller} {}{returns}", handling.words()),
                    );
                }
            }
        }
    }

    /// Checks a value that a caller returns, by the tables that contain the caller: the meaning of
    /// a command there, and everything if the caller only passes it on.
    fn through_caller(&mut self, site: &Site) {
        let size = self
            .image()
            .extent(site.caller)
            .map_or(u64::MAX, |it| it.end - it.start);

        for table in self.index.tables.holding(site.caller) {
            let Some(contract) = contracts::of(table.structure, table.member) else {
                continue;
            };
            let outcome = match size <= MAX_WRAPPER {
                true => contract.outcome(self.value, self.class),
                false => contract.command(self.value),
            };

            if let Some(it) = outcome.filter(|it| it.condition.is_none() && it.kind != Kind::Safe) {
                self.add(
                    it.kind,
                    site.at,
                    format!(
                        "{} returns it as {}.{}: {}",
                        self.symbol(site.caller),
                        contract.structure,
                        contract.member,
                        it.why
                    ),
                );
            }
        }
    }

    /// Checks what direct callers need from the body.
    fn judge_body(&mut self) {
        let start = self.start();
        let mut found: Vec<(Kind, u64, String)> = Vec::new();

        let Some(body) = self.body() else {
            return;
        };
        let all: Vec<_> = body.paths.iter().collect();
        let mut paths = match self.class {
            Class::Void => all.clone(),
            Class::Error => body.returning(self.size, |it| it < 0),
            _ => body.returning(self.size, |it| it == self.value),
        };

        if paths.is_empty() && self.class == Class::Error {
            paths = all.clone();
        }
        // Returning an error with a lock held would be a kernel bug.
        let is_possible = |balance: &i8| *balance < 0 || self.class != Class::Error;

        if let Some(balance) = body.locks(&paths).filter(is_possible) {
            let what = match balance {
                ..0 => "its body releases a lock that its callers hold",
                _ => "its body takes a lock that its callers release",
            };
            let verb = match balance {
                ..0 => Verb::Unlock,
                _ => Verb::Lock,
            };
            let event = body.all_events().iter().find(|it| it.verb == verb);

            found.push((
                Kind::Lock,
                event.map_or(start, |it| it.at),
                event.map_or(what.into(), |it| format!("{what}: {}", it.name)),
            ));
        }
        if let Some(event) = body.consumes(&paths) {
            found.push((
                Kind::Leak,
                event.at,
                format!("on each such path its body {}", describe(event)),
            ));
        }
        match self.class {
            Class::Void => self.judge_void(body, &mut found),
            Class::Zero | Class::Positive if self.function.returns() != Type::Pointer => {
                self.judge_success(body, &mut found);
            }
            _ => {}
        }
        let unseen =
            (!body.is_whole).then(|| "some paths through its body were not followed".into());

        self.unseen.extend::<Option<String>>(unseen);
        for (kind, at, why) in found {
            match kind {
                Kind::Safe => self.add_loss(at, why),
                kind => self.add(kind, at, why),
            }
        }
    }

    /// Checks a function without a return value.
    fn judge_void(&self, body: &Body, found: &mut Vec<(Kind, u64, String)>) {
        let start = self.start();

        if !found.is_empty() {
            return;
        }
        if let Some(event) = body.releases() {
            let kind = match event.verb {
                Verb::Complete => Kind::Hang,
                _ => Kind::Leak,
            };

            found.push((kind, event.at, format!("its body {}", describe(event))));
            return;
        }
        // Its name distinguishes setup functions from mere handlers.
        let is_relied_upon =
            !matches!(verbs::of(self.function.name()), Verb::Other | Verb::Nothing);
        let has_effect = body.paths.iter().any(|it| it.has_effect) || !body.is_whole;

        found.push(match (has_effect, is_relied_upon) {
            (true, true) => (
                Kind::FalseSuccess,
                start,
                "by its name, callers rely on its work, and cannot notice that it was not done"
                    .into(),
            ),
            (true, false) => (
                Kind::Safe,
                start,
                "callers cannot notice that its work was not done, but its body releases nothing"
                    .into(),
            ),
            (false, _) => (Kind::Safe, start, "its body changes nothing".into()),
        });
    }

    /// Checks a value that is not an error.
    fn judge_success(&self, body: &Body, found: &mut Vec<(Kind, u64, String)>) {
        let start = self.start();
        let is_pure = body.values(self.size).contains(&(self.value, true));

        if !found.is_empty() {
            return;
        }
        found.push(match (self.class, self.can_fail()) {
            (Class::Zero, true) => (
                Kind::FalseSuccess,
                start,
                "it returns errors, so 0 is success, but nothing was done".into(),
            ),
            _ if is_pure => (
                Kind::Safe,
                start,
                format!(
                    "it returns {} itself on a path without side effects",
                    self.value
                ),
            ),
            _ if body.is_answer(self.size, self.value) => (
                Kind::Safe,
                start,
                format!(
                    "{} is one of its own return values, and nothing is released then",
                    self.value
                ),
            ),
            _ => (
                Kind::FalseSuccess,
                start,
                "callers assume the result of work that was not done".into(),
            ),
        });
    }

    /// Whether the function itself returns errors.
    fn can_fail(&self) -> bool {
        let is_signed = matches!(self.function.returns(), Type::Number { signed: true, .. });

        is_signed
            && self.body().is_some_and(|body| {
                body.values(self.size)
                    .iter()
                    .any(|it| (-4095..0).contains(&it.0))
            })
    }

    /// The name of the symbol at `address`.
    fn symbol(&self, address: u64) -> String {
        self.image()
            .symbol_of(address)
            .map_or("?".into(), |it| it.name.to_owned())
    }

    fn place(&self, address: u64) -> String {
        output::place(self.image(), address)
    }
}

/// An event as text.
fn describe(event: &Event) -> String {
    let object = match event.object {
        Known::Address(Base::Argument(index), 0) => format!("argument {index}"),
        Known::Address(Base::Argument(index), at) => format!("argument {index}, offset {at:#x}"),
        Known::Address(Base::Field(index, at), _) => {
            format!("what argument {index} has at offset {at:#x}")
        }
        _ => "something".into(),
    };

    match event.verb {
        Verb::Free => format!("frees {object}, by {}", event.name),
        Verb::Put => format!("drops a reference of {object}, by {}", event.name),
        Verb::Complete => format!("wakes up a waiter, by {}", event.name),
        _ => format!("calls {} for {object}", event.name),
    }
}
