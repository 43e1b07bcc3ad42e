//! How far servers are from each other, and what writes wait for because of it.

use crate::survive::{Layout, Servers};

/// Round trip between two network zones of the cloud, in milliseconds. An estimate: about what lies
/// between Hillsboro and Ashburn; other zones are farther apart.
const BETWEEN_ZONES_MS: u32 = 60;
/// Round trip inside a network zone, in milliseconds. An estimate, rounded up; between locations of
/// Europe it is more.
const INSIDE_ZONE_MS: u32 = 1;

/// Round trips between servers, in milliseconds. A spec has no distances, so these two stand for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distances {
    /// Between servers of different network zones.
    pub between_zones_ms: u32,
    /// Between servers of one network zone.
    pub inside_zone_ms: u32,
}

impl Default for Distances {
    fn default() -> Self {
        Self { between_zones_ms: BETWEEN_ZONES_MS, inside_zone_ms: INSIDE_ZONE_MS }
    }
}

impl Distances {
    /// Returns what a commit waits for: the nearest replicas, as many as confirm it, with the primary
    /// where that is least. 0 when nobody confirms. `zone` gives a server's network zone.
    pub(super) fn commit_ms(self, layout: &Layout, zone: impl Fn(usize) -> usize) -> u32 {
        let confirming = layout.synchronous.min(layout.members.len().saturating_sub(1));
        self.nearest(layout.members, confirming, zone)
    }

    /// Returns what a write of etcd waits for: a majority, with the leader where that is least.
    pub(super) fn etcd_ms(self, layout: &Layout, zone: impl Fn(usize) -> usize) -> u32 {
        self.nearest(layout.voters, layout.majority().saturating_sub(1), zone)
    }

    fn nearest(self, among: Servers, count: usize, zone: impl Fn(usize) -> usize) -> u32 {
        // Only two distances: it is the short one when a zone has enough of them.
        let near = |one: usize| among.iter().filter(|it| zone(*it) == zone(one)).count() > count;
        match count {
            0 => 0,
            _ if among.iter().any(near) => self.inside_zone_ms,
            _ => self.between_zones_ms,
        }
    }
}
