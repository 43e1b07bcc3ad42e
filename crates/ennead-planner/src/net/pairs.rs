//! Every pair of nodes and port, and whether one may connect to the other.

use std::collections::BTreeMap;

use ennead_components::Context;
use ennead_components::access::{admits, openings};
use ennead_model::reach::{Protocol, Target};
use ennead_model::{Node, NodeName};

/// The lowest port that stands for those that nobody declared. Source: RFC 863, discard: nothing
/// listens there on a machine of today.
const UNDECLARED_FIRST: u16 = 9;

/// One way from a node to a port of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Who connects.
    pub from: NodeName,
    /// To whom.
    pub to: NodeName,
    /// Where: the private address.
    pub target: Target,
    /// Whether that is to succeed.
    pub allowed: bool,
    /// What the port is for.
    pub purpose: String,
}

/// Returns every pair: each declared port of each node from each other node, and one port of each
/// node that nobody declared. Ordered by node; the same fleet and options give the same pairs.
pub fn pairs(context: &Context<'_>) -> Vec<Pair> {
    let mut all = Vec::new();
    for to in context.fleet.nodes.values() {
        let ports = ports(context, to);
        for from in context.fleet.nodes.values().filter(|from| from.name != to.name) {
            for ((protocol, port), (sources, purpose)) in &ports {
                let target = Target { address: to.address, port: *port, protocol: *protocol };
                all.push(Pair {
                    from: from.name.clone(),
                    to: to.name.clone(),
                    target,
                    allowed: sources.contains(&&from.name),
                    purpose: purpose.clone(),
                });
            }
        }
    }
    all.sort_by(|a, b| (&a.from, &a.to, a.target).cmp(&(&b.from, &b.to, b.target)));
    all
}

type Ports<'a> = BTreeMap<(Protocol, u16), (Vec<&'a NodeName>, String)>;

/// The ports of a node with the nodes that may connect; several components may share one.
fn ports<'a>(context: &Context<'a>, node: &Node) -> Ports<'a> {
    let mut ports = Ports::new();
    for opening in openings(context, node) {
        let port = &opening.port;
        let (sources, purpose) = ports.entry((port.protocol, port.number)).or_default();
        let admitted = context.fleet.nodes.values().filter(|it| admits(context, &port.peers, it));
        sources.extend(admitted.map(|it| &it.name));
        let separator = if purpose.is_empty() { "" } else { ", " };
        purpose.extend([separator, opening.component, ": ", port.purpose.as_str()]);
    }
    let undeclared = |port: &u16| !ports.contains_key(&(Protocol::Tcp, *port));
    if let Some(port) = (UNDECLARED_FIRST..=u16::MAX).find(undeclared) {
        ports.insert((Protocol::Tcp, port), (Vec::new(), "a port that nobody declared".to_owned()));
    }
    ports
}

/// Returns what each node has to try.
pub fn targets(pairs: &[Pair]) -> BTreeMap<NodeName, Vec<Target>> {
    let mut targets: BTreeMap<NodeName, Vec<Target>> = BTreeMap::new();
    for pair in pairs {
        targets.entry(pair.from.clone()).or_default().push(pair.target);
    }
    targets
}
