//! Addresses, routes, filters and names.

use std::net::Ipv4Addr;

use async_trait::async_trait;

use super::RealWorld;
use crate::world::{NetworkRoute, PacketFilter, PublicSide, WorldError, ZoneSeed};

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
        absent(format!("zone {}", zone.name), "publish")
    }

    async fn withdraw_zone(&self, name: &str) -> Result<(), WorldError> {
        absent(format!("zone {name}"), "withdraw")
    }
}
