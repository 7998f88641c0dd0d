// SPDX-License-Identifier: GPL-2.0-only

//! What is known about a kernel that a CVE is asked about: its memory or its files, its version, and
//! what is engaged in it.

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

/// The most that is read of a list of the kernel, in bytes. With all that can be engaged at once,
/// such have less than one MiB.
const MAX_TEXT: u64 = 4 << 20;

/// A kernel, as far as it is known.
#[derive(Default)]
pub struct Subject {
    pub kernel: Option<Kernel>,
    /// The modules that there are, if they are known.
    modules: Option<BTreeSet<String>>,
    /// What could be modules, and is in the kernel itself.
    built_in: BTreeSet<String>,
    pub release: Option<Release>,
    pub engagements: Vec<Engagement>,
}

impl Subject {
    /// Knows the kernel of `machine` by what it calls itself.
    pub fn running(machine: &Machine) -> Self {
        let text = machine.read("/proc/version").unwrap_or_default();

        Self {
            release: Release::parse(&text).ok(),
            ..Self::default()
        }
    }

    /// The same, with the modules that are installed. Others may be installed later, so what is to
    /// be engaged does not depend on that.
    pub fn installed(machine: &Machine) -> Self {
        let release = machine.read("/proc/sys/kernel/osrelease");
        let names = |list: &str| {
            let release = release.as_ref().ok()?.trim();
            let text = machine
                .read(&format!("/lib/modules/{release}/{list}"))
                .ok()?;

            Some(module_names(&text))
        };
        // What is in neither list is not there.
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

    /// Knows the kernel that `image` is of, with the modules in `index`, of which not all need to be
    /// in the image.
    pub fn of_image(image: Image, index: Option<(&Index, &Path)>) -> Self {
        let mut built_in: BTreeSet<_> = image.built_in().into_iter().map(str::to_owned).collect();
        let release = image.banner().and_then(|it| Release::parse(&it).ok());
        let has_names = !built_in.is_empty();

        if let Some((index, directory)) = index {
            built_in.extend(listed(index, directory));
        }
        Self {
            kernel: Some(Kernel::new(image)),
            // Without any name, what is not a module may be in the kernel itself.
            modules: index
                .filter(|_| has_names || !built_in.is_empty())
                .map(|(index, _)| index.modules().iter().map(|it| it.name.clone()).collect()),
            built_in,
            release,
            engagements: Vec::new(),
        }
    }

    /// What its code was read from, if it was.
    pub fn source(&self) -> Option<Source> {
        self.kernel.as_ref().map(|it| it.image().source())
    }
}

/// What the file `modules.builtin` lists, which lies where `directory` or one of the modules' is.
fn listed(index: &Index, directory: &Path) -> BTreeSet<String> {
    let is_kernel = |it: &&Path| it.file_name().is_some_and(|name| name == "kernel");
    let first = index.modules().first();
    let above = first.and_then(|it| it.path.ancestors().find(is_kernel)?.parent());
    let text = above
        .into_iter()
        .chain([directory])
        .chain(directory.parent())
        .find_map(|it| file::text(&it.join("modules.builtin"), MAX_TEXT).ok());

    module_names(&text.unwrap_or_default())
}

/// The names of the modules in a list, which has the path of one at the beginning of each line.
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

/// What is engaged, as the file at `path` says, which may be "-" for the standard input.
pub fn engagements(path: &Path) -> Result<Vec<Engagement>, Box<dyn Error>> {
    let text =
        file::input_text(path, MAX_TEXT).map_err(|error| format!("it cannot be read: {error}"))?;

    Ok(state::parse(&text)?)
}

/// Reads a kernel with `read` and, of the modules in the index, those without which what the policy
/// says about the functions of `modules`, and about `functions`, could be something else: `read` is
/// given their files.
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
