//! The `[services]` table: what runs here besides the components, for `check` to count with.

use std::collections::{BTreeMap, BTreeSet};

use ennead_model::service::{BASE_SERVICES, in_order};
use ennead_model::{Finding, Fleet, Needs, NodeName, Service, ServiceName};

use crate::carries::read_carries;
use crate::fleet::named;
use crate::text::{Section, did_you_mean};

/// Most shards of a service, and most copies of each: far beyond what is run.
const SHARDS_MAX: i64 = 1000;
/// Longest time until a service carries on, seconds: a day.
const AFTER_S_MAX: i64 = 86_400;

/// Reads the services of a fleet whose nodes and tiers are known. Mistakes are findings.
pub(crate) fn read_services(
    section: &Section<'_, '_>,
    fleet: &Fleet,
) -> BTreeMap<ServiceName, Service> {
    let entries = section.sections();
    let names: Vec<&str> = entries.iter().map(|(name, _)| *name).collect();
    let mut services = BTreeMap::new();
    for (name, entry) in &entries {
        let made = named(entry, ServiceName::new(*name));
        if BASE_SERVICES.contains(name) {
            let message = "is a service of the components";
            entry.note(Finding::error("service-exists", entry.path(), message).hint("rename it"));
        }
        let nodes = read_nodes(entry, fleet);
        let needs = read_needs(entry, nodes.len());
        let after_s = read_number(entry, "after_s", 0..=AFTER_S_MAX);
        let uses = read_uses(entry, name, &names);
        let promised = entry.boolean("promised").unwrap_or(true);
        let carries = read_carries(entry);
        entry.finish();
        if let (Some(name), Some(needs), Some(after_s)) = (made, needs, after_s) {
            let service =
                Service { name: name.clone(), nodes, needs, after_s, uses, promised, carries };
            services.insert(name, service);
        }
    }
    if let Err(circle) = in_order(&services) {
        let message = format!("these use each other in a circle: {}", circle.join(", "));
        let hint = "take one of them out of another's `uses`";
        section.note(Finding::error("services-circle", section.path(), message).hint(hint));
        services.clear();
    }
    services
}

/// Returns the nodes of `tiers` and `nodes` together.
fn read_nodes(entry: &Section<'_, '_>, fleet: &Fleet) -> BTreeSet<NodeName> {
    let mut nodes = BTreeSet::new();
    for (place, tier) in entry.texts("tiers") {
        let of_tier = fleet.nodes.values().filter(|node| node.tier.as_str() == tier);
        let before = nodes.len();
        nodes.extend(of_tier.map(|node| node.name.clone()));
        if nodes.len() == before && !fleet.tiers.contains_key(tier) {
            let hint = did_you_mean(tier, "tiers", fleet.tiers.keys().map(AsRef::as_ref));
            entry.note(unknown(place, "tier", tier).hint(hint));
        }
    }
    for (place, name) in entry.texts("nodes") {
        if let Some(node) = fleet.node(name) {
            nodes.insert(node.name.clone());
            continue;
        }
        let hint = did_you_mean(name, "nodes", fleet.nodes.keys().map(AsRef::as_ref));
        entry.note(unknown(place, "node", name).hint(hint));
    }
    if nodes.is_empty() {
        let finding = Finding::error("service-nowhere", entry.path(), "runs on no node");
        entry.note(finding.hint("name where it runs with tiers = [...] or nodes = [...]"));
    }
    nodes
}

fn unknown(place: String, what: &str, text: &str) -> Finding {
    let shown: String = text.chars().take(80).collect();
    Finding::error("unknown-name", place, format!("there is no {what} {shown:?}"))
}

fn read_needs(entry: &Section<'_, '_>, nodes: usize) -> Option<Needs> {
    const RULES: [&str; 3] = ["one", "majority", "shards"];
    let rule = entry.required_text("needs", "one")?;
    match rule {
        "one" => Some(Needs::One),
        "majority" => Some(Needs::Majority),
        "shards" => {
            let masters = read_number(entry, "masters", 1..=SHARDS_MAX)?;
            let copies = read_number(entry, "copies", 0..=SHARDS_MAX)?;
            let shards = usize::try_from(masters).unwrap_or(usize::MAX);
            if shards.max(usize::try_from(copies).unwrap_or(usize::MAX).saturating_add(1)) > nodes {
                let message = format!(
                    "{masters} masters with {copies} copies each do not fit on {nodes} nodes \
                     with a master, and a copy of one shard, at most once on each"
                );
                let hint = "give it more nodes, or fewer masters or copies";
                entry.note(Finding::error("shards-fit-not", entry.path(), message).hint(hint));
            }
            Some(Needs::Shards { masters, copies })
        }
        other => {
            let shown: String = other.chars().take(80).collect();
            let message = format!("there is no rule {shown:?}");
            let hint = did_you_mean(other, "rules", RULES);
            entry.note(Finding::error("unknown-rule", entry.place("needs"), message).hint(hint));
            None
        }
    }
}

fn read_number(
    entry: &Section<'_, '_>,
    key: &'static str,
    allowed: std::ops::RangeInclusive<i64>,
) -> Option<u32> {
    if entry.value(key).is_none() {
        entry.missing(key, &format!("{key} = {}", allowed.start()));
    }
    let number = entry.integer(key)?;
    if !allowed.contains(&number) {
        let message = format!("{number} is not from {} to {}", allowed.start(), allowed.end());
        entry.note(Finding::error("out-of-range", entry.place(key), message));
        return None;
    }
    u32::try_from(number).ok()
}

fn read_uses(entry: &Section<'_, '_>, own: &str, names: &[&str]) -> BTreeSet<String> {
    let known = || BASE_SERVICES.into_iter().chain(names.iter().copied()).filter(|it| *it != own);
    let mut uses = BTreeSet::new();
    for (place, text) in entry.texts("uses") {
        if known().any(|name| name == text) {
            uses.insert(text.to_owned());
        } else {
            let candidates: Vec<&str> = known().collect();
            let hint = did_you_mean(text, "services", candidates.iter().copied());
            entry.note(unknown(place, "other service", text).hint(hint));
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use ennead_model::Catalogue;

    use super::*;
    use crate::{parse_spec, preset};

    fn findings_of(services: &str) -> Vec<String> {
        let text = format!("{}\n{services}", preset("seed").unwrap().text);
        let parsed = parse_spec(&text, Catalogue::embedded());
        parsed.findings.iter().map(|it| format!("{} {}", it.code, it.place)).collect()
    }

    #[test]
    fn a_service_is_read_whole() {
        let text = format!(
            "{}\n[services.web]\ntiers = [\"all\"]\nneeds = \"one\"\nafter_s = 3\n\
             uses = [\"database-writes\", \"cache\"]\n[services.cache]\nnodes = [\"seed-1\", \
             \"seed-2\", \"seed-3\"]\nneeds = \"shards\"\nmasters = 3\ncopies = 1\nafter_s = 8\n\
             promised = false\n",
            preset("seed").unwrap().text
        );
        let parsed = parse_spec(&text, Catalogue::embedded());
        assert_eq!(parsed.findings, []);
        let services = parsed.spec.unwrap().fleet.services;
        assert_eq!(services["web"].nodes.len(), 3);
        assert!(services["web"].promised && !services["cache"].promised);
        assert_eq!(services["cache"].needs, Needs::Shards { masters: 3, copies: 1 });
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        let base = "needs = \"one\"\nafter_s = 1\nnodes = [\"seed-1\"]";
        let cases = [
            ("[services.a]\nneeds = \"one\"\nafter_s = 1", "service-nowhere services.a"),
            (
                "[services.a]\nnodes = [\"seed-9\"]\nneeds = \"one\"\nafter_s = 1",
                "unknown-name services.a.nodes[0]",
            ),
            (
                "[services.a]\nnodes = [\"seed-1\"]\nneeds = \"many\"\nafter_s = 1",
                "unknown-rule services.a.needs",
            ),
            (
                "[services.a]\nnodes = [\"seed-1\"]\nneeds = \"one\"\nafter_s = -1",
                "out-of-range services.a.after_s",
            ),
            (
                "[services.a]\nnodes = [\"seed-1\"]\nneeds = \"one\"",
                "missing-key services.a.after_s",
            ),
            (
                "[services.a]\nnodes = [\"seed-1\"]\nneeds = \"shards\"\nmasters = 3\ncopies = 1\nafter_s = 1",
                "shards-fit-not services.a",
            ),
            (&format!("[services.entry]\n{base}"), "service-exists services.entry"),
            (
                &format!(
                    "[services.a]\n{base}\nuses = [\"b\"]\n[services.b]\n{base}\nuses = [\"a\"]"
                ),
                "services-circle services",
            ),
            (
                &format!("[services.a]\n{base}\nuses = [\"entri\"]"),
                "unknown-name services.a.uses[0]",
            ),
        ];
        for (text, expected) in cases {
            assert!(findings_of(text).contains(&expected.to_owned()), "{:?}", findings_of(text));
        }
    }
}
