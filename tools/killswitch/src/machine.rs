// SPDX-License-Identifier: GPL-2.0-only

//! The running machine. Only this module opens its files and runs its programs.

use crate::file;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// The directory of Killswitch in securityfs.
pub const KILLSWITCH: &str = "/sys/kernel/security/killswitch";

/// Size limit of a file, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// The result of a write to a file of Killswitch.
#[derive(Debug)]
pub struct Reply {
    /// Whether the write succeeded.
    pub result: io::Result<()>,
    /// The answer that was read from the same open file after the write: the reason for a failure,
    /// or the changes.
    pub answer: String,
}

/// Writes to a file once, and reads the answer from the same open file.
type Converse = Box<dyn Fn(&Path, &str) -> Reply>;

/// A machine. Absolute paths are resolved below its root directory.
pub struct Machine {
    root: PathBuf,
    converse: Converse,
}

impl Machine {
    /// The machine that runs this program.
    pub fn this() -> Self {
        Self {
            root: "/".into(),
            converse: Box::new(converse),
        }
    }

    /// A machine with its files below `root`. Writes to `control` and `check` call `converse`.
    #[cfg(test)]
    pub fn at(root: &Path, converse: impl Fn(&Path, &str) -> Reply + 'static) -> Self {
        Self {
            root: root.into(),
            converse: Box::new(converse),
        }
    }

    /// A machine without files, on which none can be created.
    #[cfg(test)]
    pub fn nowhere() -> Self {
        Self::at(Path::new("/dev/null"), |_, _| Reply {
            result: Err(io::ErrorKind::NotFound.into()),
            answer: String::new(),
        })
    }

    /// Resolves paths below `root`.
    #[cfg(test)]
    pub fn set_root(&mut self, root: &Path) {
        self.root = root.into();
    }

    /// The real path of the file at `path`.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Whether the file exists and is accessible.
    pub fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Reads a file. Replaces invalid UTF-8.
    pub fn read(&self, path: &str) -> io::Result<String> {
        let bytes = file::read(&self.path(path), MAX_FILE)?;

        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads a file of commands that run as root. Fails if another user can change it.
    pub fn read_protected(&self, path: &str) -> io::Result<String> {
        let path = self.path(path);

        // What is no file at all has an error of its own.
        file::open(&path)?;
        // A protected path without links stays the same until it is read.
        let path = path.canonicalize()?;

        check_protected(&path)?;
        Ok(String::from_utf8_lossy(&file::read(&path, MAX_FILE)?).into_owned())
    }

    /// The same as [`check_protected()`].
    pub fn check_protected(&self, path: &str) -> io::Result<()> {
        check_protected(&self.path(path))
    }

    /// Writes to an existing file, in one write.
    pub fn write(&self, path: &str, text: &str) -> io::Result<()> {
        OpenOptions::new()
            .write(true)
            .open(self.path(path))
            .and_then(|file| write_once(&file, text))
    }

    /// Lists a directory, sorted by bytes.
    pub fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();

        for entry in fs::read_dir(self.path(path))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Lists the directories in a directory. Returns none if it cannot be read.
    pub fn directories(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(path))
            .into_iter()
            .flatten()
            .flatten();

        entries
            .filter(|entry| entry.file_type().is_ok_and(|it| it.is_dir()))
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// Creates a directory.
    pub fn make_directory(&self, path: &str) -> io::Result<()> {
        fs::create_dir(self.path(path))
    }

    /// Removes a directory whose content the kernel removes.
    pub fn remove_directory(&self, path: &str) -> io::Result<()> {
        fs::remove_dir(self.path(path))
    }

    /// The target of a symbolic link.
    pub fn link(&self, path: &str) -> io::Result<PathBuf> {
        fs::read_link(self.path(path))
    }

    /// The inode number of the file at `path`, following symbolic links.
    pub fn inode(&self, path: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.path(path))?.ino())
    }

    /// Opens a file for non-blocking reads.
    pub fn open_without_waiting(&self, path: &str) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(self.path(path))
    }

    /// Writes to a file of Killswitch in one write, and reads the answer.
    pub fn ask(&self, file: &str, text: &str) -> Reply {
        (self.converse)(&self.path(&format!("{KILLSWITCH}/{file}")), text)
    }

    /// The kernel log, one record per line: level, number, microseconds since the boot, flags, a
    /// semicolon, and the message.
    pub fn kernel_log(&self) -> io::Result<String> {
        read_available(&mut self.open_without_waiting("/dev/kmsg")?)
    }

    /// Runs a program without input and with a clean environment, if it is installed. Fails if it
    /// cannot be started.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Option<io::Result<Output>> {
        const DIRECTORIES: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
        let path = DIRECTORIES
            .iter()
            .map(|directory| self.path(&format!("{directory}/{program}")))
            .find(|path| path.exists())?;

        Some(
            Command::new(path)
                .args(arguments)
                .env_clear()
                .env("PATH", DIRECTORIES.join(":"))
                .env("LC_ALL", "C.UTF-8")
                .current_dir(&self.root)
                .stdin(Stdio::null())
                .output(),
        )
    }
}

/// Whether only root, and the user who runs this program, can change or create the file at `path`.
pub fn is_protected(path: &Path) -> bool {
    check_protected(path).is_ok()
}

/// Fails if another user can change or create the file at `path`. The error names the file or
/// directory to protect.
fn check_protected(path: &Path) -> io::Result<()> {
    const OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    let own = fs::metadata("/proc/self")?.uid();
    let existing = path.ancestors().find_map(|it| it.canonicalize().ok());
    let existing = existing.ok_or(io::ErrorKind::NotFound)?;

    existing.ancestors().try_for_each(|it| {
        let facts = fs::metadata(it)?;
        // Other users can create files in a sticky directory, but not replace those of root.
        let is_sticky = it != existing && facts.mode() & STICKY != 0;
        let name = it.display();

        if ![0, own].contains(&facts.uid()) {
            return Err(io::Error::other(format!(
                "{name} belongs to user {}, who can change it; chown it to root",
                facts.uid()
            )));
        }
        if facts.mode() & OTHERS != 0 && !is_sticky {
            return Err(io::Error::other(format!(
                "users other than its owner can change {name}; chmod go-w it, or use another \
                 directory"
            )));
        }
        Ok(())
    })
}

/// Limit for files that may have no end, in bytes. Kernel logs are shorter.
const MAX_AVAILABLE: usize = 64 << 20;

/// Reads everything that is available without blocking.
pub fn read_available(file: &mut impl Read) -> io::Result<String> {
    // The kernel log returns one record per read, up to this size.
    const RECORD: usize = 8192;
    let mut bytes = Vec::new();
    let mut buffer = [0; RECORD];

    while bytes.len() < MAX_AVAILABLE {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            // Records were overwritten before they were read, or a signal was caught.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::BrokenPipe | io::ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One write, since a write is a transaction.
fn write_once(mut file: &File, text: &str) -> io::Result<()> {
    match file.write(text.as_bytes())? {
        length if length == text.len() => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}

fn converse(path: &Path, text: &str) -> Reply {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) => {
            return Reply {
                result: Err(error),
                answer: String::new(),
            }
        }
    };
    let result = write_once(&file, text);
    let mut answer = Vec::new();

    // A failed write has an answer, too. Without one, its error is still available.
    let _ = file.read_to_end(&mut answer);
    Reply {
        result,
        answer: String::from_utf8_lossy(&answer).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::tests::Directory;
    use std::os::unix::fs::{chown, symlink, PermissionsExt};

    #[test]
    fn paths_that_others_can_change_are_not_protected() {
        let directory = Directory::new("protected");
        let path = |name: &str| directory.path(name);
        let set = |name: &str, mode| {
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
        };

        fs::create_dir_all(path("own/inner")).unwrap();
        fs::write(path("own/inner/file"), "").unwrap();
        symlink(path("own"), path("link")).unwrap();
        let places = ["own/inner/file", "own/inner/none/none", "link/inner/file"];
        let expect = |expected| {
            for place in places {
                assert_eq!(is_protected(&path(place)), expected, "{place}");
            }
        };

        expect(true);
        for mode in [0o775, 0o757] {
            set("own", mode);
            expect(false);
        }
        // Depends on the parent of the test's directory.
        set("own", 0o1777);
        expect(true);
        assert!(!is_protected(&path("own/none")), "others can create it");
        set("own/inner/file", 0o666);
        assert!(!is_protected(&path("own/inner/file")));
        // Only root can change the owner.
        if chown(path("own"), Some(77), None).is_ok() {
            expect(false);
        }
    }
}
