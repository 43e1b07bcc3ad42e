//! Nodes: the machines, each in a site and a tier, with exceptions where one differs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ennead_model::{
    Catalogue, ComponentName, Finding, Fleet, Node, NodeName, Site, SiteName, Tier, TierName,
};

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

/// Reads the table of nodes into a fleet that has its sites and tiers already. Returns the nodes'
/// exceptions, and whether every node could be made.
pub(crate) fn read_nodes(
    section: &Section<'_, '_>,
    fleet: &mut Fleet,
    catalogue: &Catalogue,
) -> (BTreeMap<NodeName, Exceptions>, bool) {
    let mut exceptions = BTreeMap::new();
    let mut taken = BTreeMap::new();
    let entries = section.sections();
    let count = entries.len();
    for (name, entry) in entries {
        if let Some((node, exception)) = read_node(name, &entry, fleet, catalogue, &mut taken) {
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
    fleet: &Fleet,
    catalogue: &Catalogue,
    taken: &mut BTreeMap<Ipv4Addr, NodeName>,
) -> Option<(Node, Exceptions)> {
    let name = named(entry, NodeName::new(name));
    let site = read_site(entry, &fleet.sites);
    let tier = read_tier(entry, &fleet.tiers);
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
    };
    Some((node, Exceptions { remove, remove_place: entry.place("remove") }))
}

fn read_site<'f>(entry: &Section<'_, '_>, sites: &'f BTreeMap<SiteName, Site>) -> Option<&'f Site> {
    let name = entry.required_text("site", sites.keys().next().map_or("NAME", SiteName::as_str))?;
    let site = sites.get(name);
    if site.is_none() {
        let names = sites.keys().map(SiteName::as_str);
        entry.note(unknown(entry, "site", name).hint(did_you_mean(name, "sites", names)));
    }
    site
}

fn read_tier<'f>(entry: &Section<'_, '_>, tiers: &'f BTreeMap<TierName, Tier>) -> Option<&'f Tier> {
    let name = entry.required_text("tier", tiers.keys().next().map_or("NAME", TierName::as_str))?;
    let tier = tiers.get(name);
    if tier.is_none() {
        let names = tiers.keys().map(TierName::as_str);
        entry.note(unknown(entry, "tier", name).hint(did_you_mean(name, "tiers", names)));
    }
    tier
}

fn unknown(entry: &Section<'_, '_>, key: &'static str, name: &str) -> Finding {
    let name: String = name.chars().take(80).collect();
    let message = format!("there is no usable {key} {name:?}");
    Finding::error(&format!("unknown-{key}"), entry.place(key), message)
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
