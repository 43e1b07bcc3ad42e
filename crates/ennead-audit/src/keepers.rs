//! Which nodes keep a copy of the log.

use std::collections::BTreeMap;

use ennead_model::{Fleet, NodeName};

/// How many nodes keep a copy. Two, so that the loss of any one failure domain leaves one.
pub const KEEPERS: usize = 2;

/// Returns the nodes that keep a copy: the first by name of each of the first two sites by name, or
/// the first two of a single site. Depends on the fleet only, so that every operator chooses alike.
pub fn keepers(fleet: &Fleet) -> Vec<NodeName> {
    let mut sites: BTreeMap<_, Vec<&NodeName>> = BTreeMap::new();
    for node in fleet.nodes.values() {
        sites.entry(&node.site).or_default().push(&node.name);
    }
    // The first of each site, then the second of each site, and so on.
    let mut ranked: Vec<(usize, &NodeName)> = Vec::new();
    for nodes in sites.values() {
        ranked.extend(nodes.iter().enumerate().map(|(rank, node)| (rank, *node)));
    }
    // Stable: sites stay in their order within a rank.
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().take(KEEPERS).map(|(_, node)| node.clone()).collect()
}

#[cfg(test)]
mod tests {
    use ennead_model::fleet::Prefix;
    use ennead_model::{Node, Site};

    use super::*;

    fn fleet(nodes: &[(&str, &str)]) -> Fleet {
        let mut fleet = Fleet { platform: "demo".to_owned(), ..Fleet::default() };
        for (name, site) in nodes {
            let private_prefix: Prefix = "10.1.0.0/24".parse().unwrap();
            let place = Site {
                name: site.parse().unwrap(),
                location: (*site).to_owned(),
                network_zone: (*site).to_owned(),
                private_prefix,
            };
            let node = Node {
                name: name.parse().unwrap(),
                site: site.parse().unwrap(),
                tier: "all".parse().unwrap(),
                server_type: String::new(),
                address: private_prefix.gateway(),
                memory_bytes: 0,
                cores: 1,
                components: std::collections::BTreeSet::new(),
                backups: false,
            };
            fleet.sites.insert(place.name.clone(), place);
            fleet.nodes.insert(node.name.clone(), node);
        }
        fleet
    }

    fn chosen(nodes: &[(&str, &str)]) -> Vec<String> {
        keepers(&fleet(nodes)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn copies_lie_in_two_sites_when_there_are_two() {
        assert_eq!(
            chosen(&[("a", "west"), ("b", "west"), ("c", "east"), ("d", "north")]),
            ["c", "d"]
        );
        assert_eq!(chosen(&[("a", "west"), ("b", "west"), ("c", "east")]), ["c", "a"]);
    }

    #[test]
    fn one_site_has_them_on_two_servers() {
        assert_eq!(chosen(&[("b", "west"), ("c", "west"), ("a", "west")]), ["a", "b"]);
        assert_eq!(chosen(&[("b", "west")]), ["b"]);
        assert!(chosen(&[]).is_empty());
    }
}
