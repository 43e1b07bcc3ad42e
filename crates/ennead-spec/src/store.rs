//! The door to the operator's own files: the spec, the vault and the identity that opens it.
//!
//! A write is atomic: after a crash either the old or the new file is there, whole.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

use camino::{Utf8Path, Utf8PathBuf};
use thiserror::Error;

/// A file of the operator's that could not be read or written.
#[derive(Debug, Error)]
#[error("cannot {verb} {path}")]
pub struct StoreError {
    /// What was tried, for example `write`.
    pub verb: &'static str,
    /// Which file.
    pub path: Utf8PathBuf,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// Reads a file; `None` when it does not exist.
///
/// # Errors
/// [`StoreError`].
#[expect(clippy::disallowed_methods, reason = "this module is the door to the operator's files")]
pub fn read(path: &Utf8Path) -> Result<Option<Vec<u8>>, StoreError> {
    match std::fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError { verb: "read", path: path.to_owned(), source }),
    }
}

/// Puts a file in place of what is there, readable by its owner alone. Missing folders are made,
/// open to the owner alone.
///
/// # Errors
/// [`StoreError`].
#[expect(clippy::disallowed_methods, reason = "this module is the door to the operator's files")]
pub fn replace(path: &Utf8Path, content: &[u8]) -> Result<(), StoreError> {
    let temporary = write_temporary(path, content)?;
    std::fs::rename(&temporary, path)
        .and_then(|()| sync_folder(path))
        .map_err(|source| failed_after(&temporary, "write", path, source))
}

/// Puts a file in place unless there is one already; false when there was.
///
/// # Errors
/// [`StoreError`].
pub fn create(path: &Utf8Path, content: &[u8]) -> Result<bool, StoreError> {
    let temporary = write_temporary(path, content)?;
    // A link, unlike a rename, fails when the name is taken.
    let made = match std::fs::hard_link(&temporary, path) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
        Err(source) => return Err(failed_after(&temporary, "create", path, source)),
    };
    remove(&temporary).and_then(|()| sync_folder(path)).map_err(|source| StoreError {
        verb: "create",
        path: path.to_owned(),
        source,
    })?;
    Ok(made)
}

/// Holds a folder for this process until it is dropped.
#[derive(Debug)]
pub struct FolderLock {
    _folder: std::fs::File,
}

/// Takes the lock of a file's folder, waiting for another program that holds it. The kernel releases
/// it when that program ends, however it ends; no file is left behind.
///
/// # Errors
/// [`StoreError`].
#[expect(clippy::disallowed_methods, reason = "this module is the door to the operator's files")]
pub fn lock_folder(path: &Utf8Path) -> Result<FolderLock, StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty());
    let fail = |source| StoreError { verb: "lock the folder of", path: path.to_owned(), source };
    let folder = std::fs::File::open(folder.unwrap_or(Utf8Path::new("."))).map_err(fail)?;
    folder.lock().map_err(fail)?;
    Ok(FolderLock { _folder: folder })
}

fn write_temporary(path: &Utf8Path, content: &[u8]) -> Result<Utf8PathBuf, StoreError> {
    let fail = |source| StoreError { verb: "write", path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
    }
    let name = path.file_name().unwrap_or_default();
    let temporary = path.with_file_name(format!(".{name}.{}", std::process::id()));
    // What an earlier process of the same number left behind is of no use to anybody.
    remove(&temporary).map_err(fail)?;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&temporary);
    file.and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    })
    .map_err(|source| failed_after(&temporary, "write", path, source))?;
    Ok(temporary)
}

fn failed_after(
    temporary: &Utf8Path,
    verb: &'static str,
    path: &Utf8Path,
    source: std::io::Error,
) -> StoreError {
    // The first error is the one that matters; a leftover is taken away by the next write.
    let _cleaned = remove(temporary).is_ok();
    StoreError { verb, path: path.to_owned(), source }
}

#[expect(clippy::disallowed_methods, reason = "this module is the door to the operator's files")]
fn remove(path: &Utf8Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "this module is the door to the operator's files")]
fn sync_folder(path: &Utf8Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Utf8Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("a/b/file")).unwrap();
        (folder, path)
    }

    #[test]
    fn files_are_private_and_replaced_whole() {
        let (_folder, path) = folder();
        assert_eq!(read(&path).unwrap(), None);
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), b"two");
        let mode = |path: &Utf8Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn creating_leaves_what_is_there() {
        let (_folder, path) = folder();
        assert!(create(&path, b"one").unwrap());
        assert!(!create(&path, b"two").unwrap());
        assert_eq!(read(&path).unwrap().unwrap(), b"one");
        assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn an_error_names_the_file() {
        let (_folder, path) = folder();
        replace(&path, b"one").unwrap();
        let below = path.join("below");
        assert_eq!(replace(&below, b"x").unwrap_err().to_string(), format!("cannot write {below}"));
    }
}
