//! A folder that is in memory only and belongs to this user alone, for texts that must not reach a
//! disk.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;

use camino::{Utf8Path, Utf8PathBuf};

use crate::environment;
use crate::files;
use crate::host::HostError;

/// Kinds of file systems that are in memory, as `statfs(2)` numbers them: tmpfs and ramfs
/// (`linux/magic.h`).
const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];

/// Where shared memory is on every Linux with a GNU C library (`shm_open(3)`).
const SHARED_MEMORY: &str = "/dev/shm";

/// A folder in memory, mode 0700; removed with everything in it when it is dropped.
#[derive(Debug)]
pub struct MemoryFolder(Utf8PathBuf);

impl MemoryFolder {
    /// Makes one below `$XDG_RUNTIME_DIR`, or else in `/dev/shm`.
    ///
    /// # Errors
    /// [`HostError::File`] when neither is a file system in memory that can be written.
    pub fn make() -> Result<Self, HostError> {
        let runtime = environment::read("XDG_RUNTIME_DIR").map(Utf8PathBuf::from);
        Self::below(runtime.into_iter().chain([Utf8PathBuf::from(SHARED_MEMORY)]))
    }

    fn below(places: impl IntoIterator<Item = Utf8PathBuf>) -> Result<Self, HostError> {
        let mut failed =
            crate::disk::failed("this machine", "make a folder in memory in", "".into())(
                io::Error::other("no place was given"),
            );
        for place in places {
            match make(&place) {
                Ok(folder) => return Ok(folder),
                Err(source) => {
                    let verb = "make a folder in memory in";
                    failed = crate::disk::failed("this machine", verb, &place)(source);
                }
            }
        }
        Err(failed)
    }

    /// Returns its path.
    pub fn path(&self) -> &Utf8Path {
        &self.0
    }
}

fn make(place: &Utf8Path) -> io::Result<MemoryFolder> {
    let kind = u64::try_from(rustix::fs::statfs(place.as_std_path())?.f_type).unwrap_or_default();
    if !IN_MEMORY.contains(&kind) {
        return Err(io::Error::other("it is not in memory"));
    }
    let name = format!("ennead-{}-{:016x}", std::process::id(), rand::random::<u64>());
    let path = place.join(name);
    // Not recursive: a folder or link of this name that is there already is an error.
    std::fs::DirBuilder::new().mode(0o700).create(&path)?;
    Ok(MemoryFolder(path))
}

impl Drop for MemoryFolder {
    fn drop(&mut self) {
        if let Err(error) = files::remove_all(&self.0) {
            tracing::warn!(path = %self.0, %error, "a text that was in memory is still there");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_in_memory_private_and_gone_with_everything_in_it() {
        let folder = MemoryFolder::below([SHARED_MEMORY.into()]).unwrap();
        let path = folder.path().to_owned();
        assert!(path.starts_with(SHARED_MEMORY));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        files::write_private(&path.join("file"), "text").unwrap();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn a_place_on_a_disk_is_passed_over() {
        let error = MemoryFolder::below(["/sys".into(), "/nowhere".into()]).unwrap_err();
        assert_eq!(error.to_string(), "this machine: cannot make a folder in memory in /nowhere");
        assert!(MemoryFolder::below(["/sys".into(), SHARED_MEMORY.into()]).is_ok());
    }
}
