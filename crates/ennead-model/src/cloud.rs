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
    /// The cloud makes backups of a server's disk, or no longer does and deletes those there are.
    SetBackups {
        /// The server's name.
        server: String,
        /// Which of the two.
        enabled: bool,
    },
    /// A floating IPv4 address exists, leading nowhere when it is new.
    CreateFloatingIp {
        /// Its name.
        name: String,
        /// Where it is at home.
        home_location: String,
        /// Labels.
        labels: BTreeMap<String, String>,
    },
    /// A floating IP leads to a server. One that leads to any server already is left there.
    AssignFloatingIp {
        /// Its name.
        name: String,
        /// The server's name.
        server: String,
    },
    /// A volume exists, formatted with ext4 when it is new.
    CreateVolume {
        /// Its name.
        name: String,
        /// Its size in GB.
        size_gb: u32,
        /// Where it is.
        location: String,
        /// Labels.
        labels: BTreeMap<String, String>,
    },
    /// A volume is attached to a server.
    AttachVolume {
        /// The volume's name.
        name: String,
        /// The server's name.
        server: String,
    },
    /// A primary DNS zone exists.
    CreateZone {
        /// Its name.
        name: String,
        /// Labels.
        labels: BTreeMap<String, String>,
    },
    /// A name in a zone leads to the addresses of floating IPs. One that exists keeps its addresses.
    CreateRecords {
        /// The zone's name.
        zone: String,
        /// The name relative to the zone, `@` for the zone itself.
        name: String,
        /// How long it may be kept, seconds.
        ttl_s: u32,
        /// Names of the floating IPs.
        floating_ips: Vec<String>,
        /// Labels.
        labels: BTreeMap<String, String>,
    },
    /// A name in a zone may be kept so long.
    SetRecordsTtl {
        /// The zone's name.
        zone: String,
        /// The name relative to the zone.
        name: String,
        /// Seconds.
        ttl_s: u32,
    },
    /// A floating IP is gone, and its address with it.
    DeleteFloatingIp {
        /// Its name.
        name: String,
    },
    /// A volume is gone, with its data.
    DeleteVolume {
        /// Its name.
        name: String,
    },
    /// A name in a zone is gone.
    DeleteRecords {
        /// The zone's name.
        zone: String,
        /// The name relative to the zone.
        name: String,
    },
    /// A zone is gone, with everything in it.
    DeleteZone {
        /// Its name.
        name: String,
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
    /// Returns whether something is lost by it that nothing brings back.
    pub fn destroys(&self) -> bool {
        matches!(
            self,
            Self::DeleteServer { .. }
                | Self::DeleteFloatingIp { .. }
                | Self::DeleteVolume { .. }
                | Self::SetBackups { enabled: false, .. }
        )
    }

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
            other => other.summary_beside_servers(),
        }
    }

    fn summary_beside_servers(&self) -> String {
        match self {
            Self::SetBackups { server, enabled: true } => format!("begin backups of {server}"),
            Self::SetBackups { server, .. } => format!("end backups of {server} and delete them"),
            Self::CreateFloatingIp { name, home_location, .. } => {
                format!("create floating IP {name} in {home_location}")
            }
            Self::AssignFloatingIp { name, server } => {
                format!("lead floating IP {name} to {server}")
            }
            Self::CreateVolume { name, size_gb, location, .. } => {
                format!("create volume {name}: {size_gb} GB in {location}")
            }
            Self::AttachVolume { name, server } => format!("attach volume {name} to {server}"),
            Self::CreateZone { name, .. } => format!("create zone {name}"),
            Self::CreateRecords { zone, name, floating_ips, .. } => {
                format!("let {name} in zone {zone} lead to {}", floating_ips.join(", "))
            }
            Self::SetRecordsTtl { zone, name, ttl_s } => {
                format!("let {name} in zone {zone} be kept {ttl_s} s")
            }
            Self::DeleteFloatingIp { name } => format!("delete floating IP {name} and its address"),
            Self::DeleteVolume { name } => format!("delete volume {name} and its data"),
            Self::DeleteRecords { zone, name } => format!("delete {name} in zone {zone}"),
            Self::DeleteZone { name } => format!("delete zone {name}"),
            _ => String::new(),
        }
    }
}
