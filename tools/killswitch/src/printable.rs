// SPDX-License-Identifier: GPL-2.0-only

//! Untrusted text on terminals: the names of programs, cgroups and symbols, and the content of
//! files, can contain characters that control a terminal or hide other text.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
    mem,
};

/// Characters that text of several lines contains.
pub const OF_LINES: &[char] = &['\n', '\t'];

/// Whether `letter` is printable: not a control character, and not one that reorders or hides text.
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

/// Returns `text` with `\u001b` or the like for each character that is not printable and not in
/// `kept`. In JSON, where such characters only occur in strings, the meaning is the same.
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
            // Writing to a string does not fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped.into()
}

/// Writes [escaped](escape()) lines of text.
pub struct Printable<W> {
    inner: W,
    /// The beginning of an incomplete character.
    held: Vec<u8>,
}

impl<W: Write> Printable<W> {
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            held: Vec::new(),
        }
    }

    /// The inner writer, for text that is not to be escaped.
    pub fn unescaped(&mut self) -> &mut W {
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
    fn control_characters_are_escaped() {
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
        /// Escaped JSON parses to the same value.
        #[test]
        fn escaped_json_parses_to_the_same_value(text in any::<String>()) {
            let json = serde_json::to_string_pretty(&[&text]).unwrap();
            let back: [String; 1] = serde_json::from_str(&escape(&json, OF_LINES)).unwrap();

            prop_assert_eq!(&back[0], &text);
        }

        /// Any split into writes gives the same output.
        #[test]
        fn partial_writes_are_joined(text in "[a-zä大👍\n\x1b]{0,20}", size in 1usize..5) {
            let mut out = Vec::new();
            let mut printable = Printable::new(&mut out);

            for piece in text.as_bytes().chunks(size) {
                printable.write_all(piece).unwrap();
            }
            prop_assert_eq!(String::from_utf8(out).unwrap(), escape(&text, OF_LINES));
        }
    }
}
