//! Which of two platforms is the better one, when both keep what is asked.

use super::ground::Ground;
use super::shape::Shape;
use crate::survive::{Layout, Servers};

/// What a shape costs; smaller is better, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// New servers whose price is not known, then cents a month.
    pub(super) money: (usize, u64),
    /// What a commit waits longer than before, in milliseconds.
    pub(super) slower_ms: u32,
    /// How many changes.
    pub(super) changes: usize,
    /// Instances of the database beside a voter: losing the primary there may take etcd's leader
    /// with it, which makes the failover longer.
    beside: usize,
    /// What a write of etcd waits for, in milliseconds.
    etcd_ms: u32,
    /// New sites.
    sites: usize,
    /// So that the order is complete.
    shape: Shape,
}

impl Rank {
    pub(super) fn of(ground: &Ground, shape: &Shape, layout: &Layout) -> Self {
        let (commit_ms, etcd_ms) = ground.waits_ms(layout);
        let built = |it: Servers| it.iter().filter_map(|it| ground.witness(it));
        Self {
            money: money(ground, shape),
            slower_ms: commit_ms.saturating_sub(ground.commit_ms),
            changes: shape.changes(&ground.base),
            beside: shape.members.and(shape.voters).len(),
            etcd_ms,
            sites: built(shape.built).filter(|it| it.new_site.is_some()).count(),
            shape: *shape,
        }
    }

    /// Returns whether the other is no better in money, in time and in the number of changes.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.money <= other.money
            && self.slower_ms <= other.slower_ms
            && self.changes <= other.changes
    }

    /// Returns whether the three that [`Self::covers`] compares are the same.
    pub(super) fn ties(&self, other: &Self) -> bool {
        self.covers(other) && other.covers(self)
    }
}

/// Returns how many new servers have no known price, and what the others cost in cents a month.
pub(super) fn money(ground: &Ground, shape: &Shape) -> (usize, u64) {
    let prices =
        || shape.built.iter().filter_map(|it| ground.witness(it)).map(|it| it.monthly_cents);
    let unknown = prices().filter(Option::is_none).count();
    (unknown, prices().flatten().fold(0, u64::saturating_add))
}
