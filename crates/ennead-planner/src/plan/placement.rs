//! Which placement group a new server joins. Members stay where they are: a server has to be off to
//! move, and nothing is gained by it.

use std::collections::BTreeMap;

use ennead_model::{CloudInventory, Fleet, NodeName};

use super::objects::placement_group_name;

/// Most servers of one placement group. Source: Hetzner Cloud API, placement groups of type spread.
pub const GROUP_SERVERS_MAX: usize = 10;

/// Returns the group of each node without a server: the first of its tier that has room.
pub(super) fn place_new_servers(
    fleet: &Fleet,
    cloud: &CloudInventory,
) -> BTreeMap<NodeName, String> {
    let group_of_id: BTreeMap<u64, &str> =
        cloud.placement_groups.iter().map(|(name, id)| (*id, name.as_str())).collect();
    let mut members: BTreeMap<String, usize> = BTreeMap::new();
    for server in cloud.servers.values() {
        if let Some(group) = server.placement_group.and_then(|id| group_of_id.get(&id)) {
            *members.entry((*group).to_owned()).or_default() += 1;
        }
    }
    let mut placed = BTreeMap::new();
    for node in fleet.nodes.values() {
        if cloud.servers.contains_key(node.name.as_str()) {
            continue;
        }
        let names = (1..).map(|number| placement_group_name(&fleet.platform, &node.tier, number));
        let has_room = |name: &String| members.get(name).is_none_or(|n| *n < GROUP_SERVERS_MAX);
        if let Some(group) = names.into_iter().find(has_room) {
            *members.entry(group.clone()).or_default() += 1;
            placed.insert(node.name.clone(), group);
        }
    }
    placed
}
