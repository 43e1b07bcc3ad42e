//! One confirmed death, one reaction per component.
//!
//! Each component that would otherwise wait for a timeout says here what it does when a node is
//! certainly off. A reaction must be safe to repeat; it cannot be reached without the proof, since an
//! order is made from a [`Confirmed`] only.

use std::fmt;

use ennead_model::{ComponentName, NodeName};

use crate::fence::{Confirmed, NotRevoked, ReactionOrder, RevokeOrder};
use crate::timing::Timing;
use crate::words::Holder;

/// What is done about a dead node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doing {
    /// A load balancer marks all servers of the dead node down, at once and without waiting for its
    /// own checks (HAProxy's runtime socket, `set server BACKEND/NAME health down`). Its checks go on
    /// and bring the server back when it answers, so nothing has to be undone.
    MarkDown,
    /// A living node's kernel refuses connections to the dead node's private address for a few
    /// seconds, so that no program waits for an answer that cannot come. Patroni asks every member
    /// before it takes over and gives a dead one two seconds (`patroni/ha.py`,
    /// `fetch_node_status`); it asks twice. The refusal ends by itself, so nothing has to be undone.
    Refuse,
}

/// What one component does when a node is confirmed off.
pub trait Reaction: fmt::Debug + Send + Sync {
    /// Returns which component it is.
    fn component(&self) -> &ComponentName;

    /// Returns its orders about this death. None by default.
    fn orders(&self, _proof: &Confirmed) -> Vec<ReactionOrder> {
        Vec::new()
    }

    /// Returns the revocation of the dead member's lease, if that is this component's reaction. The
    /// default is that it is not.
    ///
    /// `reread` is the leader key as it was read after the confirmation.
    fn revocation(
        &self,
        _proof: &Confirmed,
        _reread: Option<&Holder>,
        _now_ms: u64,
        _timing: &Timing,
    ) -> Option<Result<RevokeOrder, NotRevoked>> {
        None
    }
}

/// PostgreSQL's reaction: the dead primary's lease is revoked, so that its leader key vanishes and
/// a replica takes over at once instead of after the lease has run out.
#[derive(Debug)]
pub struct Postgres {
    component: ComponentName,
}

impl Postgres {
    /// Makes the reaction, under the component's name.
    pub fn new(component: ComponentName) -> Self {
        Self { component }
    }
}

impl Reaction for Postgres {
    fn component(&self) -> &ComponentName {
        &self.component
    }

    fn revocation(
        &self,
        proof: &Confirmed,
        reread: Option<&Holder>,
        now_ms: u64,
        timing: &Timing,
    ) -> Option<Result<RevokeOrder, NotRevoked>> {
        Some(proof.revoke(reread, now_ms, timing))
    }
}

/// The load balancers' reaction: each of them marks the dead node's servers down.
#[derive(Debug)]
pub struct Balancers {
    component: ComponentName,
    nodes: Vec<NodeName>,
}

impl Balancers {
    /// Makes the reaction, under the component's name, for the nodes that run a load balancer.
    pub fn new(component: ComponentName, nodes: Vec<NodeName>) -> Self {
        Self { component, nodes }
    }
}

impl Reaction for Balancers {
    fn component(&self) -> &ComponentName {
        &self.component
    }

    fn orders(&self, proof: &Confirmed) -> Vec<ReactionOrder> {
        orders(proof, &self.component, &self.nodes, Doing::MarkDown)
    }
}

/// The reaction of the nodes' own kernels: each of them refuses connections to the dead node.
#[derive(Debug)]
pub struct Kernels {
    component: ComponentName,
    nodes: Vec<NodeName>,
}

impl Kernels {
    /// Makes the reaction, under the component's name, for the nodes that run a guard.
    pub fn new(component: ComponentName, nodes: Vec<NodeName>) -> Self {
        Self { component, nodes }
    }
}

impl Reaction for Kernels {
    fn component(&self) -> &ComponentName {
        &self.component
    }

    fn orders(&self, proof: &Confirmed) -> Vec<ReactionOrder> {
        orders(proof, &self.component, &self.nodes, Doing::Refuse)
    }
}

/// Returns the same order for each living node.
fn orders(
    proof: &Confirmed,
    component: &ComponentName,
    nodes: &[NodeName],
    doing: Doing,
) -> Vec<ReactionOrder> {
    let living = nodes.iter().filter(|node| *node != proof.node());
    living.map(|node| proof.order(component.clone(), node.clone(), doing)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{LeaseId, ServerId};

    #[test]
    fn every_living_node_is_told_and_the_dead_one_is_not() {
        let node = |text: &str| NodeName::new(text).unwrap();
        let component = ComponentName::new("some").unwrap();
        let nodes = vec![node("n1"), node("n2"), node("n3")];
        let proof = Confirmed::forged(node("n2"), ServerId(2), LeaseId(1), 0);
        let reactions: [(Box<dyn Reaction>, Doing); 2] = [
            (Box::new(Balancers::new(component.clone(), nodes.clone())), Doing::MarkDown),
            (Box::new(Kernels::new(component, nodes)), Doing::Refuse),
        ];
        for (reaction, doing) in reactions {
            let orders = reaction.orders(&proof);
            let at: Vec<&str> = orders.iter().map(|order| order.at().as_str()).collect();
            assert_eq!(at, ["n1", "n3"]);
            assert!(orders.iter().all(|it| it.dead().as_str() == "n2" && it.doing() == doing));
        }
    }
}
