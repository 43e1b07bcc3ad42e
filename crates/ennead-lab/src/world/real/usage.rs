//! What servers use.

use async_trait::async_trait;

use super::{RealWorld, server_error};
use crate::world::{Measured, Usage, WorldError, counters};

#[async_trait]
impl Measured for RealWorld {
    async fn usage(&self, server: u64) -> Result<Option<Usage>, WorldError> {
        let read = async {
            match self.inner.running(server)? {
                Some(_) => counters::read(&self.inner.place.names(), server).await.map(Some),
                None => Ok(None),
            }
        };
        read.await.map_err(server_error(server, "measure"))
    }
}
