//! The door to files of the operator's machine, for specs, secrets, evidence and state.
//!
//! Blocking, because its users (a command line that starts, a spec that is read) have nothing else
//! to do meanwhile. What is done on nodes goes through [`crate::Host`].

use camino::Utf8Path;

pub use crate::disk::FileLock;
use crate::disk::{self, failed};
use crate::host::HostError;

/// The machine's name in errors.
const HERE: &str = "this machine";

/// Reads a file; `None` when it does not exist.
///
/// # Errors
/// [`HostError::File`].
pub fn read(path: &Utf8Path) -> Result<Option<Vec<u8>>, HostError> {
    disk::read(path).map_err(failed(HERE, "read", path))
}

/// Reads a file as UTF-8 text; `None` when it does not exist.
///
/// # Errors
/// [`HostError::File`], also when it is not UTF-8.
pub fn read_text(path: &Utf8Path) -> Result<Option<String>, HostError> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|_| {
        failed(HERE, "read", path)(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "it is not UTF-8 text",
        ))
    })?;
    Ok(Some(text))
}

/// Puts a file in place atomically, mode 0644. The parent exists.
///
/// # Errors
/// [`HostError::File`].
pub fn write(path: &Utf8Path, content: impl AsRef<[u8]>) -> Result<(), HostError> {
    disk::write(path, content.as_ref(), 0o644, None).map_err(failed(HERE, "write", path))
}

/// Puts a file in place atomically that only its owner can read, mode 0600. The parent exists.
///
/// # Errors
/// [`HostError::File`].
pub fn write_private(path: &Utf8Path, content: impl AsRef<[u8]>) -> Result<(), HostError> {
    disk::write(path, content.as_ref(), 0o600, None).map_err(failed(HERE, "write", path))
}

/// Makes a directory and its parents, mode 0755.
///
/// # Errors
/// [`HostError::File`].
pub fn make_directory(path: &Utf8Path) -> Result<(), HostError> {
    if path.as_str().is_empty() {
        return Ok(());
    }
    disk::make_directory(path, 0o755, None).map_err(failed(HERE, "make the directory", path))
}

/// Makes a directory that only its owner can enter, mode 0700, and its parents.
///
/// # Errors
/// [`HostError::File`].
pub fn make_private_directory(path: &Utf8Path) -> Result<(), HostError> {
    disk::make_directory(path, 0o700, None).map_err(failed(HERE, "make the directory", path))
}

/// Returns whether a path exists; links are followed.
///
/// # Errors
/// [`HostError::File`].
pub fn exists(path: &Utf8Path) -> Result<bool, HostError> {
    Ok(facts(path)?.is_some())
}

/// Returns what is known of a path; links are followed.
///
/// # Errors
/// [`HostError::File`].
pub fn facts(path: &Utf8Path) -> Result<Option<crate::FileFacts>, HostError> {
    disk::facts(path).map_err(failed(HERE, "look at", path))
}

/// Returns the names in a directory, sorted; none when it does not exist.
///
/// # Errors
/// [`HostError::File`].
pub fn list(path: &Utf8Path) -> Result<Vec<String>, HostError> {
    disk::list(path).map_err(failed(HERE, "list", path))
}

/// Removes a file, link or empty directory; true when there was one.
///
/// # Errors
/// [`HostError::File`].
pub fn remove(path: &Utf8Path) -> Result<bool, HostError> {
    disk::remove(path).map_err(failed(HERE, "remove", path))
}

/// Removes a directory with everything in it; true when there was one.
///
/// # Errors
/// [`HostError::File`].
pub fn remove_all(path: &Utf8Path) -> Result<bool, HostError> {
    disk::remove_all(path).map_err(failed(HERE, "remove", path))
}

/// Takes the lock of a file between processes, waiting for another holder; the file is made when it
/// does not exist and stays. Released when dropped, and by the kernel when the process dies.
///
/// # Errors
/// [`HostError::File`].
pub fn lock(path: &Utf8Path) -> Result<FileLock, HostError> {
    disk::lock(path).map_err(failed(HERE, "lock", path))
}

/// As [`lock`], but gives `None` at once while another holds it.
///
/// # Errors
/// [`HostError::File`].
pub fn try_lock(path: &Utf8Path) -> Result<Option<FileLock>, HostError> {
    disk::try_lock(path).map_err(failed(HERE, "lock", path))
}
