//! Nodes: the machines, each in a site and a tier, with exceptions where one differs.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ennead_model::{Catalogue, ComponentName, Finding, Fleet, Node, NodeName, Tier};

use super::addresses::read_address;
use super::named;
use super::server_types::{check_sold, find_server_type};
use super::tiers::read_components;
use crate::text::{Section, did_you_mean};

/// What a node says about components beyond its tier.
pub(crate) struct Exceptions {
    pub(crate) remove: BTreeSet<ComponentName>,
    pub(crate) remove_place: String,
}

/// What nodes are read against.
struct Around<'a, 'd, 't> {
    fleet: &'a Fleet,
    catalogue: &'a Catalogue,
    root: &'a Section<'d, 't>,
}

/// Reads the table of nodes into a fleet that has its sites and tiers already. Returns the nodes'
/// exceptions, and whether every node could be made.
pub(crate) fn read_nodes(
    root: &Section<'_, '_>,
    section: &Section<'_, '_>,
    fleet: &mut Fleet,
    catalogue: &Catalogue,
) -> (BTreeMap<NodeName, Exceptions>, bool) {
    let mut exceptions = BTreeMap::new();
    let mut taken = BTreeMap::new();
    let entries = section.sections();
    let count = entries.len();
    for (name, entry) in entries {
        let around = Around { fleet, catalogue, root };
        if let Some((node, exception)) = read_node(name, &entry, &around, &mut taken) {
            exceptions.insert(node.name.clone(), exception);
            fleet.nodes.insert(node.name.clone(), node);
        }
    }
    let whole = fleet.nodes.len() == count;
    (exceptions, whole)
}

fn read_node(
    name: &str,
    entry: &Section<'_, '_>,
    around: &Around<'_, '_, '_>,
    taken: &mut BTreeMap<Ipv4Addr, NodeName>,
) -> Option<(Node, Exceptions)> {
    let catalogue = around.catalogue;
    let name = named(entry, NodeName::new(name));
    let site = member(around, entry, "site", "sites", &around.fleet.sites);
    let tier = member(around, entry, "tier", "tiers", &around.fleet.tiers);
    let address = read_address(entry, site, taken, name.as_ref());
    let own = entry.text("server_type");
    let server_type = match (own, tier) {
        (Some(own), _) => find_server_type(entry, own, catalogue),
        (None, Some(tier)) => catalogue.server_type(&tier.server_type),
        (None, None) => None,
    };
    if let (Some(server_type), Some(site)) = (server_type, site) {
        let place = match (own, tier) {
            (None, Some(tier)) => format!("tiers.{}.server_type", tier.name),
            _ => entry.place("server_type"),
        };
        check_sold(entry, place, server_type, site, catalogue);
    }
    let add = read_components(entry, "add");
    let remove = read_components(entry, "remove");
    let backups = entry.boolean("backups");
    entry.finish();
    let (tier, site, server_type) = (tier?, site?, server_type?);
    check_exceptions(entry, tier, &add, &remove);
    let components = tier.components.union(&add).filter(|name| !remove.contains(*name)).cloned();
    let node = Node {
        name: name?,
        site: site.name.clone(),
        tier: tier.name.clone(),
        server_type: server_type.name.clone(),
        address: address?,
        memory_bytes: server_type.memory_bytes(),
        cores: server_type.cores,
        components: components.collect(),
        backups: backups.unwrap_or(tier.backups),
    };
    Some((node, Exceptions { remove, remove_place: entry.place("remove") }))
}

/// Returns the site or tier that a node names. One that stands in the text but could not be made has
/// its own finding already, and is not said to be missing here.
fn member<'f, N: Ord + AsRef<str> + Borrow<str>, T>(
    around: &Around<'_, '_, '_>,
    entry: &Section<'_, '_>,
    key: &'static str,
    table: &'static str,
    members: &'f BTreeMap<N, T>,
) -> Option<&'f T> {
    let example = members.keys().next().map_or("NAME", AsRef::as_ref);
    let name = entry.required_text(key, example)?;
    let member = members.get(name);
    if member.is_none() && !around.root.holds(table, name) {
        let shown: String = name.chars().take(80).collect();
        let message = format!("there is no {key} {shown:?}");
        let hint = did_you_mean(name, table, members.keys().map(AsRef::as_ref));
        let finding = Finding::error(&format!("unknown-{key}"), entry.place(key), message);
        entry.note(finding.hint(hint));
    }
    member
}

/// An exception that changes nothing is a sign that something else was meant.
fn check_exceptions(
    entry: &Section<'_, '_>,
    tier: &Tier,
    add: &BTreeSet<ComponentName>,
    remove: &BTreeSet<ComponentName>,
) {
    let idle = |key: &str, what: &str, component: &ComponentName| {
        let message = format!("changes nothing: tier {} {what} {component}", tier.name);
        entry.note(Finding::warning("exception-idle", entry.place(key), message));
    };
    add.intersection(&tier.components).for_each(|name| idle("add", "has", name));
    remove.difference(&tier.components).for_each(|name| idle("remove", "does not have", name));
}
