//! Etcd.

use async_trait::async_trait;
use ennead_model::{Finding, Node};
use serde::{Deserialize, Serialize};

use crate::{Component, Context, Declaration};

/// Options of etcd.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {}

/// The etcd component.
#[derive(Debug)]
pub struct Etcd;

#[async_trait]
impl Component for Etcd {
    fn name(&self) -> &'static str {
        "etcd"
    }

    fn after(&self) -> &'static [&'static str] {
        &["base", "wireguard"]
    }

    fn declare(&self, _context: &Context<'_>, _node: &Node) -> Declaration {
        Declaration::default()
    }

    fn check(&self, _context: &Context<'_>) -> Vec<Finding> {
        Vec::new()
    }
}
