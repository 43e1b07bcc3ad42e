//! Losses one after another: between two of them the cluster settles.
//!
//! To settle means: a primary is there if there can be one, every instance that runs has caught up,
//! and the set of those that confirm commits is written anew without the lost ones. etcd's voters
//! stay as they are: only a person or a plan removes one.

use std::collections::BTreeSet;

use super::layout::Layout;
use super::loss::{Database, Scene, judge, lose, worst};
use super::outcome::{Outcome, Outcomes, Verdict, Why};
use super::services;
use super::set::Servers;
use super::times;

/// What happens at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Event {
    /// Servers that are lost.
    pub lost: Servers,
    /// Servers that come back with the data that they had.
    pub back: Servers,
}

impl Event {
    /// Returns the loss of these servers.
    #[must_use]
    pub fn lose(lost: Servers) -> Self {
        Self { lost, back: Servers::NONE }
    }
}

/// Returns the worst outcomes after each event, from full health and wherever the primary is.
#[must_use]
pub fn follow(layout: &Layout, events: &[Event]) -> Vec<Outcomes> {
    let mut alive = layout.all;
    let mut databases: BTreeSet<Database> = layout
        .members
        .iter()
        .map(|primary| Database { primary, set: layout.members, running: true })
        .collect();
    let mut after = Vec::new();
    for event in events {
        alive = alive.minus(event.lost).or(event.back);
        let scene = Scene { alive, sides: &[alive] };
        after.push(worst(layout, scene, databases.iter().copied()));
        databases = databases.iter().flat_map(|it| settle(layout, scene, *it)).collect();
    }
    after
}

/// Returns everything that the database may be when it has settled.
fn settle(layout: &Layout, scene: Scene<'_>, before: Database) -> Vec<Database> {
    let fate = judge(layout, scene, before);
    let Some(side) = fate.side else { return vec![Database { running: false, ..before }] };
    // Without etcd's majority nobody can write who confirms commits.
    let set = if layout.decides(side) { layout.members.and(side) } else { before.set };
    let next = |primary| Database { primary, set, running: true };
    fate.primaries.iter().map(next).collect()
}

/// Returns the worst outcomes while one server is worked on, by plan: its primary was moved first and
/// everything else is well.
#[must_use]
pub fn maintain(layout: &Layout, server: usize) -> Outcomes {
    let away = Servers::one(server);
    let alive = layout.all.minus(away);
    let scene = Scene { alive, sides: &[alive] };
    let set = layout.members.minus(away);
    if set.is_empty() || set == layout.members || !layout.decides(alive) {
        return lose(layout, away);
    }
    let left = set.iter().map(|primary| Database { primary, set, running: true });
    let mut outcomes = worst(layout, scene, left);
    let seconds = times::switchover(&layout.settings).most_s();
    let moved = Verdict {
        outcome: Outcome::UpAfter { seconds },
        why: Why::Switchover(set.len()),
        primary: Some(server),
    };
    outcomes.writes = outcomes.writes.worse(moved);
    outcomes.reads = outcomes.reads.worse(moved);
    outcomes.services = services::judge(layout, alive, outcomes.verdicts());
    outcomes
}
