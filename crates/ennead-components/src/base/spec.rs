//! Options of base.

use serde::{Deserialize, Serialize};

/// Options of base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Most that the journal keeps on disk, in MiB. Default 512: some days of a busy node on the
    /// smallest disk. Effect of a change: the journal is restarted, nothing is lost.
    pub journal_mib_max: u32,
    /// Longest that the journal keeps an entry, in days. Default 30.
    /// Effect of a change: the journal is restarted, nothing is lost.
    pub journal_days_max: u32,
    /// Time servers. Default: Hetzner's own, which every location reaches.
    /// Effect of a change: time synchronization is restarted.
    pub time_servers: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        let servers = ["ntp1.hetzner.de", "ntp2.hetzner.com", "ntp3.hetzner.net"];
        Self {
            journal_mib_max: 512,
            journal_days_max: 30,
            time_servers: servers.map(str::to_owned).to_vec(),
        }
    }
}
