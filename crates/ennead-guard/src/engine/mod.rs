//! The guard as a machine: [`Guard::step`] takes what happened and the time, and returns what to do.
//!
//! ```text
//! Follower -> Starting -> Watching -> Intending -> Asking -> Action -> Status -> Lease -> Revoking
//!                            ^  |                    |         |         |        |         |
//!                            |  +-- a record is open +---------+----+----+--------+---------+
//!                            |              |                       v
//!                         Clearing <-- Restoring <------------- Takeover
//! ```
//! Every wait has a deadline. Before `Confirmed` the way out of each is `Takeover` with nothing
//! revoked. Whoever loses the leadership drops everything; who leads next finds the record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ennead_model::NodeName;

use crate::allow::{Leadership, Refusal, Seen, Tenure, leads};
use crate::detect::{Detector, Verdict};
use crate::evidence::{Evidence, What};
use crate::fence::{Confirmed, Permitted, PowerOffAsked, PowerOffDone};
use crate::intent::{Intent, IntentId};
use crate::message::{Command, Event};
use crate::react::Reaction;
use crate::timing::Timing;
use crate::votes::VoteBook;
use crate::words::{Domain, LeaseId, Request, Term, Watched};

mod ask;
mod fencing;
mod mutation;
mod restore;
#[cfg(test)]
mod tests;
mod watch;

pub(crate) use mutation::Mutation;

use ask::{Pending, Poll};

/// What a guard knows from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The node that it runs on.
    pub own: NodeName,
    /// The nodes that may be fenced: those of the PostgreSQL cluster.
    pub nodes: BTreeMap<NodeName, Watched>,
    /// All nodes that run a guard, and what each fails together with. See [`crate::words::domains`].
    pub vantages: BTreeMap<NodeName, Domain>,
    /// The times.
    pub timing: Timing,
}

/// One guard.
///
/// # Expected flow
/// Give it [`Event::Tick`] at least every `probe_every_ms`, each answer as it comes, and carry out
/// what it returns, in order. `now_ms` is a clock of this machine that never goes back.
///
/// # Guarantees
/// No lease is revoked without a [`Confirmed`] fence. Nothing is done without leadership. No server
/// is switched off without a record of it in the coordination cluster.
///
/// # Assumptions
/// See [`Timing`]; and a record is written only in a transaction that compares the guard's term.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct Guard {
    settings: Arc<Settings>,
    reactions: Arc<[Box<dyn Reaction>]>,
    state: State,
    #[cfg(test)]
    mutation: Option<Mutation>,
}

#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub(crate) struct State {
    requests: u64,
    attempts: u64,
    detectors: BTreeMap<NodeName, Detector>,
    probed_ms: Option<u64>,
    read_ms: Option<u64>,
    voted: Voted,
    book: VoteBook,
    votes_read: Option<Pending>,
    cluster_read: Option<Pending>,
    majority_ms: Option<u64>,
    seen: Option<Seen>,
    tenure: Tenure,
    leadership: Option<Leadership>,
    phase: Phase,
    noted: Option<Evidence>,
}

/// The last vote that was written.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
struct Voted {
    number: u64,
    at_ms: Option<u64>,
    verdicts: BTreeMap<NodeName, Verdict>,
}

#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
enum Phase {
    /// Does not lead.
    #[default]
    Follower,
    /// Leads, and has not read the cluster since.
    Starting,
    /// Leads, and no record is open.
    Watching,
    /// Writes the record.
    Intending { permitted: Permitted, id: IntentId, pending: Pending },
    /// Waits for the cloud to accept the power-off.
    Asking { permitted: Permitted, intent: Intent, pending: Pending },
    /// Waits for the action's success.
    Action { asked: PowerOffAsked, intent: Intent, poll: Poll },
    /// Waits for the server to be `off`.
    Status { done: PowerOffDone, intent: Intent, poll: Poll },
    /// Reads the leader key again.
    Lease { proof: Confirmed, intent: Intent, pending: Pending },
    /// Waits for the revocation.
    Revoking { lease: LeaseId, intent: Intent, pending: Pending },
    /// Waits for another primary, or for the fence to be given up.
    Takeover { intent: Intent, adopted: bool, since_ms: u64 },
    /// Brings the server back.
    Restoring(restore::Restoring),
    /// Removes the record.
    Clearing { id: IntentId, poll: Poll },
}

impl Guard {
    /// Makes a guard that knows nothing yet and does not lead.
    pub fn new(settings: Arc<Settings>, reactions: Arc<[Box<dyn Reaction>]>) -> Self {
        Self {
            settings,
            reactions,
            state: State::default(),
            #[cfg(test)]
            mutation: None,
        }
    }

    /// Takes what happened at `now_ms`, and returns what to do, in order.
    pub fn step(&mut self, now_ms: u64, event: Event) -> Vec<Command> {
        let mut out = Vec::new();
        self.check_leadership(now_ms, &mut out);
        self.take(now_ms, event, &mut out);
        self.check_leadership(now_ms, &mut out);
        self.advance(now_ms, &mut out);
        out
    }

    fn take(&mut self, now_ms: u64, event: Event, out: &mut Vec<Command>) {
        match event {
            Event::Tick => self.tick(now_ms, out),
            Event::Probed { node, sent_ms, reach } => {
                self.state.detectors.entry(node).or_default().probed(sent_ms, reach);
                self.vote_if_changed(now_ms, out);
            }
            Event::VotesRead { request, votes } => self.votes_read(request, votes),
            Event::ClusterRead { request, seen } => {
                self.cluster_read(request, seen.map(|seen| *seen));
            }
            Event::Leads { term, until_ms } => {
                let same = self.state.leadership.filter(|it| it.term == term);
                let since_ms = same.map_or(now_ms, |it| it.since_ms);
                let until_ms = same.map_or(until_ms, |it| it.until_ms.max(until_ms));
                if same.is_none() {
                    self.state.phase = Phase::Starting;
                    self.forget_cluster();
                }
                self.state.leadership = Some(Leadership { term, since_ms, until_ms });
            }
            Event::LeadershipLost => self.depose(out),
            Event::IntentWritten { request, written } => {
                self.intent_written(now_ms, request, written, out);
            }
            Event::IntentCleared { request, written } => self.intent_cleared(request, written),
            Event::PowerAnswered { request, answer } => {
                self.power_answered(now_ms, request, answer, out);
            }
            Event::ActionSeen { request, action, state } => {
                self.action_seen(now_ms, request, action, state, out);
            }
            Event::ServerSeen { request, server, status } => {
                self.server_seen(now_ms, request, server, status, out);
            }
            Event::LeaseRead { request, holder } => self.lease_read(now_ms, request, holder, out),
            Event::LeaseRevoked { request, written } => {
                self.lease_revoked(now_ms, request, written, out);
            }
        }
    }

    /// Goes on where time or a reading allows it.
    fn advance(&mut self, now_ms: u64, out: &mut Vec<Command>) {
        match &self.state.phase {
            Phase::Follower => {}
            Phase::Starting => {
                let since_ms = self.state.leadership.map_or(u64::MAX, |it| it.since_ms);
                if self.state.seen.as_ref().is_some_and(|seen| seen.asked_ms >= since_ms) {
                    self.state.phase = Phase::Watching;
                    self.watch(now_ms, out);
                }
            }
            Phase::Watching => self.watch(now_ms, out),
            Phase::Takeover { .. } => self.await_takeover(now_ms, out),
            Phase::Restoring(_) => self.restore(now_ms, out),
            Phase::Clearing { .. } => self.clear(now_ms, out),
            Phase::Intending { .. }
            | Phase::Asking { .. }
            | Phase::Action { .. }
            | Phase::Status { .. }
            | Phase::Lease { .. }
            | Phase::Revoking { .. } => self.press_on(now_ms, out),
        }
    }

    fn check_leadership(&mut self, now_ms: u64, out: &mut Vec<Command>) {
        if self.broken(Mutation::NoMajority) {
            return;
        }
        if self.state.leadership.is_some() && !self.leads(now_ms) {
            self.depose(out);
        }
    }

    fn leads(&self, now_ms: u64) -> bool {
        leads(self.state.leadership, now_ms, &self.settings.timing)
    }

    fn depose(&mut self, out: &mut Vec<Command>) {
        self.state.leadership = None;
        let phase = std::mem::take(&mut self.state.phase);
        if let Some(node) = phase.node() {
            out.push(record(node.clone(), What::Deposed));
        }
    }

    /// Readings from before an act say nothing about the time after it.
    fn forget_cluster(&mut self) {
        self.state.seen = None;
        self.state.cluster_read = None;
    }

    fn verdict(&self, node: &NodeName, now_ms: u64) -> Verdict {
        let detector = self.state.detectors.get(node);
        detector.map_or(Verdict::Unknown, |it| it.verdict(now_ms, &self.settings.timing))
    }

    fn reached(&self, now_ms: u64) -> BTreeSet<NodeName> {
        let alive = |node: &&NodeName| {
            **node == self.settings.own || self.verdict(node, now_ms) == Verdict::Alive
        };
        self.settings.nodes.keys().filter(alive).cloned().collect()
    }

    fn ask(&mut self, now_ms: u64) -> Pending {
        self.state.requests = self.state.requests.saturating_add(1);
        Pending { request: Request(self.state.requests), asked_ms: now_ms }
    }
}

/// A guard as it is at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Name of its state, as in the README's picture.
    pub phase: &'static str,
    /// Its term, if it leads.
    pub term: Option<Term>,
    /// Who held the leader key when the cluster was last read.
    pub primary: Option<NodeName>,
    /// How long ago the majority answered a question, in milliseconds; none if it never did.
    pub heard_majority_ms: Option<u64>,
    /// What it says of each other watched node.
    pub verdicts: BTreeMap<NodeName, Verdict>,
    /// Why it would not act if the primary died now; empty when it does not lead. That the primary is
    /// its own node is not among them: another guard would lead then.
    pub held_back: Vec<Refusal>,
}

impl Phase {
    fn name(&self) -> &'static str {
        match self {
            Self::Follower => "follower",
            Self::Starting => "starting",
            Self::Watching => "watching",
            Self::Intending { .. } => "intending",
            Self::Asking { .. } => "asking",
            Self::Action { .. } => "action",
            Self::Status { .. } => "status",
            Self::Lease { .. } => "lease",
            Self::Revoking { .. } => "revoking",
            Self::Takeover { .. } => "takeover",
            Self::Restoring(_) => "restoring",
            Self::Clearing { .. } => "clearing",
        }
    }

    /// Whose act it is, if it is one.
    fn node(&self) -> Option<&NodeName> {
        match self {
            Self::Follower | Self::Starting | Self::Watching | Self::Clearing { .. } => None,
            Self::Intending { permitted, .. } | Self::Asking { permitted, .. } => {
                Some(permitted.node())
            }
            Self::Action { intent, .. }
            | Self::Status { intent, .. }
            | Self::Lease { intent, .. }
            | Self::Revoking { intent, .. }
            | Self::Takeover { intent, .. } => Some(&intent.node),
            Self::Restoring(restoring) => Some(restoring.node()),
        }
    }
}

impl Guard {
    /// Returns what people who look at a guard want to know.
    pub fn view(&self, now_ms: u64) -> View {
        let others = self.settings.nodes.keys().filter(|node| **node != self.settings.own);
        View {
            phase: self.state.phase.name(),
            term: self.state.leadership.map(|it| it.term),
            primary: self
                .state
                .seen
                .as_ref()
                .and_then(|it| Some(it.leader.as_ref()?.member.clone())),
            heard_majority_ms: self.state.majority_ms.map(|at| now_ms.saturating_sub(at)),
            verdicts: others.map(|node| (node.clone(), self.verdict(node, now_ms))).collect(),
            held_back: self.held_back(now_ms),
        }
    }
}

#[cfg(test)]
impl Guard {
    /// Everything that the guard has in memory.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }
}

fn record(node: NodeName, what: What) -> Command {
    Command::Record { evidence: Evidence { node, what } }
}
