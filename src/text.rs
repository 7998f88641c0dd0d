// SPDX-License-Identifier: GPL-2.0-only

//! Text of any length, in memory, text between quotes, and hashes of names.

use core::fmt::{
    self,
    Write, //
};
use kernel::prelude::*;

/// Room for a line, in bytes. Texts are written in many small pieces.
const LINE: usize = 256;

/// Text that grows with what is written to it. A write fails only for lack of memory.
pub(crate) struct Text(KVec<u8>);

impl Text {
    /// Makes an empty text.
    pub(crate) fn new() -> Self {
        Self(KVec::new())
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        // Only text was written, so nothing is ever replaced here.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Another text like this one.
    pub(crate) fn try_clone(&self) -> Result<Self> {
        Self::try_from(self.as_str())
    }

    /// The text as bytes.
    pub(crate) fn into_bytes(self) -> KVec<u8> {
        self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl TryFrom<&str> for Text {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        let mut bytes = KVec::new();

        bytes.extend_from_slice(text.as_bytes(), GFP_KERNEL)?;
        Ok(Self(bytes))
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut append = || -> Result {
            if self.0.is_empty() {
                self.0.reserve(LINE, GFP_KERNEL)?;
            }
            Ok(self.0.extend_from_slice(text.as_bytes(), GFP_KERNEL)?)
        };

        append().map_err(|_| fmt::Error)
    }
}

/// Text that stands between quotes: a quote or backslash in it is preceded by a backslash.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if matches!(character, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(character)?;
        }
        Ok(())
    }
}

/// Text that a user chose, between quotes, with a full stop for each byte that could be mistaken
/// for something else.
pub(crate) struct Untrusted<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for byte in self.0 {
            f.write_char(match byte {
                b'"' | b'\\' => '.',
                b'!'..=b'~' | b' ' => char::from(*byte),
                _ => '.',
            })?;
        }
        f.write_char('"')
    }
}

/// FNV-1a. Two names with the same hash may cost time, and nothing else.
pub(crate) fn hash(name: &str) -> usize {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ usize::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}
