// SPDX-License-Identifier: GPL-2.0-only

//! The files in /sys/kernel/security/killswitch: their content, and writes to `retval`.

use crate::{
    attribution,
    authority::Authority,
    boot,
    check::Check,
    command,
    control::Control,
    engagement::State::Disarmed,
    event::{
        Event,
        Operation,
        Request,
        What, //
    },
    list::{
        self,
        Row,
        Snapshot, //
    },
    policy::Value,
    protected,
    refusal::Refusal,
    security::{
        btf,
        capability::Opener,
        directory::{
            Entries,
            File,
            MAX_NAME, //
        },
        lockdown,
        lsm,
        securityfs::{
            Directory,
            Input,
            Operations,
            Out,
            Show,
            Store, //
        },
        stub,
        taint, //
    },
    text::Escaped,
    transaction,
    upkeep, //
};
use core::fmt::{
    self,
    Write, //
};
use kernel::{
    prelude::*,
    sync::SetOnce, //
};

/// The version of the interface, which `status` shows.
const VERSION: u32 = 1;

/// The directory that holds all others.
static ROOT: SetOnce<Directory> = SetOnce::new();

/// Creates all files. Called once, before user space starts. If it fails, it removes them.
pub(crate) fn create() -> Result {
    const CONTROL: &Operations = &Operations::converse::<Control>();
    const CHECK: &Operations = &Operations::converse::<Check>();
    const ENGAGED: &Operations = &Operations::show::<Engaged>();
    const POLICY: &Operations = &Operations::show::<Policy>();
    const STATUS: &Operations = &Operations::show::<Status>();
    const TAINT: &Operations = &Operations::show::<Taint>();

    let root = Directory::new(c"killswitch", None)?;
    let functions = Directory::new(c"fn", Some(&root))?;

    root.add(c"control", 0o600, 0, CONTROL)?;
    root.add(c"check", 0o600, 0, CHECK)?;
    root.add(c"engaged", 0o444, 0, ENGAGED)?;
    root.add(c"policy", 0o444, 0, POLICY)?;
    root.add(c"status", 0o444, 0, STATUS)?;
    root.add(c"taint", 0o444, 0, TAINT)?;
    functions.fill::<Functions>();
    // Removed with the root.
    core::mem::forget(functions);
    ROOT.populate(root);
    Ok(())
}

/// The directory `fn`: a directory for each engagement.
struct Functions;

impl Entries for Functions {
    const FILES: &'static [File] = &[
        file("retval", 0o600, const { &Operations::store::<Retval>() }),
        file("hits", 0o400, const { &Operations::show::<Hits>() }),
        file("state", 0o400, const { &Operations::show::<State>() }),
        file("scope", 0o400, const { &Operations::show::<Scope>() }),
        file(
            "timeout_left",
            0o400,
            const { &Operations::show::<TimeoutLeft>() },
        ),
        file("reason", 0o400, const { &Operations::show::<Reason>() }),
        file("callers", 0o400, const { &Operations::show::<Callers>() }),
    ];

    fn find(name: &str) -> Option<usize> {
        let mut list = list::lock().ok()?;

        Some(list.named(name)?.engagement.key())
    }

    fn exists(key: usize) -> bool {
        list::lock().is_ok_and(|mut list| list.row(key).is_some())
    }

    fn next(from: usize, name: &mut [u8; MAX_NAME]) -> Option<(usize, usize)> {
        let mut list = list::lock().ok()?;
        let engagement = &list.next(from, |_| true)?.engagement;
        let bytes = engagement.name().as_bytes();

        name.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some((engagement.key(), bytes.len()))
    }
}

const fn file(name: &'static str, mode: u16, operations: &'static Operations) -> File {
    File {
        name,
        mode,
        operations,
    }
}

/// Converts the result of writing to a file.
fn from_fmt(result: fmt::Result) -> Result {
    result.map_err(|_| ENOMEM)
}

/// Updates the list for an administrator. Others see the last known state, at most ten seconds old,
/// so that they cannot delay anything. May sleep.
fn refresh_for(opener: &Opener<'_>) {
    if opener.is_administrator() {
        upkeep::check_probes();
    }
}

/// The file `engaged`: every engagement, one per line.
struct Engaged;

impl Show for Engaged {
    fn show(_: usize, opener: &Opener<'_>, out: &mut Out<'_>) -> Result {
        let line = |out: &mut Out<'_>, snapshot: &Snapshot| {
            let engagement = &snapshot.engagement;
            // For which calls a condition is true depends on the content of memory.
            let is_secret = engagement.condition().is_some() && !opener.is_administrator();

            write!(
                out,
                "{} retval={}",
                engagement.name(),
                Returned(snapshot.value)
            )?;
            if !is_secret {
                write!(out, " hits={}", snapshot.hits())?;
            }
            write!(
                out,
                " state={} scope={}",
                snapshot.state,
                engagement.scope()
            )?;
            if let Some(seconds) = snapshot.seconds_left() {
                write!(out, " timeout_left={seconds}")?;
            }
            if let Some(module) = &snapshot.found_in {
                write!(out, " found_in={}", module.as_str())?;
            }
            if let Some(condition) = engagement.condition().filter(|_| !is_secret) {
                let callers = engagement.attribution().callers();

                write!(
                    out,
                    " passed={} faults={}",
                    callers.passed(),
                    callers.faults()
                )?;
                write!(out, " if=\"{}\"", Escaped(condition))?;
            }
            match engagement.attribution().all().count() {
                0 => {}
                _ if is_secret => {}
                callers => write!(out, " callers={callers}")?,
            }
            if let Some(reason) = engagement.reason() {
                write!(out, " reason=\"{}\"", Escaped(reason))?;
            }
            writeln!(out)
        };

        refresh_for(opener);
        from_fmt(
            list::all()?
                .iter()
                .try_for_each(|snapshot| line(out, snapshot)),
        )
    }
}

/// The file `policy`: the rules in order, with what each covers in the running kernel.
struct Policy;

impl Show for Policy {
    fn show(_: usize, opener: &Opener<'_>, out: &mut Out<'_>) -> Result {
        if opener.is_administrator() {
            protected::in_this_kernel()?;
        }
        from_fmt(out.write_str(protected::description()))
    }
}

/// The file `status`: the state of Killswitch, one property per line.
struct Status;

impl Show for Status {
    fn show(_: usize, opener: &Opener<'_>, out: &mut Out<'_>) -> Result {
        refresh_for(opener);
        let (engaged, disarmed) = {
            let list = list::lock()?;
            let states = list.rows().iter().map(Row::state);

            (
                list.rows().len(),
                states.filter(|state| *state == Disarmed).count(),
            )
        };
        let (level, lowered) = match lockdown::threshold() {
            lockdown::Level::Integrity => ("integrity", ""),
            lockdown::Level::Confidentiality => (
                "confidentiality",
                "lowered: functions can be engaged and released under integrity lockdown\n",
            ),
        };

        from_fmt(write!(
            out,
            "version: {VERSION}\nslots: {engaged}/{}\ndisarmed: {disarmed}\nlockdown: {level}\n\
             {lowered}types: {}\nsealed: {}\ntaint: {}\n{}",
            stub::SLOTS,
            if btf::is_available() { "btf" } else { "none" },
            u8::from(lsm::is_sealed()),
            u8::from(taint::is_set()),
            boot::errors()
        ))
    }
}

/// The file `taint`: whether a function has been short-circuited since boot.
struct Taint;

impl Show for Taint {
    fn show(_: usize, _: &Opener<'_>, out: &mut Out<'_>) -> Result {
        from_fmt(writeln!(out, "{}", u8::from(taint::is_set())))
    }
}

/// The file `fn/<target>/hits`: the calls that were short-circuited, or counted while the function
/// is watched or observed.
struct Hits;

impl Show for Hits {
    fn show(key: usize, _: &Opener<'_>, out: &mut Out<'_>) -> Result {
        from_fmt(writeln!(out, "{}", list::snapshot(key)?.hits()))
    }
}

/// The file `fn/<target>/state`: the state of the engagement.
struct State;

impl Show for State {
    fn show(key: usize, opener: &Opener<'_>, out: &mut Out<'_>) -> Result {
        refresh_for(opener);
        from_fmt(writeln!(out, "{}", list::snapshot(key)?.state))
    }
}

/// The file `fn/<target>/scope`: whose calls are short-circuited.
struct Scope;

impl Show for Scope {
    fn show(key: usize, _: &Opener<'_>, out: &mut Out<'_>) -> Result {
        from_fmt(writeln!(out, "{}", list::snapshot(key)?.engagement.scope()))
    }
}

/// The file `fn/<target>/timeout_left`: the seconds until the watch ends, or else until the
/// engagement expires; 0 without either.
struct TimeoutLeft;

impl Show for TimeoutLeft {
    fn show(key: usize, opener: &Opener<'_>, out: &mut Out<'_>) -> Result {
        refresh_for(opener);
        let left = list::snapshot(key)?.seconds_left().unwrap_or(0);

        from_fmt(writeln!(out, "{left}"))
    }
}

/// The file `fn/<target>/reason`: the reason, empty if none was given.
struct Reason;

impl Show for Reason {
    fn show(key: usize, _: &Opener<'_>, out: &mut Out<'_>) -> Result {
        match list::snapshot(key)?.engagement.reason() {
            Some(reason) => from_fmt(writeln!(out, "{reason}")),
            None => Ok(()),
        }
    }
}

/// The file `fn/<target>/callers`: the callers of the function, one per line, and the number of
/// calls by others.
struct Callers;

impl Show for Callers {
    fn show(key: usize, _: &Opener<'_>, out: &mut Out<'_>) -> Result {
        let snapshot = list::snapshot(key)?;
        let attribution = snapshot.engagement.attribution();

        let mut all = Iterator::chain(attribution.all(), attribution.rest());

        from_fmt(all.try_for_each(|caller| writeln!(out, "{}", attribution::Line(&caller))))
    }
}

/// The value that the function returns, as files show it.
struct Returned(Option<Value>);

impl fmt::Display for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("none"),
        }
    }
}

/// The file `fn/<target>/retval`: the value that the function returns, `none` if it is only
/// observed.
struct Retval;

impl Show for Retval {
    fn show(key: usize, _: &Opener<'_>, out: &mut Out<'_>) -> Result {
        from_fmt(writeln!(out, "{}", Returned(list::snapshot(key)?.value)))
    }
}

impl Store for Retval {
    fn store(key: usize, opener: &Opener<'_>, input: Input<'_>) -> Result {
        let value = command::check_length(input).and_then(command::parse_lone_value);

        match change(key, opener, value) {
            Ok(event) => {
                event.report();
                Ok(())
            }
            Err(refusal) => {
                let snapshot = list::snapshot(key);
                let request = Request {
                    // The name of the directory, if the engagement still exists.
                    function: snapshot
                        .as_ref()
                        .ok()
                        .map(|snapshot| snapshot.engagement.name()),
                    value: value.ok(),
                    ..Request::of(Operation::Retval)
                };

                Event::of_task(What::Refused(request, refusal, None)).report();
                Err(refusal.errno())
            }
        }
    }
}

fn change<'a>(
    key: usize,
    opener: &Opener<'_>,
    value: Result<Value, command::Malformed<'a>>,
) -> Result<Event<'static>, Refusal<'a>> {
    let authority = Authority::of_writer(opener)?;

    transaction::change(&authority, key, value?)
}
