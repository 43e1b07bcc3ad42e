//! Wireguard.

use async_trait::async_trait;
use ennead_model::{Finding, Node};
use serde::{Deserialize, Serialize};

use crate::{Component, Context, Declaration};

/// Options of wireguard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {}

/// The wireguard component.
#[derive(Debug)]
pub struct Wireguard;

#[async_trait]
impl Component for Wireguard {
    fn name(&self) -> &'static str {
        "wireguard"
    }

    fn after(&self) -> &'static [&'static str] {
        &["base"]
    }

    fn everywhere(&self, context: &Context<'_>) -> bool {
        let mut sites = context.fleet.nodes.values().map(|node| &node.site);
        let first = sites.next();
        sites.any(|site| Some(site) != first)
    }

    fn declare(&self, _context: &Context<'_>, _node: &Node) -> Declaration {
        Declaration::default()
    }

    fn check(&self, _context: &Context<'_>) -> Vec<Finding> {
        Vec::new()
    }
}
