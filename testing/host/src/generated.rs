// SPDX-License-Identifier: GPL-2.0-only

//! Paragraphs of the administrator's guide that tests generate, here and in `tools/killswitch`.

use std::{
    env,
    fs,
    sync::Mutex, //
};

const GUIDE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../Documentation/admin-guide/LSM/killswitch.rst"
);

/// Compares `table` with the paragraph that follows the comment `.. Generated: NAME` in the guide.
/// With `KS_BLESS=1`, writes it there.
pub(crate) fn check(name: &str, table: &str) {
    // Tests run at the same time, and each writes the whole file.
    static FILE: Mutex<()> = Mutex::new(());

    let _one = FILE.lock().unwrap();
    let guide = fs::read_to_string(GUIDE).unwrap();
    let mark = format!("\n.. Generated: {name}\n\n");
    let start = guide.find(&mark).expect("the guide has no such mark") + mark.len();
    let end = start
        + guide[start..]
            .find("\n\n")
            .map_or(guide[start..].len(), |at| at + 1);

    if env::var_os("KS_BLESS").is_some() {
        fs::write(GUIDE, [&guide[..start], table, &guide[end..]].concat()).unwrap();
    } else {
        assert_eq!(table, &guide[start..end], "KS_BLESS=1 cargo test writes it");
    }
}
