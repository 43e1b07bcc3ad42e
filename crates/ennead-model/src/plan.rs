//! The whole decision: steps, what each waits for, and what stops the plan.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cloud::CloudAction;
use crate::names::{ComponentName, NodeName};
use crate::order::{Condition, NodeOrder};

/// Version of the plan's JSON.
pub const PLAN_FORMAT_VERSION: u32 = 1;

/// Stable name of a step, for example `node/db-1/etcd`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub String);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a step can do to people who use the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Nothing in use is touched.
    None,
    /// A running instance is restarted; its cluster goes on.
    Restart,
    /// Data is destroyed.
    Destroys,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepAction {
    /// Changes the cloud.
    Cloud {
        /// How.
        action: CloudAction,
    },
    /// Waits until the node answers over SSH with its host key, and puts the ennead program there.
    Reach {
        /// Which node.
        node: NodeName,
    },
    /// Sends an order to its node.
    Converge {
        /// The order, unresolved.
        order: NodeOrder,
    },
}

/// A condition on some node that must hold before a step starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Where it is tested.
    pub node: NodeName,
    /// What must hold.
    pub condition: Condition,
    /// Why, as a sentence.
    pub why: String,
}

/// One entry of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, unique in the plan.
    pub id: StepId,
    /// What it does.
    pub action: StepAction,
    /// Steps that must have succeeded before. They stand earlier in the plan.
    pub after: Vec<StepId>,
    /// What must hold before it starts.
    pub gates: Vec<Gate>,
    /// What it can do to users.
    pub risk: Risk,
    /// Seconds until it counts as failed, gates included.
    pub deadline_s: u32,
    /// Why it is needed, as a sentence.
    pub why: String,
}

/// Something that the plan refuses to do. Any of these stops the whole plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Which node or cloud object.
    pub what: String,
    /// Why it is refused, including what would be lost.
    pub why: String,
    /// What the operator can do.
    pub hint: String,
}

/// The whole decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_FORMAT_VERSION`].
    pub format_version: u32,
    /// The platform's name.
    pub platform: String,
    /// Generation of every order in it: one more than any node has obeyed.
    pub generation: u64,
    /// The steps; each stands after those it waits for.
    pub steps: Vec<Step>,
    /// What is refused.
    pub blocked: Vec<Blocked>,
}

impl Plan {
    /// Returns whether there is nothing to do and nothing refused.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.blocked.is_empty()
    }
}

impl Step {
    /// Returns the node that the step is about, if any.
    pub fn node(&self) -> Option<&NodeName> {
        match &self.action {
            StepAction::Cloud { .. } => None,
            StepAction::Reach { node } => Some(node),
            StepAction::Converge { order } => Some(&order.node),
        }
    }

    /// Returns the component that the step is about, if any.
    pub fn component(&self) -> Option<&ComponentName> {
        match &self.action {
            StepAction::Converge { order } => Some(&order.component),
            _ => None,
        }
    }

    /// Returns a short sentence of what it does.
    pub fn summary(&self) -> String {
        match &self.action {
            StepAction::Cloud { action } => action.summary(),
            StepAction::Reach { node } => format!("reach {node} over SSH"),
            StepAction::Converge { order } => {
                format!("converge {} on {}", order.component, order.node)
            }
        }
    }
}
