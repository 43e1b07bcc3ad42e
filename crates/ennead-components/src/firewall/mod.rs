//! The node's own packet filter, made from what all components offer. See `README.md`.

mod apply;
mod check;
mod observe;
mod plan;
mod rules;
mod spec;

pub use spec::Options;

use async_trait::async_trait;
use ennead_host::Host;
use ennead_model::{Finding, Node};

use crate::component::{ComponentError, Observed};
use crate::{Component, Context, Declaration};

/// Its name, in errors too.
const NAME: &str = "firewall";

/// The firewall component.
#[derive(Debug)]
pub struct Firewall;

#[async_trait]
impl Component for Firewall {
    fn name(&self) -> &'static str {
        NAME
    }

    fn after(&self) -> &'static [&'static str] {
        &["base"]
    }

    fn everywhere(&self, _context: &Context<'_>) -> bool {
        true
    }

    fn declare(&self, context: &Context<'_>, node: &Node) -> Declaration {
        plan::declare(context, node)
    }

    fn offers(&self, _context: &Context<'_>, _node: &Node) -> Declaration {
        Declaration::default()
    }

    fn check(&self, context: &Context<'_>) -> Vec<Finding> {
        check::check(context)
    }

    async fn observe(&self, host: &dyn Host) -> Result<Observed, ComponentError> {
        observe::observe(host).await
    }

    async fn apply(
        &self,
        host: &dyn Host,
        verb: &str,
        _arguments: &serde_json::Value,
    ) -> Result<bool, ComponentError> {
        apply::apply(host, verb).await
    }
}
