// SPDX-License-Identifier: GPL-2.0-only

//! What is told about a decision: one record in the audit log and, but for `check`, a line in the
//! kernel log, with further lines for what else is to be known.
//!
//! The fields and their order are part of the interface, and this is the only place that writes
//! them.

use crate::{
    command::{
        Command,
        Scope, //
    },
    engagement::Engagement,
    policy::Value,
    refusal::Refusal,
    security::audit::Record,
    text::{
        Escaped,
        Text, //
    }, //
};
use core::fmt::{
    self,
    Write, //
};
use kernel::prelude::*;

/// What was decided on. Its [`Display`](fmt::Display) form is the `op=` field, and never changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// To engage a function.
    Engage,
    /// To engage a function if it is not called for a while.
    TryEngage,
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
    /// To end an engagement.
    Disengage,
    /// To end all engagements, when that was refused or there were none.
    DisengageAll,
    /// To make an engaged function return something else.
    Retval,
    /// To end an engagement because its module goes.
    Lost,
    /// To allow no more changes.
    Seal,
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
            Operation::Commit => "commit",
            Operation::Abort => "abort",
            Operation::Arm => "arm",
            Operation::Disarmed => "disarmed",
            Operation::Rearmed => "rearmed",
            Operation::Disengage => "disengage",
            Operation::DisengageAll => "disengage_all",
            Operation::Retval => "retval",
            Operation::Lost => "lost",
            Operation::Seal => "seal",
            Operation::Check => "check",
            Operation::Invalid => "invalid",
        })
    }
}

/// Who made the kernel decide.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The current task.
    Task,
    /// The kernel itself: its command line, a module that comes or goes, time that is over.
    Kernel,
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
            reason: None,
        }
    }

    /// A request that is about `engagement`.
    pub(crate) fn about(operation: Operation, engagement: &'a Engagement) -> Self {
        Self {
            operation,
            function: Some(engagement.name()),
            value: Some(engagement.value()),
            scope: engagement.scope(),
            reason: engagement.reason(),
        }
    }
}

impl<'a> From<&Command<'a>> for Request<'a> {
    fn from(command: &Command<'a>) -> Self {
        match *command {
            Command::Engage(engage) => Self {
                operation: match engage.watch {
                    None => Operation::Engage,
                    Some(_) => Operation::TryEngage,
                },
                function: Some(engage.target.name),
                value: Some(engage.value),
                scope: engage.scope,
                reason: engage.reason,
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
            (Operation::Invalid, None) => return f.write_str("what was written"),
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
        }
    }
}

/// Tells that `request` was carried out; `words` say so to people. May sleep.
pub(crate) fn done(origin: Origin, request: Request<'_>, words: fmt::Arguments<'_>) {
    audit(origin, request, None);
    match request.reason {
        Some(reason) => log(format_args!("{words} reason=\"{}\"", Escaped(reason))),
        None => log(format_args!("{words}")),
    }
}

/// Tells what else is to be known about the engagement of `function`.
pub(crate) fn noted(function: &str, note: fmt::Arguments<'_>) {
    log(format_args!("{function}: {note}"));
}

/// Tells that `request` was refused. May sleep.
pub(crate) fn refused(origin: Origin, request: Request<'_>, refusal: &Refusal<'_>) {
    audit(origin, request, Some(refusal));
    log(format_args!("refused {request}: {refusal}"));
}

/// Tells that the current task asked what would become of `request`. May sleep. The kernel log is
/// for what changes.
pub(crate) fn checked(request: Request<'_>, refusal: Option<&Refusal<'_>>) {
    audit(Origin::Task, request, refusal);
}

fn log(words: fmt::Arguments<'_>) {
    let mut line = Text::new();

    // Without memory for the line there is still the record.
    let _ = line.write_fmt(words);
    pr_warn!("{}\n", line.as_str());
}

fn audit(origin: Origin, request: Request<'_>, refusal: Option<&Refusal<'_>>) {
    let Some(mut record) = Record::start(origin == Origin::Task) else {
        return;
    };
    // A record never fails to take text; it may be truncated, which audit reports itself.
    let _ = fill(&mut record, origin, request, refusal);
}

fn fill(
    record: &mut Record,
    origin: Origin,
    request: Request<'_>,
    refusal: Option<&Refusal<'_>>,
) -> fmt::Result {
    write!(record, "lsm=killswitch op={}", request.operation)?;
    if let Some(function) = request.function {
        record.write_str(" func=")?;
        record.untrusted(function);
    }
    if let Some(value) = request.value {
        write!(record, " retval={value}")?;
    }
    if request.scope != Scope::All {
        write!(record, " scope={}", request.scope)?;
    }
    if let Some(reason) = request.reason {
        record.write_str(" reason=")?;
        record.untrusted(reason);
    }
    if let Some(rule) = refusal.and_then(Refusal::rule) {
        write!(record, " rule={rule}")?;
    }
    match origin {
        Origin::Task => record.subject(),
        Origin::Kernel => record.nobody(),
    }
    let errno = refusal.map_or(0, |refusal| -refusal.errno().to_errno());
    write!(record, " res={} errno={errno}", u8::from(refusal.is_none()))
}
