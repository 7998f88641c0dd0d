// SPDX-License-Identifier: GPL-2.0-only

//! The running machine: the only place that opens its files and starts its programs.

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

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// What a file answered to a write.
#[derive(Debug)]
pub struct Reply {
    /// Whether the write succeeded.
    pub result: io::Result<()>,
    /// What was read from the same open file behind it: why it failed, or what was done.
    pub answer: String,
}

/// Writes to a file, once, and reads the answer from the same open file.
type Converse = Box<dyn Fn(&Path, &str) -> Reply>;

/// A machine. Paths are absolute, and lead to what is below its root directory.
pub struct Machine {
    root: PathBuf,
    converse: Converse,
}

impl Machine {
    /// The machine that this program runs on.
    pub fn this() -> Self {
        Self {
            root: "/".into(),
            converse: Box::new(converse),
        }
    }

    /// One whose files are below `root`, and whose `control` and `check` answer as `converse` does.
    #[cfg(test)]
    pub fn at(root: &Path, converse: impl Fn(&Path, &str) -> Reply + 'static) -> Self {
        Self {
            root: root.into(),
            converse: Box::new(converse),
        }
    }

    /// One that has no files, and none can be made there.
    #[cfg(test)]
    pub fn nowhere() -> Self {
        Self::at(Path::new("/dev/null"), |_, _| Reply {
            result: Err(io::ErrorKind::NotFound.into()),
            answer: String::new(),
        })
    }

    /// Has paths lead to what is below `root`.
    #[cfg(test)]
    pub fn set_root(&mut self, root: &Path) {
        self.root = root.into();
    }

    /// Where the file at `path` really is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Whether there is a file that this process may reach.
    pub fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// The content of a file. What is no UTF-8 is replaced.
    pub fn read(&self, path: &str) -> io::Result<String> {
        let bytes = file::read(&self.path(path), MAX_FILE)?;

        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The content of a file that says what root is to do. Fails if it could be that of another
    /// user: it belongs to root, or to the user whose program this is, and no other may write to
    /// it.
    pub fn read_protected(&self, path: &str) -> io::Result<String> {
        let wrong = |what: String| Err(io::Error::other(what));
        let file = file::open(&self.path(path))?;
        let facts = file.metadata()?;
        let own = fs::metadata("/proc/self")?.uid();

        if ![0, own].contains(&facts.uid()) {
            return wrong(format!(
                "it belongs to the user {}, who could change it; chown it to root",
                facts.uid()
            ));
        }
        if facts.mode() & 0o022 != 0 {
            return wrong("others than its owner could change it; chmod go-w it".into());
        }
        Ok(String::from_utf8_lossy(&file::all(file, MAX_FILE)?).into_owned())
    }

    /// Writes to a file that exists, in one write.
    pub fn write(&self, path: &str, text: &str) -> io::Result<()> {
        OpenOptions::new()
            .write(true)
            .open(self.path(path))
            .and_then(|file| write_once(&file, text))
    }

    /// The names in a directory, sorted by their bytes.
    pub fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();

        for entry in fs::read_dir(self.path(path))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The names of the directories in a directory. What cannot be read has none.
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

    /// Makes a directory.
    pub fn make_directory(&self, path: &str) -> io::Result<()> {
        fs::create_dir(self.path(path))
    }

    /// Removes a directory, which the kernel empties by itself.
    pub fn remove_directory(&self, path: &str) -> io::Result<()> {
        fs::remove_dir(self.path(path))
    }

    /// Where a symbolic link leads to.
    pub fn link(&self, path: &str) -> io::Result<PathBuf> {
        fs::read_link(self.path(path))
    }

    /// The number of the inode at `path`, behind symbolic links.
    pub fn inode(&self, path: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.path(path))?.ino())
    }

    /// Opens a file that is read without waiting for what it does not have yet.
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

    /// What the kernel log has, one record per line: level, number, microseconds since the boot,
    /// flags, a semicolon, and the message.
    pub fn kernel_log(&self) -> io::Result<String> {
        read_available(&mut self.open_without_waiting("/dev/kmsg")?)
    }

    /// Runs a program without input, if it is installed, and not as the environment of this one may
    /// have it. Fails if it cannot be started.
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

/// Whether only root, and the user whose program this is, can change what is at `path`, or will be
/// when it is made there.
pub fn is_protected(path: &Path) -> bool {
    const OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    let Ok(own) = fs::metadata("/proc/self") else {
        return false;
    };
    let is_own = |path: &Path| {
        fs::metadata(path).is_ok_and(|facts| {
            [0, own.uid()].contains(&facts.uid())
                && (facts.mode() & OTHERS == 0 || facts.is_dir() && facts.mode() & STICKY != 0)
        })
    };
    let existing = path.ancestors().find_map(|it| it.canonicalize().ok());

    existing.is_some_and(|it| it.ancestors().all(is_own))
}

/// The most that is read of what may never end, in bytes. Kernel logs are shorter.
const MAX_AVAILABLE: usize = 64 << 20;

/// Reads all that there is at the moment.
pub fn read_available(file: &mut impl Read) -> io::Result<String> {
    // The kernel log gives a record at a time, of at most so many bytes.
    const RECORD: usize = 8192;
    let mut bytes = Vec::new();
    let mut buffer = [0; RECORD];

    while bytes.len() < MAX_AVAILABLE {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            // Records were overwritten before they were read, or a signal came.
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

/// One write, since that is one transaction.
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

    // A write that failed has an answer, too. Without one there is still its error.
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
    fn a_place_is_protected_as_far_as_others_cannot_change_it() {
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
        // As the directory is that all of this is in.
        set("own", 0o1777);
        expect(true);
        set("own/inner/file", 0o666);
        assert!(!is_protected(&path("own/inner/file")));
        // Only root can give a directory away.
        if chown(path("own"), Some(77), None).is_ok() {
            expect(false);
        }
    }
}
