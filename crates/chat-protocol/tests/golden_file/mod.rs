//! A file that the code must keep saying the same as. It knows nothing of what is in it.
#![allow(dead_code, reason = "each test uses its own part")]

use std::{env, fs, path::Path};

/// Compares `actual` with the file, or writes the file where `UPDATE_GOLDEN` is set. `path` is
/// relative to the top of the repository.
pub(crate) fn check(path: &str, actual: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, actual).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_else(|error| format!("({error})"));
    assert!(
        actual == expected,
        "{path} says\n{expected}\nand the code says\n{actual}\n\
         If the change is meant, and clients in other languages survive it, run\n\
         UPDATE_GOLDEN=1 cargo test -p chat-protocol"
    );
}

/// The text of a file, path as above.
pub(crate) fn read(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"))
}
