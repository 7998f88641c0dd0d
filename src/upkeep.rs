// SPDX-License-Identifier: GPL-2.0-only

//! Changes of engagements by modules, time limits and disabled probes.
//!
//! The list is locked for each step and unlocked in between, when probes are checked and armed and
//! functions are judged. Results enter the list only if they still apply.

use crate::{
    engagement::{
        self,
        State, //
    },
    event::{
        About,
        Event,
        What, //
    },
    interest,
    list::{
        self,
        Place,
        Row,
        Watch, //
    },
    permit::Permit,
    policy::Value,
    refusal::Refusal,
    security::{
        kprobe::{
            self,
            Probe, //
        },
        module::Module,
        stub::Slot,
        work, //
    },
    subject::{
        self,
        Subject, //
    },
    text::{
        hash,
        Text, //
    }, //
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            ordering::Relaxed,
            Atomic, //
        },
        Arc,
        Mutex,
        SetOnce, //
    }, //
};

/// How often probes are checked, in milliseconds.
const CHECK_EVERY: u32 = 10_000;

/// Serializes checks. Taken before all other locks, only by administrators and the workqueue.
static CHECKING: SetOnce<Pin<KBox<Mutex<()>>>> = SetOnce::new();

/// The minimum time between two searches of modules, in milliseconds.
const SEARCH_EVERY: u32 = 1000;

/// Whether a module was loaded since the last search for missing functions.
static HAS_LOADED: Atomic<bool> = Atomic::new(false);

/// Prepares for the functions below. Called once.
pub(crate) fn create() -> Result {
    CHECKING.populate(KBox::pin_init(new_mutex!(()), GFP_KERNEL)?);
    Ok(())
}

/// Lets calls of expired engagements pass when their time has come, also while [`check`] waits for
/// other probes. Called by a workqueue.
pub(crate) fn check_terms() {
    stop_expired();
    // What is over already is left to `check`, which may take its time.
    schedule(|row| Some(row.term?.left()).filter(|left| *left > 0));
}

/// Updates the list. Called by a workqueue, after [`check_terms`]. Sleeps.
pub(crate) fn check() {
    check_probes();
    if HAS_LOADED.xchg(false, Relaxed) {
        let mut key = 0;

        while let Some(about) = next(key, |row| row.probe().is_none().then(|| About::from(row))) {
            key = about.engagement.key() + 1;
            if search_modules(about).is_err() {
                schedule_search();
            }
        }
    }
}

/// Ends expired engagements, detects probes that were disarmed or armed again, decides on functions
/// whose watch has ended, and schedules the next check. Called by [`check`], and when
/// administrators change engagements or read their state. Sleeps.
pub(crate) fn check_probes() {
    // Before it is created, there is nothing to check.
    let Some(checking) = CHECKING.as_ref() else {
        return;
    };
    end_expired();
    let _checking = checking.lock();
    let probe_of = |row: &Row| Some((row.engagement.key(), row.probe()?.clone(), row.is_disarmed));
    let mut from = 0;

    report_calls();
    while let Some((key, probe, is_disarmed)) = next(from, probe_of) {
        from = key + 1;
        check_probe(key, &probe, is_disarmed);
    }
    schedule_check();
}

/// The result of `wanted` for the first row from `key` on for which it returns one.
fn next<T>(key: usize, wanted: impl Fn(&Row) -> Option<T>) -> Option<T> {
    let mut list = list::lock().ok()?;
    let row = list.next(key, |row| wanted(row).is_some())?;

    wanted(row)
}

/// Reports the callers that are due. Sleeps.
fn report_calls() {
    let mut key = 0;

    while let Some(about) = next(key, |row| row.probe().map(|_| About::from(row))) {
        key = about.engagement.key() + 1;
        about.report_calls();
    }
}

/// Lets calls of all expired engagements pass. Their probes are unregistered later, which may be
/// delayed. Any context.
fn stop_expired() {
    if let Ok(list) = list::lock() {
        list.rows()
            .iter()
            .filter(|row| row.is_over())
            .for_each(Row::stop);
    }
}

/// Ends all expired engagements. Also called before administrators change engagements. Sleeps.
pub(crate) fn end_expired() {
    stop_expired();
    while let Some(what) = expire() {
        Event::of_kernel(what).report();
    }
}

/// Ends one expired engagement, and returns what to report. Sleeps.
fn expire() -> Option<What<'static>> {
    let mut list = list::lock().ok()?;
    let row = list.take(Row::is_over)?;

    row.stop();
    drop(list);
    engagement::unregister(row.probe());
    Some(What::Expired(About::from(&row), row.hits().count()))
}

/// Checks the probe of the engagement with this key, and its watch.
fn check_probe(key: usize, probe: &Arc<Probe>, was_disarmed: bool) {
    let mut is_disarmed = !probe.is_armed();
    let was_missed = was_disarmed || is_disarmed;

    report_disarmed(key, probe, is_disarmed);
    // A function that was livepatched when all kprobes were enabled may be free now.
    if is_disarmed && kprobe::enable_once(&[&**probe]).is_ok() {
        is_disarmed = !probe.is_armed();
        report_disarmed(key, probe, is_disarmed);
    }
    decide(key, probe, was_missed);
}

/// Records whether the probe is disarmed, and reports a change.
fn report_disarmed(key: usize, probe: &Arc<Probe>, is_disarmed: bool) {
    let turned = list::lock().ok().and_then(|mut list| {
        let row = list.row_at(key, probe)?;
        let was_disarmed = core::mem::replace(&mut row.is_disarmed, is_disarmed);

        (was_disarmed != is_disarmed).then(|| About::from(&*row))
    });

    if let Some(about) = turned {
        Event::of_kernel(What::Disarmed(about, is_disarmed)).report();
    }
}

/// Decides on a function that is watched, if the watch has ended or calls were missed.
fn decide(key: usize, probe: &Arc<Probe>, was_missed: bool) {
    let Ok(mut list) = list::lock() else {
        return;
    };
    let Some(row) = list.row_at(key, probe) else {
        return;
    };
    let Some(watch) = row.watch.filter(|watch| was_missed || watch.left() == 0) else {
        return;
    };

    let about = About::from(&*row);
    let ended = match was_missed || row.commit().is_err() {
        true => list.take(|row| row.engagement.key() == key),
        false => None,
    };
    drop(list);
    Event::of_kernel(match ended {
        Some(row) => abort(row, watch),
        None => What::Committed(about),
    })
    .report();
}

/// Ends the engagement of a function that was watched, and returns what to report. Sleeps.
fn abort(row: Row, watch: Watch) -> What<'static> {
    let seconds = Some(watch.seconds).filter(|_| watch.left() == 0);

    engagement::unregister(row.probe());
    What::Aborted(About::from(&row), row.hits().count(), seconds)
}

/// Searches for another module that has the function of an engagement without one. Sleeps. Fails
/// with ENOMEM.
fn search_modules(about: About) -> Result {
    let found = subject::find_module_with(about.engagement.target().symbol)?
        .map(|module| Arc::new(module, GFP_KERNEL))
        .transpose()?;
    let name = |module: &Option<Arc<Text>>| module.as_ref().map(|it| hash(it.as_str()));

    let mut list = list::lock()?;
    let row = list.row(about.engagement.key());
    let Some(row) = row.filter(|row| row.probe().is_none()) else {
        return Ok(());
    };
    let is_new = name(&row.found_in) != name(&found);

    row.found_in = found.clone();
    drop(list);
    if let (Some(module), true) = (found, is_new) {
        Event::of_kernel(What::FoundIn(about, module)).report();
    }
    Ok(())
}

/// Schedules the next check: when a watch ends or an engagement expires, but at the latest when
/// probes are due, since time may have passed in suspend. Any context.
fn schedule_check() {
    schedule(|row| {
        let watch = row.watch.map(|watch| watch.left());
        let term = row.term.map(|term| term.left());
        let probe = row.probe().map(|_| u64::from(CHECK_EVERY));

        [watch, term, probe].into_iter().flatten().min()
    });
}

/// Schedules the next check in the shortest of these times, in milliseconds. Any context.
fn schedule(left: impl Fn(&Row) -> Option<u64>) {
    let next = list::lock()
        .ok()
        .and_then(|list| list.rows().iter().filter_map(left).min());

    if let Some(left) = next {
        // Bounded by `CHECK_EVERY`, so it fits.
        work::check_within(left.min(CHECK_EVERY.into()) as u32);
    }
}

/// Engages what is armed for a module that is being loaded. If that fails, loading must fail.
/// Called by the module notifier chain, before the module's own code runs. Sleeps.
pub(crate) fn module_coming(module: &Module) -> Result {
    engage_in(module, false)
}

/// Engages what was armed for a module while its init function ran. Called by the module notifier
/// chain. Sleeps.
pub(crate) fn module_live(module: &Module) {
    // Failures are already reported.
    let _ = engage_in(module, true);
    schedule_search();
}

/// Ends the engagements in a module that is being unloaded; those that name it are armed again.
/// Called by the module notifier chain. Sleeps.
pub(crate) fn module_going(module: &Module) {
    if interest::has_module(module.name()) {
        while let Some(what) = release(module) {
            Event::of_kernel(what).report();
        }
    }
    schedule_search();
}

/// Schedules the search of other modules for missing functions.
fn schedule_search() {
    if interest::is_any() {
        HAS_LOADED.store(true, Relaxed);
        // Users can cause modules to be loaded at any rate, and the search is slow.
        work::check_within(SEARCH_EVERY);
    }
}

/// Engages what waits for `module`, which is being loaded or `is_live`, and reports it.
fn engage_in(module: &Module, is_live: bool) -> Result {
    if !interest::has_module(module.name()) {
        return Ok(());
    }
    let mut key = 0;

    while let Some((about, slot)) = next_waiting(module, key, is_live) {
        key = about.engagement.key() + 1;
        match engage(&about, slot.as_ref(), module) {
            Ok(None) => {}
            Ok(Some(what)) => Event::of_kernel(what).report(),
            Err(refusal) => {
                let name = Text::try_from(module.name());
                let errno = refusal.errno();
                // A failed observation does not keep the module from being loaded.
                let keeps_out = !is_live && about.value.is_some();

                Event::of_kernel(What::Failed(about.clone(), refusal)).report();
                if let Ok(name) = name {
                    Event::of_kernel(match keeps_out {
                        true => What::LoadRefused(about, name),
                        false => What::LoadedWithout(about, name),
                    })
                    .report();
                }
                if keeps_out {
                    return Err(errno);
                }
            }
        }
    }
    schedule_check();
    Ok(())
}

/// The first engagement from `key` on that names `module` and is not in it.
fn next_waiting(module: &Module, key: usize, is_live: bool) -> Option<(About, Option<Arc<Slot>>)> {
    let mut list = list::lock().ok()?;
    let row = list.next(key, |row| {
        row.engagement.target().module == Some(module.name())
            && !row.is_in(module)
            && !(is_live && row.state() == State::Missing)
    })?;

    Some((About::from(&*row), row.slot.clone()))
}

/// Engages a function in `module`, and returns what to report. Sleeps.
fn engage<'a>(
    about: &About,
    slot: Option<&Arc<Slot>>,
    module: &Module,
) -> Result<Option<What<'static>>, Refusal<'a>> {
    let engagement = &about.engagement;
    let Some(subject) = Subject::find_in(module, engagement.target())? else {
        let mut list = list::lock()?;
        let row = list.row(engagement.key());

        // One that is on the kernel's own function stays there.
        return Ok(row.filter(|row| row.probe().is_none()).map(|row| {
            row.place = Place::Missing;
            What::Missing(about.clone())
        }));
    };

    loop {
        let value = slot.map(|slot| Value::new(slot.value()));
        let scope = engagement.scope();
        let permit = Permit::grant(engagement.authority(), &subject, value, scope)?;
        let probe = engagement.register(&permit, slot)?;
        let address = permit.entry().address();
        let notes = permit.notes().try_clone()?;

        engagement::arm(&[&*probe]).map_err(|(_, refusal)| refusal)?;

        let mut list = list::lock()?;
        let key = engagement.key();
        let is_taken = list
            .rows()
            .iter()
            .any(|row| row.engagement.key() != key && row.address() == Some(address));
        let Some(row) = list.row(key) else {
            return Ok(None);
        };
        if is_taken {
            return Err(Refusal::AlreadyEngaged);
        }
        // Another value was written in the meantime, and has to be judged.
        if row.value() != permit.value() {
            continue;
        }
        let old = row.move_to(Place::At(address, probe));
        let about = About::from(&*row);
        drop(list);
        engagement::unregister(old.as_ref());
        return Ok(Some(What::engaged(about, notes)));
    }
}

/// Ends or re-arms one engagement in `module`, which is being unloaded, and returns what to report.
/// Sleeps.
fn release(module: &Module) -> Option<What<'static>> {
    let mut list = list::lock().ok()?;

    while let Some(row) = list.next(0, |row| {
        row.state() == State::Missing && row.engagement.target().module == Some(module.name())
    }) {
        row.place = Place::NotLoaded;
    }
    let row = list.next(0, |row| row.is_in(module))?;
    let (key, watch) = (row.engagement.key(), row.watch);

    if watch.is_none() && row.engagement.target().module.is_some() {
        let old = row.move_to(Place::NotLoaded);
        let (about, hits) = (About::from(&*row), row.hits());

        drop(list);
        engagement::unregister(old.as_ref());
        return Some(What::ArmedAgain(about, hits.count()));
    }
    let row = list.take(|row| row.engagement.key() == key)?;

    row.stop();
    drop(list);
    match watch {
        Some(watch) => Some(abort(row, watch)),
        None => {
            engagement::unregister(row.probe());
            Some(What::Lost(About::from(&row), row.hits().count()))
        }
    }
}
