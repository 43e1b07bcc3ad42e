//! What is paid for.

use std::collections::BTreeMap;
use std::fmt;

use ennead_model::Fleet;
use serde::Serialize;

/// One kind of thing that the cloud asks money for. How many of it is said beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum Item {
    /// A server, without an address.
    Server {
        /// For example `ccx23`.
        server_type: String,
        /// For example `hil`.
        location: String,
    },
    /// A primary IPv4 address.
    PrimaryIpv4 {
        /// For example `hil`.
        location: String,
    },
    /// Backups of a server, beside its own price.
    Backup {
        /// For example `ccx23`.
        server_type: String,
        /// For example `hil`.
        location: String,
    },
    /// A floating IPv4 address.
    FloatingIpv4 {
        /// For example `hil`.
        location: String,
    },
    /// A floating IPv6 prefix.
    FloatingIpv6 {
        /// For example `hil`.
        location: String,
    },
    /// A GB of volumes.
    VolumeGb,
    /// A GB of snapshots.
    SnapshotGb,
    /// A load balancer.
    LoadBalancer {
        /// For example `lb11`.
        load_balancer_type: String,
        /// For example `hil`.
        location: String,
    },
    /// A TB of outgoing traffic beyond what the servers of a location include.
    TrafficTb {
        /// For example `hil`.
        location: String,
    },
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server { server_type, location } => {
                write!(f, "server {server_type} in {location}")
            }
            Self::PrimaryIpv4 { location } => write!(f, "primary IPv4 in {location}"),
            Self::Backup { server_type, location } => {
                write!(f, "backup of {server_type} in {location}")
            }
            Self::FloatingIpv4 { location } => write!(f, "floating IPv4 in {location}"),
            Self::FloatingIpv6 { location } => write!(f, "floating IPv6 in {location}"),
            Self::VolumeGb => f.write_str("volume, GB"),
            Self::SnapshotGb => f.write_str("snapshot, GB"),
            Self::LoadBalancer { load_balancer_type, location } => {
                write!(f, "load balancer {load_balancer_type} in {location}")
            }
            Self::TrafficTb { location } => {
                write!(f, "traffic beyond what is included, TB, in {location}")
            }
        }
    }
}

/// Returns what a fleet consists of, with counts: every node is a server with a primary IPv4
/// address and perhaps backups, every site of an entry has a floating IPv4 address, and volumes
/// count by the GB. Private networks, firewalls, placement groups, SSH keys and zones cost nothing.
pub fn items(fleet: &Fleet) -> BTreeMap<Item, u64> {
    let mut items = BTreeMap::new();
    let mut add = |item: Item, count: u64| {
        let counted: &mut u64 = items.entry(item).or_insert(0);
        *counted = counted.saturating_add(count);
    };
    for node in fleet.nodes.values() {
        let location = fleet.site_of(node).map(|site| site.location.clone()).unwrap_or_default();
        let server_type = node.server_type.clone();
        if node.backups {
            let (server_type, location) = (server_type.clone(), location.clone());
            add(Item::Backup { server_type, location }, 1);
        }
        add(Item::Server { server_type, location: location.clone() }, 1);
        add(Item::PrimaryIpv4 { location }, 1);
    }
    for site in fleet.entries.values().flat_map(|entry| &entry.sites) {
        let location = fleet.sites.get(site).map(|site| site.location.clone()).unwrap_or_default();
        add(Item::FloatingIpv4 { location }, 1);
    }
    for volume in fleet.volumes.values() {
        add(Item::VolumeGb, u64::from(volume.size_gb));
    }
    items
}
