//! Tunnels between the nodes of different sites. See `README.md`.

mod check;
mod observe;
mod plan;
mod spec;

pub use spec::Options;

use async_trait::async_trait;
use ennead_host::Host;
use ennead_model::{Finding, Node};

use crate::component::{ComponentError, Observed};
use crate::{Component, Context, Declaration};

/// The WireGuard component.
#[derive(Debug)]
pub struct Wireguard;

#[async_trait]
impl Component for Wireguard {
    fn name(&self) -> &'static str {
        "wireguard"
    }

    fn after(&self) -> &'static [&'static str] {
        &["base", "firewall"]
    }

    fn everywhere(&self, context: &Context<'_>) -> bool {
        plan::has_several_sites(context)
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
