//! What came of an order.

use serde::{Deserialize, Serialize};

use crate::names::{ComponentName, NodeName};

/// Version of the report's JSON.
pub const REPORT_FORMAT_VERSION: u32 = 1;

/// What an action did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Something is different now.
    Changed,
    /// It was so already.
    Unchanged,
    /// It could not be done; later actions of the order were not tried.
    Failed {
        /// What went wrong, with path or command and what was last seen.
        error: String,
        /// What to do next; empty when there is nothing to say.
        hint: String,
    },
}

/// One action's outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionReport {
    /// [`crate::NodeAction::summary`] of the action.
    pub action: String,
    /// What it did.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A node's answer to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeReport {
    /// [`REPORT_FORMAT_VERSION`].
    pub format_version: u32,
    /// Who answers.
    pub node: NodeName,
    /// The component the order was for.
    pub component: ComponentName,
    /// The order's generation.
    pub generation: u64,
    /// One entry per action that was tried, in order.
    pub actions: Vec<ActionReport>,
}

impl NodeReport {
    /// Returns how many actions changed something.
    pub fn changed(&self) -> usize {
        self.actions.iter().filter(|action| action.outcome == Outcome::Changed).count()
    }

    /// Returns the failed action, if any.
    pub fn failed(&self) -> Option<&ActionReport> {
        self.actions.iter().find(|action| matches!(action.outcome, Outcome::Failed { .. }))
    }
}
