//! What the cloud does with packets on behalf of a server: addresses, routes, filters, names.

use std::net::Ipv4Addr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::WorldError;
use crate::state::Prefix;

/// Direction of a packet, seen from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the server.
    In,
    /// From the server.
    Out,
}

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// TCP to ports from the first to the last.
    Tcp(u16, u16),
    /// UDP to ports from the first to the last.
    Udp(u16, u16),
    /// ICMP.
    Icmp,
    /// GRE.
    Gre,
    /// ESP.
    Esp,
}

/// Packets that pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketRule {
    /// In which direction.
    pub direction: Direction,
    /// Carrying what.
    pub protocol: Protocol,
    /// From (`In`) or to (`Out`) where; nothing passes when empty.
    pub peers: Vec<Prefix>,
}

/// All rules of all firewalls of one server. Inbound packets that no rule names are dropped; outbound
/// ones are only when there is a rule for outbound packets. Answers to what passed pass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketFilter {
    /// The rules.
    pub rules: Vec<PacketRule>,
}

/// A route that a private network adds for all its servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRoute {
    /// Where to.
    pub destination: Prefix,
    /// Through which server's address.
    pub gateway: Ipv4Addr,
}

/// Records of one name and type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSet {
    /// Relative to the zone; `@` is the zone itself.
    pub name: String,
    /// For example `A`.
    pub kind: String,
    /// Seconds.
    pub ttl: u32,
    /// In the words of zone files.
    pub values: Vec<String>,
}

/// A zone as it is answered for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneSeed {
    /// For example `example.com`.
    pub name: String,
    /// All its records, `SOA` and `NS` included.
    pub records: Vec<RecordSet>,
}

/// Carries out what concerns a server's place in the internet and in its networks. As everything in
/// the world: idempotent.
#[async_trait]
pub trait PublicSide: Send + Sync {
    /// Sets what passes a server's public interface; everything when `None`. Private interfaces are
    /// never filtered.
    async fn set_filter(
        &self,
        server: u64,
        filter: Option<&PacketFilter>,
    ) -> Result<(), WorldError>;

    /// Routes a floating address to a server's public interface, or nowhere. The server configures
    /// it by itself.
    async fn route_floating(&self, ip: Ipv4Addr, server: Option<u64>) -> Result<(), WorldError>;

    /// Gives a server that is off another public address, or none.
    async fn set_public_address(&self, server: u64, ip: Option<Ipv4Addr>)
    -> Result<(), WorldError>;

    /// Routes exactly these further addresses of a network to a server, which configures them by
    /// itself.
    async fn set_aliases(
        &self,
        server: u64,
        network: u64,
        aliases: &[Ipv4Addr],
    ) -> Result<(), WorldError>;

    /// Sets all routes that a network adds.
    async fn set_routes(&self, network: u64, routes: &[NetworkRoute]) -> Result<(), WorldError>;

    /// Answers for a zone in place of what was answered for it before.
    async fn publish_zone(&self, zone: &ZoneSeed) -> Result<(), WorldError>;

    /// Answers for a zone no more.
    async fn withdraw_zone(&self, name: &str) -> Result<(), WorldError>;
}
