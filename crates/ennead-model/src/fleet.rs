//! All nodes of a platform and where they stand: the part of a spec that components need.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::entry::{Entry, Volume};
use crate::names::{
    ComponentName, EntryName, NodeName, ServiceName, SiteName, TierName, VolumeName,
};
use crate::service::Service;

/// An IPv4 prefix, for example `10.1.0.0/24`. Host bits are zero (checked on parsing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix {
    /// The network's address.
    pub address: Ipv4Addr,
    /// Number of leading bits that are fixed, 0 to 32.
    pub bits: u8,
}

impl Prefix {
    fn mask(self) -> u32 {
        if self.bits == 0 { 0 } else { u32::MAX << (32 - u32::from(self.bits)) }
    }

    /// Returns whether the address lies inside.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        u32::from(address) & self.mask() == u32::from(self.address)
    }

    /// Returns whether the two prefixes share an address.
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other.address) || other.contains(self.address)
    }

    /// Returns the first usable address, which is the gateway on Hetzner networks.
    pub fn gateway(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.address).saturating_add(1))
    }

    /// Returns the last address.
    pub fn broadcast(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.address) | !self.mask())
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl std::str::FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an IPv4 prefix such as 10.1.0.0/24");
        let (address, bits) = text.split_once('/').ok_or_else(wrong)?;
        let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
        let bits: u8 = bits.parse().ok().filter(|bits| *bits <= 32).ok_or_else(wrong)?;
        let prefix = Self { address, bits };
        if u32::from(address) & !prefix.mask() != 0 {
            return Err(format!("{text:?} has host bits set"));
        }
        Ok(prefix)
    }
}

impl TryFrom<String> for Prefix {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.to_string()
    }
}

/// A location in the spec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The operator's name for it.
    pub name: SiteName,
    /// The cloud's location, for example `hil`.
    pub location: String,
    /// The cloud's network zone of that location, for example `us-west`.
    pub network_zone: String,
    /// The private prefix of the site's network. No two sites overlap.
    pub private_prefix: Prefix,
}

/// A group of nodes that run the same components.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// Its name.
    pub name: TierName,
    /// The server type of its nodes unless a node says otherwise.
    pub server_type: String,
    /// What its nodes run unless a node says otherwise.
    pub components: BTreeSet<ComponentName>,
    /// Whether the cloud makes backups of its nodes' disks unless a node says otherwise.
    #[serde(default)]
    pub backups: bool,
}

/// A machine that we manage, with everything about it decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name, also its server name and host name.
    pub name: NodeName,
    /// Where it stands.
    pub site: SiteName,
    /// The group it belongs to.
    pub tier: TierName,
    /// The cloud's server type.
    pub server_type: String,
    /// Its one address: the private one, inside the site's prefix.
    pub address: Ipv4Addr,
    /// Memory of the server type in bytes.
    pub memory_bytes: u64,
    /// Number of virtual processors of the server type.
    pub cores: u32,
    /// What it runs, after the tier's list and the node's exceptions.
    pub components: BTreeSet<ComponentName>,
    /// Whether the cloud makes backups of its disk.
    #[serde(default)]
    pub backups: bool,
}

/// All nodes, sites and tiers of one platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fleet {
    /// The platform's name; part of names and labels in the cloud.
    pub platform: String,
    /// The sites by name.
    pub sites: BTreeMap<SiteName, Site>,
    /// The tiers by name.
    pub tiers: BTreeMap<TierName, Tier>,
    /// The nodes by name.
    pub nodes: BTreeMap<NodeName, Node>,
    /// What runs on them besides the components.
    #[serde(default)]
    pub services: BTreeMap<ServiceName, Service>,
    /// Where users come in.
    #[serde(default)]
    pub entries: BTreeMap<EntryName, Entry>,
    /// Disks of their own, beside those of the servers.
    #[serde(default)]
    pub volumes: BTreeMap<VolumeName, Volume>,
}

impl Fleet {
    /// Returns the node of that name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.get(name)
    }

    /// Returns the site where a node stands.
    pub fn site_of(&self, node: &Node) -> Option<&Site> {
        self.sites.get(&node.site)
    }

    /// Returns the nodes that run a component, ordered by name.
    pub fn running<'a>(&'a self, component: &'a str) -> impl Iterator<Item = &'a Node> + 'a {
        self.nodes.values().filter(move |node| node.components.contains(component))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_contains_its_addresses_only() {
        let prefix: Prefix = "10.1.0.0/24".parse().unwrap();
        assert!(prefix.contains("10.1.0.255".parse().unwrap()));
        assert!(!prefix.contains("10.1.1.0".parse().unwrap()));
        assert_eq!(prefix.gateway().to_string(), "10.1.0.1");
        assert_eq!(prefix.broadcast().to_string(), "10.1.0.255");
    }

    #[test]
    fn prefix_refuses_host_bits_and_nonsense() {
        for bad in ["10.1.0.1/24", "10.1.0.0", "10.1.0.0/33", "x/8", "10.1.0.0/-1"] {
            assert!(bad.parse::<Prefix>().is_err(), "{bad}");
        }
    }
}
