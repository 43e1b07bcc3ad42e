//! What follows from the spec and the catalogue without any model: counts, sizes, zones.

use std::collections::BTreeSet;

use ennead_model::{Catalogue, Node};
use ennead_spec::Spec;
use ennead_spec::claims::Quantity;

use super::truth::{Truth, Value};

/// Bytes of a GiB, in which memory is sold under the name of GB.
const GIB: f64 = 1_073_741_824.0;

/// Adds the facts.
pub(super) fn add_facts(truth: &mut Truth, spec: &Spec, catalogue: &Catalogue) {
    let every: Vec<&Node> = spec.fleet.nodes.values().collect();
    add_group(truth, "fleet", &every, catalogue);
    add_sites(truth, "fleet.sites", &every);
    add_each(truth, &every, catalogue);
    for tier in spec.fleet.tiers.keys() {
        let nodes: Vec<&Node> = every.iter().copied().filter(|it| it.tier == *tier).collect();
        add_group(truth, &format!("tier.{tier}"), &nodes, catalogue);
        add_sites(truth, &format!("tier.{tier}.sites"), &nodes);
    }
    for site in spec.fleet.sites.keys() {
        let nodes: Vec<&Node> = every.iter().copied().filter(|it| it.site == *site).collect();
        add_group(truth, &format!("site.{site}"), &nodes, catalogue);
        let left = count(every.len() - nodes.len());
        let source = format!("servers that do not stand in site {site}");
        let value = Value::amount(left, Quantity::Count("servers"), source);
        truth.insert(format!("remain.site:{site}"), value);
    }
    let left = count(every.len().saturating_sub(1));
    let value = Value::amount(left, Quantity::Count("servers"), "the fleet less one server");
    truth.insert("remain.any-one-server", value);
    for component in ennead_components::ALL {
        let running = count(spec.fleet.running(component.name()).count());
        let source = "servers of the spec that run it";
        let value = Value::amount(running, Quantity::Count("instances"), source);
        truth.insert(format!("component.{}.instances", component.name()), value);
    }
    add_zones(truth, spec);
    add_types(truth, catalogue);
}

/// Adds counts and sums of some servers.
fn add_group(truth: &mut Truth, name: &str, nodes: &[&Node], catalogue: &Catalogue) {
    let cores: u32 = nodes.iter().map(|node| node.cores).sum();
    let memory: f64 = nodes.iter().map(|node| memory(node)).sum();
    let disks: Option<Vec<f64>> = nodes.iter().map(|node| disk(node, catalogue)).collect();
    let add = |truth: &mut Truth, what: &str, amount, quantity| {
        let source = "the spec's servers and their types in the catalogue";
        truth.insert(format!("{name}.{what}"), Value::amount(amount, quantity, source));
    };
    add(truth, "servers", count(nodes.len()), Quantity::Count("servers"));
    add(truth, "cores", f64::from(cores), Quantity::Count("vCPU"));
    add(truth, "memory", memory, Quantity::Size);
    if let Some(disks) = disks {
        add(truth, "storage", disks.iter().sum(), Quantity::Size);
    }
}

/// Adds in how many sites some servers stand.
fn add_sites(truth: &mut Truth, name: &str, nodes: &[&Node]) {
    let sites: BTreeSet<_> = nodes.iter().map(|node| &node.site).collect();
    let source = "sites of the spec in which its servers stand";
    truth.insert(name, Value::amount(count(sites.len()), Quantity::Count("sites"), source));
}

/// Adds what each server has: a range when they differ.
fn add_each(truth: &mut Truth, nodes: &[&Node], catalogue: &Catalogue) {
    let mut add = |name: &str, amounts: Vec<f64>, quantity| {
        let low = amounts.iter().copied().reduce(f64::min);
        let high = amounts.iter().copied().reduce(f64::max);
        if let (Some(low), Some(high)) = (low, high) {
            let source = "each server of the spec, by its type in the catalogue";
            truth.insert(name, Value::range(low, high, quantity, source));
        }
    };
    let cores = nodes.iter().map(|node| f64::from(node.cores));
    add("node.cores", cores.collect(), Quantity::Count("vCPU"));
    add("node.memory", nodes.iter().map(|node| memory(node)).collect(), Quantity::Size);
    let disks = nodes.iter().filter_map(|node| disk(node, catalogue));
    add("node.storage", disks.collect(), Quantity::Size);
}

/// Adds what network zones allow: a private network and a floating IP stay within one.
fn add_zones(truth: &mut Truth, spec: &Spec) {
    let zones: BTreeSet<&str> =
        spec.fleet.sites.values().map(|site| site.network_zone.as_str()).collect();
    let names = zones.iter().copied().collect::<Vec<_>>().join(", ");
    for (name, what) in
        [("network.one-private-network", "a network"), ("network.one-floating-ip", "a floating IP")]
    {
        let source = format!("{what} of the cloud stays in its zone; the sites' zones: {names}");
        truth.insert(name, Value::yes_no(zones.len() <= 1, source));
    }
}

/// Adds what the cloud sells.
fn add_types(truth: &mut Truth, catalogue: &Catalogue) {
    let as_of = catalogue.as_of.split(',').next().unwrap_or_default();
    for it in &catalogue.server_types {
        let mut add = |what: &str, amount, quantity| {
            let source = format!("the catalogue compiled in ({as_of})");
            let value = Value::amount(amount, quantity, source);
            truth.insert(format!("server_type.{}.{what}", it.name), value);
        };
        add("cores", f64::from(it.cores), Quantity::Count("vCPU"));
        add("memory", it.memory_gb, Quantity::Size);
        add("storage", whole(it.disk_gb), Quantity::Size);
    }
}

fn memory(node: &Node) -> f64 {
    whole(node.memory_bytes) / GIB
}

fn disk(node: &Node, catalogue: &Catalogue) -> Option<f64> {
    catalogue.server_type(&node.server_type).map(|it| whole(it.disk_gb))
}

fn count(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Sizes are far below 2^53, up to which a double holds every whole number.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
fn whole(number: u64) -> f64 {
    number as f64
}
