//! Options of the firewall.

use std::net::Ipv4Addr;

use ennead_model::fleet::Prefix;
use serde::{Deserialize, Serialize};

/// Options of the firewall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Where the operator comes from: IPv4 prefixes such as `203.0.113.7/32` from which ports for
    /// the operator, SSH first of all, can be reached. Default empty, which is everywhere: nothing
    /// in a spec tells where it is used from. Effect of a change: new rules, first on trial.
    pub ssh_from: Vec<Prefix>,
    /// The public address that ennead is run from, if it is always the same: `check` then refuses
    /// an `ssh_from` that does not hold it. Default: none. Effect of a change: none on a node.
    pub operator_address: Option<Ipv4Addr>,
    /// The interface with the node's public address. Default `eth0`, as in every image of the
    /// cloud. Effect of a change: new rules, first on trial.
    pub public_interface: String,
    /// Seconds until new rules are taken back when nobody came in through them. Default 60: a new
    /// connection takes a second or two, a busy machine some more. Range 30 to 600.
    /// Effect of a change: new rules, first on trial.
    pub trial_s: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ssh_from: Vec::new(),
            operator_address: None,
            public_interface: "eth0".to_owned(),
            trial_s: 60,
        }
    }
}
