// SPDX-License-Identifier: GPL-2.0-only

//! A model of Killswitch after the administrator's guide: a list of engagements, and their changes.
//! Does not use the code under test.

use crate::{
    machine::{strikes, Failure, Function, Lockdown, What, World, SLOTS},
    policy::Type,
    wording::{caller, function, record, By, Line, Refused, Wanted},
};
use kernel::error::{code::*, Error};

/// The minimum interval of searches in modules, in milliseconds.
const LOOK_EVERY: i64 = 1000;
/// The interval of checks of probes, in milliseconds.
const CHECK_EVERY: i64 = 10_000;
/// The errors that mean refusal, and nothing else.
const REFUSALS: [i64; 8] = [-1, -5, -7, -12, -13, -16, -22, -90];
/// The files of an engagement.
pub(crate) const FILES: [&str; 7] = [
    "retval",
    "hits",
    "state",
    "scope",
    "timeout_left",
    "reason",
    "callers",
];

fn refused<T>(errno: Error) -> Result<T, Refused> {
    Err(Refused { errno, rule: None })
}

fn by_rule<T>(errno: Error, rule: &'static str) -> Result<T, Refused> {
    let rule = Some(rule);

    Err(Refused { errno, rule })
}

/// The place of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    NotLoaded,
    /// Its module is loaded and lacks it.
    Missing,
    At(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Engagement {
    /// Unique.
    pub(crate) id: usize,
    pub(crate) wanted: Wanted,
    place: Place,
    /// The time when it will be engaged, if it is watched.
    watched_until: Option<i64>,
    /// The time when it expires, if it does.
    ends_at: Option<i64>,
    hits: u64,
    /// The calls of root, and of the user.
    calls: [u64; 2],
    /// The number of calls at which each is reported.
    due: [u64; 2],
    /// Its module.
    about: Option<&'static str>,
    /// Another module that has the function.
    found_in: Option<&'static str>,
    /// Whether the last check found the probe disarmed.
    seen_off: bool,
    /// Whether this probe is disarmed independently of others.
    is_disabled: bool,
}

impl Engagement {
    /// The address of the function, if it exists.
    pub(crate) fn address(&self) -> Option<usize> {
        match self.place {
            Place::At(address) => Some(address),
            _ => None,
        }
    }

    fn is_at(&self, address: usize) -> bool {
        self.address() == Some(address)
    }

    pub(crate) fn exists(&self) -> bool {
        self.address().is_some()
    }

    /// Whether calls are short-circuited if the function exists.
    fn takes_calls(&self) -> bool {
        self.wanted.value.is_some() && self.watched_until.is_none()
    }

    /// Whether it is an observation that `wanted` replaces.
    fn is_replaced_by(&self, wanted: &Wanted) -> bool {
        self.wanted.value.is_none()
            && wanted.value.is_some()
            && self.wanted.target == wanted.target
            && self.wanted.nonroot == wanted.nonroot
    }

    fn is_called(&self, target: &str) -> bool {
        self.wanted.target == target
    }

    fn is_in_module(&self, module: &str) -> bool {
        self.wanted.module() == Some(module)
    }

    fn state(&self) -> &'static str {
        match self.place {
            Place::NotLoaded => "armed",
            Place::Missing => "missing",
            Place::At(_) if self.seen_off => "disarmed",
            Place::At(_) if self.wanted.value.is_none() => "observing",
            Place::At(_) if self.watched_until.is_some() => "probing",
            Place::At(_) => "engaged",
        }
    }

    fn seconds_left(&self, now: i64) -> Option<i64> {
        let left = (self.watched_until.or(self.ends_at)? - now).max(0);

        Some((left + 999) / 1000)
    }

    fn callers(&self) -> usize {
        self.calls.iter().filter(|calls| **calls > 0).count()
    }

    /// The fields of the record of its end, or of an interruption.
    fn totals(&self) -> String {
        format!(
            "{} hits={} callers={}",
            function(self.wanted.target),
            self.hits,
            self.callers()
        )
    }

    /// The content of its file `name`.
    pub(crate) fn file(&self, name: &str, now: i64) -> String {
        if name == "callers" {
            let line = |(uid, calls): (usize, u64)| {
                format!(
                    "calls={calls} {} last=0 pid=1 comm=\"caller\"\n",
                    caller(uid * 1001)
                )
            };

            return self
                .calls
                .into_iter()
                .enumerate()
                .filter(|(_, calls)| *calls > 0)
                .map(line)
                .collect();
        }
        let line = match name {
            "retval" => self.wanted.returned(),
            "hits" => self.hits.to_string(),
            "state" => self.state().to_string(),
            "scope" => self.wanted.scope().to_string(),
            "timeout_left" => self.seconds_left(now).unwrap_or(0).to_string(),
            _ => match self.wanted.reason {
                Some(reason) => reason.to_string(),
                None => return String::new(),
            },
        };
        line + "\n"
    }
}

pub(crate) struct Model {
    pub(crate) world: World,
    pub(crate) failure: Option<Failure>,
    pub(crate) now: i64,
    /// Oldest first.
    pub(crate) engagements: Vec<Engagement>,
    pub(crate) is_sealed: bool,
    pub(crate) is_tainted: bool,
    pub(crate) until_confidentiality: bool,
    pub(crate) boot_errors: usize,
    next_id: usize,
    pub(crate) next_check: Option<i64>,
    /// Whether a module was loaded or unloaded since the last check.
    has_loaded: bool,
    /// The records of the last operation.
    pub(crate) records: Vec<String>,
    /// The starts of the lines of its answer.
    pub(crate) answers: Vec<String>,
}

impl Model {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world,
            failure: None,
            now: 0,
            engagements: Vec::new(),
            is_sealed: false,
            is_tainted: false,
            until_confidentiality: false,
            boot_errors: 0,
            next_id: 0,
            next_check: None,
            has_loaded: false,
            records: Vec::new(),
            answers: Vec::new(),
        }
    }

    fn report(&mut self, by: By, operation: &str, fields: &str, result: Result<(), Refused>) {
        self.records.push(record(by, operation, fields, result));
    }

    /// Adds a line with this start to the answer.
    fn answer(&mut self, head: String) {
        self.answers.push(head);
    }

    fn called(&self, target: &str) -> Option<usize> {
        self.engagements.iter().position(|e| e.is_called(target))
    }

    // Permissions and policy.

    fn may_ask(&self) -> Result<(), Refused> {
        if self.world.opener_may && self.world.writer_may {
            return Ok(());
        }
        refused(EPERM)
    }

    fn may_change(&self) -> Result<(), Refused> {
        let refused_from = match self.until_confidentiality {
            true => Lockdown::Confidentiality,
            false => Lockdown::Integrity,
        };

        self.may_ask()?;
        if self.is_sealed || self.world.lockdown >= refused_from {
            return refused(EPERM);
        }
        Ok(())
    }

    /// The verdict on a function, with the number of functions of its name.
    fn verdict(
        function: &Function,
        namesakes: usize,
        value: Option<i64>,
    ) -> Result<usize, Refused> {
        // Built-in functions take a refusal, and those of modules take errors, if they can fail;
        // all functions here can. A function that takes any value can be observed; nothing is
        // accepted for several functions of one name, and there is no suggestion.
        let value = value.or((namesakes > 1).then_some(-1));
        let is = |accepts: fn(i64) -> bool| value.is_none_or(accepts);
        let accepts = match (function.module, function.returns) {
            (None, returns) => returns == Type::INT && is(|value| REFUSALS.contains(&value)),
            (Some(_), Type::Bool) => is(|value| value == 0),
            (Some(_), Type::Void) => true,
            (Some(_), _) => is(|value| (-134..0).contains(&value)),
        };

        match function {
            _ if function.name.starts_with("security_") => by_rule(EACCES, "lsm-entry"),
            _ if !accepts && (function.is_probeable || namesakes > 1) => by_rule(EACCES, "default"),
            _ if accepts && namesakes > 1 => by_rule(ENOTUNIQ, "ambiguous"),
            _ if !function.is_probeable => refused(EOPNOTSUPP),
            _ => Ok(function.address),
        }
    }

    /// The address of the requested function; `None` if it is to be armed.
    fn judge(&self, wanted: &Wanted) -> Result<Option<usize>, Refused> {
        let module = wanted.module();
        let is_loaded = module.is_some_and(|module| self.world.is_live(module));
        let mut found = self.world.functions();

        found.retain(|function| function.name == wanted.symbol());
        match module {
            Some(_) if is_loaded => found.retain(|function| function.module == module),
            // It may be built in.
            Some(_) => found.retain(|function| function.module.is_none()),
            None => {}
        }
        match found.first() {
            None if module.is_some() && !is_loaded => Ok(None),
            None => refused(ENOENT),
            // A loading module does not exist yet.
            Some(first) if !self.is_set_up(first) => refused(EBUSY),
            Some(first) => Self::verdict(first, found.len(), wanted.value).map(Some),
        }
    }

    /// Whether the function is in the kernel itself, or in an initialized module.
    fn is_set_up(&self, function: &Function) -> bool {
        function
            .module
            .is_none_or(|module| self.world.is_live(module))
    }

    /// A request to check.
    pub(crate) fn check(&mut self, wanted: &Wanted) -> Result<(), Error> {
        if let Err(refused) = self.may_ask() {
            self.answer(String::from("refused check: "));
            self.report(By::Task, "check", "", Err(refused));
            return Err(refused.errno);
        }
        let verdict = self.judge(wanted).map(|_| ());
        let word = if verdict.is_ok() { "allow" } else { "refuse" };

        self.answer(format!("{word} {} {}", wanted.target, wanted.returned()));
        self.report(By::Task, "check", &wanted.fields(), verdict);
        Ok(())
    }

    // Probes.

    /// Registers a probe.
    fn register(&mut self) -> Result<(), Refused> {
        match strikes(&mut self.failure, What::Register) {
            Err(ENOMEM) => refused(ENOMEM),
            Err(EINVAL) => refused(EOPNOTSUPP),
            Err(_) => refused(EBUSY),
            Ok(()) => Ok(()),
        }
    }

    /// Whether a newly registered probe can be armed.
    fn can_be_armed(&mut self) -> Result<(), Refused> {
        if self.world.can_arm() && strikes(&mut self.failure, What::Arm).is_ok() {
            return Ok(());
        }
        refused(EBUSY)
    }

    fn is_armed(&self, engagement: &Engagement) -> bool {
        engagement.exists() && self.world.can_arm() && !engagement.is_disabled
    }

    // Writes.

    /// A write to `control` of these lines.
    pub(crate) fn write(&mut self, by: By, lines: &[Line]) -> Result<(), Error> {
        let Err((line, refused)) = self.try_write(by, lines) else {
            self.check_probes();
            return Ok(());
        };
        let (operation, fields) = lines[line.unwrap_or(0)].fields();

        self.answer(match line {
            Some(line) if lines.len() > 1 => format!("refused in line {}: ", line + 1),
            _ => String::from("refused "),
        });
        self.report(by, operation, &fields, Err(refused));
        Err(refused.errno)
    }

    /// A write that is too long.
    pub(crate) fn write_too_much(&mut self) -> Result<(), Error> {
        let result = self.may_change().and_then(|()| refused(EINVAL));

        self.answer(String::from("refused "));
        self.report(By::Task, "invalid", "", result);
        result.map_err(|refused| refused.errno)
    }

    /// All or nothing. On failure, returns the line, if it is known.
    fn try_write(&mut self, by: By, lines: &[Line]) -> Result<(), (Option<usize>, Refused)> {
        let mut new: Vec<(usize, &Wanted, Option<usize>)> = Vec::new();

        if by == By::Task {
            self.may_change().map_err(|refused| (None, refused))?;
        }
        for (number, line) in lines.iter().enumerate() {
            if let Line::Bad(_, errno) = line {
                refused(*errno).map_err(|refused| (Some(number), refused))?;
            }
        }
        for (number, line) in lines.iter().enumerate() {
            let in_line = |refused| (Some(number), refused);

            match line {
                Line::Engage(wanted) => {
                    let place = self.judge(wanted).map_err(in_line)?;
                    let is_same = |target: &str, at: Option<usize>| {
                        target == wanted.target || (place.is_some() && at == place)
                    };
                    let is_left = |e: &&Engagement| !e.is_replaced_by(wanted);
                    let mut engaged = self.engagements.iter().filter(is_left);

                    if place.is_none() && wanted.watch.is_some() {
                        refused(ENOENT).map_err(in_line)?;
                    }
                    if engaged.any(|e| is_same(e.wanted.target, e.address()))
                        || new.iter().any(|(_, other, at)| is_same(other.target, *at))
                    {
                        refused(EBUSY).map_err(in_line)?;
                    }
                    new.push((number, wanted, place));
                }
                Line::Disengage(target) | Line::Keep(target) => {
                    let is_ended = lines[..number].iter().any(|line| match line {
                        Line::Disengage(other) => other == target,
                        line => matches!(line, Line::DisengageAll),
                    });

                    if is_ended || self.called(target).is_none() {
                        refused(ENOENT).map_err(in_line)?;
                    }
                }
                _ => {}
            }
        }
        let is_replaced =
            |e: &&Engagement| new.iter().any(|(_, wanted, _)| e.is_replaced_by(wanted));
        let replaced = self.engagements.iter().filter(is_replaced).count();
        let room = SLOTS.saturating_sub(self.engagements.len()) + replaced;

        if let Some((number, ..)) = new.get(room) {
            refused(ENOSPC).map_err(|refused| (Some(*number), refused))?;
        }
        let mut made = Vec::new();
        for (number, wanted, place) in &new {
            let in_line = |refused| (Some(*number), refused);

            made.push(self.make(wanted, *place).map_err(in_line)?);
        }
        for (number, _, place) in &new {
            if place.is_some() {
                self.can_be_armed()
                    .map_err(|refused| (Some(*number), refused))?;
            }
        }
        // No failures from here on.
        let older = std::mem::replace(&mut self.engagements, made);

        self.is_tainted |= self
            .engagements
            .iter()
            .any(|e| e.exists() && e.takes_calls());
        let mut older: Vec<_> = older.into_iter().map(Some).collect();
        let is_replaced = |e: &mut Engagement| {
            new.iter().any(|(_, wanted, _)| e.is_replaced_by(wanted))
                && !lines.iter().any(|line| match line {
                    Line::Disengage(target) => e.is_called(target),
                    line => matches!(line, Line::DisengageAll),
                })
        };
        let mut replaced: Vec<_> = older
            .iter_mut()
            .filter_map(|e| e.take_if(is_replaced))
            .collect();
        for line in lines {
            self.finish(by, line, &mut older, &mut replaced);
        }
        let new = std::mem::take(&mut self.engagements);

        self.engagements = older.into_iter().flatten().chain(new).collect();
        Ok(())
    }

    /// Creates an engagement.
    fn make(&mut self, wanted: &Wanted, place: Option<usize>) -> Result<Engagement, Refused> {
        if place.is_some() {
            self.register()?;
        }
        let until = |seconds| self.now + i64::from(seconds) * 1000;
        let functions = self.world.functions();
        let its_own = functions.iter().find(|f| Some(f.address) == place);

        self.next_id += 1;
        Ok(Engagement {
            id: self.next_id,
            wanted: *wanted,
            place: place.map_or(Place::NotLoaded, Place::At),
            watched_until: wanted.watch.map(until),
            ends_at: wanted.term.map(until),
            hits: 0,
            calls: [0; 2],
            due: [1; 2],
            about: wanted.module().or(its_own.and_then(|f| f.module)),
            found_in: match place {
                None => self.module_with(wanted.symbol()),
                Some(_) => None,
            },
            seen_off: false,
            is_disabled: false,
        })
    }

    /// An initialized module with a function of this name.
    fn module_with(&self, symbol: &str) -> Option<&'static str> {
        let functions = self.world.functions();
        let is_it = |f: &&Function| f.name == symbol && f.module.is_some() && self.is_set_up(f);

        functions.iter().find(is_it)?.module
    }

    /// Executes a line; engagements have already been created.
    fn finish(
        &mut self,
        by: By,
        line: &Line,
        older: &mut [Option<Engagement>],
        replaced: &mut [Engagement],
    ) {
        let (operation, mut fields) = line.fields();

        match line {
            Line::Engage(wanted) => {
                let (target, value, watch) = (wanted.target, wanted.value, wanted.watch);
                let at = self.called(target).unwrap();
                let observed = replaced.iter_mut().find(|e| e.is_replaced_by(wanted));

                if let Some(observed) = observed {
                    self.report_calls(observed);
                    fields += observed.totals().trim_start_matches(&function(target));
                }

                if !self.engagements[at].exists() {
                    self.answer(format!("armed {target}: "));
                    return self.report(by, "arm", &fields, Ok(()));
                }
                self.answer(match (value, watch) {
                    (None, _) => format!("observing {target}: "),
                    (_, Some(seconds)) => format!("watching {target} for {seconds} s: "),
                    (_, None) => format!("engaged {target}: "),
                });
                self.report(by, operation, &fields, Ok(()));
            }
            Line::Keep(target) => {
                for kept in older.iter_mut().flatten().filter(|e| e.is_called(target)) {
                    kept.ends_at = None;
                    kept.wanted.term = None;
                }
                self.answer(format!("kept {target}: "));
                self.report(by, operation, &fields, Ok(()));
            }
            Line::Disengage(target) => {
                let is_it =
                    |e: &Option<Engagement>| e.as_ref().is_some_and(|e| e.is_called(target));
                let at = older.iter().position(is_it).unwrap();

                self.release(by, &mut older[at..=at]);
            }
            Line::DisengageAll => self.release(by, older),
            Line::Seal => {
                self.is_sealed = true;
                self.answer(String::from("sealed: "));
                self.report(by, operation, &fields, Ok(()));
            }
            Line::Bad(..) => {}
        }
    }

    /// Ends engagements, with one line of the answer.
    fn release(&mut self, by: By, ending: &mut [Option<Engagement>]) {
        let ended: Vec<_> = ending.iter_mut().filter_map(Option::take).collect();

        self.answer(match &ended[..] {
            [] => String::from("nothing was engaged"),
            [one] => format!("disengaged {} after {} hits", one.wanted.target, one.hits),
            several => format!("disengaged {} functions", several.len()),
        });
        if ended.is_empty() {
            self.report(by, "disengage_all", "", Ok(()));
        }
        for mut engagement in ended {
            self.report_calls(&mut engagement);
            self.report(by, "disengage", &engagement.totals(), Ok(()));
        }
    }

    /// Writes a value or invalid text to the `retval` of the engagement with this number.
    pub(crate) fn change(&mut self, id: usize, value: Result<i64, Error>) -> Result<(), Error> {
        let at = self.engagements.iter().position(|e| e.id == id);
        let target = at.map(|at| self.engagements[at].wanted.target);
        let result = self.try_change(at, value);
        let about = target.map_or(String::new(), function)
            + &value.map_or(String::new(), |value| format!(" retval={value}"));

        self.report(By::Task, "retval", &about, result);
        result.map_err(|refused| refused.errno)
    }

    fn try_change(&mut self, at: Option<usize>, value: Result<i64, Error>) -> Result<(), Refused> {
        self.may_change()?;
        let value = value.or_else(refused)?;
        let Some(at) = at else {
            return refused(EIDRM);
        };

        if self.engagements[at].wanted.value.is_none() {
            return refused(EBUSY);
        }
        if let Place::At(address) = self.engagements[at].place {
            let functions = self.world.functions();

            let function = functions.iter().find(|f| f.address == address).unwrap();

            if !self.is_set_up(function) {
                return refused(EBUSY);
            }
            Self::verdict(function, 1, Some(value))?;
        }
        self.engagements[at].wanted.value = Some(value);
        Ok(())
    }

    /// An entry on the kernel command line, `<target>=<value>`.
    pub(crate) fn boot(&mut self, wanted: Wanted) {
        if self.write(By::Kernel, &[Line::Engage(wanted)]).is_err() {
            self.boot_errors += 1;
        }
    }

    /// The lockdown level on the command line. The last one is used.
    pub(crate) fn boot_level(&mut self, is_confidentiality: bool) {
        self.until_confidentiality = is_confidentiality;
    }

    /// The end of the command line, except for the seal.
    pub(crate) fn boot_ended(&mut self) {
        if self.until_confidentiality {
            self.report(By::Kernel, "lockdown", " level=confidentiality", Ok(()));
        }
    }

    /// An unknown parameter on the command line.
    pub(crate) fn boot_nonsense(&mut self, parameter: &str) {
        self.boot_errors += 1;
        self.report(By::Kernel, "invalid", &function(parameter), refused(EINVAL));
    }

    // Events.

    /// Checks all engagements.
    fn check_all(&mut self) {
        self.check_probes();
        if std::mem::take(&mut self.has_loaded) {
            for at in 0..self.engagements.len() {
                if !self.engagements[at].exists() {
                    let symbol = self.engagements[at].wanted.symbol();

                    self.engagements[at].found_in = self.module_with(symbol);
                }
            }
        }
    }

    /// Ends expired engagements.
    fn expire(&mut self) {
        let is_over = |e: &Engagement| e.ends_at.is_some_and(|end| end <= self.now);
        let (over, left) = std::mem::take(&mut self.engagements)
            .into_iter()
            .partition(is_over);
        let over: Vec<Engagement> = over;

        self.engagements = left;
        for mut engagement in over {
            self.report_calls(&mut engagement);
            self.report(By::Kernel, "expire", &engagement.totals(), Ok(()));
        }
    }

    /// Reports new callers, the first time and at each tenfold number of calls.
    fn report_calls(&mut self, engagement: &mut Engagement) {
        for at in 0..2 {
            let calls = engagement.calls[at];

            if calls < engagement.due[at] {
                continue;
            }
            while engagement.due[at] <= calls {
                engagement.due[at] *= 10;
            }
            let result = if engagement.takes_calls() {
                "denied"
            } else {
                "granted"
            };
            let value = engagement.wanted.value;
            let value = value.map_or(String::new(), |value| format!(" retval={value}"));
            let uid = at * 1001;

            self.records.push(format!(
                "avc:  {result}  {{ call }} for  pid=1 comm=\"caller\" auid=1001 ses=1 \
                 lsm=killswitch {} hits={calls}{value} scontext=uid:{uid} tcontext={} \
                 tclass=function",
                caller(uid),
                engagement.wanted.target
            ));
        }
    }

    /// The same for all existing engagements.
    fn report_all_calls(&mut self) {
        let mut engagements = std::mem::take(&mut self.engagements);

        for engagement in engagements.iter_mut().filter(|e| e.exists()) {
            self.report_calls(engagement);
        }
        self.engagements = engagements;
    }

    fn check_probes(&mut self) {
        let mut at = 0;

        self.expire();
        self.report_all_calls();

        while at < self.engagements.len() {
            if !self.engagements[at].exists() {
                at += 1;
                continue;
            }
            let was_off = self.check_probe(at);
            at += usize::from(self.check_watch(at, was_off));
        }
        self.check_again();
    }

    /// Checks the probes for a reader who is an administrator.
    pub(crate) fn check_for_reader(&mut self) {
        if self.world.opener_may {
            self.check_probes();
        }
    }

    /// Schedules another check.
    fn check_again(&mut self) {
        let left = self.engagements.iter().flat_map(|e| {
            let ends = [e.watched_until, e.ends_at].into_iter().flatten();
            let left = ends.map(|end| (end - self.now).clamp(0, CHECK_EVERY));

            left.chain(e.exists().then_some(CHECK_EVERY))
        });

        if let Some(left) = left.min() {
            self.check_within(left);
        }
    }

    fn check_within(&mut self, milliseconds: i64) {
        let due = self.now + milliseconds;

        self.next_check = Some(self.next_check.map_or(due, |earlier| earlier.min(due)));
    }

    /// Whether a check would try to rearm a probe.
    pub(crate) fn can_rearm(&self) -> bool {
        let is_off = |e: &Engagement| e.exists() && e.is_disabled;

        self.world.can_arm() && self.engagements.iter().any(is_off)
    }

    /// Reports changes of a probe, rearms it if it is disarmed, and reports that. Returns whether
    /// it was disarmed at any time.
    fn check_probe(&mut self, at: usize) -> bool {
        let before = self.engagements[at].seen_off;

        self.report_armed_state(at);
        let engagement = &self.engagements[at];
        let found = engagement.seen_off;

        if engagement.is_disabled && self.world.can_arm() {
            self.engagements[at].is_disabled = strikes(&mut self.failure, What::Arm).is_err();
        }
        self.report_armed_state(at);
        before || found
    }

    fn report_armed_state(&mut self, at: usize) {
        let is_off = !self.is_armed(&self.engagements[at]);
        let engagement = &mut self.engagements[at];

        if engagement.seen_off != is_off {
            let operation = if is_off { "disarmed" } else { "rearmed" };
            let about = engagement.wanted.fields();

            engagement.seen_off = is_off;
            self.report(By::Kernel, operation, &about, Ok(()));
        }
    }

    /// Decides on a watched function, and returns whether it still exists.
    fn check_watch(&mut self, at: usize, was_off: bool) -> bool {
        let engagement = &self.engagements[at];
        let Some(until) = engagement.watched_until else {
            return true;
        };
        let wanted = engagement.wanted;

        if !was_off && self.now < until {
            return true;
        }
        if !was_off && engagement.hits == 0 {
            self.engagements[at].watched_until = None;
            self.is_tainted = true;
            self.report(By::Kernel, "commit", &wanted.fields(), Ok(()));
            return true;
        }
        let mut engagement = self.engagements.remove(at);

        self.report_calls(&mut engagement);
        self.report(By::Kernel, "abort", &engagement.totals(), Ok(()));
        false
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, milliseconds: i64) {
        let until = self.now + milliseconds;

        while let Some(due) = self.next_check.take_if(|due| *due <= until) {
            self.now = due;
            self.check_all();
        }
        self.now = until;
    }

    /// The return value of a short-circuited call of the function at `address`.
    pub(crate) fn call(&mut self, address: usize, is_root: bool, is_real: bool) -> Option<i64> {
        let at = self.engagements.iter().position(|e| e.is_at(address))?;
        let is_armed = self.is_armed(&self.engagements[at]);
        let engagement = &mut self.engagements[at];

        if !is_armed || (engagement.wanted.nonroot && is_root) {
            return None;
        }
        engagement.hits += u64::from(is_real);
        engagement.calls[usize::from(!is_root)] += u64::from(is_real);
        engagement
            .wanted
            .value
            .filter(|_| engagement.watched_until.is_none())
    }

    /// Arms all kprobes. Those at this address cannot be armed.
    pub(crate) fn kprobes_on(&mut self, address: Option<usize>) {
        for engagement in &mut self.engagements {
            engagement.is_disabled |= address.is_some_and(|address| engagement.is_at(address));
        }
    }

    /// A module is loading; or it is live, and functions armed in the meantime are engaged.
    pub(crate) fn module_coming(
        &mut self,
        module: &'static str,
        is_live: bool,
    ) -> Result<(), Error> {
        let result = self.engage_in(module, is_live);

        if self.has_interest(|about| about == module) && result.is_ok() {
            self.check_again();
        }
        if is_live {
            self.module_changed();
        }
        if result.is_err() {
            self.module_going(module);
        }
        result
    }

    fn engage_in(&mut self, module: &'static str, is_live: bool) -> Result<(), Error> {
        for at in 0..self.engagements.len() {
            let functions = self.world.functions();
            let engagement = &mut self.engagements[at];

            if !engagement.is_in_module(module) {
                continue;
            }
            let Some(function) = functions
                .iter()
                .find(|f| f.name == engagement.wanted.symbol() && f.module == Some(module))
            else {
                if !engagement.exists() {
                    engagement.place = Place::Missing;
                }
                continue;
            };
            if engagement.is_at(function.address) {
                continue;
            }
            let wanted = engagement.wanted;
            let result = self.put(at, function);
            let operation = if wanted.value.is_some() {
                "engage"
            } else {
                "observe"
            };

            self.report(By::Kernel, operation, &wanted.fields(), result);
            match result {
                Ok(()) => self.is_tainted |= self.engagements[at].takes_calls(),
                Err(refused) if !is_live && wanted.value.is_some() => return Err(refused.errno),
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn has_interest(&self, is_it: impl Fn(&str) -> bool) -> bool {
        self.engagements.iter().filter_map(|e| e.about).any(is_it)
    }

    /// Other modules are searched soon.
    pub(crate) fn module_changed(&mut self) {
        if self.has_interest(|_| true) {
            self.has_loaded = true;
            self.check_within(LOOK_EVERY);
        }
    }

    /// Whether loading this module can only engage its functions, or fail.
    pub(crate) fn only_waits(&self, module: &str) -> bool {
        let waits = |e: &Engagement| match e.is_in_module(module) {
            true => !e.exists() && e.wanted.value.is_some(),
            false => e.exists(),
        };

        self.engagements.iter().all(waits)
    }

    /// Engages a function that is armed or elsewhere.
    fn put(&mut self, at: usize, function: &Function) -> Result<(), Refused> {
        let address = Self::verdict(function, 1, self.engagements[at].wanted.value)?;

        self.register()?;
        self.can_be_armed()?;
        if self.engagements.iter().any(|e| e.is_at(address)) {
            return refused(EBUSY);
        }
        let engagement = &mut self.engagements[at];

        engagement.place = Place::At(address);
        engagement.found_in = None;
        engagement.seen_off = false;
        engagement.is_disabled = false;
        Ok(())
    }

    /// A module is unloading.
    pub(crate) fn module_going(&mut self, module: &'static str) {
        let mut at = 0;

        while at < self.engagements.len() {
            let engagement = &mut self.engagements[at];
            let wanted = engagement.wanted;
            let is_watched = engagement.watched_until.is_some();
            let address = engagement.address();

            if engagement.is_in_module(module) && engagement.place == Place::Missing {
                engagement.place = Place::NotLoaded;
            }
            if !address.is_some_and(|address| self.world.is_in(module, address)) {
                at += 1;
            } else if is_watched || wanted.module().is_none() {
                let operation = if is_watched { "abort" } else { "lost" };
                let mut engagement = self.engagements.remove(at);

                self.report_calls(&mut engagement);
                self.report(By::Kernel, operation, &engagement.totals(), Ok(()));
            } else {
                engagement.place = Place::NotLoaded;
                engagement.seen_off = false;
                let mut engagement = engagement.clone();
                let totals = engagement.totals();
                let totals = totals.trim_start_matches(&function(wanted.target));

                self.report_calls(&mut engagement);
                self.report(By::Kernel, "arm", &(wanted.fields() + totals), Ok(()));
                self.engagements[at] = engagement;
                at += 1;
            }
        }
        self.module_changed();
    }

    // Output.

    pub(crate) fn engaged(&self) -> String {
        let line = |e: &Engagement| {
            let left = e.seconds_left(self.now);

            e.wanted
                .line(e.state(), e.hits, e.callers(), left, e.found_in)
        };

        self.engagements.iter().map(line).collect()
    }

    /// The start of `status`.
    pub(crate) fn status(&self) -> String {
        let disarmed = self.engagements.iter().filter(|e| e.state() == "disarmed");
        let lockdown = match self.until_confidentiality {
            true => {
                "confidentiality\nlowered: functions can be engaged and released under integrity \
                 lockdown"
            }
            false => "integrity",
        };

        format!(
            "version: 1\nslots: {}/{SLOTS}\ndisarmed: {}\nlockdown: {lockdown}\ntypes: btf\n\
             sealed: {}\ntaint: {}\n",
            self.engagements.len(),
            disarmed.count(),
            u8::from(self.is_sealed),
            u8::from(self.is_tainted)
        )
    }
}
