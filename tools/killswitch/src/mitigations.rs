// SPDX-License-Identifier: GPL-2.0-only

//! Mitigations of CVEs from the catalogue, for the commands on a running machine.

use crate::{
    catalogue::{is_cve, Catalogue, Entry, Problem},
    cve::{self, Finding, Report, State, Way},
    known::Subject,
    live::{state::Engagement, Knowledge, Mitigation},
    machine::Machine,
    version::Release,
};
use std::{cell::LazyCell, collections::BTreeMap};

/// A catalogue, or the problems in it.
type Read = Result<Catalogue, Vec<Problem>>;

/// A catalogue that is read on first use.
pub struct FromCatalogue(LazyCell<Read>);

impl FromCatalogue {
    /// Creates it; `read` reads the catalogue.
    pub fn new(read: fn() -> Read) -> Self {
        Self(LazyCell::new(read))
    }

    fn catalogue(&self) -> Result<&Catalogue, String> {
        self.0.as_ref().map_err(|problems| {
            let first = problems.first().map(ToString::to_string);

            first.unwrap_or_default()
        })
    }
}

impl Knowledge for FromCatalogue {
    fn mitigation(&self, machine: &Machine, id: &str) -> Mitigation {
        let catalogue = match self.catalogue() {
            Ok(catalogue) => catalogue,
            Err(problem) => return Mitigation::Unknown(problem),
        };
        let Some(entry) = catalogue.get(id) else {
            return Mitigation::Unknown("it is not in the catalogue".into());
        };
        // The running kernel answers requests, so its files need not be read.
        let finding = cve::of_entry(entry, catalogue, &Subject::running(machine));
        let ways = finding.ways.into_iter().filter(|it| it.beside.is_empty());
        let (doors, own): (Vec<_>, Vec<_>) = ways.partition(|it| it.door.is_some());
        let commands = |ways: Vec<Way>| ways.into_iter().map(|it| it.commands).collect();

        match finding.state {
            State::NotAffected | State::Fixed => Mitigation::NotNeeded(finding.reason),
            _ if own.is_empty() && doors.is_empty() => Mitigation::Unknown(finding.reason),
            _ => Mitigation::Engage {
                own: commands(own),
                doors: commands(doors),
            },
        }
    }

    fn report(
        &self,
        machine: &Machine,
        engaged: &[Engagement],
        is_complete: bool,
    ) -> Result<Report, String> {
        let catalogue = self.catalogue()?;
        let mut subject = Subject::installed(machine);

        subject.engagements = engaged.to_vec();
        let mut engaged_for: BTreeMap<String, Vec<&str>> = BTreeMap::new();

        for it in engaged {
            for id in it.reasons().map(str::to_ascii_uppercase) {
                if is_cve(&id) {
                    engaged_for.entry(id).or_default().push(&it.target);
                }
            }
        }
        let of_entry = |entry: &Entry| {
            let mut finding = cve::of_entry(entry, catalogue, &subject);
            let is_engaged = finding.ways.iter().any(|way| way.state.is_some());

            match (engaged_for.remove(&entry.id), is_engaged, finding.state) {
                (Some(targets), false, _) => {
                    finding.reason += &format!(
                        "; the engagements for it differ from those in the catalogue: {}",
                        targets.join(", ")
                    );
                }
                (None, false, State::NotAffected) if !is_complete => return None,
                _ => {}
            }
            Some(finding)
        };
        let entries = catalogue.entries().filter(|it| !it.is_door());
        let mut cves: Vec<_> = entries.filter_map(of_entry).collect();

        cves.extend(engaged_for.into_iter().map(|(id, targets)| Finding {
            reason: format!(
                "it is not in the catalogue, so it is not known whether this closes it: {}",
                targets.join(", ")
            ),
            ..cve::of_nothing(&id)
        }));
        // Most urgent first.
        cves.sort_by(|one, other| {
            let urgency = |it: &Finding| it.state.urgency();

            urgency(one)
                .cmp(&urgency(other))
                .then_with(|| one.id.cmp(&other.id))
        });
        Ok(Report {
            release: subject.release.as_ref().map(Release::to_string),
            source: subject.source(),
            cves,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::{catalogue, DOOR, SAMPLE};

    /// A door is not an alternative like others, and none if it leaves source files.
    #[test]
    fn doors_are_apart() {
        let open = || Ok(catalogue(&[SAMPLE, DOOR]));
        let half = || {
            let files = r#"files = ["net/sample/plain.c", "net/other.c"]"#;
            let sample = SAMPLE.replace(r#"files = ["net/sample/plain.c"]"#, files);

            Ok(catalogue(&[&sample, DOOR]))
        };
        let door = vec![vec![
            "engage plain:first -EACCES reason=CVE-2030-1000".to_owned()
        ]];

        for (read, expected) in [(open as fn() -> Read, door), (half, vec![])] {
            let knowledge = FromCatalogue::new(read);
            let found = knowledge.mitigation(&Machine::nowhere(), "CVE-2030-1000");
            let Mitigation::Engage { own, doors } = found else {
                panic!("{found:?}");
            };

            assert_eq!(own.len(), 2);
            assert_eq!(doors, expected);
        }
    }
}
