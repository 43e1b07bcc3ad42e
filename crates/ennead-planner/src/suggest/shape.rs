//! One possible platform: who does what, as sets of servers, so that thousands can be compared.

use std::collections::BTreeSet;

use super::ground::Ground;
use crate::survive::{Layout, Servers};

/// Who does what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    /// Witnesses that exist.
    pub(super) built: Servers,
    /// Those that vote; every witness that exists is one.
    pub(super) voters: Servers,
    /// Those that have the data.
    pub(super) members: Servers,
    /// Those that pool connections.
    pub(super) poolers: Servers,
    /// Those that let clients in.
    pub(super) balancers: Servers,
    /// How many replicas confirm a commit.
    pub(super) synchronous: usize,
    /// Entries that have a name, by their place in the layout.
    pub(super) named: Servers,
}

impl Shape {
    /// Returns the shape of a layout.
    pub(super) fn of(layout: &Layout) -> Self {
        Self {
            built: Servers::NONE,
            voters: layout.voters,
            members: layout.members,
            poolers: layout.poolers,
            balancers: layout.balancers,
            synchronous: layout.synchronous,
            named: (0..layout.entries.len())
                .filter(|at| layout.entries.get(*at).is_some_and(|it| it.ttl_s.is_some()))
                .collect(),
        }
    }

    /// Returns every shape that one more change leads to. Of servers that can take each other's
    /// place only the first is taken.
    pub(super) fn next(&self, ground: &Ground) -> Vec<Self> {
        let base = &ground.base;
        let first = |of: Servers| self.firsts(ground, of);
        let mut next = Vec::new();
        // What was changed once is not changed again: that would be one change and not two.
        let leaving = first(self.voters.and(base.voters));
        let joining = first(ground.existing.minus(self.voters).minus(base.voters));
        for to in &joining {
            let voters = self.voters.or(Servers::one(*to));
            next.push(Self { voters, ..*self });
            let moved = |from: &usize| Self { voters: voters.minus(Servers::one(*from)), ..*self };
            next.extend(leaving.iter().map(moved));
        }
        let removed = |from: usize| Self { voters: self.voters.minus(Servers::one(from)), ..*self };
        next.extend(leaving.into_iter().map(removed));
        for witness in first(ground.candidates().minus(self.built)) {
            let one = Servers::one(witness);
            next.push(Self { built: self.built.or(one), voters: self.voters.or(one), ..*self });
        }
        for node in first(ground.roomy.minus(self.members)) {
            let one = Servers::one(node);
            let (members, poolers) = (self.members.or(one), self.poolers.or(one));
            next.push(Self { members, poolers, ..*self });
        }
        for node in first(self.members.and(base.members).minus(self.poolers)) {
            next.push(Self { poolers: self.poolers.or(Servers::one(node)), ..*self });
        }
        for node in first(ground.existing.minus(self.balancers)) {
            next.push(Self { balancers: self.balancers.or(Servers::one(node)), ..*self });
        }
        for entry in ground.nameable().minus(self.named).iter() {
            next.push(Self { named: self.named.or(Servers::one(entry)), ..*self });
        }
        if self.synchronous == base.synchronous {
            let counts = (1..self.members.len()).filter(|count| *count != base.synchronous);
            next.extend(counts.map(|synchronous| Self { synchronous, ..*self }));
        }
        next
    }

    /// Returns how many changes lead from the spec to it.
    pub(super) fn changes(&self, base: &Self) -> usize {
        let more = |now: Servers, before: Servers| now.minus(before).len();
        let voters = self.voters.minus(self.built);
        let members = self.members.minus(base.members);
        self.built.len()
            + more(voters, base.voters).max(more(base.voters, voters))
            + members.len()
            + more(self.poolers.minus(members), base.poolers)
            + more(self.balancers, base.balancers)
            + more(self.named, base.named)
            + usize::from(self.synchronous != base.synchronous)
    }

    /// Returns the first server of each kind, among those of a kind that do the same now.
    fn firsts(&self, ground: &Ground, of: Servers) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let roles = [self.built, self.voters, self.members, self.poolers, self.balancers];
        of.iter()
            .filter(|it| seen.insert((ground.kind(*it), roles.map(|set| set.has(*it)))))
            .collect()
    }
}
