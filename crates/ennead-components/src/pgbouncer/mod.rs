//! Pgbouncer.

use async_trait::async_trait;
use ennead_model::{Finding, Node};
use serde::{Deserialize, Serialize};

use crate::{Component, Context, Declaration};

/// Options of pgbouncer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {}

/// The pgbouncer component.
#[derive(Debug)]
pub struct Pgbouncer;

#[async_trait]
impl Component for Pgbouncer {
    fn name(&self) -> &'static str {
        "pgbouncer"
    }

    fn after(&self) -> &'static [&'static str] {
        &["postgres"]
    }

    fn declare(&self, _context: &Context<'_>, _node: &Node) -> Declaration {
        Declaration::default()
    }

    fn check(&self, _context: &Context<'_>) -> Vec<Finding> {
        Vec::new()
    }
}
