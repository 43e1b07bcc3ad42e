//! A file that has a path but no disk: for what another program must read and nobody may find later.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::AsRawFd as _;

use rustix::fs::{MemfdFlags, Mode, fchmod, memfd_create};

/// An anonymous file in memory. Its path is valid while this value lives, for processes of the same
/// user; after a crash, even by `kill -9`, nothing of it is left.
#[derive(Debug)]
pub(crate) struct MemoryFile(File);

impl MemoryFile {
    /// Makes one that only its owner may read.
    pub(crate) fn new(name: &str, content: &[u8]) -> io::Result<Self> {
        let fd = memfd_create(name, MemfdFlags::CLOEXEC)?;
        fchmod(&fd, Mode::RUSR | Mode::WUSR)?;
        let mut file = File::from(fd);
        file.write_all(content)?;
        Ok(Self(file))
    }

    /// Returns the path under which other processes open it.
    pub(crate) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd())
    }

    /// Returns a handle for a child's output.
    pub(crate) fn handle(&self) -> io::Result<File> {
        self.0.try_clone()
    }

    /// Returns what is in it as text, wrong bytes replaced.
    pub(crate) fn text(&self) -> io::Result<String> {
        let mut file = self.0.try_clone()?;
        file.rewind()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
