// SPDX-License-Identifier: GPL-2.0-only

//! The file `check`: what would become of a request, and why. Asking changes nothing.

use crate::{
    authority,
    command::{
        self,
        Question, //
    },
    protected::Protected,
    records::{
        self,
        Operation,
        Request, //
    },
    refusal::Refusal,
    registry,
    security::{
        capability::Opener,
        securityfs::{
            Converse,
            Input, //
        }, //
    },
    subject::{
        self,
        Found,
        Subject, //
    },
    text::Text, //
};
use core::fmt::Write;
use kernel::prelude::*;

/// The file `check`.
pub(crate) struct Check;

impl Converse for Check {
    fn answer(opener: &Opener<'_>, input: Input<'_>) -> (Result, KVec<u8>) {
        let mut answer = Text::new();
        let result = answer_all(opener, input, &mut answer);

        (result, answer.into_bytes())
    }
}

fn answer_all(opener: &Opener<'_>, input: Input<'_>, answer: &mut Text) -> Result {
    let refuse = |refusal: Refusal<'_>, answer: &mut Text| {
        let request = Request::of(Operation::Check);

        records::checked(request, Some(&refusal));
        // Without memory for the answer there is still the errno.
        let _ = writeln!(answer, "refused {request}: {refusal}");
        refusal.errno()
    };

    authority::may_ask(opener).map_err(|refusal| refuse(refusal, answer))?;
    let input = command::whole(input).map_err(|malformed| refuse(malformed.into(), answer))?;
    let mut questions = KVec::new();

    for line in command::lines(input) {
        let question =
            Question::parse(line).map_err(|malformed| refuse(malformed.into(), answer))?;
        questions.push(question, GFP_KERNEL)?;
    }
    let mut found = KVVec::new();
    for question in &questions {
        found.push(Subject::find(question.target), GFP_KERNEL)?;
    }
    subject::count_callers(found.iter_mut().flatten())?;
    for (question, found) in questions.into_iter().zip(found) {
        let mut registry = registry::lock()?;

        answer_one(question, found, registry.protected()?, answer)?;
    }
    Ok(())
}

fn answer_one(
    question: Question<'_>,
    found: Result<Found<'_>, Refusal<'_>>,
    protected: &Protected,
    answer: &mut Text,
) -> Result {
    let Question { target, value } = question;
    let asked = Request {
        function: Some(target.name),
        value: Some(value),
        ..Request::of(Operation::Check)
    };
    let kernel = protected.kernel();
    let subject = match &found {
        Ok(Found::Function(subject)) => Some((subject, subject.facts(&kernel))),
        _ => None,
    };
    let verdict = match (&subject, &found) {
        (Some((subject, facts)), _) => subject.judge(facts, value).map(|_| ()),
        (None, Err(refusal)) => Err(*refusal),
        (None, Ok(_)) => Ok(()),
    };
    // Without memory, or killed meanwhile, there is no verdict.
    if let Err(Refusal::Failed(error)) = verdict {
        return Err(error);
    }
    records::checked(asked, verdict.as_ref().err());

    let name = target.name;
    match &verdict {
        Ok(()) => writeln!(answer, "allow {name} {value}"),
        Err(refusal) => match refusal.rule() {
            Some(rule) => writeln!(answer, "refuse {name} {value} {rule}\n  {refusal}"),
            None => writeln!(
                answer,
                "refuse {name} {value} {}\n  {refusal}",
                refusal.errno_name()
            ),
        },
    }
    .map_err(|_| ENOMEM)?;
    if let Some((subject, facts)) = &subject {
        subject.describe(facts, answer).map_err(|_| ENOMEM)?;
        subject.notes(protected, value, answer)?;
    }
    if let Ok(Found::NotLoaded(module)) = found {
        writeln!(
            answer,
            "  note: module {module} is not loaded; it would be armed, and judged when the module \
             is loaded"
        )
        .map_err(|_| ENOMEM)?;
    }
    Ok(())
}
