//! The names that a platform needs in the cloud, to see early which of them are taken.

use std::collections::{BTreeMap, BTreeSet};

use ennead_components::Options;
use ennead_model::{Fleet, TierName};
use ennead_planner::plan::objects::{
    floating_ip_name, network_name, placement_group_name, ssh_key_name, volume_name,
};
use ennead_planner::plan::{GROUP_SERVERS_MAX, wanted_firewalls};

/// Names by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedNames {
    /// SSH keys.
    pub ssh_keys: BTreeSet<String>,
    /// Networks.
    pub networks: BTreeSet<String>,
    /// Placement groups.
    pub placement_groups: BTreeSet<String>,
    /// Firewalls.
    pub firewalls: BTreeSet<String>,
    /// Servers.
    pub servers: BTreeSet<String>,
    /// Floating IPs.
    pub floating_ips: BTreeSet<String>,
    /// Volumes.
    pub volumes: BTreeSet<String>,
    /// Whole names in DNS.
    pub dns: BTreeSet<String>,
    /// Zones that are made when there is none.
    pub zones: BTreeSet<String>,
}

impl WantedNames {
    /// Returns the names that a fleet needs.
    pub fn of(fleet: &Fleet, options: &Options) -> Self {
        let mut nodes_of: BTreeMap<&TierName, usize> = BTreeMap::new();
        for node in fleet.nodes.values() {
            *nodes_of.entry(&node.tier).or_default() += 1;
        }
        let groups = nodes_of.into_iter().flat_map(|(tier, nodes)| {
            let numbers = 1..=nodes.div_ceil(GROUP_SERVERS_MAX);
            numbers.map(|number| placement_group_name(&fleet.platform, tier, number))
        });
        let networks = fleet.sites.values().map(|site| network_name(&fleet.platform, &site.name));
        let addresses = fleet.entries.values().flat_map(|entry| {
            entry.sites.iter().map(|site| floating_ip_name(&fleet.platform, &entry.name, site))
        });
        let names = || fleet.entries.values().filter_map(|entry| entry.dns.as_ref());
        Self {
            ssh_keys: BTreeSet::from([ssh_key_name(&fleet.platform)]),
            networks: networks.collect(),
            placement_groups: groups.collect(),
            firewalls: wanted_firewalls(fleet, options).into_keys().collect(),
            servers: fleet.nodes.keys().map(ToString::to_string).collect(),
            floating_ips: addresses.collect(),
            volumes: fleet.volumes.keys().map(|it| volume_name(&fleet.platform, it)).collect(),
            dns: names().map(|dns| dns.name.clone()).collect(),
            zones: names().filter_map(|dns| dns.make_zone.clone()).collect(),
        }
    }
}
