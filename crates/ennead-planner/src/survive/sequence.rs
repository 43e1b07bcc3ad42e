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

/// What is the case for a while, until the cluster has settled: who is lost, who sees whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// Every server that is lost.
    pub lost: Servers,
    /// Groups of servers that see each other; empty when there is no partition. Lost servers may be
    /// in them.
    pub sides: Vec<Servers>,
}

/// Returns the worst outcomes after each event, from full health and wherever the primary is.
#[must_use]
pub fn follow(layout: &Layout, events: &[Event]) -> Vec<Outcomes> {
    let mut lost = Servers::NONE;
    let moments = events.iter().map(|event| {
        lost = lost.or(event.lost).minus(event.back);
        Moment { lost, sides: Vec::new() }
    });
    endure(layout, &moments.collect::<Vec<_>>())
}

/// Returns the worst outcomes in each of these moments, which follow each other, from full health and
/// wherever the primary is. Between two of them the cluster settles.
#[must_use]
pub fn endure(layout: &Layout, moments: &[Moment]) -> Vec<Outcomes> {
    let mut databases: BTreeSet<Database> = layout
        .members
        .iter()
        .map(|primary| Database { primary, set: layout.members, running: true })
        .collect();
    let mut after = Vec::new();
    for moment in moments {
        let alive = layout.all.minus(moment.lost);
        let mut sides: Vec<Servers> = moment.sides.iter().map(|side| side.and(alive)).collect();
        sides.retain(|side| !side.is_empty());
        if sides.is_empty() {
            sides.push(alive);
        }
        let scene = Scene { alive, sides: &sides };
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
