// SPDX-License-Identifier: GPL-2.0-only

//! Files that may come from anywhere: they are regular ones, so that reading them ends, and no
//! larger than what they should have can be.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Opens the file at `path` to be read. Fails if it is something else than a file: a pipe may make
/// its reader wait for ever, and a device may have no end.
pub fn open(path: &Path) -> io::Result<File> {
    open_or(path, "or copy it to one first")
}

/// The same, with another way out for what is no file.
fn open_or(path: &Path, way_out: &str) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;

    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other(format!(
            "it is a directory, a pipe or a device; name a regular file, {way_out}"
        ))),
    }
}

/// All that the file at `path` has. Fails if that is more than `limit` bytes.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    all(open(path)?, limit)
}

/// The same as text. Fails also if it is none.
pub fn text(path: &Path, limit: u64) -> io::Result<String> {
    as_text(read(path, limit)?)
}

/// What comes from the standard input, which may be anything, if `path` is "-", and else what the
/// file there has. Fails if that is more than `limit` bytes.
pub fn input(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    match path.as_os_str() == "-" {
        true => all(io::stdin().lock(), limit),
        false => all(
            open_or(path, "or - and have it in the standard input")?,
            limit,
        ),
    }
}

/// The same as text. Fails also if it is none.
pub fn input_text(path: &Path, limit: u64) -> io::Result<String> {
    as_text(input(path, limit)?)
}

/// All that is read from there. Fails if that is more than `limit` bytes.
pub fn all(from: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();

    from.take(limit + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > limit {
        false => Ok(bytes),
        true => Err(io::Error::other(format!(
            "it is larger than {} MiB, which is more than such a file can have",
            limit >> 20
        ))),
    }
}

/// `text` from a file, or about what is in it, as part of a sentence: one line, not too long, and
/// nothing that a terminal takes for something else than characters.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 400;
    let words: Vec<_> = text.split_whitespace().collect();
    let mut line = words.join(" ").replace(char::is_control, "?");

    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push_str("...");
    }
    line
}

fn as_text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{env, fs};

    #[test]
    fn what_is_shown_is_one_line() {
        assert_eq!(shown(" one\n\ttwo "), "one two");
        assert_eq!(shown("red \x1b[31m"), "red ?[31m");
        assert_eq!(shown(&"é".repeat(400)), "é".repeat(400));
        assert_eq!(shown(&"é".repeat(401)), "é".repeat(400) + "...");
    }

    #[test]
    fn only_files_that_end_are_read() {
        let path = env::temp_dir().join(format!("killswitch-{}-file", std::process::id()));

        fs::write(&path, "four").unwrap();
        let all = text(&path, 4);
        let more = text(&path, 3);
        fs::write(&path, b"\xff").unwrap();
        let binary = text(&path, 4);
        fs::remove_file(&path).unwrap();

        assert_eq!(all.unwrap(), "four");
        assert!(more.unwrap_err().to_string().contains("larger than 0 MiB"));
        assert!(binary.unwrap_err().to_string().starts_with("invalid utf-8"));
        for other in ["/dev/zero", "/dev/null", "/"] {
            let error = text(Path::new(other), 4).unwrap_err().to_string();

            assert!(error.starts_with("it is a directory, a pipe"), "{error}");
        }
    }
}
