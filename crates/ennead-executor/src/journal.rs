//! What happened in a run, one JSON document per line, for people and for evidence.
//!
//! It is never read back: after a crash the truth is what the cloud and the nodes say. It holds step
//! ids, reasons and outcomes; never an order's content, so never a secret. A journal that cannot be
//! written (a full disk) does not stop a run; the first reason is kept for the report.

use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::lines::LineFile;
use ennead_host::{HostError, clock, files};
use ennead_model::{Plan, Step};
use serde_json::{Value, json};

use crate::walk::{StepReport, WalkReport};

/// Version of the journal's lines.
pub const JOURNAL_FORMAT_VERSION: u32 = 1;

/// A run's journal.
#[derive(Debug, Default)]
pub struct Journal {
    path: Option<Utf8PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    file: Option<LineFile>,
    lost: Option<String>,
}

impl Journal {
    /// Makes a journal that keeps nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Makes the run's folder and opens `journal.jsonl` in it.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn create(run_folder: &Utf8Path) -> Result<Self, HostError> {
        files::make_directory(run_folder)?;
        let path = run_folder.join("journal.jsonl");
        let file = Some(LineFile::open(&path)?);
        Ok(Self { path: Some(path), state: Mutex::new(State { file, lost: None }) })
    }

    /// Returns where it lies.
    pub fn path(&self) -> Option<&Utf8Path> {
        self.path.as_deref()
    }

    /// Returns why a line was lost, if any was.
    pub fn lost(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).lost.clone()
    }

    /// Adds a line about something else than a step, for example what was observed before.
    pub fn note(&self, event: &str, content: &Value) {
        self.add(event, json!({ "content": content }));
    }

    pub(crate) fn walk_started(&self, plan: &Plan) {
        self.add(
            "walk_started",
            json!({
                "format_version": JOURNAL_FORMAT_VERSION,
                "platform": plan.platform,
                "generation": plan.generation,
                "steps": plan.steps.len(),
            }),
        );
    }

    pub(crate) fn step_started(&self, step: &Step) {
        self.add(
            "step_started",
            json!({ "step": step.id, "does": step.summary(), "why": step.why }),
        );
    }

    pub(crate) fn step_waits(&self, step: &Step, waits_for: &str, seen: &str) {
        self.add("step_waits", json!({ "step": step.id, "for": waits_for, "seen": seen }));
    }

    pub(crate) fn step_ended(&self, report: &StepReport) {
        self.add("step_ended", json!({ "report": report }));
    }

    pub(crate) fn walk_ended(&self, report: &WalkReport) {
        let counts = json!({
            "done": report.done(),
            "changed": report.changed(),
            "failed": report.failed().count(),
            "not_started": report.not_started().count(),
            "cancelled": report.cancelled,
        });
        self.add("walk_ended", counts);
    }

    fn add(&self, event: &str, content: Value) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = &mut state.file else { return };
        let mut line = json!({ "at": clock::now().to_string(), "event": event });
        if let (Some(line), Value::Object(content)) = (line.as_object_mut(), content) {
            line.extend(content);
        }
        if let Err(error) = file.add(&line.to_string()) {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            state.lost.get_or_insert(format!("{error}: {}", source.unwrap_or_default()));
        }
    }
}
