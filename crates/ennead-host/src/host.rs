//! A machine on which commands run and files are read and written.

use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use thiserror::Error;

use crate::command::{Command, Output};

/// Something that could not be done on a machine. Names the host and what was tried.
#[derive(Debug, Error)]
pub enum HostError {
    /// The program could not be started.
    #[error("{host}: cannot start `{command}`")]
    Start {
        /// Which machine.
        host: String,
        /// What was tried; arguments only.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// The program did not end in time and was ended.
    #[error("{host}: `{command}` did not end within {seconds} s")]
    Deadline {
        /// Which machine.
        host: String,
        /// What was tried.
        command: String,
        /// How long it had.
        seconds: u64,
    },
    /// The program ended with another status than 0.
    #[error("{host}: `{command}` ended with status {status}: {stderr}")]
    Status {
        /// Which machine.
        host: String,
        /// What was tried.
        command: String,
        /// Its status.
        status: i32,
        /// Last 4 KiB of its standard error.
        stderr: String,
    },
    /// A file could not be read or changed.
    #[error("{host}: cannot {verb} {path}")]
    File {
        /// Which machine.
        host: String,
        /// What was tried, for example `write`.
        verb: &'static str,
        /// Which file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No such user or group on the machine.
    #[error("{host}: there is no {kind} {name:?}")]
    Account {
        /// Which machine.
        host: String,
        /// `user` or `group`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The machine cannot be reached.
    #[error("{host}: cannot be reached: {why}")]
    Unreachable {
        /// Which machine.
        host: String,
        /// What SSH said, on one line.
        why: String,
    },
    /// The machine shows another SSH host key than the one made for it.
    #[error("{host}: its SSH host key is not the one that was made for it")]
    HostKey {
        /// Which machine.
        host: String,
    },
}

/// A file to be put in place atomically.
#[derive(Debug, Clone)]
pub struct FileWrite {
    /// Absolute path; the parent exists.
    pub path: Utf8PathBuf,
    /// Whole content.
    pub content: Vec<u8>,
    /// Owner's name.
    pub owner: String,
    /// Group's name.
    pub group: String,
    /// Permission bits.
    pub mode: u32,
}

/// What is known of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Owner's name, or number when it has none.
    pub owner: String,
    /// Group's name, or number when it has none.
    pub group: String,
    /// Permission bits (the lowest twelve).
    pub mode: u32,
    /// Size in bytes.
    pub len: u64,
}

/// A machine. All methods can be called at the same time.
#[async_trait]
pub trait Host: Send + Sync {
    /// Returns the name used in errors and logs.
    fn name(&self) -> &str;

    /// Runs a program to its end. Any exit status is an `Ok`.
    ///
    /// # Errors
    /// [`HostError::Start`], [`HostError::Deadline`], [`HostError::Unreachable`].
    async fn run(&self, command: &Command) -> Result<Output, HostError>;

    /// Reads a file; `None` when it does not exist.
    ///
    /// # Errors
    /// [`HostError::File`].
    async fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, HostError>;

    /// Puts a file in place: after a crash either the old or the new one is there, whole.
    ///
    /// # Errors
    /// [`HostError::File`], [`HostError::Account`].
    async fn write(&self, file: &FileWrite) -> Result<(), HostError>;

    /// Makes a directory and its parents, then sets owner and mode of the last one.
    ///
    /// # Errors
    /// [`HostError::File`], [`HostError::Account`].
    async fn make_directory(
        &self,
        path: &Utf8Path,
        owner: &str,
        group: &str,
        mode: u32,
    ) -> Result<(), HostError>;

    /// Returns what is known of a path; `None` when it does not exist.
    ///
    /// # Errors
    /// [`HostError::File`].
    async fn facts(&self, path: &Utf8Path) -> Result<Option<FileFacts>, HostError>;

    /// Removes a file, link or empty directory; true when there was one.
    ///
    /// # Errors
    /// [`HostError::File`].
    async fn remove(&self, path: &Utf8Path) -> Result<bool, HostError>;

    /// Runs a program and makes any status but 0 an error.
    ///
    /// # Errors
    /// As [`Host::run`], and [`HostError::Status`].
    async fn run_ok(&self, command: &Command) -> Result<Output, HostError> {
        let output = self.run(command).await?;
        if output.success() {
            return Ok(output);
        }
        Err(HostError::Status {
            host: self.name().to_owned(),
            command: command.to_string(),
            status: output.status,
            stderr: output.stderr_tail(),
        })
    }
}
