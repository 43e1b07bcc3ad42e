//! Options of etcd.

use std::collections::BTreeSet;

use ennead_model::NodeName;
use serde::{Deserialize, Serialize};

/// Options of etcd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The nodes that vote, which are the nodes that run etcd; the lists of tiers and nodes are then
    /// overruled. Default: none, so every node that lists the component votes. Use an odd number.
    /// Effect of a change: members join or leave one at a time.
    pub voters: Option<BTreeSet<NodeName>>,
    /// Time between heartbeats of the leader, in milliseconds. Default 100: about 1.5 times the
    /// round trip between sites 60 ms apart. The same on all voters. Effect of a change: restart.
    pub heartbeat_interval_ms: u32,
    /// Time without heartbeat until an election, in milliseconds. Default 1000: ten heartbeats. A
    /// longer one makes every failover longer, because a new leader renews all leases first.
    /// Range 500 to 50000, at least five heartbeats. Effect of a change: restart.
    pub election_timeout_ms: u32,
    /// Hours of history that are kept. Default 1: Patroni reads none, and history fills the quota.
    /// Effect of a change: restart.
    pub compaction_retention_h: u32,
    /// Size at which etcd refuses to grow, in MiB. Default 2048, etcd's own; at most 8192.
    /// Effect of a change: restart.
    pub quota_mib: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            voters: None,
            heartbeat_interval_ms: 100,
            election_timeout_ms: 1000,
            compaction_retention_h: 1,
            quota_mib: 2048,
        }
    }
}
