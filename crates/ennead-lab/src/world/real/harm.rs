//! Faults of servers and of the network.

use async_trait::async_trait;

use super::RealWorld;
use crate::world::{Harm, Harmful, WorldError};

#[async_trait]
impl Harmful for RealWorld {
    async fn set_harm(&self, all: &[Harm]) -> Result<(), WorldError> {
        if all.is_empty() {
            return Ok(());
        }
        let (object, verb) = (format!("lab {}", self.place().lab), "do harm".to_owned());
        Err(WorldError { object, verb, why: "this lab cannot do that yet".to_owned() })
    }
}
