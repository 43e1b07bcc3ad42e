//! What the kinds of objects share: where they are, what they are called, whose they are.

use serde::de::DeserializeOwned;

use crate::types::{
    Firewall, FloatingIp, Labels, Network, PlacementGroup, Server, SshKey, Volume, Zone,
};

/// A named object with labels.
pub(super) trait Resource: DeserializeOwned + Send + Sync {
    /// For people, for example `SSH key`.
    const KIND: &'static str;
    /// Path of the list, for example `/ssh_keys`.
    const PATH: &'static str;
    /// Key of one in an answer, for example `ssh_key`.
    const ONE: &'static str;

    fn id(&self) -> u64;
    fn name(&self) -> &str;
    fn labels(&self) -> &Labels;

    /// Key of many in an answer.
    fn many() -> &'static str {
        Self::PATH.trim_start_matches('/')
    }
}

macro_rules! resource {
    ($type:ty, $kind:literal, $path:literal, $one:literal) => {
        impl Resource for $type {
            const KIND: &'static str = $kind;
            const PATH: &'static str = $path;
            const ONE: &'static str = $one;

            fn id(&self) -> u64 {
                self.id
            }

            fn name(&self) -> &str {
                &self.name
            }

            fn labels(&self) -> &Labels {
                &self.labels
            }
        }
    };
}

resource!(SshKey, "SSH key", "/ssh_keys", "ssh_key");
resource!(Network, "network", "/networks", "network");
resource!(PlacementGroup, "placement group", "/placement_groups", "placement_group");
resource!(Firewall, "firewall", "/firewalls", "firewall");
resource!(Server, "server", "/servers", "server");
resource!(FloatingIp, "floating IP", "/floating_ips", "floating_ip");
resource!(Volume, "volume", "/volumes", "volume");
resource!(Zone, "zone", "/zones", "zone");
