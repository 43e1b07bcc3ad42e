//! After the act: wait for another primary, bring the server back, remove the record.

use ennead_model::NodeName;

use super::ask::{Pending, Poll};
use super::{Guard, Mutation, Phase, record};
use crate::detect::Verdict;
use crate::evidence::What;
use crate::intent::Intent;
use crate::message::{ApiAnswer, Command, ServerStatus, Written};
use crate::words::Request;

/// A server that is being brought back.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Restoring {
    intent: Intent,
    since_ms: u64,
    poll: Poll,
    ordered: Option<Pending>,
    is_running: bool,
    was_told: bool,
    last: String,
}

impl Restoring {
    pub(super) fn node(&self) -> &NodeName {
        &self.intent.node
    }
}

impl Guard {
    /// Goes on once another member is primary, the dead node lives, or nobody took over in time.
    pub(super) fn await_takeover(&mut self, now_ms: u64, out: &mut Vec<Command>) {
        let Phase::Takeover { intent, adopted, since_ms } = &self.state.phase else { return };
        let (intent, adopted, since_ms) = (intent.clone(), *adopted, *since_ms);
        // A successor may fence again: its own power-off, its own confirmation.
        if adopted && self.consider(now_ms, out) {
            return;
        }
        let leader = self.state.seen.as_ref().and_then(|seen| seen.leader.clone());
        let is_over = leader.as_ref().is_some_and(|it| it.member != intent.node);
        let is_reborn =
            leader.as_ref().is_some_and(|it| it.member == intent.node && it.lease != intent.lease);
        if is_over {
            out.extend(leader.map(|it| record(intent.node.clone(), What::TakenOver(it))));
        } else if now_ms.saturating_sub(since_ms) >= self.settings.timing.takeover_ms {
            out.push(record(intent.node.clone(), What::NoTakeover));
        } else if !is_reborn && self.verdict(&intent.node, now_ms) != Verdict::Alive {
            return;
        }
        self.state.phase = Phase::Restoring(Restoring {
            intent,
            since_ms: now_ms,
            poll: Poll::default(),
            ordered: None,
            is_running: false,
            was_told: false,
            last: "not looked at yet".to_owned(),
        });
        self.restore(now_ms, out);
    }

    /// Looks at the server at its pace.
    pub(super) fn restore(&mut self, now_ms: u64, out: &mut Vec<Command>) {
        let timing = self.settings.timing.clone();
        let Phase::Restoring(it) = &mut self.state.phase else { return };
        let since = now_ms.saturating_sub(it.since_ms);
        // Also if it was seen running: a late power-off may have come after that.
        if !it.was_told && since >= timing.restore_ms {
            it.was_told = true;
            let what = What::StillOff { last: it.last.clone() };
            out.push(record(it.intent.node.clone(), what));
        }
        if it.ordered.is_some_and(|pending| !pending.is_overdue(now_ms, timing.api_ms)) {
            return;
        }
        it.ordered = None;
        // A running server is looked at once more, when no power-off can be under way any more.
        let waits = it.is_running && since < timing.doubt_ms;
        // Somebody was told to look: the guard goes on at a pace that leaves the cloud to others.
        let slower = if it.was_told { 10 } else { 1 };
        let every_ms = timing.restore_poll_ms.saturating_mul(slower);
        if waits || !it.poll.is_due(now_ms, every_ms, timing.api_ms) {
            return;
        }
        let server = it.intent.server;
        let pending = self.ask(now_ms);
        out.push(Command::AskServer { request: pending.request, server });
        if let Phase::Restoring(it) = &mut self.state.phase {
            it.poll = Poll::asked(pending);
        }
    }

    pub(super) fn restored_seen(
        &mut self,
        now_ms: u64,
        request: Request,
        status: Option<ServerStatus>,
        out: &mut Vec<Command>,
    ) {
        let doubt_ms =
            if self.broken(Mutation::NoDoubt) { 0 } else { self.settings.timing.doubt_ms };
        let Phase::Restoring(it) = &mut self.state.phase else { return };
        let Some(asked_ms) = it.poll.answered(request) else { return };
        let (node, id) = (it.intent.node.clone(), it.intent.id);
        match status {
            Some(ServerStatus::Running) => {
                it.is_running = true;
                "running, but a power-off was still possible".clone_into(&mut it.last);
                if asked_ms.saturating_sub(it.since_ms) >= doubt_ms {
                    out.push(record(node, What::BackOn));
                    self.clear_intent(id, now_ms, out);
                }
            }
            Some(ServerStatus::Gone) => {
                out.push(record(node, What::Gone));
                self.clear_intent(id, now_ms, out);
            }
            Some(ServerStatus::Off) => {
                it.is_running = false;
                "off".clone_into(&mut it.last);
                let server = it.intent.server;
                let pending = self.ask(now_ms);
                out.push(record(node, What::PowerOn));
                out.push(Command::AskPowerOn { request: pending.request, server });
                if let Phase::Restoring(it) = &mut self.state.phase {
                    it.ordered = Some(pending);
                }
            }
            Some(ServerStatus::Changing) => "changing".clone_into(&mut it.last),
            None => "the cloud did not say".clone_into(&mut it.last),
        }
    }

    pub(super) fn power_on_answered(&mut self, request: Request, answer: ApiAnswer) {
        let Phase::Restoring(it) = &mut self.state.phase else { return };
        if it.ordered.is_none_or(|pending| pending.request != request) {
            return;
        }
        it.ordered = None;
        it.last = match answer {
            ApiAnswer::Accepted(action) => format!("the cloud switches it on, action {action}"),
            ApiAnswer::Refused(error) => format!("the cloud refused to switch it on: {error}"),
            ApiAnswer::Unknown(error) => format!("no answer to switching it on: {error}"),
        };
    }

    /// Asks for the record's removal, at the pace of restoring.
    pub(super) fn clear(&mut self, now_ms: u64, out: &mut Vec<Command>) {
        let timing = self.settings.timing.clone();
        let Phase::Clearing { id, poll } = &self.state.phase else { return };
        let id = *id;
        let Some(term) = self.state.leadership.map(|it| it.term) else { return };
        if !poll.is_due(now_ms, timing.restore_poll_ms, timing.etcd_ms) {
            return;
        }
        let pending = self.ask(now_ms);
        out.push(Command::ClearIntent { request: pending.request, id, term });
        self.state.phase = Phase::Clearing { id, poll: Poll::asked(pending) };
    }

    pub(super) fn intent_cleared(&mut self, request: Request, written: Written) {
        let Phase::Clearing { poll, .. } = &mut self.state.phase else { return };
        if poll.answered(request).is_some() && written != Written::Unknown {
            self.state.phase = Phase::Watching;
            self.forget_cluster();
        }
    }
}
