// SPDX-License-Identifier: GPL-2.0-only

//! The state of a CVE on a kernel: whether the kernel is affected, and the engagements against it.

use crate::{
    catalogue::{package_key, Catalogue, Entry},
    command::{Question, Target},
    image::Source,
    live::state::Engagement,
    record::Record,
    version::{Maker, Release, Standing},
};
use serde::Serialize;
use std::{cmp::Reverse, fmt};

/// Known facts about a kernel, running or in files.
pub trait Known {
    /// Its release, if known.
    fn release(&self) -> Option<&Release>;
    /// Whether the kernel has the code of this module.
    fn presence(&self, module: &str) -> Presence;
    /// Its answer to a request.
    fn answer(&self, question: &Question<'_>) -> Answer;
    /// Its engagements. None if it does not run.
    fn engagements(&self) -> &[Engagement];
}

/// Whether a kernel has what is built as a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// As a module.
    Module,
    /// In the kernel itself.
    BuiltIn,
    Absent,
    Unknown,
}

/// The answer of a kernel to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "reason")]
pub enum Answer {
    Allowed,
    /// With the reason, and functions that could be engaged instead.
    Refused(String),
    /// It has no such function.
    Absent,
    /// The policy was not available.
    Unknown,
}

/// The state of a CVE on a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The kernel does not have the code, or predates the flaw.
    NotAffected,
    /// It has the fix.
    Fixed,
    /// A mitigation is engaged.
    Mitigated,
    /// A mitigation will be engaged when its module is loaded.
    Armed,
    /// A mitigation is engaged in part, or for some calls only.
    Partly,
    /// A mitigation is engaged, but its probe is disarmed.
    Disarmed,
    /// A mitigation is observed: calls are counted, but not stopped.
    Observed,
    /// The kernel has the flaw, and no mitigation is engaged.
    Exposed,
    /// The kernel has the flaw, and no mitigation is known.
    NoMitigation,
    /// It is not known whether the kernel has the flaw.
    Unknown,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NotAffected,
        Self::Fixed,
        Self::Mitigated,
        Self::Armed,
        Self::Partly,
        Self::Disarmed,
        Self::Observed,
        Self::Exposed,
        Self::NoMitigation,
        Self::Unknown,
    ];

    /// A sort key: the most urgent state first.
    pub fn urgency(self) -> impl Ord {
        Reverse((self.is_open(), self == Self::Unknown, self))
    }

    /// Whether the kernel has the flaw, and no engagement closes it.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::Partly | Self::Disarmed | Self::Observed | Self::Exposed | Self::NoMitigation
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NotAffected => "not-affected",
            Self::Fixed => "fixed",
            Self::Mitigated => "mitigated",
            Self::Armed => "armed",
            Self::Partly => "partly",
            Self::Disarmed => "disarmed",
            Self::Observed => "observed",
            Self::Exposed => "exposed",
            Self::NoMitigation => "no-mitigation",
            Self::Unknown => "unknown",
        })
    }
}

/// The states of CVEs on a kernel: the answer of `killswitch cve --json`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report {
    /// The kernel's release; null if it is unknown.
    pub release: Option<String>,
    /// The source of its code, if it was read.
    pub source: Option<Source>,
    pub cves: Vec<Finding>,
}

/// The state of a CVE on a kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// The CVE.
    pub id: String,
    /// The flaw, in a few words.
    pub title: String,
    pub state: State,
    /// The reason for this state.
    pub reason: String,
    /// The possible engagements, the best first.
    pub ways: Vec<Way>,
    /// Targets that seem to close it but do harm, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub avoid: Vec<(String, String)>,
    /// Sources of this information.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
}

/// An alternative: commands to engage together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Way {
    /// The way into a subsystem that it belongs to, if it is not specific to the CVE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub door: Option<String>,
    /// The affected source files that the way does not cover.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
    /// Commands for the file `control`, one per line.
    pub commands: Vec<String>,
    /// The kernel's answer to each command.
    pub answers: Vec<Answer>,
    /// Which of the functions have copies that an engagement does not cover, according to debug
    /// information, and the consequence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<String>,
    /// What stops working.
    pub loses: String,
    /// How it was tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried: Option<String>,
    /// Its state, if any of it is engaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}

impl Way {
    /// Whether the kernel accepts all of it, as far as known.
    pub fn is_open(&self) -> bool {
        let is_open = |it: &Answer| matches!(it, Answer::Allowed | Answer::Unknown);

        self.answers.iter().all(is_open)
    }
}

/// Whether a kernel is affected, and the reason.
enum Affected {
    No(String),
    Fixed(String),
    Yes(String),
    /// Unknown, with the reason and how to find out.
    Unsure(String),
}

/// The state of an entry of the catalogue.
pub fn of_entry(entry: &Entry, catalogue: &Catalogue, kernel: &impl Known) -> Finding {
    let mut ways = ways(entry, &entry.id, None, kernel);

    // The ways into its source files close it as well, unless the entry says that nothing does.
    if entry.none.is_none() {
        let without = catalogue.without_door(&entry.files);

        for door in catalogue.doors(&entry.files) {
            for way in self::ways(door, &entry.id, Some((&door.id, &without)), kernel) {
                if !ways.iter().any(|it| it.commands == way.commands) {
                    ways.push(way);
                }
            }
        }
    }
    finding(entry, ways, kernel)
}

/// The state of a CVE that has a record and no entry.
pub fn of_record(record: &Record, catalogue: &Catalogue, kernel: &impl Known) -> Finding {
    let doors = catalogue.doors(&record.files);
    let mut modules: Vec<_> = doors.iter().flat_map(|it| it.modules.clone()).collect();
    let is_behind = |it: &String| catalogue.has_door(it);

    // A way into several modules does not identify one of them, and neither do files elsewhere.
    if doors.len() > 1 || modules.len() > 1 || !record.files.iter().all(is_behind) {
        modules.clear();
    }
    let entry = Entry {
        id: record.id.clone(),
        title: record.title.clone(),
        names: Vec::new(),
        modules,
        files: record.files.clone(),
        reach: String::new(),
        versions: record.versions.clone(),
        distributions: Default::default(),
        alternatives: Vec::new(),
        none: None,
        avoid: doors.iter().flat_map(|it| it.avoid.clone()).collect(),
        sources: Vec::new(),
    };

    of_entry(&entry, catalogue, kernel)
}

/// The state of a CVE with neither.
pub fn of_nothing(id: &str) -> Finding {
    Finding {
        id: id.into(),
        title: String::new(),
        state: State::Unknown,
        reason: "it is not in the catalogue; give its record (--record FILE) to get the way \
                 into its source files"
            .into(),
        ways: Vec::new(),
        avoid: Vec::new(),
        sources: Vec::new(),
    }
}

/// The ways of an entry, for the CVE `id`.
fn ways(entry: &Entry, id: &str, door: Option<(&str, &[String])>, kernel: &impl Known) -> Vec<Way> {
    let way = |alternative: &crate::catalogue::Alternative| {
        let questions: Vec<_> = alternative.questions().collect();
        let reason = match id.len() {
            0 => String::new(),
            _ => format!(" reason={id}"),
        };

        Way {
            door: door.map(|(id, _)| id.to_owned()),
            beside: door.map_or_else(Vec::new, |(_, beside)| beside.to_vec()),
            commands: alternative
                .targets
                .iter()
                .map(|it| format!("engage {it}{reason}"))
                .collect(),
            answers: questions.iter().map(|it| kernel.answer(it)).collect(),
            copies: Vec::new(),
            loses: alternative.loses.clone(),
            tried: alternative.tried.clone(),
            state: engaged(&questions, kernel.engagements()),
        }
    };

    entry.alternatives.iter().map(way).collect()
}

fn finding(entry: &Entry, ways: Vec<Way>, kernel: &impl Known) -> Finding {
    // A way into a subsystem closes one of possibly several ways to the flaw.
    let engaged = ways
        .iter()
        .filter_map(|way| {
            let state = match (way.state?, &way.door) {
                (State::Mitigated | State::Armed, Some(_)) => State::Partly,
                (state, _) => state,
            };

            Some((state, way))
        })
        .min_by_key(|(state, _)| *state);
    let open = ways.iter().find(|it| it.is_open() && it.beside.is_empty());
    let affected = affected(entry, kernel);
    let is_engaged = ways.iter().any(|it| it.state.is_some());
    let (state, reason) = match (affected, engaged) {
        (Affected::No(why), None) => (State::NotAffected, why),
        (Affected::No(why), Some(_)) => (State::NotAffected, format!("{why}; {LIFT}")),
        (Affected::Fixed(why), _) if is_engaged => (State::Fixed, format!("{why}; {LIFT}")),
        (Affected::Fixed(why), _) => (State::Fixed, why),
        (_, Some((state, way))) => (state, engaged_words(state, way, kernel.engagements())),
        (Affected::Yes(why), None) => match open {
            Some(way) => (
                State::Exposed,
                format!("{why}, and nothing is engaged; {}", hint(way)),
            ),
            None => (
                State::NoMitigation,
                format!("{why}; {}", no_way(entry, &ways)),
            ),
        },
        (Affected::Unsure(why), None) => (State::Unknown, why),
    };

    Finding {
        id: entry.id.clone(),
        title: entry.title.clone(),
        state,
        reason,
        ways,
        avoid: entry
            .avoid
            .iter()
            .map(|it| (it.target.clone(), it.why.clone()))
            .collect(),
        sources: entry.sources.clone(),
    }
}

const LIFT: &str = "the engagements against it can be lifted";

/// A short hint for the reader.
fn hint(way: &Way) -> String {
    match &way.commands[..] {
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        [] => String::new(),
    }
}

/// The reason why no way is open.
fn no_way(entry: &Entry, ways: &[Way]) -> String {
    let refused = ways.iter().flat_map(|way| {
        way.commands
            .iter()
            .zip(&way.answers)
            .filter_map(|(command, answer)| {
                let name = command.split(' ').nth(1)?;

                match answer {
                    Answer::Refused(why) => Some(format!("{name} is refused: {why}")),
                    Answer::Absent => Some(format!("there is no {name} in this kernel")),
                    Answer::Allowed | Answer::Unknown => None,
                }
            })
    });
    let refused: Vec<_> = refused.collect();
    let beside = ways.iter().find(|it| !it.beside.is_empty());

    match (&entry.none, beside) {
        (Some(none), _) if refused.is_empty() => none.clone(),
        (None, _) if ways.is_empty() => {
            "it is not in the catalogue, and it has no way into its source files".into()
        }
        (_, Some(way)) => format!(
            "{} covers some of its source files, but not {}",
            way.door.as_deref().unwrap_or_default(),
            way.beside.join(", ")
        ),
        _ => refused.join("; "),
    }
}

/// Whether the kernel is affected.
fn affected(entry: &Entry, kernel: &impl Known) -> Affected {
    let Some(release) = kernel.release() else {
        return absent(entry, kernel).unwrap_or_else(|| {
            Affected::Unsure("the version of the kernel is unknown; give it with --release".into())
        });
    };
    let by_version = by_version(entry, release);

    match by_version {
        Affected::Fixed(_) | Affected::No(_) => by_version,
        Affected::Yes(_) | Affected::Unsure(_) => absent(entry, kernel).unwrap_or(by_version),
    }
}

/// `NotAffected` if the kernel has none of the modules with the code.
fn absent(entry: &Entry, kernel: &impl Known) -> Option<Affected> {
    let is_absent = |it: &String| kernel.presence(it) == Presence::Absent;

    if entry.modules.is_empty() || !entry.modules.iter().all(is_absent) {
        return None;
    }
    Some(Affected::No(format!(
        "neither built in nor among the modules found: {}",
        entry.modules.join(", ")
    )))
}

fn by_version(entry: &Entry, release: &Release) -> Affected {
    let version = release.version;
    let packages = match release.maker {
        Maker::Stable(name) | Maker::Backports(name) => entry.distributions.get(name),
        Maker::Upstream | Maker::Other => None,
    };
    let own = packages
        .into_iter()
        .flatten()
        .find(|it| package_key(it).is_some_and(|(fixed, _)| fixed.branch() == version.branch()));
    let package = release.package.as_deref();

    if let (Some(own), Some(package)) = (own, package) {
        if package_key(package) >= package_key(own) {
            return Affected::Fixed(format!("the package {package} has the fix, since {own}"));
        }
    }
    let Some(standing) = release.standing(&entry.versions) else {
        return Affected::Unsure(format!(
            "it depends on the patch level, which {} does not have; give the version of its \
             package, which is in uname -v, with --release",
            release.name
        ));
    };

    match (standing, release.maker) {
        (Standing::Fixed(fix), _) => Affected::Fixed(format!("it has the fix, released in {fix}")),
        (Standing::Before(start), Maker::Upstream | Maker::Stable(_)) => {
            Affected::No(format!("it predates the flaw, introduced in {start}"))
        }
        (Standing::Before(start), Maker::Backports(name)) => Affected::Unsure(format!(
            "the flaw was introduced in {start}, but {name} backports features; {}",
            settles(name)
        )),
        (Standing::Before(start), Maker::Other) => Affected::Unsure(format!(
            "the flaw was introduced in {start}, but {} may have backports; {OTHER}",
            release.name
        )),
        (Standing::Affected(fix), maker) => {
            let fixed = match fix {
                Some(fix) => format!("kernel.org fixed it in {fix}"),
                None => format!(
                    "kernel.org did not fix it in {}.{}",
                    version.branch().0,
                    version.branch().1
                ),
            };

            match (maker, own) {
                (Maker::Upstream, _) => Affected::Yes(format!("it has the flaw: {fixed}")),
                (Maker::Stable(name) | Maker::Backports(name), Some(own)) => {
                    Affected::Unsure(format!("{name} has the fix since {own}; {}", settles(name)))
                }
                (Maker::Stable(name) | Maker::Backports(name), None) => Affected::Unsure(format!(
                    "{fixed}, but {name} backports fixes; {}",
                    settles(name)
                )),
                (Maker::Other, _) => Affected::Unsure(format!(
                    "{fixed}, but {} may have backports; {OTHER}",
                    release.name
                )),
            }
        }
        (Standing::Unknown, _) => Affected::Unsure(
            "it is not known whether this version has the flaw; check whether the commit that \
             fixes it is in the source"
                .into(),
        ),
    }
}

const OTHER: &str = "if the source is from kernel.org, give its version with --release";

/// How to find out whether a kernel of this distribution has a fix.
fn settles(name: &str) -> String {
    match name {
        "Debian" | "Ubuntu" => format!(
            "search for the CVE in the changelog of the package (apt changelog \
             linux-image-$(uname -r)), or the security tracker of {name}"
        ),
        "Red Hat Enterprise Linux" | "Fedora" | "Amazon Linux" | "SUSE Linux" => format!(
            "search for the CVE in the changelog of the package (rpm -q --changelog \
             kernel-$(uname -r)), or the security advisories of {name}"
        ),
        _ => format!("search for the CVE in the security advisories of {name}"),
    }
}

/// The state of an alternative; `None` if nothing of it is engaged.
fn engaged(questions: &[Question<'_>], engagements: &[Engagement]) -> Option<State> {
    let states: Vec<_> = questions
        .iter()
        .map(|question| {
            let about = |it: &&Engagement| is_about(it, &question.target);

            engagements
                .iter()
                .filter(about)
                .map(|it| state_of(question, it))
                .min()
        })
        .collect();
    let found: Vec<_> = states.iter().flatten().copied().collect();
    let stops = |it: &State| matches!(it, State::Mitigated | State::Armed | State::Partly);

    if found.is_empty() {
        None
    } else if found.contains(&State::Disarmed) {
        Some(State::Disarmed)
    } else if found.len() == states.len() && found.iter().all(stops) {
        // The alternative is as good as its worst part.
        found.into_iter().max()
    } else if found.iter().any(stops) {
        Some(State::Partly)
    } else {
        Some(State::Observed)
    }
}

/// Whether an engagement is on the function that a target names.
fn is_about(engagement: &Engagement, target: &Target<'_>) -> bool {
    let own = Target::of(&engagement.target);
    let is_same = |one: &str, other: &str| one == other;

    own.symbol == target.symbol
        && match (own.module, target.module) {
            (Some(one), Some(other)) => is_same(one, other),
            _ => true,
        }
}

/// The state of a target with this engagement.
fn state_of(question: &Question<'_>, engagement: &Engagement) -> State {
    match &*engagement.state {
        "probing" | "observing" => State::Observed,
        "armed" if engagement.value.is_none() => State::Observed,
        "armed" | "engaged" if !covers(question, engagement) => State::Partly,
        "armed" => State::Armed,
        "engaged" => State::Mitigated,
        // Missing, disarmed, or a state that a later kernel adds.
        _ => State::Disarmed,
    }
}

/// Whether an engagement stops all calls of the request, with such a value.
fn covers(question: &Question<'_>, engagement: &Engagement) -> bool {
    let asked = question.value.get();
    let is_error = |value: i64| (-4095..0).contains(&value);
    let is_value = engagement
        .value
        .is_some_and(|value| value == asked || is_error(value) && is_error(asked));

    is_value && engagement.includes(&question.scope.to_string(), question.condition)
}

/// The engagements of an alternative, as text.
fn engaged_words(state: State, way: &Way, engagements: &[Engagement]) -> String {
    let mut said = Vec::new();
    let mut lacking = Vec::new();

    for command in &way.commands {
        let Some(name) = command.split(' ').nth(1) else {
            continue;
        };
        let about = |it: &&Engagement| is_about(it, &Target::of(name));
        let Some(engagement) = engagements.iter().find(about) else {
            lacking.push(name);
            continue;
        };
        let Engagement { hits, scope, .. } = engagement;
        let target = &engagement.target;
        let value = match engagement.value {
            Some(value) => format!("returns {value}"),
            None => "is observed".into(),
        };
        let mut words = match &*engagement.state {
            "engaged" => format!("{target} {value}, {hits} calls so far"),
            "armed" => format!("{target} is armed until its module is loaded"),
            "observing" => format!("{target} is observed: {hits} calls ran"),
            "probing" => format!("{target} is watched, and runs until the time is over"),
            "missing" => format!("the module has no {target}: no call is stopped"),
            "disarmed" => format!("the probe of {target} is disarmed: it RUNS"),
            state => format!("{target} is {state}"),
        };

        if scope == "nonroot" {
            words += ", for users only";
        }
        if let Some(condition) = &engagement.condition {
            words += &format!(", if {condition}");
        }
        if let Some(seconds) = engagement.seconds_left {
            words += &format!(", for {seconds} seconds more");
        }
        said.push(words);
    }
    if !lacking.is_empty() {
        said.push(format!("not engaged: {}", lacking.join(", ")));
    }
    if let (State::Partly, Some(door)) = (state, &way.door) {
        said.push(format!(
            "this closes {door}, but there may be another way to the flaw"
        ));
    } else if state == State::Partly && lacking.is_empty() {
        said.push(format!("the catalogue has: {}", way.commands.join("; ")));
    }
    said.join("; ")
}

#[cfg(test)]
mod tests;
