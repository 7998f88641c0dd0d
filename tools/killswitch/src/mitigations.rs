// SPDX-License-Identifier: GPL-2.0-only

//! What the catalogue has against a CVE, for `apply`.

use crate::{
    catalogue::Catalogue,
    cve::{self, State},
    known::Subject,
    live::apply::{Mitigation, Mitigations},
};

/// The catalogue that is built in, and the kernel that runs.
pub struct BuiltIn;

impl Mitigations for BuiltIn {
    fn of(&self, id: &str) -> Mitigation {
        let catalogue = match Catalogue::built_in() {
            Ok(catalogue) => catalogue,
            Err(problems) => {
                let first = problems.first().map(ToString::to_string);

                return Mitigation::Unknown(first.unwrap_or_default());
            }
        };
        let Some(entry) = catalogue.get(id) else {
            return Mitigation::Unknown("the catalogue does not have it".into());
        };
        // The kernel itself is asked, so its files need not be read.
        let finding = cve::of_entry(entry, &catalogue, &Subject::running());

        match finding.state {
            State::NotAffected | State::Fixed => Mitigation::NotNeeded(finding.reason),
            _ if finding.ways.is_empty() => Mitigation::Unknown(finding.reason),
            _ => Mitigation::Engage(finding.ways.into_iter().map(|it| it.commands).collect()),
        }
    }
}
