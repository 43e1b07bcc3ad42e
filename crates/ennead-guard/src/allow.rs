//! Whether the guard may act on a death: everything that forbids it, each as data with a sentence.
//!
//! All refusals are returned, not the first one. When the guard refuses, nothing happens: the leases
//! of PostgreSQL's cluster run out and decide as they would without a guard.

use std::collections::BTreeSet;
use std::fmt;

use ennead_model::NodeName;

use crate::intent::Intent;
use crate::timing::Timing;
use crate::words::{Holder, Term};

/// What one reading of the coordination cluster found: Patroni's keys and the guard's own, in one
/// transaction, so that they belong together. Linearizable: it came from the majority.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Seen {
    /// When it was asked for, by this guard's clock; what it says may be that old.
    pub asked_ms: u64,
    /// Who holds the leader key; none while nobody does.
    pub leader: Option<Holder>,
    /// The `sync` key: who may be promoted without losing a commit.
    pub sync: Sync,
    /// Members whose own key says that they stream from the primary (Patroni's `running` or
    /// `streaming` state), by name.
    pub streaming: BTreeSet<NodeName>,
    /// Patroni's cluster is paused.
    pub paused: bool,
    /// Somebody declared maintenance of the platform or of a watched node.
    pub maintenance: bool,
    /// Acts within the last ten minutes. Each act is a key with a lease of that length, so nobody
    /// has to compare clocks.
    pub acts: u32,
    /// What a guard was doing, if it has not finished.
    pub intent: Option<Intent>,
}

/// Patroni's `sync` key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Sync {
    /// Synchronous standbys by name.
    pub standbys: BTreeSet<NodeName>,
    /// How many *other* standbys a candidate must compare itself with (quorum mode); 0 otherwise.
    /// Source: Patroni, replication modes, "quorum commit mode".
    pub quorum: u32,
}

/// A period of leadership among the guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Leadership {
    /// Which one.
    pub term: Term,
    /// When it began, by this guard's clock.
    pub since_ms: u64,
    /// Until when it lasts: the *sending* of the last answered renewal plus the lease's length.
    pub until_ms: u64,
}

/// Everything that is asked before an act.
#[derive(Debug)]
pub struct Checks<'a> {
    /// The time.
    pub now_ms: u64,
    /// The settings.
    pub timing: &'a Timing,
    /// The guard's own node.
    pub own: &'a NodeName,
    /// Its leadership, if it leads.
    pub leadership: Option<Leadership>,
    /// The last reading of the coordination cluster.
    pub seen: Option<&'a Seen>,
    /// Since when the present holder is seen to hold the leader key.
    pub holder_since_ms: Option<u64>,
    /// Nodes that this guard itself reaches.
    pub reached: &'a BTreeSet<NodeName>,
}

/// One reason not to act.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// This guard does not lead, or not for long enough.
    NotLeading,
    /// The cluster state is not known, or too old.
    StateUnknown,
    /// Nobody, or somebody else, holds the leader key.
    NotTheHolder {
        /// Who does.
        holder: Option<NodeName>,
    },
    /// The guard would switch its own node off.
    OwnNode,
    /// Patroni is paused.
    Paused,
    /// Maintenance is declared.
    Maintenance,
    /// Fewer synchronous replicas are ready than a promotion takes.
    NoReplica {
        /// How many are.
        ready: u32,
        /// How many it takes.
        needed: u32,
    },
    /// The guard acted as often as it may.
    TooManyActs {
        /// How often in the last ten minutes.
        acts: u32,
    },
    /// It has not been primary for long enough.
    PrimaryTooNew {
        /// For how long it has.
        for_ms: u64,
    },
    /// An earlier act, on another node, is not finished.
    Unfinished {
        /// On which node.
        node: NodeName,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLeading => {
                write!(f, "this guard does not lead, or not for long enough to act")
            }
            Self::StateUnknown => {
                write!(
                    f,
                    "the state of the PostgreSQL cluster is not known, or its reading is too old"
                )
            }
            Self::NotTheHolder { holder: Some(holder) } => {
                write!(f, "the leader key is held by {holder}")
            }
            Self::NotTheHolder { holder: None } => write!(f, "nobody holds the leader key"),
            Self::OwnNode => write!(f, "the guard runs on this node"),
            Self::Paused => write!(f, "Patroni is paused: resume it with patronictl resume"),
            Self::Maintenance => {
                write!(f, "maintenance is declared: end it to arm the guard again")
            }
            Self::NoReplica { ready, needed } => write!(
                f,
                "{ready} synchronous replicas are ready and a promotion without loss takes {needed}"
            ),
            Self::TooManyActs { acts } => {
                write!(f, "the guard acted {acts} times in the last ten minutes: find out why")
            }
            Self::PrimaryTooNew { for_ms } => {
                write!(f, "it has been primary for {for_ms} ms only")
            }
            Self::Unfinished { node } => write!(f, "an act on {node} is not finished"),
        }
    }
}

/// Returns everything that forbids an act on `target`; empty when it is allowed.
pub fn refusals(target: &NodeName, checks: &Checks<'_>) -> Vec<Refusal> {
    let Checks { now_ms, timing, .. } = checks;
    let mut found = Vec::new();
    if !leads(checks.leadership, *now_ms, timing) {
        found.push(Refusal::NotLeading);
    }
    if target == checks.own {
        found.push(Refusal::OwnNode);
    }
    let recent = |seen: &&Seen| now_ms.saturating_sub(seen.asked_ms) <= timing.cluster_max_age_ms;
    let Some(seen) = checks.seen.filter(recent) else {
        found.push(Refusal::StateUnknown);
        return found;
    };
    let holder = seen.leader.as_ref().map(|holder| &holder.member);
    if holder != Some(target) {
        found.push(Refusal::NotTheHolder { holder: holder.cloned() });
    }
    if seen.paused {
        found.push(Refusal::Paused);
    }
    if seen.maintenance {
        found.push(Refusal::Maintenance);
    }
    let (ready, needed) = (ready(target, seen, checks.reached), seen.sync.quorum.saturating_add(1));
    if ready < needed {
        found.push(Refusal::NoReplica { ready, needed });
    }
    if seen.acts >= timing.acts_max {
        found.push(Refusal::TooManyActs { acts: seen.acts });
    }
    let for_ms = checks.holder_since_ms.map_or(0, |since| now_ms.saturating_sub(since));
    if for_ms < timing.primary_settle_ms {
        found.push(Refusal::PrimaryTooNew { for_ms });
    }
    if let Some(intent) = seen.intent.as_ref().filter(|intent| intent.node != *target) {
        found.push(Refusal::Unfinished { node: intent.node.clone() });
    }
    found
}

/// Returns whether this leadership still lasts for an act at `now_ms`.
pub fn leads(leadership: Option<Leadership>, now_ms: u64, timing: &Timing) -> bool {
    let enough = |it: Leadership| now_ms.saturating_add(timing.lease_margin_ms) < it.until_ms;
    leadership.is_some_and(enough)
}

fn ready(target: &NodeName, seen: &Seen, reached: &BTreeSet<NodeName>) -> u32 {
    let fit =
        |it: &&NodeName| *it != target && seen.streaming.contains(*it) && reached.contains(*it);
    u32::try_from(seen.sync.standbys.iter().filter(fit).count()).unwrap_or(u32::MAX)
}

/// Keeps since when the present holder has held the leader key, by this guard's own readings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Tenure {
    held: Option<(Holder, u64)>,
}

impl Tenure {
    /// Takes a reading. Another lease is another tenure: the member started anew.
    pub fn read(&mut self, seen: &Seen) {
        let before = self.held.take();
        self.held = seen.leader.clone().map(|holder| match before {
            Some((old, since)) if old == holder => (holder, since),
            _ => (holder, seen.asked_ms),
        });
    }

    /// Returns since when the holder that was last read has held it.
    pub fn since_ms(&self) -> Option<u64> {
        self.held.as_ref().map(|(_, since)| *since)
    }
}

#[cfg(test)]
mod tests;
