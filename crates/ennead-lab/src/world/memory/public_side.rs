//! Addresses, routes, filters and names, remembered.

use std::net::Ipv4Addr;

use async_trait::async_trait;

use super::{MemoryWorld, error};
use crate::names::NameServer;
use crate::world::{NetworkRoute, PacketFilter, PublicSide, WorldError, ZoneSeed};

impl MemoryWorld {
    /// Loses all routes and filters, as a machine does whose kernel starts again.
    pub fn forget_public_side(&self) {
        let mut memory = self.memory();
        memory.floating.clear();
        memory.routes.clear();
        for server in memory.servers.values_mut() {
            server.filter = None;
            server.aliases.clear();
        }
    }

    /// Returns where a floating address leads.
    pub fn floating(&self, ip: Ipv4Addr) -> Option<u64> {
        self.memory().floating.get(&ip).copied()
    }

    /// Returns the routes that a network adds.
    pub fn routes(&self, network: u64) -> Vec<NetworkRoute> {
        self.memory().routes.get(&network).cloned().unwrap_or_default()
    }

    /// Returns a zone that is answered for.
    pub fn zone(&self, name: &str) -> Option<ZoneSeed> {
        self.memory().zones.get(name).cloned()
    }

    /// Returns the name server that answers for the published zones once it is given sockets.
    pub fn names(&self) -> &NameServer {
        &self.names
    }
}

#[async_trait]
impl PublicSide for MemoryWorld {
    async fn set_filter(
        &self,
        server: u64,
        filter: Option<&PacketFilter>,
    ) -> Result<(), WorldError> {
        self.call("set_filter", "server", server).await?;
        self.with_server(server, "filter", |server| server.filter = filter.cloned())
    }

    async fn route_floating(&self, ip: Ipv4Addr, server: Option<u64>) -> Result<(), WorldError> {
        self.call("route_floating", "server", server.unwrap_or_default()).await?;
        let mut memory = self.memory();
        match server {
            Some(server) => memory.floating.insert(ip, server),
            None => memory.floating.remove(&ip),
        };
        Ok(())
    }

    async fn set_public_address(
        &self,
        server: u64,
        ip: Option<Ipv4Addr>,
    ) -> Result<(), WorldError> {
        self.call("set_public_address", "server", server).await?;
        self.with_server(server, "address", |server| server.seed.public_ip = ip)
    }

    async fn set_aliases(
        &self,
        server: u64,
        network: u64,
        aliases: &[Ipv4Addr],
    ) -> Result<(), WorldError> {
        self.call("set_aliases", "server", server).await?;
        self.with_server(server, "alias", |server| {
            server.aliases.insert(network, aliases.to_vec());
        })
    }

    async fn set_routes(&self, network: u64, routes: &[NetworkRoute]) -> Result<(), WorldError> {
        self.call("set_routes", "network", network).await?;
        self.memory().routes.insert(network, routes.to_vec());
        Ok(())
    }

    async fn publish_zone(&self, zone: &ZoneSeed) -> Result<(), WorldError> {
        self.call("publish_zone", "zone", 0).await?;
        self.names.publish(zone).map_err(|why| error("zone", 0, "publish", &why))?;
        self.memory().zones.insert(zone.name.clone(), zone.clone());
        Ok(())
    }

    async fn withdraw_zone(&self, name: &str) -> Result<(), WorldError> {
        self.call("withdraw_zone", "zone", 0).await?;
        self.names.withdraw(name);
        self.memory().zones.remove(name);
        Ok(())
    }
}
