//! Everything that is computed about what a platform survives, for people and programs.

use serde::Serialize;

use super::entries;
use super::layout::Layout;
use super::loss::{lose, part};
use super::machines::machines;
use super::matrix::{Matrix, matrix};
use super::outcome::{Outcome, Outcomes, SERVICES};
use super::promises::{Kept, judge_all, subsets};
use super::sequence::{Event, follow, maintain};
use super::set::Servers;
use super::sets::{Sets, look};
use super::times::{Formula, explain};

/// What is not computed.
pub const NOT_COMPUTED: [&str; 4] = [
    "services that the spec does not name",
    "how users find a load balancer where the spec names no entry",
    "restores of backups",
    "whether the servers that are left carry the load: see --capacity",
];

/// One service in one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The service.
    pub service: String,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Why, as a sentence without its full stop.
    pub reason: String,
}

/// One case with what becomes of every service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `server`, `servers`, `machine`, `placement-group`, `site`, `partition` or `maintenance`.
    pub kind: &'static str,
    /// What happens.
    pub case: String,
    /// Whether writes come back by themselves and an entry is left.
    pub kept: bool,
    /// The services in the order of the columns.
    pub services: Vec<Entry>,
}

/// Everything that is computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Survival {
    /// Version of this form.
    pub format_version: u32,
    /// The platform in one sentence.
    pub layout: String,
    /// Every promise that can be made, with whether it is kept.
    pub promises: Vec<Kept>,
    /// The cases.
    pub rows: Vec<Row>,
    /// Every service against every kind of loss.
    pub matrix: Matrix,
    /// Sets of lost servers.
    pub sets: Sets,
    /// How the times are made up.
    pub times: Vec<Formula>,
    /// What is not computed.
    pub not_computed: Vec<&'static str>,
}

/// Computes everything. Pure.
#[must_use]
pub fn survive(layout: &Layout) -> Survival {
    Survival {
        format_version: 1,
        layout: describe(layout),
        promises: judge_all(layout),
        rows: rows(layout),
        matrix: matrix(layout),
        sets: look(layout),
        times: explain(&layout.settings).into_iter().chain(entries::explain(layout)).collect(),
        not_computed: NOT_COMPUTED.to_vec(),
    }
}

fn describe(layout: &Layout) -> String {
    let count =
        |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let confirming = layout.synchronous.min(layout.members.len().saturating_sub(1));
    let mut words = vec![
        count(layout.all.len(), "server"),
        count(layout.sites.len(), "site"),
        count(layout.voters.len(), "voter"),
        count(layout.members.len(), "database instance"),
        count(layout.poolers.len(), "pooler"),
        count(layout.balancers.len(), "load balancer"),
    ];
    if !layout.entries.is_empty() {
        let addresses = layout.entries.iter().map(|entry| entry.sites.len()).sum();
        words.push(format!("users come in at {}", count(addresses, "floating IP")));
    }
    words.push(format!("each commit confirmed by {}", count(confirming, "replica")));
    words.join(", ")
}

fn rows(layout: &Layout) -> Vec<Row> {
    let row = |kind, case: String, outcomes: &Outcomes| row(layout, kind, case, outcomes);
    let mut rows: Vec<Row> = layout
        .all
        .iter()
        .map(|index| row("server", layout.name(index).into(), &lose(layout, Servers::one(index))))
        .collect();
    let pairs = subsets(layout.all, 2);
    let together = pairs.iter().map(|pair| (*pair, lose(layout, *pair)));
    if let Some((pair, outcomes)) = worst(together) {
        let case = format!("two at once, worst: {}", layout.list(pair));
        rows.push(row("servers", case, &outcomes));
    }
    let orders = pairs.iter().flat_map(|pair| {
        pair.iter().map(|first| (Servers::one(first), pair.minus(Servers::one(first))))
    });
    let in_turn = orders.filter_map(|(first, second)| {
        let mut after = follow(layout, &[Event::lose(first), Event::lose(second)]);
        Some(((first, second), after.pop()?))
    });
    if let Some(((first, second), outcomes)) = worst(in_turn) {
        let (first, second) = (layout.list(first), layout.list(second));
        let case = format!("one after another, worst: {first}, then {second}");
        rows.push(row("servers", case, &outcomes));
    }
    let shared = machines(layout).into_iter().map(|lost| (lost, lose(layout, lost)));
    if let Some((lost, outcomes)) = worst(shared) {
        let case = format!("one machine of the provider, worst: {}", layout.list(lost));
        rows.push(row("machine", case, &outcomes));
    }
    for (group, lost) in &layout.groups {
        let case = format!("placement group {group}");
        rows.push(row("placement-group", case, &lose(layout, *lost)));
    }
    for (site, lost) in &layout.sites {
        rows.push(row("site", format!("site {site}"), &lose(layout, *lost)));
    }
    for (name, sides) in layout.partitions() {
        rows.push(row("partition", format!("partition {name}"), &part(layout, &sides)));
    }
    let worked_on = layout.all.iter().map(|server| (server, maintain(layout, server)));
    if let Some((server, outcomes)) = worst(worked_on) {
        let case = format!("maintenance, worst: {}", layout.name(server));
        rows.push(row("maintenance", case, &outcomes));
    }
    rows
}

/// Returns the case that is worst for writes, then for the entry, reads, coordination; the first of
/// equal ones.
fn worst<T>(cases: impl Iterator<Item = (T, Outcomes)>) -> Option<(T, Outcomes)> {
    let key = |it: &Outcomes| {
        [it.writes, it.entry, it.reads, it.coordination].map(|verdict| verdict.outcome)
    };
    cases.reduce(|one, other| if key(&other.1) > key(&one.1) { other } else { one })
}

fn row(layout: &Layout, kind: &'static str, case: String, outcomes: &Outcomes) -> Row {
    let entry = |(service, verdict): (&'static str, super::outcome::Verdict)| Entry {
        service: service.to_owned(),
        outcome: verdict.outcome,
        reason: verdict.reason(layout),
    };
    let services = SERVICES.into_iter().zip(outcomes.verdicts()).map(entry).collect();
    Row { kind, case, kept: outcomes.keeps(layout), services }
}
