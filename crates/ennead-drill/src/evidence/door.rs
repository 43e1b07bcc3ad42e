//! The door to the files of the operator's machine.
#![expect(clippy::disallowed_methods, reason = "this file is the door for evidence")]

use std::io;

use camino::Utf8Path;

/// Makes a directory and its parents.
pub(super) fn make_directory(path: &Utf8Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Puts a file in place: after a crash either the old or the new one is there, whole.
pub(super) fn write(path: &Utf8Path, content: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let new = path.with_extension("new");
    let mut file = std::fs::File::create(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}
