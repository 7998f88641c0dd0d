// SPDX-License-Identifier: GPL-2.0-only

//! Output: aligned columns, colours on terminals, and JSON. Untrusted text cannot affect the rest
//! of the output.

use crate::printable::{escape, OF_LINES};
use anstyle::{AnsiColor, Style};
use comfy_table::{presets::NOTHING, ContentArrangement, Table};
use serde::Serialize;
use std::{
    borrow::Cow,
    fmt::{Display, Write as _},
    io::{self, Write},
    time::Duration,
};

/// The destinations of answers and problems.
pub struct Screen<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    has_colours: bool,
    is_logged: bool,
}

impl<'a> Screen<'a> {
    /// Log levels of the journal.
    pub const ERROR: u8 = 3;
    pub const WARNING: u8 = 4;

    /// Prints answers to `out`, and problems to `err`, which the journal reads if it `is_logged`.
    pub fn new(
        out: &'a mut dyn Write,
        err: &'a mut dyn Write,
        has_colours: bool,
        is_logged: bool,
    ) -> Self {
        Self {
            out,
            err,
            has_colours,
            is_logged,
        }
    }

    /// Prints lines.
    pub fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "{}", shown(&text))
    }

    /// Prints a line of several parts, each with its colour.
    pub fn parts(&mut self, parts: &[Cell]) -> io::Result<()> {
        let line: String = parts.iter().map(|it| self.paint(it)).collect();

        writeln!(self.out, "{line}")
    }

    /// Prints text with its line feeds, and flushes the output.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(shown(&text).as_bytes())?;
        self.flush()
    }

    /// Flushes the output.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Reports a problem. Flushes earlier output first.
    pub fn problem(&mut self, text: impl Display) -> io::Result<()> {
        self.problem_parts(&[format!("killswitch: {text}").into()])
    }

    /// The same, with a level if the journal reads it.
    pub fn logged(&mut self, level: u8, text: impl Display) -> io::Result<()> {
        let level = match self.is_logged {
            true => format!("<{level}>"),
            false => String::new(),
        };

        self.problem_parts(&[format!("{level}killswitch: {text}").into()])
    }

    /// Prints a line to the same place as [problems](Self::problem), without a prefix.
    pub fn problem_parts(&mut self, parts: &[Cell]) -> io::Result<()> {
        let line: String = parts.iter().map(|it| self.paint(it)).collect();

        self.out.flush()?;
        writeln!(self.err, "{line}")
    }

    /// Prints a value as JSON.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string_pretty(value)?;

        writeln!(self.out, "{}", shown(&text))
    }

    /// Prints a value as a line of JSON, and flushes it.
    pub fn json_line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string(value)? + "\n";

        self.print(&text)
    }

    /// Prints rows below their titles, in columns. Leaves out empty columns, and shortens long text
    /// that would displace other columns.
    pub fn table(&mut self, titles: &[&str], rows: &[Vec<Cell>]) -> io::Result<()> {
        let is_used = |column: usize| rows.iter().any(|row| !row[column].text.is_empty());
        let used: Vec<usize> = (0..titles.len()).filter(|it| is_used(*it)).collect();
        let mut table = Table::new();

        table
            .load_preset(NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(used.iter().map(|it| titles[*it]));
        for row in rows {
            table.add_row(used.iter().map(|column| {
                let cell = &row[*column];
                // A cell is one line.
                let text = escape(&cell.text, &[]);
                let text = match Some(column) == used.last() {
                    true => text,
                    false => shortened(text),
                };

                self.paint(&Cell::new(text, cell.meaning))
            }));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.lines() {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// The text in its colour, if colours are enabled.
    fn paint(&self, cell: &Cell) -> String {
        let text = shown(&cell.text);

        match cell.meaning.style() {
            Some(style) if self.has_colours => format!("{style}{text}{style:#}"),
            _ => text,
        }
    }
}

/// Text of several lines, without unprintable characters.
fn shown(text: &impl Display) -> String {
    escape(&text.to_string(), OF_LINES).into_owned()
}

/// Shortens long `text` in the middle.
fn shortened(text: Cow<'_, str>) -> Cow<'_, str> {
    const HALF: usize = 40;
    let count = text.chars().count();

    if count <= 2 * HALF + 1 {
        return text;
    }
    let begin: String = text.chars().take(HALF).collect();
    let end: String = text.chars().skip(count - HALF).collect();

    format!("{begin}…{end}").into()
}

/// Text with its meaning.
#[derive(Clone)]
pub struct Cell {
    text: String,
    meaning: Meaning,
}

impl Cell {
    pub fn new(text: impl Into<String>, meaning: Meaning) -> Self {
        Self {
            text: text.into(),
            meaning,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Meaning::Plain)
    }
}

/// The meaning of a word, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Good.
    Good,
    /// Pending, or worth attention.
    Waiting,
    /// Refused or failed.
    Bad,
    /// Neutral.
    Plain,
}

impl Meaning {
    fn style(self) -> Option<Style> {
        let colour = match self {
            Meaning::Good => AnsiColor::Green,
            Meaning::Waiting => AnsiColor::Yellow,
            Meaning::Bad => AnsiColor::Red,
            Meaning::Plain => return None,
        };

        Some(colour.on_default())
    }

    /// The meaning of an engagement's state.
    pub fn of_state(state: &str) -> Self {
        match state {
            "engaged" => Meaning::Good,
            "armed" | "probing" | "observing" => Meaning::Waiting,
            "missing" | "disarmed" => Meaning::Bad,
            _ => Meaning::Plain,
        }
    }

    /// The meaning of the first word of a kernel's answer.
    pub fn of_answer(word: &str) -> Self {
        match word {
            "allow" | "engaged" | "disengaged" | "kept" | "sealed:" => Meaning::Good,
            "armed" | "watching" | "observing" => Meaning::Waiting,
            "refuse" | "refused" => Meaning::Bad,
            _ => Meaning::Plain,
        }
    }
}

/// A duration in its two largest units, such as `3d 4h`.
pub fn span(time: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let seconds = time.as_secs();
    let Some(first) = UNITS.iter().position(|(unit, _)| seconds >= *unit) else {
        return "0s".into();
    };
    let mut text = String::new();
    let mut left = seconds;

    for (unit, name) in UNITS.iter().skip(first).take(2) {
        let count = left / unit;

        left %= unit;
        if count > 0 {
            let blank = if text.is_empty() { "" } else { " " };
            // Writing to a string does not fail.
            let _ = write!(text, "{blank}{count}{name}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        for (seconds, expected) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3599, "59m 59s"),
            (3601, "1h"),
            (90061, "1d 1h"),
            (31_536_000, "365d"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), expected);
        }
    }

    /// The output on a terminal with colours.
    fn printed(print: impl FnOnce(&mut Screen<'_>) -> io::Result<()>) -> String {
        let (mut out, mut err) = (Vec::new(), Vec::new());

        print(&mut Screen::new(&mut out, &mut err, true, false)).unwrap();
        String::from_utf8([out, err].concat()).unwrap()
    }

    #[test]
    fn columns_are_aligned() {
        let engaged = || Cell::new("engaged", Meaning::Good);
        let rows = [
            vec![engaged(), "".into(), "long".into()],
            vec!["x".into(), "".into(), "".into()],
        ];

        assert_eq!(
            printed(|screen| screen.table(&["A", "B", "C"], &rows)),
            "A        C\n\x1b[32mengaged\x1b[0m  long\nx\n"
        );
    }

    #[test]
    fn untrusted_text_is_contained() {
        let hostile = "\x1b[32mx\x1b[0m\n\u{202e}y";
        let long = format!("/tmp/{}/end", "x".repeat(4000));
        let rows = [vec![hostile.into(), long.into(), "b".into()]];
        let bad = || Cell::new(hostile, Meaning::Bad);

        assert_eq!(
            printed(|screen| screen.table(&["A", "B", "C"], &rows)),
            format!(
                "{:<33}  {:<81}  C\n{}  {}…{}/end  b\n",
                "A",
                "B",
                r"\u001b[32mx\u001b[0m\u000a\u202ey",
                format_args!("/tmp/{}", "x".repeat(35)),
                "x".repeat(36),
            )
        );
        for text in [
            printed(|screen| screen.line(hostile)),
            printed(|screen| screen.parts(&[hostile.into()])),
            printed(|screen| screen.print(hostile)),
            printed(|screen| screen.problem(hostile)),
            printed(|screen| screen.logged(Screen::ERROR, hostile)),
            printed(|screen| screen.json(&hostile)),
            printed(|screen| screen.json_line(&hostile)),
        ] {
            assert!(!text.contains(['\x1b', '\u{202e}']), "{text:?}");
        }
        // The only escape sequences are our colours.
        assert_eq!(
            printed(|screen| screen.parts(&[bad()])),
            "\x1b[31m\\u001b[32mx\\u001b[0m\n\\u202ey\x1b[0m\n"
        );
    }
}
