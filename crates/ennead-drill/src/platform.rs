//! What a drill needs from the world.

use std::time::Duration;

use async_trait::async_trait;
use ennead_model::{Inventory, NodeName};
use thiserror::Error;
use tokio::io::{AsyncBufRead, AsyncWrite};

use crate::fault::{LabFault, Process};

/// Something that the world did not do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("cannot {what}: {why}")]
pub struct PlatformError {
    /// What was tried, for example `power off db-1`.
    pub what: String,
    /// Why not, with its whole chain of causes, on one line.
    pub why: String,
}

impl PlatformError {
    /// Makes an error from an error with its causes.
    pub fn new(what: impl Into<String>, error: &dyn std::error::Error) -> Self {
        let mut why = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            why = format!("{why}: {cause}");
            source = cause.source();
        }
        Self { what: what.into(), why }
    }
}

/// Both ends of a program on a node. Dropping it ends the program.
pub struct Pipe {
    /// Its standard input.
    pub stdin: Box<dyn AsyncWrite + Send + Unpin>,
    /// Its standard output.
    pub stdout: Box<dyn AsyncBufRead + Send + Unpin>,
    /// Whatever has to live as long as the program, for example the SSH child and its session.
    pub keep: Box<dyn Send>,
}

/// The platform on which a drill runs: the cloud's API and the nodes.
#[async_trait]
pub trait Platform: Send + Sync {
    /// Says how everything is now. A node that does not answer is unknown, not an error, and must
    /// not hold up the answer for longer than a few seconds.
    ///
    /// # Errors
    /// [`PlatformError`] when the cloud does not answer.
    async fn observe(&self) -> Result<Inventory, PlatformError>;

    /// Cuts the power of a node's server, as pulling its plug; returns when the cloud's action has
    /// ended well.
    ///
    /// # Errors
    /// [`PlatformError`]; whether the power is off is then not known.
    async fn power_off(&self, node: &NodeName) -> Result<(), PlatformError>;

    /// Switches the power of a node's server on; returns when the cloud's action has ended well. A
    /// server that runs already is no error.
    ///
    /// # Errors
    /// [`PlatformError`].
    async fn power_on(&self, node: &NodeName) -> Result<(), PlatformError>;

    /// Returns the cloud's word for the state of a node's server: `running`, `off` and so on.
    ///
    /// # Errors
    /// [`PlatformError`].
    async fn server_status(&self, node: &NodeName) -> Result<String, PlatformError>;

    /// Starts `ennead node probe` on a node.
    ///
    /// # Errors
    /// [`PlatformError`].
    async fn open_probe(&self, node: &NodeName) -> Result<Pipe, PlatformError>;

    /// Kills a process of the database on a node with SIGKILL; returns when it was sent.
    ///
    /// # Errors
    /// [`PlatformError`]; whether it was sent is then not known.
    async fn kill(&self, node: &NodeName, process: Process) -> Result<(), PlatformError>;

    /// Has another node become primary; returns when it is.
    ///
    /// # Errors
    /// [`PlatformError`]; it may still happen then.
    async fn switch_over(&self, from: &NodeName, to: &NodeName) -> Result<(), PlatformError>;

    /// Has the guards forget how often they acted, through a node that runs one: a drill is a known
    /// reason, and the next run must find them ready.
    ///
    /// # Errors
    /// [`PlatformError`].
    async fn forget_acts(&self, node: &NodeName) -> Result<(), PlatformError>;

    /// Returns whether the cloud is a lab that faults can be ordered from.
    fn is_lab(&self) -> bool;

    /// Orders a fault from the lab; returns its id when it is in force. It ends by itself after a
    /// time, for the case that nobody is left to end it.
    ///
    /// # Errors
    /// [`PlatformError`]: no lab, or a refusal. An answer that was lost leaves a fault that ends by
    /// itself.
    async fn order_fault(&self, fault: &LabFault, at_most: Duration) -> Result<u64, PlatformError>;

    /// Ends a fault. One that has ended already is no error.
    ///
    /// # Errors
    /// [`PlatformError`].
    async fn clear_fault(&self, id: u64) -> Result<(), PlatformError>;
}
