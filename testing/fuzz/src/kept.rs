// SPDX-License-Identifier: GPL-2.0-only

//! Runs the fuzzers' corpus in host tests.

use std::{fs, panic, path::Path};

/// Calls `run` with every input in `directory`. Panics with the name of the input if one fails, and
/// if there is none.
pub fn try_all(directory: &Path, run: fn(&[u8])) {
    let mut count = 0;

    for file in fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let input = fs::read(&path).unwrap();

        assert!(
            panic::catch_unwind(|| run(&input)).is_ok(),
            "see above for the failure with {}",
            path.display()
        );
        count += 1;
    }
    assert_ne!(count, 0);
}
