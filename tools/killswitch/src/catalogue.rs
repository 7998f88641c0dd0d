// SPDX-License-Identifier: GPL-2.0-only

//! The catalogue: engagements against each CVE, and at each way into a subsystem.
//! `tools/catalogue/README.md` describes its format.

use crate::{
    command::Question,
    file,
    policy::glob,
    version::{Ranges, Version},
};
use include_dir::{include_dir, Dir};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::{Path, PathBuf},
};

/// The files that are compiled in.
static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../catalogue");

/// Size limit of a file, in bytes.
const MAX_FILE: u64 = 1 << 20;
/// The prefix of IDs of ways in.
const DOOR: &str = "door-";

/// A file: a CVE, or a way in, which many CVEs may share.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The CVE, or `door-` and a name.
    pub id: String,
    /// The flaw, or the subsystem of the way in, in a few words.
    pub title: String,
    /// Other names.
    #[serde(default)]
    pub names: Vec<String>,
    /// The modules with the code, if it can be modular.
    #[serde(default)]
    pub modules: Vec<String>,
    /// The affected source files, or those that the way covers: directories end with `/`, and `*`
    /// matches any characters.
    pub files: Vec<String>,
    /// How users reach it, and which users.
    pub reach: String,
    /// The affected versions of kernel.org.
    #[serde(default)]
    pub versions: Ranges,
    /// The first fixed packages, one for each branch, by distribution.
    #[serde(default)]
    pub distributions: BTreeMap<String, Vec<String>>,
    /// Mitigations, the best first. One of them is enough.
    #[serde(default)]
    pub alternatives: Vec<Alternative>,
    /// The reason why there are no alternatives.
    pub none: Option<String>,
    /// Targets that seem to close it but do harm.
    #[serde(default)]
    pub avoid: Vec<Avoid>,
    /// Sources of this information.
    pub sources: Vec<String>,
}

/// Targets to engage together, all or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// Requests for the file `check`: a function, a value, and optionally a scope and a condition.
    pub targets: Vec<String>,
    /// What stops working.
    pub loses: String,
    /// How it was tested.
    pub tried: Option<String>,
    /// The reason why the policy refuses it.
    pub refused: Option<String>,
}

/// A target not to engage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Avoid {
    pub target: String,
    pub why: String,
}

/// An error in a file of the catalogue.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub file: String,
    /// The key in the file.
    pub key: String,
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", file::shown(&self.key))?;
        }
        f.write_str(&file::shown(&self.what))
    }
}

impl std::error::Error for Problem {}

impl Alternative {
    /// The parsed targets.
    pub fn questions(&self) -> impl Iterator<Item = Question<'_>> {
        self.targets
            .iter()
            .filter_map(|it| Question::parse(it.as_bytes()).ok())
    }
}

impl Entry {
    /// Whether it is a way in, not a CVE.
    pub fn is_door(&self) -> bool {
        self.id.starts_with(DOOR)
    }

    /// The length of the longest pattern that matches a source file, if any.
    fn covers(&self, file: &str) -> Option<usize> {
        let patterns = self.files.iter().filter(|pattern| {
            let whole = match pattern.ends_with('/') {
                true => format!("{pattern}*"),
                false => pattern.to_string(),
            };

            glob::matches(whole.as_bytes(), file.as_bytes())
        });

        patterns.map(|it| it.len()).max()
    }
}

/// All entries, by ID.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(BTreeMap<String, Entry>);

impl Catalogue {
    /// The built-in catalogue.
    pub fn built_in() -> Result<Self, Vec<Problem>> {
        let files = BUILT_IN.files().filter_map(|file| {
            let name = file.path().to_string_lossy();

            Some((name.to_string(), file.contents_utf8()?.to_owned()))
        });

        Self::of(files.filter(|(name, _)| name.ends_with(".toml")).collect())
    }

    /// Reads the entries in `paths`, which are files, or directories with files.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Vec<Problem>> {
        let mut files = Vec::new();
        let mut problems = Vec::new();

        for path in paths.iter().flat_map(|path| files_in(path)) {
            let name = path.display().to_string();

            match file::text(&path, MAX_FILE) {
                Ok(text) => files.push((name, text)),
                Err(error) => problems.push(Problem {
                    file: name,
                    key: String::new(),
                    what: format!("it cannot be read: {error}"),
                }),
            }
        }
        match (Self::of(files), problems.is_empty()) {
            (Ok(catalogue), true) => Ok(catalogue),
            (Ok(_), false) => Err(problems),
            (Err(mut more), _) => {
                more.append(&mut problems);
                more.sort();
                Err(more)
            }
        }
    }

    /// The entries in files with these names and contents.
    pub fn of(files: Vec<(String, String)>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        let mut places: BTreeMap<String, String> = BTreeMap::new();

        for (file, text) in files {
            match understand(&text) {
                Ok(entry) => {
                    let mut wrong = wrong_in(&entry, &file);

                    if let Some(other) = places.insert(entry.id.clone(), file.clone()) {
                        wrong.push(("id".into(), format!("duplicate of {other}")));
                    }
                    problems.extend(wrong.into_iter().map(|(key, what)| Problem {
                        file: file.clone(),
                        key,
                        what,
                    }));
                    entries.insert(entry.id.clone(), entry);
                }
                Err((key, what)) => problems.push(Problem { file, key, what }),
            }
        }
        problems.sort();
        match problems.is_empty() {
            true => Ok(Self(entries)),
            false => Err(problems),
        }
    }

    /// The entry with this ID.
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.0.get(id)
    }

    /// All entries, sorted by ID.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.values()
    }

    /// The source files, except headers, without a known way in.
    pub fn without_door(&self, files: &[String]) -> Vec<String> {
        let is_open = |file: &&String| !file.ends_with(".h") && !self.has_door(file);

        files.iter().filter(is_open).cloned().collect()
    }

    /// Whether there is a way into this source file.
    pub fn has_door(&self, file: &String) -> bool {
        !self.doors(std::slice::from_ref(file)).is_empty()
    }

    /// The ways into these source files. For each file, the most specific way.
    pub fn doors<'a>(&'a self, files: &[String]) -> Vec<&'a Entry> {
        let door = |file: &String| {
            let all = self.entries().filter(|it| it.is_door());

            all.filter_map(|it| Some((it.covers(file)?, it)))
                .max_by_key(|(length, _)| *length)
        };
        let ids: BTreeSet<_> = files
            .iter()
            .filter_map(door)
            .map(|(_, it)| &it.id)
            .collect();

        ids.into_iter().map(|id| &self.0[id]).collect()
    }
}

/// `path`, or the files of the catalogue in it, sorted.
fn files_in(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return vec![path.into()];
    };
    let mut files: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "toml"))
        .collect();

    files.sort();
    files
}

/// Parses and checks a file. Fails with the key and the error.
fn understand(text: &str) -> Result<Entry, (String, String)> {
    let document = toml::Deserializer::parse(text)
        .map_err(|error| (String::new(), error.message().to_owned()))?;

    serde_path_to_error::deserialize(document).map_err(|error| {
        let key = error.path().to_string();

        (
            key.trim_start_matches('.').to_owned(),
            error.inner().message().to_owned(),
        )
    })
}

/// Errors in an entry, with their keys.
fn wrong_in(entry: &Entry, file: &str) -> Vec<(String, String)> {
    let mut wrong: Vec<(String, String)> = Vec::new();
    let mut say = |key: String, what: String| wrong.push((key, what));
    let stem = Path::new(file).file_stem().unwrap_or_default();

    if !is_id(&entry.id) {
        say(
            "id".into(),
            format!("'{}' is neither a CVE nor a door", entry.id),
        );
    }
    if stem != entry.id.as_str() {
        say("id".into(), format!("the file must be {}.toml", entry.id));
    }
    for (key, text) in [("title", &entry.title), ("reach", &entry.reach)] {
        if text.trim().is_empty() {
            say(key.into(), "it is empty".into());
        }
    }
    for (key, list) in [("files", &entry.files), ("sources", &entry.sources)] {
        if list.is_empty() {
            say(key.into(), "it is empty".into());
        }
    }
    for (at, file) in entry.files.iter().enumerate() {
        if file.starts_with(['/', '.']) || file.contains(char::is_whitespace) {
            say(
                format!("files[{at}]"),
                format!("'{file}' is not a path in the source"),
            );
        }
    }
    if entry.is_door() && entry.versions != Ranges::default() {
        say("versions".into(), "not allowed in a door".into());
    }
    wrong.extend(wrong_ranges(&entry.versions));
    for (name, packages) in &entry.distributions {
        for (at, package) in packages.iter().enumerate() {
            if package_key(package).is_none() {
                wrong.push((
                    format!("distributions.{name}[{at}]"),
                    format!("'{package}' is not a package version such as 6.1.140-1"),
                ));
            }
        }
    }
    match (&entry.none, entry.alternatives.is_empty()) {
        (None, true) => wrong.push((
            "alternatives".into(),
            "there are none, and the key none does not say why".into(),
        )),
        (Some(_), false) => wrong.push(("none".into(), "there are alternatives".into())),
        _ => {}
    }
    wrong.extend(wrong_targets(entry));
    wrong
}

/// Whether it is the name of a CVE.
pub fn is_cve(id: &str) -> bool {
    let is_number =
        |text: &str, least| text.len() >= least && text.bytes().all(|it| it.is_ascii_digit());

    id.strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| year.len() == 4 && is_number(year, 4) && is_number(number, 4))
}

fn is_id(id: &str) -> bool {
    let is_name = |text: &str| {
        let is_part = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';

        !text.is_empty() && text.bytes().all(is_part)
    };

    is_cve(id) || id.strip_prefix(DOOR).is_some_and(is_name)
}

fn wrong_ranges(ranges: &Ranges) -> Vec<(String, String)> {
    let mut wrong = Vec::new();

    for (key, list) in [("introduced", &ranges.introduced), ("fixed", &ranges.fixed)] {
        for (at, pair) in list.windows(2).enumerate() {
            if pair[0] >= pair[1] {
                wrong.push((
                    format!("versions.{key}[{}]", at + 1),
                    format!("{} is after {}", pair[1], pair[0]),
                ));
            }
        }
    }
    let last = |list: &[Version]| list.iter().max().copied();
    let (start, fix) = (last(&ranges.introduced), last(&ranges.fixed));
    let is_stable = |it: &Version| it.to_string().matches('.').count() > 1;

    // Mainline is always first in both, unless the flaw exists only in backports.
    if let Some(fix) = fix.filter(|it| is_stable(it) && !start.as_ref().is_some_and(is_stable)) {
        wrong.push((
            "versions.fixed".into(),
            format!("the fix of mainline is missing after {fix}"),
        ));
    }
    if let (Some(start), Some(fix)) = (start, fix) {
        if start >= fix {
            wrong.push((
                "versions.introduced".into(),
                format!("{start} is not before the fix, {fix}"),
            ));
        }
    }
    for (at, start) in ranges.introduced.iter().enumerate() {
        if let Some(fix) = ranges.fix_of(start.branch()).filter(|fix| fix <= start) {
            wrong.push((
                format!("versions.introduced[{at}]"),
                format!("{start} is not before the fix of its branch, {fix}"),
            ));
        }
    }
    wrong.sort();
    wrong.dedup_by(|one, other| one.0 == other.0);
    wrong
}

fn wrong_targets(entry: &Entry) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    let mut check = |key: &str, line: &str| {
        let problem = match Question::parse(line.as_bytes()) {
            Err(malformed) => Some(malformed.to_string()),
            Ok(question) => question
                .target
                .module
                .filter(|it| {
                    !entry.modules.is_empty() && !entry.modules.iter().any(|own| own == it)
                })
                .map(|module| format!("module {module} is not among modules")),
        };

        wrong.extend(problem.map(|problem| (key.to_owned(), problem)));
    };

    for (at, alternative) in entry.alternatives.iter().enumerate() {
        let key = |rest: &str| format!("alternatives[{at}].{rest}");

        for (at, line) in alternative.targets.iter().enumerate() {
            check(&key(&format!("targets[{at}]")), line);
        }
    }
    for (at, avoid) in entry.avoid.iter().enumerate() {
        check(&format!("avoid[{at}].target"), &avoid.target);
    }
    for (at, alternative) in entry.alternatives.iter().enumerate() {
        let key = |rest: &str| format!("alternatives[{at}].{rest}");

        if alternative.targets.is_empty() {
            wrong.push((key("targets"), "it is empty".into()));
        }
        if !seen.insert(&alternative.targets) {
            wrong.push((key("targets"), "duplicate of another alternative".into()));
        }
        for (key, text) in [
            (key("loses"), Some(&alternative.loses)),
            (key("tried"), alternative.tried.as_ref()),
            (key("refused"), alternative.refused.as_ref()),
        ] {
            if text.is_some_and(|it| it.trim().is_empty()) {
                wrong.push((key, "it is empty".into()));
            }
        }
    }
    for (at, avoid) in entry.avoid.iter().enumerate() {
        if avoid.why.trim().is_empty() {
            wrong.push((format!("avoid[{at}].why"), "it is empty".into()));
        }
        if seen.iter().any(|it| it.contains(&avoid.target)) {
            wrong.push((
                format!("avoid[{at}].target"),
                "it is a target of an alternative".into(),
            ));
        }
    }
    wrong
}

/// The sort key of a package version: the kernel.org version and the revision. Rebuilds for other
/// releases of the distribution have the same key.
pub fn package_key(package: &str) -> Option<(Version, u32)> {
    let (version, revision) = package.split_once('-')?;
    let digits = revision.bytes().take_while(u8::is_ascii_digit).count();

    Some((version.parse().ok()?, revision[..digits].parse().ok()?))
}

#[cfg(test)]
pub mod tests;
