// SPDX-License-Identifier: GPL-2.0-only

//! Addresses that can be traced and probed.

use super::{
    bytes::{u32_at, u64_at},
    symbols::{Within, MAX_COUNT},
    Architecture, Image,
};
use std::ops::Range;

/// Ranges that cannot be probed.
#[derive(Default)]
pub(super) struct Blacklist {
    /// Sorted by address, without overlaps.
    pub(super) ranges: Vec<Range<u64>>,
}

impl Blacklist {
    /// Creates it from `ranges`, which may overlap.
    fn new(mut ranges: Vec<Range<u64>>) -> Self {
        let mut merged: Vec<Range<u64>> = Vec::new();

        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        for range in ranges {
            match merged.last_mut().filter(|last| last.end >= range.start) {
                Some(last) => last.end = last.end.max(range.end),
                None => merged.push(range),
            }
        }
        Self { ranges: merged }
    }

    /// Whether it contains `address`.
    pub(super) fn contains(&self, address: u64) -> bool {
        let after = self.ranges.partition_point(|range| range.start <= address);

        self.ranges[..after]
            .last()
            .is_some_and(|range| range.contains(&address))
    }
}

/// The blacklist of `image`, including these functions and areas of modules. It is built as the
/// kernel does at boot.
pub(super) fn blacklist(image: &Image, functions: &[u64], areas: &[Range<u64>]) -> Blacklist {
    let listed = image
        .between("__start_kprobe_blacklist", "__stop_kprobe_blacklist")
        .and_then(|range| image.memory.range(range))
        .unwrap_or_default()
        .chunks_exact(8)
        .take(MAX_COUNT)
        .filter_map(|entry| u64_at(entry, 0));
    let others: &[&str] = match image.architecture() {
        Architecture::X86 => &[],
        Architecture::Arm64 => &["irqentry", "hyp", "hyp_idmap", "idmap"],
    };
    let texts = ["kprobes", "noinstr", "entry"]
        .iter()
        .chain(others)
        .filter_map(|name| {
            image.between(
                &format!("__{name}_text_start"),
                &format!("__{name}_text_end"),
            )
        });
    let mut ranges = Vec::new();

    for function in listed.chain(functions.iter().copied()) {
        ranges.extend(of_symbol(image, function));
    }
    for area in texts.chain(areas.iter().cloned()) {
        let mut at = area.start;

        while at < area.end {
            let Some(range) = of_symbol(image, at) else {
                break;
            };

            at = range.end.max(at + 1);
            ranges.push(range);
        }
        // Everything in it is blacklisted, even without a symbol.
        ranges.push(area);
    }
    Blacklist::new(ranges)
}

/// The range from `address` to the end of the symbol there.
fn of_symbol(image: &Image, address: u64) -> Option<Range<u64>> {
    image.area(address)?;
    let symbol = image.extent(address)?;

    Some(address..address.checked_add(symbol.end - symbol.start)?)
}

/// The original of the compiler-generated variant at `address`.
pub(super) fn original(image: &Image, address: u64) -> Option<u64> {
    let symbol = image.symbol_of(address)?;
    let (name, _) = symbol.name.split_once('.')?;

    image
        .named(Within::Anywhere, name)
        .map(|original| original.address)
        .next()
}

/// The first instruction of an arm64 function that can be called indirectly: `bti c`.
const LANDING_PAD: u32 = 0xd503_245f;

/// The offset of the ftrace call in the function at `entry`, in bytes, if its compiler reserved
/// space for it.
pub(super) fn site_behind(image: &Image, entry: u64) -> u64 {
    const ENDBR64: u32 = 0xfa1e_0ff3;
    let first = image
        .read(entry, 4)
        .and_then(|bytes| u32_at(bytes, 0))
        .unwrap_or(0);

    match (image.architecture(), first) {
        (Architecture::X86, ENDBR64) => 4,
        (Architecture::X86, _) => 0,
        // The first of two instructions saves the return address.
        (Architecture::Arm64, LANDING_PAD) => 8,
        (Architecture::Arm64, _) => 4,
    }
}

/// The ftrace location for the listed `place`. On arm64, the list has the start of the reserved
/// space: at the entry of the function, after its landing pad, or two instructions before the
/// entry.
pub(super) fn site(image: &Image, place: u64) -> u64 {
    if image.architecture() == Architecture::X86 {
        return place;
    }
    let begins = |address: &u64| image.names(*address).next().is_some();
    let entry = [place, place.wrapping_sub(4)]
        .into_iter()
        .find(begins)
        .unwrap_or(place.wrapping_add(8));

    entry.wrapping_add(site_behind(image, entry))
}

/// The listed ftrace locations in the kernel of `image`.
pub(super) fn traced(image: &Image) -> Vec<u64> {
    let places = image
        .between("__start_mcount_loc", "__stop_mcount_loc")
        .and_then(|range| image.memory.range(range))
        .unwrap_or_default();

    places
        .chunks_exact(8)
        .take(MAX_COUNT)
        .filter_map(|entry| u64_at(entry, 0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_merged() {
        let list = Blacklist::new(vec![30..40, 10..20, 15..25, 25..26, 12..13]);

        assert_eq!(list.ranges, [10..26, 30..40]);
        assert!(list.contains(10) && list.contains(25) && list.contains(39));
        assert!(!list.contains(9) && !list.contains(26) && !list.contains(40));
    }
}
