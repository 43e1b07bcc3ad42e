//! The consensus store: one voter on each node that lists it. See `README.md`.

mod apply;
mod check;
mod leader;
mod members;
mod observe;
mod plan;
mod spec;
mod voters;

pub(crate) use apply::client;
pub(crate) use plan::{client_url, client_urls};
pub use spec::Options;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use ennead_host::Host;
use ennead_model::{Condition, Finding, Node, NodeName};

use crate::component::{ComponentError, Observed};
use crate::{Component, Context, Declaration, action};

/// The name of the component, also in errors.
const NAME: &str = "etcd";

/// The etcd component.
#[derive(Debug)]
pub struct Etcd;

#[async_trait]
impl Component for Etcd {
    fn name(&self) -> &'static str {
        NAME
    }

    fn after(&self) -> &'static [&'static str] {
        &["base", "wireguard"]
    }

    fn place(&self, options: &crate::Options, nodes: &mut BTreeMap<NodeName, Node>) {
        if let Some(voters) = &options.etcd.voters {
            voters::place_voters(voters, nodes);
        }
    }

    fn quorum(&self, context: &Context<'_>) -> Option<BTreeSet<NodeName>> {
        Some(context.fleet.running(NAME).map(|node| node.name.clone()).collect())
    }

    fn declare(&self, context: &Context<'_>, node: &Node) -> Declaration {
        plan::declare(context, node)
    }

    fn check(&self, context: &Context<'_>) -> Vec<Finding> {
        check::check(context)
    }

    fn gates(&self, context: &Context<'_>, node: &Node) -> Vec<(NodeName, Condition)> {
        action::others_are_healthy(self, context, node)
    }

    fn holds_data(&self) -> bool {
        true
    }

    async fn observe(&self, host: &dyn Host) -> Result<Observed, ComponentError> {
        observe::observe(host).await
    }

    async fn apply(
        &self,
        host: &dyn Host,
        verb: &str,
        arguments: &serde_json::Value,
    ) -> Result<bool, ComponentError> {
        apply::apply(host, verb, arguments).await
    }
}
