// SPDX-License-Identifier: GPL-2.0-only

//! The states of CVEs as an OpenVEX document, which scanners of vulnerabilities read.

use crate::cve::{Finding, State, Way};
use serde::Serialize;

/// The version of OpenVEX.
const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";

/// An OpenVEX document.
#[derive(Serialize)]
pub struct Document {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@id")]
    id: String,
    author: &'static str,
    timestamp: String,
    version: u32,
    tooling: &'static str,
    statements: Vec<Statement>,
}

#[derive(Serialize)]
struct Statement {
    vulnerability: Vulnerability,
    products: [Product; 1],
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<Justification>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact_statement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_statement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_notes: Option<String>,
}

#[derive(Serialize)]
struct Vulnerability {
    name: String,
}

#[derive(Serialize)]
struct Product {
    #[serde(rename = "@id")]
    id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    NotAffected,
    Affected,
    Fixed,
    UnderInvestigation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Justification {
    VulnerableCodeNotPresent,
    InlineMitigationsAlreadyExist,
}

/// The document that says what was found about the kernel `release` at `timestamp`, in RFC 3339.
pub fn document(findings: &[Finding], release: &str, timestamp: &str) -> Document {
    let product = format!("pkg:generic/linux@{}", escaped(release));

    Document {
        context: CONTEXT,
        id: format!("urn:killswitch:{}:{}", escaped(release), escaped(timestamp)),
        author: "killswitch",
        timestamp: timestamp.into(),
        version: 1,
        tooling: concat!("killswitch/", env!("CARGO_PKG_VERSION")),
        statements: findings.iter().map(|it| statement(it, &product)).collect(),
    }
}

fn statement(finding: &Finding, product: &str) -> Statement {
    let status = match finding.state {
        State::NotAffected | State::Mitigated | State::Armed => Status::NotAffected,
        State::Fixed => Status::Fixed,
        State::Partly
        | State::Disarmed
        | State::Observed
        | State::Exposed
        | State::NoMitigation => Status::Affected,
        State::Unknown => Status::UnderInvestigation,
    };
    let reason = Some(format!("{}: {}", finding.state, finding.reason));
    let of = |wanted: Status| reason.clone().filter(|_| status == wanted);

    Statement {
        vulnerability: Vulnerability {
            name: finding.id.clone(),
        },
        products: [Product { id: product.into() }],
        status,
        justification: match finding.state {
            State::NotAffected => Some(Justification::VulnerableCodeNotPresent),
            State::Mitigated | State::Armed => Some(Justification::InlineMitigationsAlreadyExist),
            _ => None,
        },
        impact_statement: of(Status::NotAffected),
        action_statement: Some(action(finding)).filter(|_| status == Status::Affected),
        status_notes: reason.clone().filter(|_| status != Status::NotAffected),
    }
}

/// What to do about it.
fn action(finding: &Finding) -> String {
    let is_missing = |way: &&Way| way.is_open() && way.state != Some(State::Mitigated);

    match finding.ways.iter().find(is_missing) {
        Some(way) => format!(
            "{}, until a fixed kernel is booted",
            way.commands.join("; ")
        ),
        None => "boot a fixed kernel".into(),
    }
}

/// `text` as it stands in a package URL or in a URN.
fn escaped(text: &str) -> String {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~:".contains(&it);

    text.bytes()
        .map(|byte| match is_plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests;
