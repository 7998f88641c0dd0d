// SPDX-License-Identifier: GPL-2.0-only

//! What is engaged in a running kernel, from the text of its file `engaged`.

use crate::command::{Scope, Target};
use std::fmt;

/// Where a running kernel shows what is engaged.
pub const ENGAGED: &str = "/sys/kernel/security/killswitch/engaged";

/// What an engagement is doing, in the words of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Probing,
    Observing,
    Armed,
    Missing,
    Engaged,
    Disarmed,
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engagement {
    /// The function, as it was named: `symbol` or `module:symbol`.
    pub target: String,
    /// What it returns; nothing if it is only observed.
    pub value: Option<i64>,
    /// The calls that were short-circuited, or that were counted.
    pub hits: u64,
    pub doing: Doing,
    pub scope: Scope,
    /// The seconds until it ends by itself, or is decided.
    pub seconds_left: Option<u64>,
    /// A module of another name that has the function.
    pub found_in: Option<String>,
    /// Of which calls it is, if not of all.
    pub condition: Option<String>,
    /// How many callers are distinguished.
    pub callers: u64,
    pub reason: Option<String>,
}

/// What is wrong with a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Its number, from 1 on.
    pub line: usize,
    /// The word that is missing, or is not understood.
    pub word: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: '{}' is not understood", self.line, self.word)
    }
}

impl std::error::Error for Wrong {}

/// Understands the text of the file. Words that a later kernel may add are skipped.
pub fn parse(text: &str) -> Result<Vec<Engagement>, Wrong> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, line)| engagement(line).map_err(|word| Wrong { line: at + 1, word }))
        .collect()
}

fn engagement(line: &str) -> Result<Engagement, String> {
    let mut words = words(line)?.into_iter();
    let (target, _) = words
        .next()
        .filter(|(name, text)| text.is_none() && Target::parse(name).is_ok())
        .ok_or_else(|| line.split(' ').next().unwrap_or_default().to_owned())?;
    let words: Vec<_> = words.collect();
    let find = |key: &str| {
        let found = words.iter().find(|(name, _)| name == key);

        found.and_then(|(_, text)| text.as_deref())
    };
    let need = |key: &str| find(key).ok_or_else(|| format!("{key}="));
    let wrong = |key: &str| format!("{key}={}", find(key).unwrap_or_default());
    let number = |key: &str| {
        find(key)
            .map(|text| text.parse::<u64>().map_err(|_| wrong(key)))
            .transpose()
    };

    Ok(Engagement {
        target,
        value: match need("retval")? {
            "none" => None,
            value => Some(value.parse().map_err(|_| wrong("retval"))?),
        },
        hits: number("hits")?.ok_or("hits=")?,
        doing: match need("state")? {
            "probing" => Doing::Probing,
            "observing" => Doing::Observing,
            "armed" => Doing::Armed,
            "missing" => Doing::Missing,
            "engaged" => Doing::Engaged,
            "disarmed" => Doing::Disarmed,
            _ => return Err(wrong("state")),
        },
        scope: match need("scope")? {
            "all" => Scope::All,
            "nonroot" => Scope::Nonroot,
            _ => return Err(wrong("scope")),
        },
        seconds_left: number("timeout_left")?,
        found_in: find("found_in").map(str::to_owned),
        condition: find("if").map(str::to_owned),
        callers: number("callers")?.unwrap_or(0),
        reason: find("reason").map(str::to_owned),
    })
}

/// The words of a line: `name`, `name=text`, and `name="text"` with a backslash before each quote and
/// backslash in the text.
fn words(line: &str) -> Result<Vec<(String, Option<String>)>, String> {
    let mut words = Vec::new();
    let mut rest = line;

    while !rest.is_empty() {
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let mut text = None;

        rest = behind;
        if let Some(behind) = behind.strip_prefix("=\"") {
            let mut characters = behind.chars();
            let quoted = text.insert(String::new());

            loop {
                match characters.next() {
                    Some('"') => break,
                    Some('\\') => quoted.push(characters.next().ok_or(name)?),
                    Some(character) => quoted.push(character),
                    None => return Err(format!("{name}=\"")),
                }
            }
            rest = characters.as_str();
        } else if let Some(behind) = behind.strip_prefix('=') {
            let end = behind.find(' ').unwrap_or(behind.len());

            text = Some(behind[..end].to_owned());
            rest = &behind[end..];
        }
        words.push((name.to_owned(), text));
        rest = match rest.strip_prefix(' ') {
            Some(rest) => rest,
            None if rest.is_empty() => rest,
            None => return Err(rest.to_owned()),
        };
    }
    Ok(words)
}

#[cfg(test)]
mod tests;
