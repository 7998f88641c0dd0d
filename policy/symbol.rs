// SPDX-License-Identifier: GPL-2.0-only

//! The name of a function, by value, so that a verdict can carry it.

use core::fmt;

/// The longest name that is kept in full, in bytes.
const ROOM: usize = 127;

/// The name of a function; a long one ends in `...`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Symbol {
    length: u8,
    bytes: [u8; ROOM],
}

impl Symbol {
    /// Copies `name`. Characters that are not printable ASCII become question marks.
    pub(crate) const fn new(name: &[u8]) -> Self {
        let mut bytes = [b'.'; ROOM];
        let is_long = name.len() > ROOM;
        let kept = if is_long { ROOM - 3 } else { name.len() };
        let mut index = 0;

        while index < kept {
            bytes[index] = match name[index] {
                byte @ b'!'..=b'~' => byte,
                _ => b'?',
            };
            index += 1;
        }
        Self {
            length: if is_long { ROOM } else { kept } as u8,
            bytes,
        }
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        // Always ASCII.
        core::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// The name of a function in type information. A variant with constant arguments, or with a suffix
/// that only makes its name unique, has the prototype of the original; other variants may have
/// another one.
pub(crate) fn typed_name(symbol: &str) -> &str {
    match symbol.split_once('.') {
        Some((original, suffix))
            if !original.is_empty()
                && (suffix.starts_with("constprop.") || suffix.starts_with("llvm."))
                && !suffix.contains("isra")
                && !suffix.contains("part") =>
        {
            original
        }
        _ => symbol,
    }
}
