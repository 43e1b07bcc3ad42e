//! Servers.

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::catalogue::{Image, Location, ServerType};
use super::firewall::CreateServerFirewall;
use super::small::{Labels, PlacementGroup};

/// A public IPv4 address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicIpv4 {
    /// Id of the primary IP.
    #[serde(default)]
    pub id: Option<u64>,
    /// The address.
    pub ip: String,
    /// Whether the cloud blocked it.
    pub blocked: bool,
    /// Reverse name.
    pub dns_ptr: Option<String>,
}

/// A public IPv6 network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicIpv6 {
    /// Id of the primary IP.
    #[serde(default)]
    pub id: Option<u64>,
    /// The /64.
    pub ip: String,
    /// Whether the cloud blocked it.
    pub blocked: bool,
    /// Reverse names.
    #[serde(default)]
    pub dns_ptr: Option<Vec<serde_json::Value>>,
}

/// Public side of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicNet {
    /// IPv4.
    pub ipv4: Option<PublicIpv4>,
    /// IPv6.
    pub ipv6: Option<PublicIpv6>,
    /// Ids of floating IPs.
    pub floating_ips: Vec<u64>,
    /// Firewalls: `{id, status}`.
    #[serde(default)]
    pub firewalls: Vec<serde_json::Value>,
}

/// A server's place in a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateNet {
    /// Network's id.
    pub network: u64,
    /// Its address.
    pub ip: String,
    /// Further addresses.
    pub alias_ips: Vec<String>,
    /// Its interface's address, `86:00:…`.
    pub mac_address: String,
}

/// What is forbidden.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerProtection {
    /// Deletion.
    pub delete: bool,
    /// Rebuild.
    pub rebuild: bool,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// Its id.
    pub id: u64,
    /// Its name, unique in the project.
    pub name: String,
    /// `running`, `initializing`, `starting`, `stopping`, `off`, `deleting`, `migrating`,
    /// `rebuilding` or `unknown`.
    pub status: String,
    /// RFC 3339 time.
    pub created: String,
    /// Public side.
    pub public_net: PublicNet,
    /// Places in networks.
    pub private_net: Vec<PrivateNet>,
    /// Its type.
    pub server_type: ServerType,
    /// Where it stands.
    pub location: Location,
    /// What it was made from.
    pub image: Option<Image>,
    /// Attached ISO.
    #[serde(default)]
    pub iso: Option<serde_json::Value>,
    /// Whether rescue is on.
    pub rescue_enabled: bool,
    /// Whether an action holds it.
    pub locked: bool,
    /// For example `22-02`.
    pub backup_window: Option<String>,
    /// Bytes this month.
    pub outgoing_traffic: Option<u64>,
    /// Bytes this month.
    pub ingoing_traffic: Option<u64>,
    /// Free bytes this month.
    pub included_traffic: Option<u64>,
    /// Protection.
    pub protection: ServerProtection,
    /// Labels.
    pub labels: Labels,
    /// Ids of volumes.
    #[serde(default)]
    pub volumes: Vec<u64>,
    /// Ids of load balancers.
    #[serde(default)]
    pub load_balancers: Vec<u64>,
    /// Disk in GB.
    pub primary_disk_size: u64,
    /// Its placement group.
    #[serde(default)]
    pub placement_group: Option<PlacementGroup>,
}

/// Public side of a server to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateServerPublicNet {
    /// With an IPv4 address.
    #[serde(default = "yes")]
    pub enable_ipv4: bool,
    /// With an IPv6 network.
    #[serde(default = "yes")]
    pub enable_ipv6: bool,
    /// Id of a primary IPv4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<u64>,
    /// Id of a primary IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<u64>,
}

fn yes() -> bool {
    true
}

/// Body of `POST /servers`. Ids or names are texts or numbers in JSON; here always texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateServer {
    /// Name.
    pub name: String,
    /// Type, by id or name.
    pub server_type: String,
    /// Image, by id or name.
    pub image: String,
    /// Location, by id or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Starts when made.
    #[serde(default = "yes")]
    pub start_after_create: bool,
    /// SSH keys, by id or name.
    #[serde(default)]
    pub ssh_keys: Vec<String>,
    /// Networks by id; the address is chosen by the cloud.
    #[serde(default)]
    pub networks: Vec<u64>,
    /// Volumes by id, in the server's location.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<u64>,
    /// Whether the server mounts the volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automount: Option<bool>,
    /// Firewalls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub firewalls: Vec<CreateServerFirewall>,
    /// Placement group's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement_group: Option<u64>,
    /// Labels.
    #[serde(default)]
    pub labels: Labels,
    /// cloud-init user data, at most 32 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_data: Option<String>,
    /// Public side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_net: Option<CreateServerPublicNet>,
}

/// Answer of `POST /servers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerCreated {
    /// The server.
    pub server: Server,
    /// `create_server`.
    pub action: Action,
    /// What follows, for example `start_server`.
    pub next_actions: Vec<Action>,
    /// Null when SSH keys were given.
    pub root_password: Option<String>,
}

/// Body of `PUT /servers/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateServer {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New labels, replacing all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
}
