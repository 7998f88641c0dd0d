// SPDX-License-Identifier: GPL-2.0-only

//! Events, and the only place that formats them: as an audit record, as a line of the kernel log,
//! and as the answer to a request.
//!
//! The fields of records and their order are ABI.

use crate::{
    authority::Origin,
    command::{
        Action,
        Command,
        Scope, //
    },
    engagement::Engagement,
    errno,
    list::{
        Row,
        Term, //
    },
    policy::{
        Rule,
        Value, //
    },
    refusal::Refusal,
    security::{
        audit,
        callers::{
            Caller,
            Context,
            Task, //
        },
        log::Limit,
        work, //
    },
    text::{
        Escaped,
        Text, //
    }, //
};
use core::fmt::{
    self,
    Write, //
};
use kernel::{
    prelude::*,
    sync::{
        Arc,
        SetOnce, //
    }, //
};

/// Limits lines about requests by unprivileged users.
static UNPRIVILEGED: SetOnce<Limit> = SetOnce::new();

/// Prepares for reports. Called once.
pub(crate) fn create() -> Result {
    UNPRIVILEGED.populate(Limit::new(5, 10)?);
    Ok(())
}

/// The kind of an event. Its [`Display`](fmt::Display) form is the `op=` field, and never changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Engage a function.
    Engage,
    /// Watch a function, and engage it if it is not called.
    TryEngage,
    /// Count the calls of a function.
    Observe,
    /// Engage a function that was not called while it was watched.
    Commit,
    /// Do not engage a function that was called while it was watched.
    Abort,
    /// Engage a function when its module is loaded.
    Arm,
    /// The probe of an engagement was disabled.
    Disarmed,
    /// The probe is enabled again.
    Rearmed,
    /// Remove the time limit of an engagement.
    Keep,
    /// End an engagement because its time limit has passed.
    Expire,
    /// End an engagement.
    Disengage,
    /// End all engagements, if that was refused or there were none.
    DisengageAll,
    /// Change the value that a function returns.
    Retval,
    /// End an engagement because its module is unloaded.
    Lost,
    /// Refuse all further changes.
    Seal,
    /// Allow changes at a lockdown level where they are refused by default.
    Lockdown,
    /// Predict the verdict on a request.
    Check,
    /// A malformed request.
    Invalid,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::Engage => "engage",
            Operation::TryEngage => "tryengage",
            Operation::Observe => "observe",
            Operation::Commit => "commit",
            Operation::Abort => "abort",
            Operation::Arm => "arm",
            Operation::Disarmed => "disarmed",
            Operation::Rearmed => "rearmed",
            Operation::Keep => "keep",
            Operation::Expire => "expire",
            Operation::Disengage => "disengage",
            Operation::DisengageAll => "disengage_all",
            Operation::Retval => "retval",
            Operation::Lost => "lost",
            Operation::Seal => "seal",
            Operation::Lockdown => "lockdown",
            Operation::Check => "check",
            Operation::Invalid => "invalid",
        })
    }
}

/// A request, as records show it. Its [`Display`](fmt::Display) form is for messages.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The operation.
    pub(crate) operation: Operation,
    /// The name of the function, or the malformed entry.
    pub(crate) function: Option<&'a str>,
    /// The value to return.
    pub(crate) value: Option<Value>,
    /// Whose calls are affected.
    pub(crate) scope: Scope,
    /// A condition on these calls.
    pub(crate) condition: Option<&'a str>,
    /// The time limit, in seconds.
    pub(crate) term: Option<u32>,
    /// The reason.
    pub(crate) reason: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A malformed request.
    pub(crate) const INVALID: Request<'static> = Request::of(Operation::Invalid);

    /// A request with this operation and nothing else.
    pub(crate) const fn of(operation: Operation) -> Self {
        Self {
            operation,
            function: None,
            value: None,
            scope: Scope::All,
            condition: None,
            term: None,
            reason: None,
        }
    }
}

impl<'a> From<&Command<'a>> for Request<'a> {
    fn from(command: &Command<'a>) -> Self {
        match *command {
            Command::Engage(engage) => Self {
                operation: match engage.action {
                    Action::Engage(_) => Operation::Engage,
                    Action::TryEngage(..) => Operation::TryEngage,
                    Action::Observe => Operation::Observe,
                },
                function: Some(engage.target.name),
                value: engage.action.value(),
                scope: engage.scope,
                condition: engage.condition,
                term: engage.term,
                reason: engage.reason,
            },
            Command::Keep(target) => Self {
                function: Some(target.name),
                ..Self::of(Operation::Keep)
            },
            Command::Disengage(target) => Self {
                function: Some(target.name),
                ..Self::of(Operation::Disengage)
            },
            Command::DisengageAll => Self::of(Operation::DisengageAll),
            Command::Seal => Self::of(Operation::Seal),
        }
    }
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.operation, self.function) {
            (Operation::Invalid, None) => return f.write_str("the request"),
            (Operation::Invalid, Some(entry)) => return write!(f, "'{entry}'"),
            _ => write!(f, "{}", self.operation)?,
        }
        if let Some(function) = self.function {
            write!(f, " {function}")?;
        }
        if let Some(value) = self.value {
            write!(f, " {value}")?;
        }
        match self.scope {
            Scope::All => Ok(()),
            scope => write!(f, " scope={scope}"),
        }?;
        if let Some(condition) = self.condition {
            write!(f, " if={condition}")?;
        }
        match self.term {
            None => Ok(()),
            Some(seconds) => write!(f, " for={seconds}"),
        }
    }
}

/// A snapshot of an engagement for an event. The value is `None` if the function was only observed.
#[derive(Clone)]
pub(crate) struct About {
    pub(crate) engagement: Arc<Engagement>,
    pub(crate) value: Option<Value>,
    term: Option<Term>,
    /// Whether counted calls ran the function.
    passes_calls: bool,
}

impl About {
    /// The request with all fields.
    fn request(&self, operation: Operation) -> Request<'_> {
        Request {
            operation,
            function: Some(self.engagement.name()),
            value: self.value,
            scope: self.engagement.scope(),
            condition: self.engagement.condition(),
            term: self.term.map(|term| term.seconds),
            reason: self.engagement.reason(),
        }
    }

    /// The request with the name only, for records of changes and ends.
    fn name_only(&self, operation: Operation) -> Request<'_> {
        Request {
            function: Some(self.engagement.name()),
            ..Request::of(operation)
        }
    }
}

impl From<&Row> for About {
    fn from(row: &Row) -> Self {
        Self {
            engagement: row.engagement.clone(),
            value: row.value(),
            term: row.term,
            passes_calls: row.passes_calls(),
        }
    }
}

/// What happened.
pub(crate) enum What<'a> {
    /// The function returns the value. With notes, one per line.
    Engaged(About, Text),
    /// The function runs, and its calls are counted. With notes, one per line.
    Observing(About, Text),
    /// The function will return the value if it is not called for this many seconds. With notes,
    /// one per line.
    Watching(About, u32, Text),
    /// It was not called, and returns the value.
    Committed(About),
    /// It was called this often in this many seconds; `None` if its calls could not be watched to
    /// the end.
    Aborted(About, u64, Option<u32>),
    /// It will return the value when its module is loaded. A loaded module of this name has a
    /// function of this name.
    Armed(About, Option<Arc<Text>>),
    /// Its module is unloaded, after this many hits; it is armed again.
    ArmedAgain(About, u64),
    /// Its probe is disarmed, or armed again.
    Disarmed(About, bool),
    /// It has no time limit any more.
    Kept(About),
    /// It runs again after this many hits, because its time limit has passed.
    Expired(About, u64),
    /// It runs again after this many hits.
    Disengaged(About, u64),
    /// It ended after this many hits, because its module is unloaded.
    Lost(About, u64),
    /// It returns another value (true), or will (false). With notes, one per line.
    Changed(About, bool, Text),
    /// There was nothing to end.
    NothingEngaged,
    /// All further changes are refused.
    Sealed,
    /// Changes are allowed at integrity lockdown.
    LockdownLowered,
    /// The request was refused, in this line of several, counted from 0.
    Refused(Request<'a>, Refusal<'a>, Option<usize>),
    /// The kernel itself could not begin this engagement.
    Failed(About, Refusal<'a>),
    /// This many questions were answered: the first refused one, or else the first one.
    Checked(Request<'a>, usize, Option<Refusal<'a>>),
    /// Its module is loaded and has no such function.
    Missing(About),
    /// A module of this name has a function of this name.
    FoundIn(About, Arc<Text>),
    /// This module is not loaded, because it could not be engaged.
    LoadRefused(About, Text),
    /// This module is loaded, though it could not be engaged.
    LoadedWithout(About, Text),
}

impl What<'_> {
    /// An engagement or an observation begins. With notes, one per line.
    pub(crate) fn engaged(about: About, notes: Text) -> Self {
        match about.value {
            Some(_) => What::Engaged(about, notes),
            None => What::Observing(about, notes),
        }
    }
}

/// An event.
pub(crate) struct Event<'a> {
    /// What caused it.
    pub(crate) origin: Origin,
    /// What happened.
    pub(crate) what: What<'a>,
    /// The observation that an engagement replaced, and how many calls it counted.
    pub(crate) replaced: Option<(About, u64)>,
}

impl<'a> Event<'a> {
    /// An event that the current task caused.
    pub(crate) fn of_task(what: What<'a>) -> Self {
        Self::of(Origin::Task, what)
    }

    /// An event that the kernel itself caused.
    pub(crate) fn of_kernel(what: What<'a>) -> Self {
        Self::of(Origin::Kernel, what)
    }

    /// An event with this origin.
    pub(crate) fn of(origin: Origin, what: What<'a>) -> Self {
        Self {
            origin,
            what,
            replaced: None,
        }
    }

    /// Writes the line of the kernel log and the record of the audit log.
    ///
    /// If a task caused the event, sleeps as long as audit waits for room. Other records are
    /// deferred and written in order, so nothing waits for them.
    pub(crate) fn report(&self) {
        Self::report_all(core::iter::once(self));
    }

    /// Reports several events, in order.
    pub(crate) fn report_all<'b>(events: impl Iterator<Item = &'b Event<'b>>) {
        let mut has_waited = false;

        for event in events {
            event.report_once(&mut has_waited);
        }
    }

    fn report_once(&self, has_waited: &mut bool) {
        if let Some((about, _)) = self.ended() {
            about.report_calls();
        }
        if self.limit().is_none_or(Limit::has_room) {
            self.log();
        }
        let Some(record) = self.record() else {
            return;
        };
        // Events that users can cause may only use half of the queue.
        let room = match self.limit() {
            Some(_) => work::ROOM / 2,
            None => work::ROOM,
        };

        if self.origin == Origin::Task {
            // Write earlier deferred records first, unless audit blocks them for long.
            if !core::mem::replace(has_waited, true) {
                work::wait();
            }
            record.write(true);
        } else if record
            .to_owned()
            .and_then(|record| work::defer(room, move || record.write(false)))
            .is_err()
        {
            audit::lost();
        }
    }

    /// The engagement that stopped handling calls, with the number of its hits.
    fn ended(&self) -> Option<(&About, u64)> {
        match &self.what {
            What::Aborted(about, hits, _)
            | What::ArmedAgain(about, hits)
            | What::Expired(about, hits)
            | What::Disengaged(about, hits)
            | What::Lost(about, hits) => Some((about, *hits)),
            _ => self.replaced.as_ref().map(|(about, hits)| (about, *hits)),
        }
    }

    /// The rate limit for its log line, if unprivileged users can cause it.
    fn limit(&self) -> Option<&Limit> {
        match &self.what {
            What::Refused(_, Refusal::Opener | Refusal::Writer, _) => UNPRIVILEGED.as_ref(),
            // Any user can cause modules to be loaded.
            What::Engaged(about, _)
            | What::Observing(about, _)
            | What::ArmedAgain(about, _)
            | What::Failed(about, ..)
            | What::Missing(about)
            | What::LoadRefused(about, _)
            | What::LoadedWithout(about, _)
                if self.origin == Origin::Kernel =>
            {
                Some(about.engagement.limit())
            }
            _ => None,
        }
    }

    fn log(&self) {
        if matches!(self.what, What::Checked(..)) {
            return;
        }
        let mut line = Text::new();
        let reason = self.record().filter(|record| record.errno.is_none());

        // On -ENOMEM there is still the record.
        let _ = match reason.and_then(|record| record.reason) {
            Some(reason) => write!(line, "{} reason=\"{}\"", self.what, Escaped(reason)),
            None => write!(line, "{}", self.what),
        };
        pr_warn!("{}\n", line.as_str());
        if let (Some(name), Some(notes)) = (self.name(), self.notes()) {
            for note in notes.lines() {
                pr_warn!("{name}: {}\n", note.trim_start());
            }
        }
    }

    /// Writes the answer to a request: a line, and indented lines with notes.
    pub(crate) fn answer(&self, answer: &mut Text) {
        // The answer may be incomplete on -ENOMEM; the request was carried out.
        let _ = writeln!(answer, "{}", self.what);
        if let Some(notes) = self.notes() {
            let _ = answer.write_str(notes);
        }
    }

    fn name(&self) -> Option<&str> {
        self.record()?.function
    }

    fn notes(&self) -> Option<&str> {
        match &self.what {
            What::Engaged(_, notes)
            | What::Observing(_, notes)
            | What::Watching(_, _, notes)
            | What::Changed(_, _, notes) => Some(notes.as_str()),
            _ => None,
        }
    }

    /// The audit record, unless the event is only logged.
    fn record(&self) -> Option<Record<&str>> {
        let (request, refusal) = match &self.what {
            What::Engaged(about, _) => (about.request(Operation::Engage), None),
            What::Observing(about, _) => (about.request(Operation::Observe), None),
            What::Watching(about, ..) => (about.request(Operation::TryEngage), None),
            What::Committed(about) => (about.request(Operation::Commit), None),
            What::Aborted(about, ..) => (about.name_only(Operation::Abort), None),
            What::Armed(about, _) | What::ArmedAgain(about, _) => {
                (about.request(Operation::Arm), None)
            }
            What::Disarmed(about, true) => (about.request(Operation::Disarmed), None),
            What::Disarmed(about, false) => (about.request(Operation::Rearmed), None),
            What::Kept(about) => (about.name_only(Operation::Keep), None),
            What::Expired(about, _) => (about.name_only(Operation::Expire), None),
            What::Disengaged(about, _) => (about.name_only(Operation::Disengage), None),
            What::Lost(about, _) => (about.name_only(Operation::Lost), None),
            What::Changed(about, ..) => (
                Request {
                    value: about.value,
                    ..about.name_only(Operation::Retval)
                },
                None,
            ),
            What::NothingEngaged => (Request::of(Operation::DisengageAll), None),
            What::Sealed => (Request::of(Operation::Seal), None),
            What::LockdownLowered => (Request::of(Operation::Lockdown), None),
            What::Refused(request, refusal, _) => (*request, Some(refusal)),
            What::Failed(about, refusal) => (about.request(about.start_operation()), Some(refusal)),
            What::Checked(request, _, refusal) => (*request, refusal.as_ref()),
            What::Missing(_)
            | What::FoundIn(..)
            | What::LoadRefused(..)
            | What::LoadedWithout(..) => return None,
        };
        let lines = match self.what {
            What::Checked(_, lines, _) if lines > 1 => Some(lines),
            _ => None,
        };

        Some(Record {
            operation: request.operation,
            function: request.function,
            value: request.value,
            scope: request.scope,
            condition: request.condition,
            term: request.term,
            reason: request.reason,
            lines,
            totals: self.ended().map(|(about, hits)| Totals {
                hits,
                callers: about.engagement.attribution().all().count(),
                unreported: about.engagement.attribution().unreported(),
            }),
            rule: refusal.and_then(Refusal::rule),
            errno: refusal.map(|refusal| -refusal.errno().to_errno()),
        })
    }
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Engaged(about, _) | What::Committed(about) => {
                write!(f, "engaged {}: it returns {about} without running", about.name())?;
                about.describe_term(f)
            }
            What::Observing(about, _) => {
                write!(
                    f,
                    "observing {}: it runs, and its calls are counted",
                    about.name()
                )?;
                about.describe_term(f)
            }
            What::Watching(about, seconds, _) => {
                write!(
                    f,
                    "watching {} for {seconds} s: if not called, it will return {about}",
                    about.name()
                )?;
                about.describe_term(f)
            }
            What::Aborted(about, calls, Some(seconds)) => write!(
                f,
                "aborted {}: it was called {calls} times in {seconds} s",
                about.name()
            ),
            What::Aborted(about, calls, None) => write!(
                f,
                "aborted {}: its calls can no longer be watched, {calls} were counted",
                about.name()
            ),
            What::Armed(about, found_in) => {
                match about.value {
                    Some(_) => write!(
                        f,
                        "armed {}: when its module is loaded it will return {about} without \
                         running",
                        about.name()
                    ),
                    None => write!(
                        f,
                        "armed {}: when its module is loaded its calls will be counted",
                        about.name()
                    ),
                }?;
                about.describe_term(f)?;
                match found_in {
                    Some(module) => write!(
                        f,
                        " (module {} is loaded and has a function of this name)",
                        module.as_str()
                    ),
                    None => Ok(()),
                }
            }
            What::ArmedAgain(about, hits) => write!(
                f,
                "armed {} again after {hits} hits: its module is unloaded; it will be {} when the \
                 module is loaded again",
                about.name(),
                if about.value.is_some() {
                    "engaged"
                } else {
                    "observed"
                }
            ),
            What::Disarmed(about, true) if about.value.is_none() => write!(
                f,
                "disarmed {}: its probe was disabled, and its calls are NOT counted; check \
                 /sys/kernel/debug/kprobes/enabled, and whether ftrace was killed",
                about.name()
            ),
            What::Disarmed(about, true) => write!(
                f,
                "disarmed {}: its probe was disabled, and it RUNS; check \
                 /sys/kernel/debug/kprobes/enabled, whether it was livepatched, and whether ftrace \
                 was killed",
                about.name()
            ),
            What::Disarmed(about, false) => {
                write!(f, "rearmed {}: its probe is enabled again", about.name())
            }
            What::Kept(about) => {
                write!(f, "kept {}: it no longer expires", about.name())
            }
            What::Expired(about, hits) => write!(
                f,
                "expired {} after {hits} hits: its time limit has passed, and it runs again",
                about.name()
            ),
            What::Disengaged(about, hits) => {
                write!(f, "disengaged {} after {hits} hits", about.name())
            }
            What::Lost(about, hits) => write!(
                f,
                "lost {} after {hits} hits: its module is unloaded",
                about.name()
            ),
            What::Changed(about, true, _) => {
                write!(f, "changed {}: it returns {about}", about.name())
            }
            What::Changed(about, false, _) => {
                write!(f, "changed {}: it will return {about}", about.name())
            }
            What::NothingEngaged => f.write_str("nothing was engaged"),
            What::Sealed => f.write_str("sealed: nothing changes until the next boot"),
            What::LockdownLowered => f.write_str(
                "killswitch.lockdown=confidentiality lowers a protection: functions can be engaged \
                 and released under integrity lockdown",
            ),
            What::Refused(request, refusal, None) => write!(f, "refused {request}: {refusal}"),
            What::Refused(request, refusal, Some(line)) => write!(
                f,
                "refused in line {}: {request}: {refusal}; no line was carried out",
                line + 1
            ),
            What::Failed(about, refusal) => {
                write!(f, "refused {}: {refusal}", about.request(about.start_operation()))
            }
            What::Checked(request, ..) => write!(f, "{request}"),
            What::Missing(about) => write!(
                f,
                "{}: its module is loaded and has no such function; nothing is engaged",
                about.name()
            ),
            What::FoundIn(about, module) => write!(
                f,
                "{}: armed, but module {} has a function of this name; if you mean that one, \
                 engage {1}:{}",
                about.name(),
                module.as_str(),
                about.engagement.target().symbol
            ),
            What::LoadRefused(about, module) => write!(
                f,
                "{0}: module {1} is not loaded without it; disengage {0} to load it anyway",
                about.name(),
                module.as_str()
            ),
            What::LoadedWithout(about, module) => write!(
                f,
                "{}: module {} is loaded WITHOUT it",
                about.name(),
                module.as_str()
            ),
        }
    }
}

impl About {
    fn name(&self) -> &str {
        self.engagement.name()
    }

    /// Reports the callers of the function that are due. Sleeps.
    pub(crate) fn report_calls(&self) {
        let mut index = 0;

        while let Some(caller) = self.engagement.attribution().next_due(&mut index) {
            let about = self.clone();

            // Users can cause these, so they may only use half of the queue.
            if work::defer(work::ROOM / 2, move || about.record_call(&caller)).is_err() {
                audit::lost();
            }
        }
    }

    /// Writes the record of a call in the AVC format, which the audit tools parse. Sleeps as long
    /// as audit waits for room.
    fn record_call(&self, caller: &Caller) {
        if let Some(mut record) = audit::Record::start(false, audit::Type::Access) {
            // As in `Record::write()`.
            let _ = self.fill_call(caller, &mut record);
        }
    }

    fn fill_call(&self, caller: &Caller, record: &mut audit::Record) -> fmt::Result {
        let result = match self.passes_calls {
            false => "denied",
            true => "granted",
        };

        write!(record, "avc:  {result}  {{ call }} for ")?;
        if let Context::Task(task) = &caller.context {
            write!(record, " pid={} comm=", task.pid)?;
            record.untrusted(task.comm());
            let (login, session) = task.login;
            write!(record, " auid={login} ses={session}")?;
        }
        write!(record, " lsm=killswitch {caller} hits={}", caller.calls)?;
        match self.value {
            Some(value) => write!(record, " retval={value}"),
            None => Ok(()),
        }?;
        match caller.context {
            Context::Task(Task { uid, .. }) | Context::User(uid) => {
                write!(record, " scontext=uid:{uid}")
            }
            _ => record.write_str(" scontext=kernel"),
        }?;
        // Function names have no characters that need quoting.
        write!(record, " tcontext={} tclass=function", self.name())
    }

    /// The operation that begins it.
    fn start_operation(&self) -> Operation {
        match self.value {
            Some(_) => Operation::Engage,
            None => Operation::Observe,
        }
    }

    /// Appends the time limit, if there is one.
    fn describe_term(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.term {
            None => Ok(()),
            Some(term) => {
                let seconds = term.left().div_ceil(1000);

                write!(f, "; it expires in {seconds} s")
            }
        }
    }
}

/// The value, the name of the error that it stands for, the scope and the condition.
impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(value) = self.value {
            write!(f, "{value}")?;
            if let Some(name) = value.get().checked_neg().and_then(errno::name) {
                write!(f, " (-{name})")?;
            }
        }
        if self.engagement.scope() == Scope::Nonroot {
            f.write_str(" to all but root")?;
        }
        match self.engagement.condition() {
            Some(condition) => write!(f, " if {condition}"),
            None => Ok(()),
        }
    }
}

/// Totals at the end of an engagement.
#[derive(Clone, Copy)]
struct Totals {
    hits: u64,
    /// The number of callers that were distinguished.
    callers: usize,
    /// The number of reports of calls that were suppressed.
    unreported: u64,
}

/// An audit record, with strings of type `S`.
struct Record<S> {
    operation: Operation,
    function: Option<S>,
    value: Option<Value>,
    scope: Scope,
    condition: Option<S>,
    term: Option<u32>,
    reason: Option<S>,
    lines: Option<usize>,
    totals: Option<Totals>,
    rule: Option<Rule>,
    /// The positive errno, if it was refused.
    errno: Option<i32>,
}

impl Record<&str> {
    fn to_owned(&self) -> Result<Record<Text>> {
        Ok(Record {
            operation: self.operation,
            function: self.function.map(Text::try_from).transpose()?,
            value: self.value,
            scope: self.scope,
            condition: self.condition.map(Text::try_from).transpose()?,
            term: self.term,
            reason: self.reason.map(Text::try_from).transpose()?,
            lines: self.lines,
            totals: self.totals,
            rule: self.rule,
            errno: self.errno,
        })
    }
}

impl<S: AsRef<str>> Record<S> {
    /// Writes it, with the current task as the subject if `of_task`. Sleeps as long as audit waits
    /// for room.
    fn write(&self, of_task: bool) {
        let Some(mut record) = audit::Record::start(of_task, audit::Type::Config) else {
            return;
        };
        // Writing does not fail; a truncated record is reported by audit.
        let _ = self.fill(&mut record, of_task);
    }

    fn fill(&self, record: &mut audit::Record, of_task: bool) -> fmt::Result {
        write!(record, "lsm=killswitch op={}", self.operation)?;
        if let Some(function) = &self.function {
            record.write_str(" func=")?;
            record.untrusted(function.as_ref().as_bytes());
        }
        if let Some(value) = self.value {
            write!(record, " retval={value}")?;
        }
        if self.scope != Scope::All {
            write!(record, " scope={}", self.scope)?;
        }
        if let Some(condition) = &self.condition {
            record.write_str(" if=")?;
            record.untrusted(condition.as_ref().as_bytes());
        }
        if let Some(seconds) = self.term {
            write!(record, " for={seconds}")?;
        }
        if let Some(reason) = &self.reason {
            record.write_str(" reason=")?;
            record.untrusted(reason.as_ref().as_bytes());
        }
        if self.operation == Operation::Lockdown {
            record.write_str(" level=confidentiality")?;
        }
        if let Some(lines) = self.lines {
            write!(record, " lines={lines}")?;
        }
        if let Some(totals) = self.totals {
            write!(record, " hits={} callers={}", totals.hits, totals.callers)?;
            if totals.unreported > 0 {
                write!(record, " left={}", totals.unreported)?;
            }
        }
        if let Some(rule) = self.rule {
            write!(record, " rule={rule}")?;
        }
        match of_task {
            true => record.subject(),
            false => record.no_subject(),
        }
        match self.errno {
            None => record.write_str(" res=1"),
            Some(errno) => write!(record, " res=0 errno={errno}"),
        }
    }
}
