//! Entries: where users come in. In each of its sites an entry has a floating IP, which one of the
//! site's nodes that run a component holds; a name in DNS leads to all of them.
//!
//! A floating IP stays in its network zone (decision 0006), and here in its site: what leads users
//! from a lost site to another one is the name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::fleet::{Fleet, Node};
use crate::names::{ComponentName, EntryName, NodeName, SiteName, VolumeName};

/// Least time that a name may be kept by resolvers, seconds. Source: the cloud's description of
/// record sets.
pub const TTL_S_MIN: u32 = 60;
/// Longest time that a name may be kept, seconds: a day. An estimate: a longer one makes the name
/// useless for moving users.
pub const TTL_S_MAX: u32 = 86_400;
/// Sizes of volumes in GB. Source: the cloud's description of `POST /volumes`.
pub const VOLUME_GB: std::ops::RangeInclusive<u32> = 10..=10_240;
/// Most volumes of one server. Source: the cloud's documentation of servers.
pub const VOLUMES_PER_SERVER_MAX: usize = 16;

/// Where users come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub name: EntryName,
    /// Who answers behind it.
    pub component: ComponentName,
    /// The sites that have a floating IP of it; in each at least one node runs the component.
    pub sites: BTreeSet<SiteName>,
    /// Whether the spec names no sites: those are all that have a node which runs the component.
    pub everywhere: bool,
    /// The name that leads to all of its addresses.
    pub dns: Option<EntryDns>,
}

/// The name of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryDns {
    /// The whole name in lower case without a dot at its end, for example `app.example.com`.
    pub name: String,
    /// How long it may be kept by resolvers, seconds, [`TTL_S_MIN`] to [`TTL_S_MAX`].
    pub ttl_s: u32,
    /// The zone that is made when the cloud has none for the name; `None`: none is made.
    pub make_zone: Option<String>,
}

impl EntryDns {
    /// Returns the name relative to a zone, `@` for the zone itself; `None` when it is not in it.
    pub fn relative_to(&self, zone: &str) -> Option<&str> {
        relative(&self.name, zone)
    }
}

/// Returns a name relative to a zone, `@` for the zone itself; `None` when it is not in it.
pub fn relative<'n>(name: &'n str, zone: &str) -> Option<&'n str> {
    if name == zone {
        return Some("@");
    }
    name.strip_suffix(zone)?.strip_suffix('.').filter(|rest| !rest.is_empty())
}

/// A disk of its own at a node, beside the server's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Its name.
    pub name: VolumeName,
    /// The node that it is attached to.
    pub node: NodeName,
    /// Its size in GB, within [`VOLUME_GB`].
    pub size_gb: u32,
}

impl Fleet {
    /// Returns the nodes of a site that can hold an entry's floating IP, ordered by name. The first
    /// of them holds it when it is made.
    pub fn holders<'a>(
        &'a self,
        entry: &'a Entry,
        site: &'a SiteName,
    ) -> impl Iterator<Item = &'a Node> + 'a {
        self.running(entry.component.as_str()).filter(move |node| node.site == *site)
    }

    /// Decides the sites of entries that name none; for whoever changes what nodes run.
    pub fn settle_entries(&mut self) {
        let mut sites_of: BTreeMap<ComponentName, BTreeSet<SiteName>> = BTreeMap::new();
        for node in self.nodes.values() {
            for component in &node.components {
                sites_of.entry(component.clone()).or_default().insert(node.site.clone());
            }
        }
        for entry in self.entries.values_mut().filter(|entry| entry.everywhere) {
            entry.sites = sites_of.get(&entry.component).cloned().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_relative_to_its_zone_only() {
        assert_eq!(relative("app.example.com", "example.com"), Some("app"));
        assert_eq!(relative("a.b.example.com", "example.com"), Some("a.b"));
        assert_eq!(relative("example.com", "example.com"), Some("@"));
        assert_eq!(relative("app.badexample.com", "example.com"), None);
        assert_eq!(relative(".example.com", "example.com"), None);
        assert_eq!(relative("com", "example.com"), None);
    }
}
