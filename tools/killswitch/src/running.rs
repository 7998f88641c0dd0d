// SPDX-License-Identifier: GPL-2.0-only

//! The files of the kernel that runs, where a distribution puts them.

use crate::{image::Image, machine::Machine};
use std::path::PathBuf;

/// Where kernels are, with the release at the end or in the place of `{}`: those that have symbols
/// and type information for certain come last, since few machines have them.
const KERNELS: [&str; 5] = [
    "/boot/vmlinuz-{}",
    "/lib/modules/{}/vmlinuz",
    "/boot/vmlinux-{}",
    "/usr/lib/debug/boot/vmlinux-{}",
    "/usr/lib/debug/lib/modules/{}/vmlinux",
];

/// The files of a kernel.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// The kernel.
    pub kernel: PathBuf,
    /// The directory with its modules, if there is one.
    pub modules: Option<PathBuf>,
}

/// Finds the files of the kernel that runs. Fails with what is missing.
pub fn find(machine: &Machine) -> Result<Found, String> {
    let release = machine
        .read("/proc/sys/kernel/osrelease")
        .map_err(|error| format!("it is not known which kernel runs: {error}"))?;
    let release = release.trim();
    let modules = format!("/lib/modules/{release}");
    let places = KERNELS.map(|place| place.replace("{}", release));
    let kernel = places
        .iter()
        .find(|path| machine.has(path))
        .ok_or_else(|| {
            format!(
                "the kernel that runs, {release}, is in none of {}; name its file with --vmlinux",
                places.join(", ")
            )
        })?;

    Ok(Found {
        kernel: machine.path(kernel),
        modules: Some(modules)
            .filter(|path| machine.has(path))
            .map(|path| machine.path(&path)),
    })
}

/// Whether `image` is the kernel that runs, and not another one of the same name: it has the text
/// that the kernel shows as its version, with the time when it was built.
pub fn is_running(machine: &Machine, image: &Image) -> bool {
    let version = machine.read("/proc/version").unwrap_or_default();

    !version.is_empty() && image.has_text(version.trim_end().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        image::tests::Directory,
        machine::{Machine, Reply},
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
    fn the_files_of_the_kernel_are_found() {
        let directory = Directory::new("running");
        let found = |files: &[&str]| find(&machine(&directory, files));

        assert!(found(&[]).unwrap_err().contains("not known which"));
        let error = found(&["proc/sys/kernel/osrelease"]).unwrap_err();
        assert!(error.contains("/boot/vmlinuz-1.2-three, "), "{error}");
        assert_eq!(
            found(&["usr/lib/debug/boot/vmlinux-1.2-three", "boot/vmlinuz-1.2"]),
            Ok(Found {
                kernel: directory.path("usr/lib/debug/boot/vmlinux-1.2-three"),
                modules: None,
            })
        );
        assert_eq!(
            found(&["boot/vmlinuz-1.2-three", "lib/modules/1.2-three/m.ko"]),
            Ok(Found {
                kernel: directory.path("boot/vmlinuz-1.2-three"),
                modules: Some(directory.path("lib/modules/1.2-three")),
            })
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
        // What stands among the data of the sample.
        fs::write(directory.path("proc/version"), "sample\n").unwrap();
        assert!(is_running(&machine, &image));
    }
}
