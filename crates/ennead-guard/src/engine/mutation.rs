//! Engines that are broken on purpose, so that the model can show that it would notice.

use super::Guard;
use crate::fence::Confirmed;
use crate::intent::Intent;
use crate::words::Holder;

/// One way to break the engine. Without effect outside this crate's tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(not(test), expect(dead_code, reason = "proofs are forged in tests only"))]
pub(crate) enum Mutation {
    /// Revokes when the action succeeded, without looking at the server.
    NoLook,
    /// Acts on its own probes alone: without votes, leadership or a record.
    NoMajority,
    /// Takes an earlier guard's record for a proof.
    TrustsRecord,
    /// Revokes whatever lease the member holds by now.
    AnyLease,
    /// Asks for the power-off without writing the record first.
    NoRecord,
    /// Removes the record as soon as the server is seen running.
    NoDoubt,
    /// Acts as often as it likes.
    NoLimit,
}

#[cfg(test)]
impl Guard {
    /// Breaks the engine.
    pub(crate) fn break_it(&mut self, mutation: Mutation) {
        self.mutation = Some(mutation);
    }

    /// Returns whether this engine is broken in this way.
    pub(super) fn broken(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// Returns a proof without a look at the server.
    pub(super) fn forged_look(&self, intent: &Intent, now_ms: u64) -> Option<Confirmed> {
        self.broken(Mutation::NoLook).then(|| forged(intent, now_ms))
    }

    /// Returns a proof made of an earlier guard's record.
    pub(super) fn forged_record(&self, intent: &Intent, now_ms: u64) -> Option<Confirmed> {
        let wanted = self.broken(Mutation::TrustsRecord) && intent.action.is_some();
        wanted.then(|| forged(intent, now_ms))
    }

    /// Returns a proof about the lease that the member holds by now.
    pub(super) fn forged_lease(
        &self,
        proof: &Confirmed,
        holder: Option<&Holder>,
        now_ms: u64,
    ) -> Option<Confirmed> {
        let any = self.broken(Mutation::AnyLease) || self.broken(Mutation::TrustsRecord);
        let holder = holder.filter(|it| any && it.member == *proof.node())?;
        Some(Confirmed::forged(proof.node().clone(), proof.server(), holder.lease, now_ms))
    }
}

#[cfg(test)]
fn forged(intent: &Intent, now_ms: u64) -> Confirmed {
    Confirmed::forged(intent.node.clone(), intent.server, intent.lease, now_ms)
}

/// The engine as it is: not broken, and without a way to forge a proof.
#[cfg(not(test))]
#[expect(clippy::unused_self, reason = "the engines of the tests look at themselves")]
impl Guard {
    pub(super) fn broken(&self, _: Mutation) -> bool {
        false
    }

    pub(super) fn forged_look(&self, _: &Intent, _: u64) -> Option<Confirmed> {
        None
    }

    pub(super) fn forged_record(&self, _: &Intent, _: u64) -> Option<Confirmed> {
        None
    }

    pub(super) fn forged_lease(
        &self,
        _: &Confirmed,
        _: Option<&Holder>,
        _: u64,
    ) -> Option<Confirmed> {
        None
    }
}
