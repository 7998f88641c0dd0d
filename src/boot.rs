// SPDX-License-Identifier: GPL-2.0-only

//! The kernel command line, applied before user space starts:
//! `killswitch=<target>=<retval>[,...]`, `killswitch.lockdown=<level>` and `killswitch.seal`.
//!
//! Malformed and refused entries are reported and skipped; the rest still applies.

use crate::{
    authority::{
        Authority,
        Origin, //
    },
    command::{
        self,
        Action,
        Command,
        Engage,
        Malformed,
        Scope,
        Target, //
    },
    event::{
        Event,
        Request,
        What, //
    },
    refusal::Refusal,
    security::{
        boot::CommandLine,
        lockdown::{
            self,
            Level, //
        }, //
    },
    text::Text,
    transaction::{
        self,
        Failed, //
    },
    upkeep, //
};
use core::fmt::Write;
use kernel::{
    prelude::*,
    sync::SetOnce, //
};

/// Errors, as `status` shows them.
static ERRORS: SetOnce<Text> = SetOnce::new();

/// Errors in the command line, one per line.
pub(crate) fn errors() -> &'static str {
    ERRORS.as_ref().map_or("", Text::as_str)
}

/// Applies the command line. Called once.
pub(crate) fn apply(command_line: &CommandLine<'_>) {
    let authority = Authority::of_command_line(command_line);
    let mut errors = Text::new();
    let mut refuse = |request: Request<'_>, refusal: Refusal<'_>| {
        report(What::Refused(request, refusal, None));
        // On -ENOMEM there are still the log and the record.
        let _ = writeln!(errors, "boot-error: {request}: {refusal}");
    };

    for parameter in command_line.parameters() {
        if let Some(entries) = parameter.strip_prefix(b"=") {
            for entry in entries.split(|byte| *byte == b',') {
                if entry.is_empty() {
                    continue;
                }
                match parse(entry) {
                    Ok(command) => {
                        if let Err(refusal) = carry_out(&authority, command) {
                            refuse(Request::from(&command), refusal);
                        }
                    }
                    Err(malformed) => refuse(invalid(entry), malformed.into()),
                }
            }
        } else if let Some(level) = parameter.strip_prefix(b".lockdown=") {
            match level {
                b"integrity" => lockdown::set_threshold(command_line, Level::Integrity),
                b"confidentiality" => {
                    lockdown::set_threshold(command_line, Level::Confidentiality);
                }
                _ => refuse(invalid(parameter), Refusal::BootLevel),
            }
        } else if !is_seal(parameter) {
            refuse(invalid(parameter), Refusal::BootParameter);
        }
    }
    if lockdown::threshold() == Level::Confidentiality {
        report(What::LockdownLowered);
    }
    if command_line.is_incomplete() {
        refuse(Request::INVALID, Refusal::BootTooLong);
    }
    // Seal last, whatever the order of the parameters.
    if command_line.parameters().any(is_seal) {
        if let Err(refusal) = carry_out(&authority, Command::Seal) {
            refuse(Request::from(&Command::Seal), refusal);
        }
    }
    ERRORS.populate(errors);
    upkeep::check_probes();
}

fn is_seal(parameter: &[u8]) -> bool {
    matches!(parameter, b".seal" | b".seal=1")
}

/// A malformed request: `entry`, if it is printable.
fn invalid(entry: &[u8]) -> Request<'_> {
    Request {
        function: command::printable(entry).ok(),
        ..Request::INVALID
    }
}

fn carry_out<'a>(authority: &Authority, command: Command<'a>) -> Result<(), Refusal<'a>> {
    let events =
        transaction::carry_out(authority, &[command]).map_err(|Failed(_, refusal)| refusal)?;

    for (_, event) in events {
        event.report();
    }
    Ok(())
}

fn report(what: What<'_>) {
    let origin = Origin::CommandLine;

    Event::of(origin, what).report();
}

/// Parses `<target>=<retval>`.
fn parse(entry: &[u8]) -> Result<Command<'_>, Malformed<'_>> {
    let entry = command::printable(entry)?;
    let (target, value) = entry
        .split_once('=')
        .ok_or(Malformed::Missing("return value"))?;

    Ok(Command::Engage(Engage {
        target: Target::parse(target)?,
        action: Action::Engage(command::parse_value(value)?),
        scope: Scope::All,
        condition: None,
        term: None,
        reason: None,
    }))
}
