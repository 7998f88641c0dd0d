// SPDX-License-Identifier: GPL-2.0-only

//! One engagement: a function that returns a value instead of running, or will do so.

use crate::{
    attribution::Attribution,
    authority::Authority,
    command::{
        Engage,
        Scope,
        Target, //
    },
    permit::Permit,
    refusal::Refusal,
    security::{
        kprobe::{
            self,
            Calls,
            Probe, //
        },
        log::Limit,
        stub::Slot, //
    },
    text::Text, //
};
use core::fmt;
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            ordering::Relaxed,
            Atomic, //
        },
        Arc, //
    }, //
};

/// What an engagement is doing. Its [`Display`](fmt::Display) form is what `engaged` shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Calls of the function are counted, and run it, until it is decided whether to engage it.
    Probing,
    /// Calls of the function are counted, and run it.
    Observing,
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
            State::Observing => "observing",
            State::Armed => "armed",
            State::Missing => "missing",
            State::Engaged => "engaged",
            State::Disarmed => "disarmed",
        })
    }
}

/// What was asked for, which stays the same from beginning to end. What it is doing is in the
/// [list](crate::list).
pub(crate) struct Engagement {
    key: usize,
    name: Text,
    reason: Option<Text>,
    scope: Scope,
    condition: Option<Text>,
    authority: Authority,
    limit: Limit,
    attribution: Arc<Attribution>,
}

impl Engagement {
    /// Makes what `engage` asks for. May sleep.
    pub(crate) fn new(authority: &Authority, engage: &Engage<'_>) -> Result<Arc<Self>> {
        static NEXT_KEY: Atomic<usize> = Atomic::new(1);

        let engagement = Self {
            key: NEXT_KEY.fetch_add(1, Relaxed),
            name: Text::try_from(engage.target.name)?,
            reason: engage.reason.map(Text::try_from).transpose()?,
            scope: engage.scope,
            condition: engage.condition.map(Text::try_from).transpose()?,
            authority: *authority,
            limit: Limit::new(5, 10)?,
            attribution: Arc::new(Attribution::new()?, GFP_KERNEL)?,
        };

        Ok(Arc::new(engagement, GFP_KERNEL)?)
    }

    /// Registers a probe on the function that `permit` is for, whose calls may be sent to the stub
    /// of `slot`, if there is one. It lets them pass until the [list](crate::list) has it. Sleeps.
    pub(crate) fn register<'a>(
        &self,
        permit: &Permit<'_>,
        slot: Option<&Arc<Slot>>,
    ) -> Result<Arc<Probe>, Refusal<'a>> {
        let calls = Calls {
            only_nonroot: self.scope == Scope::Nonroot,
            condition: permit.compile(self.condition())?,
        };

        Probe::register(
            permit.entry(),
            slot.cloned(),
            self.attribution.clone(),
            calls,
        )
        .map_err(probe_refusal)
    }

    /// Who calls the function.
    pub(crate) fn attribution(&self) -> &Attribution {
        &self.attribution
    }

    /// What its files know it by. No two engagements ever have the same.
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

    /// Which calls are short-circuited, if not all in the scope.
    pub(crate) fn condition(&self) -> Option<&str> {
        self.condition.as_ref().map(Text::as_str)
    }

    /// Why it is engaged, if the administrator gave a reason.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.reason.as_ref().map(Text::as_str)
    }

    /// Who may engage it when its module is loaded: the one who asked for it.
    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// What keeps users from filling the kernel log with lines about it.
    pub(crate) fn limit(&self) -> &Limit {
        &self.limit
    }

    /// Whose calls are short-circuited.
    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }
}

/// Arms all `probes`, which let calls pass, or none. Sleeps. Fails with the number of the probe
/// that cannot be armed.
pub(crate) fn arm<'a>(probes: &[&Probe]) -> Result<(), (usize, Refusal<'a>)> {
    // All at once, because each change takes long. Which of them fails shows one by one.
    let at_once = match probes.len() {
        0 | 1 => Err(EINVAL),
        _ => kprobe::enable(probes),
    };

    for (index, probe) in probes.iter().enumerate() {
        let armed = match at_once {
            Ok(()) => Ok(()),
            Err(_) => kprobe::enable(&[*probe]),
        };

        armed.map_err(|error| (index, probe_refusal(error)))?;
        if !probe.is_armed() {
            return Err((index, Refusal::NotArmed));
        }
    }
    Ok(())
}

/// Unregisters probes that nothing needs any more, if there is memory to do so in one grace period;
/// or else dropping them does. Sleeps.
pub(crate) fn unregister<'a>(probes: impl IntoIterator<Item = &'a Arc<Probe>>) {
    let mut all = KVec::new();

    for probe in probes {
        if all.push(&**probe, GFP_KERNEL).is_err() {
            return;
        }
    }
    let _ = kprobe::unregister(&all);
}

/// What an error of `register_kprobe()` and `enable_kprobes()` means.
fn probe_refusal<'a>(error: Error) -> Refusal<'a> {
    match error {
        error if error == EINVAL || error == EILSEQ || error == ENOENT => Refusal::NotProbeable,
        error if error == EBUSY => Refusal::Redirected,
        error if error == EAGAIN => Refusal::Contended,
        // What ftrace answers once it was killed.
        error if error == ENODEV => Refusal::NotArmed,
        error => Refusal::Failed(error),
    }
}
