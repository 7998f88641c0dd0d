// SPDX-License-Identifier: GPL-2.0-only

//! CVE records in the JSON format of the CVE program (version 5), as the kernel's CVE numbering
//! authority publishes them.

use crate::{
    file,
    version::{Ranges, Version},
};
use serde::Deserialize;
use std::{collections::BTreeSet, fmt, path::Path};

/// Size limit of a record, in bytes. The largest of the kernel's has some 100 KiB.
const MAX_RECORD: u64 = 4 << 20;
/// Maximum number of source files of a record that are used.
const MAX_FILES: usize = 1000;
/// Maximum length of a path of a source file, in bytes.
const MAX_PATH: usize = 4096;

/// The content of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub id: String,
    pub title: String,
    /// All of its English text.
    pub text: String,
    /// The source files that the fix changes, sorted.
    pub files: Vec<String>,
    pub versions: Ranges,
}

/// The reason why a record is invalid.
#[derive(Debug, PartialEq, Eq)]
pub struct NoRecord(String);

impl fmt::Display for NoRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&file::shown(&self.0))
    }
}

impl std::error::Error for NoRecord {}

// The file format, as far as it is used.

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    cve_metadata: Metadata,
    containers: Containers,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    cve_id: String,
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
struct Containers {
    cna: Container,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    #[serde(default)]
    title: String,
    #[serde(default)]
    descriptions: Vec<Description>,
    #[serde(default)]
    affected: Vec<Affected>,
    #[serde(default)]
    cpe_applicability: Vec<Applicability>,
}

#[derive(Deserialize)]
struct Description {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Affected {
    #[serde(default)]
    program_files: Vec<String>,
    #[serde(default)]
    versions: Vec<Versions>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    #[serde(default)]
    version: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    version_type: String,
    less_than_or_equal: Option<String>,
}

#[derive(Deserialize)]
struct Applicability {
    #[serde(default)]
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    #[serde(default)]
    cpe_match: Vec<Match>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    #[serde(default)]
    vulnerable: bool,
    version_start_including: Option<String>,
    version_end_excluding: Option<String>,
}

impl Record {
    /// Reads the record at `path`, or from the standard input if that is "-". Fails if it is
    /// invalid or rejected.
    pub fn read(path: &Path) -> Result<Self, NoRecord> {
        let bytes = file::input(path, MAX_RECORD)
            .map_err(|error| NoRecord(format!("it cannot be read: {error}")))?;

        Self::parse(&bytes)
    }

    /// Parses a record.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoRecord> {
        if bytes.len() as u64 > MAX_RECORD {
            return Err(NoRecord("it is larger than any CVE record".into()));
        }
        let Document {
            cve_metadata: metadata,
            containers: Containers { cna },
        } = serde_json::from_slice(bytes)
            .map_err(|error| NoRecord(format!("not a CVE record (JSON 5): {error}")))?;
        let is_id = |it: u8| it.is_ascii_alphanumeric() || it == b'-';

        if !metadata.cve_id.starts_with("CVE-")
            || metadata.cve_id.len() > 32
            || !metadata.cve_id.bytes().all(is_id)
        {
            return Err(NoRecord("its cveId is not a CVE ID".into()));
        }
        if metadata.state == "REJECTED" {
            return Err(NoRecord(format!("{} is rejected", metadata.cve_id)));
        }
        let files: BTreeSet<_> = cna
            .affected
            .iter()
            .flat_map(|it| &it.program_files)
            .filter(|it| it.len() <= MAX_PATH && !it.contains(char::is_control))
            .take(MAX_FILES)
            .cloned()
            .collect();
        let english = cna
            .descriptions
            .iter()
            .filter(|it| it.lang.is_empty() || it.lang.starts_with("en"));

        Ok(Self {
            title: cna.title.split_whitespace().collect::<Vec<_>>().join(" "),
            text: english.map(|it| &*it.value).collect::<Vec<_>>().join("\n"),
            files: files.into_iter().collect(),
            versions: cna.ranges(),
            id: metadata.cve_id,
        })
    }
}

impl Container {
    /// The affected version ranges. Records have them in two places, in two formats.
    fn ranges(&self) -> Ranges {
        let mut introduced = BTreeSet::new();
        let mut fixed = BTreeSet::new();
        let add = |set: &mut BTreeSet<Version>, text: &str| {
            set.extend(text.parse::<Version>().ok());
        };
        let matches = self
            .cpe_applicability
            .iter()
            .flat_map(|it| &it.nodes)
            .flat_map(|it| &it.cpe_match);

        for range in matches.filter(|it| it.vulnerable) {
            for (set, text) in [
                (&mut introduced, &range.version_start_including),
                (&mut fixed, &range.version_end_excluding),
            ] {
                add(set, text.as_deref().unwrap_or_default());
            }
        }
        for version in self.affected.iter().flat_map(|it| &it.versions) {
            let is_git = version.version_type == "git";

            match &*version.status {
                "affected" if version.version_type.is_empty() => {
                    add(&mut introduced, &version.version);
                }
                "unaffected" if !is_git && version.less_than_or_equal.is_some() => {
                    add(&mut fixed, &version.version);
                }
                _ => {}
            }
        }
        let sorted = |set: BTreeSet<Version>| set.into_iter().collect();

        Ranges {
            introduced: sorted(introduced),
            fixed: sorted(fixed),
        }
    }
}

#[cfg(test)]
pub mod tests;
