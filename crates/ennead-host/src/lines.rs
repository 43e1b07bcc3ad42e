//! Files that only grow, line by line: journals and other evidence.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk::{failed, sync_parent};
use crate::host::HostError;

/// A file open for growing. Each line is handed to the system as a whole, at once.
#[derive(Debug)]
pub struct LineFile {
    path: Utf8PathBuf,
    file: File,
}

impl LineFile {
    /// Opens a file, made when it does not exist; what is in it stays. The parent exists.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn open(path: &Utf8Path) -> Result<Self, HostError> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(failed("this machine", "open", path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// As [`LineFile::open`]; a file that is made is readable by its owner alone, mode 0600.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn open_private(path: &Utf8Path) -> Result<Self, HostError> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        let file = file.map_err(failed("this machine", "open", path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Adds lines with one write and returns when they, and the file's name, are on the disk.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn add_all_for_good(mut self, lines: &[String]) -> Result<(), HostError> {
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_all());
        written.and_then(|()| sync_parent(&self.path)).map_err(failed(
            "this machine",
            "write",
            &self.path,
        ))
    }

    /// Adds a line; the text holds no line's end.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn add(&mut self, text: &str) -> Result<(), HostError> {
        let line = format!("{text}\n");
        let written = self.file.write_all(line.as_bytes());
        written.map_err(failed("this machine", "write", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_opened_again_keeps_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("a.jsonl")).unwrap();
        for line in ["one", "two"] {
            LineFile::open(&path).unwrap().add(line).unwrap();
        }
        assert_eq!(crate::files::read_text(&path).unwrap().unwrap(), "one\ntwo\n");
        assert!(LineFile::open(&path.join("below-a-file")).is_err());
    }
}
