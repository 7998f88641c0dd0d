// SPDX-License-Identifier: GPL-2.0-only

//! Contracts of operation tables: what frameworks do when a member returns without having done its
//! work. The data is in `contracts.toml`.

use std::{collections::HashMap, sync::LazyLock};

/// Possible effects of skipping a function. The names are those in findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Safe,
    Ignored,
    Leak,
    Lock,
    Uninit,
    Teardown,
    FalseSuccess,
    Hang,
    Crash,
}

impl Kind {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Safe, "safe"),
        (Self::Ignored, "ignored"),
        (Self::Leak, "leak"),
        (Self::Lock, "lock"),
        (Self::Uninit, "uninit"),
        (Self::Teardown, "teardown"),
        (Self::FalseSuccess, "false-success"),
        (Self::Hang, "hang"),
        (Self::Crash, "crash"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|it| it.1 == name).map(|it| it.0)
    }
}

/// A condition on the code for an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Undo,
    Releases,
    Unlocks,
    Consumes,
}

/// The effect of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome<'a> {
    pub kind: Kind,
    /// Whether it is safe, but work is lost silently.
    pub is_loss: bool,
    pub condition: Option<Condition>,
    pub why: &'a str,
}

impl<'a> Outcome<'a> {
    /// Parses `kind: why` or `kind if condition: why`.
    fn parse(text: &'a str) -> Option<Self> {
        let (head, why) = text.split_once(": ")?;
        let (kind, condition) = match head.split_once(" if ") {
            None => (head, None),
            Some((kind, condition)) => (
                kind,
                Some(match condition {
                    "undo" => Condition::Undo,
                    "releases" => Condition::Releases,
                    "unlocks" => Condition::Unlocks,
                    "consumes" => Condition::Consumes,
                    _ => return None,
                }),
            ),
        };
        let is_loss = kind == "loss";

        Some(Self {
            kind: if is_loss {
                Kind::Safe
            } else {
                Kind::parse(kind)?
            },
            is_loss,
            condition,
            why,
        })
    }
}

/// The class of a return value, according to the function's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It returns nothing.
    Void,
    Error,
    Zero,
    Positive,
}

impl Class {
    /// The class of a value of a function that is not void.
    pub fn of(value: i64) -> Self {
        match value {
            ..0 => Self::Error,
            0 => Self::Zero,
            1.. => Self::Positive,
        }
    }
}

/// The contract of one member.
#[derive(Clone, Copy)]
pub struct Contract<'a> {
    pub structure: &'a str,
    pub member: &'a str,
    lines: &'a HashMap<String, String>,
}

impl<'a> Contract<'a> {
    /// Its caller.
    pub fn by(&self) -> Option<&'a str> {
        self.lines.get("by").map(|it| &**it)
    }

    /// The members that undo its work.
    pub fn undo(&self) -> impl Iterator<Item = &'a str> {
        self.lines
            .get("undo")
            .into_iter()
            .flat_map(|it| it.split(' '))
    }

    /// The structure behind which all memory is zero when they are called.
    pub fn behind(&self) -> Option<&'a str> {
        self.lines.get("behind").map(|it| &**it)
    }

    /// The effect of a value.
    pub fn outcome(&self, value: i64, class: Class) -> Option<Outcome<'a>> {
        let exact = match class {
            Class::Void => None,
            _ => self.lines.get(&value.to_string()),
        };
        let name = match class {
            Class::Void => "void",
            Class::Error => "error",
            Class::Zero => "zero",
            Class::Positive => "positive",
        };
        let line = exact
            .or_else(|| self.lines.get(name))
            .or_else(|| self.lines.get("any"))?;

        Outcome::parse(line)
    }

    /// The effect of a value with a line of its own.
    pub fn command(&self, value: i64) -> Option<Outcome<'a>> {
        Outcome::parse(self.lines.get(&value.to_string())?)
    }

    /// The safe values among those with lines of their own.
    pub fn safe_values(&self) -> impl Iterator<Item = i64> + use<'a> {
        self.lines.iter().filter_map(|(name, line)| {
            let value = name.parse().ok()?;

            Outcome::parse(line).filter(|it| it.kind == Kind::Safe)?;
            Some(value)
        })
    }
}

type Lines = HashMap<String, HashMap<String, HashMap<String, String>>>;

static CONTRACTS: LazyLock<Lines> = LazyLock::new(|| {
    // A test parses all of it.
    toml::from_str(include_str!("../../contracts.toml")).unwrap_or_default()
});

/// The contract of a member of a structure.
pub fn of<'a>(structure: &str, member: &str) -> Option<Contract<'a>> {
    let (structure, members) = CONTRACTS.get_key_value(structure)?;
    let (member, lines) = members.get_key_value(member)?;

    Some(Contract {
        structure,
        member,
        lines,
    })
}

/// All contracts, sorted.
pub fn all<'a>() -> Vec<Contract<'a>> {
    let mut found: Vec<_> = CONTRACTS
        .iter()
        .flat_map(|(structure, members)| {
            members.iter().map(move |(member, lines)| Contract {
                structure,
                member,
                lines,
            })
        })
        .collect();

    found.sort_by_key(|it| (it.structure, it.member));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lines_are_parsed() {
        let text = include_str!("../../contracts.toml");
        let lines: Lines = toml::from_str(text).unwrap();
        let named = ["error", "zero", "positive", "void", "any"];

        assert!(lines.len() > 100);
        for contract in all() {
            let name = format!("{}.{}", contract.structure, contract.member);

            assert!(contract.by().is_some(), "{name}");
            for (key, line) in contract.lines {
                match &**key {
                    "by" | "undo" | "behind" => {}
                    _ => {
                        let is_value = key.parse::<i64>().is_ok() || named.contains(&&**key);

                        assert!(is_value, "{name}: {key}");
                        assert!(Outcome::parse(line).is_some(), "{name}: {line}");
                    }
                }
            }
        }
    }

    #[test]
    fn values_have_outcomes() {
        let kind = |structure, member, value, class| {
            of(structure, member)
                .and_then(|it| it.outcome(value, class))
                .map(|it| (it.kind, it.condition))
        };

        for (structure, member, value, class, expected) in [
            (
                "Qdisc_ops",
                "init",
                -1,
                Class::Error,
                Some((Kind::Teardown, Some(Condition::Undo))),
            ),
            (
                "nfnl_callback",
                "call",
                -1,
                Class::Error,
                Some((Kind::Safe, None)),
            ),
            (
                "nfnl_callback",
                "call",
                -11,
                Class::Error,
                Some((Kind::Hang, None)),
            ),
            ("nfnl_callback", "call", 0, Class::Zero, None),
            (
                "net_device",
                "rx_handler",
                -1,
                Class::Error,
                Some((Kind::Crash, None)),
            ),
            (
                "net_device",
                "rx_handler",
                3,
                Class::Positive,
                Some((Kind::Safe, None)),
            ),
            (
                "net_device_ops",
                "ndo_set_rx_mode",
                0,
                Class::Void,
                Some((Kind::Safe, None)),
            ),
            ("no_such", "member", 0, Class::Void, None),
        ] {
            assert_eq!(
                kind(structure, member, value, class),
                expected,
                "{structure}.{member}"
            );
        }
    }
}
