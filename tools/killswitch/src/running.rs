// SPDX-License-Identifier: GPL-2.0-only

//! The running kernel: its memory or, if that cannot be read, its files at the usual places of
//! distributions.

use crate::{
    image::{Image, Places},
    machine::Machine,
};
use std::{error::Error, path::PathBuf};

/// Paths of kernels, with the release appended or in place of `{}`. Those that always have symbols
/// and type information are last, since they are rarely installed.
const KERNELS: [&str; 5] = [
    "/boot/vmlinuz-{}",
    "/lib/modules/{}/vmlinuz",
    "/boot/vmlinux-{}",
    "/usr/lib/debug/boot/vmlinux-{}",
    "/usr/lib/debug/lib/modules/{}/vmlinux",
];

/// The release of the running kernel, as in `uname -r`.
fn release(machine: &Machine) -> Result<String, String> {
    let release = machine
        .read("/proc/sys/kernel/osrelease")
        .map_err(|error| format!("cannot find out the running kernel's release: {error}"))?;

    Ok(release.trim().to_owned())
}

/// The directory with the modules of the running kernel, if it exists.
pub fn modules(machine: &Machine) -> Option<PathBuf> {
    let path = format!("/lib/modules/{}", release(machine).ok()?);

    machine.has(&path).then(|| machine.path(&path))
}

/// Finds the file of the running kernel. Fails with the paths that were tried.
fn find(machine: &Machine) -> Result<PathBuf, String> {
    let release = release(machine)?;
    let places = KERNELS.map(|place| place.replace("{}", &release));
    let found = places.iter().find(|path| machine.has(path));

    found.map(|path| machine.path(path)).ok_or_else(|| {
        format!(
            "no file of the running kernel, {release}, among {}; give it with --vmlinux",
            places.join(", ")
        )
    })
}

/// Reads the running kernel from memory, with the loaded modules and, from the files that `choose`
/// names, others; or from its file, with all files that `choose` names. `choose` takes what was
/// read before. Calls `note` with a message if it reads the file. Fails if neither can be read, or
/// if the file is of another kernel.
pub fn open(
    machine: &Machine,
    choose: &mut dyn FnMut(&Image) -> Vec<PathBuf>,
    note: &mut dyn FnMut(&str),
) -> Result<Image, Box<dyn Error>> {
    let places = Places {
        core: machine.path("/proc/kcore"),
        symbols: machine.path("/proc/kallsyms"),
        types: machine.path("/sys/kernel/btf"),
    };
    let error = match Image::running(&places, &mut *choose) {
        Ok(image) => return Ok(image),
        Err(error) => error,
    };
    let file = find(machine).map_err(|missing| format!("{error}; {missing}"))?;
    let image = Image::open_with(&file, choose)?;

    if !is_running(machine, &image) {
        return Err(format!(
            "{error}; {}: it is not the running kernel, but another one of the same release; boot \
             it, or give the file with --vmlinux",
            file.display()
        )
        .into());
    }
    note(&format!(
        "reading the kernel from {} instead of memory: {error}",
        file.display()
    ));
    Ok(image)
}

/// Whether `image` is the running kernel, and not another build of the same release: it contains
/// the version string in /proc/version, which has the build time.
fn is_running(machine: &Machine, image: &Image) -> bool {
    let version = machine.read("/proc/version").unwrap_or_default();

    !version.is_empty() && image.has_text(version.trim_end().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        image::{tests::Directory, Source},
        machine::Reply,
    };
    use std::fs;

    fn machine(directory: &Directory, files: &[&str]) -> Machine {
        for path in files {
            let path = directory.path(path);

            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "1.2-three\n").unwrap();
        }
        Machine::at(&directory.path(""), |_, _| -> Reply { unreachable!() })
    }

    #[test]
    fn files_of_the_kernel_are_found() {
        let directory = Directory::new("running");
        let found = |files: &[&str]| {
            let machine = machine(&directory, files);

            (find(&machine), modules(&machine))
        };

        assert!(found(&[])
            .0
            .unwrap_err()
            .contains("cannot find out the running"));
        let (error, _) = found(&["proc/sys/kernel/osrelease"]);
        let error = error.unwrap_err();
        assert!(error.contains("/boot/vmlinuz-1.2-three, "), "{error}");
        assert_eq!(
            found(&["usr/lib/debug/boot/vmlinux-1.2-three", "boot/vmlinuz-1.2"]),
            (
                Ok(directory.path("usr/lib/debug/boot/vmlinux-1.2-three")),
                None
            )
        );
        assert_eq!(
            found(&["boot/vmlinuz-1.2-three", "lib/modules/1.2-three/m.ko"]),
            (
                Ok(directory.path("boot/vmlinuz-1.2-three")),
                Some(directory.path("lib/modules/1.2-three"))
            )
        );
    }

    #[test]
    fn memory_is_preferred_to_files() {
        let directory = Directory::new("memory-or-file");
        let machine = machine(&directory, &["proc/sys/kernel/osrelease"]);
        let open = || {
            let mut notes = Vec::new();
            let image = open(&machine, &mut |_| Vec::new(), &mut |note| {
                notes.push(note.to_owned())
            });
            let image = image.map(|it| (it.source(), it.modules().len()));

            (image.map_err(|error| error.to_string()), notes)
        };

        let (error, notes) = open();
        let error = error.unwrap_err();
        assert!(error.contains("proc/kcore: the kernel does not export its memory"));
        assert!(error.contains("; no file of the running kernel, 1.2-three, among /boot/"));
        assert!(notes.is_empty());
        directory.run();
        assert_eq!(open(), (Ok((Source::Memory, 2)), Vec::new()));
        fs::remove_file(directory.path("proc/kcore")).unwrap();
        fs::create_dir(directory.path("boot")).unwrap();
        fs::copy(
            directory.path("vmlinux"),
            directory.path("boot/vmlinuz-1.2-three"),
        )
        .unwrap();
        let (error, _) = open();
        let error = error.unwrap_err();
        assert!(error.contains("another one of the same release"), "{error}");
        // A string in the data of the sample.
        fs::write(directory.path("proc/version"), "sample\n").unwrap();
        let (image, notes) = open();
        assert_eq!(image, Ok((Source::Files, 0)));
        let [note] = &notes[..] else {
            panic!("{notes:?}")
        };
        assert!(note.starts_with("reading the kernel from "), "{note}");
        assert!(
            note.contains("boot/vmlinuz-1.2-three instead of memory: "),
            "{note}"
        );
    }

    #[test]
    fn another_build_of_the_same_release_is_another_kernel() {
        let directory = Directory::new("another-build");
        let image = Image::open(&directory.path("vmlinux"), &[]).unwrap();
        let machine = machine(&directory, &[]);

        assert!(!is_running(&machine, &image));
        fs::create_dir(directory.path("proc")).unwrap();
        fs::write(directory.path("proc/version"), "no such text\n").unwrap();
        assert!(!is_running(&machine, &image));
        // A string in the data of the sample.
        fs::write(directory.path("proc/version"), "sample\n").unwrap();
        assert!(is_running(&machine, &image));
    }
}
