//! What the guard's commands reach: each runs as a task of its own, and tells what came of it.

use std::sync::Arc;
use std::time::Duration;

use ennead_guard::config::Config;
use ennead_guard::fence::ReactionOrder;
use ennead_guard::react::Doing;
use ennead_guard::{Event, LeaseId, Request};
use ennead_host::clock::Stopwatch;
use ennead_model::NodeName;
use tokio::sync::mpsc::UnboundedSender;

use super::cloud::Cloud;
use super::cluster::{Elected, Reading};
use super::etcd::Renewal;
use super::haproxy;
use super::reach::Prober;
use super::reaction;
use super::refuse;
use super::store::{Store, VotesReading, Voting};

/// What happened, for the one task that owns the guard.
#[derive(Debug)]
pub(crate) enum Happened {
    /// Something for the guard alone.
    Guard(Event),
    /// The cluster was read, or why not.
    Cluster(Request, Result<Box<Reading>, String>),
    /// The votes were read; none if they were not.
    Votes(Request, Option<VotesReading>),
    /// A vote was written, or not.
    Voted(Voting),
    /// A lease that was asked for at this time was granted; none if not.
    Granted(u64, Option<(LeaseId, u64)>),
    /// A renewal that was sent at this time ended; none if it was not answered.
    Renewed(u64, LeaseId, Option<Renewal>),
    /// A campaign ended: the election key at a revision; none if it was not answered.
    Campaigned(Option<(u64, Option<Elected>)>),
}

/// Everything that tasks share.
#[derive(Debug)]
pub(crate) struct Hands {
    pub(crate) config: Config,
    pub(crate) store: Arc<Store>,
    pub(crate) cloud: Cloud,
    pub(crate) prober: Prober,
    pub(crate) clock: Stopwatch,
    pub(crate) tell: UnboundedSender<Happened>,
}

impl Hands {
    /// Returns milliseconds of this process's clock, which never goes back.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns how long it is until a time of that clock.
    pub(crate) fn left(&self, until_ms: u64) -> Duration {
        Duration::from_millis(until_ms.saturating_sub(self.now_ms()))
    }

    /// Runs a task and tells what came of it.
    pub(crate) fn start<F>(self: &Arc<Self>, task: impl FnOnce(Arc<Self>) -> F)
    where
        F: Future<Output = Happened> + Send + 'static,
    {
        let tell = self.tell.clone();
        let task = task(Arc::clone(self));
        // Nobody listens any more when the guard ends.
        tokio::spawn(async move { tell.send(task.await).unwrap_or_default() });
    }

    /// Carries a reaction out if it is this node's own, else leaves it for that node's guard.
    pub(crate) fn react(self: &Arc<Self>, order: &ReactionOrder) {
        if *order.at() == self.config.node {
            return self.carry_out(order.doing(), order.dead().clone());
        }
        let (at, stored) = (order.at().clone(), reaction::stored(order));
        let hands = Arc::clone(self);
        tokio::spawn(async move {
            let Some((name, value)) = stored else { return };
            if let Err(error) = hands.store.want(&at, &name, value).await {
                tracing::warn!(%at, %error, "a reaction was not left for its guard");
            }
        });
    }

    /// Carries a reaction out on this node.
    pub(crate) fn carry_out(self: &Arc<Self>, doing: Doing, dead: NodeName) {
        let hands = Arc::clone(self);
        tokio::spawn(async move {
            match doing {
                Doing::MarkDown => hands.mark_down(&dead).await,
                Doing::Refuse => hands.refuse(&dead).await,
            }
        });
    }

    /// Marks a dead node's servers down at this node's load balancer.
    async fn mark_down(&self, dead: &NodeName) {
        let Some(socket) = &self.config.balancer_socket else {
            return tracing::warn!(%dead, "no load balancer is configured here");
        };
        match haproxy::mark_down(socket, dead).await {
            Ok(servers) => tracing::info!(%dead, ?servers, "marked down at the load balancer"),
            Err(error) => tracing::warn!(%dead, %error, "not marked down"),
        }
    }

    /// Has this node's kernel refuse connections to a dead node.
    async fn refuse(&self, dead: &NodeName) {
        if !self.config.refuses {
            return;
        }
        let Some(database) = self.config.databases.get(dead) else {
            return tracing::warn!(%dead, "its address is not known here");
        };
        match refuse::refuse(database.address).await {
            Ok(()) => tracing::info!(%dead, "connections to it are refused for a moment"),
            Err(error) => tracing::warn!(%dead, %error, "connections to it are not refused"),
        }
    }
}
