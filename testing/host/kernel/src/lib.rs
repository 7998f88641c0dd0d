// SPDX-License-Identifier: GPL-2.0-only

//! The part of the kernel's Rust crate that Killswitch uses, on the host: the same names and
//! signatures, based on the standard library, with memory, time and boot controlled by tests (see
//! [`host`]).

#![forbid(unsafe_code)]

pub mod prelude {
    pub use crate::{
        alloc::{flags::*, InPlaceInit, KBox, KVVec, KVec},
        error::{code::*, Error, Result},
        fmt, pr_warn,
    };
    pub use core::{ffi::CStr, pin::Pin};
}

/// Controls of a test. All of them apply to the current thread.
pub mod host {
    use std::{
        cell::{Cell, RefCell},
        sync::atomic::{AtomicU64, Ordering},
    };

    thread_local! {
        static BOOT: Cell<u64> = const { Cell::new(0) };
        static NOW: Cell<i64> = const { Cell::new(0) };
        static FAILS_AFTER: Cell<Option<usize>> = const { Cell::new(None) };
        static LOCKED: Cell<usize> = const { Cell::new(0) };
        static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    /// Boots a kernel: resets one-time initialization, and the clock.
    pub fn boot() {
        static NEXT: AtomicU64 = AtomicU64::new(1);

        BOOT.set(NEXT.fetch_add(1, Ordering::Relaxed));
        NOW.set(0);
        FAILS_AFTER.set(None);
        LOG.take();
    }

    pub(crate) fn boot_id() -> u64 {
        BOOT.get()
    }

    /// The milliseconds since boot.
    pub fn now() -> i64 {
        NOW.get()
    }

    /// Sets the clock.
    pub fn set_now(milliseconds: i64) {
        NOW.set(milliseconds);
    }

    /// Lets one allocation fail after this number of successful ones, or none.
    pub fn fail_allocation(after: Option<usize>) {
        FAILS_AFTER.set(after);
    }

    /// Allocates; fails if requested.
    pub fn allocate() -> Result<(), crate::alloc::AllocError> {
        match FAILS_AFTER.get() {
            Some(0) => {
                FAILS_AFTER.set(None);
                Err(crate::alloc::AllocError)
            }
            after => {
                FAILS_AFTER.set(after.map(|after| after - 1));
                Ok(())
            }
        }
    }

    pub(crate) fn count_lock() {
        LOCKED.set(LOCKED.get() + 1);
    }

    /// The number of spinlock acquisitions since the last call.
    pub fn take_locked() -> usize {
        LOCKED.take()
    }

    /// Writes a line to the kernel log.
    pub fn log(line: String) {
        LOG.with_borrow_mut(|log| log.push(line));
    }

    /// The kernel log since the last call.
    pub fn take_log() -> Vec<String> {
        LOG.take()
    }
}

#[macro_export]
macro_rules! fmt {
    ($($arguments:tt)*) => { ::core::format_args!($($arguments)*) };
}

#[macro_export]
macro_rules! pr_warn {
    ($($arguments:tt)*) => { $crate::host::log(::std::format!($($arguments)*)) };
}

#[macro_export]
macro_rules! new_mutex {
    ($value:expr) => {
        $crate::sync::Mutex::new($value)
    };
}

#[macro_export]
macro_rules! new_spinlock {
    ($value:expr) => {
        $crate::sync::SpinLock::new($value)
    };
}

pub mod error {
    use crate::alloc::AllocError;

    /// A negative errno.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Error(i32);

    pub type Result<T = (), E = Error> = core::result::Result<T, E>;

    impl Error {
        pub fn to_errno(self) -> i32 {
            self.0
        }
    }

    impl From<AllocError> for Error {
        fn from(_: AllocError) -> Self {
            code::ENOMEM
        }
    }

    impl From<core::str::Utf8Error> for Error {
        fn from(_: core::str::Utf8Error) -> Self {
            code::EINVAL
        }
    }

    pub mod code {
        use super::Error;

        macro_rules! codes {
            ($($name:ident $number:literal,)*) => {
                $(pub const $name: Error = Error(-$number);)*
            };
        }

        codes! {
            EPERM 1, ENOENT 2, EINTR 4, ECHILD 10, EAGAIN 11, ENOMEM 12, EACCES 13, EBUSY 16,
            EEXIST 17, ENODEV 19, EINVAL 22, ENOSPC 28, ERANGE 34, EIDRM 43, ENOTUNIQ 76,
            EILSEQ 84, EOPNOTSUPP 95,
        }
    }
}

pub mod alloc {
    use crate::{error::Error, host::allocate};
    use core::{
        ops::{Deref, DerefMut},
        pin::Pin,
    };

    /// Out of memory.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AllocError;

    #[derive(Clone, Copy)]
    pub struct Flags;

    pub mod flags {
        pub const GFP_KERNEL: super::Flags = super::Flags;
    }

    pub type KBox<T> = Box<T>;

    /// Creation of a [`KBox`].
    pub trait InPlaceInit<T> {
        fn pin_init(value: T, flags: Flags) -> Result<Pin<Box<T>>, Error>;
    }

    impl<T> InPlaceInit<T> for KBox<T> {
        fn pin_init(value: T, _: Flags) -> Result<Pin<Box<T>>, Error> {
            allocate()?;
            Ok(Box::pin(value))
        }
    }

    /// An index out of bounds.
    #[derive(Debug)]
    pub struct RemoveError;

    /// An element without space.
    #[derive(Debug)]
    pub struct PushError<T>(pub T);

    #[derive(Debug)]
    pub struct KVec<T>(Vec<T>);

    pub type KVVec<T> = KVec<T>;

    impl<T> KVec<T> {
        #[allow(clippy::new_without_default)]
        pub const fn new() -> Self {
            Self(Vec::new())
        }

        pub fn with_capacity(capacity: usize, flags: Flags) -> Result<Self, AllocError> {
            let mut vector = Self::new();

            vector.reserve(capacity, flags)?;
            Ok(vector)
        }

        pub fn from_elem(element: T, count: usize, flags: Flags) -> Result<Self, AllocError>
        where
            T: Clone,
        {
            let mut vector = Self::with_capacity(count, flags)?;

            vector.0.resize(count, element);
            Ok(vector)
        }

        pub fn reserve(&mut self, additional: usize, _: Flags) -> Result<(), AllocError> {
            if self.0.len() + additional > self.0.capacity() {
                allocate()?;
                self.0.reserve(additional);
            }
            Ok(())
        }

        pub fn push(&mut self, element: T, flags: Flags) -> Result<(), AllocError> {
            self.reserve(1, flags)?;
            self.0.push(element);
            Ok(())
        }

        pub fn push_within_capacity(&mut self, element: T) -> Result<(), PushError<T>> {
            if self.0.len() == self.0.capacity() {
                return Err(PushError(element));
            }
            self.0.push(element);
            Ok(())
        }

        pub fn extend_from_slice(&mut self, elements: &[T], flags: Flags) -> Result<(), AllocError>
        where
            T: Clone,
        {
            self.reserve(elements.len(), flags)?;
            self.0.extend_from_slice(elements);
            Ok(())
        }

        pub fn remove(&mut self, index: usize) -> Result<T, RemoveError> {
            if index >= self.0.len() {
                return Err(RemoveError);
            }
            Ok(self.0.remove(index))
        }

        pub fn truncate(&mut self, length: usize) {
            self.0.truncate(length);
        }

        pub fn drain_all(&mut self) -> impl Iterator<Item = T> + '_ {
            self.0.drain(..)
        }
    }

    impl<T> Deref for KVec<T> {
        type Target = [T];

        fn deref(&self) -> &[T] {
            &self.0
        }
    }

    impl<T> DerefMut for KVec<T> {
        fn deref_mut(&mut self) -> &mut [T] {
            &mut self.0
        }
    }

    impl<'a, T> IntoIterator for &'a KVec<T> {
        type Item = &'a T;
        type IntoIter = core::slice::Iter<'a, T>;

        fn into_iter(self) -> Self::IntoIter {
            self.0.iter()
        }
    }

    impl<T> IntoIterator for KVec<T> {
        type Item = T;
        type IntoIter = std::vec::IntoIter<T>;

        fn into_iter(self) -> Self::IntoIter {
            self.0.into_iter()
        }
    }
}

pub mod str {
    use crate::{error::Error, host::allocate};
    use core::{ffi::CStr, fmt, ops::Deref};

    #[derive(Debug)]
    pub struct CString(std::ffi::CString);

    impl CString {
        pub fn try_from_fmt(text: fmt::Arguments<'_>) -> Result<Self, Error> {
            allocate()?;
            std::ffi::CString::new(text.to_string())
                .map(Self)
                .map_err(|_| crate::error::code::EINVAL)
        }
    }

    impl Deref for CString {
        type Target = CStr;

        fn deref(&self) -> &CStr {
            &self.0
        }
    }
}

pub mod sync {
    use crate::{
        alloc::{AllocError, Flags},
        host::{allocate, boot_id},
    };
    use core::ops::Deref;
    use std::{collections::BTreeMap, sync};
    pub use sync::{MutexGuard, MutexGuard as SpinLockGuard};

    /// A lock that counts acquisitions.
    pub struct SpinLock<T>(Mutex<T>);

    impl<T> SpinLock<T> {
        pub const fn new(value: T) -> Self {
            Self(Mutex::new(value))
        }

        pub fn lock(&self) -> SpinLockGuard<'_, T> {
            crate::host::count_lock();
            self.0.lock()
        }
    }

    /// A mutex that a panic does not poison.
    pub struct Mutex<T>(sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub const fn new(value: T) -> Self {
            Self(sync::Mutex::new(value))
        }

        pub fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(sync::PoisonError::into_inner)
        }
    }

    pub struct Arc<T>(sync::Arc<T>);

    impl<T> Arc<T> {
        pub fn new(value: T, _: Flags) -> Result<Self, AllocError> {
            allocate()?;
            Ok(Self(sync::Arc::new(value)))
        }

        pub fn ptr_eq(this: &Self, other: &Self) -> bool {
            sync::Arc::ptr_eq(&this.0, &other.0)
        }
    }

    impl<T> Clone for Arc<T> {
        fn clone(&self) -> Self {
            Self(self.0.clone())
        }
    }

    impl<T> Deref for Arc<T> {
        type Target = T;

        fn deref(&self) -> &T {
            &self.0
        }
    }

    pub mod atomic {
        use super::Mutex;
        use crate::host::boot_id;
        use core::ops::{Add, Sub};
        use std::collections::BTreeMap;

        pub mod ordering {
            pub struct Full;
            pub struct Relaxed;
        }

        /// A number that is reset by each [boot](crate::host::boot).
        pub struct Atomic<T> {
            first: T,
            now: Mutex<BTreeMap<u64, T>>,
        }

        impl<T: Copy + Add<Output = T> + Sub<Output = T>> Atomic<T> {
            pub fn fetch_add<O>(&self, value: T, _: O) -> T {
                self.change(|now| now + value)
            }

            pub fn fetch_sub<O>(&self, value: T, _: O) -> T {
                self.change(|now| now - value)
            }
        }

        impl<T: Copy> Atomic<T> {
            pub const fn new(first: T) -> Self {
                Self {
                    first,
                    now: Mutex::new(BTreeMap::new()),
                }
            }

            fn change(&self, change: impl FnOnce(T) -> T) -> T {
                let mut values = self.now.lock();
                let now = values.entry(boot_id()).or_insert(self.first);
                let before = *now;

                *now = change(before);
                before
            }

            pub fn load<O>(&self, _: O) -> T {
                self.change(|now| now)
            }

            pub fn store<O>(&self, value: T, _: O) {
                self.change(|_| value);
            }

            pub fn xchg<O>(&self, value: T, _: O) -> T {
                self.change(|_| value)
            }

            pub fn cmpxchg<O>(&self, old: T, new: T, _: O) -> Result<T, T>
            where
                T: PartialEq,
            {
                let before = self.change(|now| if now == old { new } else { now });

                if before == old {
                    Ok(before)
                } else {
                    Err(before)
                }
            }
        }
    }

    /// A value that is set once per [boot](crate::host::boot), and is never freed, like a static.
    pub struct SetOnce<T: 'static>(Mutex<BTreeMap<u64, &'static T>>);

    impl<T> SetOnce<T> {
        #[allow(clippy::new_without_default)]
        pub const fn new() -> Self {
            Self(Mutex::new(BTreeMap::new()))
        }

        pub fn populate(&self, value: T) -> bool {
            let mut values = self.0.lock();

            if values.contains_key(&boot_id()) {
                return false;
            }
            values.insert(boot_id(), Box::leak(Box::new(value)));
            true
        }

        #[allow(clippy::should_implement_trait)]
        pub fn as_ref(&self) -> Option<&T> {
            self.0.lock().get(&boot_id()).copied()
        }
    }
}

pub mod time {
    use crate::host;
    use core::marker::PhantomData;

    pub trait ClockSource {}

    pub struct Monotonic;
    pub struct BootTime;

    impl ClockSource for Monotonic {}
    impl ClockSource for BootTime {}

    pub struct Instant<C>(i64, PhantomData<C>);

    impl<C> Clone for Instant<C> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<C> Copy for Instant<C> {}

    pub struct Delta(i64);

    impl<C> Instant<C> {
        pub fn now() -> Self {
            Self(host::now(), PhantomData)
        }

        pub fn elapsed(&self) -> Delta {
            Delta(host::now() - self.0)
        }
    }

    pub mod delay {
        /// Does not wait.
        pub fn fsleep(_: super::Delta) {}
    }

    impl Delta {
        pub const fn from_millis(millis: i64) -> Self {
            Self(millis)
        }

        pub fn as_millis(self) -> i64 {
            self.0
        }
    }
}
