// SPDX-License-Identifier: GPL-2.0-only

//! Stand-in for security/directory.rs.

use super::securityfs::{Directory, Operations};
use crate::machine::machine;

pub(crate) const MAX_NAME: usize = 255;

pub(crate) trait Entries {
    const FILES: &'static [File];
    fn find(name: &str) -> Option<usize>;
    fn exists(key: usize) -> bool;
    fn next(from: usize, name: &mut [u8; MAX_NAME]) -> Option<(usize, usize)>;
}

pub(crate) struct File {
    pub(crate) name: &'static str,
    #[allow(dead_code)]
    pub(crate) mode: u16,
    pub(crate) operations: &'static Operations,
}

/// [`Entries::next`].
type Next = fn(usize, &mut [u8; MAX_NAME]) -> Option<(usize, usize)>;

/// The functions of one kind of [`Entries`].
pub(crate) struct Content {
    files: &'static [File],
    find: fn(&str) -> Option<usize>,
    exists: fn(usize) -> bool,
    next: Next,
}

struct Of<T>(std::marker::PhantomData<T>);

impl<T: Entries> Of<T> {
    const CONTENT: Content = Content {
        files: T::FILES,
        find: T::find,
        exists: T::exists,
        next: T::next,
    };
}

impl Directory {
    pub(crate) fn fill<T: Entries>(&self) {
        machine(|m| m.filled.insert(self.path().to_string(), &Of::<T>::CONTENT));
    }
}

impl Content {
    /// The key and the operations of a file.
    pub(crate) fn look_up(&self, entry: &str, name: &str) -> Option<(usize, &'static Operations)> {
        let key = (self.find)(entry)?;
        let file = self.files.iter().find(|file| file.name == name)?;

        assert!((self.exists)(key));
        Some((key, file.operations))
    }

    /// All entries, in the order of the listing.
    pub(crate) fn list(&self) -> Vec<String> {
        let mut name = [0; MAX_NAME];
        let (mut from, mut all) = (1, Vec::new());

        while let Some((key, length)) = (self.next)(from, &mut name) {
            assert!(key >= from);
            from = key + 1;
            all.push(String::from_utf8(name[..length].to_vec()).unwrap());
        }
        all
    }
}
