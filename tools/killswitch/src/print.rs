// SPDX-License-Identifier: GPL-2.0-only

//! The commands about CVEs: their arguments, and the format of their output.

use crate::{
    cannot_write,
    catalogue::{Catalogue, Entry, Problem},
    command::{Question, Target},
    cve::{self, Answer, Finding, Known, Report, State, Way},
    exists, explain,
    image::Source,
    index::Index,
    known::{self, Subject},
    machine::{Machine, KILLSWITCH},
    note,
    record::Record,
    running, say, suggest,
    suggest::{Suggestion, Suggestions},
    version::Release,
    vex, DEBUG, DONE, NOT_ALL,
};
use clap::{ArgGroup, Args};
use comfy_table::{presets, ContentArrangement, Table};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    io::Write,
    path::{Path, PathBuf},
};

/// Table width if the output is no terminal, in characters.
const WIDTH: u16 = 100;
/// Maximum number of suggested commands.
const MAX_COMMANDS: usize = 6;
/// The file that commands are written to.
const CONTROL: &str = "/sys/kernel/security/killswitch/control";

/// `killswitch cve`
#[derive(Args)]
#[command(group(ArgGroup::new("which").required(true).multiple(true)))]
#[command(after_help = "\
States:
  not-affected   the kernel does not have the code, or predates the flaw
  fixed          the kernel has the fix
  mitigated      a mitigation is engaged
  armed          a mitigation will be engaged when its module is loaded
  partly         a mitigation is engaged in part, or for some calls only
  disarmed       a mitigation is engaged, but its probe is disarmed
  observed       calls are counted, but not stopped
  exposed        the kernel has the flaw, and no mitigation is engaged
  no-mitigation  the kernel has the flaw, and no mitigation is known
  unknown        it is not known whether the kernel has the flaw; the reason says how to find out")]
pub struct Cve {
    /// The CVEs, such as CVE-2026-31431
    #[arg(value_name = "ID", group = "which")]
    ids: Vec<String>,
    /// All CVEs of the catalogue
    #[arg(long, group = "which", conflicts_with = "ids")]
    all: bool,
    /// The record of a CVE; for a CVE that is not in the catalogue, suggests the ways into its
    /// source files; "-" is the standard input
    #[arg(long, value_name = "FILE", group = "which")]
    record: Vec<PathBuf>,
    #[command(flatten)]
    subject: Subjects,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print an OpenVEX document
    #[arg(long, conflicts_with = "json")]
    openvex: bool,
}

/// The kernel to check.
#[derive(Args)]
struct Subjects {
    /// The kernel: a vmlinux, or a boot image such as vmlinuz [default: the running kernel, from
    /// /proc/kcore or else from its file]
    #[arg(long, value_name = "FILE")]
    vmlinux: Option<PathBuf>,
    /// The directory with that kernel's modules, compressed or not [default: that of the running
    /// kernel]
    #[arg(long, value_name = "DIRECTORY")]
    modules: Option<PathBuf>,
    /// The release of that kernel (uname -r), or the version of its package, to override the one in
    /// its files
    #[arg(long, value_name = "RELEASE")]
    release: Option<String>,
    /// The content of the file engaged of that kernel; "-" is the standard input
    #[arg(long, value_name = "FILE")]
    engaged: Option<PathBuf>,
    /// Use this catalogue instead of the built-in one
    #[arg(long, value_name = "DIRECTORY")]
    catalogue: Option<PathBuf>,
    /// Separate debug information of a kernel or module: a file, or a directory with files by build
    /// ID
    #[arg(long, value_name = "PATH", default_value = DEBUG)]
    debug: PathBuf,
}

/// `killswitch suggest`
#[derive(Args)]
pub struct Suggest {
    /// The record of the CVE (JSON 5); "-" is the standard input
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    #[command(flatten)]
    subject: Subjects,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `killswitch lint`
#[derive(Args)]
pub struct Lint {
    /// Files, or directories with files
    #[arg(value_name = "PATH", default_value = "tools/catalogue")]
    paths: Vec<PathBuf>,
    /// A kernel to check all alternatives and their conditions against
    #[arg(long, value_name = "FILE")]
    vmlinux: Option<PathBuf>,
    /// The directory with that kernel's modules
    #[arg(long, value_name = "DIRECTORY", requires = "vmlinux")]
    modules: Option<PathBuf>,
}

/// One line per problem.
fn lines(problems: &[Problem]) -> String {
    let lines: Vec<_> = problems.iter().map(Problem::to_string).collect();

    lines.join("\n")
}

impl Subjects {
    fn catalogue(&self) -> Result<Catalogue, Box<dyn Error>> {
        match &self.catalogue {
            None => Catalogue::built_in(),
            Some(path) => Catalogue::read(std::slice::from_ref(path)),
        }
        .map_err(|problems| lines(&problems).into())
    }

    /// The index of the modules, with their directory, if any.
    fn index(&self, machine: &Machine) -> Result<Option<(Index, PathBuf)>, Box<dyn Error>> {
        let found = match &self.vmlinux {
            Some(_) => None,
            None => running::modules(machine),
        };
        let Some(directory) = self.modules.clone().or(found) else {
            return Ok(None);
        };
        let index = Index::of(machine, &directory).map_err(|error| say(&directory, error))?;

        match (index.modules().is_empty(), &self.modules) {
            (false, _) => Ok(Some((index, directory))),
            (true, None) => Ok(None),
            (true, Some(given)) => Err(say(given, "it contains no modules").into()),
        }
    }

    /// The running kernel. Without its memory and its file, less is known about it.
    fn running(
        machine: &Machine,
        index: Option<(&Index, &Path)>,
        modules: &BTreeSet<&str>,
        functions: &BTreeSet<&str>,
    ) -> Subject {
        let read = known::open(
            |paths| running::open(machine, &mut |_| paths.to_vec(), &mut |it| note(it)),
            index,
            modules,
            functions,
        );

        read.unwrap_or_else(|error| {
            note(format_args!("verdicts are not available: {error}"));
            Subject::installed(machine)
        })
    }

    /// Opens the kernel, with what these modules and functions need.
    fn open(
        &self,
        machine: &Machine,
        index: Option<(&Index, &Path)>,
        modules: &BTreeSet<&str>,
        functions: &BTreeSet<&str>,
    ) -> Result<Subject, Box<dyn Error>> {
        // Report errors here before reading the kernel, which is slower.
        exists(&self.debug)?;
        let release = self.release.as_deref().map(Release::parse).transpose()?;
        let engaged = match (&self.engaged, &self.vmlinux) {
            (Some(path), _) => Some(path.clone()),
            (None, None) => {
                Some(machine.path(&format!("{KILLSWITCH}/engaged"))).filter(|it| it.exists())
            }
            (None, Some(_)) => None,
        };
        let engagements = engaged
            .map(|path| known::engagements(&path).map_err(|error| say(&path, error)))
            .transpose()?;
        let mut subject = match &self.vmlinux {
            Some(vmlinux) => known::open_file(vmlinux, index, modules, functions)?,
            None => Self::running(machine, index, modules, functions),
        };

        subject.engagements = engagements.unwrap_or_default();
        if let Some(release) = release {
            subject.set_release(release);
        }
        Ok(subject)
    }

    /// One sentence for each of `targets` of which debug information, if available, lists copies
    /// that an engagement does not cover.
    fn copies(&self, subject: &Subject, targets: &BTreeSet<String>) -> BTreeMap<String, String> {
        let Some(kernel) = &subject.kernel else {
            return BTreeMap::new();
        };
        let found: Vec<_> = targets
            .iter()
            .filter_map(|it| Some((it, kernel.find(&Target::parse(it).ok()?)?)))
            .filter(|(_, function)| !function.is_absent())
            .collect();
        let names = found.iter().map(|(_, it)| (it.index(), it.name()));
        let image = kernel.image();
        let debug = explain::Debug::read(image, names, self.vmlinux.as_deref(), &self.debug);
        let modules: BTreeSet<_> = found.iter().map(|(_, it)| it.index()).collect();

        modules
            .into_iter()
            .filter_map(|it| debug.problem(it))
            .for_each(note);
        found
            .into_iter()
            .filter_map(|(target, it)| Some((target.clone(), debug.copies(image, &it)?.words()?)))
            .collect()
    }
}

/// The function in a command for the file `control`.
fn target(command: &str) -> Option<&str> {
    command.split_whitespace().nth(1)
}

/// The functions and modules in the alternatives of entries.
fn wanted<'a>(entries: &[&'a Entry]) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let mut modules = BTreeSet::new();
    let mut functions = BTreeSet::new();

    for question in entries
        .iter()
        .flat_map(|it| &it.alternatives)
        .flat_map(|it| it.questions())
    {
        let Target { module, symbol, .. } = question.target;

        modules.extend(module);
        functions.insert(symbol);
    }
    (modules, functions)
}

/// The entry of a CVE with the ways into its source files, or only the latter.
fn related<'a>(
    catalogue: &'a Catalogue,
    entry: Option<&'a Entry>,
    files: &[String],
) -> Vec<&'a Entry> {
    let files = entry.map_or(files, |it| &it.files);

    entry.into_iter().chain(catalogue.doors(files)).collect()
}

impl Cve {
    pub fn run(&self, machine: &Machine, out: &mut impl Write) -> Result<u8, Box<dyn Error>> {
        let catalogue = self.subject.catalogue()?;
        let records: Result<Vec<_>, _> = self
            .record
            .iter()
            .map(|path| Record::read(path).map_err(|error| say(path, error)))
            .collect();
        let records = records?;
        let mut ids: Vec<_> = self.ids.iter().map(String::as_str).collect();

        if self.all {
            let cves = catalogue.entries().filter(|it| !it.is_door());

            ids.extend(cves.map(|it| it.id.as_str()));
        }
        let mut entries = Vec::new();
        for id in &ids {
            let entry = catalogue.get(id);

            entries.extend(related(&catalogue, entry, &[]));
        }
        for record in &records {
            entries.extend(related(
                &catalogue,
                catalogue.get(&record.id),
                &record.files,
            ));
        }
        let (modules, functions) = wanted(&entries);
        let index = self.subject.index(machine)?;
        let index = index.as_ref().map(|(index, path)| (index, &**path));
        let subject = self.subject.open(machine, index, &modules, &functions)?;
        let of_id = |id: &&str| match catalogue.get(id) {
            Some(entry) => cve::of_entry(entry, &catalogue, &subject),
            None => cve::of_nothing(id),
        };
        let mut findings: Vec<_> = ids.iter().map(of_id).collect();

        findings.extend(
            records
                .iter()
                .map(|it| suggest::finding(it, &catalogue, &subject)),
        );
        let mut ways: Vec<_> = findings
            .iter_mut()
            .filter(|it| !matches!(it.state, State::NotAffected | State::Fixed))
            .flat_map(|it| &mut it.ways)
            .filter(|it| it.is_open() || it.state.is_some())
            .collect();
        let commands = ways.iter().flat_map(|it| &it.commands);
        let targets = commands.filter_map(|it| target(it)).map(str::to_owned);
        let copies = self.subject.copies(&subject, &targets.collect());

        for way in &mut ways {
            let found = way.commands.iter().filter_map(|it| target(it));
            let found = found.filter_map(|it| Some(format!("{it}: {}", copies.get(it)?)));

            way.copies = found.collect();
        }
        let report = Report {
            release: subject.release().map(Release::to_string),
            source: subject.source(),
            cves: findings,
        };
        let text = match (self.openvex, self.json, &report.cves[..]) {
            (true, ..) => json(&vex::of(&report, None)?)?,
            (_, true, _) => json(&report)?,
            (_, _, [one]) => details(one, report.release.as_deref()),
            _ => overview(&report),
        };

        out.write_all(text.as_bytes()).map_err(cannot_write)?;
        Ok(DONE)
    }
}

fn json(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// A table without borders, as wide as the terminal.
fn table(header: &[&str]) -> Table {
    let mut table = Table::new();

    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    if table.width().is_none() {
        table.set_width(WIDTH);
    }
    table
}

/// A table as text, without trailing blanks.
fn lines_of(table: &Table) -> String {
    table
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

/// The name of a kernel for output.
fn name_of(release: Option<&str>) -> &str {
    release.unwrap_or("unknown")
}

/// The number of CVEs in each state, and a line per CVE.
pub fn overview(report: &Report) -> String {
    let mut table = table(&["CVE", "STATE", "WHY"]);
    let count = |state: State| {
        let count = report.cves.iter().filter(|it| it.state == state).count();

        (count > 0).then(|| format!("{count} {state}"))
    };
    let mut states = State::ALL;

    states.sort_by_key(|it| it.urgency());
    let counts: Vec<_> = states.into_iter().filter_map(count).collect();

    for finding in &report.cves {
        table.add_row([
            finding.id.clone(),
            finding.state.to_string(),
            finding.reason.clone(),
        ]);
    }
    format!(
        "kernel: {}\nCVEs: {}\n\n{}",
        name_of(report.release.as_deref()),
        match counts.is_empty() {
            true => "none".into(),
            false => counts.join(", "),
        },
        lines_of(&table)
    )
}

/// Everything about one CVE.
fn details(finding: &Finding, release: Option<&str>) -> String {
    let mut text = format!("{}: {}\n", finding.id, finding.state);
    let is_own = |way: &Way| way.door.is_none();
    let has_own = finding.ways.iter().any(|it| is_own(it) && it.is_open());

    text += &field("kernel", name_of(release));
    if !finding.title.is_empty() {
        text += &field("what", &finding.title);
    }
    text += &field("why", &finding.reason);
    // A way into a subsystem blocks more than the flaw.
    for way in &finding.ways {
        if is_own(way) || way.state.is_some() || !has_own {
            text += &way_text(way);
        }
    }
    if !finding.avoid.is_empty() || !finding.sources.is_empty() {
        text.push('\n');
    }
    for (target, why) in &finding.avoid {
        text += &field("do not", &format!("engage {target}: {why}"));
    }
    for source in &finding.sources {
        text += &field("source", source);
    }
    text
}

/// A name, followed by text that is folded in its own column.
fn field(name: &str, text: &str) -> String {
    const INDENT: usize = 10;
    let mut lines = vec![String::new()];

    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is one");

        if !last.is_empty() && last.chars().count() + word.chars().count() >= 88 {
            lines.push(word.into());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    let mut name = name;
    lines
        .iter()
        .map(|line| format!("  {:INDENT$}{line}\n", std::mem::take(&mut name)))
        .collect()
}

fn way_text(way: &Way) -> String {
    let mut text = String::from("\n");

    if let Some(door) = &way.door {
        let beside = match way.beside.is_empty() {
            true => String::new(),
            false => format!(", but not {}", way.beside.join(", ")),
        };

        text += &field("way", &format!("closes {door}{beside}"));
    }
    for (command, answer) in way.commands.iter().zip(&way.answers) {
        let word = match answer {
            Answer::Allowed => "allowed",
            Answer::Refused(_) => "refused",
            Answer::Absent => "absent",
            Answer::Unknown => "unchecked",
        };

        text += &format!("  {word:10}{command}\n");
        if let Answer::Refused(why) = answer {
            text += &field("", why);
        }
    }
    for copies in &way.copies {
        text += &field("but", copies);
    }
    text += &field("loses", &way.loses);
    if let Some(tried) = &way.tried {
        text += &field("tried", tried);
    }
    if way.is_open() {
        text += &format!("  {:10}{}\n", "type", typed(&way.commands));
    }
    text
}

/// The shell command that writes these commands to the kernel in one transaction.
fn typed(commands: &[String]) -> String {
    match commands {
        [one] if !one.contains('\'') => format!("echo '{one}' > {CONTROL}"),
        _ => format!("cat <<'END' > {CONTROL}\n{}\nEND", commands.join("\n")),
    }
}

impl Suggest {
    pub fn run(&self, machine: &Machine, out: &mut impl Write) -> Result<u8, Box<dyn Error>> {
        let record = Record::read(&self.record).map_err(|error| say(&self.record, error))?;
        let catalogue = self.subject.catalogue()?;
        let entries = related(&catalogue, catalogue.get(&record.id), &record.files);
        let (mut modules, mut functions) = wanted(&entries);
        let names = suggest::names(&record);
        let index = self.subject.index(machine)?;
        let index = index.as_ref().map(|(index, path)| (index, &**path));
        let mut own = Vec::new();

        if let Some((index, directory)) = index {
            let root = directory.canonicalize()?;
            let found = suggest::modules_of(&record.files, index, &root);

            modules.extend(suggest::homes(&names, &found, index));
            own.extend(found.iter().map(|it| it.name.as_str()));
        }
        own.dedup();
        // Callers of the functions in the title are needed, too.
        functions.extend(
            names
                .iter()
                .filter(|(_, it)| **it == suggest::Place::Title)
                .map(|(it, _)| *it),
        );
        let subject = self.subject.open(machine, index, &modules, &functions)?;
        let finding = suggest::finding(&record, &catalogue, &subject);
        let mut suggestions = suggest::suggest(&record, finding, &subject, &own);
        let allowed = suggestions.functions.iter_mut().filter(|it| it.allowed);
        let allowed: Vec<_> = allowed.collect();
        let targets = allowed.iter().map(|it| it.function.clone()).collect();
        let copies = self.subject.copies(&subject, &targets);

        for it in allowed {
            if let Some(copies) = copies.get(&it.function) {
                let before = match it.note.is_empty() {
                    true => "",
                    false => "; ",
                };

                it.note += &format!("{before}{copies}");
            }
        }
        let text = match self.json {
            true => json(&Suggested {
                source: subject.source(),
                suggestions: &suggestions,
            })?,
            false => {
                let kernel = subject.release().map(Release::to_string);

                suggested(&suggestions, kernel.as_deref())
            }
        };

        out.write_all(text.as_bytes()).map_err(cannot_write)?;
        Ok(DONE)
    }
}

/// The answer of `killswitch suggest --json`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Suggested<'a> {
    /// Where the kernel's code was read from, if it was read.
    source: Option<Source>,
    #[serde(flatten)]
    suggestions: &'a Suggestions,
}

/// Suggestions as text, for a kernel of this release, if it is known.
pub fn suggested(all: &Suggestions, release: Option<&str>) -> String {
    let mut text = details(&all.finding, release);
    let none = |list: &[String]| match list {
        [] => "none known".to_owned(),
        list => list.join(", "),
    };

    let modules = all.modules.join(", ");

    text += "\n";
    text += &field("files", &none(&all.files));
    text += &field(
        "modules",
        match all.modules.is_empty() {
            true => "none found: built in",
            false => &modules,
        },
    );
    if all.functions.is_empty() {
        text += "\nThe record names no function of this kernel.\n";
        return text;
    }
    let mut table = table(&["VERDICT", "SKIPPED", "FUNCTION", "FROM", "RETURNS", "NOTE"]);

    for it in &all.functions {
        table.add_row([
            match it.allowed {
                true => "allow".to_owned(),
                false => "refuse".to_owned(),
            },
            it.impact.map_or("", |it| it.name()).to_owned(),
            it.function.clone(),
            from(it).to_owned(),
            it.returns.clone(),
            it.note.clone(),
        ]);
    }
    text += "\n";
    text += &lines_of(&table);
    let mut commands: Vec<_> = all
        .functions
        .iter()
        .filter_map(|it| it.command.as_ref())
        .collect();

    commands.truncate(MAX_COMMANDS);
    if !commands.is_empty() {
        text += "\nChoose one of these, after checking how its callers use the value:\n\n";
        for command in commands {
            text += &typed(std::slice::from_ref(command));
            text.push('\n');
        }
    }
    text
}

/// The source of a suggestion, as printed.
fn from(it: &Suggestion) -> &'static str {
    match it.place {
        suggest::Place::Title => "title",
        suggest::Place::Text => "text",
        suggest::Place::Trace => "trace",
        suggest::Place::Caller => "caller",
        suggest::Place::Module => "module",
        suggest::Place::File => "file",
    }
}

impl Lint {
    pub fn run(&self, machine: &Machine, out: &mut impl Write) -> Result<u8, Box<dyn Error>> {
        let problems = match Catalogue::read(&self.paths) {
            Err(problems) => problems,
            Ok(catalogue) => self.judged(machine, &catalogue)?,
        };

        for problem in &problems {
            writeln!(out, "{problem}").map_err(cannot_write)?;
        }
        Ok(match problems.is_empty() {
            true => DONE,
            false => NOT_ALL,
        })
    }

    /// Contradictions between the policy and the files.
    fn judged(
        &self,
        machine: &Machine,
        catalogue: &Catalogue,
    ) -> Result<Vec<Problem>, Box<dyn Error>> {
        let Some(vmlinux) = &self.vmlinux else {
            return Ok(Vec::new());
        };
        let entries: Vec<_> = catalogue.entries().collect();
        let (modules, functions) = wanted(&entries);
        let index = match &self.modules {
            None => None,
            Some(path) => {
                let index = Index::of(machine, path).map_err(|error| say(path, error))?;

                Some((index, &**path))
            }
        };
        let index = index.as_ref().map(|(index, path)| (index, *path));
        let subject = known::open_file(vmlinux, index, &modules, &functions)?;

        Ok(entries
            .iter()
            .flat_map(|it| contradictions(it, &subject))
            .collect())
    }
}

/// Contradictions between an entry's alternatives and a kernel's verdicts.
pub fn contradictions(entry: &Entry, kernel: &impl Known) -> Vec<Problem> {
    let mut problems = Vec::new();

    for (at, alternative) in entry.alternatives.iter().enumerate() {
        let answers: Vec<_> = alternative
            .questions()
            .map(|question: Question<'_>| {
                (question.target.name.to_owned(), kernel.answer(&question))
            })
            .collect();
        let refused = answers.iter().find_map(|(name, answer)| match answer {
            Answer::Refused(why) => Some(format!("{name} is refused: {why}")),
            _ => None,
        });
        let is_allowed = answers.iter().all(|(_, it)| *it == Answer::Allowed);
        let what = match (refused, &alternative.refused) {
            (Some(why), None) => why,
            (None, Some(_)) if is_allowed => "it is allowed, but the file says refused".into(),
            _ => continue,
        };

        problems.push(Problem {
            file: format!("{}.toml", entry.id),
            key: format!("alternatives[{at}]"),
            what,
        });
    }
    problems
}

#[cfg(test)]
mod tests;
