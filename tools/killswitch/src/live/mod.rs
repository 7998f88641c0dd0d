// SPDX-License-Identifier: GPL-2.0-only

//! The commands for a machine that runs Killswitch.

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

/// Everything was done, or is as it should be.
pub const DONE: u8 = 0;
/// Nothing was done, since the kernel refuses it.
pub const REFUSED: u8 = 1;
/// Killswitch is not there.
pub const NOT_AVAILABLE: u8 = 2;
/// Some of it was done, or is not as it should be.
pub const PARTLY: u8 = 3;

/// What is known of CVEs.
pub trait Knowledge {
    /// What is to be done about `id` on `machine`.
    fn mitigation(&self, machine: &Machine, id: &str) -> Mitigation;

    /// The state of CVEs on `machine`, where this is engaged: of all that are known if it
    /// `is_complete`, and else of those that matter to the machine. Fails with what is wrong with the
    /// catalogue.
    fn report(
        &self,
        machine: &Machine,
        engaged: &[Engagement],
        is_complete: bool,
    ) -> Result<cve::Report, String>;
}

/// What is to be done about a CVE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mitigation {
    /// To write the commands of one of these alternatives, the best first, all of it: `engage
    /// <target> <retval> [<options>]`. What has no reason gets the CVE's name as its reason.
    Engage(Vec<Vec<String>>),
    /// Nothing, for this reason: the kernel has the fix, or is not affected.
    NotNeeded(String),
    /// It is not known what, or there is nothing that could be done, for this reason.
    Unknown(String),
}

/// The exit status, by whether there is something that was done, and something that was refused.
pub fn outcome(is_some_done: bool, is_some_refused: bool) -> u8 {
    match (is_some_done, is_some_refused) {
        (_, false) => DONE,
        (true, true) => PARTLY,
        (false, true) => REFUSED,
    }
}

/// What can be done on a machine that runs.
#[derive(Subcommand)]
pub enum Command {
    /// Ask whether functions could be engaged, and what there is to know about them
    ///
    /// A request is a function and a value: af_alg_sendmsg -EPERM [scope=...] [if=...]. Nothing is
    /// changed. The status is 0 if all are allowed, 3 if some are, and 1 if none is.
    Check {
        #[command(flatten)]
        requests: Requests,
        #[command(flatten)]
        which: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make functions return a value without running: all of them, or none
    ///
    /// A request is a function and a value, and may have the options of the file control:
    /// af_alg_sendmsg -EPERM [scope=...] [if=...] [for=...] [reason=...].
    Engage {
        #[command(flatten)]
        requests: Requests,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        term: Term,
        /// Engage them only if they are not called for this time, such as 1h
        #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
        unless_called: Option<Duration>,
        #[command(flatten)]
        how: How,
    },
    /// Count the calls of functions, which run
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
    /// Have engagements stay that would end by themselves
    Keep {
        #[command(flatten)]
        requests: Requests,
        #[command(flatten)]
        how: How,
    },
    /// Release functions: all that are named, or none
    Disengage {
        #[command(flatten)]
        requests: Requests,
        /// Release everything
        #[arg(long, conflicts_with_all = ["words", "file"])]
        all: bool,
        #[command(flatten)]
        how: How,
    },
    /// Release what is engaged for a reason, such as a CVE
    ///
    /// Releases what is engaged by a name, and what has the name as a word of its reason, in one
    /// write. The status is 3 if nothing is for some of the names.
    Lift {
        /// A function, or a word of a reason, such as CVE-2026-31431
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        #[command(flatten)]
        how: How,
    },
    /// Have nothing be changed any more until the next boot
    Seal {
        /// Do it. Without this, a terminal is asked for it
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        how: How,
    },
    /// Show what is engaged, and what does not work
    ///
    /// The status is 3 if something is disarmed, missing, was refused at boot, or is older than
    /// --max-age, or, with --cve, if a CVE is open.
    Status(status::Options),
    /// Show calls as they come, and changes of what is engaged
    Watch(watch::Options),
    /// Show who calls a function that is engaged, and what the audit log has about it
    Why(why::Options),
    /// Engage what the files of a directory say, as the unit does at boot
    ///
    /// Reads DIRECTORY/*.conf in the order of their names. A line is the command engage of the file
    /// control, or "mitigate" and a CVE; empty lines, and lines that begin with #, are left out. A
    /// file is a transaction: all of it is engaged, or nothing. What is engaged already gets the
    /// value that the file says; its scope, condition and reason stay as they are. Nothing is
    /// disengaged. A CVE of which the kernel has the fix is skipped. A file that others than root
    /// can change is refused. The status is 0 if everything is engaged or armed, 1 if nothing is,
    /// and 3 if something is not.
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

/// What to say if Killswitch is not there.
fn unavailable() -> String {
    format!(
        "there is no {KILLSWITCH}/control; has the kernel CONFIG_SECURITY_KILLSWITCH, is \
         securityfs mounted, and is killswitch in lsm=?"
    )
}

/// Carries out a command, and returns the exit status. Fails if it could not be tried.
pub fn run(
    command: &Command,
    machine: &Machine,
    knowledge: &dyn Knowledge,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    let plain = &request::options(&Which::default(), &Term::default());

    match command {
        // It makes a difference whether there is anything to engage.
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
                    "after this, nothing can be engaged or released until the next boot; say \
                     --yes if you mean it",
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

/// Carries out lines of `control`, or says what would come of it.
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

/// Releases what is engaged by these names, or for these reasons.
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
                "nothing is engaged by the name or reason {name}{}",
                state::meant(&engaged, name)
            ))?;
            is_whole = false;
        }
        for it in found {
            let line = format!("disengage {}", it.target);

            // Two names can mean the same.
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
