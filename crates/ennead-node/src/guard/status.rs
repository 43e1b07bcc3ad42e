//! The guard's own word on how it is, in a file that is replaced each second.

use std::collections::BTreeMap;

use camino::Utf8Path;
use ennead_guard::View;
use ennead_guard::allow::Refusal;
use ennead_guard::detect::Verdict;
use ennead_host::{HostError, files};
use ennead_model::NodeName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::evidence::Line;

/// Where the file lies.
pub const STATUS_FILE: &str = "/run/ennead/guard.json";

/// Age in seconds from which on the file says nothing any more: the guard hangs or is dead. Ten
/// times the pause between two.
pub const STATUS_AGE_MAX_S: i64 = 10;

/// Version of the file's form.
const FORMAT_VERSION: u32 = 1;

/// How a guard is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Version of its form.
    pub format_version: u32,
    /// When it was written.
    pub at: Timestamp,
    /// Which guard.
    pub node: NodeName,
    /// Whether it leads.
    pub leads: bool,
    /// Its term, if it leads.
    pub term: Option<u64>,
    /// Its state, by name.
    pub phase: String,
    /// Who is primary, as last read.
    pub primary: Option<NodeName>,
    /// How long ago the majority answered, in milliseconds.
    pub heard_majority_ms: Option<u64>,
    /// What it says of the others.
    pub verdicts: BTreeMap<NodeName, Verdict>,
    /// Why it would not act if the primary died now, on one line; empty when it would, or does not
    /// lead.
    #[serde(default)]
    pub held_back: String,
    /// Why the cluster could not be read the last time; none if it could.
    pub trouble: Option<String>,
    /// Its last line of evidence.
    pub evidence: Option<Line>,
}

/// A file that says nothing.
#[derive(Debug, Error)]
pub enum StatusError {
    /// It cannot be read.
    #[error(transparent)]
    Host(#[from] HostError),
    /// There is none.
    #[error("{path} does not exist: no guard runs here; look at the journal of its unit")]
    Missing {
        /// Which file.
        path: String,
    },
    /// It is not understood.
    #[error("{path} is not understood: {why}")]
    Odd {
        /// Which file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// It is too old, or from the future.
    #[error(
        "{path} is {age_s} s old and should be of the last second: the guard hangs or is gone; \
         look at the journal of its unit"
    )]
    Old {
        /// Which file.
        path: String,
        /// Its age.
        age_s: i64,
        /// Its text.
        text: String,
    },
}

impl Status {
    /// Makes a status of this moment.
    pub(crate) fn new(at: Timestamp, node: &NodeName, view: View) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            at,
            node: node.clone(),
            leads: view.term.is_some(),
            term: view.term.map(|it| it.0),
            phase: view.phase.to_owned(),
            primary: view.primary,
            heard_majority_ms: view.heard_majority_ms,
            verdicts: view.verdicts,
            held_back: one_line(&view.held_back),
            trouble: None,
            evidence: None,
        }
    }

    /// Puts the file in place.
    ///
    /// # Errors
    /// [`HostError`].
    pub(crate) fn write(&self, path: &Utf8Path) -> Result<(), HostError> {
        let text = serde_json::to_string(self).unwrap_or_default();
        files::write(path, text + "\n")
    }
}

fn one_line(refusals: &[Refusal]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Returns the text of a guard's file if it is of these seconds.
///
/// # Errors
/// [`StatusError`].
pub fn read(path: &Utf8Path, now: Timestamp) -> Result<String, StatusError> {
    let name = || path.to_string();
    let text = files::read_text(path)?.ok_or_else(|| StatusError::Missing { path: name() })?;
    let status: Status = serde_json::from_str(&text)
        .map_err(|error| StatusError::Odd { path: name(), why: error.to_string() })?;
    let age_s = now.as_second().saturating_sub(status.at.as_second());
    if age_s.abs() > STATUS_AGE_MAX_S {
        return Err(StatusError::Old { path: name(), age_s, text });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_believed_for_ten_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(folder.path().join("guard.json")).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(matches!(read(&path, at(0)), Err(StatusError::Missing { .. })));
        let node = NodeName::new("n1").unwrap();
        let view = View {
            phase: "watching",
            term: Some(ennead_guard::Term(4)),
            primary: None,
            heard_majority_ms: Some(7),
            verdicts: [(node.clone(), Verdict::Silent { for_ms: 9 })].into(),
            held_back: vec![Refusal::Paused, Refusal::Maintenance],
        };
        Status::new(at(1_000), &node, view).write(&path).unwrap();
        let text = read(&path, at(1_010)).unwrap();
        assert!(text.contains("\"phase\":\"watching\"") && text.contains("\"leads\":true"));
        assert!(text.contains("patronictl resume; maintenance is declared"), "{text}");
        assert!(matches!(read(&path, at(1_011)), Err(StatusError::Old { age_s: 11, .. })));
        assert!(matches!(read(&path, at(980)), Err(StatusError::Old { .. })));
        files::write(&path, "{}").unwrap();
        assert!(matches!(read(&path, at(1_000)), Err(StatusError::Odd { .. })));
    }
}
