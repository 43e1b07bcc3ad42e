//! The ennead program that nodes run: read here once, put on each node once per version.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{Command, Host as _, HostError, LocalHost, files};
use ennead_model::sha256_hex;

use super::error::NodeError;

/// Where the program lies on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directories {
    /// Directory of all versions.
    pub versions: Utf8PathBuf,
    /// Link to the newest one.
    pub link: Utf8PathBuf,
}

impl Default for Directories {
    fn default() -> Self {
        Self { versions: "/opt/ennead/bin".into(), link: "/usr/local/bin/ennead".into() }
    }
}

/// The program to put on nodes.
#[derive(Debug)]
pub struct Program {
    pub(super) path: Utf8PathBuf,
    pub(super) sha256: String,
}

/// What a program needs of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needs {
    /// Newest C library symbols that it uses; absent for a script or a static program.
    pub(super) glibc: Option<(u32, u32)>,
    /// Processor, as `uname -m` tells it; absent for a script.
    pub(super) machine: Option<&'static str>,
}

impl Program {
    /// Reads the program; usually the one that is running.
    ///
    /// # Errors
    /// [`NodeError::Program`].
    pub async fn load(path: &Utf8Path) -> Result<Self, NodeError> {
        let sha256 = read(path, |bytes| sha256_hex(bytes)).await?;
        Ok(Self { path: path.to_owned(), sha256 })
    }

    /// Returns what it needs of a node's system. Takes a while: the whole file is searched.
    pub(super) async fn needs(&self) -> Result<Needs, NodeError> {
        read(&self.path, |bytes| Needs { glibc: newest_glibc(bytes), machine: machine(bytes) })
            .await
    }

    /// Returns the first 16 digits of its digest, which name its version on nodes.
    pub fn digest16(&self) -> String {
        self.sha256.chars().take(16).collect()
    }

    /// Returns the program's file name on nodes.
    pub(super) fn file_name(&self) -> String {
        format!("ennead-{}", self.digest16())
    }

    /// Returns the program packed with `gzip -1`. Measured with a 9.4 MB build: 0.14 s here once and
    /// 0.05 s on each node, for 3.7 MB instead of 9.4 over the line. In the lab that is even; over
    /// an operator's 20 Mbit/s it saves 20 s for nine nodes.
    pub(super) async fn packed(&self) -> Result<Vec<u8>, NodeError> {
        let gzip = Command::new("gzip").args(["-1", "--stdout", "--", self.path.as_str()]);
        let output = LocalHost::new("this machine").run_ok(&gzip).await;
        output.map(|output| output.stdout).map_err(|source| NodeError::Program { source })
    }
}

async fn read<T: Send + 'static>(
    path: &Utf8Path,
    look: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, NodeError> {
    let owned = path.to_owned();
    let failed = |source: std::io::Error| NodeError::Program {
        source: HostError::File {
            host: "this machine".to_owned(),
            verb: "read",
            path: path.to_owned(),
            source,
        },
    };
    let read = tokio::task::spawn_blocking(move || {
        files::read(&owned).map(|bytes| bytes.map(|bytes| look(&bytes)))
    });
    match read.await {
        Ok(Ok(Some(seen))) => Ok(seen),
        Ok(Ok(None)) => Err(failed(std::io::ErrorKind::NotFound.into())),
        Ok(Err(source)) => Err(NodeError::Program { source }),
        Err(gone) => Err(failed(std::io::Error::other(gone))),
    }
}

/// Returns the newest version among the `GLIBC_` names that an ELF file needs.
fn newest_glibc(bytes: &[u8]) -> Option<(u32, u32)> {
    const MARK: &[u8] = b"GLIBC_";
    if !bytes.starts_with(b"\x7fELF") {
        return None;
    }
    let starts = bytes.windows(MARK.len()).enumerate().filter(|(_, part)| *part == MARK);
    let versions = starts.filter_map(|(at, _)| {
        let rest = bytes.get(at + MARK.len()..at + MARK.len() + 12)?;
        let text = rest.split(|byte| !byte.is_ascii_digit() && *byte != b'.').next()?;
        parse_version(std::str::from_utf8(text).ok()?)
    });
    versions.collect::<BTreeSet<_>>().into_iter().next_back()
}

/// Reads `2.36` or `2.36.1`.
pub(super) fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Returns the processor of an ELF file. Source: ELF header, field `e_machine`.
fn machine(bytes: &[u8]) -> Option<&'static str> {
    if !bytes.starts_with(b"\x7fELF") {
        return None;
    }
    match bytes.get(18..20)? {
        [62, 0] => Some("x86_64"),
        [183, 0] => Some("aarch64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_symbol_version_counts() {
        let elf = b"\x7fELF....GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_PRIVATE\0GLIBC_";
        assert_eq!(newest_glibc(elf), Some((2, 34)));
        assert_eq!(newest_glibc(b"#!/bin/sh\n# GLIBC_2.99"), None);
    }

    #[tokio::test]
    async fn the_running_program_knows_its_needs() {
        let path = ennead_host::environment::executable().unwrap();
        let program = Program::load(&path).await.unwrap();
        let needs = program.needs().await.unwrap();
        assert!(needs.glibc.is_some_and(|version| version >= (2, 17)), "{needs:?}");
        assert!(needs.machine.is_some());
        assert_eq!(program.digest16().len(), 16);
    }
}
