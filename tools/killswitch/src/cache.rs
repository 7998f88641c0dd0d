// SPDX-License-Identifier: GPL-2.0-only

//! Cached files, in a directory that only the user who runs this program can write to.
//!
//! A file that another user could have written is ignored, and so is one that is corrupt or from
//! another build of this program.

use crate::machine::{is_protected, Machine};
use std::{
    env,
    fs::{self, DirBuilder, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
    time::SystemTime,
};

/// The magic of each file. A checksum follows.
const MAGIC: &[u8; 8] = b"ks-kept\n";
/// Size limit of a file, in bytes.
const MAX_FILE: u64 = 256 << 20;
/// Maximum number of files.
const MAX_COUNT: usize = 4;

/// Metadata that changes if a file changes.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// In seconds and nanoseconds. Users cannot set the change time.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// The stamp of the file at `path`, if it exists.
    pub fn of(path: &Path) -> Option<Self> {
        let it = fs::metadata(path).ok()?;

        Some(Self {
            device: it.dev(),
            inode: it.ino(),
            size: it.size(),
            modified: (it.mtime(), it.mtime_nsec()),
            changed: (it.ctime(), it.ctime_nsec()),
        })
    }
}

/// A directory of cached files.
pub struct Cache {
    directory: PathBuf,
    /// The effective user.
    user: u32,
}

impl Cache {
    /// The cache of the user who runs this program on `machine`. Root has a fixed directory, since
    /// the environment may be that of the user who became root.
    pub fn own(machine: &Machine) -> Option<Self> {
        // The directory in the environment is the effective user's.
        let user = fs::metadata("/proc/self").ok()?.uid();
        let from = |name| env::var_os(name).map(PathBuf::from);
        let above = match user {
            0 => Some(machine.path("/var/cache")).filter(|it| it.is_dir()),
            _ => from("XDG_CACHE_HOME")
                .filter(|it| it.is_absolute())
                .or_else(|| Some(from("HOME")?.join(".cache")))
                .and_then(|it| Some(machine.path(it.to_str()?))),
        };

        Some(Self::new(above?.join("killswitch"), user))
    }

    fn new(directory: PathBuf, user: u32) -> Self {
        Self { directory, user }
    }

    /// The real path of the directory, if no other user except root can change its content.
    fn private(&self) -> Option<PathBuf> {
        let real = self.directory.canonicalize().ok()?;
        let own = fs::metadata(&real).ok()?;
        let is_own = own.uid() == self.user && own.mode() & 0o077 == 0;

        (is_own && is_protected(&real)).then_some(real)
    }

    /// Reads the file called `name`.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.private()?.join(name);
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(path)
            .ok()?;
        let it = file.metadata().ok()?;
        let is_own = it.is_file() && it.uid() == self.user && it.mode() & 0o077 == 0;
        let mut bytes = Vec::new();

        // A file with another name may have replaced it.
        if !is_own || it.nlink() != 1 || it.len() > MAX_FILE {
            return None;
        }
        file.take(MAX_FILE).read_to_end(&mut bytes).ok()?;
        let (sum, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;

        (checksum(rest)? == *sum).then(|| rest.to_vec())
    }

    /// Stores `bytes` as `name`. Writes a temporary file and renames it.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let sum = checksum(bytes).ok_or(io::ErrorKind::NotFound)?;

        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)?;
        let directory = self.private().ok_or(io::ErrorKind::PermissionDenied)?;
        let aside = directory.join(format!(".{name}.{}", process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&aside)
            .and_then(|mut file| {
                file.write_all(MAGIC)?;
                file.write_all(&sum)?;
                file.write_all(bytes)
            })
            .and_then(|()| fs::rename(&aside, directory.join(name)));

        if written.is_err() {
            let _ = fs::remove_file(&aside);
        }
        remove_old(&directory);
        written
    }
}

/// The checksum of `bytes`, which also depends on the build of this program.
fn checksum(bytes: &[u8]) -> Option<[u8; 8]> {
    let mut hasher = DefaultHasher::new();

    Stamp::of(Path::new("/proc/self/exe"))?.hash(&mut hasher);
    bytes.hash(&mut hasher);
    Some(hasher.finish().to_le_bytes())
}

/// Removes the oldest files above the limit.
fn remove_old(directory: &Path) {
    let mut files: Vec<(SystemTime, PathBuf)> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|it| Some((it.metadata().ok()?.modified().ok()?, it.path())))
        .collect();

    files.sort();
    for (_, path) in files.iter().rev().skip(MAX_COUNT) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::image::tests::Directory;
    use std::os::unix::fs::{symlink, PermissionsExt};

    /// A cache in a directory of the test.
    pub fn cache(directory: &Directory) -> Cache {
        let user = fs::metadata("/proc/self").unwrap().uid();

        Cache::new(directory.path("deep/cache"), user)
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn stored_files_are_read() {
        let directory = Directory::new("cache-kept");
        let cache = cache(&directory);

        assert_eq!(cache.read("a"), None);
        for bytes in [&b"first"[..], b"", b"second"] {
            cache.keep("a", bytes).unwrap();
            assert_eq!(cache.read("a").as_deref(), Some(bytes));
        }
        let path = directory.path("deep/cache/a");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(
            fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777,
            0o700
        );
        for name in ["b", "c", "d", "e", "f"] {
            cache.keep(name, b"more").unwrap();
        }
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            MAX_COUNT
        );
        assert!(cache.read("f").is_some());
    }

    #[test]
    fn corrupt_files_are_ignored() {
        let directory = Directory::new("cache-damaged");
        let cache = cache(&directory);
        let path = directory.path("deep/cache/a");

        cache.keep("a", b"content").unwrap();
        let bytes = fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();

            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(cache.read("a"), None, "byte {at}");
            fs::write(&path, &bytes[..at]).unwrap();
            assert_eq!(cache.read("a"), None, "{at} bytes");
        }
        fs::write(&path, &bytes).unwrap();
        assert!(cache.read("a").is_some());
    }

    #[test]
    fn files_that_others_could_write_are_ignored() {
        let directory = Directory::new("cache-others");
        let cache = cache(&directory);
        let (above, file) = (directory.path("deep/cache"), directory.path("deep/cache/a"));
        let other = directory.path("other");

        cache.keep("a", b"content").unwrap();
        for (path, mode, usual) in [
            (&file, 0o620, 0o600),
            (&file, 0o604, 0o600),
            (&above, 0o770, 0o700),
            (&above, 0o705, 0o700),
            (&directory.path("deep"), 0o777, 0o755),
        ] {
            chmod(path, mode);
            assert_eq!(cache.read("a"), None, "{path:?} {mode:o}");
            chmod(path, usual);
            assert!(cache.read("a").is_some());
        }
        let stranger = Cache::new(above.clone(), cache.user + 1);
        assert_eq!(stranger.read("a"), None);
        assert!(stranger.keep("a", b"content").is_err());

        fs::hard_link(&file, &other).unwrap();
        assert_eq!(cache.read("a"), None);
        fs::remove_file(&file).unwrap();
        symlink(&other, &file).unwrap();
        assert_eq!(cache.read("a"), None);
        // Storing replaces a symbolic link, not its target.
        cache.keep("a", b"new").unwrap();
        assert_eq!(cache.read("a").as_deref(), Some(&b"new"[..]));
        assert!(fs::read(&other).unwrap().ends_with(b"content"));
    }

    #[test]
    fn stamps_change_with_their_files() {
        let directory = Directory::new("cache-stamp");
        let path = directory.path("file");
        let now = || Stamp::of(&path);

        assert_eq!(now(), None);
        fs::write(&path, "a").unwrap();
        let first = now();
        assert!(first.is_some());
        assert_eq!(now(), first);
        fs::write(&path, "ab").unwrap();
        assert_ne!(now(), first);
    }
}
