//! Options of WireGuard.

use serde::{Deserialize, Serialize};

/// Options of WireGuard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// UDP port on the public address. Default 51820, WireGuard's own. The same on all nodes.
    /// Effect of a change: reload; tunnels are down until both sides have it.
    pub port: u16,
    /// Largest packet inside the tunnel, in bytes. Default 1420: a public link's 1500 less 80.
    /// Range 1280 to 8920. Effect of a change: reload.
    pub mtu: u16,
    /// Seconds between keepalive packets to each peer. Default 25: shorter than any usual firewall
    /// forgets a UDP flow. Effect of a change: reload.
    pub keepalive_s: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 51820, mtu: 1420, keepalive_s: 25 }
    }
}
