//! Options of the VPN, and the people who use it.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ennead_model::fleet::Prefix;
use ennead_model::{NodeName, PersonName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Options of the VPN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The nodes that people connect to, which are the nodes that run the component; the lists of
    /// tiers and nodes are then overruled. Default: none, so every node that lists the component.
    /// One in each site lets people in while any site is there.
    pub gateways: Option<BTreeSet<NodeName>>,
    /// UDP port on the public address. Default 51821: one above that of the tunnels between sites.
    /// Effect of a change: reload; people need a new profile.
    pub port: u16,
    /// Addresses of people. Default 10.255.255.0/24, the end of 10.0.0.0/8: 253 people. Overlaps no
    /// site's prefix. Effect of a change: reload; people need a new profile.
    pub prefix: Prefix,
    /// Largest packet inside the tunnel, in bytes. Default 1420: a public link's 1500 less 80.
    /// Range 1280 to 8920. Effect of a change: reload.
    pub mtu: u16,
    /// Who may connect: those who have not expired, by name. Not part of the spec's text.
    #[serde(skip)]
    pub people: Vec<Person>,
}

impl Default for Options {
    fn default() -> Self {
        let prefix = Prefix { address: Ipv4Addr::new(10, 255, 255, 0), bits: 24 };
        Self { gateways: None, port: 51821, prefix, mtu: 1420, people: Vec::new() }
    }
}

/// Somebody who may connect. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// A name, unique on the platform: an RFC 1123 label.
    pub name: PersonName,
    /// WireGuard public key: 44 characters of base64.
    pub public_key: String,
    /// The person's address, inside the prefix.
    pub address: Ipv4Addr,
    /// When the way in ends; absent means never.
    pub expires: Option<Timestamp>,
}

impl Person {
    /// Returns whether the way in has ended.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}
