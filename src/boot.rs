// SPDX-License-Identifier: GPL-2.0-only

//! The kernel command line: `killswitch=<target>=<retval>[,...]`, applied before user space starts.
//!
//! An entry that is malformed or refused is told about and skipped; the others still apply.

use crate::{
    authority::Authority,
    command::{
        self,
        Command,
        Malformed,
        Target, //
    },
    records::{
        self,
        Origin,
        Request, //
    },
    refusal::Refusal,
    registry::{
        self,
        Failed, //
    },
    security::boot::CommandLine,
    text::Text, //
};

/// Engages what the command line asks for. Called once.
pub(crate) fn apply(command_line: &CommandLine<'_>) {
    let authority = Authority::of_command_line(command_line);

    for entry in command_line.entries().split(|byte| *byte == b',') {
        if entry.is_empty() {
            continue;
        }
        if let Err((request, refusal)) = apply_entry(&authority, entry) {
            records::refused(Origin::Kernel, request, &refusal);
        }
    }
}

fn apply_entry<'a>(
    authority: &Authority,
    entry: &'a [u8],
) -> Result<(), (Request<'a>, Refusal<'a>)> {
    let command = parse(entry).map_err(|malformed| {
        let request = Request {
            function: core::str::from_utf8(entry).ok(),
            ..Request::INVALID
        };
        (request, malformed.into())
    })?;
    let request = Request::from(&command);

    registry::lock()
        .map_err(Refusal::from)
        .and_then(|mut registry| {
            registry
                .transact(authority, &[command], &mut Text::new())
                .map_err(|Failed(_, refusal)| refusal)
        })
        .map_err(|refusal| (request, refusal))
}

/// Understands `<target>=<retval>`.
fn parse(entry: &[u8]) -> Result<Command<'_>, Malformed<'_>> {
    let entry = core::str::from_utf8(entry).map_err(|_| Malformed::Unprintable)?;
    let (target, value) = entry
        .split_once('=')
        .ok_or(Malformed::Missing("return value"))?;

    Ok(Command::Engage {
        target: Target::parse(target)?,
        value: command::parse_value(value)?,
        reason: None,
    })
}
