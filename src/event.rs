// SPDX-License-Identifier: GPL-2.0-only

//! What was decided, as one value, and the only place that words it: in a record of the audit log,
//! in a line of the kernel log, and in the answer to the one who asked.
//!
//! The fields of records and their order are part of the interface.

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

/// The lines about those who are not allowed to do what they try.
static UNPRIVILEGED: SetOnce<Limit> = SetOnce::new();

/// Prepares for reports. Called once.
pub(crate) fn create() -> Result {
    UNPRIVILEGED.populate(Limit::new(5, 10)?);
    Ok(())
}

/// What was decided on. Its [`Display`](fmt::Display) form is the `op=` field, and never changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// To engage a function.
    Engage,
    /// To engage a function if it is not called for a while.
    TryEngage,
    /// To count the calls of a function.
    Observe,
    /// To engage a function that was not called meanwhile.
    Commit,
    /// Not to engage a function that was called meanwhile.
    Abort,
    /// To engage a function when its module is loaded.
    Arm,
    /// That something switched the probe of an engagement off.
    Disarmed,
    /// That it is on again.
    Rearmed,
    /// That an engagement shall not end by itself.
    Keep,
    /// To end an engagement because its time is over.
    Expire,
    /// To end an engagement.
    Disengage,
    /// To end all engagements, when that was refused or there were none.
    DisengageAll,
    /// To make an engaged function return something else.
    Retval,
    /// To end an engagement because its module is unloaded.
    Lost,
    /// To allow no more changes.
    Seal,
    /// To allow changes at a level of lockdown at which they are refused otherwise.
    Lockdown,
    /// To say what would become of engaging a function.
    Check,
    /// What it was is not understood.
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

/// A request, as records show it. Its [`Display`](fmt::Display) form is the request in words.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    /// What was asked for.
    pub(crate) operation: Operation,
    /// The function that it is about, as it was named, or what is not understood.
    pub(crate) function: Option<&'a str>,
    /// The value that it shall return.
    pub(crate) value: Option<Value>,
    /// Whose calls it shall be returned to.
    pub(crate) scope: Scope,
    /// Which of these calls, if not all.
    pub(crate) condition: Option<&'a str>,
    /// After how many seconds it shall end by itself.
    pub(crate) term: Option<u32>,
    /// Why.
    pub(crate) reason: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A request that is not understood.
    pub(crate) const INVALID: Request<'static> = Request::of(Operation::Invalid);

    /// A request of which nothing is known yet but what is to be done.
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

/// An engagement, and the value that its function returned at that moment, unless it was only
/// observed.
#[derive(Clone)]
pub(crate) struct About {
    pub(crate) engagement: Arc<Engagement>,
    pub(crate) value: Option<Value>,
    term: Option<Term>,
    /// Whether calls ran the function.
    passes_calls: bool,
}

impl About {
    /// All that a record says of it.
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

    /// The little that a record says of what has ended or changed.
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

/// What was decided, with what else is to be known.
pub(crate) enum What<'a> {
    /// The function returns the value. There are notes, one line each.
    Engaged(About, Text),
    /// Its calls are counted, and run it. There are notes, one line each.
    Observing(About, Text),
    /// It will if it is not called for so many seconds. There are notes, one line each.
    Watching(About, u32, Text),
    /// It was not called, and returns the value.
    Committed(About),
    /// Its calls were so many in so many seconds, or could not be counted to the end.
    Aborted(About, u64, Option<u32>),
    /// It will return the value when its module is loaded. A loaded module of this name has one.
    Armed(About, Option<Arc<Text>>),
    /// The same, because its module is unloaded, after so many hits.
    ArmedAgain(About, u64),
    /// Its probe is off, or on again.
    Disarmed(About, bool),
    /// It does not end by itself any more.
    Kept(About),
    /// It runs again, because its time is over, after so many hits.
    Expired(About, u64),
    /// It runs again, after so many hits.
    Disengaged(About, u64),
    /// The same, because its module is unloaded.
    Lost(About, u64),
    /// It returns another value, or will. There are notes, one line each.
    Changed(About, bool, Text),
    /// There was nothing to end.
    NothingEngaged,
    /// Nothing changes any more.
    Sealed,
    /// Changes are allowed at integrity lockdown.
    LockdownLowered,
    /// The request was refused, in this line of several, counted from 0.
    Refused(Request<'a>, Refusal<'a>, Option<usize>),
    /// The same of an engagement that the kernel itself wanted to begin.
    Failed(About, Refusal<'a>),
    /// Questions in so many lines were answered. The first that was refused was so, or else the
    /// first.
    Checked(Request<'a>, usize, Option<Refusal<'a>>),
    /// Its module is loaded and has no such function.
    Missing(About),
    /// A module of this name has a function of this name.
    FoundIn(About, Arc<Text>),
    /// This module is not loaded because of it.
    LoadRefused(About, Text),
    /// This module is loaded without it.
    LoadedWithout(About, Text),
}

impl What<'_> {
    /// An engagement begins, or only an observation. There are notes, one line each.
    pub(crate) fn engaged(about: About, notes: Text) -> Self {
        match about.value {
            Some(_) => What::Engaged(about, notes),
            None => What::Observing(about, notes),
        }
    }
}

/// Something that was decided.
pub(crate) struct Event<'a> {
    /// What made the kernel decide.
    pub(crate) origin: Origin,
    /// What it decided.
    pub(crate) what: What<'a>,
    /// The observation that an engagement took the place of, and how many calls it counted.
    pub(crate) replaced: Option<(About, u64)>,
}

impl<'a> Event<'a> {
    /// One that the current task caused.
    pub(crate) fn of_task(what: What<'a>) -> Self {
        Self::of(Origin::Task, what)
    }

    /// One that the kernel itself caused.
    pub(crate) fn of_kernel(what: What<'a>) -> Self {
        Self::of(Origin::Kernel, what)
    }

    /// One with that origin.
    pub(crate) fn of(origin: Origin, what: What<'a>) -> Self {
        Self {
            origin,
            what,
            replaced: None,
        }
    }

    /// Writes the line of the kernel log and the record of the audit log.
    ///
    /// Sleeps if a task caused it, for as long as audit waits for room. Other records are written
    /// later, in their order, and nothing waits for them.
    pub(crate) fn report(&self) {
        Self::report_all(core::iter::once(self));
    }

    /// The same for several, in the order in which they were decided.
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
        // What users can cause does not take the room of everything else.
        let room = match self.limit() {
            Some(_) => work::ROOM / 2,
            None => work::ROOM,
        };

        if self.origin == Origin::Task {
            // What was decided earlier is recorded earlier, unless audit makes it wait for long.
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

    /// What does not take calls any more, or not for now, and how many it took or counted.
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

    /// What keeps others than administrators from filling the kernel log with it.
    fn limit(&self) -> Option<&Limit> {
        match &self.what {
            What::Refused(_, Refusal::Opener | Refusal::Writer, _) => UNPRIVILEGED.as_ref(),
            // Any user may have a module loaded, by asking for what it has.
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

        // Without memory for the line there is still the record.
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

    /// Writes the answer to the one who asked: a line, and lines with notes, which are indented.
    pub(crate) fn answer(&self, answer: &mut Text) {
        // Without memory for the answer, what was done is done all the same.
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

    /// What the audit log says of it, if it says anything.
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

    /// Reports who calls the function, as far as that is due. Sleeps.
    pub(crate) fn report_calls(&self) {
        let mut index = 0;

        while let Some(caller) = self.engagement.attribution().next_due(&mut index) {
            let about = self.clone();

            // What users can cause does not take the room of everything else.
            if work::defer(work::ROOM / 2, move || about.record_call(&caller)).is_err() {
                audit::lost();
            }
        }
    }

    /// Writes the record of a call, as the audit tools expect it of what is denied. Sleeps, for as
    /// long as audit waits for room.
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
        // A name of a function has no character that would have to be quoted.
        write!(record, " tcontext={} tclass=function", self.name())
    }

    /// What it is to begin it.
    fn start_operation(&self) -> Operation {
        match self.value {
            Some(_) => Operation::Engage,
            None => Operation::Observe,
        }
    }

    /// Writes when it ends by itself, if it does, behind what it does until then.
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

/// The value, with the name of the error that it stands for, if it does, and who gets it.
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

/// What is known of the calls in the end.
#[derive(Clone, Copy)]
struct Totals {
    hits: u64,
    /// How many callers could be distinguished.
    callers: usize,
    /// For how many records of calls there was no room.
    unreported: u64,
}

/// A record of the audit log, with its strings in `S`.
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
    /// Why it failed, as a positive number, if it did.
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
    /// Writes it, with the current task as the subject or none. Sleeps, for as long as audit waits
    /// for room.
    fn write(&self, of_task: bool) {
        let Some(mut record) = audit::Record::start(of_task, audit::Type::Config) else {
            return;
        };
        // A record never fails to take text; it may be truncated, which audit reports itself.
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
