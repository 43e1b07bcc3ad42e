//! On tiny platforms the cheapest suggestion is the cheapest of all sets of two changes, each played
//! on the spec itself, without shapes, kinds of servers or an order of search.

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::*;
use crate::survive::{Layout, judge};

/// Locations with their sites' names and the second number of their prefixes.
const PLACES: [(&str, u8); 3] = [("fsn1", 1), ("nbg1", 2), ("ash", 3)];

/// What a random node runs besides what every node does.
type Roles = (bool, bool, bool);

/// Returns the text of a platform: the place of each node, and whether it votes, has data, lets in.
pub(super) fn text(nodes: &[(usize, Roles)], synchronous: usize) -> String {
    use std::fmt::Write as _;
    let mut text = "format_version = 1\n[platform]\nname = \"tiny\"\n".to_owned();
    for (place, (location, octet)) in PLACES.iter().enumerate() {
        if nodes.iter().any(|(at, _)| *at == place) {
            writeln!(text, "[sites.s{octet}]\nlocation = {location:?}").unwrap();
            writeln!(text, "private_prefix = \"10.{octet}.0.0/24\"").unwrap();
        }
    }
    text += "[tiers.all]\nserver_type = \"ccx13\"\ncomponents = []\n";
    for (number, (place, (votes, data, entry))) in nodes.iter().enumerate() {
        let octet = PLACES[*place].1;
        let mut add = Vec::new();
        add.extend(votes.then_some("etcd"));
        add.extend(data.then_some(["postgres", "pgbouncer"]).into_iter().flatten());
        add.extend(entry.then_some("haproxy"));
        writeln!(text, "[nodes.n{number}]\nsite = \"s{octet}\"\ntier = \"all\"").unwrap();
        writeln!(text, "address = \"10.{octet}.0.{}\"\nadd = {add:?}", 20 + number).unwrap();
    }
    writeln!(text, "[components.postgres]\nsynchronous_node_count = {synchronous}").unwrap();
    text
}

/// Returns an entry for a platform that has load balancers: everywhere or in one site, with a name or
/// without.
fn entry(nodes: &[(usize, Roles)], named: bool, everywhere: bool) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    let Some((place, _)) = nodes.iter().find(|(_, (_, _, entry))| *entry) else { return text };
    writeln!(text, "[entries.e]\ncomponent = \"haproxy\"").unwrap();
    if !everywhere {
        writeln!(text, "sites = [\"s{}\"]", PLACES[*place].1).unwrap();
    }
    if named {
        writeln!(text, "dns = \"e.example.com\"").unwrap();
    }
    text
}

/// Returns a strategy of texts of tiny platforms without errors.
pub(super) fn any_text(nodes: usize) -> impl Strategy<Value = String> {
    let roles = (any::<bool>(), any::<bool>(), any::<bool>());
    let nodes = prop::collection::vec((0..PLACES.len(), roles), 2..=nodes);
    let entries = prop::option::of((any::<bool>(), any::<bool>()));
    let all = (nodes, 1_usize..=2, entries);
    all.prop_filter_map("a platform without errors", |(nodes, synchronous, entries)| {
        let mut text = text(&nodes, synchronous);
        if let Some((named, everywhere)) = entries {
            text += &entry(&nodes, named, everywhere);
        }
        let parsed = parse_spec(&text, Catalogue::embedded());
        let findings = crate::check::check(&parsed);
        (!crate::check::has_errors(&findings)).then_some(text)
    })
}

/// Returns a strategy of promises: one to three of those that name no site.
pub(super) fn any_promises() -> impl Strategy<Value = Vec<Promise>> {
    subsequence(Promise::GENERAL.to_vec(), 1..=3)
}

/// Returns every change of a spec, sensible or not.
fn every(spec: &Spec, witnesses: &[Witness]) -> Vec<Change> {
    let nodes: Vec<_> = spec.fleet.nodes.values().collect();
    let runs = |at: usize, what: &str| nodes[at].components.contains(what);
    let name = |at: usize| nodes[at].name.clone();
    let mut all: Vec<Change> = witnesses.iter().cloned().map(Change::AddWitness).collect();
    all.retain(|it| match it {
        Change::AddWitness(witness) => !spec.fleet.nodes.contains_key(&witness.node),
        _ => true,
    });
    for at in 0..nodes.len() {
        if runs(at, "etcd") {
            all.push(Change::RemoveVoter { node: name(at) });
            let others = (0..nodes.len()).filter(|to| !runs(*to, "etcd"));
            all.extend(others.map(|to| Change::MoveVoter { from: name(at), to: name(to) }));
        } else {
            all.push(Change::AddVoter { node: name(at) });
        }
        let large = |at: usize| nodes[at].memory_bytes >= 8 << 30;
        if !runs(at, "postgres") && large(at) {
            all.push(Change::AddReplica { node: name(at) });
        }
        if !runs(at, "haproxy") {
            all.push(Change::AddLoadBalancer { node: name(at) });
        }
    }
    let from = spec.options.postgres.synchronous_node_count as usize;
    all.extend((1..4).map(|to| Change::SynchronousCount { from, to }));
    let nameless = spec.fleet.entries.values().filter(|entry| entry.dns.is_none());
    all.extend(nameless.map(|it| Change::AddName {
        entry: it.name.clone(),
        name: format!("{}.example.com", it.name),
    }));
    all
}

/// Returns cents and milliseconds of a spec: what its witnesses cost, and what a commit waits for.
fn cost(spec: &Spec, witnesses: &[Witness]) -> (u64, u32) {
    let built = witnesses.iter().filter(|it| spec.fleet.nodes.contains_key(&it.node));
    let zone = |name: &ennead_model::SiteName| spec.fleet.sites[name].network_zone.clone();
    let zones: Vec<String> = spec.fleet.running("postgres").map(|it| zone(&it.site)).collect();
    let count = spec.options.postgres.synchronous_node_count as usize;
    let waits = |primary: usize| {
        let others = (0..zones.len()).filter(|it| *it != primary);
        let trip = |it: usize| if zones[it] == zones[primary] { 1 } else { 60 };
        let mut trips: Vec<u32> = others.map(trip).collect();
        trips.sort_unstable();
        trips.truncate(count);
        trips.last().copied().unwrap_or(0)
    };
    let least = (0..zones.len()).map(waits).min().unwrap_or(0);
    (built.map(|it| it.monthly_cents.unwrap()).sum(), least)
}

/// Whether a spec keeps the promises and `check` has nothing new against it.
fn good(before: &Spec, after: &Spec, asked: &[Promise]) -> bool {
    let layout = Layout::of(&after.fleet, &after.options).unwrap();
    let bad = |spec: &Spec| -> Vec<_> {
        let findings = crate::check::check_spec(spec, &ennead_spec::Places::default()).into_iter();
        let bad = findings.filter(|it| it.severity > ennead_model::Severity::Note);
        bad.map(|it| (it.code, it.place)).collect()
    };
    let known = bad(before);
    asked.iter().all(|promise| judge(&layout, promise).kept)
        && bad(after).iter().all(|it| known.contains(it))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_is_cheaper(text in any_text(4), asked in any_promises()) {
        let spec = read(&text);
        let answer = ask(&spec, &asked);
        let catalogue = Catalogue::embedded();
        let price = catalogue_price(catalogue);
        let mut all = witness::witnesses(&spec.fleet, catalogue, &price);
        all.retain(|it| it.monthly_cents.is_some());
        let before = cost(&spec, &all);
        let slower = |after: &Spec| {
            let (cents, wait) = cost(after, &all);
            (cents, wait.saturating_sub(before.1))
        };
        let ones: Vec<_> = every(&spec, &all).iter().map(|it| apply(&spec, std::slice::from_ref(it))).collect();
        let twos = ones.iter().flat_map(|one| {
            every(one, &all).into_iter().map(|it| apply(one, &[it])).collect::<Vec<_>>()
        });
        let here = std::iter::once((spec.clone(), 0));
        let ones = ones.iter().map(|it| (it.clone(), 1));
        let every = here.chain(ones).chain(twos.map(|it| (it, 2)));
        let found = every.filter(|(after, _)| good(&spec, after, &asked));
        let cheapest = found.map(|(after, changes)| (slower(&after), changes)).min();
        let first = answer.suggestions.first();
        if answer.is_kept() {
            prop_assert_eq!(cheapest.map(|it| it.1), Some(0));
        } else if let Some(first) = first {
            let after = apply(&spec, &first.changes());
            prop_assert!(good(&spec, &after, &asked));
            let rank = (slower(&after), first.steps.len());
            prop_assert_eq!(rank.0.0, first.monthly_cents.unwrap());
            prop_assert!(cheapest.is_none_or(|cheapest| rank <= cheapest), "{:?} {:?}", rank, cheapest);
            prop_assert!(first.steps.len() > 2 || cheapest == Some(rank), "{:?} {:?}", rank, cheapest);
        } else {
            prop_assert_eq!(cheapest, None);
        }
    }

    #[test]
    fn every_way_to_the_same_platform_is_one(text in any_text(4), picks in prop::collection::vec(any::<Index>(), 1..=3)) {
        // Changes one after another and all at once give the same spec, and its shape is its layout.
        let spec = read(&text);
        let catalogue = Catalogue::embedded();
        let price = catalogue_price(catalogue);
        let all = witness::witnesses(&spec.fleet, catalogue, &price);
        let (mut step, mut changes) = (spec.clone(), Vec::new());
        for pick in picks {
            let possible = every(&step, &all);
            let change = pick.get(&possible).clone();
            step = apply(&step, std::slice::from_ref(&change));
            changes.push(change);
        }
        prop_assert_eq!(&apply(&spec, &changes).fleet, &step.fleet);
    }
}
