// SPDX-License-Identifier: GPL-2.0-only

//! `why`: the callers of an engaged function, from the kernel's counts and the audit log.

use super::{
    screen::{Cell, Meaning, Screen},
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

/// The target to show.
#[derive(Args, Clone, Default)]
pub struct Options {
    /// The function, by its name in `status`
    target: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Maximum number of cgroup directories to search.
const MAX_CGROUPS: usize = 10_000;

/// The answer of `killswitch why --json`: everything known about a target.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report {
    /// The entry in `engaged`; null if it is no longer engaged.
    engaged: Option<Engagement>,
    /// Its callers, as far as they are distinct.
    callers: Vec<Known>,
    /// Records of the audit log, verbatim; null if `ausearch` is missing or fails.
    audit: Option<Vec<String>>,
}

/// A caller, with additional information.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Known {
    #[serde(flatten)]
    caller: Caller,
    /// The name of the user.
    user: Option<String>,
    /// The path of the program, if the process still exists.
    program: Option<String>,
    /// The path of the cgroup, if it still exists.
    path: Option<String>,
}

/// Shows the callers of a function. Returns [`REFUSED`] if nothing is known about it.
pub fn show(
    machine: &Machine,
    options: &Options,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    let Options { target, json } = options;
    let all = state::engaged(machine)?;
    let meant = state::meant(&all, target);
    let engaged = all.into_iter().find(|it| it.target == *target);
    let callers = match &engaged {
        Some(_) => state::callers(machine, target).map_err(|error| {
            let hint = match error.kind() {
                io::ErrorKind::PermissionDenied => "; this needs root",
                _ => "",
            };

            format!("cannot read the callers of {target}: {error}{hint}")
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
        if report.engaged.is_none() {
            screen.problem(format_args!(
                "nothing is engaged by the name {target}{meant}"
            ))?;
        }
        report.print(screen)?;
    }
    Ok(match report.engaged {
        Some(_) => DONE,
        None => REFUSED,
    })
}

impl Report {
    fn print(&self, screen: &mut Screen<'_>) -> io::Result<()> {
        if let Some(it) = &self.engaged {
            headline(it, screen)?;
            if self.callers.is_empty() {
                screen.line("\nNo calls so far.")?;
            } else {
                let rows: Vec<_> = self.callers.iter().map(Known::row).collect();

                screen.line("")?;
                screen.table(
                    &["CALLS", "WHO", "PROGRAM", "CGROUP", "FROM", "FIRST", "LAST"],
                    &rows,
                )?;
            }
        }
        if self.engaged.is_some() {
            screen.line("")?;
        }
        match self.audit.as_deref() {
            None => screen.line("The audit log was not searched: ausearch is missing or failed."),
            Some([]) => screen.line("The audit log has no records of it since boot."),
            Some(records) => {
                screen.line("In the audit log:")?;
                records.iter().try_for_each(|record| screen.line(record))
            }
        }
    }
}

/// State, users and reason of an engagement.
fn headline(it: &Engagement, screen: &mut Screen<'_>) -> io::Result<()> {
    let calls = match it.hits {
        1 => "1 call".to_owned(),
        hits => format!("{hits} calls"),
    };
    let what = match (it.value, it.has_failed()) {
        (_, true) => format!(", it RUNS; {calls} before"),
        (Some(number), _) => format!(", returns {}; {calls} so far", value(number)),
        (None, _) => format!(", runs and is counted; {calls} so far"),
    };
    let whom = match &*it.scope {
        "all" => "",
        "nonroot" => ", of users other than root",
        _ => ", of some users",
    };

    screen.parts(&[
        format!("{}: ", it.target).into(),
        Cell::new(&*it.state, Meaning::of_state(&it.state)),
        format!("{what}{whom}").into(),
    ])?;
    if let Some(condition) = &it.condition {
        screen.line(format_args!(
            "if: {condition} (false for {} calls, which ran)",
            it.passed.unwrap_or(0)
        ))?;
    }
    if let Some(reason) = &it.reason {
        screen.line(format_args!("reason: {reason}"))?;
    }
    Ok(())
}

impl Known {
    fn row(&self) -> Vec<Cell> {
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
        let who = match &*it.context {
            // The interrupted task is unrelated to the call.
            "softirq" | "irq" | "nmi" => format!("({who})"),
            _ => who,
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
        .into_iter()
        .map(Cell::from)
        .collect()
    }
}

/// The last second of the year 9999.
const MAX_TIME: u64 = 253_402_300_799;

/// The name of the user with this id.
fn user(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;

        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// The program of a caller, if its first process still exists and runs it.
fn program(machine: &Machine, caller: &Caller) -> Option<String> {
    let exe = format!("/proc/{}/exe", caller.pid?);
    let inode = machine.inode(&exe).ok()?;

    if inode != caller.inode? {
        return None;
    }
    Some(machine.link(&exe).ok()?.to_string_lossy().into_owned())
}

/// The cgroups of the unified hierarchy, by inode number.
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

/// Records of the audit log about `target`: decisions, and calls.
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

/// Whether a record is Killswitch's, about `target`. Text that users choose, such as the name and
/// the path of a program, can imitate a record, except for its beginning and end.
fn is_about(record: &str, target: &str) -> bool {
    let text = || {
        let (_, rest) = record.split_once("msg=audit(")?;
        let (_, text) = rest.split_once("):").or_else(|| rest.split_once(") :"))?;

        Some(text.trim())
    };
    let Some(text) = text() else {
        return false;
    };
    let is_named = |word: &str| {
        let name = word.strip_prefix("func=");

        name.is_some_and(|name| name.trim_matches('"') == target)
    };

    match text.strip_prefix("lsm=killswitch op=") {
        Some(rest) => rest.split(' ').nth(1).is_some_and(is_named),
        None => {
            text.starts_with("avc:")
                && text.contains(" lsm=killswitch ")
                && text.ends_with(&format!(" tcontext={target} tclass=function"))
        }
    }
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
                "type=AVC msg=audit(11/23/26 01:02:14.283:24) : avc:  denied  { call } for  \
                 pid=811 comm=curl auid=user ses=3 lsm=killswitch context=task uid=user hits=1 \
                 retval=-1 scontext=uid:1001 tcontext=f tclass=function ",
                true,
            ),
            (
                "node=a type=AVC msg=audit(1795949617.011:77): avc:  denied  { call } for  \
                 comm=\"curl\" lsm=killswitch hits=1 scontext=uid:1001 tcontext=f tclass=function",
                true,
            ),
            (
                "type=MAC_CONFIG_CHANGE msg=audit(1:2) : lsm=killswitch op=engage func=\"f\" \
                 retval=-1",
                true,
            ),
            (
                "type=MAC_CONFIG_CHANGE msg=audit(1:2) : lsm=killswitch op=engage func=f retval=-1",
                true,
            ),
            (
                "type=MAC_CONFIG_CHANGE msg=audit(1:2) : lsm=killswitch op=engage func=\"ff\" \
                 retval=-1",
                false,
            ),
            (
                "type=AVC msg=audit(1:2) : avc:  denied  { read } for  tcontext=f tclass=file",
                false,
            ),
            // Records that users can forge.
            (
                "type=PROCTITLE msg=audit(1:2) : proctitle=x lsm=killswitch op=engage func=f",
                false,
            ),
            (
                "type=PROCTITLE msg=audit(1:2) : proctitle=msg=audit(1:2) : lsm=killswitch op=seal \
                 func=f",
                false,
            ),
            (
                "type=AVC msg=audit(1:2) : avc:  denied  { read } for  comm= lsm=killswitch \
                 name=x tcontext=f tclass=function scontext=a tcontext=b tclass=file permissive=0",
                false,
            ),
            (
                "type=MAC_CONFIG_CHANGE msg=audit(1:2) : lsm=killswitch op=engage func=g retval=-1 \
                 uid=root comm=func=f exe=/tmp/x func=f",
                false,
            ),
            ("", false),
        ] {
            assert_eq!(is_about(record, "f"), expected, "{record}");
        }
    }
}
