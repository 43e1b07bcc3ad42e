//! What came of a walk.

use ennead_model::{NodeReport, StepId};
use serde::{Deserialize, Serialize};

/// Version of the report's JSON.
pub const REPORT_FORMAT_VERSION: u32 = 1;

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum StepResult {
    /// It is done.
    Done {
        /// How many actions changed something; 0 when all was so already.
        changed: usize,
    },
    /// It could not be done.
    Failed {
        /// What went wrong and what was last seen, on one line.
        error: String,
        /// What to do next; empty when there is nothing to say.
        hint: String,
    },
    /// It was not tried.
    NotStarted {
        /// Why not.
        because: String,
    },
}

/// One step of a walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// Which step.
    pub id: StepId,
    /// What came of it.
    pub result: StepResult,
    /// How long it took, gates included, in milliseconds.
    pub took_ms: u64,
    /// The node's answer, for a step that sent an order.
    pub node_report: Option<NodeReport>,
}

/// The whole walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkReport {
    /// [`REPORT_FORMAT_VERSION`].
    pub format_version: u32,
    /// One entry per step of the plan, in its order.
    pub steps: Vec<StepReport>,
    /// Whether the operator stopped it.
    pub cancelled: bool,
    /// Why the journal is not whole, if it is not.
    pub journal_lost: Option<String>,
}

impl WalkReport {
    /// Returns whether every step is done.
    pub fn is_done(&self) -> bool {
        self.done() == self.steps.len()
    }

    /// Returns how many steps are done.
    pub fn done(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.result, StepResult::Done { .. })).count()
    }

    /// Returns how many actions changed something.
    pub fn changed(&self) -> usize {
        let changed = |step: &StepReport| match step.result {
            StepResult::Done { changed } => changed,
            _ => 0,
        };
        self.steps.iter().map(changed).sum()
    }

    /// Returns the steps that failed.
    pub fn failed(&self) -> impl Iterator<Item = &StepReport> {
        self.steps.iter().filter(|step| matches!(step.result, StepResult::Failed { .. }))
    }

    /// Returns the steps that were not tried.
    pub fn not_started(&self) -> impl Iterator<Item = &StepReport> {
        self.steps.iter().filter(|step| matches!(step.result, StepResult::NotStarted { .. }))
    }
}
