// SPDX-License-Identifier: GPL-2.0-only

//! Suggests engagements against a CVE that is not in the catalogue, from its record: functions that
//! it names, functions of the modules that its source files are built into, and the ways into these
//! modules.

use crate::{
    command::{Scope, Target},
    cve::{self, Finding},
    errno, explain,
    image::Within,
    index::{plain, Index, Module},
    kernel::{Function, Kernel, Verdict, KERNEL},
    known::Subject,
    policy::{Asked, Type, Value},
    record::Record,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Maximum number of words of a record that may be names of functions.
const MAX_NAMES: usize = 4000;
/// Maximum number of functions shown from the record, and from its modules.
const MAX_SHOWN: usize = 12;
/// A symbol in more modules than this does not identify a module.
const MAX_HOMES: usize = 3;
/// A function with more callers than this does not belong to one subsystem, and neither do its
/// callers.
const MAX_CALLERS: usize = 16;

/// Where a record mentions a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    Title,
    Text,
    /// In the output of a crash.
    Trace,
    /// Not in the record, but calls a function that is.
    Caller,
    /// It is in a module of the record's source files.
    Module,
    /// In the kernel itself, with the prefix of one of the record's source files.
    File,
}

/// A function that could be engaged, or is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Suggestion {
    pub function: String,
    pub place: Place,
    pub returns: String,
    pub allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// The command for the file `control`, if it is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The reason for a refusal, or a warning.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Whether it can be skipped, according to `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<explain::Summary>,
}

/// All suggestions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Suggestions {
    /// The state, and the ways into the source files.
    #[serde(flatten)]
    pub finding: Finding,
    pub files: Vec<String>,
    /// The modules that the source files are built into, as far as known.
    pub modules: Vec<String>,
    pub functions: Vec<Suggestion>,
}

/// Words of `record` that may be names of functions, with their places.
pub fn names(record: &Record) -> BTreeMap<&str, Place> {
    let mut names = BTreeMap::new();

    for (text, is_title) in [(&record.title, true), (&record.text, false)] {
        let mut rest = &text[..];

        while let Some(start) = rest.find(is_part) {
            let word = &rest[start..];
            let end = word.find(|it| !is_part(it)).unwrap_or(word.len());
            let (word, behind) = word.split_at(end);
            let before = rest[..start].chars().next_back();
            let word = word.trim_matches('.');

            rest = behind;
            let place = match () {
                () if is_trace(behind) => Place::Trace,
                () if is_title => Place::Title,
                () => Place::Text,
            };
            // An English word is a name only with parentheses behind it.
            let is_name = word.contains('_') || behind.starts_with('(') || place == Place::Trace;
            let is_path =
                behind.starts_with(['/', '@']) || matches!(before, Some('/' | '@' | '-' | '>'));

            if is_name
                && !is_path
                && word.len() > 2
                && word.len() < 256
                && !word.starts_with(|first: char| first.is_ascii_digit())
                && names.len() < MAX_NAMES
            {
                let known = names.entry(word).or_insert(place);

                *known = place.min(*known);
            }
        }
    }
    names
}

/// Whether a name is followed by what the kernel prints in a crash: an offset, or a source
/// location.
fn is_trace(behind: &str) -> bool {
    /// Maximum length of a source location, in characters.
    const MAX_PLACE: usize = 256;
    let place = behind.strip_prefix(" (").map(|it| {
        let is_place = |it: &char| *it != ')';

        it.chars().take(MAX_PLACE).take_while(is_place).collect()
    });
    let is_line = |it: String| [".c:", ".h:", ".S:"].iter().any(|end| it.contains(end));

    behind.starts_with("+0x") || place.is_some_and(is_line)
}

fn is_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_.".contains(character)
}

/// The modules that source files are built into, by their names and directories.
pub fn modules_of<'a>(files: &[String], index: &'a Index, root: &Path) -> Vec<&'a Module> {
    let mut found = BTreeMap::new();

    for file in files.iter().filter(|it| it.ends_with(".c")) {
        for module in modules_of_file(file, index, root) {
            found.insert(&module.path, module);
        }
    }
    found.into_values().collect()
}

fn modules_of_file<'a>(file: &str, index: &'a Index, root: &Path) -> Vec<&'a Module> {
    let file = Path::new(file);
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.replace('-', "_");
    let mut directory = file.parent();
    let mut depth = 0;

    // The module in the same directory or, if there are several, the one with the closest name.
    while let Some(place) = directory.filter(|it| it.components().count() > 1) {
        let is_there = |module: &&Module| match directory_of(module, root) {
            Some(other) if depth == 0 => other == place,
            Some(other) => other.starts_with(place),
            None => false,
        };
        let here: Vec<_> = index.modules().iter().filter(is_there).collect();
        let alike = closest(&here, &stem);

        if !alike.is_empty() {
            return alike;
        }
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let name = name.replace('-', "_");

        // A module such as unix_diag is next to code that is built in.
        if let [one] = here[..] {
            return match one.name.contains(&format!("{name}_")) {
                true => Vec::new(),
                false => vec![one],
            };
        }
        if let Some(one) = here.iter().find(|it| it.name == name) {
            return vec![one];
        }
        if depth > 0 && !here.is_empty() {
            return closest(&here, &name);
        }
        directory = place.parent();
        depth += 1;
    }
    // A flat directory of modules.
    let is_flat =
        |module: &&Module| directory_of(module, root).is_none_or(|it| it.as_os_str().is_empty());
    let here: Vec<_> = index.modules().iter().filter(is_flat).collect();

    closest(&here, &stem)
}

/// The source directory of a module, if modules are stored by directory.
fn directory_of<'a>(module: &'a Module, root: &Path) -> Option<&'a Path> {
    let path = module.path.parent()?.strip_prefix(root).ok()?;
    let mut parts = path.components();

    // After the release and "kernel", as depmod expects.
    while let Some(part) = parts.clone().next() {
        if part.as_os_str() == "kernel" {
            parts.next();
            return Some(parts.as_path());
        }
        parts.next();
    }
    Some(path)
}

/// The `modules` whose names are closest to `stem`.
fn closest<'a>(modules: &[&'a Module], stem: &str) -> Vec<&'a Module> {
    let score = |name: &str| match () {
        () if name == stem => usize::MAX,
        () if stem.starts_with(&format!("{name}_")) => name.len() + 1,
        () if name.starts_with(&format!("{stem}_")) => stem.len(),
        () if name.ends_with(&format!("_{stem}")) => stem.len(),
        () => 0,
    };
    let best = modules.iter().map(|it| score(&it.name)).max().unwrap_or(0);

    modules
        .iter()
        .copied()
        .filter(|it| best > 0 && score(&it.name) == best)
        .collect()
}

/// The modules of a kernel to read: those of the source files, and those that define a named
/// function, if only a few define it.
pub fn homes<'a>(
    names: &BTreeMap<&str, Place>,
    modules: &[&'a Module],
    index: &'a Index,
) -> BTreeSet<&'a str> {
    let mut homes: BTreeSet<&str> = modules.iter().map(|it| &*it.name).collect();
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();

    for (module, defined) in index.with(|it| names.contains_key(plain(it))) {
        for name in defined {
            found.entry(plain(name)).or_default().insert(&module.name);
        }
    }
    homes.extend(
        found
            .into_values()
            .filter(|it| it.len() <= MAX_HOMES)
            .flatten(),
    );
    homes
}

/// Suggests engagements.
pub fn suggest(record: &Record, finding: Finding, subject: &Subject, own: &[&str]) -> Suggestions {
    let mut functions = Vec::new();

    if let Some(kernel) = &subject.kernel {
        functions = of_kernel(record, kernel, own);
    }
    Suggestions {
        finding,
        files: record.files.clone(),
        modules: own.iter().map(|it| it.to_string()).collect(),
        functions,
    }
}

fn of_kernel(record: &Record, kernel: &Kernel, own: &[&str]) -> Vec<Suggestion> {
    let names = names(record);
    let mut found: Vec<(Function<'_>, Place)> = Vec::new();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut callers = Vec::new();

    for (name, place) in &names {
        for function in named(kernel, name, own) {
            if !seen.insert((function.module().into(), function.name().into())) {
                continue;
            }
            // A function without a return value can hardly fail, but its callers can.
            let asked = Scope::All.asks(Value::new(-1));

            if *place < Place::Trace
                && !takes_error(kernel, &function)
                && kernel.callers_of(&function) <= MAX_CALLERS
            {
                callers.extend(kernel.nearest(&function, asked));
            }
            found.push((function, *place));
        }
    }
    let callers: Vec<_> = callers
        .iter()
        .filter(|it| it.returns != Type::Void && it.asked.value.get() < 0)
        .collect();
    for caller in &callers {
        let module = caller.module.as_deref().unwrap_or(KERNEL);

        if seen.insert((module.into(), caller.symbol.clone())) {
            let within = match kernel.image().module_named(module) {
                Some(index) => Within::Module(index),
                None => Within::Kernel,
            };

            found.extend(
                kernel
                    .find_in(within, &caller.symbol)
                    .map(|it| (it, Place::Caller)),
            );
        }
    }
    let mut shown: Vec<_> = found
        .iter()
        .map(|(function, place)| suggestion(record, kernel, function, *place))
        .collect();

    shown.retain(|it| it.allowed || it.place != Place::Trace);
    shown.sort_by_key(rank);
    shown.truncate(MAX_SHOWN);
    let mut others = of_modules(record, kernel, own, &seen);

    if own.is_empty() {
        others = of_files(record, kernel, &seen);
    }

    others.sort_by_key(|(likeness, it)| (std::cmp::Reverse(*likeness), rank(it)));
    shown.extend(others.into_iter().map(|(_, it)| it).take(MAX_SHOWN));

    let index = explain::Index::new(kernel);

    for it in &mut shown {
        let target = Target::parse(&it.function).ok();
        let function = target.and_then(|it| index.find(it.module, it.symbol));

        it.impact = function
            .zip(it.value)
            .map(|(function, value)| index.summary(&function, value));
    }
    // Sort unsafe suggestions last.
    shown.sort_by_key(|it| (!it.allowed, it.impact));
    shown
}

/// The functions of a name: those of the kernel itself, and those of modules, of `own` modules if
/// they have any. Includes compiler-generated variants.
fn named<'a>(kernel: &'a Kernel, name: &'a str, own: &[&str]) -> Vec<Function<'a>> {
    let image = kernel.image();
    let mut homes: Vec<_> = (0..image.modules().len())
        .filter(|at| image.named(Within::Module(*at), name).next().is_some())
        .collect();
    let is_own = |at: &usize| own.contains(&&*image.modules()[*at].name);

    if homes.iter().any(is_own) {
        homes.retain(is_own);
    }
    if homes.len() > MAX_HOMES {
        homes.clear();
    }
    homes
        .into_iter()
        .map(Within::Module)
        .chain([Within::Kernel])
        .filter_map(|within| kernel.find_in(within, name))
        .filter(|it| kernel.is_function(it))
        .collect()
}

/// Whether an error is accepted for it.
fn takes_error(kernel: &Kernel, function: &Function<'_>) -> bool {
    accepted(kernel, function).is_ok_and(|asked| asked.value.get() < 0)
}

/// The accepted value, errors first, or the reason for the refusal.
fn accepted(kernel: &Kernel, function: &Function<'_>) -> Result<Asked, String> {
    const ERRORS: [i64; 5] = [-1, -5, -13, -22, -95];
    let values = match function.returns() {
        Type::Void | Type::Bool => vec![0],
        Type::Number { signed: false, .. } => vec![0, 1],
        _ => [&ERRORS[..], &[0, 1]].concat(),
    };
    let all: Vec<_> = values
        .iter()
        .flat_map(|value| [Scope::All, Scope::Nonroot].map(|it| it.asks(Value::new(*value))))
        .collect();
    let (_, verdicts) = kernel.judge(function, &all);
    let found = all
        .iter()
        .zip(&verdicts)
        .find(|(_, verdict)| **verdict == Verdict::Accepted);

    match found {
        Some((asked, _)) => Ok(*asked),
        None => Err(match verdicts.first() {
            Some(Verdict::Refused(refusal)) => kernel.words(refusal),
            _ => "the kernel cannot probe it".into(),
        }),
    }
}

fn suggestion(
    record: &Record,
    kernel: &Kernel,
    function: &Function<'_>,
    place: Place,
) -> Suggestion {
    let name = match function.module() {
        KERNEL => function.name().to_owned(),
        module => format!("{module}:{}", function.name()),
    };
    let returns = function.returns();
    let mut it = Suggestion {
        function: name,
        place,
        returns: returns.to_string(),
        allowed: false,
        value: None,
        command: None,
        note: String::new(),
        impact: None,
    };

    match accepted(kernel, function) {
        Err(why) => it.note = why,
        // Some names cannot be written in a command, such as mangled Rust names.
        Ok(_) if Target::parse(&it.function).is_err() => {
            it.note = "its name cannot be written in a command".into()
        }
        Ok(asked) => {
            let value = asked.value.get();
            let scope = match asked.spares_root {
                true => " scope=nonroot",
                false => "",
            };
            let word = word(value, returns);

            it.allowed = true;
            it.value = Some(value);
            it.command = Some(format!(
                "engage {} {word}{scope} reason={}",
                it.function, record.id
            ));
            if value >= 0 && returns != Type::Bool {
                it.note = "callers will assume success".into();
            }
        }
    }
    it
}

/// A value as written in a command.
fn word(value: i64, returns: Type) -> String {
    match (value, returns) {
        (0, Type::Void) => "void".into(),
        (..0, _) => errno::name(-value).map_or(value.to_string(), |name| format!("-{name}")),
        _ => value.to_string(),
    }
}

/// The sort key of suggestions: allowed first, then errors that callers check, then by place in the
/// record.
fn rank(it: &Suggestion) -> (bool, bool, Place, String) {
    let is_error = it.value.is_some_and(|value| value < 0);

    (
        !it.allowed,
        !(is_error || it.returns == Type::Bool.to_string()),
        it.place,
        it.function.clone(),
    )
}

/// Functions of the record's own modules that can be made to fail, with the number of words that
/// they share with the record.
fn of_modules(
    record: &Record,
    kernel: &Kernel,
    own: &[&str],
    seen: &BTreeSet<(String, String)>,
) -> Vec<(usize, Suggestion)> {
    let image = kernel.image();
    let own: Vec<_> = own.iter().filter_map(|it| image.module_named(it)).collect();
    let names = image
        .symbols()
        .filter(|it| it.module.is_some_and(|it| own.contains(&it)) && kernel.is_probeable(it))
        .filter_map(|it| Some((Within::Module(it.module?), it.name)));

    likely(record, kernel, names.collect(), seen, Place::Module)
}

/// The same for functions of the kernel itself whose names begin like the record's source files:
/// `af_alg_sendmsg` for `crypto/af_alg.c`, `unix_accept` for `net/unix/af_unix.c`.
fn of_files(
    record: &Record,
    kernel: &Kernel,
    seen: &BTreeSet<(String, String)>,
) -> Vec<(usize, Suggestion)> {
    let stems = record
        .files
        .iter()
        .filter(|it| it.ends_with(".c"))
        .filter_map(|it| Path::new(it).file_stem()?.to_str())
        .map(|it| it.replace('-', "_"));
    let heads: BTreeSet<_> = stems
        .flat_map(|stem| {
            let last = stem.rsplit('_').next().unwrap_or_default().to_owned();

            [stem, last]
        })
        .filter(|it| it.len() > 3)
        .map(|it| it + "_")
        .collect();
    let names = kernel
        .image()
        .symbols()
        .filter(|it| it.module.is_none() && heads.iter().any(|head| it.name.starts_with(head)))
        .filter(|it| kernel.is_probeable(it))
        .map(|it| (Within::Kernel, it.name));

    likely(record, kernel, names.collect(), seen, Place::File)
}

/// The functions among these names that can be made to fail and are not in `seen`, with the number
/// of words that they share with the record.
fn likely(
    record: &Record,
    kernel: &Kernel,
    mut names: Vec<(Within, &str)>,
    seen: &BTreeSet<(String, String)>,
    place: Place,
) -> Vec<(usize, Suggestion)> {
    let words = words(record);
    let count = |name: &str| -> usize {
        let parts = name.split(['_', '.']).filter(|it| it.len() > 2);

        parts
            .filter(|it| words.contains(*it))
            .collect::<BTreeSet<_>>()
            .len()
    };

    names.sort_by_key(|(_, name)| (std::cmp::Reverse(count(name)), *name));
    names.dedup();
    names
        .into_iter()
        .take(5 * MAX_SHOWN)
        .filter_map(|(within, name)| {
            let function = kernel.find_in(within, name)?;

            if seen.contains(&(function.module().into(), name.into())) {
                return None;
            }
            let it = suggestion(record, kernel, &function, place);

            it.value
                .is_some_and(|value| value < 0)
                .then(|| (count(name), it))
        })
        .collect()
}

/// The words of a record's title and of its source file names.
fn words(record: &Record) -> BTreeSet<String> {
    let stems = record
        .files
        .iter()
        .filter_map(|it| Path::new(it).file_stem()?.to_str());

    stems
        .chain([&*record.title])
        .flat_map(|text| text.split(|it: char| !it.is_ascii_alphanumeric()))
        .map(str::to_lowercase)
        .filter(|it| it.len() > 2)
        .collect()
}

/// The state of the CVE, and the ways into its source files.
pub fn finding(
    record: &Record,
    catalogue: &crate::catalogue::Catalogue,
    subject: &Subject,
) -> Finding {
    match catalogue.get(&record.id) {
        Some(entry) => cve::of_entry(entry, catalogue, subject),
        None => cve::of_record(record, catalogue, subject),
    }
}

#[cfg(test)]
mod tests;
