//! Who may connect where: read from what components offer, and from nothing else.
//!
//! Every reader of ports asks here: the rules on a node, the rules in the cloud and the test that
//! both hold. So they cannot disagree, and a component that is added needs no other change.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ennead_model::Node;
use ennead_model::fleet::Prefix;

use crate::{Context, Interface, Options, Peers, Port, components_of, find, runs_on};

/// Where the operator's addresses stand in a spec.
pub const OPERATOR_PLACE: &str = "components.firewall.ssh_from";

/// Every IPv4 address.
pub const EVERYWHERE: Prefix = Prefix { address: Ipv4Addr::UNSPECIFIED, bits: 0 };

/// A port of a node that somebody may connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Whose port it is.
    pub component: &'static str,
    /// The port, and who may connect.
    pub port: Port,
}

/// Returns every port of a node, in the order of the components.
pub fn openings(context: &Context<'_>, node: &Node) -> Vec<Opening> {
    let of = |component: &'static dyn crate::Component| {
        let ports = component.offers(context, node).ports;
        ports.into_iter().map(move |port| Opening { component: component.name(), port })
    };
    components_of(context, node).into_iter().flat_map(of).collect()
}

/// Returns the interfaces that components make on a node.
pub fn interfaces(context: &Context<'_>, node: &Node) -> Vec<Interface> {
    let of = |component: &dyn crate::Component| component.offers(context, node).interfaces;
    components_of(context, node).into_iter().flat_map(of).collect()
}

/// Returns the nodes that run a component.
pub fn members<'a>(context: &'a Context<'_>, component: &'a str) -> impl Iterator<Item = &'a Node> {
    context.fleet.nodes.values().filter(move |node| match find(component) {
        Some(component) => runs_on(component, context, node),
        None => node.components.contains(component),
    })
}

/// Returns whether a node may connect, from its private address.
pub fn admits(context: &Context<'_>, peers: &Peers, source: &Node) -> bool {
    match peers {
        Peers::Components(names) => names
            .iter()
            .any(|name| members(context, name.as_str()).any(|node| node.name == source.name)),
        Peers::Fleet | Peers::World => true,
        Peers::Operator => false,
    }
}

/// Returns the private prefixes of all sites.
pub fn private_prefixes(context: &Context<'_>) -> BTreeSet<Prefix> {
    context.fleet.sites.values().map(|site| site.private_prefix).collect()
}

/// Returns where the operator may come from: everywhere, when the spec does not say.
pub fn operator_prefixes(options: &Options) -> BTreeSet<Prefix> {
    let stated = &options.firewall.ssh_from;
    if stated.is_empty() { BTreeSet::from([EVERYWHERE]) } else { stated.iter().copied().collect() }
}
