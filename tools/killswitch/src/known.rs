// SPDX-License-Identifier: GPL-2.0-only

//! Known facts about a kernel for answers about CVEs: its memory or its files, its version, and its
//! engagements.

use crate::{
    command::Question,
    conditions,
    cve::{Answer, Known, Presence},
    file,
    image::{module_name, Image, Source},
    index::Index,
    kernel::{Kernel, Verdict, KERNEL},
    live::state::{self, Engagement},
    machine::Machine,
    version::Release,
};
use std::{
    collections::BTreeSet,
    error::Error,
    path::{Path, PathBuf},
};

/// Size limit of a list from the kernel, in bytes. With the maximum number of engagements, lists
/// are smaller than 1 MiB.
const MAX_TEXT: u64 = 4 << 20;

/// A kernel, as far as it is known.
#[derive(Default)]
pub struct Subject {
    pub kernel: Option<Kernel>,
    /// The existing modules, if they are known.
    modules: Option<BTreeSet<String>>,
    /// Modules that are built into the kernel.
    built_in: BTreeSet<String>,
    pub release: Option<Release>,
    pub engagements: Vec<Engagement>,
}

impl Subject {
    /// The kernel of `machine`, known by its release only.
    pub fn running(machine: &Machine) -> Self {
        let text = machine.read("/proc/version").unwrap_or_default();

        Self {
            release: Release::parse(&text).ok(),
            ..Self::default()
        }
    }

    /// The same, with the installed modules. Others may be installed later, so the choice of
    /// engagements does not depend on them.
    pub fn installed(machine: &Machine) -> Self {
        let release = machine.read("/proc/sys/kernel/osrelease");
        let names = |list: &str| {
            let release = release.as_ref().ok()?.trim();
            let text = machine
                .read(&format!("/lib/modules/{release}/{list}"))
                .ok()?;

            Some(module_names(&text))
        };
        // Modules in neither list do not exist.
        let (modules, built_in) = match (names("modules.dep"), names("modules.builtin")) {
            (Some(modules), Some(built_in)) => (Some(modules), built_in),
            _ => Default::default(),
        };

        Self {
            modules,
            built_in,
            ..Self::running(machine)
        }
    }

    /// The kernel in `image`, with the modules in `index`, which need not all be in the image.
    pub fn of_image(image: Image, index: Option<(&Index, &Path)>) -> Self {
        let mut built_in: BTreeSet<_> = image.built_in().into_iter().map(str::to_owned).collect();
        let release = image.banner().and_then(|it| Release::parse(&it).ok());
        let has_names = !built_in.is_empty();
        let mut modules = BTreeSet::new();

        if let Some((index, directory)) = index {
            built_in.extend(listed(index, directory, "modules.builtin"));
            // The directory may be only one of several.
            modules = listed(index, directory, "modules.dep");
            modules.extend(index.modules().iter().map(|it| it.name.clone()));
        }
        Self {
            kernel: Some(Kernel::new(image)),
            // Without modules.builtin, anything that is not a module may be built in.
            modules: index
                .filter(|_| has_names || !built_in.is_empty())
                .map(|_| modules),
            built_in,
            release,
            engagements: Vec::new(),
        }
    }

    /// Overrides the release, unless it is the same one, and only its own package is known.
    pub fn set_release(&mut self, given: Release) {
        let is_more = |own: &Release| {
            own.name == given.name && own.package.is_some() && given.package.is_none()
        };

        if !self.release.as_ref().is_some_and(is_more) {
            self.release = Some(given);
        }
    }

    /// The source of its code, if it was read.
    pub fn source(&self) -> Option<Source> {
        self.kernel.as_ref().map(|it| it.image().source())
    }
}

/// The modules in the file `list`, which is in `directory` or beside one of the modules.
fn listed(index: &Index, directory: &Path, list: &str) -> BTreeSet<String> {
    let is_kernel = |it: &&Path| it.file_name().is_some_and(|name| name == "kernel");
    let first = index.modules().first();
    let above = first.and_then(|it| it.path.ancestors().find(is_kernel)?.parent());
    let text = above
        .into_iter()
        .chain([directory])
        .chain(directory.parent())
        .find_map(|it| file::text(&it.join(list), MAX_TEXT).ok());

    module_names(&text.unwrap_or_default())
}

/// The module names in a list with a module's path at the start of each line.
fn module_names(list: &str) -> BTreeSet<String> {
    list.lines()
        .filter_map(|line| line.split(':').next())
        .map(|path| module_name(Path::new(path)))
        .collect()
}

impl Known for Subject {
    fn release(&self) -> Option<&Release> {
        self.release.as_ref()
    }

    fn presence(&self, module: &str) -> Presence {
        if self.built_in.contains(module) {
            return Presence::BuiltIn;
        }
        let is_read = |it: &Kernel| it.image().module_named(module).is_some();

        match &self.modules {
            _ if self.kernel.as_ref().is_some_and(is_read) => Presence::Module,
            None => Presence::Unknown,
            Some(modules) if modules.contains(module) => Presence::Module,
            Some(_) => Presence::Absent,
        }
    }

    fn answer(&self, question: &Question<'_>) -> Answer {
        let Some(kernel) = &self.kernel else {
            return Answer::Unknown;
        };
        let target = &question.target;
        let is_known = match target.module {
            Some(KERNEL) => true,
            Some(module) if kernel.image().module_named(module).is_some() => true,
            Some(module) if self.presence(module) == Presence::Module => false,
            _ => self.modules.is_some(),
        };
        let function = match kernel.find(target) {
            Some(function) if !function.is_absent() => function,
            _ if is_known => return Answer::Absent,
            // Its module was not read.
            _ => return Answer::Unknown,
        };
        let asked = question.scope.asks(question.value);
        let (_, verdicts) = kernel.judge(&function, &[asked]);

        match verdicts[0] {
            Verdict::Accepted => question
                .condition
                .map_or(Ok(()), |it| conditions::check(kernel, &function, it))
                .map_or_else(Answer::Refused, |()| Answer::Allowed),
            Verdict::NotProbeable => Answer::Refused("the kernel cannot probe it".into()),
            Verdict::Refused(refusal) => {
                let instead = kernel.alternatives(&function, asked);
                let instead = match instead.is_empty() {
                    true => instead,
                    false => format!("; instead: {instead}"),
                };

                Answer::Refused(kernel.words(&refusal) + &instead)
            }
        }
    }

    fn engagements(&self) -> &[Engagement] {
        &self.engagements
    }
}

/// The engagements in the file at `path`, or in the standard input if that is "-".
pub fn engagements(path: &Path) -> Result<Vec<Engagement>, Box<dyn Error>> {
    let text =
        file::input_text(path, MAX_TEXT).map_err(|error| format!("it cannot be read: {error}"))?;

    Ok(state::parse(&text)?)
}

/// Reads a kernel with `read`. Passes it the files of those modules in the index that can affect
/// the verdicts on functions of `modules` and on `functions`.
pub fn open(
    read: impl FnOnce(&[PathBuf]) -> Result<Image, Box<dyn Error>>,
    index: Option<(&Index, &Path)>,
    modules: &BTreeSet<&str>,
    functions: &BTreeSet<&str>,
) -> Result<Subject, Box<dyn Error>> {
    let paths: Vec<PathBuf> =
        index.map_or_else(Vec::new, |(index, _)| index.needed_for(modules, functions));

    Ok(Subject::of_image(read(&paths)?, index))
}

/// The same for the kernel in the file `vmlinux`.
pub fn open_file(
    vmlinux: &Path,
    index: Option<(&Index, &Path)>,
    modules: &BTreeSet<&str>,
    functions: &BTreeSet<&str>,
) -> Result<Subject, Box<dyn Error>> {
    open(
        |paths| Ok(Image::open(vmlinux, paths)?),
        index,
        modules,
        functions,
    )
}

#[cfg(test)]
mod tests;
