// SPDX-License-Identifier: GPL-2.0-only

//! Why a file of a kernel could not be read.

use std::{
    borrow::Cow,
    fmt, io,
    path::{Path, PathBuf},
};

/// Why a file could not be read: its path, and one sentence.
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

/// What is wrong with a file, before it is said which one it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem(Cow<'static, str>);

impl Problem {
    /// What is wrong with the file at `path`.
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
        Self(format!("it is no ELF file that is whole: {error}").into())
    }
}
