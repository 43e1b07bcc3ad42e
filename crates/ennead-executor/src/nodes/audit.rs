//! The copies of the audit log that nodes keep.

use std::time::Duration;

use async_trait::async_trait;
use ennead_audit::wire::{
    AppendAnswer, AppendRequest, ReadAnswer, ReadRequest, WIRE_FORMAT_VERSION,
};
use ennead_model::NodeName;

use super::error::NodeError;
use super::pool::{NodePool, json};
use crate::audit::Copies;

/// Limit of reading or adding to a copy, connecting included. An estimate: a run waits for it, and
/// a node that is slower is caught up the next time.
const COPY: Duration = Duration::from_secs(5);

#[async_trait]
impl Copies for NodePool {
    async fn read(&self, node: &NodeName, from: u64) -> Result<ReadAnswer, String> {
        let request = ReadRequest { format_version: WIRE_FORMAT_VERSION, from };
        let question = json(node, &request).map_err(|error| error.to_string())?;
        limited(self.ask(node, "audit read", question, COPY)).await
    }

    async fn append(&self, node: &NodeName, lines: Vec<String>) -> Result<AppendAnswer, String> {
        let request = AppendRequest { format_version: WIRE_FORMAT_VERSION, lines };
        let question = json(node, &request).map_err(|error| error.to_string())?;
        limited(self.ask(node, "audit append", question, COPY)).await
    }
}

async fn limited<T>(asked: impl Future<Output = Result<T, NodeError>>) -> Result<T, String> {
    match tokio::time::timeout(COPY, asked).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", COPY.as_secs())),
    }
}
