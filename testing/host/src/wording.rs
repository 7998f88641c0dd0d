// SPDX-License-Identifier: GPL-2.0-only

//! Requests of the [model](crate::model), as text and as audit records.

use kernel::error::Error;

/// A request to engage or observe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) target: &'static str,
    /// `None` to observe.
    pub(crate) value: Option<i64>,
    /// The seconds to watch it before.
    pub(crate) watch: Option<u32>,
    pub(crate) nonroot: bool,
    /// The time limit in seconds.
    pub(crate) term: Option<u32>,
    pub(crate) reason: Option<&'static str>,
}

/// A line for `control`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Line {
    Engage(Wanted),
    Keep(&'static str),
    Disengage(&'static str),
    DisengageAll,
    Seal,
    /// A malformed line, with its errno.
    Bad(&'static str, Error),
}

/// The origin of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Task,
    /// The command line, a module, or time.
    Kernel,
}

/// The reason for a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) errno: Error,
    pub(crate) rule: Option<&'static str>,
}

/// `something` after these words, if there is something.
fn with(words: &str, something: Option<impl ToString>) -> String {
    something.map_or(String::new(), |it| format!("{words}{}", it.to_string()))
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

impl Wanted {
    /// An engagement with default options.
    pub(crate) fn new(target: &'static str, value: i64) -> Self {
        Self {
            target,
            value: Some(value),
            watch: None,
            nonroot: false,
            term: None,
            reason: None,
        }
    }

    /// The module, if there is one.
    pub(crate) fn module(&self) -> Option<&'static str> {
        self.target.split_once(':').map(|(module, _)| module)
    }

    pub(crate) fn symbol(&self) -> &'static str {
        self.target.rsplit(':').next().unwrap_or_default()
    }

    pub(crate) fn scope(&self) -> &'static str {
        if self.nonroot {
            "nonroot"
        } else {
            "all"
        }
    }

    fn verb(&self) -> &'static str {
        match (self.value, self.watch) {
            (None, _) => "observe",
            (_, None) => "engage",
            (_, Some(_)) => "tryengage",
        }
    }

    /// The fields in its record.
    pub(crate) fn fields(&self) -> String {
        function(self.target)
            + &with(" retval=", self.value)
            + &with(" scope=", self.nonroot.then_some("nonroot"))
            + &with(" for=", self.term)
            + &with(" reason=", self.reason.map(quoted))
    }

    /// The return value, as shown in files.
    pub(crate) fn returned(&self) -> String {
        self.value
            .map_or(String::from("none"), |value| value.to_string())
    }

    /// Its line in `engaged`.
    pub(crate) fn line(
        &self,
        state: &str,
        hits: u64,
        callers: usize,
        left: Option<i64>,
        found_in: Option<&str>,
    ) -> String {
        let (target, value, scope) = (self.target, self.returned(), self.scope());

        format!("{target} retval={value} hits={hits} state={state} scope={scope}")
            + &with(" timeout_left=", left)
            + &with(" found_in=", found_in)
            + &with(" callers=", (callers > 0).then_some(callers))
            + &with(" reason=", self.reason.map(quoted))
            + "\n"
    }
}

/// The fields that identify a task of this user as a caller.
pub(crate) fn caller(uid: usize) -> String {
    format!("context=task uid={uid} dev=00:00 ino=0 cgroup=1 from=0")
}

/// The field of a record with a function.
pub(crate) fn function(target: &str) -> String {
    with(" func=", Some(quoted(target)))
}

impl Line {
    /// As text.
    pub(crate) fn text(&self) -> String {
        match self {
            Line::Engage(wanted) => {
                format!("{} {}", wanted.verb(), wanted.target)
                    + &with(" ", wanted.value)
                    + &with(" ", wanted.watch)
                    + &with(" scope=", Some(wanted.scope()))
                    + &with(" for=", wanted.term)
                    + &with(" reason=", wanted.reason)
            }
            Line::Keep(target) => format!("keep {target}"),
            Line::Disengage(target) => format!("disengage {target}"),
            Line::DisengageAll => String::from("disengage_all"),
            Line::Seal => String::from("seal"),
            Line::Bad(text, _) => String::from(*text),
        }
    }

    /// The operation, and the other fields of its record.
    pub(crate) fn fields(&self) -> (&'static str, String) {
        match self {
            Line::Engage(wanted) => (wanted.verb(), wanted.fields()),
            Line::Keep(target) => ("keep", function(target)),
            Line::Disengage(target) => ("disengage", function(target)),
            Line::DisengageAll => ("disengage_all", String::new()),
            Line::Seal => ("seal", String::new()),
            Line::Bad(..) => ("invalid", String::new()),
        }
    }
}

/// A record.
pub(crate) fn record(by: By, operation: &str, fields: &str, result: Result<(), Refused>) -> String {
    let (before, who) = match by {
        By::Task => ("event: ", "task"),
        By::Kernel => ("", "kernel"),
    };
    let rule = with(" rule=", result.err().and_then(|refused| refused.rule));
    let errno = with(
        " errno=",
        result.err().map(|refused| -refused.errno.to_errno()),
    );
    let done = u8::from(result.is_ok());

    format!("{before}lsm=killswitch op={operation}{fields}{rule} {who} res={done}{errno}")
}
