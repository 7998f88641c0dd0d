// SPDX-License-Identifier: GPL-2.0-only

//! Transactions: a write to `control` or to a `retval`, or an entry of the command line, is carried
//! out in full or not at all.
//!
//! All that can fail or sleep is done first, without effect on callers: functions are found and
//! judged, slots are taken, and probes are armed that let calls pass. Then the list is locked, the
//! request is checked against it and applied at once. What remains after that cannot fail.

use crate::{
    authority::{
        Authority,
        Origin, //
    },
    command::{
        Action,
        Command,
        Engage,
        Target, //
    },
    condition::syntax,
    engagement::{
        self,
        Engagement,
        State, //
    },
    event::{
        About,
        Event,
        What, //
    },
    interest::Interest,
    list::{
        self,
        List,
        Place,
        Row,
        Term,
        Watch, //
    },
    permit::Permit,
    policy::{
        self,
        Value, //
    },
    protected,
    refusal::Refusal,
    security::{
        lockdown,
        lsm,
        module,
        stub::{
            Slot,
            SLOTS, //
        }, //
    },
    subject::{
        self,
        Found,
        Subject, //
    },
    text::Text, //
};
use kernel::{
    alloc::AllocError,
    prelude::*,
    sync::Arc,
    time::{
        delay::fsleep,
        Delta, //
    }, //
};

/// Why nothing was carried out, and the index of the command that failed, if it was one.
pub(crate) struct Failed<'a>(pub(crate) Option<usize>, pub(crate) Refusal<'a>);

impl<'a> From<Refusal<'a>> for Failed<'a> {
    fn from(refusal: Refusal<'a>) -> Self {
        Failed(None, refusal)
    }
}

impl From<Error> for Failed<'_> {
    fn from(error: Error) -> Self {
        Refusal::from(error).into()
    }
}

impl From<AllocError> for Failed<'_> {
    fn from(error: AllocError) -> Self {
        Refusal::from(error).into()
    }
}

/// A function that is to be engaged.
struct New<'a> {
    line: usize,
    engage: Engage<'a>,
    /// The policy's verdict; no permit yet if the module is not loaded.
    verdict: Result<Option<Permit<'a>>, Refusal<'a>>,
    interest: Option<Interest>,
    /// The row to add to the list, and the event to report then.
    row: Option<Row>,
    what: Option<What<'static>>,
}

impl New<'_> {
    fn address(&self) -> Option<usize> {
        let permit = self.verdict.as_ref().ok()?.as_ref()?;

        Some(permit.entry().address())
    }

    /// Whether this engages the function that `row` observes.
    fn replaces(&self, row: &Row) -> bool {
        row.slot.is_none()
            && self.engage.action != Action::Observe
            && row.engagement.name() == self.engage.target.name
            && row.engagement.scope() == self.engage.scope
            && row.engagement.condition() == self.engage.condition
    }

    fn is_same_as(&self, other: &New<'_>) -> bool {
        self.engage.target == other.engage.target
            || (self.address().is_some() && self.address() == other.address())
    }
}

/// How often a request is retried because a module is being loaded, and after what time.
const ATTEMPTS: usize = 10;
const PAUSE: Delta = Delta::from_millis(20);

/// Carries out all `commands` or none, and returns the events to report, with the indices of their
/// commands. Sleeps.
pub(crate) fn carry_out<'a>(
    authority: &Authority,
    commands: &[Command<'a>],
) -> Result<KVVec<(usize, Event<'static>)>, Failed<'a>> {
    retry(
        || carry_out_once(authority, commands),
        |Failed(_, refusal)| refusal,
    )
}

/// Retries while a module is being loaded or unloaded.
fn retry<'a, T, E>(
    once: impl Fn() -> Result<T, E>,
    refusal: impl Fn(&E) -> &Refusal<'a>,
) -> Result<T, E> {
    for _ in 1..ATTEMPTS {
        match once() {
            Err(error) if matches!(refusal(&error), Refusal::ModuleBusy) => fsleep(PAUSE),
            result => return result,
        }
    }
    once()
}

fn carry_out_once<'a>(
    authority: &Authority,
    commands: &[Command<'a>],
) -> Result<KVVec<(usize, Event<'static>)>, Failed<'a>> {
    authority.confirm()?;
    let mut new = judge(authority, commands)?;

    plan(&*list::lock()?, commands, &new)?;

    let mut applied = Applied {
        ended: KVVec::with_capacity(SLOTS, GFP_KERNEL)?,
        observed: KVec::with_capacity(commands.len(), GFP_KERNEL)?,
        kept: KVec::with_capacity(commands.len(), GFP_KERNEL)?,
    };
    let mut events = KVVec::with_capacity(commands.len() + SLOTS, GFP_KERNEL)?;

    arm(authority, &mut new)
        .and_then(|()| apply(authority, commands, &mut new, &mut applied))
        .inspect_err(|_| {
            engagement::unregister(new.iter().filter_map(|new| new.row.as_ref()?.probe()))
        })?;
    let ended = applied.ended.iter().map(|(_, row)| row);
    let observed = applied.observed.iter().map(|(_, row)| row);

    engagement::unregister(Iterator::chain(ended, observed).filter_map(Row::probe));
    let (mut new, mut kept) = (new.into_iter(), applied.kept.into_iter());
    let mut ended = applied.ended.into_iter().peekable();
    let mut observed = applied.observed.into_iter().peekable();
    let mut report = |line, what| {
        let replaced = observed.next_if(|(of, _)| *of == line);
        let event = Event {
            replaced: replaced.map(|(_, row)| (About::from(&row), row.hits().count())),
            ..Event::of(authority.origin(), what)
        };

        // There is room for an event per command, and per released engagement.
        let _ = events.push_within_capacity((line, event));
    };
    for (line, command) in commands.iter().enumerate() {
        match command {
            Command::Engage(_) => {
                if let Some(what) = new.next().and_then(|new| new.what) {
                    report(line, what);
                }
            }
            Command::Keep(_) => {
                if let Some(about) = kept.next() {
                    report(line, What::Kept(about));
                }
            }
            Command::DisengageAll if ended.peek().is_none_or(|(of, _)| *of != line) => {
                report(line, What::NothingEngaged);
            }
            Command::Disengage(_) | Command::DisengageAll => {
                while let Some((_, row)) = ended.next_if(|(of, _)| *of == line) {
                    report(
                        line,
                        What::Disengaged(About::from(&row), row.hits().count()),
                    );
                }
            }
            Command::Seal => report(line, What::Sealed),
        }
    }
    Ok(events)
}

/// Finds and judges the functions that `commands` engage. Sleeps. Refusals by the policy are in the
/// result; it fails on other errors.
fn judge<'a>(authority: &Authority, commands: &[Command<'a>]) -> Result<KVec<New<'a>>, Failed<'a>> {
    let mut new = KVec::new();
    let mut found = KVVec::new();

    for (line, command) in commands.iter().enumerate() {
        let Command::Engage(engage) = command else {
            continue;
        };
        let reads_memory = |text| syntax::check(text).is_ok_and(|summary| summary.reads_memory);

        // The hits of a condition reveal the content of memory.
        if engage.condition.is_some_and(reads_memory) && authority.origin() == Origin::Task {
            lockdown::permits_reading().map_err(|_| Failed(Some(line), Refusal::LockedDown))?;
        }
        let new_one = New {
            line,
            engage: *engage,
            verdict: Ok(None),
            // Before the search for the module.
            interest: engage
                .target
                .module
                .filter(|module| *module != subject::KERNEL)
                .map(Interest::new),
            row: None,
            what: None,
        };

        new.push(new_one, GFP_KERNEL)?;
        found.push(Subject::find(engage.target), GFP_KERNEL)?;
    }
    // Ending engagements and sealing need no verdicts, and no memory for them.
    if new.len() > 1 {
        find_callers(&new, &mut found)?;
    }
    for (new, found) in new.iter_mut().zip(found) {
        let Engage {
            target,
            action,
            scope,
            ..
        } = new.engage;
        let value = action.value();

        new.verdict = found.and_then(|found| match found {
            Found::Function(subject) => {
                if let Some(module) = subject.module() {
                    new.interest.get_or_insert_with(|| Interest::new(module));
                }
                Permit::grant(authority, &subject, value, scope).map(Some)
            }
            Found::NotLoaded(module) if matches!(action, Action::TryEngage(..)) => {
                Err(Refusal::NothingToWatch(module))
            }
            // It is judged again when its module is loaded.
            Found::NotLoaded(module) => {
                subject::judge_unloaded(module, target, value, scope).map(|()| None)
            }
        });
    }
    Ok(new)
}

/// Finds the callers of the functions in `found`, except for those that are refused in any case.
/// Sleeps.
fn find_callers<'a>(new: &[New<'a>], found: &mut [Result<Found<'a>, Refusal<'a>>]) -> Result {
    let protected = protected::in_this_kernel()?;
    let kernel = protected.kernel();
    let of_interest = new.iter().zip(found).filter_map(|(new, found)| {
        let asked = new.engage.action.value();
        let asked = asked.map(|value| new.engage.scope.asks(value));
        let is_decided = |subject: &Subject<'_>| {
            asked.is_some_and(|asked| {
                policy::is_refused_without_code(&subject.facts(&kernel), asked)
            })
        };

        match found {
            Ok(Found::Function(subject)) if is_decided(subject) => None,
            found => found.as_mut().ok(),
        }
    });

    subject::find_callers(of_interest)
}

/// Checks `commands`, in order, against the verdicts in `new` and against the list. Any context.
fn plan<'a>(list: &List, commands: &[Command<'a>], new: &[New<'a>]) -> Result<(), Failed<'a>> {
    let mut engaged = 0;

    for (line, command) in commands.iter().enumerate() {
        let result = match command {
            Command::Engage(engage) => {
                let (earlier, others) = new.split_at(engaged);

                engaged += 1;
                others.first().map_or(Ok(()), |new| {
                    new.verdict.as_ref().map_err(|refusal| *refusal)?;
                    if earlier.iter().any(|other| other.is_same_as(new)) {
                        return Err(Refusal::AlreadyEngaged);
                    }
                    let mut rows = list.rows().iter();
                    let is_in_the_way = |row: &&Row| {
                        row.is_about(engage.target, new.address()) && !new.replaces(row)
                    };

                    match rows.find(is_in_the_way) {
                        None => Ok(()),
                        Some(row) if row.slot.is_none() => Err(Refusal::AlreadyObserved),
                        Some(_) => Err(Refusal::AlreadyEngaged),
                    }
                })
            }
            Command::Disengage(target) | Command::Keep(target) => {
                let is_ended = commands[..line]
                    .iter()
                    .any(|command| command.disengages(target.name));

                // Calls of one that has expired run already, so it cannot be kept.
                let keeps = matches!(command, Command::Keep(_));
                let is_meant = |row: &Row| row.is_about(*target, None) && !(keeps && row.is_over());
                let is_there = list.rows().iter().any(is_meant);

                match is_there && !is_ended {
                    true => Ok(()),
                    false => Err(Refusal::NotEngaged),
                }
            }
            Command::DisengageAll | Command::Seal => Ok(()),
        };

        result.map_err(|refusal| Failed(Some(line), refusal))?;
    }
    let is_replaced = |row: &&Row| new.iter().any(|new| new.replaces(row));
    let replaced = list.rows().iter().filter(is_replaced).count();

    match new.get(SLOTS.saturating_sub(list.rows().len()) + replaced) {
        Some(new) => Err(Failed(Some(new.line), Refusal::NoSlot)),
        None => Ok(()),
    }
}

/// Prepares the rows of `new`, and arms their probes, which let calls pass. Sleeps.
fn arm<'a>(authority: &Authority, new: &mut [New<'a>]) -> Result<(), Failed<'a>> {
    for new in new.iter_mut() {
        let line = new.line;

        prepare(authority, new).map_err(|refusal| Failed(Some(line), refusal))?;
    }

    // Last, and all at once, because arming is slow.
    let mut probes = KVec::with_capacity(new.len(), GFP_KERNEL)?;
    let mut lines = KVec::with_capacity(new.len(), GFP_KERNEL)?;

    for new in new.iter() {
        if let Some(probe) = new.row.as_ref().and_then(Row::probe) {
            probes.push(&**probe, GFP_KERNEL)?;
            lines.push(new.line, GFP_KERNEL)?;
        }
    }
    engagement::arm(&probes).map_err(|(index, refusal)| Failed(Some(lines[index]), refusal))
}

/// Makes the row of `new`: the engagement, its slot, and a probe that is not armed yet. Sleeps, for
/// some seconds if slots are waiting for a grace period.
fn prepare<'a>(authority: &Authority, new: &mut New<'a>) -> Result<(), Refusal<'a>> {
    let engagement = Engagement::new(authority, &new.engage)?;
    let slot = match new.engage.action.value() {
        None => None,
        Some(value) => {
            let slot = Slot::take(value.get()).ok_or(Refusal::NoSlot)?;

            Some(Arc::new(slot, GFP_KERNEL)?)
        }
    };
    let watch = match new.engage.action {
        Action::TryEngage(_, seconds) => Some(seconds),
        Action::Engage(_) | Action::Observe => None,
    };
    let mut row = Row {
        slot,
        place: Place::NotLoaded,
        watch: watch.map(Watch::new),
        term: new.engage.term.map(Term::new),
        passed: 0,
        is_disarmed: false,
        found_in: None,
        _interest: new.interest.take(),
        engagement,
    };
    let about = About::from(&row);

    new.what = Some(match &new.verdict {
        Ok(Some(permit)) => {
            let probe = row.engagement.register(permit, row.slot.as_ref())?;
            let notes = permit.notes().try_clone()?;

            row.place = Place::At(permit.entry().address(), probe);
            match watch {
                None => What::engaged(about, notes),
                Some(seconds) => What::Watching(about, seconds, notes),
            }
        }
        _ => {
            let found_in = subject::find_module_with(new.engage.target.symbol)?;

            row.found_in = found_in
                .map(|module| Arc::new(module, GFP_KERNEL))
                .transpose()?;
            What::Armed(about, row.found_in.clone())
        }
    });
    new.row = Some(row);
    Ok(())
}

/// The rows that a transaction changes. Its memory is allocated before, since nothing may fail
/// after the first change.
struct Applied {
    /// Engagements that ended, with the indices of the commands.
    ended: KVVec<(usize, Row)>,
    /// Observations that engagements replaced, with the indices of the commands.
    observed: KVec<(usize, Row)>,
    /// Engagements that lost their time limit, in the order of the commands.
    kept: KVec<About>,
}

/// Applies `commands` to the list at once: adds the rows of `new`, and records what ended or
/// changed in `applied`. Any context. If it fails, nothing has changed.
fn apply<'a>(
    authority: &Authority,
    commands: &[Command<'a>],
    new: &mut [New<'a>],
    applied: &mut Applied,
) -> Result<(), Failed<'a>> {
    let mut list = list::lock()?;

    authority.confirm()?;
    plan(&list, commands, new)?;
    for new in new.iter() {
        let waits_for = new.engage.target.module.filter(|_| new.address().is_none());

        // If the module is being loaded, its notifier finds the row in the list when it is live.
        if waits_for.is_some_and(module::is_live) {
            return Err(Failed(Some(new.line), Refusal::ModuleBusy));
        }
    }

    for (line, command) in commands.iter().enumerate() {
        while let Some(row) = list.take(|row| command.disengages(row.engagement.name())) {
            let _ = applied.ended.push_within_capacity((line, row));
        }
        if let Command::Keep(target) = command {
            if let Some(row) = list.named(target.name) {
                row.term = None;
                let _ = applied.kept.push_within_capacity(About::from(&*row));
            }
        }
    }
    for new in new.iter_mut() {
        let observed = list.take(|row| new.replaces(row));

        // The new row takes all calls from here on; the observation counts none of them.
        if let Some(row) = new.row.take() {
            list.add(row);
        }
        if let Some(row) = observed {
            let _ = applied.observed.push_within_capacity((new.line, row));
        }
    }
    for (_, row) in applied.ended.iter() {
        row.stop();
    }
    if commands.contains(&Command::Seal) {
        lsm::seal();
    }
    Ok(())
}

/// Makes the engagement with this key return `value`, and returns the event to report. Sleeps.
pub(crate) fn change<'a>(
    authority: &Authority,
    key: usize,
    value: Value,
) -> Result<Event<'static>, Refusal<'a>> {
    retry(|| change_once(authority, key, value), |refusal| refusal)
}

fn change_once<'a>(
    authority: &Authority,
    key: usize,
    value: Value,
) -> Result<Event<'static>, Refusal<'a>> {
    authority.confirm()?;
    let snapshot = list::snapshot(key).map_err(|_| Refusal::Ended)?;
    let name = snapshot.engagement.name();
    if snapshot.value.is_none() {
        return Err(Refusal::AlreadyObserved);
    }
    // If its module is not loaded, it is judged when that is.
    let permit = match snapshot.address {
        None => None,
        Some(address) => {
            let subject = Subject::at(address, Target::of(name))?;
            let scope = snapshot.engagement.scope();

            Some(Permit::grant(authority, &subject, Some(value), scope)?)
        }
    };
    let notes = match &permit {
        Some(permit) => permit.notes().try_clone()?,
        None => Text::new(),
    };

    let mut list = list::lock()?;
    authority.confirm()?;
    let row = list.row(key).ok_or(Refusal::Ended)?;
    if row.address() != snapshot.address {
        return Err(Refusal::ModuleBusy);
    }
    let slot = row.slot.as_ref().ok_or(Refusal::AlreadyObserved)?;
    slot.set_value(value.get())
        .map_err(|_| Refusal::OldValueInFlight)?;
    let (about, returns) = (About::from(&*row), row.state() == State::Engaged);
    drop(list);

    Ok(Event::of(
        authority.origin(),
        What::Changed(about, returns, notes),
    ))
}
