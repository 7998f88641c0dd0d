// SPDX-License-Identifier: GPL-2.0-only

//! The file `control`: writes to it are authorized, parsed and carried out.

use crate::{
    authority::Authority,
    command::{
        self,
        Command,
        Engage,
        Malformed, //
    },
    event::{
        Event,
        Request,
        What, //
    },
    refusal::Refusal,
    security::{
        capability::Opener,
        securityfs::{
            Converse,
            Input, //
        }, //
    },
    subject,
    text::Text,
    transaction::{
        self,
        Failed, //
    },
    upkeep, //
};
use core::fmt::Write;
use kernel::prelude::*;

/// The file `control`.
pub(crate) struct Control;

impl Converse for Control {
    fn answer(opener: &Opener<'_>, input: Input<'_>) -> (Result, KVec<u8>) {
        let mut answer = Text::new();
        let result = submit(opener, input, &mut answer);

        (result, answer.into_bytes())
    }
}

fn submit(opener: &Opener<'_>, input: Input<'_>, answer: &mut Text) -> Result {
    // Check the authority first: others do not learn what is wrong with a request.
    let authority = match Authority::of_writer(opener) {
        Ok(authority) => authority,
        Err(refusal) => {
            let line = input.and_then(|input| command::lines(input).next());
            let command = line.and_then(|line| Command::parse(line).ok());
            let request = command.as_ref().map_or(Request::INVALID, Request::from);

            return Err(refuse(request, None, refusal, answer));
        }
    };
    let input = command::check_length(input)
        .map_err(|malformed| refuse(Request::INVALID, None, malformed.into(), answer))?;
    let several = command::lines(input).nth(1).is_some();
    let mut commands = KVec::new();

    for (line, text) in command::lines(input).enumerate() {
        Command::parse(text)
            .map_err(Refusal::from)
            .and_then(|command| Ok(commands.push(command, GFP_KERNEL)?))
            .map_err(|refusal| {
                refuse(Request::INVALID, several.then_some(line), refusal, answer)
            })?;
    }

    upkeep::end_expired();
    let events =
        transaction::carry_out(&authority, &commands).map_err(|Failed(line, refusal)| {
            let of_line = |line: usize| Request::from(&commands[line]);
            let request = match line {
                None if several => {
                    // Errors that concern all lines are nearly always those of engaging.
                    let engages = |command: &&Command<'_>| matches!(command, Command::Engage(_));
                    let command = commands.iter().find(engages);

                    Request::of(command.map_or(of_line(0), Request::from).operation)
                }
                _ => of_line(line.unwrap_or(0)),
            };
            let errno = refuse(request, line.filter(|_| several), refusal, answer);

            if let (Refusal::Policy(_), [Command::Engage(engage)]) = (refusal, &commands[..]) {
                if let Some(value) = engage.action.value() {
                    let asked = engage.scope.asks(value);

                    // On -ENOMEM, it is refused without alternatives.
                    let _ = subject::write_alternatives(engage.target, asked, answer);
                }
            }
            if let (
                Refusal::Malformed(Malformed::Condition(_)),
                [Command::Engage(Engage {
                    target,
                    condition: Some(condition),
                    ..
                })],
            ) = (refusal, &commands[..])
            {
                let _ = subject::write_choices(*target, condition, answer);
            }
            errno
        })?;
    Event::report_all(events.iter().map(|(_, event)| event));
    for (line, command) in commands.iter().enumerate() {
        let of_line = || events.iter().filter(|(of, _)| *of == line);

        match (command, of_line().count()) {
            // The answer has one line per command; the log has one per function.
            (Command::DisengageAll, count) if count > 1 => {
                let _ = writeln!(answer, "disengaged {count} functions");
            }
            _ => of_line().for_each(|(_, event)| event.answer(answer)),
        }
    }
    upkeep::check_probes();
    Ok(())
}

/// Reports that `request`, in this line counted from 0, was refused, and returns the errno.
fn refuse(
    request: Request<'_>,
    line: Option<usize>,
    refusal: Refusal<'_>,
    answer: &mut Text,
) -> Error {
    let event = Event::of_task(What::Refused(request, refusal, line));

    event.report();
    event.answer(answer);
    refusal.errno()
}
