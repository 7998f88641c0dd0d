// SPDX-License-Identifier: GPL-2.0-only

//! `apply`: has the files of a directory engaged, at boot and when the unit is reloaded.

use super::{request, screen::Screen, state, unavailable, DONE, NOT_AVAILABLE, REFUSED};
use crate::{
    command::{Command, Engage, Target},
    machine::{Machine, Reply, KILLSWITCH},
};
use clap::Args;
use std::{error::Error, io};

/// Where the files are.
#[derive(Args, Clone)]
pub struct Options {
    /// The directory
    #[arg(value_name = "DIRECTORY", default_value = "/etc/killswitch.d")]
    directory: String,
    /// Change nothing: ask what would become of it, and say what would be written
    #[arg(long)]
    dry_run: bool,
}

/// What is known of mitigations, by CVE. A line `mitigate <id>` of a file is resolved by it.
pub trait Mitigations {
    /// What is to be done about `id` on this machine.
    fn of(&self, id: &str) -> Mitigation;
}

/// What is to be done about a CVE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mitigation {
    /// To write the commands of one of these alternatives, the best first, all of it:
    /// `engage <target> <retval> [<options>]`. What has no reason gets the CVE's name as its reason.
    Engage(Vec<Vec<String>>),
    /// Nothing, for this reason: the kernel has the fix, or is not affected.
    NotNeeded(String),
    /// It is not known what, or there is nothing that could be done, for this reason.
    Unknown(String),
}

/// Knows no mitigation.
#[cfg(test)]
pub struct NoCatalogue;

#[cfg(test)]
impl Mitigations for NoCatalogue {
    fn of(&self, id: &str) -> Mitigation {
        Mitigation::Unknown(format!("there is no catalogue that knows {id}"))
    }
}

/// A line of a file, or what it was resolved to, and its number from 1 on.
struct Line {
    number: usize,
    text: String,
}

/// What is engaged already, and what a line says of it.
struct Known {
    target: String,
    value: String,
    scope: String,
    condition: Option<String>,
    reason: Option<String>,
}

/// What a file asks for.
#[derive(Default)]
struct Plan {
    new: Vec<Line>,
    known: Vec<Known>,
    /// What there is to say of lines that need nothing.
    skipped: Vec<String>,
}

/// Engages what the files say. Each is a transaction.
pub fn apply(
    machine: &Machine,
    options: &Options,
    mitigations: &dyn Mitigations,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    let directory = &options.directory;
    // What cannot be listed has no files, as for a shell.
    let mut names = machine.list(directory).unwrap_or_default();

    names.retain(|name| name.ends_with(".conf") && !name.starts_with('.'));
    if names.is_empty() {
        screen.line(format_args!("killswitch: there is no {directory}/*.conf"))?;
        return Ok(DONE);
    }
    if !machine.has(&format!("{KILLSWITCH}/control")) {
        complain(
            screen,
            format_args!("NOTHING of {directory} is engaged: {}", unavailable()),
        )?;
        return Ok(NOT_AVAILABLE);
    }
    let mut is_whole = true;

    for name in names {
        let file = File {
            machine,
            path: format!("{directory}/{name}"),
            is_rehearsal: options.dry_run,
        };

        is_whole &= file.load(mitigations, screen)?;
    }
    Ok(if is_whole { DONE } else { REFUSED })
}

/// A file of commands.
struct File<'a> {
    machine: &'a Machine,
    path: String,
    is_rehearsal: bool,
}

impl File<'_> {
    /// Engages what it says, or nothing of it. Returns whether all of it is as it says.
    fn load(
        &self,
        mitigations: &dyn Mitigations,
        screen: &mut Screen<'_>,
    ) -> Result<bool, Box<dyn Error>> {
        let path = &self.path;
        let text = match self.machine.read(path) {
            Ok(text) => text,
            Err(error) => {
                complain(
                    screen,
                    format_args!(
                        "{path} cannot be read: NOTHING of it is engaged ({})",
                        request::words(&error)
                    ),
                )?;
                return Ok(false);
            }
        };
        let plan = match self.plan(&text, mitigations) {
            Ok(plan) => plan,
            Err(why) => {
                complain(screen, format_args!("NOTHING of {path} was done: {why}"))?;
                return Ok(false);
            }
        };

        for what in &plan.skipped {
            screen.line(format_args!("{path}: {what}"))?;
        }
        if self.is_rehearsal {
            return self.rehearse(&plan, screen);
        }
        if !plan.new.is_empty() {
            let text: Vec<&str> = plan.new.iter().map(|line| &*line.text).collect();
            let Reply { result, answer } = self.machine.ask("control", &text.join("\n"));
            let answer = answer.trim_end();

            if let Err(error) = result {
                let why = match answer {
                    "" => request::words(&error),
                    _ => in_file(answer, &plan.new),
                };

                complain(screen, format_args!("NOTHING of {path} was done: {why}"))?;
                return Ok(false);
            }
            screen.line(format_args!("{path}: {answer}"))?;
        }
        let mut is_whole = true;

        for known in &plan.known {
            is_whole &= self.give_value(known, screen)?;
        }
        Ok(is_whole)
    }

    /// Says what would become of it. Returns whether all of it would be as the file says.
    fn rehearse(&self, plan: &Plan, screen: &mut Screen<'_>) -> Result<bool, Box<dyn Error>> {
        let path = &self.path;
        let lines: Vec<String> = plan.new.iter().map(|it| it.text.clone()).collect();
        let status = match &lines[..] {
            [] => DONE,
            _ => {
                screen.line(format_args!("{path}:"))?;
                match request::rehearse(self.machine, &lines, false, screen) {
                    Ok(status) => status,
                    Err(why) => {
                        complain(
                            screen,
                            format_args!("NOTHING of {path} would be done: {why}"),
                        )?;
                        REFUSED
                    }
                }
            }
        };

        for Known { target, value, .. } in &plan.known {
            screen.line(format_args!(
                "{path}: {target} is engaged already, and would be given {value}"
            ))?;
        }
        Ok(status == DONE)
    }

    /// Understands the file as far as the kernel does not. Fails with what is wrong.
    fn plan(&self, text: &str, mitigations: &dyn Mitigations) -> Result<Plan, String> {
        let mut plan = Plan::default();

        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.trim_matches([' ', '\t']);

            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            self.plan_line(number, line, mitigations, &mut plan)
                .map_err(|why| format!("line {number}: {why}"))?;
        }
        Ok(plan)
    }

    fn plan_line(
        &self,
        number: usize,
        line: &str,
        mitigations: &dyn Mitigations,
        plan: &mut Plan,
    ) -> Result<(), String> {
        let (verb, rest) = word(line);

        match verb {
            "engage" => self.plan_engage(number, line, plan),
            "mitigate" => {
                let (id, extra) = word(rest);

                if id.is_empty() || !extra.is_empty() {
                    return Err(format!("'{line}' is not mitigate CVE"));
                }
                match mitigations.of(id) {
                    Mitigation::Engage(alternatives) => {
                        let commands = self.choose(&alternatives)?;

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
                "'{verb}' is no command for these files, only engage and mitigate are"
            )),
        }
    }

    /// The alternative that is engaged already, or else the first that the kernel allows. Fails with
    /// why it refuses the best one.
    fn choose<'a>(&self, alternatives: &'a [Vec<String>]) -> Result<&'a [String], String> {
        let is_known = |it: &&Vec<String>| it.iter().all(|line| self.is_known(line));
        let mut refusals = Vec::new();

        if let Some(known) = alternatives.iter().find(is_known) {
            return Ok(known);
        }
        // What becomes of the only one is in the answer to the request itself.
        if let [only] = alternatives {
            return Ok(only);
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

    /// Whether what a line says to engage is engaged, by the same name.
    fn is_known(&self, line: &str) -> bool {
        let (_, rest) = word(line);
        let (target, _) = word(rest);
        let file = format!("{KILLSWITCH}/fn/{target}/retval");

        // What is no name of a function is no name of a directory either.
        Target::parse(target).is_ok() && self.machine.has(&file)
    }

    fn plan_engage(&self, number: usize, line: &str, plan: &mut Plan) -> Result<(), String> {
        let (_, rest) = word(line);
        let (target, rest) = word(rest);
        let (value, options) = word(rest);
        if !self.is_known(line) {
            plan.new.push(Line {
                number,
                text: line.into(),
            });
            return Ok(());
        }
        // No kernel reads these.
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
            scope: scope.to_string(),
            condition: condition.map(str::to_owned),
            reason: reason.map(str::to_owned),
        });
        Ok(())
    }

    /// Gives its value to what is engaged already. Returns whether calls return it now.
    fn give_value(&self, known: &Known, screen: &mut Screen<'_>) -> io::Result<bool> {
        let Known { target, value, .. } = known;
        let path = &self.path;
        let file = format!("{KILLSWITCH}/fn/{target}/retval");

        if let Err(error) = self.machine.write(&file, &format!("{value}\n")) {
            complain(
                screen,
                format_args!(
                    "{path}: {target} is engaged already, and the value {value} was not taken: {} \
                     (see the kernel log)",
                    request::words(&error)
                ),
            )?;
            return Ok(false);
        }
        let found = state::engaged(self.machine)?;
        let Some(found) = found.iter().find(|it| it.target == *target) else {
            complain(
                screen,
                format_args!("{path}: {target} has just ended, and RUNS"),
            )?;
            return Ok(false);
        };

        if found.scope != known.scope || found.reason != known.reason {
            warn(
                screen,
                format_args!(
                    "scope and reason of {target} stay as they are; disengage it first to change \
                     them"
                ),
            )?;
        }
        if found.condition != known.condition {
            warn(
                screen,
                format_args!(
                    "the condition of {target} stays as it is; disengage it first to change it"
                ),
            )?;
        }
        match &*found.state {
            "engaged" => screen.line(format_args!(
                "{path}: {target} is engaged already, and returns {value}"
            ))?,
            "armed" => screen.line(format_args!(
                "{path}: {target} is armed already, and will return {value} when its module is \
                 loaded"
            ))?,
            state => {
                complain(
                    screen,
                    format_args!("{path}: {target} is {state}, and RUNS"),
                )?;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The first word of `text`, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));

    (word, rest.trim_start_matches([' ', '\t']))
}

/// A command, with `id` as its reason if it has none.
fn with_reason(command: &str, id: &str) -> String {
    match command.contains(" reason=") {
        true => command.into(),
        false => format!("{command} reason={id}"),
    }
}

/// A refusal that names a line of the write, which has not all lines of the file, with the number of
/// that line in the file.
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

/// Says what is wrong.
fn complain(screen: &mut Screen<'_>, what: impl std::fmt::Display) -> io::Result<()> {
    screen.logged(Screen::ERROR, what)
}

/// Says what may not be meant.
fn warn(screen: &mut Screen<'_>, what: impl std::fmt::Display) -> io::Result<()> {
    screen.logged(Screen::WARNING, what)
}
