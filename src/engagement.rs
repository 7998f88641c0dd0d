// SPDX-License-Identifier: GPL-2.0-only

//! One engagement: a function that returns a value instead of running.

use crate::{
    authority::Authority,
    command::{
        Engage,
        Scope,
        Target, //
    },
    files,
    permit::Permit,
    policy::Value,
    records,
    refusal::Refusal,
    security::{
        kprobe::{
            self,
            Probe, //
        },
        module::Module,
        securityfs::Directory,
        stub::Slot, //
    },
    subject,
    text::Text, //
};
use core::fmt;
use kernel::{
    prelude::*,
    sync::Arc,
    time::{
        Instant,
        Monotonic, //
    }, //
};

/// What an engagement is doing. Its [`Display`](fmt::Display) form is what `engaged` shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Calls of the function are counted, and run it.
    Probing,
    /// The module that the function is in is not loaded.
    Armed,
    /// The module is loaded and has no such function.
    Missing,
    /// Calls of the function return the value.
    Engaged,
    /// Something switched the probe off: calls run the function.
    Disarmed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Probing => "probing",
            State::Armed => "armed",
            State::Missing => "missing",
            State::Engaged => "engaged",
            State::Disarmed => "disarmed",
        })
    }
}

/// Where the function is.
enum Place {
    /// In a module that is not loaded.
    NotLoaded,
    /// Not in its module, although that is loaded.
    Missing,
    /// At an address, with a probe on it.
    At(usize, Probe),
}

/// The time for which calls of the function are only counted.
struct Watch {
    since: Instant<Monotonic>,
    seconds: u32,
}

/// A function that returns a value instead of running, or will do so, from creation to drop.
///
/// The fields are dropped in their order: nobody finds the files of what has ended.
pub(crate) struct Engagement {
    _directory: Directory,
    place: Place,
    slot: Arc<Slot>,
    key: usize,
    name: Text,
    reason: Option<Text>,
    notes: Text,
    authority: Authority,
    scope: Scope,
    value: Value,
    watch: Option<Watch>,
    /// The hits that probes which are gone could not take.
    missed: u64,
    /// Whether the probe was off when it was last looked at.
    was_off: bool,
    /// A module of another name that has a function of this name.
    found_in: Option<Text>,
}

impl Engagement {
    /// Makes an engagement as `engage` says: one of the function that `permit` is for, which has to
    /// be [enabled](Self::enable), or one that waits for its module. Sleeps. Nothing stays behind
    /// when it fails.
    ///
    /// `key` is what the files of the engagement, which are created in `parent`, will know it by.
    pub(crate) fn new<'a>(
        authority: &Authority,
        engage: &Engage<'a>,
        permit: Option<Permit<'_>>,
        key: usize,
        parent: &Directory,
    ) -> Result<Self, Refusal<'a>> {
        let Engage {
            target,
            value,
            watch,
            scope,
            reason,
        } = *engage;
        let found_in = match permit {
            Some(_) => None,
            None => subject::module_with(target.symbol)?,
        };
        let slot = Slot::take(value.get(), scope == Scope::Nonroot, watch.is_some())
            .ok_or(Refusal::NoSlot)?;
        let mut engagement = Self {
            name: Text::try_from(target.name)?,
            reason: reason.map(Text::try_from).transpose()?,
            slot: Arc::new(slot, GFP_KERNEL)?,
            _directory: files::create_engagement(parent, target.name, key)?,
            place: Place::NotLoaded,
            key,
            notes: Text::new(),
            authority: authority.keep(),
            scope,
            value,
            watch: watch.map(|seconds| Watch {
                since: Instant::now(),
                seconds,
            }),
            missed: 0,
            was_off: false,
            found_in,
        };

        if let Some(permit) = permit {
            let probe = engagement.probe_for(&permit)?;
            engagement.settle(permit, probe);
        }
        Ok(engagement)
    }

    /// Sees to it that a function which is there returns the value from now on. Sleeps. Fails
    /// without a change.
    ///
    /// Many are [enabled](kprobe::enable) faster at once; those are found to be on here.
    pub(crate) fn enable<'a>(&self) -> Result<(), Refusal<'a>> {
        self.probe().map_or(Ok(()), enable)
    }

    /// Has the function that `permit` is for return the value. The function that did so before runs
    /// again afterwards. Sleeps. Fails without a change.
    pub(crate) fn put<'a>(&mut self, permit: Permit<'_>) -> Result<(), Refusal<'a>> {
        let probe = self.probe_for(&permit)?;

        enable(&probe)?;
        self.end()?;
        self.settle(permit, probe);
        Ok(())
    }

    /// A probe on the function that `permit` is for, which is not enabled yet.
    fn probe_for<'a>(&mut self, permit: &Permit<'_>) -> Result<Probe, Refusal<'a>> {
        self.set_value(permit.value());
        Probe::register(permit.entry(), self.slot.clone()).map_err(not_probed)
    }

    /// Takes note that `probe` is on the function that `permit` is for.
    fn settle(&mut self, permit: Permit<'_>, probe: Probe) {
        self.place = Place::At(permit.entry().address(), probe);
        self.notes = permit.into_notes();
        self.found_in = None;
        self.was_off = false;
    }

    /// Makes the function return what `permit` is for.
    pub(crate) fn change(&mut self, permit: Permit<'_>) {
        self.set_value(permit.value());
        self.notes = permit.into_notes();
    }

    fn set_value(&mut self, value: Value) {
        self.value = value;
        self.slot.set_value(value.get());
    }

    /// Has the function return `value` when it is engaged, and that is permitted.
    pub(crate) fn intend(&mut self, value: Value) {
        self.value = value;
    }

    /// Ends the short-circuit: calls of the function run it again. Sleeps. Fails if the kernel does
    /// not manage to disarm the probe; the function may be short-circuited still.
    pub(crate) fn end<'a>(&mut self) -> Result<(), Refusal<'a>> {
        if let Place::At(_, probe) = &mut self.place {
            probe.unregister().map_err(not_disarmed)?;
            self.missed += probe.missed();
            self.place = Place::NotLoaded;
        }
        Ok(())
    }

    /// Ends the short-circuit so that [`end()`](Self::end) cannot fail, or be undone by
    /// [enabling](kprobe::enable) the probe. Sleeps. Fails without a change.
    pub(crate) fn switch_off<'a>(&self) -> Result<(), Refusal<'a>> {
        kprobe::disable(self.probe().into_iter()).map_err(not_disarmed)
    }

    /// Takes note that the module which the function should be in has come without it, or gone.
    pub(crate) fn set_missing(&mut self, missing: bool) {
        match self.place {
            Place::At(..) => {}
            _ if missing => self.place = Place::Missing,
            _ => self.place = Place::NotLoaded,
        }
    }

    /// Takes note, and tells, if the function is not there and `module`, which comes under another
    /// name, has one of its name. Sleeps.
    pub(crate) fn look_for_in(&mut self, module: &Module) -> Result {
        let target = self.target();
        let name = module.name();

        if self.address().is_some()
            || self.found_in() == Some(name)
            || !subject::is_in(target.symbol, module)?
        {
            return Ok(());
        }
        records::noted(
            target.name,
            format_args!(
                "is armed, and module {name} comes with a function of this name: if that is the \
                 one, engage {name}:{}",
                target.symbol
            ),
        );
        self.found_in = Some(Text::try_from(name)?);
        Ok(())
    }

    /// Takes note that `module` goes.
    pub(crate) fn forget(&mut self, module: &Module) {
        if self.found_in() == Some(module.name()) {
            self.found_in = None;
        }
        if self.target().module == Some(module.name()) {
            self.set_missing(false);
        }
    }

    /// Sends calls to the stub if there were none while the function was watched, and says whether
    /// that is so.
    pub(crate) fn commit(&mut self) -> bool {
        let is_unused = self.missed() == 0 && self.slot.take_calls().is_ok();

        if is_unused {
            self.watch = None;
        }
        is_unused
    }

    /// Looks at the probe, and says whether it has been switched off or on since the last time. One
    /// that was off then is put on again, if that works: so whoever finds one off looks once more.
    /// Sleeps.
    pub(crate) fn has_turned(&mut self) -> bool {
        let Place::At(_, probe) = &self.place else {
            return false;
        };
        let mut is_off = !probe.is_armed();

        if is_off && self.was_off {
            is_off = enable(probe).is_err();
        }
        core::mem::replace(&mut self.was_off, is_off) != is_off
    }

    /// The probe, if the function is there.
    pub(crate) fn probe(&self) -> Option<&Probe> {
        match &self.place {
            Place::At(_, probe) => Some(probe),
            _ => None,
        }
    }

    /// The same, to end it.
    pub(crate) fn probe_mut(&mut self) -> Option<&mut Probe> {
        match &mut self.place {
            Place::At(_, probe) => Some(probe),
            _ => None,
        }
    }

    /// What the files of this engagement know it by; no two engagements ever have the same.
    pub(crate) fn key(&self) -> usize {
        self.key
    }

    /// The function, as it was named.
    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The function, as it was named, in parts.
    pub(crate) fn target(&self) -> Target<'_> {
        Target::of(self.name())
    }

    /// Why it is engaged, if someone said so.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.reason.as_ref().map(Text::as_str)
    }

    /// What whoever engages it should know, one line for each thing.
    pub(crate) fn notes(&self) -> &str {
        self.notes.as_str()
    }

    /// Who may engage it when its module comes: whoever could when it was asked for.
    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Where the function is, if it is there.
    pub(crate) fn address(&self) -> Option<usize> {
        match self.place {
            Place::At(address, _) => Some(address),
            _ => None,
        }
    }

    /// Whose calls are short-circuited.
    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }

    /// What the function returns.
    pub(crate) fn value(&self) -> Value {
        self.value
    }

    /// The calls that were short-circuited so far, or that were seen while it is watched.
    pub(crate) fn hits(&self) -> u64 {
        self.slot.hits()
    }

    /// The calls that ran the function because the probe could not take them.
    pub(crate) fn missed(&self) -> u64 {
        match &self.place {
            Place::At(_, probe) => self.missed + probe.missed(),
            _ => self.missed,
        }
    }

    /// The milliseconds for which the function will still be watched, if it is.
    pub(crate) fn watch_left(&self) -> Option<u32> {
        let watch = self.watch.as_ref()?;
        let left = i64::from(watch.seconds) * 1000 - watch.since.elapsed().as_millis();

        Some(u32::try_from(left.max(0)).unwrap_or(u32::MAX))
    }

    /// The seconds for which it was to be watched, if it is.
    pub(crate) fn watch_seconds(&self) -> Option<u32> {
        self.watch.as_ref().map(|watch| watch.seconds)
    }

    /// A module of another name that has a function of this name, if the function is not there.
    pub(crate) fn found_in(&self) -> Option<&str> {
        self.found_in.as_ref().map(Text::as_str)
    }

    /// What is going on now, as [`has_turned()`](Self::has_turned) saw it last.
    pub(crate) fn state(&self) -> State {
        match self.place {
            Place::NotLoaded => State::Armed,
            Place::Missing => State::Missing,
            Place::At(..) if self.was_off => State::Disarmed,
            Place::At(..) if self.watch.is_some() => State::Probing,
            Place::At(..) => State::Engaged,
        }
    }
}

/// Sees to it that `probe` is on. Sleeps.
fn enable<'a>(probe: &Probe) -> Result<(), Refusal<'a>> {
    if probe.is_armed() {
        return Ok(());
    }
    kprobe::enable(core::iter::once(probe)).map_err(not_probed)?;
    if probe.is_armed() {
        Ok(())
    } else {
        Err(Refusal::NotArmed)
    }
}

/// What an error of `disable_kprobes()` means.
fn not_disarmed<'a>(error: Error) -> Refusal<'a> {
    if error == ENOMEM {
        return Refusal::Failed(error);
    }
    Refusal::Stuck
}

/// What an error of `register_kprobe()` and `enable_kprobes()` means.
fn not_probed<'a>(error: Error) -> Refusal<'a> {
    match error {
        error if error == EINVAL || error == EILSEQ || error == ENOENT => Refusal::NotProbeable,
        error if error == EBUSY => Refusal::Taken,
        error if error == EAGAIN => Refusal::Contended,
        // What ftrace answers once it was killed.
        error if error == ENODEV => Refusal::NotArmed,
        error => Refusal::Failed(error),
    }
}
