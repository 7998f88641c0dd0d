// SPDX-License-Identifier: GPL-2.0-only

//! States of CVEs as an OpenVEX document, for vulnerability scanners.

use crate::cve::{Finding, Report, State, Way};
use serde::Serialize;
use std::{
    env,
    time::{Duration, SystemTime},
};

/// The OpenVEX version.
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

/// Creates a document with the current state, for the machine `host` if given.
pub fn of(report: &Report, host: Option<&str>) -> Result<Document, String> {
    let release = report.release.as_deref().unwrap_or("unknown");
    let time = humantime::format_rfc3339_seconds(now()?).to_string();

    Ok(document(&report.cves, release, host, &time))
}

/// The time, or `SOURCE_DATE_EPOCH` for reproducible documents.
fn now() -> Result<SystemTime, String> {
    match env::var("SOURCE_DATE_EPOCH") {
        Err(_) => Ok(SystemTime::now()),
        Ok(seconds) => {
            let seconds = seconds
                .parse()
                .map_err(|_| "SOURCE_DATE_EPOCH is not a number of seconds")?;

            SystemTime::UNIX_EPOCH
                .checked_add(Duration::from_secs(seconds))
                .filter(|it| *it < SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800))
                .ok_or_else(|| "SOURCE_DATE_EPOCH is too late".into())
        }
    }
}

/// Creates a document about the kernel `release`, on the machine `host`, at `timestamp`, in RFC
/// 3339.
fn document(findings: &[Finding], release: &str, host: Option<&str>, timestamp: &str) -> Document {
    let product = format!("pkg:generic/linux@{}", escaped(release));
    let of = [host, Some(release), Some(timestamp)].map(|it| it.map(escaped));
    let id: Vec<_> = of.into_iter().flatten().collect();

    Document {
        context: CONTEXT,
        id: format!("urn:killswitch:{}", id.join(":")),
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
        State::Unknown => Status::UnderInvestigation,
        State::Partly
        | State::Disarmed
        | State::Observed
        | State::Exposed
        | State::NoMitigation => Status::Affected,
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

/// The recommended action.
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

/// Escapes `text` for a package URL or a URN.
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
pub mod tests;
