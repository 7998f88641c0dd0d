// SPDX-License-Identifier: GPL-2.0-only

//! Stand-in for security/securityfs.rs.

use super::capability::Opener;
use crate::machine::{machine, File};
use kernel::prelude::*;
use std::{
    fmt::{self, Write},
    marker::PhantomData,
};

pub(crate) type Input<'a> = Option<&'a [u8]>;

pub(crate) trait Show {
    fn show(key: usize, opener: &Opener<'_>, out: &mut Out<'_>) -> Result;
}

pub(crate) trait Store: Show {
    fn store(key: usize, opener: &Opener<'_>, input: Input<'_>) -> Result;
}

pub(crate) trait Converse {
    fn answer(opener: &Opener<'_>, input: Input<'_>) -> (Result, KVec<u8>);
}

/// A directory, by its path.
pub(crate) struct Directory(String);

impl Directory {
    pub(crate) fn new(name: &CStr, parent: Option<&Directory>) -> Result<Self> {
        let name = name.to_str()?;
        let path = match parent {
            Some(parent) => format!("{}/{name}", parent.0),
            None => name.to_string(),
        };

        create(&path, 0, None)?;
        Ok(Self(path))
    }

    pub(crate) fn add(
        &self,
        name: &CStr,
        _: u16,
        key: usize,
        operations: &'static Operations,
    ) -> Result {
        let path = format!("{}/{}", self.0, name.to_str()?);

        create(&path, key, Some(operations))
    }

    pub(super) fn path(&self) -> &str {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let below = format!("{}/", self.0);

        machine(|m| {
            m.files
                .retain(|path, _| *path != self.0 && !path.starts_with(&below));
        });
    }
}

fn create(path: &str, key: usize, operations: Option<&'static Operations>) -> Result {
    machine(|m| {
        if m.files.contains_key(path) {
            return Err(EEXIST);
        }
        let file = File { key, operations };

        m.files.insert(path.to_string(), file);
        Ok(())
    })
}

type ShowIt = fn(usize, &Opener<'_>, &mut Out<'_>) -> Result;
type StoreIt = fn(usize, &Opener<'_>, Input<'_>) -> Result;
type AnswerIt = fn(&Opener<'_>, Input<'_>) -> (Result, KVec<u8>);

pub(crate) struct Operations {
    show: Option<ShowIt>,
    store: Option<StoreIt>,
    answer: Option<AnswerIt>,
}

impl Operations {
    pub(crate) const fn show<T: Show>() -> Self {
        Self {
            show: Some(T::show),
            store: None,
            answer: None,
        }
    }

    pub(crate) const fn store<T: Store>() -> Self {
        Self {
            show: Some(T::show),
            store: Some(T::store),
            answer: None,
        }
    }

    pub(crate) const fn converse<T: Converse>() -> Self {
        Self {
            show: None,
            store: None,
            answer: Some(T::answer),
        }
    }
}

pub(crate) struct Out<'a>(&'a mut String);

impl Write for Out<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

/// An open file, which can outlive its directory.
impl File {
    pub(crate) fn read(self) -> Result<String> {
        let mut text = String::new();

        (self.operations.unwrap().show.unwrap())(
            self.key,
            &Opener(PhantomData),
            &mut Out(&mut text),
        )?;
        Ok(text)
    }

    pub(crate) fn write(self, text: &str) -> Result {
        let store = self.operations.unwrap().store.unwrap();

        store(self.key, &Opener(PhantomData), input(text))
    }

    /// Writes a request and reads the answer.
    pub(crate) fn ask(self, text: &str) -> (Result, String) {
        let ask = self.operations.unwrap().answer.unwrap();
        let (result, answer) = ask(&Opener(PhantomData), input(text));

        (result, String::from_utf8(answer.to_vec()).unwrap())
    }
}

fn input(text: &str) -> Input<'_> {
    Some(text.as_bytes()).filter(|bytes| bytes.len() <= crate::command::MAX_INPUT)
}

/// Opens the file at `path`, if it exists.
pub(crate) fn find(path: &str) -> Option<File> {
    let path = format!("killswitch/{path}");

    machine(|m| m.files.get(&path).copied()).or_else(|| {
        let (parent, name) = path.rsplit_once('/')?;
        let (directory, entry) = parent.rsplit_once('/')?;
        let content = machine(|m| m.filled.get(directory).copied())?;
        let (key, operations) = content.look_up(entry, name)?;
        let operations = Some(operations);

        Some(File { key, operations })
    })
}

/// Opens a file that always exists.
pub(crate) fn open(path: &str) -> File {
    find(path).unwrap()
}
