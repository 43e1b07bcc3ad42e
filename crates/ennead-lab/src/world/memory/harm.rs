//! Faults, remembered.

use async_trait::async_trait;

use super::MemoryWorld;
use crate::world::{Harm, Harmful, WorldError};

impl MemoryWorld {
    /// Returns the faults in force.
    pub fn harm(&self) -> Vec<Harm> {
        self.memory().harm.clone()
    }
}

#[async_trait]
impl Harmful for MemoryWorld {
    async fn set_harm(&self, all: &[Harm]) -> Result<(), WorldError> {
        self.call("set_harm", "lab", 0).await?;
        self.memory().harm = all.to_vec();
        Ok(())
    }
}
