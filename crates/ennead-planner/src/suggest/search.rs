//! The search: shapes by the number of changes, then by money, until all were seen or it is enough.

use std::collections::BTreeSet;

use super::ground::Ground;
use super::rank::{Rank, money};
use super::shape::Shape;
use crate::survive::Layout;

/// Most changes of one suggestion: more is another platform.
pub const CHANGES_MAX: usize = 4;
/// Most suggestions.
pub const SUGGESTIONS_MAX: usize = 3;
/// Most shapes that are looked at.
const SHAPES_MAX: usize = 100_000;
/// Most pairs of servers times shapes that are looked at: large platforms take longer for each shape.
const PAIRS_MAX: usize = 100_000_000;

/// What a search found.
#[derive(Debug)]
pub(super) struct Found {
    /// The best shapes, best first; none is covered by another.
    pub(super) shapes: Vec<(Rank, Shape)>,
    /// How many shapes were looked at.
    pub(super) looked_at: usize,
    /// Whether every shape of at most [`CHANGES_MAX`] changes was looked at, or was sure to be worse.
    pub(super) whole: bool,
}

/// Returns how many shapes of a platform with so many servers are looked at.
pub(super) fn shapes_max(servers: usize) -> usize {
    SHAPES_MAX.min(PAIRS_MAX / servers.max(1).saturating_mul(servers.max(1)))
}

/// Looks at up to so many shapes for good ones; `good` is asked only when it matters.
pub(super) fn search(
    ground: &Ground,
    most: usize,
    mut good: impl FnMut(&Layout, &Shape) -> bool,
) -> Found {
    let mut best: Vec<(Rank, Shape)> = Vec::new();
    let mut seen = BTreeSet::from([ground.base]);
    // By the number of changes, then money: what is found first is simple, also when there are too
    // many to look at all.
    let mut waiting = BTreeSet::from([(0, money(ground, &ground.base), ground.base)]);
    let mut looked_at = 0;
    while let Some((changes, _, shape)) = waiting.pop_first() {
        if looked_at == most {
            return Found { shapes: shown(best), looked_at, whole: false };
        }
        looked_at += 1;
        let layout = ground.layout(&shape);
        let rank = Rank::of(ground, &shape, &layout);
        let worse = |(other, _): &(Rank, Shape)| {
            other.covers(&rank) && !(other.ties(&rank) && rank < *other)
        };
        if !best.iter().any(worse) && good(&layout, &shape) {
            best.retain(|(other, _)| !rank.covers(other));
            best.push((rank, shape));
        }
        // A longer list of changes can only win by money or time, and never costs less money.
        let hopeless =
            |(other, _): &(Rank, Shape)| other.slower_ms == 0 && other.money <= rank.money;
        if changes == CHANGES_MAX || best.iter().any(hopeless) {
            continue;
        }
        for next in shape.next(ground) {
            if next.changes(&ground.base) == changes + 1 && seen.insert(next) {
                waiting.insert((changes + 1, money(ground, &next), next));
            }
        }
    }
    Found { shapes: shown(best), looked_at, whole: true }
}

fn shown(mut best: Vec<(Rank, Shape)>) -> Vec<(Rank, Shape)> {
    best.sort();
    best.truncate(SUGGESTIONS_MAX);
    best
}
