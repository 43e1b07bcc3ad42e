//! What servers use, as it was told.

use async_trait::async_trait;

use super::MemoryWorld;
use crate::world::{Measured, Usage, WorldError};

impl MemoryWorld {
    /// Sets a server's counters.
    pub fn set_usage(&self, server: u64, usage: Usage) {
        self.memory().usages.insert(server, usage);
    }
}

#[async_trait]
impl Measured for MemoryWorld {
    async fn usage(&self, server: u64) -> Result<Option<Usage>, WorldError> {
        let runs = self.server(server).is_some_and(|server| server.is_running);
        Ok(runs.then(|| self.memory().usages.get(&server).copied().unwrap_or_default()))
    }
}
