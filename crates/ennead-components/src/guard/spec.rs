//! Options of the guard.

use std::collections::BTreeSet;

use ennead_guard::Timing;
use ennead_model::NodeName;
use serde::{Deserialize, Serialize};

/// Options of the guard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Nodes that run a guard besides those that list it: usually one without a database.
    /// Default: none. Effect of a change: all guards restart.
    pub witnesses: BTreeSet<NodeName>,
    /// UDP port of the echo on the private address. Default 7433. Effect of a change: restart.
    pub echo_port: u16,
    /// Length of the guards' own lease in seconds: how long a dead leader keeps the others waiting.
    /// Default 3; at least 2, because etcd grants no lease below 1.5 elections. Effect of a change:
    /// restart.
    pub lease_s: u32,
    /// How fast and how patient it is. Effect of a change: restart.
    pub timing: Timing,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            witnesses: BTreeSet::new(),
            echo_port: 7433,
            lease_s: 3,
            timing: Timing::default(),
        }
    }
}
