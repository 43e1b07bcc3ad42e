//! The evidence of a drill: a folder that a person understands in a minute and a program in full.
//!
//! | file | what |
//! |---|---|
//! | `report.md` | verdict, table of runs, timeline, versions, how to repeat |
//! | `report.json` | the same and more, for programs |
//! | `timeline.svg` | picture of the run that is worth looking at first |
//! | `runs.svg` | picture of all runs side by side, when there are several |
//! | `run-NN.svg`, `run-NN-acks.csv` | picture and acknowledged writes of each run |

mod markdown;
mod picture;
mod runs;
mod svg;
#[cfg(test)]
mod tests;
mod timeline;
mod words;

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{HostError, files};
use thiserror::Error;

use crate::history::History;
use crate::report::DrillReport;

/// Evidence that could not be stored.
#[derive(Debug, Error)]
pub enum EvidenceError {
    /// The report has no JSON form.
    #[error("the report cannot be written as JSON")]
    Json {
        /// Why.
        source: serde_json::Error,
    },
    /// A file or folder.
    #[error(transparent)]
    Write(#[from] HostError),
}

/// A file of the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceFile {
    /// Its name in the folder.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// Returns the folder's name: `20261123T131502Z-power-loss`.
pub fn folder_name(report: &DrillReport) -> String {
    format!("{}-{}", report.started.strftime("%Y%m%dT%H%M%SZ"), report.drill)
}

/// Returns all files. Pure: the same report gives the same bytes.
///
/// # Errors
/// [`EvidenceError::Json`].
pub fn render(report: &DrillReport) -> Result<Vec<EvidenceFile>, EvidenceError> {
    let mut json =
        serde_json::to_vec_pretty(report).map_err(|source| EvidenceError::Json { source })?;
    json.push(b'\n');
    let mut files = vec![file("report.json", json), file("report.md", markdown::render(report))];
    if let Some(run) = report.telling_run() {
        files.push(file("timeline.svg", timeline::render(report, run)));
    }
    if report.runs.len() > 1 {
        files.push(file("runs.svg", runs::render(report)));
    }
    for run in &report.runs {
        let number = run.number;
        if report.runs.len() > 1 {
            files.push(file(&format!("run-{number:02}.svg"), timeline::render(report, run)));
        }
        files.push(file(&format!("run-{number:02}-acks.csv"), acks_csv(&run.history)));
    }
    Ok(files)
}

/// Writes the folder under `base` and returns its path.
///
/// # Errors
/// [`EvidenceError`].
pub fn write(base: &Utf8Path, report: &DrillReport) -> Result<Utf8PathBuf, EvidenceError> {
    let folder = base.join(folder_name(report));
    files::make_directory(&folder)?;
    for file in render(report)? {
        files::write(&folder.join(&file.name), &file.content)?;
    }
    Ok(folder)
}

fn file(name: &str, content: impl Into<Vec<u8>>) -> EvidenceFile {
    EvidenceFile { name: name.to_owned(), content: content.into() }
}

fn acks_csv(history: &History) -> String {
    let mut text = String::from("id,at_us,took_us,endpoint\n");
    for ack in &history.acks {
        // Writing to a string cannot fail.
        let _written = writeln!(text, "{},{},{},{}", ack.id, ack.at_us, ack.took_us, ack.endpoint);
    }
    text
}
