//! What a walk can do to the world. The real one calls the cloud and speaks SSH; tests remember.

use async_trait::async_trait;
use ennead_model::{CloudAction, Condition, NodeName, NodeOrder, NodeReport};

/// Something that could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct EffectError {
    /// What went wrong with its causes, on one line; never a secret.
    pub error: String,
    /// What to do next, on one line; empty when there is nothing to say.
    pub hint: String,
}

impl EffectError {
    /// Makes an error without a hint.
    pub fn new(error: impl Into<String>) -> Self {
        Self { error: error.into(), hint: String::new() }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// The world of a walk. Every method is idempotent and can be dropped before its end: the plan made
/// after that finds out how far it came.
#[async_trait]
pub trait Effects: Send + Sync {
    /// Makes the cloud as the action says, and waits until it is. True when something changed.
    ///
    /// # Errors
    /// [`EffectError`] when it could not be done, retries included.
    async fn cloud(&self, action: &CloudAction) -> Result<bool, EffectError>;

    /// Waits until the node answers over SSH with its own host key and has the ennead program. True
    /// when the program was put there. Ends only by success, by an error that waiting cannot mend,
    /// or by being dropped at the step's deadline.
    ///
    /// # Errors
    /// [`EffectError`] when waiting cannot help: a foreign host key, a system that is too old.
    async fn reach(&self, node: &NodeName) -> Result<bool, EffectError>;

    /// Resolves the order's references, sends it and returns the node's answer. The digest is made
    /// again first: a public address may be known by now.
    ///
    /// # Errors
    /// [`EffectError`] when there is no answer. A failed action is an answer.
    async fn converge(&self, order: &NodeOrder) -> Result<NodeReport, EffectError>;

    /// Tests a condition on a node without changing anything: whether it holds, and what was seen.
    /// A node that does not answer gives false and the reason.
    async fn test(&self, node: &NodeName, condition: &Condition) -> (bool, String);

    /// Says what a running step was last seen waiting for, for its error at the deadline.
    async fn last_seen(&self, _node: &NodeName) -> Option<String> {
        None
    }
}
