// SPDX-License-Identifier: GPL-2.0-only

//! `watch`: calls of engaged functions, as they happen.

use super::{
    screen::{Cell, Meaning, Screen},
    state::{self, has_failed, Engagement},
    status::value,
    DONE,
};
use crate::{
    command::Target,
    machine::{read_available, Machine},
};
use clap::Args;
use serde::Serialize;
use std::{
    error::Error,
    io, process,
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

/// What to watch, and how.
#[derive(Args, Clone, Default)]
pub struct Options {
    /// Only these functions, by the names in `status`
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// The polling interval
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1s",
        value_parser = humantime::parse_duration
    )]
    interval: Duration,
    /// Stop after this time, such as 10s or 1h
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    /// Print each call, from the tracepoint killswitch:call
    ///
    /// Needs root and tracefs. Uses its own trace instance.
    #[arg(long, conflicts_with = "interval")]
    trace: bool,
    /// Print JSON, one line per change
    #[arg(long, conflicts_with = "trace")]
    json: bool,
}

/// A change between two polls.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Change<'a> {
    /// The function, as it was engaged.
    target: &'a str,
    /// Its value; null if it is only observed.
    value: Option<i64>,
    /// The new state; null if it has ended.
    state: Option<&'a str>,
    /// The previous state, if it differs.
    was: Option<&'a str>,
    /// The number of new calls.
    calls: u64,
    /// The total number of calls.
    hits: u64,
}

/// A line of the answer of `killswitch watch --json`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Line<'a> {
    /// The time of the poll, in UTC, as in RFC 3339.
    time: &'a str,
    #[serde(flatten)]
    change: &'a Change<'a>,
}

/// The minimum polling interval.
const LEAST_INTERVAL: Duration = Duration::from_millis(10);

/// Reports whether a terminating signal was caught.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Starts to catch signals.
    fn on_signal(&self) -> Result<(), ctrlc::Error> {
        let Self(flag) = self.clone();

        ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
    }

    /// Sleeps until `end`, if given, or until a signal. Returns whether to continue.
    fn sleep_until(&self, end: Option<Instant>) -> bool {
        const STEP: Duration = Duration::from_millis(50);

        loop {
            let left = end.map_or(STEP, |end| end.saturating_duration_since(Instant::now()));

            if self.0.load(Ordering::Relaxed) {
                return false;
            }
            if left.is_zero() {
                return true;
            }
            thread::sleep(left.min(STEP));
        }
    }
}

/// Watches until a signal or the end of the time.
pub fn watch(
    machine: &Machine,
    options: &Options,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    let stop = Stop::default();
    let end = options
        .time
        .and_then(|time| Instant::now().checked_add(time));

    // Report errors before catching signals.
    let mut before = state::engaged(machine)?;
    if !options.json {
        options.begin(&before, screen)?;
    }
    stop.on_signal()?;
    if options.trace {
        return trace(machine, options, &stop, end, screen);
    }
    loop {
        let poll = Instant::now().checked_add(options.interval());
        let next = [poll, end].into_iter().flatten().min();

        if !stop.sleep_until(next) {
            return Ok(DONE);
        }
        let after = state::engaged(machine)?;

        for change in changes(&before, &after) {
            if options.is_watched(change.target) {
                print(&change, options.json, screen)?;
            }
        }
        before = after;
        if end.is_some_and(|end| Instant::now() >= end) {
            return Ok(DONE);
        }
    }
}

impl Options {
    /// The polling interval, with a lower limit.
    fn interval(&self) -> Duration {
        self.interval.max(LEAST_INTERVAL)
    }

    /// Prints what is watched, and what does not exist yet.
    fn begin(&self, engaged: &[Engagement], screen: &mut Screen<'_>) -> io::Result<()> {
        let count = engaged
            .iter()
            .filter(|it| self.is_watched(&it.target))
            .count();

        for target in &self.targets {
            if !engaged.iter().any(|it| it.target == *target) {
                screen.problem(format_args!(
                    "nothing is engaged by the name {target} yet{}",
                    state::meant(engaged, target)
                ))?;
            }
        }
        screen.problem(format_args!(
            "watching {count} of {} engagements, {}; Ctrl-C ends it",
            engaged.len(),
            match self.trace {
                true => "call by call".into(),
                false => format!(
                    "and what changes every {}",
                    humantime::format_duration(self.interval())
                ),
            }
        ))
    }

    fn is_watched(&self, target: &str) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|it| it == target)
    }

    /// The same for a function by its plain name, in any module.
    fn is_traced(&self, symbol: &str) -> bool {
        let mut targets = self.targets.iter();

        self.targets.is_empty() || targets.any(|it| Target::of(it).symbol == symbol)
    }
}

/// The differences, in the order of `after`, followed by ended engagements.
fn changes<'a>(before: &'a [Engagement], after: &'a [Engagement]) -> Vec<Change<'a>> {
    let called = |all: &'a [Engagement], name: &str| all.iter().find(|it| it.target == name);
    let mut found = Vec::new();

    for it in after {
        let old = called(before, &it.target);
        // If it ended and was engaged again, it has fewer hits.
        let counted = old.map_or(0, |old| old.hits).min(it.hits);
        let was = old.map(|old| &*old.state).filter(|was| *was != it.state);
        let calls = it.hits - counted;

        if calls > 0 || was.is_some() || old.is_none() {
            found.push(Change {
                target: &it.target,
                value: it.value,
                state: Some(&it.state),
                was,
                calls,
                hits: it.hits,
            });
        }
    }
    for old in before {
        if called(after, &old.target).is_none() {
            found.push(Change {
                target: &old.target,
                value: old.value,
                state: None,
                was: Some(&old.state),
                calls: 0,
                hits: old.hits,
            });
        }
    }
    found
}

fn print(change: &Change<'_>, json: bool, screen: &mut Screen<'_>) -> io::Result<()> {
    let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();

    if json {
        return screen.json_line(&Line {
            time: &time,
            change,
        });
    }
    let mut parts = vec![format!("{time} {} ", change.target).into()];

    parts.extend(change.words());
    screen.parts(&parts)?;
    screen.flush()
}

impl Change<'_> {
    /// The change as text.
    fn words(&self) -> Vec<Cell> {
        let Self { calls, hits, .. } = self;
        let coloured = |state: &str| Cell::new(state, Meaning::of_state(state));
        let counted = |count: u64| match count {
            1 => "1 call".to_owned(),
            count => format!("{count} calls"),
        };
        let mut parts: Vec<Cell> = match (self.was, self.state) {
            (Some(was), None) => {
                return vec![format!("has ended; it was {was}, {} in all", counted(*hits)).into()]
            }
            (Some(was), Some(state)) => vec![coloured(state), format!(" (was {was})").into()],
            (None, Some(state)) => vec![coloured(state)],
            (None, None) => Vec::new(),
        };
        let has_failed = self.state.is_some_and(has_failed);

        if has_failed {
            parts.push(": it RUNS".into());
        }
        if *calls > 0 {
            let became = match self.value {
                Some(number) if !has_failed => format!("returned {}", value(number)),
                _ => "ran".into(),
            };

            parts.push(format!(": {} {became}, {hits} in all", counted(*calls)).into());
        }
        parts
    }
}

/// Prints each call until a signal or the end of the time.
fn trace(
    machine: &Machine,
    options: &Options,
    stop: &Stop,
    end: Option<Instant>,
    screen: &mut Screen<'_>,
) -> Result<u8, Box<dyn Error>> {
    const POLL: Duration = Duration::from_millis(100);
    let instance = Instance::new(machine)?;
    let mut pipe = machine.open_without_waiting(&instance.file("trace_pipe"))?;
    let event = "events/killswitch/call/enable";

    machine.write(&instance.file(event), "1\n")?;
    // Reads may return parts of lines; print whole lines.
    let mut held = String::new();
    loop {
        let is_over = end.is_some_and(|end| Instant::now() >= end);
        let goes_on = stop.sleep_until(Some(Instant::now() + POLL)) && !is_over;

        if !goes_on {
            machine.write(&instance.file(event), "0\n")?;
        }
        held += &read_available(&mut pipe)?;
        let whole = held.rfind('\n').map_or(0, |at| at + 1);
        for line in held[..whole].lines() {
            if traced(line).is_some_and(|symbol| options.is_traced(symbol)) {
                screen.print(&format!("{}\n", line.trim_start()))?;
            }
        }
        held.drain(..whole);
        if !goes_on {
            return Ok(DONE);
        }
    }
}

/// The function in a line of the trace, without its module.
fn traced(line: &str) -> Option<&str> {
    line.split_once(": call: function=")?.1.split(' ').next()
}

/// A trace instance, which is removed on drop.
struct Instance<'a> {
    machine: &'a Machine,
    path: String,
}

impl<'a> Instance<'a> {
    fn new(machine: &'a Machine) -> Result<Self, Box<dyn Error>> {
        const EVENT: &str = "events/killswitch/call";
        let tracing = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]
            .into_iter()
            .find(|path| machine.has(&format!("{path}/{EVENT}")))
            .ok_or(
                "there is no tracepoint killswitch:call; is tracefs mounted at \
                 /sys/kernel/tracing, and is this root?",
            )?;
        let path = format!("{tracing}/instances/killswitch-{}", process::id());

        machine
            .make_directory(&path)
            .map_err(|error| format!("cannot create {path}: {error}"))?;
        Ok(Self { machine, path })
    }

    fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        // There is no way to handle an error here.
        let _ = self.machine.remove_directory(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::golden;

    fn engagement(target: &str, state: &str, hits: u64) -> Engagement {
        Engagement {
            target: target.into(),
            state: state.into(),
            hits,
            ..Engagement::default()
        }
    }

    #[test]
    fn changes_are_found() {
        let before = [
            engagement("same", "engaged", 7),
            engagement("called", "engaged", 7),
            engagement("loaded", "armed", 0),
            engagement("again", "engaged", 9),
            engagement("ended", "engaged", 3),
        ];
        let after = [
            engagement("same", "engaged", 7),
            engagement("called", "engaged", 10),
            engagement("loaded", "engaged", 0),
            engagement("again", "engaged", 2),
            engagement("new", "observing", 1),
        ];
        let change = |target, state, was, calls, hits| Change {
            target,
            value: None,
            state,
            was,
            calls,
            hits,
        };

        assert_eq!(
            changes(&before, &after),
            [
                change("called", Some("engaged"), None, 3, 10),
                change("loaded", Some("engaged"), Some("armed"), 0, 0),
                change("new", Some("observing"), None, 1, 1),
                change("ended", None, Some("engaged"), 0, 3),
            ]
        );
        assert_eq!(changes(&after, &after), []);
    }

    #[test]
    fn changes_are_lines_of_json() {
        let before = [engagement("f", "armed", 0), engagement("g", "observing", 3)];
        let after = [Engagement {
            value: Some(-1),
            ..engagement("f", "engaged", 2)
        }];
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut screen = Screen::new(&mut out, &mut err, false, false);

        for change in changes(&before, &after) {
            let line = Line {
                time: "2026-11-30T00:00:00Z",
                change: &change,
            };

            screen.json_line(&line).unwrap();
        }
        golden(
            "src/live/golden/watch.json",
            std::str::from_utf8(&out).unwrap(),
        );
    }

    #[test]
    fn polling_interval_has_a_minimum() {
        for (interval, expected) in [(0, 10), (9, 10), (11, 11)] {
            let options = Options {
                interval: Duration::from_millis(interval),
                ..Options::default()
            };

            assert_eq!(options.interval(), Duration::from_millis(expected));
        }
    }

    #[test]
    fn changes_are_sentences() {
        for (value, state, was, calls, hits, expected) in [
            (
                Some(-1),
                Some("engaged"),
                None,
                3,
                10,
                "engaged: 3 calls returned -EPERM, 10 in all",
            ),
            (
                None,
                Some("observing"),
                None,
                1,
                1,
                "observing: 1 call ran, 1 in all",
            ),
            (
                Some(0),
                Some("engaged"),
                Some("armed"),
                0,
                0,
                "engaged (was armed)",
            ),
            (
                Some(-1),
                Some("disarmed"),
                Some("engaged"),
                2,
                7,
                "disarmed (was engaged): it RUNS: 2 calls ran, 7 in all",
            ),
            (
                Some(-1),
                None,
                Some("engaged"),
                0,
                1,
                "has ended; it was engaged, 1 call in all",
            ),
        ] {
            let change = Change {
                target: "f",
                value,
                state,
                was,
                calls,
                hits,
            };
            let (mut out, mut err) = (Vec::new(), Vec::new());

            Screen::new(&mut out, &mut err, false, false)
                .parts(&change.words())
                .unwrap();
            assert_eq!(String::from_utf8(out).unwrap().trim_end(), expected);
        }
    }

    #[test]
    fn calls_are_traced() {
        for (line, expected) in [
            (
                "  curl-811 [000] ..... 42.117: call: function=af_alg_sendmsg caller=f+0x1/0x2 \
                 value=-1 action=returned fault=0",
                Some("af_alg_sendmsg"),
            ),
            ("CPU:0 [LOST 7 EVENTS]", None),
        ] {
            assert_eq!(traced(line), expected);
        }
    }
}
