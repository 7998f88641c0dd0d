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
    command::Command,
    machine::{Machine, Reply, KILLSWITCH},
    policy::Value,
};
use clap::{Args, ValueHint};
use serde::Serialize;
use std::{error::Error, io, mem, path};

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
    /// Whether it is engaged with this value, or would be in a dry run; differences in other
    /// options are in the warnings.
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

/// A line about a target that is already engaged.
struct Known {
    /// The engagement in the file.
    wanted: Engagement,
    /// Its value, as in the file.
    value: String,
    /// The existing engagement.
    found: Engagement,
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

impl Plan {
    /// The lines that change a value.
    fn changed(&self) -> impl Iterator<Item = &Known> {
        self.known.iter().filter(|it| !it.is_value())
    }

    /// The commands that remove time limits.
    fn kept(&self) -> impl Iterator<Item = String> + '_ {
        self.known.iter().filter_map(Known::keep)
    }
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
        let mut engaged = state::engaged(machine).unwrap_or_default();

        for name in names {
            let mut file = File {
                machine,
                path: format!("{directory}/{name}"),
                is_rehearsal: options.dry_run,
                engaged: &mut engaged,
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
    /// Whether the kernel refuses, or would refuse, all of it.
    fn is_refused(&self) -> bool {
        let is_refused = |it: &Asked| it.status() != DONE;

        self.error.is_some() || self.rehearsal.as_ref().is_some_and(is_refused)
    }

    fn is_some_done(&self) -> bool {
        !self.is_refused()
            && (self.rehearsal.is_some()
                || !self.written.is_empty()
                || self.known.iter().any(|it| it.done))
    }

    /// The exit status, if this were the only file.
    fn status(&self) -> u8 {
        outcome(
            self.is_some_done(),
            self.is_refused() || !self.partly.is_empty() || self.known.iter().any(|it| !it.done),
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
    /// The engagements; in a dry run, with those that the files before it would make.
    engaged: &'a mut Vec<Engagement>,
}

impl File<'_> {
    /// Engages all of it or nothing.
    fn load(&mut self, knowledge: &dyn Knowledge) -> Loaded {
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

        if let Err(why) = self.attempt(&text, knowledge, &mut loaded) {
            loaded.partly.clear();
            let is = match self.is_rehearsal {
                true => "would be",
                false => "was",
            };

            loaded.error = Some(format!("NOTHING of {} {is} done: {why}", self.path));
        }
        loaded
    }

    /// Engages all lines of `text`, or none of them and fails with an error message.
    fn attempt(
        &mut self,
        text: &str,
        knowledge: &dyn Knowledge,
        loaded: &mut Loaded,
    ) -> Result<(), String> {
        let mut plan = self.plan(text, knowledge)?;
        let new = plan.new.iter().map(|line| line.text.clone());
        let lines: Vec<String> = new.chain(plan.kept()).collect();
        let questions: Vec<String> = plan.changed().map(Known::question).collect();

        loaded.skipped = mem::take(&mut plan.skipped);
        loaded.partly = mem::take(&mut plan.partly);
        if self.is_rehearsal && !lines.is_empty() {
            loaded.rehearsal = Some(Asked::about(self.machine, &lines)?);
        }
        // Each value is a write of its own.
        if let Some(refusal) = request::first_refusal(self.machine, &questions) {
            return Err(refusal);
        }
        if !self.is_rehearsal {
            let answer = self.write(&lines, &plan.new)?;

            self.set_values(&plan)?;
            loaded.answer = answer;
            loaded.written = lines;
            match state::engaged(self.machine) {
                Ok(engaged) => *self.engaged = engaged,
                Err(error) => {
                    let what = format!("cannot find out what is engaged: {error}");

                    loaded.partly.push(what);
                    return Ok(());
                }
            }
        } else if !loaded.is_refused() {
            self.rehearse(&plan);
        }
        for it in &plan.known {
            let kept = it.outcome(self.engaged, self.is_rehearsal, &mut loaded.partly);

            loaded.known.push(kept);
        }
        Ok(())
    }

    /// Makes the changes of a dry run, for later files.
    fn rehearse(&mut self, plan: &Plan) {
        let new = plan.new.iter().filter_map(|it| wanted(&it.text).ok());
        let known = plan.known.iter().map(|it| Engagement {
            value: it.wanted.value,
            seconds_left: it.found.seconds_left.filter(|_| it.keep().is_none()),
            ..it.found.clone()
        });

        for changed in known.chain(new) {
            self.engaged.retain(|it| it.target != changed.target);
            self.engaged.push(changed);
        }
    }

    /// Writes lines to `control`, of which the first are `new`. Returns the answer.
    fn write(&self, lines: &[String], new: &[Line]) -> Result<Vec<String>, String> {
        if lines.is_empty() {
            return Ok(Vec::new());
        }
        let Reply { result, answer } = self.machine.ask("control", &lines.join("\n"));
        let answer = answer.trim_end();

        match (result, answer) {
            (Ok(()), _) => Ok(answer.lines().map(str::to_owned).collect()),
            (Err(error), "") => Err(request::words(&error)),
            (Err(_), _) => Err(in_file(answer, new)),
        }
    }

    /// Sets the values of existing engagements. On failure, undoes all changes.
    fn set_values(&self, plan: &Plan) -> Result<(), String> {
        for (done, it) in plan.changed().enumerate() {
            let Err(error) = self.set_value(it, &it.value) else {
                continue;
            };
            let undone = match &self.undo(plan, done)[..] {
                [] => "the changes before it are undone".into(),
                failed => format!("changes before it are NOT undone: {}", failed.join("; ")),
            };

            return Err(format!(
                "{} is already engaged, and refused the value {}: {} (see the kernel log); \
                 {undone}",
                it.found.target,
                it.value,
                request::words(&error)
            ));
        }
        Ok(())
    }

    /// Restores the first `done` values, and releases new engagements. Returns what failed.
    fn undo(&self, plan: &Plan, done: usize) -> Vec<String> {
        let restore = |it: &Known| {
            let error = self.set_value(it, &it.found.value?.to_string()).err()?;

            Some(format!("{}: {}", it.found.target, request::words(&error)))
        };
        let release = |it: &Line| format!("disengage {}", word(word(&it.text).1).0);
        let release: Vec<String> = plan.new.iter().map(release).collect();
        let mut failed: Vec<String> = plan.changed().take(done).filter_map(restore).collect();

        failed.extend(self.write(&release, &[]).err());
        // A time limit cannot be set again.
        failed.extend(plan.kept());
        failed
    }

    fn set_value(&self, known: &Known, value: &str) -> io::Result<()> {
        let file = format!("{KILLSWITCH}/fn/{}/retval", known.found.target);

        self.machine.write(&file, &format!("{value}\n"))
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
    fn known(&self, line: &str) -> Option<&Engagement> {
        let (_, rest) = word(line);
        let (target, _) = word(rest);

        self.engaged
            .iter()
            .find(|it| it.target == target && it.value.is_some())
    }

    fn plan_engage(&self, number: usize, line: &str, plan: &mut Plan) -> Result<(), String> {
        let Some(found) = self.known(line).cloned() else {
            plan.new.push(Line {
                number,
                text: line.into(),
            });
            return Ok(());
        };
        let (_, rest) = word(line);
        let (_, rest) = word(rest);
        let (value, _) = word(rest);

        plan.known.push(Known {
            // The kernel does not parse this line.
            wanted: wanted(line)?,
            value: value.into(),
            found,
        });
        Ok(())
    }
}

impl Known {
    /// Whether that is what it returns.
    fn is_value(&self) -> bool {
        self.wanted.value == self.found.value
    }

    /// The command that removes the time limit, if the file has none. The time of a watched
    /// function is not a limit.
    fn keep(&self) -> Option<String> {
        let is_limited = self.found.seconds_left.is_some() && self.found.state != "probing";

        (is_limited && self.wanted.seconds_left.is_none())
            .then(|| format!("keep {}", self.found.target))
    }

    /// The command with the verdict on its value, which has the scope of the existing engagement.
    fn question(&self) -> String {
        let Engagement { target, scope, .. } = &self.found;

        format!("engage {target} {} scope={scope}", self.value)
    }

    /// The outcome, according to the engagements afterwards. Adds to `partly` if calls pass that
    /// the file stops.
    fn outcome(
        &self,
        engaged: &[Engagement],
        is_rehearsal: bool,
        partly: &mut Vec<String>,
    ) -> Kept {
        let Self { wanted, value, .. } = self;
        let target = &wanted.target;
        let found = engaged.iter().find(|it| it.target == *target);
        let returns = match is_rehearsal && !self.is_value() {
            true => "would return",
            false => "returns",
        };
        let (done, what) = match found.map(|it| &*it.state) {
            Some("engaged") => (
                true,
                format!("{target} is already engaged, and {returns} {value}"),
            ),
            Some("armed") => (
                true,
                format!(
                    "{target} is already armed, and will return {value} when its module is loaded"
                ),
            ),
            Some(state) => (false, format!("{target} is {state}, and RUNS")),
            None => (false, format!("{target} has just ended, and RUNS")),
        };
        let mut warnings = Vec::new();

        if let Some(found) = found {
            if found.scope != wanted.scope || found.reason != wanted.reason {
                warnings.push(format!(
                    "scope and reason of {target} are not changed; disengage it first to change \
                     them"
                ));
            }
            if found.condition != wanted.condition {
                warnings.push(format!(
                    "the condition of {target} is not changed; disengage it first to change it"
                ));
            }
            if !found.includes(&wanted.scope, wanted.condition.as_deref()) {
                partly.push(format!("calls of {target} pass that the file stops"));
            }
        }
        Kept {
            target: target.clone(),
            value: value.clone(),
            done,
            what,
            warnings,
        }
    }
}

/// The first word of `text`, and the rest.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));

    (word, rest.trim_start_matches([' ', '\t']))
}

/// The engagement that a line of a file makes.
fn wanted(line: &str) -> Result<Engagement, String> {
    match Command::parse(line.as_bytes()) {
        Ok(Command::Engage(engage)) => Ok(Engagement {
            target: engage.target.name.into(),
            value: engage.action.value().map(Value::get),
            state: "engaged".into(),
            scope: engage.scope.to_string(),
            seconds_left: engage.term.map(u64::from),
            condition: engage.condition.map(str::to_owned),
            reason: engage.reason.map(str::to_owned),
            ..Engagement::default()
        }),
        Ok(_) => unreachable!("only engage is planned"),
        Err(malformed) => Err(malformed.to_string()),
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
