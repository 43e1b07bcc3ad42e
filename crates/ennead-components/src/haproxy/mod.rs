//! Haproxy.

use async_trait::async_trait;
use ennead_model::{Finding, Node};
use serde::{Deserialize, Serialize};

use crate::{Component, Context, Declaration};

/// Options of haproxy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {}

/// The haproxy component.
#[derive(Debug)]
pub struct Haproxy;

#[async_trait]
impl Component for Haproxy {
    fn name(&self) -> &'static str {
        "haproxy"
    }

    fn after(&self) -> &'static [&'static str] {
        &["pgbouncer"]
    }

    fn declare(&self, _context: &Context<'_>, _node: &Node) -> Declaration {
        Declaration::default()
    }

    fn check(&self, _context: &Context<'_>) -> Vec<Finding> {
        Vec::new()
    }
}
