// SPDX-License-Identifier: GPL-2.0-only

//! The effects of each path through a function: its return value, its locking, and the resources
//! that it takes over from its callers.

use super::{
    code,
    machine::{Access, Base, End, Known, Machine, Next, Observer, State, Target, Value},
    verbs::{self, Verb},
};
use crate::image::Image;
use std::{
    cell::OnceCell,
    collections::{BTreeSet, HashMap},
};

/// Maximum number of instructions executed per function.
const BUDGET: usize = 60_000;
/// Limits of callees that are entered: size and distance in bytes, and depth.
const MAX_CALLEE: u64 = 1024;
const MAX_DISTANCE: u64 = 64 << 10;
const MAX_DEPTH: usize = 2;
/// Maximum number of distinct events.
const MAX_EVENTS: usize = 128;

/// An effect of a function on objects other than its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: u64,
    /// The called function, or the operation done inline.
    pub name: String,
    pub verb: Verb,
    /// The object.
    pub object: Known,
}

/// The state of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Trail {
    /// The [`Event`]s, a bit each.
    events: u128,
    /// Locks acquired minus locks released.
    locks: i8,
    /// Whether acquiring a lock may have failed.
    is_unsure: bool,
    has_effect: bool,
}

/// A path through a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// What it returns.
    pub value: Value,
    /// For a tail call, the callee.
    pub tail: Option<u64>,
    events: u128,
    /// Locks acquired minus locks released, if known.
    pub locks: Option<i8>,
    /// Whether it changes memory other than its own, or calls functions that may.
    pub has_effect: bool,
}

/// All paths through a function, within limits.
pub struct Body {
    pub paths: Vec<Path>,
    events: Vec<Event>,
    /// Whether all paths were followed.
    pub is_whole: bool,
}

struct Observed<'a> {
    image: &'a Image,
    start: u64,
    module: Option<usize>,
    events: Vec<Event>,
    by_place: HashMap<(u64, Verb), usize>,
    preempt_count: OnceCell<Option<Known>>,
    paths: Vec<Path>,
}

impl Observed<'_> {
    fn note(&mut self, trail: &mut Trail, at: u64, name: &str, verb: Verb, object: Known) {
        let count = self.events.len();
        let index = *self.by_place.entry((at, verb)).or_insert(count);

        if index == count && count < MAX_EVENTS {
            self.events.push(Event {
                at,
                name: name.into(),
                verb,
                object,
            });
        }
        if index < MAX_EVENTS {
            trail.events |= 1 << index;
        }
    }

    /// Whether the preemption counter is accessed.
    fn is_preempt_count(&self, access: &Access) -> bool {
        let count = self
            .preempt_count
            .get_or_init(|| code::of(self.image).preempt_count(self.image));

        match access.address.known {
            Known::Number(_) if !access.is_per_cpu => false,
            known @ (Known::Number(_) | Known::Address(Base::Thread, _)) => *count == Some(known),
            _ => false,
        }
    }

    /// Whether to enter a callee: near, small and with no verb in its name that describes its
    /// effect.
    fn is_entered(&self, state: &State<Trail>, target: u64) -> bool {
        let Some(symbol) = self.image.symbol_of(target) else {
            return false;
        };
        let size = self
            .image
            .extent(target)
            .map_or(u64::MAX, |it| it.end - it.start);

        symbol.module == self.module
            && state.depth() < MAX_DEPTH
            && size <= MAX_CALLEE
            && target.abs_diff(self.start) <= MAX_DISTANCE
            && target != self.start
    }
}

impl Observer for Observed<'_> {
    type Trail = Trail;

    fn call(&mut self, state: &mut State<Trail>, at: u64, target: Target) -> Next {
        let result = Value::address(Base::Returned(at), 0);
        let Target::Function(target) = target else {
            state.trail.has_effect = true;
            return Next::Return(result);
        };
        let name = self
            .image
            .symbol_of(target)
            .map_or("?", |it| it.name)
            .to_owned();
        let verb = verbs::of(&name);
        let object = state.arguments()[0].known;

        match verb {
            Verb::Nothing => {}
            Verb::Lock => state.trail.locks = state.trail.locks.saturating_add(1),
            Verb::Unlock => state.trail.locks = state.trail.locks.saturating_sub(1),
            Verb::TryLock => state.trail.is_unsure = true,
            Verb::Other if self.is_entered(state, target) => return Next::Enter,
            _ => state.trail.has_effect = true,
        }
        if !matches!(verb, Verb::Nothing | Verb::Other) {
            let mut trail = std::mem::take(&mut state.trail);

            self.note(&mut trail, at, &name, verb, object);
            state.trail = trail;
        }
        Next::Return(result)
    }

    fn access(&mut self, state: &mut State<Trail>, access: &Access) -> Option<Value> {
        if access.is_write && !matches!(access.address.known, Known::Address(Base::Stack, _)) {
            state.trail.has_effect = true;
        }
        let object = access.address.known;
        let is_preempt_count = self.is_preempt_count(access);

        if is_preempt_count && !access.is_write {
            return Some(Value::address(Base::Counted(access.at), 0));
        }
        let found = match object {
            // migrate_disable() and plain RCU sections compile to this.
            _ if is_preempt_count => {
                state.trail.locks = state.trail.locks.saturating_add(access.counts);
                match access.counts {
                    1.. => Some(("preempt_disable", Verb::Lock)),
                    0 => None,
                    ..0 => Some(("preempt_enable", Verb::Unlock)),
                }
            }
            Known::Number(_) | Known::Address(Base::Cpu | Base::Thread, _) => None,
            // Reference counters are decremented in one instruction, or per CPU through a pointer.
            _ if access.counts < 0 && (access.is_locked || access.is_per_cpu) => {
                Some(("a counter", Verb::Put))
            }
            _ => None,
        };

        if let Some((name, verb)) = found {
            let mut trail = std::mem::take(&mut state.trail);

            self.note(&mut trail, access.at, name, verb, object);
            state.trail = trail;
        }
        None
    }

    fn end(&mut self, state: &mut State<Trail>, _: u64, end: End) {
        let tail = match end {
            End::Return => None,
            End::Tail(Target::Function(to)) => Some(to),
            End::Tail(Target::Pointer(_)) => {
                state.trail.has_effect = true;
                None
            }
            End::Trap | End::Lost => return,
        };
        let mut trail = state.trail.clone();
        let mut value = match end {
            End::Return => state.result(),
            _ => Value::UNKNOWN,
        };

        // A jump to another function is a tail call.
        if let Some(to) = tail {
            if let Next::Return(result) = self.call(state, to, Target::Function(to)) {
                trail = state.trail.clone();
                value = result;
            } else {
                trail.has_effect = true;
            }
        }
        let path = Path {
            value,
            tail,
            events: trail.events,
            locks: (!trail.is_unsure).then_some(trail.locks),
            has_effect: trail.has_effect,
        };

        if !self.paths.contains(&path) {
            self.paths.push(path);
        }
    }
}

/// The state at the entry of a function, with its arguments.
pub fn entry<T>(image: &Image, address: u64, trail: T) -> State<T> {
    let mut state = State::new(image, address, trail);

    for index in code::of(image).arguments() {
        state.registers[index] = Value::address(Base::Argument(index as u8), 0);
    }
    state
}

impl Body {
    /// Analyzes the function at `address`.
    pub fn new(image: &Image, address: u64) -> Self {
        Self::with(image, address, &[])
    }

    /// The same, with some arguments known.
    pub fn with(image: &Image, address: u64, arguments: &[(usize, Value)]) -> Self {
        let mut observed = Observed {
            image,
            start: address,
            module: image.symbol_of(address).and_then(|it| it.module),
            events: Vec::new(),
            by_place: HashMap::new(),
            preempt_count: OnceCell::new(),
            paths: Vec::new(),
        };
        let mut machine = Machine::new(image, BUDGET);
        let mut state = entry(image, address, Trail::default());

        for (index, value) in arguments {
            state.registers[*index] = *value;
        }
        let is_whole = machine.run(state, &mut observed);

        Self {
            is_whole,
            paths: observed.paths,
            events: observed.events,
        }
    }

    /// The events of a path.
    pub fn events(&self, path: &Path) -> impl Iterator<Item = &Event> {
        let events = path.events;

        self.events
            .iter()
            .enumerate()
            .filter(move |(index, _)| events >> index & 1 != 0)
            .map(|(_, event)| event)
    }

    /// All events.
    pub fn all_events(&self) -> &[Event] {
        &self.events
    }

    /// The numbers of `size` bytes that it returns from its own code, each with whether a path
    /// without side effects returns it.
    pub fn values(&self, size: usize) -> Vec<(i64, bool)> {
        let mut found: Vec<(i64, bool)> = Vec::new();
        let numbers: BTreeSet<_> = self
            .paths
            .iter()
            .filter_map(|path| Some((number(path, size)?, !path.has_effect)))
            .collect();

        for (value, is_pure) in numbers {
            match found.last_mut().filter(|it| it.0 == value) {
                Some(known) => known.1 |= is_pure,
                None => found.push((value, is_pure)),
            }
        }
        found
    }

    /// The paths that return a number for which `is_one` holds.
    pub fn returning(&self, size: usize, is_one: impl Fn(i64) -> bool) -> Vec<&Path> {
        self.paths
            .iter()
            .filter(|path| number(path, size).is_some_and(&is_one))
            .collect()
    }

    /// A completion on some path.
    pub fn completes(&self) -> Option<&Event> {
        self.events.iter().find(|it| it.verb == Verb::Complete)
    }

    /// An object that is completed on some path, or put or freed there without having been
    /// acquired.
    pub fn releases(&self) -> Option<&Event> {
        self.completes()
            .or_else(|| self.paths.iter().find_map(|path| self.released(path)))
    }

    /// A lock that is released more often than acquired on some path.
    pub fn unlocks(&self) -> Option<&Event> {
        let mut paths = self.paths.iter();

        paths.find_map(|path| {
            let mut events = self.events(path).filter(|it| it.verb == Verb::Unlock);

            events.next().filter(|_| path.locks.is_none_or(|it| it < 0))
        })
    }

    /// An object that a path puts or frees without having acquired it.
    fn released(&self, path: &Path) -> Option<&Event> {
        let gets = self.events(path).filter(|it| it.verb == Verb::Get).count();
        let mut puts = self.events(path).filter(|it| {
            matches!(it.verb, Verb::Put | Verb::Free)
                && !matches!(
                    it.object,
                    Known::Address(Base::Returned(_) | Base::Stack, _)
                )
        });

        puts.nth(gets)
    }

    /// Whether some path returns this number and releases nothing.
    pub fn is_answer(&self, size: usize, value: i64) -> bool {
        self.returning(size, |it| it == value).iter().any(|path| {
            let is_complete = self.events(path).any(|it| it.verb == Verb::Complete);

            !is_complete && self.released(path).is_none() && path.locks.is_none_or(|it| it == 0)
        })
    }

    /// An object from the caller that every path in `paths` frees or puts.
    pub fn consumes<'a>(&'a self, paths: &[&Path]) -> Option<&'a Event> {
        let is_given = |it: &&Event| {
            matches!(it.verb, Verb::Free | Verb::Put)
                && matches!(
                    it.object,
                    Known::Address(Base::Argument(_) | Base::Field(..), 0)
                )
        };
        // An object initialized on all of these paths may be cleaned up by its own function.
        let is_made = |event: &Event| {
            let is = |it: &Event| it.verb == Verb::Make && it.object == event.object;

            paths.iter().all(|path| self.events(path).any(is))
        };
        let first = paths.first()?;
        let mut candidates = self
            .events(first)
            .filter(is_given)
            .filter(|it| !is_made(it));

        candidates.find(|event| {
            paths.iter().all(|path| {
                self.events(path)
                    .filter(is_given)
                    .any(|it| it.object == event.object)
            })
        })
    }

    /// The lock balance that all `paths` share, if it is not 0.
    pub fn locks(&self, paths: &[&Path]) -> Option<i8> {
        let first = paths.first()?.locks?;

        (first != 0 && paths.iter().all(|it| it.locks == Some(first))).then_some(first)
    }
}

/// The return value of a path as a number.
fn number(path: &Path, size: usize) -> Option<i64> {
    match path.value.signed(size).known {
        Known::Number(number) => Some(number),
        _ => None,
    }
}
