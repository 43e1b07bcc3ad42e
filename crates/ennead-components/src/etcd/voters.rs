//! The option that says which nodes vote, and with that where etcd runs.

use std::collections::{BTreeMap, BTreeSet};

use ennead_model::{ComponentName, Finding, Fleet, Node, NodeName};

use super::NAME;

/// Gives etcd to each voter and takes it from every other node. Names that are no node are ignored
/// here; [`check_voters`] reports them.
pub(super) fn place_voters(voters: &BTreeSet<NodeName>, nodes: &mut BTreeMap<NodeName, Node>) {
    let Ok(etcd) = ComponentName::new(NAME) else { return };
    for (name, node) in nodes {
        if voters.contains(name) {
            node.components.insert(etcd.clone());
        } else {
            node.components.remove(&etcd);
        }
    }
}

/// Returns one error for each voter that is no node.
pub(super) fn check_voters(voters: &BTreeSet<NodeName>, fleet: &Fleet) -> Vec<Finding> {
    let strangers = voters.iter().filter(|voter| !fleet.nodes.contains_key(*voter));
    let nodes = fleet.nodes.keys().map(NodeName::as_str).collect::<Vec<_>>().join(", ");
    strangers
        .map(|voter| {
            let message = format!("the voter {voter} is no node of this platform");
            Finding::error("voter-unknown", "components.etcd.voters", message)
                .hint(format!("nodes: {nodes}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, components: &[&str]) -> Node {
        Node {
            name: NodeName::new(name).unwrap(),
            site: "one".parse().unwrap(),
            tier: "all".parse().unwrap(),
            server_type: "ccx13".into(),
            address: "10.0.0.2".parse().unwrap(),
            memory_bytes: 1,
            cores: 1,
            components: components.iter().map(|name| name.parse().unwrap()).collect(),
            backups: false,
        }
    }

    #[test]
    fn voters_run_etcd_and_nobody_else_does() {
        let mut nodes = BTreeMap::from(
            [node("a", &["etcd"]), node("b", &["haproxy"])].map(|node| (node.name.clone(), node)),
        );
        let voters: BTreeSet<NodeName> = ["b".parse().unwrap(), "no-node".parse().unwrap()].into();
        place_voters(&voters, &mut nodes);
        assert!(nodes["a"].components.is_empty());
        assert_eq!(nodes["b"].components.len(), 2);
        let placed = nodes.clone();
        place_voters(&voters, &mut nodes);
        assert_eq!(nodes, placed);

        let (sites, tiers) = (BTreeMap::new(), BTreeMap::new());
        let platform = "p".into();
        let fleet = Fleet { platform, sites, tiers, nodes, ..Fleet::default() };
        let findings = check_voters(&voters, &fleet);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "the voter no-node is no node of this platform");
    }
}
