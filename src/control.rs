// SPDX-License-Identifier: GPL-2.0-only

//! The file `control`: what is written to it is authorized, understood and carried out.

use crate::{
    authority::Authority,
    command::{
        self,
        Command, //
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
    security::{
        capability::Opener,
        securityfs::{
            Converse,
            Input, //
        }, //
    },
    text::Text, //
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
    // Whoever may not ask is not told what is wrong with the question.
    let authority = match Authority::of_writer(opener) {
        Ok(authority) => authority,
        Err(refusal) => {
            let line = input.and_then(|input| command::lines(input).next());
            let command = line.and_then(|line| Command::parse(line).ok());
            let request = command.as_ref().map_or(Request::INVALID, Request::from);

            return Err(refuse(request, None, refusal, answer));
        }
    };
    let input = command::whole(input)
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

    let mut registry = registry::lock()?;
    let result = registry.transact(&authority, &commands, answer);
    drop(registry);
    result.map_err(|Failed(line, refusal)| {
        let request = Request::from(&commands[line]);
        refuse(request, several.then_some(line), refusal, answer)
    })
}

/// Tells that the `request` in a line, counted from 0, was refused, and returns its errno.
fn refuse(
    request: Request<'_>,
    line: Option<usize>,
    refusal: Refusal<'_>,
    answer: &mut Text,
) -> Error {
    records::refused(Origin::Task, request, &refusal);
    // Without memory for the answer there is still the errno.
    let _ = match line {
        Some(line) => writeln!(
            answer,
            "refused in line {}: {request}: {refusal}; no line was carried out",
            line + 1
        ),
        None => writeln!(answer, "refused {request}: {refusal}"),
    };
    refusal.errno()
}
