// SPDX-License-Identifier: GPL-2.0-only

//! How answers look: aligned columns, colours on terminals, and JSON.

use anstyle::{AnsiColor, Style};
use comfy_table::{presets::NOTHING, ContentArrangement, Table};
use serde::Serialize;
use std::{
    fmt::{Display, Write as _},
    io::{self, Write},
    time::Duration,
};

/// Where answers and problems go.
pub struct Screen<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    has_colours: bool,
    is_logged: bool,
}

impl<'a> Screen<'a> {
    /// The levels of the journal.
    pub const ERROR: u8 = 3;
    pub const WARNING: u8 = 4;

    /// Answers go to `out`, and problems to `err`, which the journal reads if it `is_logged`.
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

    /// Prints a line.
    pub fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// Prints text that has its line feeds, and what is waiting to be printed.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Says what is wrong. What was printed before is shown before it.
    pub fn problem(&mut self, text: impl Display) -> io::Result<()> {
        self.out.flush()?;
        writeln!(self.err, "killswitch: {text}")
    }

    /// The same, with a level if the journal reads it.
    pub fn logged(&mut self, level: u8, text: impl Display) -> io::Result<()> {
        self.out.flush()?;
        if self.is_logged {
            write!(self.err, "<{level}>")?;
        }
        writeln!(self.err, "killswitch: {text}")
    }

    /// Prints a line that is for the same eyes as [problems](Self::problem), as it is.
    pub fn problem_as_it_is(&mut self, text: impl Display) -> io::Result<()> {
        self.out.flush()?;
        writeln!(self.err, "{text}")
    }

    /// Prints a value as JSON.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value)?;
        writeln!(self.out)
    }

    /// Prints a value as JSON on a line, at once.
    pub fn json_line(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        writeln!(self.out)?;
        self.out.flush()
    }

    /// Prints rows below their titles, in columns. A column that is empty in all rows is left out.
    pub fn table(&mut self, titles: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let is_used = |column: usize| rows.iter().any(|row| !row[column].is_empty());
        let used: Vec<usize> = (0..titles.len()).filter(|it| is_used(*it)).collect();
        let mut table = Table::new();

        table
            .load_preset(NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(used.iter().map(|it| titles[*it]));
        for row in rows {
            table.add_row(used.iter().map(|it| &row[*it]));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.lines() {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// `text` in the colour of what it means, if there are colours.
    pub fn paint(&self, text: &str, meaning: Meaning) -> String {
        match meaning.style() {
            Some(style) if self.has_colours => format!("{style}{text}{style:#}"),
            _ => text.into(),
        }
    }
}

/// What a word means to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// All is as it should be.
    Good,
    /// It is not yet, or should be looked after.
    Waiting,
    /// Something is refused or does not work.
    Bad,
    /// Nothing in particular.
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

    /// What the state of an engagement means.
    pub fn of_state(state: &str) -> Self {
        match state {
            "engaged" => Meaning::Good,
            "armed" | "probing" | "observing" => Meaning::Waiting,
            "missing" | "disarmed" => Meaning::Bad,
            _ => Meaning::Plain,
        }
    }

    /// What the first word of an answer of the kernel means.
    pub fn of_answer(word: &str) -> Self {
        match word {
            "allow" | "engaged" | "disengaged" | "kept" | "sealed:" => Meaning::Good,
            "armed" | "watching" | "observing" => Meaning::Waiting,
            "refuse" | "refused" => Meaning::Bad,
            _ => Meaning::Plain,
        }
    }
}

/// A span of time in its largest two units, such as `3d 4h`.
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
            // A string takes all that is written to it.
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

    #[test]
    fn columns_are_aligned() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let mut out = Vec::new();
        let mut err = Vec::new();
        let mut screen = Screen::new(&mut out, &mut err, true, false);
        let green = screen.paint("engaged", Meaning::Good);

        screen
            .table(
                &["A", "B", "C"],
                &[row([&green, "", "long"]), row(["x", "", ""])],
            )
            .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "A        C\n\x1b[32mengaged\x1b[0m  long\nx\n"
        );
    }
}
