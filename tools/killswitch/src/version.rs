// SPDX-License-Identifier: GPL-2.0-only

//! Linux versions, and which of them are affected by a flaw or have its fix.

use serde::{Deserialize, Deserializer};
use std::{cmp::Ordering, fmt, mem::discriminant, str::FromStr};

/// A version in kernel.org's numbering: 6.1.176, 7.3, 7.0-rc3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    /// Its branch, such as 6.1.
    branch: Branch,
    patch: u32,
    /// The number of a release candidate.
    candidate: Option<u32>,
}

/// A stable branch, by major and minor number. All of 2.6 is one branch.
pub type Branch = (u32, u32);

/// The error for an invalid version.
#[derive(Debug, PartialEq, Eq)]
pub struct NoVersion(String);

impl fmt::Display for NoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is not a Linux version such as 6.1.176, 7.3 or 7.0-rc3",
            self.0
        )
    }
}

impl std::error::Error for NoVersion {}

impl Version {
    /// The version at the start of `text`, and the rest. Ignores a fourth number, as in 2.6.32.71.
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

    /// Its branch.
    pub fn branch(self) -> Branch {
        self.branch
    }

    /// Whether it is a release of mainline. Of 2.6, the third number counts these.
    fn is_mainline(self) -> bool {
        self.patch == 0 || self.branch == (2, 6)
    }
}

/// The number at the start of `text`, and the rest.
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

/// The affected versions of a flaw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranges {
    /// The first affected version of each branch: of mainline, and of stable branches that the
    /// offending commit was backported to. Empty if unknown.
    #[serde(default)]
    pub introduced: Vec<Version>,
    /// The first fixed version of each branch, including mainline. Empty if unknown.
    #[serde(default)]
    pub fixed: Vec<Version>,
}

/// The status of a version according to the ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It predates the flaw, which was introduced in this version.
    Before(Version),
    /// It is affected; its branch is fixed in this version, if any.
    Affected(Option<Version>),
    /// It has the fix, which was released in this version.
    Fixed(Version),
    /// Unknown.
    Unknown,
}

impl Ranges {
    /// The status of `version`, if it is a kernel.org version.
    pub fn standing(&self, version: Version) -> Standing {
        let of_branch = |all: &[Version]| {
            all.iter()
                .filter(|it| it.branch == version.branch)
                .max()
                .copied()
        };
        let Some(main_fix) = self.fixed.iter().max().copied() else {
            return Standing::Unknown;
        };
        let fix = of_branch(&self.fixed);

        // A branch contains everything that mainline contained when it was created.
        if let Some(fix) = fix.or(Some(main_fix).filter(|it| it.branch < version.branch)) {
            if fix <= version {
                return Standing::Fixed(fix);
            }
        }
        // The ranges do not distinguish release candidates.
        let release = Version {
            candidate: None,
            ..version
        };
        let mut bounds = self.introduced.iter().chain(&self.fixed);

        if version.candidate.is_some() && bounds.any(|it| *it == release) {
            return Standing::Unknown;
        }
        let Some(last) = self.introduced.iter().max().copied() else {
            return Standing::Affected(fix);
        };
        let mainline = self.introduced.iter().filter(|it| it.is_mainline());
        let first = mainline.min().copied().unwrap_or(last);
        let start = of_branch(&self.introduced);
        let is_backported = start.is_some_and(|it| it <= version && !it.is_mainline());

        if version >= last || is_backported {
            Standing::Affected(fix)
        } else if version < first {
            Standing::Before(start.unwrap_or(first))
        } else {
            // Of several introductions, the first may not be sufficient.
            Standing::Unknown
        }
    }

    /// The version that fixes it in a branch.
    pub fn fix_of(&self, branch: Branch) -> Option<Version> {
        self.fixed
            .iter()
            .filter(|it| it.branch == branch)
            .max()
            .copied()
    }
}

/// The vendor of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// kernel.org, judging by the release.
    Upstream,
    /// A distribution that follows a stable branch, with few changes.
    Stable(&'static str),
    /// A distribution that backports fixes and features to an old version.
    Backports(&'static str),
    /// Another vendor, or a custom build.
    Other,
}

/// The release of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The output of `uname -r`, or the version of a package.
    pub name: String,
    /// The kernel.org version that it is based on, as far as known: see [`Self::standing`].
    pub version: Version,
    pub maker: Maker,
    /// The version of the distribution's package, if known.
    pub package: Option<String>,
}

/// Markers in the releases of distributions, in the order of matching.
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
    /// Parses the output of `uname -r`, the content of `/proc/version`, or the version of a Debian
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
        // Fedora's release candidates: 6.15.0-0.rc3.20250424git.
        version.candidate = rest
            .find("rc")
            .filter(|at| rest[..*at].ends_with(['-', '.', '~']))
            .and_then(|at| number(&rest[at + 2..]))
            .map(|(candidate, _)| candidate);
        let is_candidate_only = version
            .candidate
            .is_some_and(|it| rest == format!("-rc{it}"));
        // Ignore the compiler's vendor.
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
                None if has_vendor(text) => Maker::Other,
                None if rest.is_empty() || is_candidate_only => Maker::Upstream,
                None => Maker::Other,
            },
            package,
        })
    }

    /// Its status according to the ranges. None if that depends on an unknown patch level: up to
    /// Debian 12, releases have 0 in its place, and then the number of an ABI (6.1.0-48-amd64).
    pub fn standing(&self, ranges: &Ranges) -> Option<Standing> {
        let standing = ranges.standing(self.version);
        let is_known = self.maker != Maker::Stable("Debian")
            || self.package.is_some()
            || self.version.patch > 0;
        let last = Version {
            patch: u32::MAX,
            candidate: None,
            ..self.version
        };
        let is_same = |it: &Standing| discriminant(it) == discriminant(&ranges.standing(last));

        Some(standing).filter(|it| is_known || is_same(it))
    }
}

/// Whether a compiler in `text` is named after a vendor, as in x86_64-bottlerocket-linux-gnu-gcc.
fn has_vendor(text: &str) -> bool {
    text.split([' ', '(']).any(|word| {
        let mut parts = word.split('-').skip(1);
        let is_vendor = |it: &str| !["pc", "unknown", "none", "linux"].contains(&it);

        parts.next().is_some_and(is_vendor) && parts.next() == Some("linux")
    })
}

/// The version of a Debian package: the word after "Debian" in `text`, or `name` itself if `rest`,
/// the part after the kernel.org version, is a revision such as -1~bpo13+1.
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
