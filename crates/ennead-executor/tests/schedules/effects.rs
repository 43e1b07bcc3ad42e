//! What a walk can do: the cloud through the real client, the nodes in the simulated world.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ennead_executor::cloud::apply_cloud;
use ennead_executor::walk::{EffectError, Effects};
use ennead_host::clock::wait_until;
use ennead_model::{
    CloudAction, Condition, NodeName, NodeOrder, NodeReport, Outcome, RefResolver as _,
};
use tokio_util::sync::CancellationToken;

use crate::operator::{Operator, chain};

/// Ends the program when it begins an effect after so many.
#[derive(Debug, Default)]
pub(crate) struct Kill {
    pub(crate) after: Option<usize>,
    pub(crate) begun: AtomicUsize,
    pub(crate) killed: CancellationToken,
}

impl Kill {
    async fn begin(&self) {
        let before = self.begun.fetch_add(1, Ordering::Relaxed);
        if self.after.is_some_and(|after| before >= after) {
            self.killed.cancel();
            std::future::pending::<()>().await;
        }
    }
}

fn effect_error(error: &dyn std::error::Error) -> EffectError {
    EffectError::new(chain(error))
}

impl Operator<'_> {
    /// Finds a node's public address when its server was made a moment ago.
    async fn learn_address(&self, node: &NodeName) -> Result<(), EffectError> {
        if self.resolver.public_ip(node.as_str()).is_some() {
            return Ok(());
        }
        let server = self.client.server_named(node.as_str()).await;
        let server = server.map_err(|error| effect_error(&error))?;
        let found = server.and_then(|it| Some((it.id, it.public_net.ipv4?.ip.parse().ok()?)));
        let (id, address) =
            found.ok_or_else(|| EffectError::new(format!("{node}: its server has no address")))?;
        self.resolver.learn_server(node, id, address);
        Ok(())
    }
}

#[async_trait]
impl Effects for Operator<'_> {
    async fn cloud(&self, action: &CloudAction) -> Result<bool, EffectError> {
        self.kill.begin().await;
        let platform = &self.bench.wish.spec.platform;
        let outcome = apply_cloud(&self.client, platform, action, &self.resolver).await;
        let outcome =
            outcome.map_err(|error| EffectError::new(chain(&error)).hint(error.hint()))?;
        Ok(outcome == Outcome::Changed)
    }

    async fn reach(&self, node: &NodeName) -> Result<bool, EffectError> {
        self.kill.begin().await;
        self.learn_address(node).await?;
        // A server that an earlier run began to attach or to start answers when that has ended.
        let patience = Duration::from_mins(1);
        let waited = wait_until(patience, Duration::from_millis(2), || async {
            let is_quiet = self.bench.lab.engine().unfinished() == 0;
            self.bench.bind_nodes();
            match self.bench.nodes.reach(node).await {
                Err(error) if !is_quiet => Err(error.error),
                ended => Ok(ended),
            }
        });
        waited.await.map_err(|error| effect_error(&error))?
    }

    async fn converge(&self, order: &NodeOrder) -> Result<NodeReport, EffectError> {
        self.kill.begin().await;
        // The node gets its order with references: its world makes the digest by itself. That all of
        // them can be resolved now is what is tested here.
        order.resolve(&self.resolver).map_err(|error| effect_error(&error))?;
        let own = ennead_model::Ref::new(ennead_model::RefKind::PublicIp, &order.node);
        self.resolver.resolve(&own).map_err(|error| effect_error(&error))?;
        self.bench.bind_nodes();
        self.bench.nodes.converge(order).await
    }

    async fn test(&self, node: &NodeName, condition: &Condition) -> (bool, String) {
        self.bench.bind_nodes();
        self.bench.nodes.test(node, condition).await
    }
}
