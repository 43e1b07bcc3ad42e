//! Addresses, routes, filters and names.

use std::net::Ipv4Addr;

use async_trait::async_trait;

use super::RealWorld;
use crate::names::{NameServer, Sockets};
use crate::world::why::Why;
use crate::world::{
    LabPlace, NetworkRoute, PacketFilter, PublicSide, WorldError, ZoneSeed, namespace,
};

/// Listens at [`LabPlace::name_server`] inside the lab's internet; answers until the returned future
/// is dropped. Zones are forgotten with the world: whoever opens it publishes them again.
pub(super) async fn serve_names(
    place: &LabPlace,
    names: &NameServer,
) -> Result<impl Future<Output = std::io::Result<()>> + use<>, Why> {
    let address = place.name_server();
    let bind = move || {
        let sockets = Sockets::bind(address);
        sockets.map_err(|error| Why(format!("listen on {address}: {error}")))
    };
    let sockets = namespace::inside(&place.names().internet(), bind).await?;
    names.serve(sockets).map_err(|error| Why::of(&error))
}

fn absent<T>(object: String, verb: &str) -> Result<T, WorldError> {
    Err(WorldError { object, verb: verb.to_owned(), why: "this lab cannot do that yet".to_owned() })
}

#[async_trait]
impl PublicSide for RealWorld {
    async fn set_filter(
        &self,
        server: u64,
        _filter: Option<&PacketFilter>,
    ) -> Result<(), WorldError> {
        absent(format!("server {server}"), "filter")
    }

    async fn route_floating(&self, ip: Ipv4Addr, _server: Option<u64>) -> Result<(), WorldError> {
        absent(format!("floating IP {ip}"), "route")
    }

    async fn set_public_address(
        &self,
        server: u64,
        _ip: Option<Ipv4Addr>,
    ) -> Result<(), WorldError> {
        absent(format!("server {server}"), "address")
    }

    async fn set_aliases(
        &self,
        server: u64,
        _network: u64,
        _aliases: &[Ipv4Addr],
    ) -> Result<(), WorldError> {
        absent(format!("server {server}"), "alias")
    }

    async fn set_routes(&self, network: u64, _routes: &[NetworkRoute]) -> Result<(), WorldError> {
        absent(format!("network {network}"), "route")
    }

    async fn publish_zone(&self, zone: &ZoneSeed) -> Result<(), WorldError> {
        let published = self.inner.names.publish(zone);
        published.map_err(|why| Why(why).about(format!("zone {}", zone.name), "publish"))
    }

    async fn withdraw_zone(&self, name: &str) -> Result<(), WorldError> {
        self.inner.names.withdraw(name);
        Ok(())
    }
}
