// SPDX-License-Identifier: GPL-2.0-only

//! Growing text, quoting, and hashes of names.

use core::fmt::{
    self,
    Write, //
};
use kernel::prelude::*;

/// The initial capacity, in bytes: a line, since text is written in small pieces.
const LINE: usize = 256;

/// Text that grows with each write. A write fails only on -ENOMEM.
pub(crate) struct Text(KVec<u8>);

impl Text {
    /// Makes an empty text.
    pub(crate) fn new() -> Self {
        Self(KVec::new())
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        // Only valid UTF-8 was written.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// A copy of the text.
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

/// Text for use between quotes: quotes and backslashes in it are escaped by a backslash.
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

/// Untrusted text in quotes, with a full stop for each special or unprintable byte.
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

/// FNV-1a. A collision costs time only.
pub(crate) fn hash(name: &str) -> usize {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ usize::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}
