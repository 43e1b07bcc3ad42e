//! Changes to the cloud, as a plan states them: idempotent by name and label.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// Packets that a firewall of the cloud lets pass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CloudRule {
    /// `in` or `out`.
    pub direction: String,
    /// `tcp`, `udp`, `icmp` and so on.
    pub protocol: String,
    /// A port or a range of ports, as the cloud writes it.
    pub port: Option<String>,
    /// Prefixes of the other end.
    pub addresses: BTreeSet<String>,
    /// In words.
    pub description: String,
}

impl CloudRule {
    /// Makes a rule for packets that come in.
    pub fn inbound(
        protocol: &str,
        port: Option<u16>,
        addresses: BTreeSet<String>,
        description: &str,
    ) -> Self {
        Self {
            direction: "in".to_owned(),
            protocol: protocol.to_owned(),
            port: port.map(|port| port.to_string()),
            addresses,
            description: description.to_owned(),
        }
    }
}

/// One change to the cloud. Other objects are named, not numbered: ids exist only in the cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cloud", rename_all = "snake_case")]
pub enum CloudAction {
    /// An SSH key exists; one with the same fingerprint and another name is adopted.
    CreateSshKey {
        /// Its name.
        name: String,
        /// OpenSSH public key, one line; may hold references.
        public_key: String,
        /// Labels.
        labels: BTreeMap<String, String>,
    },
    /// A network with one cloud subnet exists.
    CreateNetwork {
        /// Its name.
        name: String,
        /// Its range and its subnet's range.
        ip_range: String,
        /// The subnet's network zone.
        network_zone: String,
        /// Labels.
        labels: BTreeMap<String, String>,
    },
    /// A placement group of type spread exists.
    CreatePlacementGroup {
        /// Its name.
        name: String,
        /// Labels.
        labels: BTreeMap<String, String>,
    },
    /// A server exists, not yet started.
    CreateServer {
        /// Its name.
        name: String,
        /// Its type.
        server_type: String,
        /// Its image.
        image: String,
        /// Its location.
        location: String,
        /// Names of SSH keys.
        ssh_keys: Vec<String>,
        /// Name of its placement group.
        placement_group: Option<String>,
        /// Names of the firewalls that guard it from its first moment on.
        #[serde(default)]
        firewalls: Vec<String>,
        /// Labels.
        labels: BTreeMap<String, String>,
        /// cloud-init user data; holds references to host keys.
        user_data: String,
    },
    /// A firewall exists and lets exactly these packets pass.
    SetFirewall {
        /// Its name.
        name: String,
        /// What passes.
        rules: BTreeSet<CloudRule>,
        /// Labels.
        labels: BTreeMap<String, String>,
    },
    /// A firewall guards a server.
    ApplyFirewall {
        /// The firewall's name.
        firewall: String,
        /// The server's name.
        server: String,
    },
    /// A firewall does not guard a server any more.
    LiftFirewall {
        /// The firewall's name.
        firewall: String,
        /// The server's name.
        server: String,
    },
    /// A server is attached to a network with this address.
    AttachNetwork {
        /// The server's name.
        server: String,
        /// The network's name.
        network: String,
        /// Its address there.
        ip: Ipv4Addr,
    },
    /// A server is powered on.
    PowerOn {
        /// The server's name.
        server: String,
    },
    /// A server is gone, with its disk.
    DeleteServer {
        /// Its name.
        name: String,
    },
    /// A network is gone.
    DeleteNetwork {
        /// Its name.
        name: String,
    },
    /// A placement group is gone.
    DeletePlacementGroup {
        /// Its name.
        name: String,
    },
    /// A firewall is gone.
    DeleteFirewall {
        /// Its name.
        name: String,
    },
    /// An SSH key is gone.
    DeleteSshKey {
        /// Its name.
        name: String,
    },
}

impl CloudAction {
    /// Returns a short sentence for plans and reports.
    pub fn summary(&self) -> String {
        match self {
            Self::CreateSshKey { name, .. } => format!("create SSH key {name}"),
            Self::CreateNetwork { name, ip_range, network_zone, .. } => {
                format!("create network {name} {ip_range} in {network_zone}")
            }
            Self::CreatePlacementGroup { name, .. } => format!("create placement group {name}"),
            Self::CreateServer { name, server_type, image, location, .. } => {
                format!("create server {name}: {server_type}, {image}, {location}")
            }
            Self::AttachNetwork { server, network, ip } => {
                format!("attach {server} to {network} as {ip}")
            }
            Self::SetFirewall { name, rules, .. } => {
                format!("set firewall {name}: {} rules", rules.len())
            }
            Self::ApplyFirewall { firewall, server } => {
                format!("guard {server} by firewall {firewall}")
            }
            Self::LiftFirewall { firewall, server } => {
                format!("lift firewall {firewall} from {server}")
            }
            Self::DeleteFirewall { name } => format!("delete firewall {name}"),
            Self::PowerOn { server } => format!("power on {server}"),
            Self::DeleteServer { name } => format!("delete server {name} and its disk"),
            Self::DeleteNetwork { name } => format!("delete network {name}"),
            Self::DeletePlacementGroup { name } => format!("delete placement group {name}"),
            Self::DeleteSshKey { name } => format!("delete SSH key {name}"),
        }
    }
}
