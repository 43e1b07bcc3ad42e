//! What the lab's objects become: the contract between the API's state and this machine.
//!
//! Every method is idempotent, so that a daemon that was killed can carry out the same effect again.

pub(crate) mod cgroup;
mod copy;
mod counters;
pub mod disks;
pub(crate) mod egress;
mod filter;
mod first_start;
pub(crate) mod freezer;
pub mod harm;
pub(crate) mod hold;
pub(crate) mod limits;
pub(crate) mod loops;
pub mod memory;
mod metadata;
pub(crate) mod mounts;
pub mod names;
pub(crate) mod namespace;
pub(crate) mod network;
pub(crate) mod nspawn;
mod own_disk;
pub mod place;
pub(crate) mod process;
pub mod public_side;
pub mod real;
mod record;
mod root_files;
mod routes;
mod ruleset;
pub(crate) mod run;
mod throttle;
pub mod usage;
mod user_data;
mod volume;
pub(crate) mod why;
mod wires;

pub use disks::{Disks, Password, ServerSize, VolumeSeed, VolumeUse};
pub use harm::{Harm, Harmful};
pub use place::LabPlace;
pub use public_side::{
    Direction, NetworkRoute, PacketFilter, PacketRule, Protocol, PublicSide, RecordSet, ZoneSeed,
};
pub use real::RealWorld;
pub use usage::{Measured, Usage};

use std::net::Ipv4Addr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An effect that could not be carried out. Shown to the operator and as the action's error.
#[derive(Debug, Clone, Error)]
#[error("{object}: cannot {verb}: {why}")]
pub struct WorldError {
    /// For example `server 12`.
    pub object: String,
    /// For example `start`.
    pub verb: String,
    /// One line: command or path and what was seen.
    pub why: String,
}

/// A private network, before anything is attached to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSeed {
    /// The API's id.
    pub id: u64,
    /// Its whole range; the first address is the gateway that every server routes through.
    pub ip_range: String,
    /// Its network zone. A network with subnets in no zone yet has none and carries no traffic.
    pub network_zone: Option<String>,
}

/// A server's place in a private network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The network's id.
    pub network: u64,
    /// The server's address there, a /32 on its interface.
    pub ip: Ipv4Addr,
    /// Its interface's address.
    pub mac: String,
}

/// Everything that is known of a server before its first start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSeed {
    /// The API's id.
    pub id: u64,
    /// Its name, also its first host name.
    pub name: String,
    /// The image's name, for example `debian-13`.
    pub image: String,
    /// The location's name.
    pub location: String,
    /// The location's network zone.
    pub network_zone: String,
    /// The id of the image when it was made from a server; it then takes the place of `image`.
    #[serde(default)]
    pub snapshot: Option<u64>,
    /// Its public address, if it has one.
    pub public_ip: Option<Ipv4Addr>,
    /// Its public interface's address, `96:00:…`.
    pub public_mac: String,
    /// Public keys for root's `authorized_keys`.
    pub ssh_keys: Vec<String>,
    /// Root's first password; forgotten once it is set.
    #[serde(default)]
    pub root_password: Option<Password>,
    /// cloud-init user data.
    pub user_data: Option<String>,
    /// Memory of its type in bytes.
    pub memory_bytes: u64,
    /// Virtual processors of its type.
    pub cores: u32,
    /// Disk of its type in GB.
    pub disk_gb: u64,
}

/// Where servers find the API.
pub(crate) const API_PORT: u16 = 80;

/// Something a server did by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorldEvent {
    /// The server's init ended: it was shut down from inside, or by `shutdown`. A server that
    /// reboots by itself comes back without an event.
    Stopped(u64),
}

/// Carries out effects.
#[async_trait]
pub trait World: PublicSide + Disks + Harmful + Measured {
    /// Makes a network's router.
    async fn create_network(&self, network: &NetworkSeed) -> Result<(), WorldError>;

    /// Removes a network's router. Servers are detached before.
    async fn delete_network(&self, id: u64) -> Result<(), WorldError>;

    /// Makes a server's disk and links; does not start it. cloud-init's user data takes effect on
    /// its first start.
    async fn create_server(&self, server: &ServerSeed) -> Result<(), WorldError>;

    /// Attaches a server, running or not, to a network.
    async fn attach(&self, server: u64, attachment: &Attachment) -> Result<(), WorldError>;

    /// Detaches a server from a network.
    async fn detach(&self, server: u64, network: u64) -> Result<(), WorldError>;

    /// Boots a server; returns when its init runs.
    async fn start(&self, server: u64) -> Result<(), WorldError>;

    /// Cuts a server's power: links down first, then everything in it is killed at once. Returns
    /// when nothing of it runs and it cannot send another packet.
    async fn power_off(&self, server: u64) -> Result<(), WorldError>;

    /// Asks a server's init to shut down; returns when it was asked. [`WorldEvent::Stopped`] follows.
    async fn shutdown(&self, server: u64) -> Result<(), WorldError>;

    /// Removes a server with its disk, running or not.
    async fn delete_server(&self, server: u64) -> Result<(), WorldError>;

    /// Returns the servers whose init runs now; called once at the daemon's start to adopt them.
    async fn running(&self) -> Result<Vec<u64>, WorldError>;

    /// Listens where servers find the API: [`API_PORT`] of an address of the lab's internet. None when
    /// there are no servers who could ask.
    async fn api_listener(&self) -> Result<Option<std::net::TcpListener>, WorldError> {
        Ok(None)
    }

    /// Waits for the next event. Never ends when nothing happens.
    async fn next_event(&self) -> WorldEvent;
}
