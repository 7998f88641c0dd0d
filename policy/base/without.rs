// SPDX-License-Identifier: GPL-2.0-only

//! Verdicts without the table or without a name in it, for tests that justify each name.

use super::{
    find,
    Member,
    Members, //
};
use crate::policy::{
    Asked,
    Facts,
    Rule, //
};
use std::{
    cell::RefCell,
    vec::Vec, //
};

/// All names in the table that match the function.
pub(crate) fn members_of(facts: &Facts<'_>) -> Vec<Member> {
    let all = RefCell::new(Vec::new());

    // The predicate rejects all, so it sees all.
    find(facts, |it| {
        all.borrow_mut().push(*it);
        false
    });
    all.into_inner()
}

/// The same set without a name.
pub(crate) fn member(all: &Members<&[usize]>, member: Member) -> Members<Vec<usize>> {
    let others = all.0.all().filter(|it| Member::numbered(*it) != member);

    Members::new(others.collect())
}

/// Whether it would be accepted if no line of the table named the function.
pub(crate) fn accepts(facts: &Facts<'_>, asked: Asked) -> bool {
    Rule::ALL
        .iter()
        .filter(|rule| **rule != Rule::SecurityBase)
        .all(|rule| rule.judge(facts, asked, false).is_ok())
}
