// SPDX-License-Identifier: GPL-2.0-only

//! `status`: the engagements, their state, and their age.

use super::{
    metrics,
    screen::{span, Cell, Meaning, Screen},
    state::{self, Engagement, Status},
    Knowledge, DONE, PARTLY,
};
use crate::{
    cve::{self, Finding},
    errno,
    machine::Machine,
    print, vex,
};
use clap::Args;
use serde::Serialize;
use std::{collections::HashMap, error::Error, time::Duration};

/// What to print and to warn of.
#[derive(Args, Clone, Default)]
pub struct Options {
    /// Also show the state of CVEs
    ///
    /// Shows those CVEs of the catalogue that may affect the kernel or that have an engagement, and
    /// other CVEs in reasons of engagements. The status is 3 if one is open: exposed, partly,
    /// observed, disarmed or no-mitigation (see killswitch cve --help).
    #[arg(long)]
    cve: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print the state of CVEs on this machine as an OpenVEX document
    ///
    /// Covers the whole catalogue, since scanners also need to know what does not affect a machine.
    /// The status is always 0.
    #[arg(long, conflicts_with = "json")]
    openvex: bool,
    /// Print metrics in the format of OpenMetrics and Prometheus
    ///
    /// For a textfile collector. The status is always 0.
    #[arg(long, conflicts_with_all = ["json", "openvex"])]
    openmetrics: bool,
    /// Warn about engagements that are older than this, such as 12h or 30d
    ///
    /// If the kernel log no longer has the start of an engagement, the time since boot counts.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    max_age: Option<Duration>,
}

/// The answer of `killswitch status --json`: the state of the machine.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report {
    #[serde(flatten)]
    pub status: Status,
    /// The level of lockdown, if it is enabled.
    pub lockdown: Option<String>,
    pub engaged: Vec<Aged>,
    /// With `--cve`: the states of CVEs.
    #[serde(flatten)]
    pub cves: Option<cve::Report>,
    /// Problems, as sentences.
    pub warnings: Vec<String>,
}

/// An engagement and its age.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Aged {
    #[serde(flatten)]
    pub engagement: Engagement,
    #[serde(flatten)]
    pub age: Age,
    /// Whether it is older than `--max-age`; null without that option.
    pub overdue: Option<bool>,
}

/// The age of an engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Age {
    /// In seconds; null if even the time since boot is unknown.
    pub age: Option<u64>,
    /// Whether it is the time since boot, because the kernel log does not have the start.
    age_at_most: bool,
}

/// Shows the engagements. Returns [`PARTLY`] if there are warnings.
pub fn show(
    machine: &Machine,
    options: &Options,
    knowledge: &dyn Knowledge,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    let report = Report::of(machine, options, knowledge)?;

    if options.openmetrics {
        // Metrics include the warnings. A script that keeps old metrics on failure would hide them.
        let kernel = machine.read("/proc/sys/kernel/osrelease")?;

        screen.print(&metrics::of(&report, kernel.trim())?)?;
        return Ok(DONE);
    }
    if options.openvex {
        let host = machine.read("/proc/sys/kernel/hostname")?;
        let cves = report.cves.as_ref().ok_or("no CVE report")?;

        screen.json(&vex::of(cves, Some(host.trim()))?)?;
        return Ok(DONE);
    }
    if options.json {
        screen.json(&report)?;
    } else {
        report.print(screen)?;
    }
    Ok(match &report.warnings[..] {
        [] => DONE,
        _ => PARTLY,
    })
}

impl Report {
    fn of(
        machine: &Machine,
        options: &Options,
        knowledge: &dyn Knowledge,
    ) -> Result<Self, Box<dyn Error>> {
        let max_age = options.max_age;
        let engaged = state::engaged(machine)?;
        let status = state::status(machine)?;
        let cves = match options.cve || options.openvex {
            true => Some(knowledge.report(machine, &engaged, options.openvex)?),
            false => None,
        };
        let beginnings = Beginnings::of(machine);
        let engaged: Vec<Aged> = engaged
            .into_iter()
            .map(|engagement| {
                let age = beginnings.age(&engagement.target);
                let is_older = |max: Duration| age.age.is_some_and(|age| age > max.as_secs());

                Aged {
                    age,
                    overdue: max_age.map(is_older),
                    engagement,
                }
            })
            .collect();
        let mut report = Self {
            status,
            lockdown: state::lockdown(machine),
            engaged,
            cves,
            warnings: Vec::new(),
        };

        report.warnings = report.find_warnings(max_age);
        Ok(report)
    }

    fn find_warnings(&self, max_age: Option<Duration>) -> Vec<String> {
        let mut warnings = Vec::new();

        for it in &self.engaged {
            let target = &it.engagement.target;

            match &*it.engagement.state {
                "disarmed" => warnings.push(format!(
                    "{target} RUNS: its probe is disarmed; see /sys/kernel/debug/kprobes/enabled \
                     and the kernel log"
                )),
                "missing" => warnings.push(format!(
                    "{target} is not engaged: its module is loaded and has no such function"
                )),
                _ => {}
            }
            if let (Some(true), Some(max), Some(age)) = (it.overdue, max_age, it.age.age) {
                warnings.push(format!(
                    "{target} has been {} for {}{}, more than {}; check for a fixed kernel",
                    match &*it.engagement.state {
                        "observing" => "observed",
                        "probing" => "watched",
                        state => state,
                    },
                    if it.age.age_at_most { "up to " } else { "" },
                    span(Duration::from_secs(age)),
                    span(max)
                ));
            }
        }
        for error in &self.status.boot_errors {
            warnings.push(format!("kernel command line: {error}"));
        }
        for it in self.cves.iter().flat_map(|it| &it.cves) {
            if it.state.is_open() {
                let Finding { id, state, .. } = it;

                warnings.push(format!("{id} is {state}: killswitch cve {id}"));
            }
        }
        warnings
    }

    fn print(&self, screen: &mut Screen<'_>) -> Result<(), Box<dyn Error>> {
        let Status {
            engagements,
            slots,
            changes_refused_from,
            types,
            sealed,
            taint,
            ..
        } = &self.status;
        let lockdown = self.lockdown.as_deref().unwrap_or("not enabled");

        screen.line(format_args!(
            "{engagements} of {slots} slots taken; {}, {}; lockdown: {lockdown}, changes are \
             refused from {changes_refused_from} on; types: {types}",
            if *sealed { "sealed" } else { "not sealed" },
            if *taint { "tainted" } else { "not tainted" },
        ))?;
        if !self.engaged.is_empty() {
            let rows: Vec<_> = self.engaged.iter().map(Aged::row).collect();

            screen.line("")?;
            screen.table(
                &[
                    "TARGET", "VALUE", "STATE", "HITS", "CALLERS", "SCOPE", "AGE", "ENDS", "IF",
                    "PASSED", "REASON",
                ],
                &rows,
            )?;
        }
        if let Some(cves) = &self.cves {
            screen.line(format_args!("\n{}", print::overview(cves).trim_end()))?;
        }
        for warning in &self.warnings {
            screen.problem(format_args!("warning: {warning}"))?;
        }
        Ok(())
    }
}

impl Aged {
    fn row(&self) -> Vec<Cell> {
        let it = &self.engagement;
        let number = |number: Option<u64>| number.map_or(String::new(), |it| it.to_string());
        let time = |seconds: Option<u64>| {
            seconds.map_or(String::new(), |it| span(Duration::from_secs(it)))
        };
        let state = match &it.found_in {
            Some(module) => format!("{} (found in {module})", it.state),
            None => it.state.clone(),
        };
        let age = match (self.age.age, self.age.age_at_most) {
            (Some(_), true) => format!("<{}", time(self.age.age)),
            (age, _) => time(age),
        };
        let age = match self.overdue {
            Some(true) => Cell::new(age, Meaning::Waiting),
            _ => age.into(),
        };

        vec![
            it.target.clone().into(),
            it.value.map_or("-".into(), value).into(),
            Cell::new(state, Meaning::of_state(&it.state)),
            it.hits.to_string().into(),
            it.callers.to_string().into(),
            it.scope.clone().into(),
            age,
            time(it.seconds_left).into(),
            it.condition.clone().unwrap_or_default().into(),
            number(it.passed).into(),
            it.reason.clone().unwrap_or_default().into(),
        ]
    }
}

/// A value for output: the name of an error if it is one.
pub fn value(value: i64) -> String {
    match errno::name(value.saturating_neg()) {
        Some(name) => format!("-{name}"),
        None => value.to_string(),
    }
}

/// Start times of engagements, as far as the kernel log has them. They are not stored elsewhere.
struct Beginnings {
    /// Seconds after boot, by target.
    found: HashMap<String, u64>,
    /// Seconds since boot.
    now: Option<u64>,
}

impl Beginnings {
    fn of(machine: &Machine) -> Self {
        let uptime = machine.read("/proc/uptime").ok();
        let now = uptime
            .as_deref()
            .and_then(|it| it.split('.').next()?.parse().ok());
        // Reading it may not be permitted.
        let log = machine.kernel_log().unwrap_or_default();

        Self {
            found: beginnings(&log),
            now,
        }
    }

    fn age(&self, target: &str) -> Age {
        let began = self.found.get(target);

        Age {
            age: self
                .now
                .map(|now| now.saturating_sub(began.copied().unwrap_or(0))),
            age_at_most: began.is_none(),
        }
    }
}

/// The start times of current engagements in the kernel log.
fn beginnings(log: &str) -> HashMap<String, u64> {
    // Messages from user space have a larger number.
    const MOST: u64 = 7;
    // Whether calls only ran it before.
    let mut found: HashMap<String, (bool, u64)> = HashMap::new();

    for record in log.lines() {
        let Some((head, message)) = record.split_once(';') else {
            continue;
        };
        let mut head = head.split(',').map(|it| it.parse::<u64>().ok());
        let (level, time) = (head.next().flatten(), head.nth(1).flatten());
        let (Some(..=MOST), Some(time), Some(message)) =
            (level, time, message.strip_prefix("killswitch: "))
        else {
            continue;
        };
        let mut words = message.split(' ');
        let verb = words.next().unwrap_or("");
        // A colon follows, unless it ends a line.
        let target = words.next().unwrap_or("").trim_end_matches(':');

        match verb {
            "engaged" | "armed" | "observing" | "watching" => {
                let runs = ["observing", "watching"].contains(&verb);
                let known = found.get(target).copied();

                if known.is_none_or(|(ran, _)| ran && !runs) {
                    found.insert(target.into(), (runs, time / 1_000_000));
                }
            }
            "disengaged" | "expired" | "aborted" | "lost" => {
                found.remove(target);
            }
            _ => {}
        }
    }
    found
        .into_iter()
        .map(|(target, (_, time))| (target, time))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_times_are_read_from_the_kernel_log() {
        let log = "\
            6,1,1000000,-;Linux version\n\
            6,2,5000000,-;killswitch: armed m:f: when its module is loaded it will return -1\n \
            SUBSYSTEM=none\n\
            6,3,9000000,-;killswitch: engaged m:f: it returns -1 (-EPERM) without running\n\
            6,4,12900000,-;killswitch: engaged g: it returns -1 (-EPERM) without running\n\
            6,5,13000000,-;killswitch: disengaged g after 7 hits\n\
            6,6,14000000,-;killswitch: observing g: it runs, and its calls are counted\n\
            6,7,15000000,-;killswitch: engaged h: it returns 0 without running\n\
            6,8,16000000,-;killswitch: lost h after 0 hits: its module is unloaded\n\
            6,9,17000000,-;audit: op=engage func=\"i\"\n\
            6,10,18000000,-;killswitch: watching j for 9 s: if not called, it will return -1\n\
            6,11,19000000,-;killswitch: aborted j: it was called 2 times in 9 s\n\
            6,12,20000000,-;killswitch: engaged k: it returns -1\n\
            6,13,21000000,-;killswitch: expired k after 0 hits: its time limit has passed\n\
            6,14,22000000,-;killswitch: refused engage l 0: no\n\
            6,15,23000000,-;killswitch: observing n: it runs, and its calls are counted\n\
            6,16,24000000,-;killswitch: engaged n: it returns -1 (-EPERM) without running\n\
            14,17,25000000,-;killswitch: engaged o: says a program\n\
            14,18,26000000,-;killswitch: disengaged n says a program\n";
        let mut found: Vec<_> = beginnings(log).into_iter().collect();

        found.sort();
        assert_eq!(
            found,
            [("g".into(), 14), ("m:f".into(), 5), ("n".into(), 24)]
        );
    }

    #[test]
    fn unknown_start_times_are_bounded_by_the_boot() {
        let beginnings = Beginnings {
            found: HashMap::from([("f".into(), 40)]),
            now: Some(100),
        };
        let age = |age, age_at_most| Age {
            age: Some(age),
            age_at_most,
        };

        assert_eq!(beginnings.age("f"), age(60, false));
        assert_eq!(beginnings.age("g"), age(100, true));
    }

    #[test]
    fn values_have_names() {
        for (number, name) in [
            (-1, "-EPERM"),
            (-95, "-EOPNOTSUPP"),
            (0, "0"),
            (1, "1"),
            (-4096, "-4096"),
            (i64::MIN, "-9223372036854775808"),
        ] {
            assert_eq!(value(number), name);
        }
    }
}
