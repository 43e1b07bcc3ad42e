//! The files of the lab's state directory. The only door to files in this part of the crate.
//!
//! `state.json` is everything that the default project knows, `projects/NAME/state.json`
//! what another one knows. `tokens.json` says who may ask; `endpoint` and `token` are for the lab's clients. `pid`
//! names the daemon and is locked while it runs.

#![expect(clippy::disallowed_methods, reason = "this module is the door to the state directory")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{FlockOperation, flock};
use thiserror::Error;

use crate::register::Register;
use crate::state::{FORMAT_VERSION, State};

/// The file of projects and tokens.
const REGISTER: &str = "tokens.json";

/// A state directory that cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file or directory cannot be read or written.
    #[error("cannot {verb} {path}")]
    File {
        /// For example `write`.
        verb: &'static str,
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The stored state is not understood.
    #[error("{path} is not the state of a lab")]
    Format {
        /// Which file.
        path: Utf8PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The stored state was written by another version.
    #[error("{path} has format version {found}; this program understands {FORMAT_VERSION}")]
    Version {
        /// Which file.
        path: Utf8PathBuf,
        /// Its version.
        found: u32,
    },
    /// Another daemon uses the directory.
    #[error("a lab already runs in {directory}, process {pid}")]
    Busy {
        /// Which directory.
        directory: Utf8PathBuf,
        /// What its pid file says.
        pid: String,
    },
}

/// A state directory that this process has locked.
#[derive(Debug)]
pub struct Store {
    directory: Utf8PathBuf,
    /// Holds the lock as long as it is open.
    _pid: File,
}

impl Store {
    /// Makes the directory when it is missing, and locks it.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::Busy`].
    pub fn open(directory: &Utf8Path) -> Result<Self, StoreError> {
        let file = |verb| move |source| StoreError::File { verb, path: directory.into(), source };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(directory).map_err(file("create"))?;
        let path = directory.join("pid");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut pid = options.open(&path).map_err(file("open"))?;
        if flock(&pid, FlockOperation::NonBlockingLockExclusive).is_err() {
            let pid = fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
            return Err(StoreError::Busy { directory: directory.into(), pid });
        }
        pid.set_len(0).map_err(file("write"))?;
        writeln!(pid, "{}", std::process::id()).map_err(file("write"))?;
        Ok(Self { directory: directory.into(), _pid: pid })
    }

    /// Reads the stored state; none when nothing is stored.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::Format`], [`StoreError::Version`].
    pub fn load(&self) -> Result<Option<State>, StoreError> {
        let path = self.directory.join("state.json");
        let Some(text) = self.read("state.json")? else { return Ok(None) };
        let format = |source| StoreError::Format { path: path.clone(), source };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(format)?;
        let version = value.get("format_version").and_then(serde_json::Value::as_u64);
        let version = version.and_then(|version| u32::try_from(version).ok()).unwrap_or(0);
        if version != FORMAT_VERSION {
            return Err(StoreError::Version { path, found: version });
        }
        serde_json::from_value(value).map(Some).map_err(format)
    }

    /// Stores the state: after a crash either the old or the new one is there, whole.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::Format`].
    pub fn save(&self, state: &State) -> Result<(), StoreError> {
        let path = self.directory.join("state.json");
        let text =
            serde_json::to_vec(state).map_err(|source| StoreError::Format { path, source })?;
        self.write("state.json", &text)
    }

    /// Reads the stored token.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn token(&self) -> Result<Option<String>, StoreError> {
        let text = self.read("token")?.map(|text| text.trim().to_owned());
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// Stores the token.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn save_token(&self, token: &str) -> Result<(), StoreError> {
        self.write("token", format!("{token}\n").as_bytes())
    }

    /// Reads who may ask; nobody besides the token's holder when nothing is stored.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::Format`].
    pub fn register(&self) -> Result<Register, StoreError> {
        let path = self.directory.join(REGISTER);
        let Some(text) = self.read(REGISTER)? else { return Ok(Register::default()) };
        serde_json::from_str(&text).map_err(|source| StoreError::Format { path, source })
    }

    /// Stores who may ask.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::Format`].
    pub fn save_register(&self, register: &Register) -> Result<(), StoreError> {
        let path = self.directory.join(REGISTER);
        let text = serde_json::to_vec_pretty(register);
        self.write(REGISTER, &text.map_err(|source| StoreError::Format { path, source })?)
    }

    /// Opens the place of a project besides the default one, whose place is this one.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::Busy`].
    pub fn project(&self, name: &str) -> Result<Self, StoreError> {
        Self::open(&self.directory.join("projects").join(name))
    }

    /// Stores where the API answers.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn save_endpoint(&self, endpoint: &str) -> Result<(), StoreError> {
        self.write("endpoint", format!("{endpoint}\n").as_bytes())
    }

    /// Stores where servers find the API.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn save_servers_endpoint(&self, endpoint: &str) -> Result<(), StoreError> {
        self.write("endpoint-of-servers", format!("{endpoint}\n").as_bytes())
    }

    fn read(&self, name: &str) -> Result<Option<String>, StoreError> {
        let path = self.directory.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::File { verb: "read", path, source }),
        }
    }

    /// A crash of the machine can lose the newest change; that of the daemon cannot.
    fn write(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        let path = self.directory.join(name);
        let draft = self.directory.join(format!(".{name}.new"));
        let put = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            options.open(&draft)?.write_all(content)?;
            fs::rename(&draft, &path)
        };
        put().map_err(|source| StoreError::File { verb: "write", path: path.clone(), source })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // A file that stays behind only names a process that is gone; its lock is not held.
        if let Err(error) = fs::remove_file(self.directory.join("pid")) {
            tracing::debug!(error = &error as &dyn std::error::Error, "the pid file stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> (tempfile::TempDir, Utf8PathBuf) {
        let scratch = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(scratch.path().join("lab")).unwrap();
        (scratch, path)
    }

    #[test]
    fn what_is_saved_is_loaded_and_readable_by_nobody_else() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_scratch, path) = scratch();
        let store = Store::open(&path).unwrap();
        assert_eq!(store.load().unwrap(), None);
        let state = State { last_id: 7, ..State::default() };
        store.save(&state).unwrap();
        store.save_token("secret").unwrap();
        assert_eq!(store.load().unwrap(), Some(state));
        assert_eq!(store.token().unwrap().unwrap(), "secret");
        let mode = fs::metadata(path.join("token")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn one_daemon_at_a_time() {
        let (_scratch, path) = scratch();
        let first = Store::open(&path).unwrap();
        let busy = Store::open(&path).unwrap_err();
        assert!(busy.to_string().contains(&std::process::id().to_string()), "{busy}");
        drop(first);
        Store::open(&path).unwrap();
    }

    #[test]
    fn the_state_of_another_version_is_refused() {
        let (_scratch, path) = scratch();
        let store = Store::open(&path).unwrap();
        store.write("state.json", br#"{"format_version": 99}"#).unwrap();
        assert!(store.load().unwrap_err().to_string().contains("format version 99"));
        store.write("state.json", b"{").unwrap();
        assert!(matches!(store.load(), Err(StoreError::Format { .. })));
    }
}
