// SPDX-License-Identifier: GPL-2.0-only

//! The commands for a machine with Killswitch.

pub mod apply;
mod metrics;
pub mod request;
mod screen;
pub mod state;
pub mod status;
pub mod watch;
pub mod why;

#[cfg(test)]
mod tests;

pub use self::{request::arguments, screen::Screen};

use self::{
    request::{How, Kind, Requests, Term, Which},
    state::Engagement,
};
use crate::{
    cve,
    machine::{Machine, KILLSWITCH},
};
use clap::Subcommand;
use std::{
    error::Error,
    io::{self, IsTerminal},
    time::Duration,
};

/// Success, or no problem was found.
pub const DONE: u8 = 0;
/// The kernel refused everything.
pub const REFUSED: u8 = 1;
/// Killswitch is not active.
pub const NOT_AVAILABLE: u8 = 2;
/// Partial success, or a problem was found.
pub const PARTLY: u8 = 3;

/// Knowledge about CVEs.
pub trait Knowledge {
    /// The mitigation of `id` on `machine`.
    fn mitigation(&self, machine: &Machine, id: &str) -> Mitigation;

    /// The states of CVEs on `machine` with these engagements: of all known CVEs if it
    /// `is_complete`, or else of those relevant to the machine. Fails with the problems in the
    /// catalogue.
    fn report(
        &self,
        machine: &Machine,
        engaged: &[Engagement],
        is_complete: bool,
    ) -> Result<cve::Report, String>;
}

/// The mitigation of a CVE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mitigation {
    /// Alternatives, the best first. All commands of one are written together: `engage <target>
    /// <retval> [<options>]`. If a command has no reason, the CVE's name is added as its reason.
    Engage {
        /// Those that close it.
        own: Vec<Vec<String>>,
        /// The ways into its source files, which may leave another way to the flaw.
        doors: Vec<Vec<String>>,
    },
    /// Not needed, for this reason: the kernel has the fix, or is not affected.
    NotNeeded(String),
    /// Unknown or unavailable, for this reason.
    Unknown(String),
}

/// The exit status after successes and refusals.
pub fn outcome(is_some_done: bool, is_some_refused: bool) -> u8 {
    match (is_some_done, is_some_refused) {
        (_, false) => DONE,
        (true, true) => PARTLY,
        (false, true) => REFUSED,
    }
}

/// The commands for a running machine.
#[derive(Subcommand)]
pub enum Command {
    /// Check whether functions could be engaged, and print what is known about them
    ///
    /// A request is a function and a value: af_alg_sendmsg -EPERM [scope=...] [if=...]. Changes
    /// nothing. The status is 0 if all are allowed, 3 if some are, and 1 if none is.
    Check {
        #[command(flatten)]
        requests: Requests,
        #[command(flatten)]
        which: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Engage functions, all or none: they return a value without running
    ///
    /// A request is a function and a value, with any options of the file control: af_alg_sendmsg
    /// -EPERM [scope=...] [if=...] [for=...] [reason=...].
    Engage {
        #[command(flatten)]
        requests: Requests,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        term: Term,
        /// Engage functions if they are not called for this time, such as 1h
        #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
        unless_called: Option<Duration>,
        #[command(flatten)]
        how: How,
    },
    /// Count the calls of functions, which still run
    Observe {
        #[command(flatten)]
        requests: Requests,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        term: Term,
        #[command(flatten)]
        how: How,
    },
    /// Remove the time limit of engagements
    Keep {
        #[command(flatten)]
        requests: Requests,
        #[command(flatten)]
        how: How,
    },
    /// Release functions, all or none
    Disengage {
        #[command(flatten)]
        requests: Requests,
        /// Release everything
        #[arg(long, conflicts_with_all = ["words", "file"])]
        all: bool,
        #[command(flatten)]
        how: How,
    },
    /// Release everything that is engaged for a reason, such as a CVE
    ///
    /// Releases engagements by the name of their function, and by words of their reason, in one
    /// write. The status is 3 if some of the names match nothing.
    Lift {
        /// A function, or a word of a reason, such as CVE-2026-31431
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        #[command(flatten)]
        how: How,
    },
    /// Prevent all changes until the next boot
    Seal {
        /// Do not ask for confirmation on a terminal
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        how: How,
    },
    /// Show engagements and problems
    ///
    /// The status is 3 if an engagement is disarmed, missing, was refused at boot, or is older than
    /// --max-age, or, with --cve, if a CVE is open.
    Status(status::Options),
    /// Show calls and changes of engagements as they happen
    Watch(watch::Options),
    /// Show the callers of an engaged function, and its records in the audit log
    Why(why::Options),
    /// Engage the commands in the files of a directory, as the unit does at boot
    ///
    /// Reads DIRECTORY/*.conf in the order of their names. A line is the command engage of the file
    /// control, or "mitigate" and a CVE; empty lines, and lines that begin with #, are ignored. A
    /// file is a transaction: all of it is engaged, or nothing. If a function is already engaged,
    /// its value is set to the one in the file, and its time limit is removed if the file has none;
    /// its scope, condition and reason are not changed. Nothing is disengaged. A CVE is skipped if
    /// the kernel has the fix. Files and directories that users other than root can change are
    /// refused. The status is 0 if everything is engaged or armed, 1 if nothing is, 2 if DIRECTORY
    /// cannot be read, and 3 if something is not, or stops fewer calls than the file asks for.
    Apply(apply::Options),
}

/// The kinds of requests.
const CHECK: Kind = kind("", 1);
const ENGAGE: Kind = kind("engage", 1);
const TRY_ENGAGE: Kind = kind("tryengage", 1);
const OBSERVE: Kind = kind("observe", 0);
const KEEP: Kind = kind("keep", 0);
const DISENGAGE: Kind = kind("disengage", 0);

const fn kind(verb: &'static str, operands: usize) -> Kind {
    Kind { verb, operands }
}

/// The error if Killswitch is not active.
fn unavailable() -> String {
    format!(
        "there is no {KILLSWITCH}/control; check that the kernel has CONFIG_SECURITY_KILLSWITCH, \
         that securityfs is mounted, and that lsm= contains killswitch"
    )
}

/// Runs a command, and returns the exit status. Fails if it could not be attempted.
pub fn run(
    command: &Command,
    machine: &Machine,
    knowledge: &dyn Knowledge,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    let plain = &request::options(&Which::default(), &Term::default());

    match command {
        // An empty directory needs no kernel support.
        Command::Apply(options) => apply::apply(machine, options, knowledge, screen),
        _ if !machine.has(&format!("{KILLSWITCH}/status")) => {
            screen.problem(unavailable())?;
            Ok(NOT_AVAILABLE)
        }
        Command::Check {
            requests,
            which,
            json,
        } => {
            let options = request::options(which, &Term::default());
            let questions = requests.lines(CHECK, None, &options)?;

            request::Asked::of(machine, &questions).show(*json, screen)
        }
        Command::Engage {
            requests,
            which,
            term,
            unless_called,
            how,
        } => {
            let options = request::options(which, term);
            let seconds = unless_called.map(|time| time.as_secs().to_string());
            let kind = match seconds {
                Some(_) => TRY_ENGAGE,
                None => ENGAGE,
            };

            change(
                machine,
                &requests.lines(kind, seconds.as_deref(), &options)?,
                *how,
                screen,
            )
        }
        Command::Observe {
            requests,
            which,
            term,
            how,
        } => {
            let options = request::options(which, term);

            change(
                machine,
                &requests.lines(OBSERVE, None, &options)?,
                *how,
                screen,
            )
        }
        Command::Keep { requests, how } => {
            change(machine, &requests.lines(KEEP, None, plain)?, *how, screen)
        }
        Command::Disengage { all: true, how, .. } => {
            change(machine, &["disengage_all".into()], *how, screen)
        }
        Command::Disengage { requests, how, .. } => change(
            machine,
            &requests.lines(DISENGAGE, None, plain)?,
            *how,
            screen,
        ),
        Command::Lift { names, how } => lift(machine, names, *how, screen),
        Command::Seal { yes, how } => {
            if !yes && !how.dry_run && io::stdin().is_terminal() {
                screen.problem(
                    "after this, nothing can be engaged or released until the next boot; confirm \
                     with --yes",
                )?;
                return Ok(REFUSED);
            }
            change(machine, &["seal".into()], *how, screen)
        }
        Command::Status(options) => status::show(machine, options, knowledge, screen),
        Command::Watch(options) => watch::watch(machine, options, screen),
        Command::Why(options) => why::show(machine, options, screen),
    }
}

/// Writes lines to `control`, or prints what would happen.
fn change(
    machine: &Machine,
    lines: &[String],
    how: How,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    match how.dry_run {
        true => request::rehearse(machine, lines, how.json, screen),
        false => request::write(machine, lines, how.json, screen),
    }
}

/// Releases engagements by these names or reasons.
fn lift(
    machine: &Machine,
    names: &[String],
    how: How,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    let engaged = state::engaged(machine)?;
    let mut lines = Vec::new();
    let mut is_whole = true;

    for name in names {
        let mut found = engaged
            .iter()
            .filter(|it| it.target == *name || it.is_because_of(name))
            .peekable();

        if found.peek().is_none() {
            screen.problem(format_args!(
                "nothing is engaged by the name or for the reason {name}{}",
                state::meant(&engaged, name)
            ))?;
            is_whole = false;
        }
        for it in found {
            let line = format!("disengage {}", it.target);

            // Two names can match the same engagement.
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    if lines.is_empty() {
        return Ok(REFUSED);
    }
    match change(machine, &lines, how, screen)? {
        DONE if !is_whole => Ok(PARTLY),
        status => Ok(status),
    }
}
