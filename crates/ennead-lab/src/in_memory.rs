//! A lab without a machine: the whole API over a world that only remembers.

use std::sync::Arc;
use std::time::Duration;

use ennead_host::clock::{DeadlineError, wait_until};
use tokio::sync::oneshot;

use crate::engine::Engine;
use crate::rate::Gate;
use crate::serve::{Bound, LabToken, ServeError, ServeOptions, serve};
use crate::world::memory::MemoryWorld;

/// A lab in memory. It ends when this is dropped.
#[derive(Debug)]
pub struct LabInMemory {
    /// For example `http://127.0.0.1:4000/v1`.
    pub endpoint: String,
    /// The token that may do everything.
    pub token: LabToken,
    /// What the servers became.
    pub world: Arc<MemoryWorld>,
    bound: Bound,
    stop: Option<oneshot::Sender<()>>,
}

/// Serves a lab in memory with the usual options.
///
/// # Errors
/// [`ServeError`].
pub async fn lab_in_memory() -> Result<LabInMemory, ServeError> {
    lab_in_memory_with(ServeOptions::default(), Arc::new(MemoryWorld::new())).await
}

/// Serves a lab in memory.
///
/// # Errors
/// [`ServeError`].
pub async fn lab_in_memory_with(
    options: ServeOptions,
    world: Arc<MemoryWorld>,
) -> Result<LabInMemory, ServeError> {
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        // Both an order and a sender that is gone mean the end.
        stopped.await.unwrap_or_default();
    };
    let bound = serve(options, Arc::<MemoryWorld>::clone(&world) as _, shutdown).await?;
    let (endpoint, token) = (bound.endpoint.clone(), bound.token.clone());
    Ok(LabInMemory { endpoint, token, world, bound, stop: Some(stop) })
}

impl LabInMemory {
    /// Returns the state and the faults.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.bound.engine
    }

    /// Returns where requests are let in and counted.
    pub fn gate(&self) -> &Gate {
        &self.bound.gate
    }

    /// Waits until nothing is to be done any more.
    ///
    /// # Errors
    /// [`DeadlineError`] after ten seconds.
    pub async fn quiet(&self) -> Result<(), DeadlineError> {
        let engine = self.engine();
        wait_until(Duration::from_secs(10), Duration::from_millis(1), || async {
            match engine.unfinished() {
                0 => Ok(()),
                count => Err(format!("{count} unfinished jobs")),
            }
        })
        .await
    }

    /// Ends it and waits until it has ended.
    pub async fn end(mut self) {
        drop(self.stop.take());
        self.bound.ended().await;
    }
}
