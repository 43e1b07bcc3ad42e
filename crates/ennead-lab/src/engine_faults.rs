//! Brings the world in line with the faults that were ordered, while servers come and go.

use std::sync::Arc;
use std::time::Duration;

use ennead_host::clock::pause_for;
use tokio::sync::Mutex;

use crate::engine::Engine;
use crate::fault::{Fault, Order, WorldOrder};
use crate::state::{Code, Refusal};
use crate::world::{Harm, WorldError};
use crate::world_fault::WorldFault;

/// What the world was last told; also whose turn it is to tell it.
#[derive(Debug, Default)]
pub(crate) struct HarmDesk {
    told: Mutex<Vec<Harm>>,
}

impl Engine {
    /// Orders a fault of the API; it ends by itself after a time, if one is given.
    pub(crate) fn order(self: &Arc<Self>, fault: Fault, lasts: Option<Duration>) -> Order {
        let order = self.faults().add(fault);
        self.end_after(order.id, lasts);
        order
    }

    /// Does harm; it ends by itself after a time, if one is given.
    ///
    /// # Errors
    /// `invalid_input`, and `unsupported_error` with what the world lacks for it.
    pub(crate) async fn order_harm(
        self: &Arc<Self>,
        fault: WorldFault,
        lasts: Option<Duration>,
    ) -> Result<WorldOrder, Refusal> {
        if self.is_guest {
            let message = "only a token of the lab's default project may harm servers";
            return Err(Refusal::new(Code::Forbidden, message));
        }
        fault.check(&self.inner().state)?;
        let order = self.faults().add_to_world(fault);
        if let Err(error) = self.tell_world().await {
            self.faults().remove(order.id);
            self.harm_as_ordered().await;
            return Err(Refusal::new(Code::UnsupportedError, error.to_string()));
        }
        self.end_after(order.id, lasts);
        Ok(order)
    }

    /// Ends a fault; false when there is none.
    ///
    /// # Errors
    /// `server_error` when the world does not undo it.
    pub(crate) async fn end_fault(&self, id: u64) -> Result<bool, Refusal> {
        let was_there = self.faults().remove(id);
        self.tell_world().await.map_err(|error| failed(&error))?;
        Ok(was_there)
    }

    /// Ends all faults.
    ///
    /// # Errors
    /// `server_error` when the world does not undo one.
    pub(crate) async fn end_faults(&self) -> Result<(), Refusal> {
        self.faults().clear();
        self.tell_world().await.map_err(|error| failed(&error))
    }

    /// Brings the world in line where nobody waits for the answer.
    pub(crate) async fn harm_as_ordered(&self) {
        if let Err(error) = self.tell_world().await {
            tracing::error!(%error, "faults are not as they were ordered");
        }
    }

    async fn tell_world(&self) -> Result<(), WorldError> {
        if self.is_guest {
            return Ok(());
        }
        let mut told = self.harm.told.lock().await;
        let orders = self.faults().world().to_vec();
        let all: Vec<Harm> = {
            let inner = self.inner();
            orders.iter().flat_map(|order| order.fault.harm(&inner.state)).collect()
        };
        if *told != all {
            self.world.set_harm(&all).await?;
            *told = all;
        }
        Ok(())
    }

    fn end_after(self: &Arc<Self>, id: u64, lasts: Option<Duration>) {
        let Some(lasts) = lasts else { return };
        let engine = Arc::downgrade(self);
        tokio::spawn(async move {
            pause_for(lasts).await;
            if let Some(engine) = engine.upgrade()
                && let Err(refusal) = engine.end_fault(id).await
            {
                tracing::error!(fault = id, why = refusal.message, "a fault did not end");
            }
        });
    }
}

fn failed(error: &WorldError) -> Refusal {
    Refusal::new(Code::ServerError, error.to_string())
}
