//! Random valid specs, for property tests of whoever reads a [`Spec`].
//!
//! A spec is made as text and then read, so that what the tests see is what an operator can get,
//! and so that options of components can change their types without this file.

use std::fmt::Write as _;

use ennead_model::entry::{TTL_S_MAX, TTL_S_MIN, VOLUME_GB};
use ennead_model::{Catalogue, Load, Money};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use crate::parse::parse_spec;
use crate::spec::Spec;

/// Server types sold in every location.
const SERVER_TYPES: [&str; 3] = ["ccx13", "ccx23", "ccx33"];

/// What a random spec is made from.
#[derive(Debug, Clone)]
struct Draft {
    platform: String,
    drills: bool,
    /// In cents.
    budget: Option<u32>,
    endpoint: Option<&'static str>,
    /// Location and second octet of the prefix.
    sites: Vec<(&'static str, u8)>,
    /// Server type and components. The first holds the data.
    tiers: Vec<(&'static str, Vec<&'static str>)>,
    /// Tier and site by index; the name follows from both.
    nodes: Vec<(usize, usize)>,
    /// Numbers of the keys of the load; zero leaves one out, and all of them the table. Small enough
    /// for every platform.
    load: [u32; 5],
    /// Which nodes vote; their number is made odd. Empty leaves the option out.
    voters: Vec<Index>,
    /// Whether there is an entry, whether it names its sites, and for how long its name is kept.
    entry: Option<(bool, Option<u32>)>,
    /// Nodes that have a volume, with its size.
    volumes: Vec<(Index, u32)>,
    /// Which tier has backups, and which node differs from its own.
    backups: Option<(Index, Index)>,
}

/// Returns a strategy of texts of valid specs: one to three sites, one to three tiers, one to twelve
/// nodes, an odd number of voters, one or three databases.
pub fn any_spec_text() -> impl Strategy<Value = String> {
    any_draft().prop_map(|draft| render_draft(&draft))
}

/// Returns a strategy of valid specs.
pub fn any_spec() -> impl Strategy<Value = Spec> {
    any_spec_text().prop_filter_map("a text of a valid spec", |text| {
        let parsed = parse_spec(&text, Catalogue::embedded());
        if parsed.has_errors() { None } else { parsed.spec }
    })
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let endpoint = select(vec![None, Some("https://api.hetzner.cloud/v1")]);
    let budget = prop::option::of(1_u32..=1_000_000_000);
    let all = &Catalogue::embedded().locations;
    let all: Vec<&str> = all.iter().map(|location| location.name.as_str()).collect();
    let locations = subsequence(all, 1..=3);
    let tier = (select(SERVER_TYPES.to_vec()), subsequence(vec!["haproxy"], 0..=1));
    let head = ("[a-z][a-z0-9]{0,8}", any::<bool>(), budget, endpoint, locations);
    let body = (
        select(SERVER_TYPES.to_vec()),
        prop::collection::vec(tier, 0..=2),
        select(vec![1_usize, 3]),
        prop::collection::vec(any::<(Index, Index)>(), 0..=9),
        prop::collection::vec(any::<Index>(), 0..=5),
        prop::option::of(prop::array::uniform5(0_u32..1_000)),
    );
    let beside = (
        prop::option::of((any::<bool>(), prop::option::of(TTL_S_MIN..=TTL_S_MAX))),
        prop::collection::vec((any::<Index>(), VOLUME_GB), 0..=2),
        prop::option::of(any::<(Index, Index)>()),
    );
    (head, body, beside).prop_map(|(head, body, (entry, volumes, backups))| {
        let (platform, drills, budget, endpoint, locations) = head;
        let (server_type, tiers, databases, nodes, voters, load) = body;
        let load = load.unwrap_or_default();
        let sites: Vec<_> = (1_u8..).zip(locations).map(|(octet, name)| (name, octet)).collect();
        let data = vec!["etcd", "postgres", "pgbouncer", "haproxy"];
        let mut all = vec![(server_type, data)];
        all.extend(tiers);
        let mut placed: Vec<_> = (0..databases).map(|index| (0, index % sites.len())).collect();
        if all.len() > 1 {
            let further = nodes
                .iter()
                .map(|(tier, site)| (1 + tier.index(all.len() - 1), site.index(sites.len())));
            placed.extend(further);
        }
        let (tiers, nodes) = (all, placed);
        Draft {
            platform,
            drills,
            budget,
            endpoint,
            sites,
            tiers,
            nodes,
            load,
            voters,
            entry,
            volumes,
            backups,
        }
    })
}

fn render_draft(draft: &Draft) -> String {
    let mut text = format!(
        "format_version = 1\n[platform]\nname = {:?}\ndrills = {}\n",
        draft.platform, draft.drills
    );
    let keys = Load::KEYS.iter().zip(draft.load).filter(|(_, number)| *number > 0);
    let load: Vec<String> = keys.map(|((key, _), number)| format!("{key} = {number}")).collect();
    // Writing to a text cannot fail.
    let mut line = |args: std::fmt::Arguments<'_>| writeln!(text, "{args}").is_ok();
    if let Some(budget) = draft.budget {
        line(format_args!("budget_per_month = {}", Money::from_cents(budget)));
    }
    if !load.is_empty() {
        line(format_args!("load = {{ {} }}", load.join(", ")));
    }
    line(format_args!("[cloud]"));
    if let Some(endpoint) = draft.endpoint {
        line(format_args!("endpoint = {endpoint:?}\ntoken_env = \"HCLOUD_TOKEN\""));
    }
    for (location, octet) in &draft.sites {
        line(format_args!("[sites.s{octet}]\nlocation = {location:?}"));
        line(format_args!("private_prefix = \"10.{octet}.0.0/24\""));
    }
    let backups = draft.backups.as_ref();
    let safe = backups.map(|(tier, _)| tier.index(draft.tiers.len()));
    for (index, (server_type, components)) in draft.tiers.iter().enumerate() {
        line(format_args!("[tiers.t{index}]\nserver_type = {server_type:?}"));
        line(format_args!("components = {components:?}\nbackups = {}", safe == Some(index)));
    }
    let differs = backups.map(|(_, node)| node.index(draft.nodes.len()));
    let mut names = Vec::new();
    for (index, (tier, site)) in draft.nodes.iter().enumerate() {
        let Some((_, octet)) = draft.sites.get(*site) else { continue };
        let name = format!("n{index}-t{tier}-s{octet}");
        line(format_args!("[nodes.{name}]\nsite = \"s{octet}\"\ntier = \"t{tier}\""));
        line(format_args!("address = \"10.{octet}.0.{}\"", 10 + index));
        if differs == Some(index) {
            line(format_args!("backups = {}", safe != Some(*tier)));
        }
        names.push(name);
    }
    text.push_str(&render_beside(draft, &names));
    let mut line = |args: std::fmt::Arguments<'_>| writeln!(text, "{args}").is_ok();
    let mut voters: Vec<&String> = draft.voters.iter().map(|vote| vote.get(&names)).collect();
    voters.sort();
    voters.dedup();
    if voters.len().is_multiple_of(2) {
        voters.pop();
    }
    if !voters.is_empty() {
        line(format_args!("[components.etcd]\nvoters = {voters:?}"));
    }
    text
}

/// Renders what stands beside the nodes: the first of them can hold every entry.
fn render_beside(draft: &Draft, names: &[String]) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let mut line = |args: std::fmt::Arguments<'_>| writeln!(text, "{args}").is_ok();
    if let Some((named, ttl_s)) = &draft.entry {
        line(format_args!("[entries.users]\ncomponent = \"haproxy\""));
        let first = draft.nodes.first().and_then(|(_, site)| draft.sites.get(*site));
        if let Some((_, octet)) = first.filter(|_| *named) {
            line(format_args!("sites = [\"s{octet}\"]"));
        }
        if let Some(ttl_s) = ttl_s {
            line(format_args!("dns = \"app.example.com\"\nttl_s = {ttl_s}"));
            line(format_args!("make_zone = \"example.com\""));
        }
    }
    for (index, (node, size)) in draft.volumes.iter().enumerate() {
        let node = node.get(names);
        line(format_args!("[volumes.v{index}]\nnode = {node:?}\nsize_gb = {size}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render_spec;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn drafts_are_valid_and_lose_no_node(draft in any_draft()) {
            let text = render_draft(&draft);
            let parsed = parse_spec(&text, Catalogue::embedded());
            prop_assert!(!parsed.has_errors(), "{text}\n{:?}", parsed.findings);
            let spec = parsed.spec.unwrap();
            prop_assert_eq!(spec.fleet.nodes.len(), draft.nodes.len());
            prop_assert_eq!(spec.fleet.running("etcd").count() % 2, 1);
        }

        #[test]
        fn a_rendered_spec_reads_as_the_same_spec(spec in any_spec()) {
            let text = render_spec(&spec).unwrap();
            let parsed = parse_spec(&text, Catalogue::embedded());
            prop_assert!(!parsed.has_errors(), "{text}\n{:?}", parsed.findings);
            prop_assert_eq!(parsed.spec.unwrap(), spec);
        }

        #[test]
        fn no_text_makes_reading_panic(text in any::<String>()) {
            let parsed = parse_spec(&text, Catalogue::embedded());
            prop_assert!(parsed.findings.iter().all(|f| !f.to_string().contains('\n')));
        }

        #[test]
        fn no_damage_makes_reading_panic(
            text in any_spec_text(),
            at in any::<Index>(),
            cut in 0_usize..20,
            junk in "[\\[\\]\"'=.\\n#a1,{}\\\\ é-]{0,6}",
        ) {
            let mut chars: Vec<char> = text.chars().collect();
            let from = at.index(chars.len());
            let to = (from + cut).min(chars.len());
            chars.splice(from..to, junk.chars());
            let text: String = chars.into_iter().collect();
            let parsed = parse_spec(&text, Catalogue::embedded());
            for finding in &parsed.findings {
                prop_assert!(!finding.to_string().contains('\n'), "{finding}");
                prop_assert!(!finding.hint.contains('\n'), "{finding}");
            }
        }
    }
}
