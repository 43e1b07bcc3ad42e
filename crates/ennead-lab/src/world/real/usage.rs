//! What servers use.

use async_trait::async_trait;

use super::{RealWorld, server_error};
use crate::world::record::find_server;
use crate::world::{Measured, Usage, WorldError, counters, throttle};

#[async_trait]
impl Measured for RealWorld {
    async fn usage(&self, server: u64) -> Result<Option<Usage>, WorldError> {
        let read = async {
            match self.inner.running(server)? {
                Some(_) => {
                    let device = match find_server(self.place(), server)? {
                        Some(record) if record.own_disk => {
                            Some(throttle::whole_disk(&record.disk(self.place()).upper())?)
                        }
                        _ => None,
                    };
                    let names = self.place().names();
                    counters::read(&names, server, device.as_deref()).await.map(Some)
                }
                None => Ok(None),
            }
        };
        read.await.map_err(server_error(server, "measure"))
    }
}
