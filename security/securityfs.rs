// SPDX-License-Identifier: GPL-2.0-only

//! Files below /sys/kernel/security.
//!
//! C header: [`include/linux/security.h`](srctree/include/linux/security.h)

use super::capability::Opener;
use core::{
    fmt::{
        self,
        Write, //
    },
    marker::PhantomData,
    ptr::{
        self,
        NonNull, //
    }, //
};
use kernel::{
    bindings,
    error::{
        from_err_ptr,
        from_result, //
    },
    ffi::{
        c_char,
        c_int,
        c_void, //
    },
    iov::IovIterSource,
    new_mutex,
    prelude::*,
    str::CStrExt,
    sync::Mutex,
    types::ForeignOwnable, //
};

/// The longest write that a file accepts, in bytes.
const MAX_INPUT: usize = crate::command::MAX_INPUT;

/// The data of one write, or `None` if it is longer than [`MAX_INPUT`].
pub(crate) type Input<'a> = Option<&'a [u8]>;

/// A file that can be read. `key` is that of [`Directory::add`].
pub(crate) trait Show {
    /// Writes the whole content. Called again for every read from offset 0. May sleep, but not wait
    /// for other tasks: some of these files can be read by any user, at any rate.
    fn show(key: usize, opener: &Opener<'_>, out: &mut Out<'_>) -> Result;
}

/// A file that can be read and written.
pub(crate) trait Store: Show {
    /// Handles one write. May sleep.
    fn store(key: usize, opener: &Opener<'_>, input: Input<'_>) -> Result;
}

/// A file where each write is a question; reads return the answer to the last question that was
/// written to the same open file.
pub(crate) trait Converse {
    /// Answers a question, with a result for the write and a text for reads. May sleep.
    fn answer(opener: &Opener<'_>, input: Input<'_>) -> (Result, KVec<u8>);
}

/// A directory. Dropping it removes it and everything in it.
///
/// # Invariants
///
/// The pointer is to a directory in securityfs that nothing else removes.
pub(crate) struct Directory(NonNull<bindings::dentry>);

// SAFETY: securityfs may be changed from any task; it has its own locks.
unsafe impl Send for Directory {}
// SAFETY: As above.
unsafe impl Sync for Directory {}

impl Directory {
    /// Makes a directory, at the top or below `parent`. May sleep.
    pub(crate) fn new(name: &CStr, parent: Option<&Directory>) -> Result<Self> {
        let parent = parent.map_or(ptr::null_mut(), |parent| parent.0.as_ptr());

        // SAFETY: The name is a string, and the parent is null or valid by the type invariants.
        let dentry =
            from_err_ptr(unsafe { bindings::securityfs_create_dir(name.as_char_ptr(), parent) })?;
        // INVARIANT: Created just above.
        NonNull::new(dentry).map(Self).ok_or(ENOMEM)
    }

    /// Adds a file. The functions of its [`Operations`] get `key`. May sleep.
    pub(crate) fn add(
        &self,
        name: &CStr,
        mode: u16,
        key: usize,
        operations: &'static Operations,
    ) -> Result {
        // SAFETY: The name is a string, the directory is valid by the type invariants, and the
        // operations live forever and expect nothing of the key, which is a number to them.
        from_err_ptr(unsafe {
            bindings::securityfs_create_file(
                name.as_char_ptr(),
                mode,
                self.0.as_ptr(),
                ptr::without_provenance_mut(key),
                &raw const operations.0,
            )
        })?;
        Ok(())
    }

    /// The directory, as the kernel knows it.
    pub(super) fn as_ptr(&self) -> *mut bindings::dentry {
        self.0.as_ptr()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // SAFETY: The directory is valid by the type invariants, and nothing else removes it.
        unsafe { bindings::securityfs_remove(self.0.as_ptr()) };
    }
}

/// The file operations of a file.
pub(crate) struct Operations(bindings::file_operations);

impl Operations {
    /// The operations, as the kernel knows them.
    pub(super) const fn as_ptr(&self) -> *const bindings::file_operations {
        &raw const self.0
    }

    /// The operations of a file that can be read.
    pub(crate) const fn show<T: Show>() -> Self {
        Self(bindings::file_operations {
            open: Some(open_shown::<T>),
            read: Some(bindings::seq_read),
            llseek: Some(bindings::seq_lseek),
            release: Some(bindings::single_release),
            ..pin_init::zeroed()
        })
    }

    /// The operations of a file that can be read and written.
    pub(crate) const fn store<T: Store>() -> Self {
        Self(bindings::file_operations {
            write_iter: Some(write_stored::<T>),
            ..Self::show::<T>().0
        })
    }

    /// The operations of a file that answers questions.
    pub(crate) const fn converse<T: Converse>() -> Self {
        Self(bindings::file_operations {
            open: Some(open_conversation),
            read: Some(read_answer),
            write_iter: Some(write_question::<T>),
            llseek: Some(bindings::default_llseek),
            release: Some(release_conversation),
            ..pin_init::zeroed()
        })
    }
}

/// The output of [`Show::show`].
///
/// # Invariants
///
/// The pointer is to a `seq_file` that is valid for `'a`.
pub(crate) struct Out<'a>(*mut bindings::seq_file, PhantomData<&'a ()>);

impl Write for Out<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: The `seq_file` is valid by the type invariants. If its buffer is too small,
        // `show()` is called again with a larger one.
        unsafe { bindings::seq_write(self.0, text.as_ptr().cast::<c_void>(), text.len()) };
        Ok(())
    }
}

/// # Safety
///
/// Called by the VFS to open a file that [`Operations::show`] describes.
unsafe extern "C" fn open_shown<T: Show>(
    inode: *mut bindings::inode,
    file: *mut bindings::file,
) -> c_int {
    // SAFETY: The VFS passes a live inode and a file that is being opened; `show_shown` expects
    // what the inode carries.
    unsafe { bindings::single_open(file, Some(show_shown::<T>), (*inode).i_private) }
}

/// # Safety
///
/// Called by seq_file for a file that [`open_shown`] opened.
unsafe extern "C" fn show_shown<T: Show>(seq: *mut bindings::seq_file, _: *mut c_void) -> c_int {
    // SAFETY: seq_file passes a live `seq_file`, whose private data is the key.
    let key = unsafe { (*seq).private }.addr();
    // SAFETY: Its file is open during the call.
    let opener = unsafe { Opener::from_raw((*seq).file) };
    // INVARIANT: It is valid during the call.
    let mut out = Out(seq, PhantomData);

    from_result(|| T::show(key, &opener, &mut out).map(|()| 0))
}

/// # Safety
///
/// Called by the VFS for a file that [`open_shown`] opened.
unsafe extern "C" fn write_stored<T: Store>(
    iocb: *mut bindings::kiocb,
    from: *mut bindings::iov_iter,
) -> isize {
    // SAFETY: The VFS passes a live request, for a file that it keeps open during the call.
    let file = unsafe { (*iocb).ki_filp };
    // SAFETY: The private data of a file that `single_open()` opened is its `seq_file`, and the
    // private data of that is the key.
    let key = unsafe { (*(*file).private_data.cast::<bindings::seq_file>()).private }.addr();
    // SAFETY: The VFS keeps the file open during the call.
    let opener = unsafe { Opener::from_raw(file) };
    // SAFETY: The VFS passes the data of the write, which it does not use during the call.
    let from = unsafe { IovIterSource::from_raw(from) };

    from_result(|| {
        let count = from.len();
        let input = copy_input(from)?;
        T::store(key, &opener, input.as_deref())?;
        Ok(count as isize)
    })
}

/// The answer to the last question that was written to an open file.
#[pin_data]
struct Conversation {
    #[pin]
    answer: Mutex<KVec<u8>>,
}

type BoxedConversation = Pin<KBox<Conversation>>;

/// # Safety
///
/// Called by the VFS to open a file that [`Operations::converse`] describes.
unsafe extern "C" fn open_conversation(
    _: *mut bindings::inode,
    file: *mut bindings::file,
) -> c_int {
    from_result(|| {
        let conversation = KBox::pin_init(
            pin_init!(Conversation { answer <- new_mutex!(KVec::new()) }),
            GFP_KERNEL,
        )?;
        // SAFETY: The VFS passes a file that is being opened, whose private data is ours.
        unsafe { (*file).private_data = conversation.into_foreign() };
        Ok(0)
    })
}

/// # Safety
///
/// Called by the VFS for a file that [`open_conversation`] opened.
unsafe extern "C" fn write_question<T: Converse>(
    iocb: *mut bindings::kiocb,
    from: *mut bindings::iov_iter,
) -> isize {
    // SAFETY: The VFS passes a live request, for a file that it keeps open during the call.
    let file = unsafe { (*iocb).ki_filp };
    // SAFETY: `open_conversation` put it there, and only releasing the file takes it away.
    let conversation = unsafe { BoxedConversation::borrow((*file).private_data) };
    // SAFETY: The VFS keeps the file open during the call.
    let opener = unsafe { Opener::from_raw(file) };
    // SAFETY: The VFS passes the data of the write, which it does not use during the call.
    let from = unsafe { IovIterSource::from_raw(from) };

    from_result(|| {
        let count = from.len();
        let input = copy_input(from)?;
        let (result, answer) = T::answer(&opener, input.as_deref());

        *conversation.get_ref().answer.lock() = answer;
        // Reads start at the beginning of the answer, whatever was read before. The request has a
        // copy of the file position, which the VFS writes back only if the write succeeds.
        // SAFETY: The VFS keeps the file open and owns the request during the call.
        unsafe {
            bindings::vfs_llseek(file, 0, bindings::SEEK_SET as c_int);
            (*iocb).ki_pos = 0;
        }
        result?;
        Ok(count as isize)
    })
}

/// # Safety
///
/// Called by the VFS for a file that [`open_conversation`] opened.
unsafe extern "C" fn read_answer(
    file: *mut bindings::file,
    buffer: *mut c_char,
    count: usize,
    position: *mut bindings::loff_t,
) -> isize {
    // SAFETY: `open_conversation` put it there, and only releasing the file takes it away.
    let conversation = unsafe { BoxedConversation::borrow((*file).private_data) };
    let answer = conversation.get_ref().answer.lock();

    // SAFETY: The VFS passes a user buffer and a position; the answer is locked.
    unsafe {
        bindings::simple_read_from_buffer(
            buffer.cast::<c_void>(),
            count,
            position,
            answer.as_ptr().cast::<c_void>(),
            answer.len(),
        )
    }
}

/// # Safety
///
/// Called by the VFS to release a file that [`open_conversation`] opened.
unsafe extern "C" fn release_conversation(
    _: *mut bindings::inode,
    file: *mut bindings::file,
) -> c_int {
    // SAFETY: `open_conversation` put it there, and nothing uses it any more.
    drop(unsafe { BoxedConversation::from_foreign((*file).private_data) });
    0
}

/// Copies the data of a write once and in full, unless it is longer than [`MAX_INPUT`].
fn copy_input(from: &mut IovIterSource<'_>) -> Result<Option<KVec<u8>>> {
    let count = from.len();

    if count > MAX_INPUT {
        return Ok(None);
    }
    let mut input = KVec::new();

    if from.copy_from_iter_vec(&mut input, GFP_KERNEL)? != count {
        return Err(EFAULT);
    }
    Ok(Some(input))
}
