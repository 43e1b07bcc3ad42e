//! Watching: probes, votes and readings at their pace, and the decision to act.

use std::collections::BTreeMap;
use std::mem::discriminant;

use ennead_model::NodeName;

use super::{Guard, Mutation, Phase, Poll, record};
use crate::allow::{Checks, Refusal, Seen, refusals};
use crate::detect::Verdict;
use crate::evidence::{Evidence, What};
use crate::fence::{Permitted, Suspected};
use crate::intent::{Intent, IntentId, Writing};
use crate::message::Command;
use crate::votes::{Ballot, Decision, Vote, is_dead};
use crate::words::{Request, Term, Watched};

impl Guard {
    /// Asks for everything that is due.
    pub(super) fn tick(&mut self, now_ms: u64, out: &mut Vec<Command>) {
        let timing = &self.settings.timing;
        let due = |last: Option<u64>, every_ms: u64| {
            last.is_none_or(|last| now_ms.saturating_sub(last) >= every_ms)
        };
        let read_every_ms =
            if self.is_quiet(now_ms) { timing.vote_every_ms } else { timing.probe_every_ms / 3 };
        let (probes, votes, reads) = (
            due(self.state.probed_ms, timing.probe_every_ms),
            due(self.state.voted.at_ms, timing.vote_every_ms),
            due(self.state.read_ms, read_every_ms),
        );
        if probes {
            self.state.probed_ms = Some(now_ms);
            let others = self.settings.nodes.keys().filter(|node| **node != self.settings.own);
            out.extend(others.map(|node| Command::Probe { node: node.clone() }));
        }
        if votes {
            self.vote(now_ms, out);
        }
        if reads {
            self.read_all(now_ms, out);
        }
    }

    /// Nothing suspicious is going on: readings may be far apart.
    fn is_quiet(&self, now_ms: u64) -> bool {
        let calm = matches!(self.state.phase, Phase::Follower | Phase::Watching);
        let alive = |node: &NodeName| {
            *node == self.settings.own || self.verdict(node, now_ms) == Verdict::Alive
        };
        calm && self.settings.nodes.keys().all(alive)
    }

    fn read_all(&mut self, now_ms: u64, out: &mut Vec<Command>) {
        self.state.read_ms = Some(now_ms);
        let etcd_ms = self.settings.timing.etcd_ms;
        if self.state.votes_read.is_none_or(|it| it.is_overdue(now_ms, etcd_ms)) {
            let pending = self.ask(now_ms);
            self.state.votes_read = Some(pending);
            out.push(Command::ReadVotes { request: pending.request });
        }
        if self.state.cluster_read.is_none_or(|it| it.is_overdue(now_ms, etcd_ms)) {
            let pending = self.ask(now_ms);
            self.state.cluster_read = Some(pending);
            out.push(Command::ReadCluster { request: pending.request });
        }
    }

    pub(super) fn vote_if_changed(&mut self, now_ms: u64, out: &mut Vec<Command>) {
        let kinds = |verdicts: &BTreeMap<NodeName, Verdict>| -> Vec<_> {
            verdicts.values().map(discriminant).collect()
        };
        if kinds(&self.verdicts(now_ms)) != kinds(&self.state.voted.verdicts) {
            self.vote(now_ms, out);
        }
    }

    fn verdicts(&self, now_ms: u64) -> BTreeMap<NodeName, Verdict> {
        let others = self.settings.nodes.keys().filter(|node| **node != self.settings.own);
        others.map(|node| (node.clone(), self.verdict(node, now_ms))).collect()
    }

    fn vote(&mut self, now_ms: u64, out: &mut Vec<Command>) {
        let verdicts = self.verdicts(now_ms);
        let in_majority = self.in_majority(now_ms);
        let voted = &mut self.state.voted;
        voted.number = voted.number.saturating_add(1);
        voted.at_ms = Some(now_ms);
        voted.verdicts.clone_from(&verdicts);
        let vantage = self.settings.own.clone();
        out.push(Command::WriteVote {
            vote: Vote { vantage, number: voted.number, in_majority, verdicts },
        });
    }

    /// The majority answered a question of this guard lately.
    fn in_majority(&self, now_ms: u64) -> bool {
        let age = self.state.majority_ms.map(|at| now_ms.saturating_sub(at));
        age.is_some_and(|age| age <= self.settings.timing.vote_max_age_ms)
    }

    pub(super) fn votes_read(&mut self, request: Request, votes: Option<Vec<Vote>>) {
        let Some(pending) = self.state.votes_read.filter(|it| it.request == request) else {
            return;
        };
        self.state.votes_read = None;
        if let Some(votes) = votes {
            self.state.book.read(pending.asked_ms, votes);
            self.state.majority_ms = self.state.majority_ms.max(Some(pending.asked_ms));
        }
    }

    pub(super) fn cluster_read(&mut self, request: Request, seen: Option<Seen>) {
        let Some(pending) = self.state.cluster_read.filter(|it| it.request == request) else {
            return;
        };
        self.state.cluster_read = None;
        if let Some(seen) = seen {
            let seen = Seen { asked_ms: pending.asked_ms, ..seen };
            self.state.majority_ms = self.state.majority_ms.max(Some(pending.asked_ms));
            self.state.tenure.read(&seen);
            self.state.seen = Some(seen);
        }
    }

    /// Goes on with an earlier guard's act, or begins one if the primary is dead.
    pub(super) fn watch(&mut self, now_ms: u64, out: &mut Vec<Command>) {
        let open = self.state.seen.as_ref().and_then(|seen| seen.intent.clone());
        if let Some(intent) = open {
            let what = What::Adopted { by: intent.by.clone() };
            out.push(record(intent.node.clone(), what));
            self.adopt(now_ms, intent, out);
        } else {
            self.consider(now_ms, out);
        }
    }

    fn adopt(&mut self, now_ms: u64, intent: Intent, out: &mut Vec<Command>) {
        if let Some(proof) = self.forged_record(&intent, now_ms) {
            return self.confirmed(proof, intent, now_ms, out);
        }
        self.state.phase = Phase::Takeover { intent, adopted: true, since_ms: now_ms };
        self.await_takeover(now_ms, out);
    }

    /// Acts if the primary is dead and nothing forbids it. Returns whether it does.
    pub(super) fn consider(&mut self, now_ms: u64, out: &mut Vec<Command>) -> bool {
        let holder = self.state.seen.as_ref().and_then(|seen| seen.leader.as_ref());
        let Some(node) = holder.map(|holder| holder.member.clone()) else { return false };
        let Some(watched) = self.settings.nodes.get(&node).cloned() else { return false };
        if !matches!(self.verdict(&node, now_ms), Verdict::Silent { .. }) {
            self.state.noted = None;
            return false;
        }
        let death = match self.decide(&node, &watched, now_ms) {
            Decision::Dead(death) => death,
            Decision::Alive(_) => return false,
            Decision::Undecided(doubt) => {
                self.note(node, What::Doubted(doubt), out);
                return false;
            }
        };
        match self.permit(Suspected::new(death, watched.server), now_ms) {
            Ok(permitted) => {
                self.begin(permitted, now_ms, out);
                true
            }
            Err(refusals) => {
                self.note(node, What::Refused(refusals), out);
                false
            }
        }
    }

    fn permit(&self, suspected: Suspected, now_ms: u64) -> Result<Permitted, Vec<Refusal>> {
        let reached = self.reached(now_ms);
        let mut seen = self.state.seen.clone();
        let mut leadership = self.state.leadership;
        if self.broken(Mutation::NoLimit) {
            seen = seen.map(|seen| Seen { acts: 0, ..seen });
        }
        if self.broken(Mutation::NoMajority) {
            seen = seen.map(|seen| Seen { asked_ms: now_ms, ..seen });
            let until_ms = u64::MAX;
            leadership = leadership.map(|it| crate::allow::Leadership { until_ms, ..it });
        }
        suspected.permit(&Checks {
            now_ms,
            timing: &self.settings.timing,
            own: &self.settings.own,
            leadership,
            seen: seen.as_ref(),
            holder_since_ms: self.state.tenure.since_ms(),
            reached: &reached,
        })
    }

    /// Returns why it would not fence the primary if that died now; empty when it does not lead.
    pub(super) fn held_back(&self, now_ms: u64) -> Vec<Refusal> {
        let leader = self.state.seen.as_ref().and_then(|it| it.leader.as_ref());
        let (Some(leadership), Some(holder)) = (self.state.leadership, leader) else {
            return Vec::new();
        };
        let mut found = refusals(
            &holder.member,
            &Checks {
                now_ms,
                timing: &self.settings.timing,
                own: &self.settings.own,
                leadership: Some(leadership),
                seen: self.state.seen.as_ref(),
                holder_since_ms: self.state.tenure.since_ms(),
                reached: &self.reached(now_ms),
            },
        );
        // Other guards see to that, and the leadership is renewed all the time.
        found.retain(|it| !matches!(it, Refusal::OwnNode | Refusal::NotLeading));
        found
    }

    /// What all ballots amount to, this guard's own among them.
    pub(super) fn decide(&self, node: &NodeName, watched: &Watched, now_ms: u64) -> Decision {
        let (own, timing) = (&self.settings.own, &self.settings.timing);
        let vantages = &self.settings.vantages;
        let mut ballots = self.state.book.ballots(node, now_ms, vantages, timing);
        ballots.retain(|ballot| ballot.vantage != *own);
        if self.broken(Mutation::NoMajority) {
            for ballot in &mut ballots {
                ballot.in_majority = true;
                ballot.verdict = self.verdict(node, now_ms);
            }
        }
        if let Some(domain) = vantages.get(own) {
            ballots.push(Ballot {
                vantage: own.clone(),
                domain: domain.clone(),
                in_majority: self.in_majority(now_ms) || self.broken(Mutation::NoMajority),
                verdict: self.verdict(node, now_ms),
            });
        }
        is_dead(node, watched, &ballots, timing)
    }

    /// Writes the record; the power-off is asked for when it is written.
    fn begin(&mut self, permitted: Permitted, now_ms: u64, out: &mut Vec<Command>) {
        self.state.noted = None;
        self.state.attempts = self.state.attempts.saturating_add(1);
        let term = self.state.leadership.map_or(Term(0), |it| it.term);
        let id = IntentId { term, number: self.state.attempts };
        let pending = self.ask(now_ms);
        let what =
            What::Fencing { witnesses: permitted.witnesses().clone(), lease: permitted.lease() };
        out.push(record(permitted.node().clone(), what));
        if self.broken(Mutation::NoMajority) || self.broken(Mutation::NoRecord) {
            return self.power_off(permitted, id, now_ms, out);
        }
        out.push(Command::WriteIntent {
            request: pending.request,
            intent: self.intent(&permitted, id),
            writing: Writing::Act { acts: permitted.acts() },
        });
        self.state.phase = Phase::Intending { permitted, id, pending };
    }

    pub(super) fn intent(&self, permitted: &Permitted, id: IntentId) -> Intent {
        Intent {
            id,
            node: permitted.node().clone(),
            server: permitted.server(),
            lease: permitted.lease(),
            by: self.settings.own.clone(),
            action: None,
        }
    }

    /// Says something once, until something else is said.
    fn note(&mut self, node: NodeName, what: What, out: &mut Vec<Command>) {
        let evidence = Evidence { node, what };
        if !self.state.noted.as_ref().is_some_and(|noted| is_same(noted, &evidence)) {
            out.push(Command::Record { evidence: evidence.clone() });
        }
        self.state.noted = Some(evidence);
    }

    /// Removes the record of an attempt, again and again until it is known to be gone.
    pub(super) fn clear_intent(&mut self, id: IntentId, now_ms: u64, out: &mut Vec<Command>) {
        self.state.phase = Phase::Clearing { id, poll: Poll::default() };
        self.clear(now_ms, out);
    }
}

/// The same statement, numbers aside.
fn is_same(one: &Evidence, other: &Evidence) -> bool {
    one.node == other.node
        && match (&one.what, &other.what) {
            (What::Doubted(one), What::Doubted(other)) => discriminant(one) == discriminant(other),
            (What::Refused(one), What::Refused(other)) => {
                one.iter().map(discriminant).eq(other.iter().map(discriminant))
            }
            (one, other) => one == other,
        }
}
