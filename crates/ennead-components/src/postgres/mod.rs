//! Postgres.

use async_trait::async_trait;
use ennead_model::{Finding, Node};
use serde::{Deserialize, Serialize};

use crate::{Component, Context, Declaration};

/// Options of postgres.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {}

/// The postgres component.
#[derive(Debug)]
pub struct Postgres;

#[async_trait]
impl Component for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn after(&self) -> &'static [&'static str] {
        &["etcd"]
    }

    fn declare(&self, _context: &Context<'_>, _node: &Node) -> Declaration {
        Declaration::default()
    }

    fn check(&self, _context: &Context<'_>) -> Vec<Finding> {
        Vec::new()
    }
}
