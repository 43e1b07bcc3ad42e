//! What becomes of a server whose container has ended by itself: off, or started again.

use std::sync::{Arc, PoisonError};

use ennead_host::files;

use super::Inner;
use crate::world::WorldEvent;
use crate::world::nspawn;
use crate::world::process::Process;
use crate::world::record::find_server;
use crate::world::why::Why;

impl Inner {
    /// Returns whether a server was told to reboot and nobody has started it again.
    pub(super) fn was_rebooting(&self, id: u64) -> Result<bool, Why> {
        nspawn::is_rebooting(&self.place.server(id))
    }

    /// Notices when a server's container ends, once for each run.
    pub(super) fn watch(self: &Arc<Self>, id: u64, container: Process) {
        let run = (id, container.id());
        let fresh = self.watched.lock().unwrap_or_else(PoisonError::into_inner).insert(run);
        if !fresh {
            return;
        }
        let (inner, closed) = (Arc::clone(self), self.closed.clone());
        tokio::spawn(closed.run_until_cancelled_owned(async move {
            if let Err(why) = inner.seen_ending(id, container).await {
                tracing::error!(server = id, %why, "cannot clear a server that has stopped");
            }
        }));
    }

    async fn seen_ending(self: &Arc<Self>, id: u64, container: Process) -> Result<(), Why> {
        let run = (id, container.id());
        container.ended().await?;
        let _turn = self.server_turn(id).await;
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
        // Cleared already: its power was cut, which is no event.
        if !files::exists(&self.place.server(id).run())? || self.running(id)?.is_some() {
            return Ok(());
        }
        if nspawn::wants_reboot(&self.place.server(id)).await? {
            match self.start(id).await {
                Ok(container) => {
                    tracing::info!(server = id, "a server rebooted by itself");
                    self.watch(id, container);
                    return Ok(());
                }
                Err(why) => tracing::error!(server = id, %why, "a server did not come back"),
            }
        }
        let cleared = match find_server(&self.place, id)? {
            Some(record) => self.put_out(&record).await,
            None => Ok(()),
        };
        // It has stopped all the same; a closed world has no listener.
        self.tell.send(WorldEvent::Stopped(id)).unwrap_or_default();
        cleared
    }
}
