//! Options of PgBouncer.

use serde::{Deserialize, Serialize};

/// Options of PgBouncer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Most clients of one pooler. Default 2000: twice a thousand database connections, so that one
    /// pooler carries all of them. Each costs about 2 KiB and a file descriptor.
    /// Effect of a change: reload.
    pub clients_max: u32,
    /// Most backends that it opens to its PostgreSQL. Default 0: four fifths of PostgreSQL's limit,
    /// the rest is for replication and operators. Effect of a change: reload.
    pub backends_max: u32,
    /// Seconds that a client waits for a backend before it gets an error. Default 30: a little
    /// longer than a failover. Effect of a change: reload.
    pub query_wait_timeout_s: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { clients_max: 2000, backends_max: 0, query_wait_timeout_s: 30 }
    }
}
