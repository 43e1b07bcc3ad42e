//! A way for people into the private networks. See `README.md`.

mod check;
mod observe;
mod place;
mod plan;
mod spec;

pub use plan::gateways;
pub use spec::{Options, Person};

use std::collections::BTreeMap;

use async_trait::async_trait;
use ennead_host::Host;
use ennead_model::{Finding, Node, NodeName};

use crate::component::{ComponentError, Observed};
use crate::{Component, Context, Declaration};

/// The name of the component, also in errors.
const NAME: &str = "vpn";

/// The VPN component.
#[derive(Debug)]
pub struct Vpn;

#[async_trait]
impl Component for Vpn {
    fn name(&self) -> &'static str {
        NAME
    }

    fn after(&self) -> &'static [&'static str] {
        &["base", "firewall", "wireguard"]
    }

    fn place(&self, options: &crate::Options, nodes: &mut BTreeMap<NodeName, Node>) {
        if let Some(gateways) = &options.vpn.gateways {
            place::place_gateways(gateways, nodes);
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
