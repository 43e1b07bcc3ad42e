//! The fence as types: each state can only be made from the one before it.
//!
//! ```text
//! Suspected --permit--> Permitted --accepted--> PowerOffAsked --succeeded--> PowerOffDone
//!                                                        PowerOffDone --seen off--> Confirmed
//! Confirmed --lease read again, the same--> RevokeOrder         Confirmed --> ReactionOrder
//! ```
//!
//! A revocation needs a [`RevokeOrder`]; only [`Confirmed::revoke`] makes one. The steps up to
//! `Confirmed` can be taken by this crate's engine only; from there on by every component's reaction.
//!
//! # Caveats
//! A proof is about the moment at which it was made. What protects between the sighting of `off` and
//! the revocation is the lease's id, which names one life of one process; see the README.

use std::collections::BTreeSet;

use ennead_model::{ComponentName, NodeName};

use crate::allow::{Checks, Refusal, refusals};
use crate::message::{ActionState, ServerStatus};
use crate::react::Doing;
use crate::timing::Timing;
use crate::votes::Death;
use crate::words::{ActionId, Holder, LeaseId, ServerId};

/// A death that the votes agree on. Nothing was asked of anybody yet.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub struct Suspected {
    death: Death,
    server: ServerId,
}

/// A death that the guard may act on: nothing in [`crate::allow`] forbids it.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub struct Permitted {
    node: NodeName,
    witnesses: BTreeSet<NodeName>,
    server: ServerId,
    lease: LeaseId,
    acts: u32,
}

/// A power-off that the cloud accepted. The server may be on or off.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub struct PowerOffAsked {
    permitted: Permitted,
    action: ActionId,
    since_ms: u64,
}

/// A power-off whose action succeeded. The server is *said* to be off; nobody has looked yet.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub struct PowerOffDone {
    asked: PowerOffAsked,
    succeeded_ms: u64,
}

/// A node that is certainly without power: the action succeeded *and* the server was seen `off` by
/// a look that was asked for after that.
///
/// It cannot be made by hand. This compiles:
///
/// ```
/// fn dead(proof: &ennead_guard::fence::Confirmed) -> String {
///     proof.node().to_string()
/// }
/// ```
///
/// and this does not, since its fields are private. Nor can another crate go the way step by step: the
/// functions that lead here belong to this crate, whose engine is the only caller.
///
/// ```compile_fail,E0451
/// fn forge(done: ennead_guard::fence::PowerOffDone) -> ennead_guard::fence::Confirmed {
///     ennead_guard::fence::Confirmed { done, looked_ms: 0 }
/// }
/// ```
///
/// Nor can a revocation be ordered without one:
///
/// ```compile_fail,E0451
/// fn forge(lease_id: ennead_guard::LeaseId) -> ennead_guard::fence::RevokeOrder {
///     ennead_guard::fence::RevokeOrder { lease_id }
/// }
/// ```
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub struct Confirmed {
    done: PowerOffDone,
    looked_ms: u64,
}

/// The order to revoke one lease. Made by [`Confirmed::revoke`] only.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub struct RevokeOrder {
    lease_id: LeaseId,
}

/// What a component does about a node that is certainly off. Made by [`Confirmed::order`] only.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub struct ReactionOrder {
    component: ComponentName,
    at: NodeName,
    dead: NodeName,
    doing: Doing,
}

/// Why a confirmed death is not followed by a revocation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NotRevoked {
    /// Nobody holds the leader key any more: its lease has run out.
    NobodyHolds,
    /// Somebody else holds it, or the dead node by another lease: it lives again.
    OtherHolder(Holder),
    /// The sighting of `off` is too old.
    TooLate,
    /// The leader key could not be read again.
    Unread,
}

impl Suspected {
    /// Begins with a death that the votes agree on, and the server that the node runs on.
    pub(crate) fn new(death: Death, server: ServerId) -> Self {
        Self { death, server }
    }

    /// Asks whether the guard may act.
    ///
    /// # Errors
    /// Everything that forbids it.
    pub(crate) fn permit(self, checks: &Checks<'_>) -> Result<Permitted, Vec<Refusal>> {
        let node = self.death.node().clone();
        let found = refusals(&node, checks);
        let Some((seen, holder)) = checks.seen.and_then(|seen| Some((seen, seen.leader.as_ref()?)))
        else {
            return Err(if found.is_empty() { vec![Refusal::StateUnknown] } else { found });
        };
        if !found.is_empty() {
            return Err(found);
        }
        let witnesses = self.death.witnesses().clone();
        Ok(Permitted { node, witnesses, server: self.server, lease: holder.lease, acts: seen.acts })
    }
}

impl Permitted {
    /// Returns the node.
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// Returns who found it silent.
    pub fn witnesses(&self) -> &BTreeSet<NodeName> {
        &self.witnesses
    }

    /// Returns its server.
    pub fn server(&self) -> ServerId {
        self.server
    }

    /// Returns the lease that it holds the leader key by.
    pub fn lease(&self) -> LeaseId {
        self.lease
    }

    /// Returns how many acts were counted when it was permitted.
    pub fn acts(&self) -> u32 {
        self.acts
    }

    /// Takes the cloud's acceptance of a power-off that was asked for at `since_ms`.
    pub(crate) fn accepted(self, action: ActionId, since_ms: u64) -> PowerOffAsked {
        PowerOffAsked { permitted: self, action, since_ms }
    }
}

impl PowerOffAsked {
    /// Returns the action.
    pub fn action(&self) -> ActionId {
        self.action
    }

    /// Returns the node.
    pub fn node(&self) -> &NodeName {
        &self.permitted.node
    }

    /// Returns when the power-off was asked for.
    pub fn since_ms(&self) -> u64 {
        self.since_ms
    }

    /// Takes a look at an action.
    ///
    /// # Errors
    /// The same state again unless *this* action succeeded.
    pub(crate) fn looked(
        self,
        action: ActionId,
        state: &ActionState,
        now_ms: u64,
    ) -> Result<PowerOffDone, Self> {
        if action == self.action && *state == ActionState::Success {
            Ok(PowerOffDone { asked: self, succeeded_ms: now_ms })
        } else {
            Err(self)
        }
    }
}

impl PowerOffDone {
    /// Returns the server.
    pub fn server(&self) -> ServerId {
        self.asked.permitted.server
    }

    /// Returns the node.
    pub fn node(&self) -> &NodeName {
        &self.asked.permitted.node
    }

    /// Returns when the power-off was asked for.
    pub fn since_ms(&self) -> u64 {
        self.asked.since_ms
    }

    /// Takes a look at the server that was asked for at `asked_ms` and answered at `now_ms`.
    ///
    /// # Errors
    /// The same state again unless it is this server, `off`, looked at after the action succeeded,
    /// and the look is not too old.
    pub(crate) fn seen(
        self,
        server: ServerId,
        status: ServerStatus,
        asked_ms: u64,
        now_ms: u64,
        timing: &Timing,
    ) -> Result<Confirmed, Self> {
        let recent = now_ms.saturating_sub(asked_ms) <= timing.sighting_max_age_ms;
        let after = asked_ms >= self.succeeded_ms;
        if server == self.server() && status == ServerStatus::Off && after && recent {
            Ok(Confirmed { done: self, looked_ms: asked_ms })
        } else {
            Err(self)
        }
    }
}

impl Confirmed {
    /// Returns the node that is off.
    pub fn node(&self) -> &NodeName {
        self.done.node()
    }

    /// Returns its server.
    pub fn server(&self) -> ServerId {
        self.done.server()
    }

    /// Returns the order to revoke the dead member's lease.
    ///
    /// # Errors
    /// [`NotRevoked`] unless the leader key, read again after the confirmation, is held by the dead
    /// node and by the lease that it was permitted for, and the sighting is recent.
    pub fn revoke(
        &self,
        reread: Option<&Holder>,
        now_ms: u64,
        timing: &Timing,
    ) -> Result<RevokeOrder, NotRevoked> {
        let permitted = &self.done.asked.permitted;
        let holder = reread.ok_or(NotRevoked::NobodyHolds)?;
        if holder.member != permitted.node || holder.lease != permitted.lease {
            return Err(NotRevoked::OtherHolder(holder.clone()));
        }
        if now_ms.saturating_sub(self.looked_ms) > timing.sighting_max_age_ms {
            return Err(NotRevoked::TooLate);
        }
        Ok(RevokeOrder { lease_id: permitted.lease })
    }

    /// Returns a component's order about this death, to be carried out at a node.
    pub fn order(&self, component: ComponentName, at: NodeName, doing: Doing) -> ReactionOrder {
        ReactionOrder { component, at, dead: self.node().clone(), doing }
    }

    /// Makes one without proof, for engines that are broken on purpose.
    #[cfg(test)]
    pub(crate) fn forged(node: NodeName, server: ServerId, lease: LeaseId, now_ms: u64) -> Self {
        let permitted = Permitted { node, witnesses: BTreeSet::new(), server, lease, acts: 0 };
        let asked = permitted.accepted(ActionId(0), now_ms);
        Self { done: PowerOffDone { asked, succeeded_ms: now_ms }, looked_ms: now_ms }
    }
}

impl RevokeOrder {
    /// Returns the lease to revoke.
    pub fn lease_id(&self) -> LeaseId {
        self.lease_id
    }
}

impl ReactionOrder {
    /// Returns whose order it is.
    pub fn component(&self) -> &ComponentName {
        &self.component
    }

    /// Returns where it is carried out.
    pub fn at(&self) -> &NodeName {
        &self.at
    }

    /// Returns the node that is off.
    pub fn dead(&self) -> &NodeName {
        &self.dead
    }

    /// Returns what is done.
    pub fn doing(&self) -> Doing {
        self.doing
    }
}

#[cfg(test)]
mod tests;
