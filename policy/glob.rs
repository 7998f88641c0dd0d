// SPDX-License-Identifier: GPL-2.0-only

//! Patterns of names: `*` stands for any characters, also for none.

/// Whether all of `name` matches `pattern`.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if !may_end(pattern, name) {
        return false;
    }
    let mut parts = pattern.split(|byte| *byte == b'*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };

    // The first place that fits is as good as any later one, for what follows may be anywhere.
    for part in parts {
        match find(rest, part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether `name` may match `pattern`, as far as their last characters tell. Most names differ from
/// most patterns in that, if not in the first.
pub(super) fn may_end(pattern: &[u8], name: &[u8]) -> bool {
    matches!(pattern.last(), Some(b'*')) || pattern.last() == name.last()
}

/// Where `part` first is in `text`.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| window == part)
}

/// A bit for each two characters that stand side by side in `text`, other than `*`; several share
/// one. A name that matches a pattern has all bits that the pattern has.
pub(super) fn pairs(text: &[u8]) -> u64 {
    text.windows(2)
        .filter(|pair| !pair.contains(&b'*'))
        .map(|pair| u64::from(pair[0].wrapping_mul(7) ^ pair[1]) % 64)
        .fold(0, |bits, pair| bits | 1 << pair)
}
