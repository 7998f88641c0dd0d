// SPDX-License-Identifier: GPL-2.0-only

//! What could be engaged instead of a function that is refused: those that call it, and those that
//! call these.

use super::{
    base,
    first_cause,
    image::{
        self,
        Image, //
    },
    Asked,
    Callers,
    Facts,
    Kernel,
    Type,
    Value, //
};

/// How many of them are named.
pub(crate) const NAMED: usize = 5;

/// How many callers are judged at most: half of them direct ones.
pub(crate) const JUDGED: usize = 64;

/// A function that calls the refused one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Candidate {
    function: usize,
    /// The function between, if it calls that.
    through: Option<usize>,
    callers: Callers,
}

/// A function that could be engaged instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alternative {
    /// Where it begins.
    pub(crate) function: usize,
    /// Where the function begins through which it calls the refused one, if it does not itself.
    pub(crate) through: Option<usize>,
    /// What it returns.
    pub(crate) returns: Type,
    /// What is accepted.
    pub(crate) asked: Asked,
}

/// Candidates, in memory of the caller.
struct Candidates<'a> {
    all: &'a mut [Candidate],
    count: usize,
}

impl Candidates<'_> {
    /// Adds a function once, unless `room` are there.
    fn add(&mut self, function: usize, through: Option<usize>, room: usize) {
        let is_there = self.all[..self.count]
            .iter()
            .any(|it| it.function == function);

        if self.count < room.min(self.all.len()) && !is_there {
            self.all[self.count] = Candidate {
                function,
                through,
                ..Candidate::default()
            };
            self.count += 1;
        }
    }

    /// Finds who calls those from `from` on, and adds the callers.
    fn add_callers(
        &mut self,
        image: &dyn Image,
        kernel: &Kernel<'_>,
        functions: &mut [usize],
        from: usize,
    ) {
        let end = self.count;
        let Some(functions) = functions.get_mut(..end - from) else {
            return;
        };

        for (place, candidate) in functions.iter_mut().zip(&self.all[from..end]) {
            *place = candidate.function;
        }
        image.callers(functions, &mut |place, function| {
            let mut found = self.all[from..end].iter_mut();

            if let Some(candidate) = found.find(|it| it.function == function) {
                candidate.callers.add(image, kernel, function, place);
            }
            if from == 0 {
                if let Some(caller) = image::owner(image, place) {
                    self.add(caller, Some(function), self.all.len());
                }
            }
        });
    }
}

/// Calls `take` with up to [`NAMED`] functions that call one of `functions`, directly or through
/// another, and could be engaged with a value. `scratch` has room for [`JUDGED`], and is
/// overwritten.
pub(crate) fn find(
    facts: &Facts<'_>,
    asked: Asked,
    scratch: (&mut [Candidate], &mut [usize]),
    take: &mut dyn FnMut(Alternative),
) {
    let (image, kernel) = (facts.image, facts.kernel);
    let mut candidates = Candidates {
        all: scratch.0,
        count: 0,
    };
    let mut named = 0;

    image.callers(facts.addresses, &mut |place, _| {
        if let Some(caller) = image::owner(image, place) {
            if !facts.addresses.contains(&caller) {
                candidates.add(caller, None, JUDGED / 2);
            }
        }
    });
    let mut from = 0;
    while from < candidates.count && named < NAMED {
        let end = candidates.count;

        candidates.add_callers(image, kernel, scratch.1, from);
        for candidate in &candidates.all[from..end] {
            let is_taken = named >= NAMED || facts.addresses.contains(&candidate.function);

            if is_taken {
                continue;
            }
            image.function(candidate.function, &mut |function| {
                let addresses = [candidate.function];
                let mut facts = Facts::new(kernel, &addresses, image);

                facts.module = function.module;
                facts.prototype = function.prototype;
                facts.set_callers(candidate.callers);
                if let Some(asked) = accepted(&facts, asked) {
                    named += 1;
                    take(Alternative {
                        function: candidate.function,
                        through: candidate.through,
                        returns: function.prototype.returns,
                        asked,
                    });
                }
            });
        }
        from = if from == 0 { end } else { candidates.count };
    }
}

/// What is accepted for a function: the value that was asked for, if it is an error, or another;
/// and if none is, one with root spared.
pub(super) fn accepted(facts: &Facts<'_>, asked: Asked) -> Option<Asked> {
    const OTHERS: [i64; 6] = [-1, -5, -13, -22, 0, 1];
    let error = Some(asked.value.get()).filter(|value| *value < 0);

    [asked.spares_root, true]
        .into_iter()
        .find_map(|spares_root| {
            let values = error
                .into_iter()
                .chain(base::named_value(facts))
                .chain(OTHERS);
            let mut all = values.map(|value| Asked {
                value: Value::new(value),
                spares_root,
            });

            all.find(|asked| first_cause(facts, *asked).is_none())
        })
}
