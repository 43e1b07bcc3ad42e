//! Options of HAProxy.

use serde::{Deserialize, Serialize};

/// Options of HAProxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Most connections of one load balancer. Default 4000: twice a pooler's clients. Each costs two
    /// file descriptors and about 35 KiB when busy. Effect of a change: reload.
    pub connections_max: u32,
    /// Minutes after which a connection without traffic is cut. Default 60: longer than the pools of
    /// applications keep an idle one. Effect of a change: reload.
    pub idle_timeout_min: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections_max: 4000, idle_timeout_min: 60 }
    }
}
