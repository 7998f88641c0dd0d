// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's embedded symbol table, the source of /proc/kallsyms, found by its structure.
//!
//! The tables are consecutive in read-only data, in this order; there is no index of them:
//!
//! - the number of symbols, 32 bits;
//! - their names: for each, its compressed length in bytes, and that many token numbers. A length
//!   above 127 has 7 bits in a first byte, with the top bit set, and the rest in a second one;
//! - markers: the offset of every 256th symbol's name, 32 bits each;
//! - in some kernels, such as Linux 6.1.172, the order of the names, 24 bits for each symbol;
//! - the 256 tokens, which are strings;
//! - their offsets, 16 bits each;
//! - addresses, 32 bits each, in one of several encodings. In old kernels they come first.
//!
//! The first character of a name is the type of the symbol.

use super::{
    bytes::{before_nul, u16_at, u32_at, u64_at},
    error::Problem,
    memory::Memory,
    symbols::{List, MAX_COUNT, MAX_NAME},
};
use std::ops::{Range, RangeInclusive};

/// The number of tokens.
const TOKENS: usize = 256;
/// The number of symbols per marker.
const PER_MARKER: usize = 256;
/// The size of a symbol's entry in the order of names, in bytes.
const ORDER: usize = 3;
/// For how many token tables an order of names is searched: a kernel has one.
const MAX_SEARCHES: usize = 16;
/// The size of the token index, in bytes.
const INDEX: usize = 2 * TOKENS;
/// Maximum length of a token, in bytes.
const MAX_TOKEN: usize = 512;
/// Maximum alignment of tables, in bytes: the gap between two tables is smaller.
const MAX_ALIGNMENT: usize = 8;
/// Minimum alignment of tables.
const ALIGNMENT: usize = 4;

/// Finds the tables in `memory`, and reads the symbols, sorted by address. `Ok(None)` if there are
/// none.
pub(super) fn find(memory: &Memory) -> Result<Option<List>, Problem> {
    let mut searches = MAX_SEARCHES;

    for (start, bytes) in memory.pieces() {
        let first = (start.wrapping_neg() % ALIGNMENT as u64) as usize;

        for index in (first..bytes.len()).step_by(ALIGNMENT) {
            let Some(tables) = Tables::with_index_at(bytes, index, &mut searches) else {
                continue;
            };
            if let Some(addresses) = tables.addresses(memory, start) {
                return tables.symbols(&addresses).map(Some);
            }
        }
    }
    Ok(None)
}

/// Offsets of the tables in the bytes that contain them.
struct Tables<'a> {
    bytes: &'a [u8],
    tokens: Vec<&'a [u8]>,
    count: usize,
    /// The offset of the number of symbols.
    start: usize,
    names: Range<usize>,
    /// The end of the token index.
    end: usize,
}

impl<'a> Tables<'a> {
    /// The tables whose token index is at `index`, if it is valid. Takes one of the `searches` if
    /// the order of names may be among them.
    fn with_index_at(bytes: &'a [u8], index: usize, searches: &mut usize) -> Option<Self> {
        let (table, tokens) = tokens(bytes, index)?;

        let found = |gap: usize, is_between: &dyn Fn(&Markers<'_>) -> bool| {
            let markers = markers(bytes, table.checked_sub(gap)?).filter(is_between)?;

            names(bytes, &markers)
        };
        // Padding before the tokens can be mistaken for a marker.
        let padded = || {
            (0..MAX_ALIGNMENT)
                .step_by(ALIGNMENT)
                .find_map(|gap| found(gap, &|_| true))
        };
        let with_order = || {
            *searches = searches.checked_sub(1)?;
            (0..ORDER * MAX_COUNT).step_by(ALIGNMENT).find_map(|gap| {
                let counts = gap.saturating_sub(2 * MAX_ALIGNMENT) / ORDER..=gap / ORDER;

                found(gap, &|it| {
                    counts.start() <= it.counts().end() && it.counts().start() <= counts.end()
                })
            })
        };
        let (count, start, names) = padded().or_else(with_order)?;

        Some(Self {
            bytes,
            tokens,
            count,
            start,
            names,
            end: index + INDEX,
        })
    }

    /// The addresses of the symbols. `base` is the address of the bytes.
    fn addresses(&self, memory: &Memory, base: u64) -> Option<Vec<u64>> {
        let size = self.count.checked_mul(4)?;
        let behind = aligned(self.end, base, ALIGNMENT)?;
        let aligned_behind = aligned(self.end, base, MAX_ALIGNMENT)?;
        let base_behind = aligned(aligned_behind.checked_add(size)?, base, MAX_ALIGNMENT)?;
        // Old kernels have them before all other tables.
        let base_before = down(self.start.checked_sub(8)?, base, MAX_ALIGNMENT);
        let before = base_before.and_then(|it| down(it.checked_sub(size)?, base, MAX_ALIGNMENT));

        [
            Some((aligned_behind, Some(base_behind))),
            Some((behind, None)),
            before.map(|before| (before, base_before)),
        ]
        .into_iter()
        .flatten()
        .find_map(|(at, relative_to)| {
            let offsets = self.bytes.get(at..at.checked_add(size)?)?;
            let offsets = offsets.chunks_exact(4).filter_map(|it| u32_at(it, 0));

            match relative_to {
                Some(place) => {
                    let relative_to = u64_at(self.bytes, place)?;

                    memory.rest_at(relative_to)?;
                    relative(offsets, relative_to)
                }
                None => to_themselves(offsets, base.checked_add(at as u64)?, memory),
            }
        })
    }

    /// The symbols, which have these `addresses`.
    fn symbols(&self, addresses: &[u64]) -> Result<List, Problem> {
        let mut list = List::default();
        let mut at = self.names.start;
        let mut name = Vec::new();

        for address in addresses {
            let codes = symbol(self.bytes, at).ok_or("its symbol table is corrupt")?;

            name.clear();
            for code in &self.bytes[codes.clone()] {
                name.extend_from_slice(self.tokens[usize::from(*code)]);
                if name.len() > MAX_NAME + 1 {
                    break;
                }
            }
            let (kind, name) = name.split_first().ok_or("its symbol table is corrupt")?;

            list.push(*address, *kind, name)?;
            at = codes.end;
        }
        Ok(list)
    }
}

/// The next aligned offset from `at` on, with the bytes at address `base`.
fn aligned(at: usize, base: u64, alignment: usize) -> Option<usize> {
    let address = base.checked_add(at as u64)?;
    let gap = address.next_multiple_of(alignment as u64) - address;

    at.checked_add(gap as usize)
}

/// The last aligned offset up to `at`.
fn down(at: usize, base: u64, alignment: usize) -> Option<usize> {
    let address = base.checked_add(at as u64)?;

    at.checked_sub((address % alignment as u64) as usize)
}

/// The start of the tokens whose index is at `index`, and the tokens, if it is valid.
fn tokens(bytes: &[u8], index: usize) -> Option<(usize, Vec<&[u8]>)> {
    // The first two numbers rule out nearly all other data.
    if u16_at(bytes, index)? != 0 || u16_at(bytes, index + 2)? == 0 {
        return None;
    }
    let starts: Vec<usize> = bytes
        .get(index..index + INDEX)?
        .chunks_exact(2)
        .filter_map(|it| u16_at(it, 0).map(usize::from))
        .collect();
    let is_index = starts
        .windows(2)
        .all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= MAX_TOKEN);
    let last = *starts.last().filter(|_| is_index)?;
    // The last one may be empty.
    let shortest = (last + 1).next_multiple_of(ALIGNMENT);

    (0..=MAX_TOKEN).step_by(ALIGNMENT).find_map(|more| {
        let table = index.checked_sub(shortest + more)?;
        let tokens: Vec<&[u8]> = starts
            .iter()
            .zip(starts[1..].iter().map(|next| table + next).chain([index]))
            .map_while(|(start, end)| before_nul(&bytes[table + start..end]))
            .collect();
        let is_whole = tokens.len() == TOKENS
            && starts
                .windows(2)
                .zip(&tokens)
                .all(|(pair, token)| pair[1] - pair[0] == token.len() + 1);
        let end = table + last + tokens.last()?.len() + 1;
        let gap = bytes.get(end..index)?;
        let is_next = gap.len() < MAX_ALIGNMENT && gap.iter().all(|byte| *byte == 0);

        (is_whole && is_next).then_some((table, tokens))
    })
}

/// The markers that end at `end`, if any.
fn markers(bytes: &[u8], end: usize) -> Option<Markers<'_>> {
    let mut at = end;
    let mut next = u32::MAX;

    loop {
        at = at.checked_sub(4)?;
        let marker = u32_at(bytes, at)?;

        if marker >= next {
            return None;
        }
        // The first one is zero.
        if marker == 0 {
            break;
        }
        next = marker;
    }
    Some(Markers {
        start: at,
        table: &bytes[at..end],
    })
}

struct Markers<'a> {
    start: usize,
    table: &'a [u8],
}

impl Markers<'_> {
    fn count(&self) -> usize {
        self.table.len() / 4
    }

    /// How many symbols there may be.
    fn counts(&self) -> RangeInclusive<usize> {
        (self.count() - 1) * PER_MARKER + 1..=self.count() * PER_MARKER
    }

    fn get(&self, at: usize) -> Option<usize> {
        u32_at(self.table, 4 * at).map(|marker| marker as usize)
    }
}

/// The number of symbols, its offset, and the range of the names, which precede their markers.
fn names(bytes: &[u8], markers: &Markers<'_>) -> Option<(usize, usize, Range<usize>)> {
    /// Maximum size of the names after the last marker, in bytes.
    const LAST: usize = PER_MARKER * (MAX_NAME + 3) + MAX_ALIGNMENT;

    let counts = markers.counts();
    let last = markers.get(markers.count() - 1)?;
    let shortest = last.next_multiple_of(ALIGNMENT);

    (0..LAST).step_by(ALIGNMENT).find_map(|more| {
        let start = markers.start.checked_sub(shortest + more)?;

        // The preceding number is aligned as well.
        [4, 8].into_iter().find_map(|gap| {
            let place = start.checked_sub(gap)?;
            let count = u32_at(bytes, place)? as usize;

            if !counts.contains(&count) || count > MAX_COUNT {
                return None;
            }
            // The data after the last marker rules out nearly all other data.
            let end = behind(bytes, start + last, count - (counts.start() - 1))?;
            let is_next = end <= markers.start && markers.start - end < MAX_ALIGNMENT;

            (is_next && agree(bytes, start, markers)).then_some((count, place, start..end))
        })
    })
}

/// The end of `count` names that start at `at`.
fn behind(bytes: &[u8], at: usize, count: usize) -> Option<usize> {
    (0..count).try_fold(at, |at, _| symbol(bytes, at).map(|tokens| tokens.end))
}

/// Whether the names from `start` on match the markers.
fn agree(bytes: &[u8], start: usize, markers: &Markers<'_>) -> bool {
    (1..markers.count()).all(|at| {
        let (from, to) = (markers.get(at - 1), markers.get(at));

        from.and_then(|from| behind(bytes, start + from, PER_MARKER)) == to.map(|to| start + to)
    })
}

/// The tokens of the symbol at `at`. It has at least one.
fn symbol(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let first = usize::from(*bytes.get(at)?);
    let (start, length) = match first & 0x80 {
        0 => (at + 1, first),
        _ => (at + 2, first & 0x7f | usize::from(*bytes.get(at + 1)?) << 7),
    };

    bytes
        .get(start..start + length)
        .filter(|it| !it.is_empty())?;
    Some(start..start + length)
}

/// Addresses that are relative to `base`.
fn relative(offsets: impl Iterator<Item = u32> + Clone, base: u64) -> Option<Vec<u64>> {
    let unsigned = offsets
        .clone()
        .map(|offset| base.checked_add(offset.into()));
    // In old kernels, values that are not negative are absolute addresses of per-CPU data.
    let signed = offsets.map(|offset| match offset as i32 {
        address @ 0.. => Some(address as u64),
        offset => base.checked_add((-1 - i64::from(offset)) as u64),
    });

    in_order(unsigned).or_else(|| in_order(signed))
}

/// Addresses that are relative to their own places, the first one at `start`.
fn to_themselves(
    offsets: impl Iterator<Item = u32>,
    start: u64,
    memory: &Memory,
) -> Option<Vec<u64>> {
    let addresses = offsets.enumerate().map(|(at, offset)| {
        start
            .checked_add(4 * at as u64)?
            .checked_add_signed((offset as i32).into())
    });

    // The first one is the start of the kernel.
    in_order(addresses).filter(|all| all.first().is_some_and(|it| memory.rest_at(*it).is_some()))
}

/// All `addresses`, if they are sorted.
fn in_order(addresses: impl Iterator<Item = Option<u64>>) -> Option<Vec<u64>> {
    let addresses: Vec<u64> = addresses.collect::<Option<_>>()?;

    addresses.is_sorted().then_some(addresses)
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{kallsyms, Addresses, DATA, TEXT},
        *,
    };
    use proptest::prelude::*;

    const ALL: [Addresses; 4] = [
        Addresses::ToThemselves,
        Addresses::ToBase,
        Addresses::ToBaseBefore,
        Addresses::WithPerCpu,
    ];

    /// Memory with code, and with tables of `count` symbols after other data.
    fn memory(count: u64, how: Addresses, damage: impl FnOnce(&mut Vec<u8>)) -> Memory {
        let symbols: Vec<_> = (0..count)
            .map(|at| (TEXT + 8 * (at / 2), name(at)))
            .collect();
        let mut data = vec![0; 0x100];

        data.extend(kallsyms(&symbols, DATA + 0x100, how));
        damage(&mut data);
        let length = data.len();

        Memory::new(
            vec![vec![0x90; 0x10_0000], data],
            [(TEXT, 0, 0..0x10_0000), (DATA, 1, 0..length)],
        )
    }

    /// A type and a name, some of them long.
    fn name(at: u64) -> String {
        format!(
            "tlate_{at}_{}",
            "x".repeat(if at % 50 == 7 { 300 } else { 0 })
        )
    }

    #[test]
    fn tables_of_any_size_are_found() {
        for how in ALL {
            for count in [100, 255, 256, 257, 512, 1000] {
                let found = find(&memory(count, how, |_| ())).unwrap().unwrap();
                let found: Vec<_> = found
                    .iter()
                    .map(|(address, kind, name)| (address, format!("{}{name}", char::from(kind))))
                    .collect();
                let expected: Vec<_> = (0..count)
                    .map(|at| (TEXT + 8 * (at / 2), name(at)))
                    .collect();

                assert_eq!(found, expected, "{how:?}");
            }
        }
    }

    #[test]
    fn truncated_tables_are_not_found() {
        let length = memory(600, Addresses::ToThemselves, |_| ()).end() - DATA;

        // The tables are followed by 64 other bytes.
        for cut in (0..length as usize - 64).step_by(101) {
            let memory = memory(600, Addresses::ToThemselves, |data| data.truncate(cut));

            assert!(find(&memory).unwrap().is_none());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_panics(
            which in 0usize..4,
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let memory = memory(300, ALL[which], |data| {
                for (at, flip) in flips {
                    let at = at.index(data.len());

                    data[at] ^= flip;
                }
            });

            let _ = find(&memory);
        }
    }
}
