// SPDX-License-Identifier: GPL-2.0-only

//! What host tests try of the inputs that the fuzzers kept.

use std::{fs, panic, path::Path};

/// Has `run` try every input in `directory`. Panics, and names the input, if one fails; also if
/// there is none.
pub fn try_all(directory: &Path, run: fn(&[u8])) {
    let mut count = 0;

    for file in fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let input = fs::read(&path).unwrap();

        assert!(
            panic::catch_unwind(|| run(&input)).is_ok(),
            "see above for what does not hold with {}",
            path.display()
        );
        count += 1;
    }
    assert_ne!(count, 0);
}
