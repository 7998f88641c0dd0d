// SPDX-License-Identifier: GPL-2.0-only

//! The meaning of a condition, from its text and the rules of C, without compiling it.

use super::{
    types::{self, c, C},
    Call,
};
use crate::errno;

/// The value of a condition for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    No,
    Yes,
    /// Memory that it accesses cannot be read.
    Unknown,
}

impl From<bool> for Says {
    fn from(is_true: bool) -> Self {
        if is_true {
            Says::Yes
        } else {
            Says::No
        }
    }
}

/// The value of `text` for a call of `function`, or `None` if it is invalid.
pub(super) fn meaning(text: &str, function: u32, call: &Call) -> Option<Says> {
    let C::Function(prototype) = c(function)? else {
        return None;
    };
    let C::Prototype(parameters) = c(*prototype)? else {
        return None;
    };
    let mut reader = Reader {
        text,
        parameters,
        call,
        names_caller: false,
        names_context: false,
    };
    let says = reader.or(true)?;

    if !reader.text.is_empty() {
        return None;
    }
    // Only tasks are callers.
    Some(
        match reader.names_caller && !reader.names_context && call.context != "task" {
            true => Says::No,
            false => says,
        },
    )
}

struct Reader<'a, 'c> {
    /// The remaining text.
    text: &'a str,
    parameters: &'static [(&'static str, u32)],
    call: &'c Call,
    names_caller: bool,
    names_context: bool,
}

/// The value of an expression.
#[derive(Clone, Copy)]
enum Place {
    /// The value of an argument.
    Value(u64, u32),
    /// An object in memory, of this type.
    Memory(u64, u32),
    /// A bit field: the address of its structure, its first bit, its width, and its type.
    Field(u64, u32, u8, u32),
    /// An unreadable object of a known type.
    Nowhere(u32, u8),
}

enum Literal<'a> {
    Number(i128),
    Name(&'a str),
    Text(&'a str),
}

impl<'a> Reader<'a, '_> {
    fn skip(&mut self, token: &str) -> bool {
        match self.text.strip_prefix(token) {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }

    fn take(&mut self, is_part: fn(char) -> bool) -> &'a str {
        let end = self.text.find(|c| !is_part(c)).unwrap_or(self.text.len());
        let (taken, rest) = self.text.split_at(end);

        self.text = rest;
        taken
    }

    fn name(&mut self) -> Option<&'a str> {
        let name = self.take(|c| c.is_ascii_alphanumeric() || c == '_');

        (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let (inside, rest) = self.text.strip_prefix('"')?.split_once('"')?;

        self.text = rest;
        Some(inside)
    }

    /// Parses alternatives. They are not evaluated unless they are `live`.
    fn or(&mut self, live: bool) -> Option<Says> {
        let mut says = self.and(live)?;

        while self.skip("||") {
            let right = self.and(live && says == Says::No)?;

            if says == Says::No {
                says = right;
            }
        }
        Some(says)
    }

    fn and(&mut self, live: bool) -> Option<Says> {
        let mut says = self.not(live)?;

        while self.skip("&&") {
            let right = self.not(live && says == Says::Yes)?;

            if says == Says::Yes {
                says = right;
            }
        }
        Some(says)
    }

    fn not(&mut self, live: bool) -> Option<Says> {
        if self.skip("!") {
            return Some(match self.not(live)? {
                Says::No => Says::Yes,
                Says::Yes => Says::No,
                Says::Unknown => Says::Unknown,
            });
        }
        if !self.text.starts_with('(') || self.cast().is_some() {
            return self.comparison(live);
        }
        self.skip("(");
        let says = self.or(live)?;

        self.skip(")").then_some(says)
    }

    /// The structure and the member of a cast, if one is next, and the rest.
    fn cast(&self) -> Option<(&'a str, Option<&'a str>, &'a str)> {
        let (inside, behind) = self.text.strip_prefix('(')?.split_once(')')?;
        let is_word =
            |word: &str| !word.is_empty() && word.chars().all(|c| c == '_' || c.is_alphanumeric());
        let (structure, member) = match inside.split_once(',') {
            Some((structure, member)) => (structure, Some(member)),
            None => (inside, None),
        };
        let follows = behind.starts_with(|c: char| c.is_ascii_alphabetic() || "_$".contains(c));

        (is_word(structure) && member.is_none_or(is_word) && follows)
            .then_some((structure, member, behind))
    }

    fn comparison(&mut self, live: bool) -> Option<Says> {
        let mut cast = None;

        if let Some((structure, member, behind)) = self.cast() {
            cast = Some((structure, member));
            self.text = behind;
        }
        if self.text.starts_with('$') && !self.is_numbered() {
            return match cast {
                Some(_) => None,
                None => self.caller(),
            };
        }
        let place = self.expression(cast)?;
        let (operator, literal) = self.rest()?;
        let says = compare(self.call, place, operator, literal)?;

        Some(if live { says } else { Says::No })
    }

    fn is_numbered(&self) -> bool {
        let word = self.text.strip_prefix("$arg").unwrap_or_default();
        let end = word
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(word.len());

        end > 0 && word[..end].chars().all(|c| c.is_ascii_digit())
    }

    /// An operator and a literal, by default a comparison with 0.
    fn rest(&mut self) -> Option<(&'static str, Literal<'a>)> {
        let operators = ["==", "!=", "<=", ">=", "<", ">", "&", "~"];
        let operator = match self.text.starts_with("&&") {
            true => None,
            false => operators.into_iter().find(|token| self.skip(token)),
        };
        let Some(operator) = operator else {
            return Some(("!=", Literal::Number(0)));
        };

        if self.text.starts_with('"') {
            return Some((operator, Literal::Text(self.quoted()?)));
        }
        let word = self.take(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        let (sign, digits) = match word.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, word),
        };
        if !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return Some((operator, Literal::Name(word)));
        }
        let number = match digits.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        Some((operator, Literal::Number(sign * i128::from(number.ok()?))))
    }

    /// An argument, with its accesses.
    fn expression(&mut self, cast: Option<(&str, Option<&str>)>) -> Option<Place> {
        let is_dollar = self.skip("$");
        let name = self.name()?;
        let index = match is_dollar {
            true => name
                .strip_prefix("arg")?
                .parse::<usize>()
                .ok()?
                .checked_sub(1)?,
            false => self
                .parameters
                .iter()
                .position(|(known, _)| *known == name)?,
        };
        let mut place = Place::Value(
            *self.call.arguments.get(index)?,
            self.parameters.get(index)?.1,
        );

        // An argument that does not fit a register moves the following ones.
        for (_, id) in &self.parameters[..=index] {
            number_of(*id)?;
        }
        if let Some((structure, member)) = cast {
            let of = types::all().find_map(|(id, it)| match it {
                C::Structure(known, ..) | C::Union(known, ..) => {
                    (*known == structure).then_some(id)
                }
                _ => None,
            })?;
            let (mut address, _) = pointed(self.call, place)?;

            if let Some(member) = member {
                let (bit, ..) = find(of, member)?;

                address = address.map(|address| address.wrapping_sub(u64::from(bit / 8)));
            }
            if !self.skip("->") {
                return None;
            }
            let member = self.name()?;

            place = enter(at(address, of), member)?;
        }
        loop {
            if self.skip("->") {
                let (address, to) = pointed(self.call, place)?;
                let member = self.name()?;

                place = enter(at(address, to), member)?;
            } else if self.skip(".") {
                let member = self.name()?;

                place = match place {
                    Place::Memory(..) | Place::Nowhere(_, 0) => enter(place, member)?,
                    _ => return None,
                };
            } else if self.skip("[") {
                let number: u32 = self.take(|c| c != ']').parse().ok()?;

                if !self.skip("]") {
                    return None;
                }
                place = element(self.call, place, number)?;
            } else {
                return Some(place);
            }
        }
    }

    /// A property of the caller.
    fn caller(&mut self) -> Option<Says> {
        self.skip("$");
        let word = self.name()?;
        let call = self.call;

        self.names_caller = true;
        self.names_context |= word == "context";
        if word == "cap" {
            if !self.skip("(") {
                return None;
            }
            let name = self.quoted()?;

            if !self.skip(")") {
                return None;
            }
            let text = self.text;
            let _ = self.rest()?;
            // The compared object does not exist.
            return (text == self.text).then(|| call.capabilities.contains(&name).into());
        }
        let (operator, literal) = self.rest()?;
        let equal = |is_equal: bool| match operator {
            "==" => Some(Says::from(is_equal)),
            "!=" => Some(Says::from(!is_equal)),
            _ => None,
        };

        match (word, literal) {
            ("uid", Literal::Number(number)) => numbers(call.uid.into(), operator, number),
            ("gid", Literal::Number(number)) => numbers(call.gid.into(), operator, number),
            ("comm", Literal::Text(text)) => texts(call.comm, operator, text),
            ("exe", Literal::Text(path)) => equal(super::inode(path)? == call.program),
            ("cgroup", Literal::Text(path)) => equal(
                call.cgroup == path
                    || path == "/"
                    || call
                        .cgroup
                        .strip_prefix(path)
                        .is_some_and(|rest| rest.starts_with('/')),
            ),
            ("userns", Literal::Name("initial")) => equal(call.is_initial),
            ("context", Literal::Name(name)) => equal(call.context == name),
            _ => None,
        }
    }
}

/// A type without aliases and qualifiers, unless they exclude kernel memory.
fn plain(mut id: u32) -> Option<u32> {
    for _ in 0..100 {
        match c(id)? {
            C::Name(_, "user" | "percpu", _) => return None,
            C::Name(_, _, of) => id = *of,
            _ => return Some(id),
        }
    }
    None
}

fn size(id: u32) -> Option<u32> {
    Some(match c(plain(id)?)? {
        C::Integer(bytes, _)
        | C::Enumeration(bytes, ..)
        | C::Structure(_, bytes, _)
        | C::Union(_, bytes, _) => *bytes,
        C::Bool => 1,
        C::Pointer(_) => 8,
        C::Array(of, count) => size(*of)? * count,
        _ => return None,
    })
}

/// The size of a number or a pointer, and whether it is signed.
fn number_of(id: u32) -> Option<(u32, bool)> {
    match c(plain(id)?)? {
        C::Integer(bytes, signed) if *bytes <= 8 => Some((*bytes, *signed)),
        C::Enumeration(bytes, signed, _) => Some((*bytes, *signed)),
        C::Bool => Some((1, false)),
        C::Pointer(_) => Some((8, false)),
        _ => None,
    }
}

fn at(address: Option<u64>, id: u32) -> Place {
    match address {
        Some(address) => Place::Memory(address, id),
        None => Place::Nowhere(id, 0),
    }
}

/// The first bit, the type and the width of a member, including members of anonymous structures.
fn find(id: u32, name: &str) -> Option<(u32, u32, u8)> {
    let (C::Structure(its, _, all) | C::Union(its, _, all)) = c(plain(id)?)? else {
        return None;
    };

    if its.starts_with("compat_") {
        return None;
    }
    all.iter()
        .find_map(|(known, of, (bit, bits))| match *known {
            "" => find(*of, name).map(|(inner, of, bits)| (bit + inner, of, bits)),
            _ => (*known == name).then_some((*bit, *of, *bits)),
        })
}

fn enter(place: Place, name: &str) -> Option<Place> {
    match place {
        Place::Memory(address, id) => {
            let (bit, of, bits) = find(id, name)?;

            Some(match bits {
                0 => Place::Memory(address.wrapping_add(u64::from(bit / 8)), of),
                bits => Place::Field(address, bit, bits, of),
            })
        }
        Place::Nowhere(id, 0) => find(id, name).map(|(_, of, bits)| Place::Nowhere(of, bits)),
        _ => None,
    }
}

/// The target of a pointer, unless it is unreadable, and its type.
fn pointed(call: &Call, place: Place) -> Option<(Option<u64>, u32)> {
    let (address, id) = match place {
        Place::Value(value, id) => (Some(value), id),
        Place::Memory(address, id) => (little(call, address, 8), id),
        Place::Nowhere(id, 0) => (None, id),
        _ => return None,
    };
    let C::Pointer(to) = c(plain(id)?)? else {
        return None;
    };

    // Pointers to other address spaces have no target.
    if *to != types::VOID {
        plain(*to)?;
    }
    Some((address, *to))
}

fn element(call: &Call, place: Place, number: u32) -> Option<Place> {
    if let Place::Memory(_, id) | Place::Nowhere(id, 0) = place {
        if let C::Array(of, count) = c(plain(id)?)? {
            if *count != 0 && number >= *count {
                return None;
            }
            let behind = number.checked_mul(size(*of)?)?;

            return Some(match place {
                Place::Memory(address, _) => {
                    Place::Memory(address.wrapping_add(u64::from(behind)), *of)
                }
                _ => Place::Nowhere(*of, 0),
            });
        }
    }
    let (address, of) = pointed(call, place)?;
    let behind = u64::from(number) * u64::from(size(of)?);

    Some(at(address.map(|it| it.wrapping_add(behind)), of))
}

fn little(call: &Call, address: u64, bytes: u32) -> Option<u64> {
    (0..bytes).rev().try_fold(0, |value, index| {
        let byte = call.byte(address.wrapping_add(index.into()))?;

        Some(value << 8 | u64::from(byte))
    })
}

/// A number of `bits` bits, the highest of which may be its sign.
fn signed(value: u64, bits: u32, has_sign: bool) -> i128 {
    let value = i128::from(value) & ((1 << bits) - 1);

    match has_sign && value >> (bits - 1) != 0 {
        true => value - (1 << bits),
        false => value,
    }
}

fn numbers(value: i128, operator: &str, with: i128) -> Option<Says> {
    Some(
        match operator {
            "==" => value == with,
            "!=" => value != with,
            "<" => value < with,
            "<=" => value <= with,
            ">" => value > with,
            ">=" => value >= with,
            "&" => value & with != 0,
            _ => return None,
        }
        .into(),
    )
}

fn texts(text: &[u8], operator: &str, with: &str) -> Option<Says> {
    Some(
        match operator {
            "==" => text == with.as_bytes(),
            "!=" => text != with.as_bytes(),
            "~" => matches(text, with.as_bytes()),
            _ => return None,
        }
        .into(),
    )
}

/// Whether a pattern matches, by dynamic programming on suffixes.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    // The suffixes of the text that match the suffix of the pattern.
    let mut tails: Vec<bool> = (0..=text.len()).map(|at| at == text.len()).collect();

    for wanted in pattern.iter().rev() {
        let behind = tails.clone();

        for at in (0..=text.len()).rev() {
            tails[at] = match wanted {
                b'*' => behind[at] || (at < text.len() && tails[at + 1]),
                b'?' => at < text.len() && behind[at + 1],
                _ => at < text.len() && text[at] == *wanted && behind[at + 1],
            };
        }
    }
    tails[0]
}

fn compare(call: &Call, place: Place, operator: &str, literal: Literal<'_>) -> Option<Says> {
    let (id, width) = match place {
        Place::Value(_, id) | Place::Memory(_, id) => (id, 0),
        Place::Field(_, _, bits, id) | Place::Nowhere(id, bits) => (id, bits),
    };
    let number = match literal {
        Literal::Text(with) => return compare_text(call, place, operator, with),
        Literal::Number(number) => number,
        Literal::Name(name) => number_called(plain(id)?, name)?,
    };
    let (bytes, has_sign) = number_of(id)?;
    let bits = if width == 0 { 8 * bytes } else { width.into() };

    if matches!(c(plain(id)?)?, C::Pointer(_)) && (number != 0 || !["==", "!="].contains(&operator))
    {
        return None;
    }
    let value =
        match place {
            Place::Value(value, _) => Some(value),
            Place::Memory(address, _) => little(call, address, bytes),
            Place::Field(address, first, bits, _) => (first..first + u32::from(bits))
                .rev()
                .try_fold(0, |value, bit| {
                    let byte = call.byte(address.wrapping_add(u64::from(bit / 8)))?;

                    Some(value << 1 | u64::from(byte >> (bit % 8) & 1))
                }),
            Place::Nowhere(..) => None,
        };

    // Validity does not depend on memory.
    let says = numbers(signed(value.unwrap_or(0), bits, has_sign), operator, number)?;
    Some(if value.is_some() { says } else { Says::Unknown })
}

/// The number of an enumerator or constant, for a comparison with type `id`.
fn number_called(id: u32, name: &str) -> Option<i128> {
    let enumerators = types::all().filter_map(|(of, it)| match it {
        C::Enumeration(_, _, all) => Some((of, *all)),
        _ => None,
    });
    let listed = |wanted: Option<u32>| {
        enumerators
            .clone()
            .filter(|(of, _)| wanted.is_none_or(|wanted| wanted == *of))
            .flat_map(|(_, all)| all)
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    };
    let error = || match name.strip_prefix('-') {
        Some(name) => errno::number(name).map(|number| -i128::from(number)),
        None => errno::number(name).map(i128::from),
    };

    match name {
        "NULL" | "false" => Some(0),
        "true" => Some(1),
        _ => listed(Some(id)).or_else(error).or_else(|| listed(None)),
    }
}

/// Text ends with a NUL, or with its array, and is at most 62 characters long if its size is known.
fn compare_text(call: &Call, place: Place, operator: &str, with: &str) -> Option<Says> {
    let is_byte = |id| number_of(id).is_some_and(|(bytes, _)| bytes == 1);
    let array = match place {
        Place::Memory(address, id) => match c(plain(id)?)? {
            C::Array(of, count) => Some((Some(address), *of, *count)),
            _ => None,
        },
        Place::Nowhere(id, 0) => match c(plain(id)?)? {
            C::Array(of, count) => Some((None, *of, *count)),
            _ => None,
        },
        _ => None,
    };
    let (address, of, count) = match array {
        Some(array) => array,
        None => {
            let (address, of) = pointed(call, place)?;

            (address, of, 0)
        }
    };
    let longest = if count == 0 { 63 } else { count.min(63) };
    let mut text = Vec::new();

    if !is_byte(of) {
        return None;
    }
    let says = texts(b"", operator, with)?;
    let Some(address) = address else {
        return Some(Says::Unknown);
    };
    for index in 0..longest {
        match call.byte(address.wrapping_add(index.into())) {
            None => return Some(Says::Unknown),
            Some(0) => return texts(&text, operator, with),
            Some(byte) => text.push(byte),
        }
    }
    Some(match text.len() {
        63 => Says::Unknown,
        0 => says,
        _ => texts(&text, operator, with)?,
    })
}
