// SPDX-License-Identifier: GPL-2.0-only

//! `apply`: engages the commands in the files of a directory, at boot and when the unit is
//! reloaded.

use super::{
    outcome, request,
    request::Asked,
    screen::Screen,
    state::{self, words, Engagement},
    unavailable, Knowledge, Mitigation, DONE, NOT_AVAILABLE, PARTLY,
};
use crate::{
    catalogue::is_cve,
    command::{Command, Engage},
    machine::{Machine, Reply, KILLSWITCH},
    policy::Value,
};
use clap::{Args, ValueHint};
use serde::Serialize;
use std::{error::Error, io, path};

/// The default directory.
const DIRECTORY: &str = "/etc/killswitch.d";

/// The files, and how to apply them.
#[derive(Args, Clone)]
pub struct Options {
    /// The directory
    #[arg(
        value_name = "DIRECTORY",
        default_value = DIRECTORY,
        value_hint = ValueHint::DirPath
    )]
    directory: String,
    /// Change nothing: print what would be written, and the verdicts
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The answer of `killswitch apply --json`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Applied {
    /// The directory of the files.
    directory: String,
    /// Whether this was a dry run.
    dry_run: bool,
    outcome: Outcome,
    /// Why nothing was attempted.
    error: Option<String>,
    files: Vec<Loaded>,
}

/// The outcome, as in the exit status.
#[derive(Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Done,
    Refused,
    NotAvailable,
    Partly,
}

impl Outcome {
    fn of(status: u8) -> Self {
        match status {
            DONE => Self::Done,
            PARTLY => Self::Partly,
            NOT_AVAILABLE => Self::NotAvailable,
            _ => Self::Refused,
        }
    }
}

/// The outcome of a file.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Loaded {
    file: String,
    outcome: Outcome,
    /// The error, if nothing of the file was engaged.
    error: Option<String>,
    /// Skipped lines, with the reason.
    skipped: Vec<String>,
    /// The lines written to `control`.
    written: Vec<String>,
    /// The kernel's answer, line by line.
    answer: Vec<String>,
    /// Why calls pass, or may pass, that the file stops.
    partly: Vec<String>,
    /// With `--dry-run`: the lines that would be written, and their verdicts.
    rehearsal: Option<Asked>,
    /// Targets that were already engaged.
    known: Vec<Kept>,
}

/// The outcome for a target that was already engaged.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Kept {
    /// The function, as in `engaged`.
    target: String,
    /// Its value in the file.
    value: String,
    /// Whether it is engaged with this value; differences in other options are in the warnings.
    done: bool,
    /// The same as a sentence.
    what: String,
    /// Differences from the file that are not changed.
    warnings: Vec<String>,
}

/// A line of a file, or of its resolution, and its number, counting from 1.
struct Line {
    number: usize,
    text: String,
}

/// An engagement that exists already, and the options of its line.
struct Known {
    target: String,
    value: String,
    /// Whether that is what it returns.
    is_value: bool,
    scope: String,
    condition: Option<String>,
    reason: Option<String>,
}

/// The requests of a file.
#[derive(Default)]
struct Plan {
    new: Vec<Line>,
    known: Vec<Known>,
    /// Messages about skipped lines.
    skipped: Vec<String>,
    /// Messages about lines that are done in part.
    partly: Vec<String>,
}

/// Engages the commands in the files. Each file is a transaction.
pub fn apply(
    machine: &Machine,
    options: &Options,
    knowledge: &dyn Knowledge,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    let directory = path::absolute(&options.directory)
        .map_err(|error| format!("'{}': {error}", options.directory))?
        .display()
        .to_string();
    let listed = machine.list(&directory).and_then(|names| {
        machine.check_protected(&directory)?;
        Ok(names)
    });
    let (mut names, mut error) = match listed {
        Ok(names) => (names, None),
        // Without its default directory, there is nothing to do.
        Err(error) if error.kind() == io::ErrorKind::NotFound && directory == DIRECTORY => {
            (Vec::new(), None)
        }
        Err(error) => (Vec::new(), Some(request::words(&error))),
    };
    let mut applied = Applied {
        dry_run: options.dry_run,
        outcome: Outcome::Done,
        error: None,
        files: Vec::new(),
        directory,
    };
    let directory = &applied.directory;

    names.retain(|name| name.ends_with(".conf") && !name.starts_with('.'));
    if names.is_empty() && error.is_none() && !options.json {
        screen.line(format_args!("killswitch: there is no {directory}/*.conf"))?;
    }
    if !names.is_empty() && !machine.has(&format!("{KILLSWITCH}/control")) {
        error = Some(unavailable());
    }
    let status = if let Some(why) = error {
        let error = format!("NOTHING of {directory} is engaged: {why}");

        if !options.json {
            complain(screen, &error)?;
        }
        applied.error = Some(error);
        NOT_AVAILABLE
    } else {
        let (mut is_some_done, mut is_some_refused) = (false, false);

        for name in names {
            let file = File {
                machine,
                path: format!("{directory}/{name}"),
                is_rehearsal: options.dry_run,
            };
            let mut loaded = file.load(knowledge);
            let status = loaded.status();

            loaded.outcome = Outcome::of(status);
            is_some_done |= loaded.is_some_done();
            is_some_refused |= status != DONE;
            if !options.json {
                loaded.print(screen)?;
            }
            applied.files.push(loaded);
        }
        outcome(is_some_done, is_some_refused)
    };

    if options.json {
        applied.outcome = Outcome::of(status);
        screen.json(&applied)?;
    }
    Ok(status)
}

impl Loaded {
    fn is_some_done(&self) -> bool {
        let is_rehearsed = self
            .rehearsal
            .as_ref()
            .is_some_and(|it| it.status() == DONE);

        is_rehearsed || !self.written.is_empty() || self.known.iter().any(|it| it.done)
    }

    /// The exit status, if this were the only file.
    fn status(&self) -> u8 {
        let is_refused = self
            .rehearsal
            .as_ref()
            .is_some_and(|it| it.status() != DONE);

        outcome(
            self.is_some_done(),
            self.error.is_some()
                || is_refused
                || !self.partly.is_empty()
                || self.known.iter().any(|it| !it.done),
        )
    }

    fn print(&self, screen: &mut Screen<'_>) -> Result<(), Box<dyn Error>> {
        let path = &self.file;

        for what in &self.skipped {
            screen.line(format_args!("{path}: {what}"))?;
        }
        if let Some(asked) = &self.rehearsal {
            screen.line(format_args!("{path}:"))?;
            asked.show(false, screen)?;
        }
        if let Some(error) = &self.error {
            complain(screen, error)?;
        }
        if !self.answer.is_empty() {
            screen.line(format_args!("{path}: {}", self.answer.join("\n")))?;
        }
        for what in &self.partly {
            screen.logged(Screen::WARNING, format_args!("{path}: {what}"))?;
        }
        for known in &self.known {
            for warning in &known.warnings {
                screen.logged(Screen::WARNING, warning)?;
            }
            match known.done {
                true => screen.line(format_args!("{path}: {}", known.what))?,
                false => complain(screen, format_args!("{path}: {}", known.what))?,
            }
        }
        Ok(())
    }
}

/// A file of commands.
struct File<'a> {
    machine: &'a Machine,
    path: String,
    is_rehearsal: bool,
}

impl File<'_> {
    /// Engages all of it or nothing.
    fn load(&self, knowledge: &dyn Knowledge) -> Loaded {
        let path = &self.path;
        let mut loaded = Loaded {
            file: path.clone(),
            outcome: Outcome::Done,
            error: None,
            skipped: Vec::new(),
            written: Vec::new(),
            answer: Vec::new(),
            partly: Vec::new(),
            rehearsal: None,
            known: Vec::new(),
        };
        let text = match self.machine.read_protected(path) {
            Ok(text) => text,
            Err(error) => {
                loaded.error = Some(format!(
                    "{path} cannot be read: NOTHING of it is engaged ({})",
                    request::words(&error)
                ));
                return loaded;
            }
        };
        let plan = match self.plan(&text, knowledge) {
            Ok(plan) => plan,
            Err(why) => {
                loaded.error = Some(format!("NOTHING of {path} was done: {why}"));
                return loaded;
            }
        };
        let lines: Vec<String> = plan.new.iter().map(|line| line.text.clone()).collect();

        loaded.skipped = plan.skipped;
        if self.is_rehearsal {
            match Asked::about(self.machine, &lines) {
                Ok(asked) => loaded.rehearsal = Some(asked).filter(|_| !lines.is_empty()),
                Err(why) => loaded.error = Some(format!("NOTHING of {path} would be done: {why}")),
            }
            let closed = state::closed(self.machine);

            loaded.partly = plan.partly;
            loaded.known = plan
                .known
                .iter()
                .map(|it| it.rehearse(closed.as_deref()))
                .collect();
            return loaded;
        }
        if !lines.is_empty() {
            let Reply { result, answer } = self.machine.ask("control", &lines.join("\n"));
            let answer = answer.trim_end();

            if let Err(error) = result {
                let why = match answer {
                    "" => request::words(&error),
                    _ => in_file(answer, &plan.new),
                };

                loaded.error = Some(format!("NOTHING of {path} was done: {why}"));
                return loaded;
            }
            loaded.answer = answer.lines().map(str::to_owned).collect();
            loaded.written = lines;
        }
        loaded.partly = plan.partly;
        loaded.known = plan.known.iter().map(|it| self.give_value(it)).collect();
        loaded
    }

    /// Parses the parts of the file that the kernel does not parse. Fails with an error message.
    fn plan(&self, text: &str, knowledge: &dyn Knowledge) -> Result<Plan, String> {
        let mut plan = Plan::default();

        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.trim_matches([' ', '\t']);

            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            self.plan_line(number, line, knowledge, &mut plan)
                .map_err(|why| format!("line {number}: {why}"))?;
        }
        Ok(plan)
    }

    fn plan_line(
        &self,
        number: usize,
        line: &str,
        knowledge: &dyn Knowledge,
        plan: &mut Plan,
    ) -> Result<(), String> {
        let (verb, rest) = word(line);

        match verb {
            "engage" => {
                let reason = line.split_once(" reason=").map_or("", |(_, it)| it);

                for id in words(reason).filter(|it| is_cve(it)) {
                    if let Mitigation::NotNeeded(why) = knowledge.mitigation(self.machine, id) {
                        plan.skipped.push(format!(
                            "line {number} is not needed for {id}, but is engaged (mitigate {id} \
                             would skip it): {why}"
                        ));
                    }
                }
                self.plan_engage(number, line, plan)
            }
            "mitigate" => {
                let (id, extra) = word(rest);

                if id.is_empty() || !extra.is_empty() {
                    return Err(format!("'{line}' is not of the form: mitigate CVE"));
                }
                match knowledge.mitigation(self.machine, id) {
                    Mitigation::Engage { own, doors } => {
                        let commands = match (&own[..], &doors[..]) {
                            // The answer to the request itself has the verdict.
                            ([only], []) => only,
                            _ => self.choose(&own).or_else(|why| {
                                let door = self.choose(&doors).map_err(|_| why.clone())?;

                                plan.partly.push(format!(
                                    "line {number}: {id} is closed in part: {}, which may leave \
                                     another way to the flaw, is engaged since its own mitigation \
                                     is not possible: {why}",
                                    door.join("; ")
                                ));
                                Ok::<_, String>(door)
                            })?,
                        };

                        commands.iter().try_for_each(|command| {
                            self.plan_engage(number, &with_reason(command, id), plan)
                        })
                    }
                    Mitigation::NotNeeded(why) => {
                        plan.skipped.push(format!("{id} is skipped: {why}"));
                        Ok(())
                    }
                    Mitigation::Unknown(why) => Err(format!("{id}: {why}")),
                }
            }
            _ => Err(format!(
                "'{verb}' is not allowed in these files, only engage and mitigate are"
            )),
        }
    }

    /// Chooses the alternative that is already engaged, or else the first that the kernel allows.
    /// Fails with the refusal of the best one.
    fn choose<'a>(&self, alternatives: &'a [Vec<String>]) -> Result<&'a Vec<String>, String> {
        let is_known = |it: &&Vec<String>| it.iter().all(|line| self.known(line).is_some());
        let mut refusals = Vec::new();

        if let Some(known) = alternatives.iter().find(is_known) {
            return Ok(known);
        }
        for alternative in alternatives {
            match request::first_refusal(self.machine, alternative) {
                None => return Ok(alternative),
                Some(refusal) => refusals.push(refusal),
            }
        }
        let first = refusals.into_iter().next();

        Err(first.unwrap_or("there is nothing to engage".into()))
    }

    /// The engagement that exists by the name that a line engages. An observation is none: an
    /// engagement replaces it.
    fn known(&self, line: &str) -> Option<Engagement> {
        let (_, rest) = word(line);
        let (target, _) = word(rest);

        state::engaged(self.machine)
            .ok()?
            .into_iter()
            .find(|it| it.target == target && it.value.is_some())
    }

    fn plan_engage(&self, number: usize, line: &str, plan: &mut Plan) -> Result<(), String> {
        let (_, rest) = word(line);
        let (target, rest) = word(rest);
        let (value, options) = word(rest);
        let Some(known) = self.known(line) else {
            plan.new.push(Line {
                number,
                text: line.into(),
            });
            return Ok(());
        };
        // The kernel does not parse these options.
        let complete = format!("engage {target} 0 {options}");
        let Ok(Command::Engage(Engage {
            scope,
            condition,
            reason,
            ..
        })) = Command::parse(complete.as_bytes())
        else {
            return Err(format!(
                "'{options}' is not [scope=all|nonroot] [if=CONDITION] [for=SECONDS] [reason=TEXT]"
            ));
        };

        plan.known.push(Known {
            target: target.into(),
            value: value.into(),
            is_value: known.value == parsed(value),
            scope: scope.to_string(),
            condition: condition.map(str::to_owned),
            reason: reason.map(str::to_owned),
        });
        Ok(())
    }

    /// Sets the value of an existing engagement.
    fn give_value(&self, known: &Known) -> Kept {
        let Known {
            target,
            value,
            is_value,
            ..
        } = known;
        let file = format!("{KILLSWITCH}/fn/{target}/retval");
        let kept = |done, what: String| Kept {
            target: target.clone(),
            value: value.clone(),
            done,
            what,
            warnings: Vec::new(),
        };

        // Lockdown refuses even the same value.
        let written = match is_value {
            true => Ok(()),
            false => self.machine.write(&file, &format!("{value}\n")),
        };

        if let Err(error) = written {
            return kept(
                false,
                format!(
                    "{target} is already engaged, and refused the value {value}: {} (see the \
                     kernel log)",
                    request::words(&error)
                ),
            );
        }
        let found = match state::engaged(self.machine) {
            Ok(found) => found,
            Err(error) => {
                return kept(
                    false,
                    format!("cannot find out whether {target} is engaged: {error}"),
                )
            }
        };
        let Some(found) = found.iter().find(|it| it.target == *target) else {
            return kept(false, format!("{target} has just ended, and RUNS"));
        };
        let (done, what) = match &*found.state {
            "engaged" => (
                true,
                format!("{target} is already engaged, and returns {value}"),
            ),
            "armed" => (
                true,
                format!(
                    "{target} is already armed, and will return {value} when its module is loaded"
                ),
            ),
            state => (false, format!("{target} is {state}, and RUNS")),
        };
        let mut warnings = Vec::new();

        if found.scope != known.scope || found.reason != known.reason {
            warnings.push(format!(
                "scope and reason of {target} are not changed; disengage it first to change them"
            ));
        }
        if found.condition != known.condition {
            warnings.push(format!(
                "the condition of {target} is not changed; disengage it first to change it"
            ));
        }
        Kept {
            warnings,
            ..kept(done, what)
        }
    }
}

impl Known {
    /// The outcome in a dry run. `closed` says why no value can be changed.
    fn rehearse(&self, closed: Option<&str>) -> Kept {
        let Self { target, value, .. } = self;
        let (done, what) = match (self.is_value, closed) {
            (true, _) => (true, format!("its value is {value}")),
            (false, None) => (true, format!("its value would be set to {value}")),
            (false, Some(why)) => (
                false,
                format!("its value would not be set to {value}: {why}"),
            ),
        };

        Kept {
            target: target.clone(),
            value: value.clone(),
            done,
            what: format!("{target} is already engaged, and {what}"),
            warnings: Vec::new(),
        }
    }
}

/// The first word of `text`, and the rest.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));

    (word, rest.trim_start_matches([' ', '\t']))
}

/// The value of a word of a line, if it is valid.
fn parsed(value: &str) -> Option<i64> {
    match Command::parse(format!("engage f {value}").as_bytes()) {
        Ok(Command::Engage(Engage { action, .. })) => action.value().map(Value::get),
        _ => None,
    }
}

/// A command, with `id` as its reason if it has none.
fn with_reason(command: &str, id: &str) -> String {
    match command.contains(" reason=") {
        true => command.into(),
        false => format!("{command} reason={id}"),
    }
}

/// Translates the line number of a refusal from the write, which leaves out lines, to the file.
fn in_file(answer: &str, lines: &[Line]) -> String {
    const IN_LINE: &str = "refused in line ";
    let renumbered = || {
        let rest = answer.strip_prefix(IN_LINE)?;
        let (number, rest) = rest.split_at(rest.find(|it: char| !it.is_ascii_digit())?);
        let line = lines.get(number.parse::<usize>().ok()?.checked_sub(1)?)?;

        Some(format!("{IN_LINE}{}{rest}", line.number))
    };

    renumbered().unwrap_or_else(|| answer.into())
}

/// Reports an error, to the journal with the error level.
fn complain(screen: &mut Screen<'_>, what: impl std::fmt::Display) -> io::Result<()> {
    screen.logged(Screen::ERROR, what)
}
