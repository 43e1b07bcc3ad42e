//! The act: from the written record to the revoked lease, and every way to give up in between.

use ennead_model::NodeName;

use super::ask::Poll;
use super::{Guard, Phase, record};
use crate::evidence::{GaveUp, What};
use crate::fence::{Confirmed, NotRevoked, Permitted, PowerOffDone};
use crate::intent::{Intent, IntentId, Writing};
use crate::message::{ActionState, ApiAnswer, Command, ServerStatus, Unanswered, Written};
use crate::votes::Decision;
use crate::words::{ActionId, Holder, Request, ServerId};

impl Guard {
    fn take_phase(&mut self) -> Phase {
        std::mem::replace(&mut self.state.phase, Phase::Watching)
    }

    pub(super) fn intent_written(
        &mut self,
        now_ms: u64,
        request: Request,
        written: Written,
        out: &mut Vec<Command>,
    ) {
        if !matches!(&self.state.phase, Phase::Intending { pending, .. } if pending.request == request)
        {
            return;
        }
        let Phase::Intending { permitted, id, .. } = self.take_phase() else { return };
        self.forget_cluster();
        if written != Written::Yes {
            // If it was written after all, the next reading shows the record.
            return out.push(record(permitted.node().clone(), What::Unrecorded));
        }
        if self.is_still_dead(permitted.node(), now_ms) {
            self.power_off(permitted, id, now_ms, out);
        } else {
            out.push(record(permitted.node().clone(), What::AnswersAgain));
            self.clear_intent(id, now_ms, out);
        }
    }

    fn is_still_dead(&self, node: &NodeName, now_ms: u64) -> bool {
        let watched = self.settings.nodes.get(node);
        watched.is_some_and(|it| matches!(self.decide(node, it, now_ms), Decision::Dead(_)))
    }

    pub(super) fn power_off(
        &mut self,
        permitted: Permitted,
        id: IntentId,
        now_ms: u64,
        out: &mut Vec<Command>,
    ) {
        let pending = self.ask(now_ms);
        let intent = self.intent(&permitted, id);
        let until_ms = self.state.leadership.map_or(now_ms, |it| it.until_ms);
        out.push(Command::AskPowerOff {
            request: pending.request,
            server: permitted.server(),
            not_after_ms: until_ms.saturating_sub(self.settings.timing.lease_margin_ms),
        });
        self.state.phase = Phase::Asking { permitted, intent, pending };
    }

    pub(super) fn power_answered(
        &mut self,
        now_ms: u64,
        request: Request,
        answer: ApiAnswer,
        out: &mut Vec<Command>,
    ) {
        if matches!(&self.state.phase, Phase::Restoring(_)) {
            return self.power_on_answered(request, answer);
        }
        if !matches!(&self.state.phase, Phase::Asking { pending, .. } if pending.request == request)
        {
            return;
        }
        let Phase::Asking { permitted, mut intent, pending } = self.take_phase() else { return };
        match answer {
            ApiAnswer::Accepted(action) => {
                let node = permitted.node().clone();
                out.push(record(node, What::PowerOffAccepted(action)));
                intent.action = Some(action);
                let note = self.ask(now_ms);
                out.push(Command::WriteIntent {
                    request: note.request,
                    intent: intent.clone(),
                    writing: Writing::Note,
                });
                let question = self.ask(now_ms);
                out.push(Command::AskAction { request: question.request, action });
                let asked = permitted.accepted(action, pending.asked_ms);
                self.state.phase = Phase::Action { asked, intent, poll: Poll::asked(question) };
            }
            ApiAnswer::Refused(error) => self.give_up(intent, GaveUp::Refused(error), now_ms, out),
            ApiAnswer::Unknown(error) => self.give_up(intent, GaveUp::NoAnswer(error), now_ms, out),
        }
    }

    pub(super) fn action_seen(
        &mut self,
        now_ms: u64,
        request: Request,
        action: ActionId,
        state: ActionState,
        out: &mut Vec<Command>,
    ) {
        let Phase::Action { poll, .. } = &mut self.state.phase else { return };
        if poll.answered(request).is_none() {
            return;
        }
        let Phase::Action { asked, intent, poll } = self.take_phase() else { return };
        if let ActionState::Error(error) = state {
            return self.give_up(intent, GaveUp::ActionFailed(error), now_ms, out);
        }
        match asked.looked(action, &state, now_ms) {
            Ok(done) => self.look(done, intent, now_ms, out),
            Err(asked) => self.state.phase = Phase::Action { asked, intent, poll },
        }
    }

    fn look(&mut self, done: PowerOffDone, intent: Intent, now_ms: u64, out: &mut Vec<Command>) {
        if let Some(proof) = self.forged_look(&intent, now_ms) {
            return self.confirmed(proof, intent, now_ms, out);
        }
        let pending = self.ask(now_ms);
        out.push(Command::AskServer { request: pending.request, server: done.server() });
        self.state.phase = Phase::Status { done, intent, poll: Poll::asked(pending) };
    }

    pub(super) fn server_seen(
        &mut self,
        now_ms: u64,
        request: Request,
        server: ServerId,
        status: Option<ServerStatus>,
        out: &mut Vec<Command>,
    ) {
        if matches!(&self.state.phase, Phase::Restoring(_)) {
            return self.restored_seen(now_ms, request, status, out);
        }
        let Phase::Status { poll, .. } = &mut self.state.phase else { return };
        let Some(asked_ms) = poll.answered(request) else { return };
        let Phase::Status { done, intent, poll } = self.take_phase() else { return };
        let status = status.unwrap_or(ServerStatus::Changing);
        match done.seen(server, status, asked_ms, now_ms, &self.settings.timing) {
            Ok(proof) => self.confirmed(proof, intent, now_ms, out),
            Err(done) => self.state.phase = Phase::Status { done, intent, poll },
        }
    }

    /// The doubt has ended, for every component at once.
    pub(super) fn confirmed(
        &mut self,
        proof: Confirmed,
        intent: Intent,
        now_ms: u64,
        out: &mut Vec<Command>,
    ) {
        let pending = self.ask(now_ms);
        out.push(Command::ReadLease { request: pending.request });
        out.push(record(intent.node.clone(), What::ConfirmedOff));
        let reactions = self.reactions.iter();
        let orders = reactions.flat_map(|reaction| reaction.orders(&proof));
        out.extend(orders.map(|order| Command::React { order }));
        self.state.phase = Phase::Lease { proof, intent, pending };
    }

    pub(super) fn lease_read(
        &mut self,
        now_ms: u64,
        request: Request,
        holder: Result<Option<Holder>, Unanswered>,
        out: &mut Vec<Command>,
    ) {
        if !matches!(&self.state.phase, Phase::Lease { pending, .. } if pending.request == request)
        {
            return;
        }
        let Phase::Lease { proof, intent, .. } = self.take_phase() else { return };
        let Ok(holder) = holder else {
            return self.not_revoked(intent, NotRevoked::Unread, now_ms, out);
        };
        let proof = self.forged_lease(&proof, holder.as_ref(), now_ms).unwrap_or(proof);
        let timing = &self.settings.timing;
        let mut reactions = self.reactions.iter();
        let revocation =
            reactions.find_map(|it| it.revocation(&proof, holder.as_ref(), now_ms, timing));
        match revocation {
            Some(Ok(order)) => {
                let (pending, lease) = (self.ask(now_ms), order.lease_id());
                out.push(Command::RevokeLease { request: pending.request, order });
                self.state.phase = Phase::Revoking { lease, intent, pending };
            }
            Some(Err(why)) => self.not_revoked(intent, why, now_ms, out),
            None => self.take_over(intent, now_ms),
        }
    }

    pub(super) fn lease_revoked(
        &mut self,
        now_ms: u64,
        request: Request,
        written: Written,
        out: &mut Vec<Command>,
    ) {
        if !matches!(&self.state.phase, Phase::Revoking { pending, .. } if pending.request == request)
        {
            return;
        }
        let Phase::Revoking { lease, intent, .. } = self.take_phase() else { return };
        let what = match written {
            Written::Yes => What::Revoked(lease),
            Written::No => What::NotRevoked(NotRevoked::NobodyHolds),
            Written::Unknown => What::RevocationUnknown(lease),
        };
        out.push(record(intent.node.clone(), what));
        self.take_over(intent, now_ms);
    }

    /// Looks at deadlines and asks again what may be asked again.
    pub(super) fn press_on(&mut self, now_ms: u64, out: &mut Vec<Command>) {
        let timing = &self.settings.timing;
        let (etcd_ms, api_ms) = (timing.etcd_ms, timing.api_ms);
        let late = |since_ms: u64| now_ms.saturating_sub(since_ms) >= timing.fence_ms;
        let due = |poll: &Poll| poll.is_due(now_ms, timing.confirm_poll_ms, api_ms);
        match &self.state.phase {
            Phase::Intending { pending, permitted, .. } if pending.is_overdue(now_ms, etcd_ms) => {
                out.push(record(permitted.node().clone(), What::Unrecorded));
                self.state.phase = Phase::Watching;
                self.forget_cluster();
            }
            Phase::Asking { pending, intent, .. } if pending.is_overdue(now_ms, api_ms) => {
                let why = GaveUp::NoAnswer("no answer in time".to_owned());
                self.give_up(intent.clone(), why, now_ms, out);
            }
            Phase::Action { asked, intent, .. } if late(asked.since_ms()) => {
                self.give_up(intent.clone(), GaveUp::TooSlow, now_ms, out);
            }
            Phase::Status { done, intent, .. } if late(done.since_ms()) => {
                self.give_up(intent.clone(), GaveUp::TooSlow, now_ms, out);
            }
            Phase::Action { asked, poll, .. } if due(poll) => {
                let action = asked.action();
                let question = self.ask(now_ms);
                out.push(Command::AskAction { request: question.request, action });
                self.repoll(Poll::asked(question));
            }
            Phase::Status { done, poll, .. } if due(poll) => {
                let server = done.server();
                let question = self.ask(now_ms);
                out.push(Command::AskServer { request: question.request, server });
                self.repoll(Poll::asked(question));
            }
            Phase::Lease { intent, pending, .. } if pending.is_overdue(now_ms, etcd_ms) => {
                self.not_revoked(intent.clone(), NotRevoked::Unread, now_ms, out);
            }
            Phase::Revoking { lease, intent, pending } if pending.is_overdue(now_ms, etcd_ms) => {
                out.push(record(intent.node.clone(), What::RevocationUnknown(*lease)));
                let intent = intent.clone();
                self.take_over(intent, now_ms);
            }
            _ => {}
        }
    }

    fn repoll(&mut self, new: Poll) {
        if let Phase::Action { poll, .. } | Phase::Status { poll, .. } = &mut self.state.phase {
            *poll = new;
        }
    }

    fn give_up(&mut self, intent: Intent, why: GaveUp, now_ms: u64, out: &mut Vec<Command>) {
        out.push(record(intent.node.clone(), What::GaveUp(why)));
        self.take_over(intent, now_ms);
    }

    fn not_revoked(
        &mut self,
        intent: Intent,
        why: NotRevoked,
        now_ms: u64,
        out: &mut Vec<Command>,
    ) {
        out.push(record(intent.node.clone(), What::NotRevoked(why)));
        self.take_over(intent, now_ms);
    }

    fn take_over(&mut self, intent: Intent, now_ms: u64) {
        self.forget_cluster();
        self.state.phase = Phase::Takeover { intent, adopted: false, since_ms: now_ms };
    }
}
