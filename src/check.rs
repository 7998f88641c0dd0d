// SPDX-License-Identifier: GPL-2.0-only

//! The file `check`: the verdict on a request, with the reason. It changes nothing.

use crate::{
    authority,
    command::{
        self,
        Question, //
    },
    event::{
        Event,
        Operation,
        Request,
        What, //
    },
    protected,
    refusal::Refusal,
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

        report(request, 1, Some(refusal));
        // On -ENOMEM there is still the errno.
        let _ = writeln!(answer, "refused {request}: {refusal}");
        refusal.errno()
    };

    authority::may_ask(opener).map_err(|refusal| refuse(refusal, answer))?;
    let input =
        command::check_length(input).map_err(|malformed| refuse(malformed.into(), answer))?;
    let mut questions = KVec::new();

    for line in command::lines(input) {
        let question =
            Question::parse(line).map_err(|malformed| refuse(malformed.into(), answer))?;
        questions
            .push(question, GFP_KERNEL)
            .map_err(|error| refuse(error.into(), answer))?;
    }
    let found = find_all(&questions).map_err(|error| refuse(error.into(), answer))?;

    // One record for all questions, so that they cannot flood the audit log. It names the first
    // that is refused, or else the first.
    let mut named: Option<(Request<'_>, Option<Refusal<'_>>)> = None;
    let mut result = Ok(());
    for (question, found) in questions.iter().zip(found) {
        let verdict = match answer_one(*question, found, questions.len() == 1, answer) {
            Ok(verdict) => verdict.err(),
            Err(error) => {
                result = Err(error);
                Some(error.into())
            }
        };

        if named.is_none_or(|(_, refusal)| refusal.is_none() && verdict.is_some()) {
            let request = Request {
                function: Some(question.target.name),
                value: Some(question.value),
                scope: question.scope,
                condition: question.condition,
                ..Request::of(Operation::Check)
            };

            named = Some((request, verdict));
        }
        if result.is_err() {
            break;
        }
    }
    if let Some((request, refusal)) = named {
        report(request, questions.len(), refusal);
    }
    result
}

/// Finds the functions. Sleeps. Fails with ENOMEM, and with EINTR if the task was killed.
fn find_all<'a>(questions: &[Question<'a>]) -> Result<KVVec<Result<Found<'a>, Refusal<'a>>>> {
    let mut found = KVVec::new();

    for question in questions {
        found.push(Subject::find(question.target), GFP_KERNEL)?;
    }
    subject::find_callers(found.iter_mut().flatten())?;
    Ok(found)
}

fn report(request: Request<'_>, lines: usize, refusal: Option<Refusal<'_>>) {
    Event::of_task(What::Checked(request, lines, refusal)).report();
}

/// Answers one question, and returns the verdict. A question that `is_alone` is also answered with
/// alternatives, which take as long as a hundred other questions. Fails with ENOMEM, and with EINTR
/// if the task was killed.
fn answer_one<'a>(
    question: Question<'a>,
    found: Result<Found<'a>, Refusal<'a>>,
    is_alone: bool,
    answer: &mut Text,
) -> Result<Result<(), Refusal<'a>>> {
    let Question {
        target,
        value,
        scope,
        condition,
    } = question;
    let asked = scope.asks(value);
    let protected = protected::in_this_kernel()?;
    let kernel = protected.kernel();
    let subject = match &found {
        Ok(Found::Function(subject)) => Some((subject, subject.facts(&kernel))),
        _ => None,
    };
    let verdict = match (&subject, &found) {
        (Some((subject, facts)), _) => subject.judge(facts, Some(value), scope).map(drop),
        (None, Err(refusal)) => Err(*refusal),
        (None, Ok(Found::NotLoaded(module))) => {
            subject::judge_unloaded(module, target, Some(value), scope)
        }
        (None, Ok(Found::Function(_))) => Ok(()),
    };
    // What the condition resolves to, or the valid choices.
    let mut resolved = Text::new();
    let verdict = verdict.and_then(|()| match (&subject, condition) {
        (Some((subject, _)), Some(text)) => {
            let mut choices = Text::new();
            let mut is_written = true;
            let result = subject.function()?.compile(text, &mut choices, &mut |it| {
                is_written &= writeln!(resolved, "  if: {it}").is_ok();
            });

            if !is_written {
                return Err(ENOMEM.into());
            }
            resolved.write_str(choices.as_str()).map_err(|_| ENOMEM)?;
            result
        }
        _ => Ok(()),
    });
    if let Err(Refusal::Failed(error)) = verdict {
        return Err(error);
    }

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
        answer.write_str(resolved.as_str()).map_err(|_| ENOMEM)?;
        subject.notes(Some(value), answer)?;
        if is_alone && verdict.is_err() {
            subject.alternatives(facts, asked, answer)?;
        }
    }
    if let Ok(Found::NotLoaded(module)) = found {
        writeln!(
            answer,
            "  note: module {module} is not loaded, so only names were judged; it is judged again \
             when the module is loaded"
        )
        .map_err(|_| ENOMEM)?;
    }
    Ok(verdict)
}
