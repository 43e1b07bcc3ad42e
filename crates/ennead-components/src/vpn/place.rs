//! The option that says which nodes are gateways.

use std::collections::{BTreeMap, BTreeSet};

use ennead_model::{ComponentName, Node, NodeName};

use super::NAME;

/// Gives the component to each gateway and takes it from every other node. Names that are no node
/// are left to `check`.
pub(super) fn place_gateways(gateways: &BTreeSet<NodeName>, nodes: &mut BTreeMap<NodeName, Node>) {
    let Ok(vpn) = ComponentName::new(NAME) else { return };
    for (name, node) in nodes {
        if gateways.contains(name) {
            node.components.insert(vpn.clone());
        } else {
            node.components.remove(&vpn);
        }
    }
}
