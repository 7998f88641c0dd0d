// SPDX-License-Identifier: GPL-2.0-only

//! An engagement: a function that returns a value without running, or will do so.

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

/// The state of an engagement. Its [`Display`](fmt::Display) form is what `engaged` shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Calls run the function and are counted, until it is decided whether to engage it.
    Probing,
    /// Calls run the function and are counted.
    Observing,
    /// The module of the function is not loaded.
    Armed,
    /// The module is loaded and has no such function.
    Missing,
    /// Calls return the value.
    Engaged,
    /// The probe was disabled: calls run the function.
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

/// The constant part of an engagement: what was requested. Its state is in the
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
    /// Makes the engagement that `engage` requests. May sleep.
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

    /// Registers a probe on the function of `permit`, which can send calls to the stub of `slot`.
    /// It lets calls pass until it is in the [list](crate::list). Sleeps.
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

    /// The callers of the function.
    pub(crate) fn attribution(&self) -> &Attribution {
        &self.attribution
    }

    /// The unique key of the engagement, by which its files refer to it.
    pub(crate) fn key(&self) -> usize {
        self.key
    }

    /// The name of the function, as written.
    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The name of the function, parsed.
    pub(crate) fn target(&self) -> Target<'_> {
        Target::of(self.name())
    }

    /// The condition on calls, if there is one.
    pub(crate) fn condition(&self) -> Option<&str> {
        self.condition.as_ref().map(Text::as_str)
    }

    /// The reason, if one was given.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.reason.as_ref().map(Text::as_str)
    }

    /// The authority of the request, for when the module is loaded.
    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The rate limit of log lines about it that users can cause.
    pub(crate) fn limit(&self) -> &Limit {
        &self.limit
    }

    /// Whose calls are short-circuited.
    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }
}

/// Arms all `probes`, which let calls pass, or none. Sleeps. Fails with the index of the probe that
/// cannot be armed.
pub(crate) fn arm<'a>(probes: &[&Probe]) -> Result<(), (usize, Refusal<'a>)> {
    // All at once, because each change is slow. If that fails, one by one, to find the culprit.
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

/// Unregisters probes that are no longer needed, in one grace period. On -ENOMEM, dropping them
/// does. Sleeps.
pub(crate) fn unregister<'a>(probes: impl IntoIterator<Item = &'a Arc<Probe>>) {
    let mut all = KVec::new();

    for probe in probes {
        if all.push(&**probe, GFP_KERNEL).is_err() {
            return;
        }
    }
    let _ = kprobe::unregister(&all);
}

/// The refusal for an error of `register_kprobe()` or `enable_kprobes()`.
fn probe_refusal<'a>(error: Error) -> Refusal<'a> {
    match error {
        error if error == EINVAL || error == EILSEQ || error == ENOENT => Refusal::NotProbeable,
        error if error == EBUSY => Refusal::Redirected,
        error if error == EAGAIN => Refusal::Contended,
        // From ftrace once it was killed.
        error if error == ENODEV => Refusal::NotArmed,
        error => Refusal::Failed(error),
    }
}
