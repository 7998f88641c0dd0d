// SPDX-License-Identifier: GPL-2.0-only

//! Text that others chose, as a terminal may get it: the names of programs, cgroups and symbols,
//! and what stands in files, can have characters that a terminal obeys or that hide what is behind
//! them.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
    mem,
};

/// What a text of several lines has.
pub const OF_LINES: &[char] = &['\n', '\t'];

/// Whether a terminal shows it, and neither obeys it nor draws what follows elsewhere.
fn is_shown(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// `text`, with `\u001b` or the like for each character that a terminal would not show and that is
/// not among `kept`. In JSON, where such a character can only be part of a string, that means the
/// same.
pub fn escape<'a>(text: &'a str, kept: &[char]) -> Cow<'a, str> {
    let is_plain = |letter: char| is_shown(letter) || kept.contains(&letter);

    if text.chars().all(is_plain) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 8);

    for letter in text.chars() {
        if is_plain(letter) {
            escaped.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // A string takes all that is written to it.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped.into()
}

/// Writes lines of text, [escaped](escape()).
pub struct Printable<W> {
    inner: W,
    /// The beginning of a character whose end was not written yet.
    held: Vec<u8>,
}

impl<W: Write> Printable<W> {
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            held: Vec::new(),
        }
    }

    /// What it writes to, for what is to be written as it is.
    pub fn as_it_is(&mut self) -> &mut W {
        &mut self.inner
    }
}

impl<W: Write> Write for Printable<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&all) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => all.len(),
        };

        self.held = all.split_off(whole);
        let text = String::from_utf8_lossy(&all);
        self.inner.write_all(escape(&text, OF_LINES).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_terminal_obeys_none_of_it() {
        for (text, expected) in [
            ("f returns -EPERM", "f returns -EPERM"),
            ("größer, 大きい, 👍", "größer, 大きい, 👍"),
            ("\x1b[2J\x1b]0;title\x07", r"\u001b[2J\u001b]0;title\u0007"),
            ("a\rb\x08c\x7f", r"a\u000db\u0008c\u007f"),
            ("\u{9b}31m", r"\u009b31m"),
            ("safe\u{202e}evas", r"safe\u202eevas"),
            ("a\u{200b}b\u{2066}c\u{feff}", r"a\u200bb\u2066c\ufeff"),
            ("\u{e0041}", r"\udb40\udc41"),
            ("a\nb\tc", r"a\u000ab\u0009c"),
        ] {
            assert_eq!(escape(text, &[]), expected);
        }
        assert_eq!(escape("a\nb\tc\r", OF_LINES), "a\nb\tc\\u000d");
    }

    proptest! {
        /// In JSON, what is escaped means what it did.
        #[test]
        fn json_means_the_same(text in any::<String>()) {
            let json = serde_json::to_string_pretty(&[&text]).unwrap();
            let back: [String; 1] = serde_json::from_str(&escape(&json, OF_LINES)).unwrap();

            prop_assert_eq!(&back[0], &text);
        }

        /// However it is written, all of it is.
        #[test]
        fn pieces_are_put_together(text in "[a-zä大👍\n\x1b]{0,20}", size in 1usize..5) {
            let mut out = Vec::new();
            let mut printable = Printable::new(&mut out);

            for piece in text.as_bytes().chunks(size) {
                printable.write_all(piece).unwrap();
            }
            prop_assert_eq!(String::from_utf8(out).unwrap(), escape(&text, OF_LINES));
        }
    }
}
