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

/// Returns the groups of a platform that is created anew, by name, with the nodes of each. Existing
/// servers may stand in other groups of their tier: they are never moved.
#[must_use]
pub fn placement_groups(fleet: &Fleet) -> BTreeMap<String, Vec<NodeName>> {
    let mut groups: BTreeMap<String, Vec<NodeName>> = BTreeMap::new();
    for (node, group) in place_new_servers(fleet, &CloudInventory::default()) {
        groups.entry(group).or_default().push(node);
    }
    groups
}

#[cfg(test)]
mod tests {
    use ennead_model::{Node, ServerFacts, SiteName, TierName};

    use super::*;

    fn fleet(nodes: usize) -> Fleet {
        let node = |number: usize| {
            let name = NodeName::new(format!("n{number:02}")).unwrap();
            let node = Node {
                name: name.clone(),
                site: SiteName::new("s").unwrap(),
                tier: TierName::new("t").unwrap(),
                server_type: String::new(),
                address: [10, 0, 0, 1].into(),
                memory_bytes: 0,
                cores: 1,
                components: std::collections::BTreeSet::default(),
                backups: false,
            };
            (name, node)
        };
        let nodes = (0..nodes).map(node).collect();
        Fleet { platform: "p".to_owned(), nodes, ..Fleet::default() }
    }

    #[test]
    fn groups_fill_in_order_and_members_stay() {
        let mut cloud = CloudInventory::default();
        let placed = place_new_servers(&fleet(23), &cloud);
        let count = |group: &str| placed.values().filter(|found| *found == group).count();
        assert_eq!((count("p-t-1"), count("p-t-2"), count("p-t-3")), (10, 10, 3));

        // n05 stands in the second group already: it stays, and leaves one place less there.
        cloud.placement_groups.insert("p-t-2".to_owned(), 7);
        let facts = ServerFacts {
            id: 1,
            status: "running".to_owned(),
            server_type: String::new(),
            location: String::new(),
            public_ip: None,
            private_ips: BTreeMap::new(),
            placement_group: Some(7),
            backups: false,
            labels: BTreeMap::new(),
        };
        cloud.servers.insert("n05".to_owned(), facts);
        let placed = place_new_servers(&fleet(21), &cloud);
        let count = |group: &str| placed.values().filter(|found| *found == group).count();
        assert!(!placed.contains_key("n05"));
        assert_eq!((count("p-t-1"), count("p-t-2"), count("p-t-3")), (10, 9, 1));
    }
}
