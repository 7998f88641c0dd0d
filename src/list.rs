// SPDX-License-Identifier: GPL-2.0-only

//! The list of all engagements, with their states.
//!
//! Its lock is a spinlock, so nothing under it sleeps: functions are judged, memory is allocated
//! and probes are armed before, and probes are unregistered and records written after. An armed
//! probe lets calls pass until its row is added to the list, and again once it is removed. No other
//! lock is taken under this one.

use crate::{
    command::Target,
    engagement::{
        Engagement,
        State, //
    },
    interest::Interest,
    policy::Value,
    security::{
        kprobe::Probe,
        module::Module,
        stub::{
            Counter,
            Slot,
            SLOTS, //
        },
        taint, //
    },
    text::Text, //
};
use kernel::{
    new_spinlock,
    prelude::*,
    sync::{
        Arc,
        SetOnce,
        SpinLock,
        SpinLockGuard, //
    },
    time::{
        BootTime,
        ClockSource,
        Instant,
        Monotonic, //
    }, //
};

static LIST: SetOnce<Pin<KBox<SpinLock<List>>>> = SetOnce::new();

/// All engagements, oldest first.
pub(crate) struct List(KVec<Row>);

/// Where the function is.
pub(crate) enum Place {
    /// In a module that is not loaded.
    NotLoaded,
    /// Nowhere: its module is loaded and has no such function.
    Missing,
    /// At this address, with this armed probe.
    At(usize, Arc<Probe>),
}

/// A period of time, by the clock `C`.
pub(crate) struct Timer<C: ClockSource> {
    since: Instant<C>,
    /// Its length, in seconds.
    pub(crate) seconds: u32,
}

/// The time for which calls of a function are only counted. Suspend does not count, since there are
/// no calls.
pub(crate) type Watch = Timer<Monotonic>;
/// The time limit of an engagement.
pub(crate) type Term = Timer<BootTime>;

impl<C: ClockSource> Clone for Timer<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: ClockSource> Copy for Timer<C> {}

impl<C: ClockSource> Timer<C> {
    /// Starts now.
    pub(crate) fn new(seconds: u32) -> Self {
        Self {
            since: Instant::now(),
            seconds,
        }
    }

    /// The milliseconds that are left.
    pub(crate) fn left(&self) -> u64 {
        let left = i64::from(self.seconds) * 1000 - self.since.elapsed().as_millis();

        left.max(0) as u64
    }
}

/// An engagement in the list.
pub(crate) struct Row {
    pub(crate) engagement: Arc<Engagement>,
    /// The slot; `None` if the function is only observed.
    pub(crate) slot: Option<Arc<Slot>>,
    pub(crate) place: Place,
    /// Set while the function is watched.
    pub(crate) watch: Option<Watch>,
    /// The time limit.
    pub(crate) term: Option<Term>,
    /// The calls that passed earlier probes.
    pub(crate) passed: u64,
    /// Whether the probe was disarmed when it was last checked.
    pub(crate) is_disarmed: bool,
    /// If the function is not found: a module of another name that has it.
    pub(crate) found_in: Option<Arc<Text>>,
    /// For the module that it concerns.
    pub(crate) _interest: Option<Interest>,
}

/// A snapshot of an engagement. It holds no references to the slot and the probe.
pub(crate) struct Snapshot {
    pub(crate) engagement: Arc<Engagement>,
    pub(crate) value: Option<Value>,
    pub(crate) state: State,
    pub(crate) address: Option<usize>,
    pub(crate) found_in: Option<Arc<Text>>,
    watch: Option<Watch>,
    term: Option<Term>,
    hits: Hits,
}

/// The calls that were short-circuited, or that passed while the function is watched or observed.
#[derive(Clone, Copy)]
pub(crate) enum Hits {
    Taken(Counter),
    Passed(u64),
}

impl Hits {
    /// The number of calls. Slow on machines with many CPUs. Any context.
    pub(crate) fn count(self) -> u64 {
        match self {
            Hits::Taken(counter) => counter.hits(),
            Hits::Passed(calls) => calls,
        }
    }
}

impl Snapshot {
    /// The seconds until the watch ends, or else until the engagement expires.
    pub(crate) fn seconds_left(&self) -> Option<u64> {
        let watch = self.watch.map(|watch| watch.left());
        let left = watch.or_else(|| Some(self.term?.left()))?;

        Some(left.div_ceil(1000))
    }

    /// The calls that were short-circuited, or that passed while the function is watched or
    /// observed.
    pub(crate) fn hits(&self) -> u64 {
        self.hits.count()
    }
}

impl Row {
    /// The value that the function returns; `None` if it is only observed.
    pub(crate) fn value(&self) -> Option<Value> {
        Some(Value::new(self.slot.as_ref()?.value()))
    }

    /// Whether counted calls run the function.
    pub(crate) fn passes_calls(&self) -> bool {
        self.slot.is_none() || self.watch.is_some()
    }

    /// The state of the engagement.
    pub(crate) fn state(&self) -> State {
        match self.place {
            Place::NotLoaded => State::Armed,
            Place::Missing => State::Missing,
            Place::At(..) if self.is_disarmed => State::Disarmed,
            Place::At(..) if self.slot.is_none() => State::Observing,
            Place::At(..) if self.watch.is_some() => State::Probing,
            Place::At(..) => State::Engaged,
        }
    }

    /// The address of the function, if it is found.
    pub(crate) fn address(&self) -> Option<usize> {
        match self.place {
            Place::At(address, _) => Some(address),
            _ => None,
        }
    }

    /// The probe on the function, if it is found.
    pub(crate) fn probe(&self) -> Option<&Arc<Probe>> {
        match &self.place {
            Place::At(_, probe) => Some(probe),
            _ => None,
        }
    }

    /// Whether it is for this target, or for the function at `address`.
    pub(crate) fn is_about(&self, target: Target<'_>, address: Option<usize>) -> bool {
        self.engagement.name() == target.name || (address.is_some() && self.address() == address)
    }

    /// Whether the function is in `module`.
    pub(crate) fn is_in(&self, module: &Module) -> bool {
        self.address().is_some_and(|at| module.contains(at))
    }

    /// The calls that were short-circuited, or that passed while the function is watched or
    /// observed.
    pub(crate) fn hits(&self) -> Hits {
        match &self.slot {
            Some(slot) if self.watch.is_none() => Hits::Taken(slot.counter()),
            _ => Hits::Passed(self.passed + self.probe().map_or(0, |probe| probe.passed())),
        }
    }

    /// Whether its time limit has passed. It is ended soon.
    pub(crate) fn is_over(&self) -> bool {
        self.term.is_some_and(|term| term.left() == 0)
    }

    /// Makes the probe, if there is one, count calls or take them.
    fn start(&self) {
        match &self.place {
            Place::At(_, probe) if self.passes_calls() => probe.count_calls(),
            Place::At(_, probe) => {
                taint::set();
                probe.take_calls();
            }
            _ => {}
        }
    }

    /// Moves the engagement to another place, and returns the old probe, which lets calls pass from
    /// now on. The caller drops it with the list unlocked.
    pub(crate) fn move_to(&mut self, place: Place) -> Option<Arc<Probe>> {
        self.passed += self.probe().map_or(0, |probe| probe.passed());
        let old = core::mem::replace(&mut self.place, place);

        self.is_disarmed = false;
        self.found_in = None;
        self.start();
        match old {
            Place::At(_, probe) => {
                probe.pass_calls();
                Some(probe)
            }
            _ => None,
        }
    }

    /// Lets calls pass. The counts are kept.
    pub(crate) fn stop(&self) {
        if let Some(probe) = self.probe().filter(|_| !self.passes_calls()) {
            probe.pass_calls();
        }
    }

    /// Ends the watch: calls return the value from now on. Fails with EBUSY if the function was
    /// called.
    pub(crate) fn commit(&mut self) -> Result {
        if self.passed > 0 {
            return Err(EBUSY);
        }
        if let Some(probe) = self.probe() {
            probe.take_calls_if_unused()?;
        }
        taint::set();
        self.watch = None;
        Ok(())
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            engagement: self.engagement.clone(),
            value: self.value(),
            state: self.state(),
            address: self.address(),
            watch: self.watch,
            term: self.term,
            found_in: self.found_in.clone(),
            hits: self.hits(),
        }
    }
}

/// Creates the list. Called once.
pub(crate) fn create() -> Result {
    let list = List(KVec::with_capacity(SLOTS, GFP_KERNEL)?);

    LIST.populate(KBox::pin_init(new_spinlock!(list), GFP_KERNEL)?);
    Ok(())
}

/// Locks the list, for a short time. Fails with ENODEV before it is created.
pub(crate) fn lock() -> Result<SpinLockGuard<'static, List>> {
    Ok(LIST.as_ref().ok_or(ENODEV)?.lock())
}

/// Copies the list. May sleep.
pub(crate) fn all() -> Result<KVVec<Snapshot>> {
    let mut all = KVVec::with_capacity(SLOTS, GFP_KERNEL)?;
    let list = lock()?;

    for row in &list.0 {
        // There is room: the list has at most `SLOTS` rows.
        let _ = all.push_within_capacity(row.snapshot());
    }
    drop(list);
    Ok(all)
}

/// A snapshot of the engagement with this key. Fails with EIDRM if it has ended. Any context.
pub(crate) fn snapshot(key: usize) -> Result<Snapshot> {
    Ok(lock()?.row(key).ok_or(EIDRM)?.snapshot())
}

impl List {
    /// All rows, oldest first.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.0
    }

    /// The row of the engagement with this key.
    pub(crate) fn row(&mut self, key: usize) -> Option<&mut Row> {
        self.0.iter_mut().find(|row| row.engagement.key() == key)
    }

    /// The row of the engagement called `name`.
    pub(crate) fn named(&mut self, name: &str) -> Option<&mut Row> {
        self.0.iter_mut().find(|row| row.engagement.name() == name)
    }

    /// The row of the engagement with this key, if `probe` is still its probe.
    pub(crate) fn row_at(&mut self, key: usize, probe: &Arc<Probe>) -> Option<&mut Row> {
        self.row(key)
            .filter(|row| row.probe().is_some_and(|other| Arc::ptr_eq(other, probe)))
    }

    /// The row with the lowest key from `key` on that `matches`.
    pub(crate) fn next(&mut self, key: usize, matches: impl Fn(&Row) -> bool) -> Option<&mut Row> {
        self.0
            .iter_mut()
            .filter(|row| row.engagement.key() >= key && matches(row))
            .min_by_key(|row| row.engagement.key())
    }

    /// Adds a row, for which there must be room, and starts its probe.
    pub(crate) fn add(&mut self, row: Row) {
        row.start();
        // The caller has checked that there is room.
        let _ = self.0.push_within_capacity(row);
    }

    /// Removes the first row that `matches`. The caller [stops](Row::stop) it, and drops it with
    /// the list unlocked, since that unregisters the probe.
    pub(crate) fn take(&mut self, matches: impl Fn(&Row) -> bool) -> Option<Row> {
        let at = self.0.iter().position(matches)?;

        self.0.remove(at).ok()
    }
}
