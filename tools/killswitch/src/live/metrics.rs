// SPDX-License-Identifier: GPL-2.0-only

//! Metrics of a machine, for monitoring systems.

use super::status::{Aged, Report};
use crate::cve::{Finding, State};
use std::fmt::{self, Write};

/// Formats the metrics in a form that is valid in both OpenMetrics and the older text format of
/// Prometheus, which only allows gauges and counters. `kernel` is the kernel's release.
pub fn of(report: &Report, kernel: &str) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let flag = |it: bool| u8::from(it).to_string();
    let status = &report.status;
    let alone = |value: String| vec![(String::new(), value)];
    let labels = |it: &Aged| {
        format!(
            "target=\"{}\",scope=\"{}\",reason=\"{}\"",
            escaped(&it.engagement.target),
            escaped(&it.engagement.scope),
            escaped(it.engagement.reason.as_deref().unwrap_or(""))
        )
    };
    let each = |value: &dyn Fn(&Aged) -> Option<String>| -> Vec<_> {
        let all = report.engaged.iter();

        all.filter_map(|it| Some((format!("{{{}}}", labels(it)), value(it)?)))
            .collect()
    };
    let state = |it: &Aged| {
        let state = escaped(&it.engagement.state);

        (format!("{{{},state=\"{state}\"}}", labels(it)), "1".into())
    };
    let info = format!(
        "{{kernel=\"{}\",lockdown=\"{}\",types=\"{}\"}}",
        escaped(kernel),
        escaped(report.lockdown.as_deref().unwrap_or("")),
        escaped(&status.types)
    );
    let cves = report.cves.iter().flat_map(|it| &it.cves);
    let by_state = |state: State| {
        let count = cves.clone().filter(|it| it.state == state).count();

        (format!("{{state=\"{state}\"}}"), count.to_string())
    };
    let each_cve = |it: &Finding| {
        let Finding { id, state, .. } = it;
        let label = format!("{{cve=\"{}\",state=\"{state}\"}}", escaped(id));

        (label, "1".to_owned())
    };
    let of_cves = match report.cves {
        None => Vec::new(),
        Some(_) => vec![
            (
                "cves",
                "gauge",
                "Number of CVEs by state, of those relevant to this kernel.",
                State::ALL.map(by_state).to_vec(),
            ),
            (
                "cve",
                "gauge",
                "The state of a CVE. The value is always 1.",
                cves.clone().map(each_cve).collect(),
            ),
        ],
    };
    let families = [
        (
            "info",
            "gauge",
            "The running kernel. The value is always 1.",
            vec![(info, "1".into())],
        ),
        (
            "slots",
            "gauge",
            "Maximum number of engagements.",
            alone(status.slots.to_string()),
        ),
        (
            "engagements",
            "gauge",
            "Number of engagements.",
            alone(status.engagements.to_string()),
        ),
        (
            "disarmed",
            "gauge",
            "Number of disarmed engagements, whose functions run.",
            alone(status.disarmed.to_string()),
        ),
        (
            "sealed",
            "gauge",
            "Whether changes are sealed until the next boot.",
            alone(flag(status.sealed)),
        ),
        (
            "taint",
            "gauge",
            "Whether a function was engaged since the boot.",
            alone(flag(status.taint)),
        ),
        (
            "boot_errors",
            "gauge",
            "Number of errors and refusals on the kernel command line.",
            alone(status.boot_errors.len().to_string()),
        ),
        (
            "warnings",
            "gauge",
            "Number of warnings of killswitch status.",
            alone(report.warnings.len().to_string()),
        ),
        (
            "state",
            "gauge",
            "State of the engagement: engaged stops calls. The value is always 1.",
            report.engaged.iter().map(state).collect(),
        ),
        (
            "hits",
            "counter",
            "Calls that were short-circuited, or counted while observed.",
            each(&|it| Some(it.engagement.hits.to_string())),
        ),
        (
            "passed",
            "counter",
            "Calls that ran the function because its condition was false.",
            each(&|it| Some(it.engagement.passed?.to_string())),
        ),
        (
            "faults",
            "counter",
            "Calls whose condition accessed memory that cannot be read.",
            each(&|it| Some(it.engagement.faults?.to_string())),
        ),
        (
            "callers",
            "gauge",
            "Number of distinct callers.",
            each(&|it| Some(it.engagement.callers.to_string())),
        ),
        (
            "age_seconds",
            "gauge",
            "Age of the engagement, at most the time since boot.",
            each(&|it| Some(it.age.age?.to_string())),
        ),
        (
            "overdue",
            "gauge",
            "Whether it is older than --max-age.",
            each(&|it| Some(flag(it.overdue?))),
        ),
        (
            "left_seconds",
            "gauge",
            "Time until it is committed or expires.",
            each(&|it| Some(it.engagement.seconds_left?.to_string())),
        ),
    ];

    for (name, kind, help, samples) in families.into_iter().chain(of_cves) {
        let suffix = if kind == "counter" { "_total" } else { "" };

        writeln!(text, "# HELP killswitch_{name} {help}")?;
        writeln!(text, "# TYPE killswitch_{name} {kind}")?;
        if name.ends_with("_seconds") {
            writeln!(text, "# UNIT killswitch_{name} seconds")?;
        }
        for (labels, value) in samples {
            writeln!(text, "killswitch_{name}{suffix}{labels} {value}")?;
        }
    }
    text += "# EOF\n";
    Ok(text)
}

/// Escapes the value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
