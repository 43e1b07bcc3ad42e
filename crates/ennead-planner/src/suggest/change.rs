//! One change of a spec, and what a spec becomes by it.

use std::collections::BTreeSet;
use std::fmt;

use ennead_components::{ALL, Component, Context};
use ennead_model::entry::TTL_S_MIN;
use ennead_model::{ComponentName, EntryDns, EntryName, Inventory, Node, NodeName, Site, Tier};
use ennead_spec::Spec;
use serde::Serialize;

use super::witness::Witness;

/// A change of where things run, or of how many replicas confirm a commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum Change {
    /// A new server that only votes.
    AddWitness(Witness),
    /// A voter less here, one more there.
    MoveVoter {
        /// The node that no longer votes.
        from: NodeName,
        /// The node that votes from now on.
        to: NodeName,
    },
    /// A voter more, on a node that exists.
    AddVoter {
        /// The node.
        node: NodeName,
    },
    /// A voter less.
    RemoveVoter {
        /// The node.
        node: NodeName,
    },
    /// An instance of the database more, with its pooler, on a node that exists.
    AddReplica {
        /// The node.
        node: NodeName,
    },
    /// A pooler beside an instance that has none.
    AddPooler {
        /// The node.
        node: NodeName,
    },
    /// A load balancer more, on a node that exists.
    AddLoadBalancer {
        /// The node.
        node: NodeName,
    },
    /// A name in DNS for an entry that has none.
    AddName {
        /// The entry.
        entry: EntryName,
        /// The name; `example.com` in it stands for a zone that only the operator knows.
        name: String,
    },
    /// Another number of replicas that confirm each commit.
    SynchronousCount {
        /// Today's number.
        from: usize,
        /// The number from now on.
        to: usize,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddWitness(it) => {
                let Witness { node, site, server_type, .. } = it;
                match &it.new_site {
                    Some(new) => write!(f, "add a site in {}", new.location)?,
                    None => write!(f, "add to site {site}")?,
                }
                let with = if it.new_site.is_some() { " with" } else { "" };
                write!(f, "{with} one {server_type}, {node}, that only votes in etcd")
            }
            Self::MoveVoter { from, to } => {
                write!(f, "let {to} vote in etcd in place of {from}")
            }
            Self::AddVoter { node } => write!(f, "let {node} vote in etcd too"),
            Self::RemoveVoter { node } => write!(f, "let {node} no longer vote in etcd"),
            Self::AddReplica { node } => {
                write!(f, "let {node} run a further instance of the database, with its pooler")
            }
            Self::AddPooler { node } => write!(f, "let {node} run a pooler beside its database"),
            Self::AddLoadBalancer { node } => write!(f, "let {node} run a load balancer too"),
            Self::AddName { entry, name } => {
                write!(f, "give entry {entry} a name in DNS, such as {name}")
            }
            Self::SynchronousCount { from, to } => {
                let noun = if *to == 1 { "replica" } else { "replicas" };
                write!(f, "let {to} {noun} confirm each commit instead of {from}")
            }
        }
    }
}

/// Returns the spec with these changes, as reading the changed text would give it.
#[must_use]
pub fn apply(spec: &Spec, changes: &[Change]) -> Spec {
    let mut spec = spec.clone();
    let mut after = voters(&spec);
    for change in changes {
        match change {
            Change::AddWitness(witness) => {
                after.insert(witness.node.clone());
                add_witness(&mut spec, witness);
            }
            Change::MoveVoter { from, to } => {
                after.remove(from);
                after.insert(to.clone());
            }
            Change::AddVoter { node } => {
                after.insert(node.clone());
            }
            Change::RemoveVoter { node } => {
                after.remove(node);
            }
            Change::AddReplica { node } => run(&mut spec, node, &["postgres", "pgbouncer"]),
            Change::AddPooler { node } => run(&mut spec, node, &["pgbouncer"]),
            Change::AddLoadBalancer { node } => run(&mut spec, node, &["haproxy"]),
            Change::AddName { entry, name } => {
                if let Some(entry) = spec.fleet.entries.get_mut(entry) {
                    let (name, ttl_s) = (name.clone(), TTL_S_MIN);
                    entry.dns = Some(EntryDns { name, ttl_s, make_zone: None });
                }
            }
            Change::SynchronousCount { to, .. } => {
                spec.options.postgres.synchronous_node_count =
                    u32::try_from(*to).unwrap_or(u32::MAX);
            }
        }
    }
    settle(&mut spec);
    // A tier may place them as they are wanted; otherwise a list says who votes.
    if voters(&spec) != after {
        spec.options.etcd.voters = Some(after);
        settle(&mut spec);
    }
    spec
}

/// Returns who votes.
fn voters(spec: &Spec) -> BTreeSet<NodeName> {
    spec.fleet.running("etcd").map(|node| node.name.clone()).collect()
}

fn run(spec: &mut Spec, node: &NodeName, components: &[&str]) {
    let Some(node) = spec.fleet.nodes.get_mut(node) else { return };
    node.components.extend(components.iter().filter_map(|it| ComponentName::new(*it).ok()));
}

fn add_witness(spec: &mut Spec, witness: &Witness) {
    let fleet = &mut spec.fleet;
    let etcd = || ComponentName::new("etcd").ok().into_iter().collect();
    if let Some(new) = &witness.new_site {
        let site = Site {
            name: witness.site.clone(),
            location: new.location.clone(),
            network_zone: new.network_zone.clone(),
            private_prefix: new.private_prefix,
        };
        fleet.sites.insert(witness.site.clone(), site);
    }
    fleet.tiers.entry(witness.tier.clone()).or_insert_with(|| Tier {
        name: witness.tier.clone(),
        server_type: witness.server_type.clone(),
        components: etcd(),
        backups: false,
    });
    let backups = fleet.tiers.get(&witness.tier).is_some_and(|tier| tier.backups);
    let node = Node {
        name: witness.node.clone(),
        site: witness.site.clone(),
        tier: witness.tier.clone(),
        server_type: witness.server_type.clone(),
        address: witness.address,
        memory_bytes: witness.memory_bytes,
        cores: witness.cores,
        components: etcd(),
        backups,
    };
    fleet.nodes.insert(witness.node.clone(), node);
}

/// Places what options place, and gives each node what every node gets: a second site brings
/// tunnels, for example.
fn settle(spec: &mut Spec) {
    for component in ALL {
        component.place(&spec.options, &mut spec.fleet.nodes);
    }
    let inventory = Inventory::empty();
    let context = Context { fleet: &spec.fleet, options: &spec.options, inventory: &inventory };
    let everywhere = |it: &&&dyn Component| it.everywhere(&context);
    let names = ALL.iter().filter(everywhere).filter_map(|it| ComponentName::new(it.name()).ok());
    let names: BTreeSet<ComponentName> = names.collect();
    for node in spec.fleet.nodes.values_mut() {
        node.components.extend(names.iter().cloned());
    }
    spec.fleet.settle_entries();
}
