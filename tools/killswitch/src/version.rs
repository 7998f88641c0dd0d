// SPDX-License-Identifier: GPL-2.0-only

//! Versions of Linux, and what they say about a flaw: of which versions it is, and which have a fix.

use serde::{Deserialize, Deserializer};
use std::{cmp::Ordering, fmt, str::FromStr};

/// A version of Linux as kernel.org counts them: 6.1.176, 7.3, 7.0-rc3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    /// The branch that it is of, such as 6.1.
    branch: Branch,
    patch: u32,
    /// The number of a release candidate.
    candidate: Option<u32>,
}

/// A branch of stable versions, by major and minor number. Those of 2.6 count as one.
pub type Branch = (u32, u32);

/// Why a text is no version.
#[derive(Debug, PartialEq, Eq)]
pub struct NoVersion(String);

impl fmt::Display for NoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is no version of Linux, such as 6.1.176, 7.3 or 7.0-rc3",
            self.0
        )
    }
}

impl std::error::Error for NoVersion {}

impl Version {
    /// The version at the head of `text`, and what follows it. A fourth number, as in 2.6.32.71, is
    /// left out.
    fn at_head(text: &str) -> Option<(Self, &str)> {
        let (major, rest) = number(text)?;
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        let next = |rest: &str| {
            let (number, rest) = number(rest.strip_prefix('.')?)?;

            Some((number, rest.len()))
        };
        let (patch, length) = next(rest).unwrap_or((0, rest.len()));
        let rest = &rest[rest.len() - length..];
        let length = next(rest).map_or(rest.len(), |(_, length)| length);
        let version = Self {
            branch: (major, minor),
            patch,
            candidate: None,
        };

        Some((version, &rest[rest.len() - length..]))
    }

    /// The branch that it is of.
    pub fn branch(self) -> Branch {
        self.branch
    }

    /// Whether it came before the version that its branch begins with.
    fn is_candidate(self) -> bool {
        self.candidate.is_some()
    }
}

/// The number at the head of `text`, and what follows it.
fn number(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();

    Some((text[..length].parse().ok()?, &text[length..]))
}

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let no = || NoVersion(text.into());
        let (version, rest) = Self::at_head(text).ok_or_else(no)?;

        match rest.strip_prefix("-rc").map(number) {
            None if rest.is_empty() => Ok(version),
            Some(Some((candidate, ""))) => Ok(Self {
                candidate: Some(candidate),
                ..version
            }),
            _ => Err(no()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.branch.0, self.branch.1)?;
        if self.patch > 0 {
            write!(f, ".{}", self.patch)?;
        }
        match self.candidate {
            Some(candidate) => write!(f, "-rc{candidate}"),
            None => Ok(()),
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |it: &Self| (it.branch, it.patch, it.candidate.unwrap_or(u32::MAX));

        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;

        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Which versions have a flaw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranges {
    /// The first version of each branch that has it: that of the main line, and those to which what
    /// brought it was backported. Empty if it is not known.
    #[serde(default)]
    pub introduced: Vec<Version>,
    /// The first version of each branch that has it no more, that of the main line included. Empty
    /// if it is not known.
    #[serde(default)]
    pub fixed: Vec<Version>,
}

/// What the ranges say of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is older than the flaw, which came with this version.
    Before(Version),
    /// It has the flaw, which the version of its branch fixes, if there is one.
    Affected(Option<Version>),
    /// It has the fix, which came with this version.
    Fixed(Version),
    /// The ranges do not say.
    Unknown,
}

impl Ranges {
    /// What they say of `version`, if it is one of kernel.org.
    pub fn standing(&self, version: Version) -> Standing {
        let of_branch = |all: &[Version]| {
            all.iter()
                .filter(|it| it.branch == version.branch)
                .max()
                .copied()
        };
        let (Some(main_fix), main_start) = (
            self.fixed.iter().max().copied(),
            self.introduced.iter().max().copied(),
        ) else {
            return Standing::Unknown;
        };
        let fix = of_branch(&self.fixed);

        // A branch begins with all that the main line had then.
        if let Some(fix) = fix.or(Some(main_fix).filter(|it| it.branch < version.branch)) {
            if fix <= version {
                return Standing::Fixed(fix);
            }
        }
        if let Some(start) = main_start {
            let backported = of_branch(&self.introduced).filter(|it| *it <= version);

            if version < start && backported.is_none() {
                return Standing::Before(of_branch(&self.introduced).unwrap_or(start));
            }
        }
        // Between two candidates, the ranges draw no line.
        if version.is_candidate() && [Some(main_fix), main_start].contains(&main_of(version)) {
            return Standing::Unknown;
        }
        Standing::Affected(fix)
    }

    /// The version of a branch that fixes it.
    pub fn fix_of(&self, branch: Branch) -> Option<Version> {
        self.fixed
            .iter()
            .filter(|it| it.branch == branch)
            .max()
            .copied()
    }
}

/// What a candidate is a candidate for.
fn main_of(version: Version) -> Option<Version> {
    Some(Version {
        candidate: None,
        ..version
    })
}

/// Who made a kernel of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// The source is that of kernel.org, as far as the release says.
    Upstream,
    /// A distribution that takes the fixes of a branch of kernel.org, and little else.
    Stable(&'static str),
    /// A distribution that backports fixes and features into an old version.
    Backports(&'static str),
    /// Another one, or the user.
    Other,
}

/// What a kernel calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// What `uname -r` prints, or the version of a package.
    pub name: String,
    /// The version of kernel.org that it began with.
    pub version: Version,
    pub maker: Maker,
    /// The version of the distribution's package, if it is known.
    pub package: Option<String>,
}

/// What is in the releases of distributions, in the order in which they are tried.
const MAKERS: &[(&str, Maker)] = &[
    ("+deb", Maker::Stable("Debian")),
    ("~bpo", Maker::Stable("Debian")),
    ("-amd64", Maker::Stable("Debian")),
    ("-arm64", Maker::Stable("Debian")),
    ("-arch", Maker::Stable("Arch Linux")),
    (".fc", Maker::Stable("Fedora")),
    ("-generic", Maker::Backports("Ubuntu")),
    ("-lowlatency", Maker::Backports("Ubuntu")),
    ("-aws", Maker::Backports("Ubuntu")),
    ("-azure", Maker::Backports("Ubuntu")),
    ("-gcp", Maker::Backports("Ubuntu")),
    ("-oem", Maker::Backports("Ubuntu")),
    (".el", Maker::Backports("Red Hat Enterprise Linux")),
    (".amzn", Maker::Backports("Amazon Linux")),
    ("-default", Maker::Backports("SUSE Linux")),
    (".azl", Maker::Backports("Azure Linux")),
    ("-pve", Maker::Backports("Proxmox")),
];

impl Release {
    /// Understands what `uname -r` prints, what `/proc/version` has, or the version of a Debian
    /// package.
    pub fn parse(text: &str) -> Result<Self, NoVersion> {
        let text = text.trim();
        let name = match text.strip_prefix("Linux version ") {
            Some(rest) => rest.split(' ').next().unwrap_or(rest),
            None => text.split(' ').next().unwrap_or(text),
        };
        let (mut version, rest) =
            Version::at_head(name).ok_or_else(|| NoVersion(name.chars().take(80).collect()))?;
        let package = debian_package(text, name, rest);

        if let Some((of_package, _)) = package.as_deref().and_then(Version::at_head) {
            version = of_package;
        }
        // Fedora counts candidates as in 6.15.0-0.rc3.20250424git.
        version.candidate = rest
            .find("rc")
            .filter(|at| rest[..*at].ends_with(['-', '.', '~']))
            .and_then(|at| number(&rest[at + 2..]))
            .map(|(candidate, _)| candidate);
        let is_candidate_only = version
            .candidate
            .is_some_and(|it| rest == format!("-rc{it}"));
        // The compiler's maker says nothing.
        let maker = match text.contains("-Ubuntu ") {
            true => Some(Maker::Backports("Ubuntu")),
            false => MAKERS
                .iter()
                .find(|(mark, _)| rest.contains(mark))
                .map(|(_, maker)| *maker),
        };

        Ok(Self {
            name: name.into(),
            version,
            maker: match maker {
                Some(maker) => maker,
                None if package.is_some() => Maker::Stable("Debian"),
                None if rest.is_empty() || is_candidate_only => Maker::Upstream,
                None => Maker::Other,
            },
            package,
        })
    }
}

/// The version of a Debian package: what `text` says behind "Debian", or `name` itself, if `rest`,
/// which follows the version of kernel.org in it, is that of a revision such as -1~bpo13+1.
fn debian_package(text: &str, name: &str, rest: &str) -> Option<String> {
    let behind = text.split_once(" Debian ").map(|(_, it)| it);
    let said = behind
        .and_then(|it| it.split(' ').next())
        .filter(|it| Version::at_head(it).is_some());
    let revision = rest.strip_prefix('-').and_then(number).map(|(_, it)| it);
    let is_package =
        revision.is_some_and(|it| it.is_empty() || it.starts_with(['~', '+']) && !it.contains('-'));

    said.or(Some(name).filter(|_| is_package))
        .map(str::to_owned)
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.package {
            Some(package) if *package != self.name => write!(f, " (Debian {package})"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
