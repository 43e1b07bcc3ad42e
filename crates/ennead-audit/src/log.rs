//! The file of a log, on the operator's machine and on nodes: lines that only grow, a lock between
//! processes, and beside it a head that tells whether the end was cut off.
//!
//! A line is on the disk before whoever writes it goes on. The head is written after the line, so a
//! power cut leaves a log that is one record ahead of its head, which is good. A line that a power cut
//! left unfinished was never answered for: it is put beside the log before the next one is written.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::lines::LineFile;
use ennead_host::{HostError, files};
use jiff::Timestamp;
use thiserror::Error;

use crate::join::{Refusal, continued, reconcile};
use crate::record::{Event, Head, Record, Who, head_of};
use crate::verify::{Problem, Wrong, compare_with_head, examine};

/// Something that could not be written to a log. Nothing was added.
#[derive(Debug, Error)]
pub enum LogError {
    /// A file could not be read or written.
    #[error("the audit log {path} cannot be used")]
    File {
        /// Which log.
        path: Utf8PathBuf,
        /// Why.
        source: HostError,
    },
    /// The log is not as it was written, and must not be continued as if it were.
    #[error("the audit log {path} is damaged: {problem}")]
    Damaged {
        /// Which log.
        path: Utf8PathBuf,
        /// The first thing that is wrong.
        problem: Problem,
    },
    /// The offered records do not continue it.
    #[error("the audit log {path} is not continued: {refusal}")]
    Refused {
        /// Which log.
        path: Utf8PathBuf,
        /// Why not.
        refusal: Refusal,
    },
    /// The head beside the log is not what ennead wrote.
    #[error("{path} is not what ennead wrote: {why}")]
    Head {
        /// The head's file.
        path: Utf8PathBuf,
        /// What was seen.
        why: String,
    },
}

/// What is to be written, besides what others have.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Which platform.
    pub platform: &'a str,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: &'a Who,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The whole chain.
    pub records: Vec<Record>,
    /// How many records came from copies.
    pub taken: usize,
    /// How many branches were joined.
    pub joined: usize,
}

/// A log's files.
#[derive(Debug, Clone)]
pub struct AuditLog {
    path: Utf8PathBuf,
}

impl AuditLog {
    /// Names a log; nothing is made.
    pub fn new(path: impl Into<Utf8PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Returns where it lies.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    fn beside(&self, ending: &str) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{}.{ending}", self.path))
    }

    fn file<T>(&self, done: Result<T, HostError>) -> Result<T, LogError> {
        done.map_err(|source| LogError::File { path: self.path.clone(), source })
    }

    /// Returns the records that can be read and everything that is wrong. Changes nothing.
    ///
    /// # Errors
    /// [`LogError::File`], [`LogError::Head`].
    pub fn examine(&self) -> Result<(Vec<Record>, Vec<Problem>), LogError> {
        let (records, mut problems) = examine(&self.text()?);
        // What the head says of a log that is damaged already would only repeat it.
        if problems.iter().all(|problem| problem.wrong == Wrong::Torn) {
            problems.extend(self.head()?.and_then(|head| compare_with_head(&records, &head)));
        }
        Ok((records, problems))
    }

    fn text(&self) -> Result<String, LogError> {
        // Bytes that are no text are wrong in their line, and that line is to be named.
        let bytes = self.file(files::read(&self.path))?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn head(&self) -> Result<Option<Head>, LogError> {
        let path = self.beside("head");
        let Some(text) = self.file(files::read_text(&path))? else { return Ok(None) };
        let head = serde_json::from_str(&text);
        head.map(Some).map_err(|error| LogError::Head { path, why: error.to_string() })
    }

    /// Takes over what copies have besides, then adds an event, in one turn among processes. Returns
    /// when all of it is on the disk.
    ///
    /// # Errors
    /// [`LogError`]; a damaged log is not continued.
    pub fn add(
        &self,
        entry: Entry<'_>,
        copies: &[Vec<Record>],
        event: Option<Event>,
    ) -> Result<Written, LogError> {
        let _turn = self.turn()?;
        let local = self.load()?;
        let trunk = reconcile(&local, copies);
        let mut records = trunk.records;
        let taken = records.len().saturating_sub(local.len());
        let joined = trunk.branches.len();
        for event in trunk.branches.into_iter().chain(event) {
            let Entry { platform, at, who } = entry;
            records.push(Record::after(&head_of(&records), platform, at, who, event));
        }
        self.store(&local, &records)?;
        Ok(Written { records, taken, joined })
    }

    /// Adds records that were written elsewhere. Returns the whole chain.
    ///
    /// # Errors
    /// [`LogError::Refused`] when they do not continue it; others as [`AuditLog::add`].
    pub fn take(&self, offered: &[Record]) -> Result<Vec<Record>, LogError> {
        let _turn = self.turn()?;
        let local = self.load()?;
        let refused = |refusal| LogError::Refused { path: self.path.clone(), refusal };
        let records = continued(&local, offered).map_err(refused)?;
        let text: String = records.iter().map(|record| record.line() + "\n").collect();
        if let Some(problem) = examine(&text).1.into_iter().next() {
            return Err(LogError::Damaged { path: self.path.clone(), problem });
        }
        self.store(&local, &records)?;
        Ok(records)
    }

    fn turn(&self) -> Result<files::FileLock, LogError> {
        if let Some(folder) = self.path.parent()
            && !self.file(files::exists(folder))?
        {
            self.file(files::make_private_directory(folder))?;
        }
        self.file(files::lock(&self.beside("lock")))
    }

    /// Returns the records of a good log; a line that is not whole is put beside it first.
    fn load(&self) -> Result<Vec<Record>, LogError> {
        let (records, problems) = self.examine()?;
        if let Some(problem) = problems.iter().find(|problem| problem.wrong != Wrong::Torn) {
            return Err(LogError::Damaged { path: self.path.clone(), problem: problem.clone() });
        }
        if !problems.is_empty() {
            let bytes = self.file(files::read(&self.path))?.unwrap_or_default();
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let (good, torn) = bytes.split_at(whole);
            self.file(files::write_private(&self.beside("torn"), torn))?;
            self.file(files::write_private(&self.path, good))?;
        }
        Ok(records)
    }

    fn store(&self, local: &[Record], records: &[Record]) -> Result<(), LogError> {
        let lines =
            |records: &[Record]| -> Vec<String> { records.iter().map(Record::line).collect() };
        if let Some(new) = records.strip_prefix(local) {
            // Opened also when there is nothing to add: a log that cannot be written is known before
            // anything is changed.
            let file = self.file(LineFile::open_private(&self.path))?;
            self.file(file.add_all_for_good(&lines(new)))?;
        } else {
            let digest: String = head_of(local).hash.0.chars().take(8).collect();
            let own = lines(local).join("\n") + "\n";
            self.file(files::write_private(&self.beside(&format!("fork-{digest}")), own))?;
            // No head, rather than one of another chain, after a crash between the two files.
            self.file(files::remove(&self.beside("head")))?;
            let text = lines(records).join("\n") + "\n";
            self.file(files::write_private(&self.path, text))?;
        }
        let head = serde_json::to_string(&head_of(records)).unwrap_or_default() + "\n";
        self.file(files::write_private(&self.beside("head"), head))
    }
}
