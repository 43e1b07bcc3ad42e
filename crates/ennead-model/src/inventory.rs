//! Facts of the fleet at one time, as observed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::cloud::CloudRule;
use crate::digest::Digest;
use crate::known::Known;
use crate::names::{ComponentName, NodeName};

/// Version of the inventory's JSON.
pub const INVENTORY_FORMAT_VERSION: u32 = 1;

/// Everything that was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// [`INVENTORY_FORMAT_VERSION`].
    pub format_version: u32,
    /// What the cloud says.
    pub cloud: CloudInventory,
    /// What each node says of itself. Nodes without a server are absent.
    pub nodes: BTreeMap<NodeName, Known<NodeFacts>>,
}

/// The platform's objects in the cloud, found by label and by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudInventory {
    /// SSH keys by name: the cloud's id and public key.
    pub ssh_keys: BTreeMap<String, (u64, String)>,
    /// Networks by name.
    pub networks: BTreeMap<String, NetworkFacts>,
    /// Placement groups by name: the cloud's id.
    pub placement_groups: BTreeMap<String, u64>,
    /// Firewalls by name.
    #[serde(default)]
    pub firewalls: BTreeMap<String, FirewallFacts>,
    /// Servers by name.
    pub servers: BTreeMap<String, ServerFacts>,
    /// Floating IPs by name.
    #[serde(default)]
    pub floating_ips: BTreeMap<String, FloatingIpFacts>,
    /// Volumes by name.
    #[serde(default)]
    pub volumes: BTreeMap<String, VolumeFacts>,
    /// Zones by name: those in which a wanted name lies, whoever made them.
    #[serde(default)]
    pub zones: BTreeMap<String, ZoneFacts>,
    /// Names that the platform wants but that belong to somebody else: `kind/name`.
    pub foreign: Vec<String>,
}

/// A network as the cloud tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkFacts {
    /// The cloud's id.
    pub id: u64,
    /// Its whole range, for example `10.1.0.0/16`.
    pub ip_range: String,
    /// Its subnets: `(zone, range)`.
    pub subnets: Vec<(String, String)>,
}

/// A floating IP as the cloud tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloatingIpFacts {
    /// The cloud's id.
    pub id: u64,
    /// Its address.
    pub ip: Ipv4Addr,
    /// Where it is at home.
    pub home_location: String,
    /// Id of the server that it leads to.
    pub server: Option<u64>,
}

/// A volume as the cloud tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeFacts {
    /// The cloud's id.
    pub id: u64,
    /// Its size in GB.
    pub size_gb: u64,
    /// Where it is.
    pub location: String,
    /// Id of the server that it is attached to.
    pub server: Option<u64>,
}

/// A DNS zone as the cloud tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneFacts {
    /// The cloud's id.
    pub id: u64,
    /// Whether it carries the platform's labels.
    pub ours: bool,
    /// Address records by name relative to the zone: those of the platform, and those that have a name
    /// that it wants.
    pub records: BTreeMap<String, RecordFacts>,
}

/// The address records of one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordFacts {
    /// Whether they carry the platform's labels.
    pub ours: bool,
    /// How long they may be kept, seconds; `None`: as long as the zone says.
    pub ttl_s: Option<u32>,
    /// The addresses.
    pub addresses: Vec<String>,
}

/// A firewall as the cloud tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallFacts {
    /// The cloud's id.
    pub id: u64,
    /// What passes.
    pub rules: BTreeSet<CloudRule>,
    /// Ids of the servers that it is applied to themselves, not by their labels.
    pub servers: BTreeSet<u64>,
}

/// A server as the cloud tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFacts {
    /// The cloud's id.
    pub id: u64,
    /// The cloud's word: `running`, `off`, `initializing` and so on.
    pub status: String,
    /// For example `ccx23`.
    pub server_type: String,
    /// For example `hil`.
    pub location: String,
    /// Its public IPv4 address.
    pub public_ip: Option<Ipv4Addr>,
    /// Its addresses by the id of the network.
    pub private_ips: BTreeMap<u64, Ipv4Addr>,
    /// Its placement group's id.
    pub placement_group: Option<u64>,
    /// Whether the cloud makes backups of its disk.
    #[serde(default)]
    pub backups: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// What a node says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// Newest generation that it obeyed; 0 when none.
    pub generation: u64,
    /// Version and digest of the ennead program on it.
    pub ennead: String,
    /// `PRETTY_NAME` of its operating system.
    pub os: String,
    /// Its memory in bytes.
    pub memory_bytes: u64,
    /// Free bytes of its root file system.
    pub disk_free_bytes: u64,
    /// What was applied and how it is now, per component.
    pub components: BTreeMap<ComponentName, Observation>,
}

/// One component on one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Digest of the last order that was carried out whole; None when one was begun but not ended.
    pub applied: Option<Digest>,
    /// What is no longer as that order left it, one line each.
    pub drift: Vec<String>,
    /// Whether its health condition holds.
    pub health: Known<Health>,
    /// What it is at this moment, for example `primary`, `replica`, `leader`.
    pub role: Option<String>,
    /// Further facts for people, for example `lag_bytes`.
    pub facts: BTreeMap<String, String>,
}

/// Whether a component does its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Its condition holds.
    Healthy,
    /// Its condition does not hold.
    Unhealthy {
        /// What was seen instead.
        why: String,
    },
}

impl Observation {
    /// Returns whether the component is known to be healthy. Unknown counts as unhealthy.
    pub fn is_healthy(&self) -> bool {
        matches!(self.health, Known::Known(Health::Healthy))
    }
}

impl Inventory {
    /// Returns an inventory of nothing: an empty cloud.
    pub fn empty() -> Self {
        Self {
            format_version: INVENTORY_FORMAT_VERSION,
            cloud: CloudInventory::default(),
            nodes: BTreeMap::new(),
        }
    }

    /// Returns what is known of a component on a node.
    pub fn observation(&self, node: &str, component: &str) -> Option<&Observation> {
        self.nodes.get(node)?.known()?.components.get(component)
    }

    /// Returns the newest generation that any node obeyed.
    pub fn generation(&self) -> u64 {
        let known = self.nodes.values().filter_map(Known::known);
        known.map(|facts| facts.generation).max().unwrap_or(0)
    }
}
