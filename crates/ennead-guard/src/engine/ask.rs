//! Questions that wait for an answer.

use crate::words::Request;

/// A question under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pending {
    pub(super) request: Request,
    pub(super) asked_ms: u64,
}

impl Pending {
    /// Whether the answer is overdue. A late one will be ignored.
    pub(super) fn is_overdue(self, now_ms: u64, deadline_ms: u64) -> bool {
        now_ms.saturating_sub(self.asked_ms) >= deadline_ms
    }
}

/// A question that is asked again and again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Poll {
    pub(super) pending: Option<Pending>,
    last_ms: Option<u64>,
}

impl Poll {
    /// Begins with a question that was just asked.
    pub(super) fn asked(pending: Pending) -> Self {
        Self { pending: Some(pending), last_ms: Some(pending.asked_ms) }
    }

    /// Whether it is time to ask (again): the pace allows it, and no answer is awaited any more.
    pub(super) fn is_due(&self, now_ms: u64, every_ms: u64, deadline_ms: u64) -> bool {
        let paced = self.last_ms.is_none_or(|last| now_ms.saturating_sub(last) >= every_ms);
        paced && self.pending.is_none_or(|pending| pending.is_overdue(now_ms, deadline_ms))
    }

    /// Takes an answer. Returns when it was asked for; none if nobody waits for it.
    pub(super) fn answered(&mut self, request: Request) -> Option<u64> {
        let pending = self.pending.filter(|pending| pending.request == request)?;
        self.pending = None;
        Some(pending.asked_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_once_and_only_to_its_question() {
        let mut poll = Poll::asked(Pending { request: Request(3), asked_ms: 100 });
        assert_eq!(poll.answered(Request(2)), None);
        assert_eq!(poll.answered(Request(3)), Some(100));
        assert_eq!(poll.answered(Request(3)), None);
    }

    #[test]
    fn a_question_is_repeated_at_its_pace_and_not_before_its_deadline() {
        let mut poll = Poll::asked(Pending { request: Request(3), asked_ms: 100 });
        assert!(!poll.is_due(500, 300, 1_000), "the answer is still awaited");
        assert!(poll.is_due(1_100, 300, 1_000));
        poll.answered(Request(3)).unwrap();
        assert!(!poll.is_due(399, 300, 1_000));
        assert!(poll.is_due(400, 300, 1_000));
    }
}
