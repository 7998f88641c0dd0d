// SPDX-License-Identifier: GPL-2.0-only

//! What a function does on each of its paths: what it returns, what it locks and unlocks, and what
//! it takes over from its callers.

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

/// How many instructions of one function are followed at most.
const BUDGET: usize = 60_000;
/// How large a callee may be that is followed, in bytes, how far away, and how deep.
const MAX_CALLEE: u64 = 1024;
const MAX_DISTANCE: u64 = 64 << 10;
const MAX_DEPTH: usize = 2;
/// How many events are distinguished.
const MAX_EVENTS: usize = 128;

/// Something that a function does to what is not its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: u64,
    /// The function that is called, or what is done in place.
    pub name: String,
    pub verb: Verb,
    /// What it is done to.
    pub object: Known,
}

/// What happened on a path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Trail {
    /// The [`Event`]s, a bit each.
    events: u128,
    /// Locks taken less those that were released.
    locks: i8,
    /// Whether a lock may not have been taken.
    is_unsure: bool,
    has_effect: bool,
}

/// One way through a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// What it returns.
    pub value: Value,
    /// The function whose result it returns, if it ends in a jump to it.
    pub tail: Option<u64>,
    events: u128,
    /// Locks taken less those that were released, if that is known.
    pub locks: Option<i8>,
    /// Whether it changes anything but its own memory, or calls what may.
    pub has_effect: bool,
}

/// All ways through a function, within bounds.
pub struct Body {
    pub paths: Vec<Path>,
    events: Vec<Event>,
    /// Whether all ways were followed.
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

    /// Whether the counter of what forbids preemption is accessed.
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

    /// Whether a callee is part of what is looked at: near, small and without a word that says
    /// what it does.
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
            // What keeps a task on its CPU, and an RCU section without more, is compiled to this.
            _ if is_preempt_count => {
                state.trail.locks = state.trail.locks.saturating_add(access.counts);
                match access.counts {
                    1.. => Some(("preempt_disable", Verb::Lock)),
                    0 => None,
                    ..0 => Some(("preempt_enable", Verb::Unlock)),
                }
            }
            Known::Number(_) | Known::Address(Base::Cpu | Base::Thread, _) => None,
            // Counters of references are counted down in one step, or for each CPU by a pointer.
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

        // A function that it jumps to is called last.
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

/// A state at the beginning of a function, with its arguments.
pub fn entry<T>(image: &Image, address: u64, trail: T) -> State<T> {
    let mut state = State::new(image, address, trail);

    for index in code::of(image).arguments() {
        state.registers[index] = Value::address(Base::Argument(index as u8), 0);
    }
    state
}

impl Body {
    /// That of the function at `address`.
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

    /// The numbers that it returns by itself, as it returns numbers of so many bytes, each with
    /// whether a path returns it on which nothing is changed.
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

    /// The paths that return such a number.
    pub fn returning(&self, size: usize, is_one: impl Fn(i64) -> bool) -> Vec<&Path> {
        self.paths
            .iter()
            .filter(|path| number(path, size).is_some_and(&is_one))
            .collect()
    }

    /// What it completes on some path.
    pub fn completes(&self) -> Option<&Event> {
        self.events.iter().find(|it| it.verb == Verb::Complete)
    }

    /// What is completed on some path, or put or freed there without having been taken.
    pub fn releases(&self) -> Option<&Event> {
        self.completes()
            .or_else(|| self.paths.iter().find_map(|path| self.released(path)))
    }

    /// What it unlocks on a path on which it took less.
    pub fn unlocks(&self) -> Option<&Event> {
        let mut paths = self.paths.iter();

        paths.find_map(|path| {
            let mut events = self.events(path).filter(|it| it.verb == Verb::Unlock);

            events.next().filter(|_| path.locks.is_none_or(|it| it < 0))
        })
    }

    /// What a path puts or frees without having taken it.
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

    /// What every path among `paths` frees or puts that a caller gave to the function.
    pub fn consumes<'a>(&'a self, paths: &[&Path]) -> Option<&'a Event> {
        let is_given = |it: &&Event| {
            matches!(it.verb, Verb::Free | Verb::Put)
                && matches!(
                    it.object,
                    Known::Address(Base::Argument(_) | Base::Field(..), 0)
                )
        };
        // What is set up in something on each such path may be freed again by a function of that.
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

    /// How many locks more or fewer every path among `paths` leaves behind, if that is not 0.
    pub fn locks(&self, paths: &[&Path]) -> Option<i8> {
        let first = paths.first()?.locks?;

        (first != 0 && paths.iter().all(|it| it.locks == Some(first))).then_some(first)
    }
}

/// The number that a path returns.
fn number(path: &Path, size: usize) -> Option<i64> {
    match path.value.signed(size).known {
        Known::Number(number) => Some(number),
        _ => None,
    }
}
