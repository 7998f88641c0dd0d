// SPDX-License-Identifier: GPL-2.0-only

//! Reads files of unknown origin: only regular files, so that reading ends, and only up to a size
//! limit.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Opens the file at `path` for reading. Fails if it is not a regular file: reading from a pipe may
/// block for ever, and a device may have no end.
pub fn open(path: &Path) -> io::Result<File> {
    open_or(path, "or copy it to one first")
}

/// The same, with another hint in the error.
fn open_or(path: &Path, hint: &str) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;

    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other(format!(
            "it is a directory, a pipe or a device; name a regular file, {hint}"
        ))),
    }
}

/// Reads the file at `path`. Fails if it is larger than `limit` bytes.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    all(open(path)?, limit)
}

/// The same as text. Also fails if it is not UTF-8.
pub fn text(path: &Path, limit: u64) -> io::Result<String> {
    as_text(read(path, limit)?)
}

/// Reads the standard input, of any type, if `path` is "-", or else the file at `path`. Fails if
/// there are more than `limit` bytes.
pub fn input(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    match path.as_os_str() == "-" {
        true => all(io::stdin().lock(), limit),
        false => all(
            open_or(path, "or - and redirect the standard input")?,
            limit,
        ),
    }
}

/// The same as text. Also fails if it is not UTF-8.
pub fn input_text(path: &Path, limit: u64) -> io::Result<String> {
    as_text(input(path, limit)?)
}

/// Reads to the end. Fails if there are more than `limit` bytes.
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

/// `text` from a file, or about its content, for use in a message: one line, shortened, without
/// control characters.
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
    fn shown_text_is_one_line() {
        assert_eq!(shown(" one\n\ttwo "), "one two");
        assert_eq!(shown("red \x1b[31m"), "red ?[31m");
        assert_eq!(shown(&"é".repeat(400)), "é".repeat(400));
        assert_eq!(shown(&"é".repeat(401)), "é".repeat(400) + "...");
    }

    #[test]
    fn only_regular_files_are_read() {
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
