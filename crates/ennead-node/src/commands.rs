//! What the command line calls on a node: one JSON document in, one out.

use ennead_audit::wire::{AppendRequest, ReadRequest};
use ennead_audit::{AuditLog, LogError};
use ennead_host::LocalHost;
use ennead_model::reach::ReachRequest;
use ennead_model::{Condition, NodeOrder};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::state::{STATE_DIRECTORY, StateDirectory};

/// A request or answer that could not be handed over. What went wrong on the node itself is in the
/// answer, not here.
#[derive(Debug, Error)]
pub enum CommandError {
    /// Standard input is not the document that the command expects.
    #[error("standard input is no {expected}")]
    Input {
        /// What was expected.
        expected: &'static str,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// Standard input or output failed.
    #[error("cannot use standard {stream}")]
    Stream {
        /// `input` or `output`.
        stream: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The node's copy of the audit log could not be used.
    #[error(transparent)]
    Audit(#[from] LogError),
    /// The node could not be observed.
    #[error("cannot observe this node: {why}")]
    Observe {
        /// What was in the way.
        why: String,
    },
}

/// The question of `ennead node observe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObserveRequest {
    /// Version of the answer that is understood.
    pub format_version: u32,
}

fn here() -> (LocalHost, StateDirectory) {
    (LocalHost::new("this node"), StateDirectory::new(STATE_DIRECTORY))
}

/// `ennead node apply`: an order in, a report out.
///
/// # Errors
/// [`CommandError`].
pub async fn apply() -> Result<(), CommandError> {
    let order: NodeOrder = read("order").await?;
    let (host, state) = here();
    write(&crate::apply(&order, &host, &state).await).await
}

/// `ennead node confirm`: the same order over a newer connection in, a report out.
///
/// # Errors
/// [`CommandError`].
pub async fn confirm() -> Result<(), CommandError> {
    let order: NodeOrder = read("order").await?;
    let (host, state) = here();
    write(&crate::confirm(&order, &host, &state).await).await
}

/// `ennead node observe`: a question in, the node's facts out.
///
/// # Errors
/// [`CommandError`].
pub async fn observe() -> Result<(), CommandError> {
    let _request: ObserveRequest = read("question").await?;
    let (host, state) = here();
    let facts = crate::observe(&host, &state).await;
    write(&facts.map_err(|why| CommandError::Observe { why })?).await
}

/// `ennead node test`: a condition in, whether it holds out.
///
/// # Errors
/// [`CommandError`].
pub async fn test() -> Result<(), CommandError> {
    let condition: Condition = read("condition").await?;
    write(&crate::test(&here().0, &condition).await).await
}

fn audit_log() -> AuditLog {
    AuditLog::new(format!("{STATE_DIRECTORY}/audit.log"))
}

/// `ennead node audit read`: a question in, the copy's head and lines out.
///
/// # Errors
/// [`CommandError`].
pub async fn audit_read() -> Result<(), CommandError> {
    let request: ReadRequest = read("question").await?;
    write(&crate::audit::read(&audit_log(), request)?).await
}

/// `ennead node audit append`: lines in, the copy's new head out.
///
/// # Errors
/// [`CommandError`].
pub async fn audit_append() -> Result<(), CommandError> {
    let request: AppendRequest = read("list of lines").await?;
    write(&crate::audit::append(&audit_log(), &request)?).await
}

/// `ennead node reach`: ports to connect to in, what came of each out.
///
/// # Errors
/// [`CommandError`].
pub async fn reach() -> Result<(), CommandError> {
    let request: ReachRequest = read("list of ports").await?;
    write(&crate::reach(&request).await).await
}

async fn read<T: for<'de> Deserialize<'de>>(expected: &'static str) -> Result<T, CommandError> {
    let mut bytes = Vec::new();
    let done = tokio::io::stdin().read_to_end(&mut bytes).await;
    done.map_err(|source| CommandError::Stream { stream: "input", source })?;
    serde_json::from_slice(&bytes).map_err(|source| CommandError::Input { expected, source })
}

async fn write<T: Serialize>(answer: &T) -> Result<(), CommandError> {
    let failed = |source| CommandError::Stream { stream: "output", source };
    let text = serde_json::to_string(answer).map_err(|error| failed(error.into()))?;
    let mut out = tokio::io::stdout();
    out.write_all(text.as_bytes()).await.map_err(failed)?;
    out.write_all(b"\n").await.map_err(failed)?;
    out.flush().await.map_err(failed)
}
