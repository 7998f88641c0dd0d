// SPDX-License-Identifier: GPL-2.0-only

//! The files in /sys/kernel/security/killswitch: which there are, what they show, and what writing
//! to `retval` does.

use crate::{
    authority::Authority,
    boot,
    check::Check,
    command,
    control::Control,
    engagement::{
        self,
        Engagement, //
    },
    policy::Value,
    records::{
        self,
        Operation,
        Origin,
        Request, //
    },
    refusal::Refusal,
    registry,
    security::{
        btf,
        capability::Opener,
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
    text::Escaped, //
};
use core::fmt::{
    self,
    Write, //
};
use kernel::{
    prelude::*,
    str::CString,
    sync::SetOnce, //
};

/// The version of the interface, which `status` shows.
const VERSION: u32 = 1;

/// The directory that holds all others.
static ROOT: SetOnce<Directory> = SetOnce::new();

/// Creates the files that are always there, and the registry behind them. Called once, before user
/// space starts. Nothing stays behind when it fails.
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
    registry::create(functions)?;
    ROOT.populate(root);
    Ok(())
}

/// Creates the files of one engagement in `parent`. They know it by `key`. Sleeps.
pub(crate) fn create_engagement(parent: &Directory, name: &str, key: usize) -> Result<Directory> {
    const RETVAL: &Operations = &Operations::store::<Retval>();
    const HITS: &Operations = &Operations::show::<Hits>();
    const MISSED: &Operations = &Operations::show::<Missed>();
    const STATE: &Operations = &Operations::show::<State>();
    const SCOPE: &Operations = &Operations::show::<Scope>();
    const TIMEOUT_LEFT: &Operations = &Operations::show::<TimeoutLeft>();
    const REASON: &Operations = &Operations::show::<Reason>();

    let name = CString::try_from_fmt(fmt!("{name}"))?;
    let directory = Directory::new(&name, Some(parent))?;

    directory.add(c"retval", 0o600, key, RETVAL)?;
    directory.add(c"hits", 0o400, key, HITS)?;
    directory.add(c"missed", 0o400, key, MISSED)?;
    directory.add(c"state", 0o400, key, STATE)?;
    directory.add(c"scope", 0o400, key, SCOPE)?;
    directory.add(c"timeout_left", 0o400, key, TIMEOUT_LEFT)?;
    directory.add(c"reason", 0o400, key, REASON)?;
    Ok(directory)
}

/// What a [`fmt::Result`] of writing to a file means.
fn written(result: fmt::Result) -> Result {
    result.map_err(|_| ENOMEM)
}

/// The file `engaged`: every engagement, one per line.
struct Engaged;

impl Show for Engaged {
    fn show(_: usize, out: &mut Out<'_>) -> Result {
        let line = |out: &mut Out<'_>, engagement: &Engagement| {
            write!(
                out,
                "{} retval={} hits={} state={} missed={} scope={}",
                engagement.name(),
                engagement.value(),
                engagement.hits(),
                engagement.state(),
                engagement.missed(),
                engagement.scope()
            )?;
            if let Some(milliseconds) = engagement.watch_left() {
                write!(out, " timeout_left={}", milliseconds.div_ceil(1000))?;
            }
            if let Some(module) = engagement.found_in() {
                write!(out, " found_in={module}")?;
            }
            if let Some(reason) = engagement.reason() {
                write!(out, " reason=\"{}\"", Escaped(reason))?;
            }
            writeln!(out)
        };
        let registry = registry::look()?;

        written(registry.engagements().iter().try_for_each(|e| line(out, e)))
    }
}

/// The file `policy`: the rules in force, in order, with what each covers in the running kernel.
struct Policy;

impl Show for Policy {
    fn show(_: usize, out: &mut Out<'_>) -> Result {
        written(registry::lock()?.protected()?.describe(out))
    }
}

/// The file `status`: Killswitch itself, one property per line.
struct Status;

impl Show for Status {
    fn show(_: usize, out: &mut Out<'_>) -> Result {
        let registry = registry::look()?;
        let disarmed = registry
            .engagements()
            .iter()
            .filter(|engagement| engagement.state() == engagement::State::Disarmed)
            .count();

        written(write!(
            out,
            "version: {VERSION}\nslots: {}/{}\ndisarmed: {disarmed}\nlockdown: {}\ntypes: {}\n\
             sealed: {}\ntaint: {}\n{}",
            stub::taken(),
            stub::SLOTS,
            match lockdown::threshold() {
                lockdown::Level::Integrity => "integrity",
                lockdown::Level::Confidentiality => "confidentiality",
            },
            if btf::is_there() { "btf" } else { "none" },
            u8::from(lsm::is_sealed()),
            u8::from(taint::is_set()),
            boot::errors()
        ))
    }
}

/// The file `taint`: whether a function has been short-circuited since boot.
struct Taint;

impl Show for Taint {
    fn show(_: usize, out: &mut Out<'_>) -> Result {
        written(writeln!(out, "{}", u8::from(taint::is_set())))
    }
}

/// The file `fn/<target>/hits`: the calls that were short-circuited, or only seen while the
/// function is watched.
struct Hits;

impl Show for Hits {
    fn show(key: usize, out: &mut Out<'_>) -> Result {
        written(writeln!(out, "{}", registry::lock()?.by_key(key)?.hits()))
    }
}

/// The file `fn/<target>/missed`: the calls that ran the function because nothing could take them.
struct Missed;

impl Show for Missed {
    fn show(key: usize, out: &mut Out<'_>) -> Result {
        written(writeln!(out, "{}", registry::lock()?.by_key(key)?.missed()))
    }
}

/// The file `fn/<target>/state`: what the engagement is doing.
struct State;

impl Show for State {
    fn show(key: usize, out: &mut Out<'_>) -> Result {
        written(writeln!(out, "{}", registry::look()?.by_key(key)?.state()))
    }
}

/// The file `fn/<target>/scope`: whose calls are short-circuited.
struct Scope;

impl Show for Scope {
    fn show(key: usize, out: &mut Out<'_>) -> Result {
        written(writeln!(out, "{}", registry::lock()?.by_key(key)?.scope()))
    }
}

/// The file `fn/<target>/timeout_left`: for how many seconds the function will still be watched; 0
/// if it is not.
struct TimeoutLeft;

impl Show for TimeoutLeft {
    fn show(key: usize, out: &mut Out<'_>) -> Result {
        let registry = registry::look()?;
        let left = registry.by_key(key)?.watch_left().unwrap_or(0);

        written(writeln!(out, "{}", left.div_ceil(1000)))
    }
}

/// The file `fn/<target>/reason`: why, as it was given; empty if it was not.
struct Reason;

impl Show for Reason {
    fn show(key: usize, out: &mut Out<'_>) -> Result {
        match registry::lock()?.by_key(key)?.reason() {
            Some(reason) => written(writeln!(out, "{reason}")),
            None => Ok(()),
        }
    }
}

/// The file `fn/<target>/retval`: what the function returns.
struct Retval;

impl Show for Retval {
    fn show(key: usize, out: &mut Out<'_>) -> Result {
        written(writeln!(out, "{}", registry::lock()?.by_key(key)?.value()))
    }
}

impl Store for Retval {
    fn store(key: usize, opener: &Opener<'_>, input: Input<'_>) -> Result {
        let value = command::whole(input).and_then(command::lone_value);

        change(key, opener, value).map_err(|refusal| {
            let registry = registry::lock();
            let engagement = registry.as_ref().map(|registry| registry.by_key(key));
            let request = Request {
                // That of the directory that the file is in, as long as it is there.
                function: engagement.ok().and_then(Result::ok).map(Engagement::name),
                value: value.ok(),
                ..Request::of(Operation::Retval)
            };
            records::refused(Origin::Task, request, &refusal);
            refusal.errno()
        })
    }
}

fn change<'a>(
    key: usize,
    opener: &Opener<'_>,
    value: Result<Value, command::Malformed<'a>>,
) -> Result<(), Refusal<'a>> {
    let authority = Authority::of_writer(opener)?;

    registry::lock()?.change(&authority, key, value?)
}
