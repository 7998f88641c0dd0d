// SPDX-License-Identifier: GPL-2.0-only

//! Errors of kernel files.

use std::{
    borrow::Cow,
    fmt, io,
    path::{Path, PathBuf},
};

/// An error about a file: its path, and one sentence.
#[derive(Debug)]
pub struct Error {
    path: PathBuf,
    problem: Problem,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path.display(), self.problem.0)
    }
}

impl std::error::Error for Error {}

/// An error without the path of the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem(Cow<'static, str>);

impl Problem {
    /// Adds the path of the file.
    pub(super) fn with(self, path: &Path) -> Error {
        Error {
            path: path.into(),
            problem: self,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<&'static str> for Problem {
    fn from(sentence: &'static str) -> Self {
        Self(sentence.into())
    }
}

impl From<String> for Problem {
    fn from(sentence: String) -> Self {
        Self(sentence.into())
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self(format!("it cannot be read: {error}").into())
    }
}

impl From<object::read::Error> for Problem {
    fn from(error: object::read::Error) -> Self {
        Self(format!("it is not a complete ELF file: {error}").into())
    }
}
