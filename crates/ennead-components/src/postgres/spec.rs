//! Options of PostgreSQL and Patroni.

use serde::{Deserialize, Serialize};

/// Options of PostgreSQL and Patroni. The failover defaults belong together: change one and read
/// Patroni's rule `loop_wait + 2 * retry_timeout <= ttl` again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Major version. Default 17, the distribution's. Effect of a change: refused; a major upgrade
    /// is a migration of its own.
    pub version: u32,
    /// Lease of the primary in seconds: how long a silent one is waited for. Default 20, the least
    /// that Patroni accepts. Effect of a change: none.
    pub ttl_s: u32,
    /// Seconds between two looks at the cluster. Default 2: a crash is seen within it.
    /// Effect of a change: none.
    pub loop_wait_s: u32,
    /// Seconds that etcd or PostgreSQL may be slow before a primary steps down. Default 7: with
    /// loops of 2 s it leaves 4 s of the lease as margin. Effect of a change: none.
    pub retry_timeout_s: u32,
    /// Instances besides the primary that have a commit before it is acknowledged. Default 1: no
    /// loss at the death of any one node, without waiting for the farther site. With 2 of 3
    /// instances, every commit waits for the farthest. Effect of a change: none.
    pub synchronous_node_count: u32,
    /// Share of the node's memory for PostgreSQL's own cache, in percent. Default 25, PostgreSQL's
    /// advice. Range 1 to 40. Effect of a change: restart of PostgreSQL, by hand.
    pub shared_buffers_percent: u32,
    /// Most connections to PostgreSQL; 0 computes it from the smallest instance's memory: 25 per
    /// GiB, 100 at least, 300 at most, since more only wait for each other. Clients are many more:
    /// PgBouncer shares these among them. Effect of a change: restart of PostgreSQL, by hand.
    pub connections_max: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: 17,
            ttl_s: 20,
            loop_wait_s: 2,
            retry_timeout_s: 7,
            synchronous_node_count: 1,
            shared_buffers_percent: 25,
            connections_max: 0,
        }
    }
}
