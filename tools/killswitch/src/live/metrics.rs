// SPDX-License-Identifier: GPL-2.0-only

//! What a monitor reads of the state of a machine.

use super::status::{Aged, Report};
use crate::cve::{Finding, State};
use std::fmt::{self, Write};

/// What is measured, in a form that both OpenMetrics and the older text format of Prometheus
/// allow: gauges and counters only.
pub fn of(report: &Report) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let flag = |it: bool| u8::from(it).to_string();
    let status = &report.status;
    let alone = |value: String| vec![(String::new(), value)];
    let labelled = |it: &Aged, value: String| {
        let label = format!(
            "{{target=\"{}\",scope=\"{}\",reason=\"{}\"}}",
            escaped(&it.engagement.target),
            escaped(&it.engagement.scope),
            escaped(it.engagement.reason.as_deref().unwrap_or(""))
        );

        (label, value)
    };
    let each = |value: &dyn Fn(&Aged) -> Option<String>| -> Vec<_> {
        let all = report.engaged.iter();

        all.filter_map(|it| Some(labelled(it, value(it)?)))
            .collect()
    };
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
                "How many CVEs are in a state, of those that matter to this kernel.",
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
            "slots",
            "gauge",
            "How many engagements there can be.",
            alone(status.slots.to_string()),
        ),
        (
            "engagements",
            "gauge",
            "How many there are.",
            alone(status.engagements.to_string()),
        ),
        (
            "sealed",
            "gauge",
            "Whether nothing can be changed until the next boot.",
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
            "What was wrong with the kernel command line, or refused.",
            alone(status.boot_errors.len().to_string()),
        ),
        (
            "warnings",
            "gauge",
            "What the command status warns of.",
            alone(report.warnings.len().to_string()),
        ),
        (
            "engaged",
            "gauge",
            "Whether calls return the value.",
            each(&|it| Some(flag(it.engagement.state == "engaged"))),
        ),
        (
            "armed",
            "gauge",
            "Whether it waits for its module.",
            each(&|it| Some(flag(it.engagement.state == "armed"))),
        ),
        (
            "failed",
            "gauge",
            "Whether it is disarmed or missing, and the function runs.",
            each(&|it| Some(flag(it.engagement.has_failed()))),
        ),
        (
            "hits",
            "counter",
            "Calls that were short-circuited, or counted while observed.",
            each(&|it| Some(it.engagement.hits.to_string())),
        ),
        (
            "callers",
            "gauge",
            "Callers that are distinguished.",
            each(&|it| Some(it.engagement.callers.to_string())),
        ),
        (
            "age_seconds",
            "gauge",
            "Time since it began, at most that since the boot.",
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
            "Time until it is decided on or ends by itself.",
            each(&|it| Some(it.engagement.seconds_left?.to_string())),
        ),
    ];

    for (name, kind, help, samples) in families.into_iter().chain(of_cves) {
        let suffix = if kind == "counter" { "_total" } else { "" };

        writeln!(text, "# HELP killswitch_{name} {help}")?;
        writeln!(text, "# TYPE killswitch_{name} {kind}")?;
        for (labels, value) in samples {
            writeln!(text, "killswitch_{name}{suffix}{labels} {value}")?;
        }
    }
    text += "# EOF\n";
    Ok(text)
}

/// A value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
