// SPDX-License-Identifier: GPL-2.0-only

//! Directories of securityfs whose entries are created on lookup.
//!
//! Creating and removing files takes the lock of their directory, which a reader of the directory
//! can hold for any time. So nothing is created or removed here: an entry exists if its [`Entries`]
//! say so. Lookups take that lock, too, so only root may do them.
//!
//! C header: [`include/linux/fs.h`](srctree/include/linux/fs.h)

use super::securityfs::{
    Directory,
    Operations, //
};
use core::marker::PhantomData;
use kernel::{
    bindings,
    error::code::ENOENT,
    ffi::{
        c_int,
        c_uint, //
    },
    prelude::*,
    str::CStrExt, //
};

/// The longest name of an entry, in bytes.
pub(crate) const MAX_NAME: usize = bindings::NAME_MAX as usize;

/// Things that have a directory each. Each has a name, and a unique number from 1 on, its key,
/// which is never reused. None of the functions may sleep.
pub(crate) trait Entries {
    /// The files in each directory. Their [`Operations`] get the key.
    const FILES: &'static [File];

    /// The key of the one called `name`.
    fn find(name: &str) -> Option<usize>;

    /// Whether the one with this key still exists.
    fn exists(key: usize) -> bool;

    /// The lowest existing key from `from` on, and the length of its name, which is copied to
    /// `name`.
    fn next(from: usize, name: &mut [u8; MAX_NAME]) -> Option<(usize, usize)>;
}

/// A file in the directory of each entry.
pub(crate) struct File {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its permissions.
    pub(crate) mode: u16,
    /// Its file operations.
    pub(crate) operations: &'static Operations,
}

impl Directory {
    /// Makes `T` the content of this directory, which must be new. May sleep.
    pub(crate) fn fill<T: Entries>(&self) {
        // SAFETY: The directory is valid, and the operations live forever.
        unsafe {
            bindings::killswitch_set_operations(
                self.as_ptr(),
                &VTable::<T>::TOP,
                &VTable::<T>::TOP_FILE,
            )
        };
    }
}

/// The inode number of the file with this index in the directory of `key`, or of that directory
/// itself if there is no index. Other files of securityfs are numbered from 1 on.
fn inode_number(key: usize, index: Option<usize>) -> u64 {
    (key * 16 + index.map_or(0, |index| index + 1)) as u64 | 1 << 31
}

struct VTable<T: Entries>(PhantomData<T>);

impl<T: Entries> VTable<T> {
    const TOP: bindings::inode_operations = bindings::inode_operations {
        lookup: Some(Self::lookup_entry),
        ..pin_init::zeroed()
    };
    const TOP_FILE: bindings::file_operations = Self::directory(Self::list_entries);
    const ENTRY: bindings::inode_operations = bindings::inode_operations {
        lookup: Some(Self::lookup_file),
        ..pin_init::zeroed()
    };
    const ENTRY_FILE: bindings::file_operations = Self::directory(Self::list_files);
    const DENTRY: bindings::dentry_operations = bindings::dentry_operations {
        d_revalidate: Some(Self::revalidate),
        d_delete: Some(bindings::always_delete_dentry),
        ..pin_init::zeroed()
    };

    const fn directory(
        list: unsafe extern "C" fn(*mut bindings::file, *mut bindings::dir_context) -> c_int,
    ) -> bindings::file_operations {
        bindings::file_operations {
            iterate_shared: Some(list),
            read: Some(bindings::generic_read_dir),
            llseek: Some(bindings::default_llseek),
            ..pin_init::zeroed()
        }
    }

    /// # Safety
    ///
    /// Called by the VFS for a lookup of `dentry` in a directory that was
    /// [filled](Directory::fill).
    unsafe extern "C" fn lookup_entry(
        _: *mut bindings::inode,
        dentry: *mut bindings::dentry,
        _: c_uint,
    ) -> *mut bindings::dentry {
        // SAFETY: The VFS passes a dentry under lookup, whose name is constant.
        let Some(key) = unsafe { name_of(dentry) }.and_then(T::find) else {
            return ENOENT.to_ptr();
        };

        // SAFETY: The same dentry, and the operations live forever.
        unsafe {
            bindings::killswitch_add_inode(
                dentry,
                (bindings::S_IFDIR | 0o700) as u16,
                inode_number(key, None),
                key,
                &Self::DENTRY,
                &Self::ENTRY,
                &Self::ENTRY_FILE,
            )
        }
    }

    /// # Safety
    ///
    /// Called by the VFS for a lookup of `dentry` in `directory`, which
    /// [`lookup_entry`](Self::lookup_entry) found.
    unsafe extern "C" fn lookup_file(
        directory: *mut bindings::inode,
        dentry: *mut bindings::dentry,
        _: c_uint,
    ) -> *mut bindings::dentry {
        // SAFETY: The VFS passes a directory of ours, which carries its key.
        let key = unsafe { (*directory).i_private }.addr();
        // SAFETY: The VFS passes a dentry under lookup, whose name is constant.
        let name = unsafe { name_of(dentry) }.filter(|_| T::exists(key));
        let mut files = T::FILES.iter().enumerate();
        let Some((index, file)) = files.find(|(_, file)| Some(file.name) == name) else {
            return ENOENT.to_ptr();
        };

        // SAFETY: The same dentry, and the operations live forever.
        unsafe {
            bindings::killswitch_add_inode(
                dentry,
                bindings::S_IFREG as u16 | file.mode,
                inode_number(key, Some(index)),
                key,
                &Self::DENTRY,
                core::ptr::null(),
                file.operations.as_ptr(),
            )
        }
    }

    /// # Safety
    ///
    /// Called by the VFS before it uses a dentry that one of the two above found.
    unsafe extern "C" fn revalidate(
        _: *mut bindings::inode,
        _: *const bindings::qstr,
        dentry: *mut bindings::dentry,
        flags: c_uint,
    ) -> c_int {
        if flags & bindings::KILLSWITCH_LOOKUP_RCU != 0 {
            return ECHILD.to_errno();
        }
        // SAFETY: The VFS holds a reference to the dentry, which has an inode that carries the key.
        let key = unsafe { (*(*dentry).d_inode).i_private }.addr();

        c_int::from(T::exists(key))
    }

    /// # Safety
    ///
    /// Called by the VFS to list a directory that was [filled](Directory::fill).
    unsafe extern "C" fn list_entries(
        file: *mut bindings::file,
        context: *mut bindings::dir_context,
    ) -> c_int {
        let mut name = [0; MAX_NAME];
        // SAFETY: The VFS passes an open file and its own context, for the whole call.
        let mut listing = unsafe { Listing::begin(file, context) };

        // The position of an entry is its key, after the two dots.
        while let Some(position) = listing.position() {
            let Some((key, length)) = T::next(position - 1, &mut name) else {
                break;
            };
            listing.emit(
                key + 1,
                &name[..length],
                inode_number(key, None),
                bindings::DT_DIR,
            );
        }
        0
    }

    /// # Safety
    ///
    /// Called by the VFS to list a directory that [`lookup_entry`](Self::lookup_entry) found.
    unsafe extern "C" fn list_files(
        file: *mut bindings::file,
        context: *mut bindings::dir_context,
    ) -> c_int {
        // SAFETY: The VFS passes an open directory of ours, which carries its key.
        let key = unsafe { (*(*file).f_inode).i_private }.addr();

        if !T::exists(key) {
            return ENOENT.to_errno();
        }
        // SAFETY: The VFS passes an open file and its own context, for the whole call.
        let mut listing = unsafe { Listing::begin(file, context) };

        while let Some(position) = listing.position() {
            let index = position - 2;
            let Some(file) = T::FILES.get(index) else {
                break;
            };
            let number = inode_number(key, Some(index));

            listing.emit(position, file.name.as_bytes(), number, bindings::DT_REG);
        }
        0
    }
}

/// The name of `dentry`.
///
/// # Safety
///
/// The dentry must be valid for `'a`, and its name must not change.
unsafe fn name_of<'a>(dentry: *const bindings::dentry) -> Option<&'a str> {
    // SAFETY: By the safety requirements; names of dentries end in NUL.
    unsafe { CStr::from_char_ptr((*dentry).__bindgen_anon_1.d_name.name.cast()) }
        .to_str()
        .ok()
}

/// A directory that is being listed.
///
/// # Invariants
///
/// The pointer is to a context that nothing else uses.
struct Listing {
    context: *mut bindings::dir_context,
    has_room: bool,
}

impl Listing {
    /// Starts a listing with the two dots.
    ///
    /// # Safety
    ///
    /// The arguments must be those of `iterate_shared`, and the result dropped when that returns.
    unsafe fn begin(file: *mut bindings::file, context: *mut bindings::dir_context) -> Self {
        // SAFETY: By the safety requirements.
        let has_room = unsafe { bindings::killswitch_emit_dots(file, context) };

        // INVARIANT: By the safety requirements.
        Self { context, has_room }
    }

    /// The next position, from 2 on; `None` if there is no more room.
    fn position(&self) -> Option<usize> {
        // SAFETY: The context is valid by the type invariants.
        let position = unsafe { (*self.context).pos };

        usize::try_from(position).ok().filter(|_| self.has_room)
    }

    /// Lists an entry at `position`, if there is room. May sleep, for as long as the reader wants.
    fn emit(&mut self, position: usize, name: &[u8], number: u64, kind: u32) {
        // SAFETY: The context is valid by the type invariants, and the length is that of the name.
        unsafe {
            (*self.context).pos = position as i64;
            self.has_room = bindings::killswitch_emit(
                self.context,
                name.as_ptr().cast(),
                name.len() as c_int,
                number,
                kind,
            );
            if self.has_room {
                (*self.context).pos += 1;
            }
        }
    }
}
