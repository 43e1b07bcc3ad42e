//! Whether a node is dead, from what all vantage points say.
//!
//! The rule: at least [`WITNESSES_MIN`] vantage points that belong to the majority of the
//! coordination cluster, in at least [`DOMAINS_MIN`] failure domains, find the node silent, and none
//! of the majority finds it alive. A vantage point outside the majority is not asked: it may be the
//! one that is cut off. The node's own vote never counts.
//!
//! One exception, for the loss of a whole site: when nobody in the node's own failure domain belongs
//! to the majority, all witnesses may stand in one other domain, but must have found the node silent
//! for longer (`domain_patience_ms`). With two sites there is no other way to see the loss of one.
//! Witnesses that all stand in the node's own domain are never enough: what they share with it may
//! be what broke.

use std::collections::{BTreeMap, BTreeSet};

use ennead_model::NodeName;
use serde::{Deserialize, Serialize};

use crate::detect::Verdict;
use crate::timing::Timing;
use crate::words::{Domain, Watched};

/// Fewest witnesses of a death. Source: the platform's requirement.
pub const WITNESSES_MIN: usize = 2;

/// Fewest failure domains that they stand in. Source: the platform's requirement.
pub const DOMAINS_MIN: usize = 2;

/// What a vantage point writes for the others to read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Vote {
    /// Who says it.
    pub vantage: NodeName,
    /// Grows with each vote of this vantage point, so that a reader sees it change.
    pub number: u64,
    /// Whether the vantage point itself had an answer of the coordination cluster's majority lately.
    pub in_majority: bool,
    /// What it says of each watched node.
    pub verdicts: BTreeMap<NodeName, Verdict>,
}

/// One vantage point's testimony about one node, as the deciding guard holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ballot {
    /// Who says it.
    pub vantage: NodeName,
    /// Where it stands.
    pub domain: Domain,
    /// Whether it belongs to the majority: it said so, and its vote is not too old.
    pub in_majority: bool,
    /// What it says.
    pub verdict: Verdict,
}

/// That a node is dead, as the rule of this module found. Made by [`is_dead`] only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Death {
    node: NodeName,
    witnesses: BTreeSet<NodeName>,
    extent: Extent,
}

/// How much was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// The node.
    Node,
    /// Everything in the node's failure domain, or the way there.
    Domain,
}

impl Death {
    /// Returns who is dead.
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// Returns who found it silent.
    pub fn witnesses(&self) -> &BTreeSet<NodeName> {
        &self.witnesses
    }

    /// Returns how much was lost.
    pub fn extent(&self) -> Extent {
        self.extent
    }
}

/// Why nothing is decided yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// These have missed some probes, but not enough.
    Suspected(BTreeSet<NodeName>),
    /// Only these witnesses belong to the majority and have an opinion.
    FewWitnesses(BTreeSet<NodeName>),
    /// All witnesses stand in this failure domain, and it is the node's own, or others could testify.
    OneDomain(Domain),
    /// Nobody in the node's domain can testify, and it has not been silent long enough for that.
    DomainMayReturn {
        /// How long until it has.
        left_ms: u64,
    },
}

/// What the votes amount to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Decision {
    /// These of the majority reach it.
    Alive(BTreeSet<NodeName>),
    /// Not known.
    Undecided(Doubt),
    /// Dead.
    Dead(Death),
}

/// Applies the rule of this module to all ballots about one node.
pub fn is_dead(
    node: &NodeName,
    watched: &Watched,
    ballots: &[Ballot],
    timing: &Timing,
) -> Decision {
    let counted: Vec<&Ballot> = ballots
        .iter()
        .filter(|it| it.vantage != *node && it.in_majority && it.verdict != Verdict::Unknown)
        .collect();
    let who = |wanted: fn(&Verdict) -> bool| -> BTreeSet<NodeName> {
        let found = counted.iter().filter(|it| wanted(&it.verdict));
        found.map(|it| it.vantage.clone()).collect()
    };
    let alive = who(|verdict| matches!(verdict, Verdict::Alive));
    if !alive.is_empty() {
        return Decision::Alive(alive);
    }
    let suspected = who(|verdict| matches!(verdict, Verdict::Suspect));
    if !suspected.is_empty() {
        return Decision::Undecided(Doubt::Suspected(suspected));
    }
    let witnesses = who(|verdict| matches!(verdict, Verdict::Silent { .. }));
    if witnesses.len() < WITNESSES_MIN {
        return Decision::Undecided(Doubt::FewWitnesses(witnesses));
    }
    let domains: BTreeSet<&Domain> = counted.iter().map(|it| &it.domain).collect();
    let dead = |extent| Decision::Dead(Death { node: node.clone(), witnesses, extent });
    if domains.len() >= DOMAINS_MIN {
        return dead(Extent::Node);
    }
    let majority_there = ballots
        .iter()
        .any(|it| it.in_majority && it.vantage != *node && it.domain == watched.domain);
    if majority_there {
        return Decision::Undecided(Doubt::OneDomain(watched.domain.clone()));
    }
    let silent_for = counted.iter().map(|it| match it.verdict {
        Verdict::Silent { for_ms } => for_ms,
        _ => 0,
    });
    let left_ms = timing.domain_patience_ms.saturating_sub(silent_for.min().unwrap_or(0));
    if left_ms > 0 {
        return Decision::Undecided(Doubt::DomainMayReturn { left_ms });
    }
    dead(Extent::Domain)
}

/// The last vote of each vantage point, and how old it is at most.
///
/// # Guarantees
/// No other machine's clock is trusted: a vote is as old as the last reading that did not have it
/// yet. A vote found by the first reading has no age, and does not count until it changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct VoteBook {
    read_at_ms: Option<u64>,
    votes: BTreeMap<NodeName, (Vote, Option<u64>)>,
}

impl VoteBook {
    /// Takes what a reading that was asked for at `asked_ms` found.
    pub fn read(&mut self, asked_ms: u64, votes: Vec<Vote>) {
        let before = self.read_at_ms;
        let mut kept = std::mem::take(&mut self.votes);
        for vote in votes {
            let born_ms = match kept.remove(&vote.vantage) {
                Some((old, born_ms)) if old.number == vote.number => born_ms,
                _ => before,
            };
            self.votes.insert(vote.vantage.clone(), (vote, born_ms));
        }
        self.read_at_ms = Some(before.unwrap_or(0).max(asked_ms));
    }

    /// Returns everybody's ballot about a node, at `now_ms`.
    pub fn ballots(
        &self,
        node: &NodeName,
        now_ms: u64,
        vantages: &BTreeMap<NodeName, Domain>,
        timing: &Timing,
    ) -> Vec<Ballot> {
        let ballot = |(vote, born_ms): &(Vote, Option<u64>)| {
            let age_ms = born_ms.map(|at| now_ms.saturating_sub(at));
            let fresh = age_ms.is_some_and(|age| age <= timing.vote_max_age_ms);
            Some(Ballot {
                vantage: vote.vantage.clone(),
                domain: vantages.get(&vote.vantage)?.clone(),
                in_majority: fresh && vote.in_majority,
                verdict: vote.verdicts.get(node).copied().unwrap_or(Verdict::Unknown),
            })
        };
        self.votes.values().filter_map(ballot).collect()
    }
}

#[cfg(test)]
mod tests;
