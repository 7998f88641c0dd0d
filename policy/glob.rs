// SPDX-License-Identifier: GPL-2.0-only

//! Patterns of names: `*` matches any number of characters.

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

    // The first match of each part is as good as any later one.
    for part in parts {
        match find(rest, part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether `name` may match `pattern`, by their last characters: a fast check that rejects most
/// names.
pub(super) fn may_end(pattern: &[u8], name: &[u8]) -> bool {
    matches!(pattern.last(), Some(b'*')) || pattern.last() == name.last()
}

/// The offset of the first `part` in `text`.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| window == part)
}

/// A bit set of the pairs of adjacent characters in `text`, without `*`; several pairs share a bit.
/// A name that matches a pattern has all bits of the pattern.
pub(super) fn pairs(text: &[u8]) -> u64 {
    text.windows(2)
        .filter(|pair| !pair.contains(&b'*'))
        .map(|pair| u64::from(pair[0].wrapping_mul(7) ^ pair[1]) % 64)
        .fold(0, |bits, pair| bits | 1 << pair)
}
