// SPDX-License-Identifier: GPL-2.0-only

//! Alternatives to a refused function: its callers, and their callers.

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

/// How many alternatives are named.
pub(crate) const NAMED: usize = 5;

/// How many callers are judged at most; up to half of them are direct ones.
pub(crate) const JUDGED: usize = 64;

/// A function that calls the refused one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Candidate {
    function: usize,
    /// The function in between, if it is not a direct caller.
    through: Option<usize>,
    callers: Callers,
}

/// A function that could be engaged instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alternative {
    /// Its address.
    pub(crate) function: usize,
    /// The address of the function in between, if it is not a direct caller.
    pub(crate) through: Option<usize>,
    /// Its return type.
    pub(crate) returns: Type,
    /// What is accepted.
    pub(crate) asked: Asked,
}

/// Candidates, in memory that the caller provides.
struct Candidates<'a> {
    all: &'a mut [Candidate],
    count: usize,
}

impl Candidates<'_> {
    /// Adds a function, unless it was added before or `room` is used up.
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

    /// Finds the callers of the candidates from `from` on, and adds them as candidates.
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

/// Calls `take` with up to [`NAMED`] functions that call the one of `facts`, directly or through
/// another, and could be engaged. `scratch` has room for [`JUDGED`], and is overwritten.
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

/// What is accepted for a function: the requested value, if it is an error, or another one; and if
/// none is, one that spares root.
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
