//! Base.

use async_trait::async_trait;
use ennead_model::{Finding, Node};
use serde::{Deserialize, Serialize};

use crate::{Component, Context, Declaration};

/// Options of base.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {}

/// The base component.
#[derive(Debug)]
pub struct Base;

#[async_trait]
impl Component for Base {
    fn name(&self) -> &'static str {
        "base"
    }

    fn after(&self) -> &'static [&'static str] {
        &[]
    }

    fn everywhere(&self, _context: &Context<'_>) -> bool {
        true
    }

    fn declare(&self, _context: &Context<'_>, _node: &Node) -> Declaration {
        Declaration::default()
    }

    fn check(&self, _context: &Context<'_>) -> Vec<Finding> {
        Vec::new()
    }
}
