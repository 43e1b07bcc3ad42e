//! Fenced failover: a daemon that ends the doubt about a dead primary. See `README.md`.

mod check;
mod observe;
mod plan;
mod spec;

pub use spec::Options;

use std::collections::BTreeMap;

use async_trait::async_trait;
use ennead_host::Host;
use ennead_model::{ComponentName, Finding, Node, NodeName};

use crate::component::{ComponentError, Observed};
use crate::{Component, Context, Declaration};

/// The name of the component.
const NAME: &str = "guard";

/// The guard component.
#[derive(Debug)]
pub struct Guard;

#[async_trait]
impl Component for Guard {
    fn name(&self) -> &'static str {
        NAME
    }

    fn after(&self) -> &'static [&'static str] {
        &["base", "wireguard", "etcd", "postgres", "haproxy"]
    }

    fn place(&self, options: &crate::Options, nodes: &mut BTreeMap<NodeName, Node>) {
        let Ok(guard) = ComponentName::new(NAME) else { return };
        for witness in &options.guard.witnesses {
            if let Some(node) = nodes.get_mut(witness) {
                node.components.insert(guard.clone());
            }
        }
    }

    fn declare(&self, context: &Context<'_>, node: &Node) -> Declaration {
        plan::declare(context, node)
    }

    fn check(&self, context: &Context<'_>) -> Vec<Finding> {
        check::check(context)
    }

    async fn observe(&self, host: &dyn Host) -> Result<Observed, ComponentError> {
        observe::observe(host).await
    }
}
