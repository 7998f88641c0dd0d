// SPDX-License-Identifier: GPL-2.0-only

//! `why`: who runs into what is engaged, as the kernel counts them and the audit log has them.

use super::{
    screen::{Meaning, Screen},
    state::{self, Caller, Engagement},
    status::value,
    DONE, REFUSED,
};
use crate::machine::Machine;
use clap::Args;
use serde::Serialize;
use std::{
    error::Error,
    io,
    time::{Duration, UNIX_EPOCH},
};

/// What is asked about.
#[derive(Args, Clone, Default)]
pub struct Options {
    /// The function, as `status` shows it
    target: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The most directories of cgroups that are searched for one.
const MAX_CGROUPS: usize = 10_000;

/// What is known of a target.
#[derive(Serialize)]
struct Report {
    /// What `engaged` says; nothing if it is not engaged any more.
    engaged: Option<Engagement>,
    callers: Vec<Known>,
    /// Records of the audit log, as they are; nothing if there is no `ausearch`, or it fails.
    audit: Option<Vec<String>>,
}

/// A caller, and what there is to find out about it.
#[derive(Serialize)]
struct Known {
    #[serde(flatten)]
    caller: Caller,
    /// What the user is called.
    user: Option<String>,
    /// The path of the program, if the process is still there.
    program: Option<String>,
    /// The path of the cgroup, if it is still there.
    path: Option<String>,
}

/// Shows who calls a function. The answer is [`REFUSED`] if nothing is known of it.
pub fn show(
    machine: &Machine,
    options: &Options,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    let Options { target, json } = options;
    let engaged = state::engaged(machine)?
        .into_iter()
        .find(|it| it.target == *target);
    let callers = match &engaged {
        Some(_) => state::callers(machine, target).map_err(|error| {
            let hint = match error.kind() {
                io::ErrorKind::PermissionDenied => "; it takes root",
                _ => "",
            };

            format!("who calls {target} cannot be read: {error}{hint}")
        })?,
        None => Vec::new(),
    };
    let cgroups = match callers.iter().any(|it| it.cgroup.is_some()) {
        true => cgroups(machine),
        false => Vec::new(),
    };
    let users = machine.read("/etc/passwd").unwrap_or_default();
    let report = Report {
        callers: callers
            .into_iter()
            .map(|caller| Known {
                user: caller.uid.and_then(|uid| user(&users, uid)),
                program: program(machine, &caller),
                path: caller.cgroup.and_then(|wanted| {
                    let (_, path) = cgroups.iter().find(|(inode, _)| *inode == wanted)?;

                    Some(path.clone())
                }),
                caller,
            })
            .collect(),
        audit: audit(machine, target),
        engaged,
    };

    if *json {
        screen.json(&report)?;
    } else {
        report.print(target, screen)?;
    }
    Ok(match report.engaged {
        Some(_) => DONE,
        None => REFUSED,
    })
}

impl Report {
    fn print(&self, target: &str, screen: &mut Screen<'_>) -> io::Result<()> {
        match &self.engaged {
            None => screen.problem(format_args!("nothing is engaged by the name {target}"))?,
            Some(it) => {
                let state = screen.paint(&it.state, Meaning::of_state(&it.state));
                let returns = match it.value {
                    Some(number) => format!(" returns {}", value(number)),
                    None => String::new(),
                };

                screen.line(format_args!(
                    "{target}{returns}, {state}, scope={}, {} hits",
                    it.scope, it.hits
                ))?;
            }
        }
        if !self.callers.is_empty() {
            let rows: Vec<_> = self.callers.iter().map(Known::row).collect();

            screen.line("")?;
            screen.table(
                &["CALLS", "WHO", "PROGRAM", "CGROUP", "FROM", "FIRST", "LAST"],
                &rows,
            )?;
        }
        match &self.audit {
            Some(records) if !records.is_empty() => {
                screen.line("\nIn the audit log:")?;
                records.iter().try_for_each(|record| screen.line(record))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Known {
    fn row(&self) -> Vec<String> {
        let it = &self.caller;
        let time = |seconds: Option<u64>| {
            seconds.map_or(String::new(), |seconds| {
                let time = UNIX_EPOCH + Duration::from_secs(seconds.min(MAX_TIME));

                humantime::format_rfc3339_seconds(time).to_string()
            })
        };
        let name = |number: Option<u64>, name: &Option<String>| match (number, name) {
            (_, Some(name)) => name.clone(),
            (Some(number), None) => number.to_string(),
            (None, None) => String::new(),
        };
        let who = match (it.uid, it.others) {
            (Some(_), false) => name(it.uid.map(u64::from), &self.user),
            (Some(_), true) => format!("{}, others", name(it.uid.map(u64::from), &self.user)),
            (None, true) => format!("{}, others", it.context),
            (None, false) => it.context.clone(),
        };
        let comm = it.comm.as_ref().map(|comm| format!("({comm})"));
        let program = [self.program.clone(), comm];

        vec![
            it.calls.to_string(),
            who,
            program.into_iter().flatten().collect::<Vec<_>>().join(" "),
            name(it.cgroup, &self.path),
            it.from.clone().unwrap_or_default(),
            time(it.first),
            time(it.last),
        ]
    }
}

/// The last second that can be written with a year of four digits.
const MAX_TIME: u64 = 253_402_300_799;

/// The name of the user with this id.
fn user(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;

        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// The path of the program of a caller, if its first process is still there and runs it.
fn program(machine: &Machine, caller: &Caller) -> Option<String> {
    let exe = format!("/proc/{}/exe", caller.pid?);
    let inode = machine.inode(&exe).ok()?;

    if inode != caller.inode? {
        return None;
    }
    Some(machine.link(&exe).ok()?.to_string_lossy().into_owned())
}

/// The cgroups of the unified hierarchy, by the inodes of their directories.
fn cgroups(machine: &Machine) -> Vec<(u64, String)> {
    const TOP: &str = "/sys/fs/cgroup";
    let mut found = Vec::new();
    let mut left = vec![TOP.to_owned()];

    while let Some(path) = left.pop() {
        if found.len() == MAX_CGROUPS {
            break;
        }
        let name = match path.strip_prefix(TOP) {
            None | Some("") => "/",
            Some(name) => name,
        };

        found.extend(machine.inode(&path).map(|inode| (inode, name.into())));
        left.extend(
            machine
                .directories(&path)
                .into_iter()
                .map(|name| format!("{path}/{name}")),
        );
    }
    found
}

/// What the audit log has of `target`: the decisions on it, and its calls.
fn audit(machine: &Machine, target: &str) -> Option<Vec<String>> {
    // No engagement is older than the boot.
    let arguments = [
        "--input-logs",
        "-m",
        "AVC,MAC_CONFIG_CHANGE",
        "-ts",
        "boot",
        "-i",
    ];
    let output = machine.run("ausearch", &arguments)?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout);

    Some(
        text.lines()
            .filter(|line| is_about(line, target))
            .map(str::to_owned)
            .collect(),
    )
}

/// Whether a record is one of Killswitch about `target`.
fn is_about(record: &str, target: &str) -> bool {
    let mut words = record.split(' ');

    record.contains("lsm=killswitch")
        && words.any(|word| match word.split_once('=') {
            Some(("tcontext" | "func", name)) => name.trim_matches('"') == target,
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_names() {
        let users = "root:x:0:0:root:/root:/bin/bash\n\nuser:x:1001:1001::/home/user:/bin/sh\n";

        for (uid, name) in [(0, Some("root")), (1001, Some("user")), (1, None)] {
            assert_eq!(user(users, uid).as_deref(), name);
        }
    }

    #[test]
    fn records_are_about_a_target() {
        for (record, expected) in [
            (
                "type=AVC : avc:  denied  { call } for  lsm=killswitch tcontext=f tclass=function",
                true,
            ),
            (
                "type=MAC_CONFIG_CHANGE : lsm=killswitch op=engage func=\"f\" retval=-1",
                true,
            ),
            (
                "type=MAC_CONFIG_CHANGE : lsm=killswitch op=engage func=f retval=-1",
                true,
            ),
            (
                "type=MAC_CONFIG_CHANGE : lsm=killswitch op=engage func=\"ff\" retval=-1",
                false,
            ),
            (
                "type=AVC : avc:  denied  { read } for  tcontext=f tclass=file",
                false,
            ),
        ] {
            assert_eq!(is_about(record, "f"), expected, "{record}");
        }
    }
}
