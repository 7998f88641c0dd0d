// SPDX-License-Identifier: GPL-2.0-only

//! Where the kernel can be traced and probed.

use super::{
    bytes::u64_at,
    symbols::{Within, MAX_COUNT},
    Image,
};
use std::ops::Range;

/// Where functions cannot be probed.
#[derive(Default)]
pub(super) struct Blacklist {
    /// Sorted by address. They do not overlap.
    pub(super) ranges: Vec<Range<u64>>,
}

impl Blacklist {
    /// Makes one of `ranges`, which may overlap.
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

    /// Whether `address` is on it.
    pub(super) fn contains(&self, address: u64) -> bool {
        let after = self.ranges.partition_point(|range| range.start <= address);

        self.ranges[..after]
            .last()
            .is_some_and(|range| range.contains(&address))
    }
}

/// The blacklist of `image`, whose modules have these functions and areas on it. It is made as the
/// kernel does it when it boots.
pub(super) fn blacklist(image: &Image, functions: &[u64], areas: &[Range<u64>]) -> Blacklist {
    let listed = image
        .between("__start_kprobe_blacklist", "__stop_kprobe_blacklist")
        .and_then(|range| image.memory.range(range))
        .unwrap_or_default()
        .chunks_exact(8)
        .take(MAX_COUNT)
        .filter_map(|entry| u64_at(entry, 0));
    let texts = ["kprobes", "noinstr", "entry"]
        .into_iter()
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
        // What lies in it belongs to it, even without a symbol.
        ranges.push(area);
    }
    Blacklist::new(ranges)
}

/// As far from `address` as the symbol there is long.
fn of_symbol(image: &Image, address: u64) -> Option<Range<u64>> {
    image.area(address)?;
    let symbol = image.extent(address)?;

    Some(address..address.checked_add(symbol.end - symbol.start)?)
}

/// The function that the one at `address` was made of by the compiler, which gave it a suffix.
pub(super) fn original(image: &Image, address: u64) -> Option<u64> {
    let symbol = image.symbol_of(address)?;
    let (name, _) = symbol.name.split_once('.')?;

    image
        .named(Within::Anywhere, name)
        .map(|original| original.address)
        .next()
}

/// The places for tracers in the kernel of `image`.
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
