//! What every node has, whatever it runs. See `README.md`.

mod plan;
mod spec;

pub use spec::Options;

use async_trait::async_trait;
use ennead_model::{Finding, Node};

use crate::{Component, Context, Declaration};

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

    fn declare(&self, context: &Context<'_>, node: &Node) -> Declaration {
        plan::declare(context, node)
    }

    fn offers(&self, _context: &Context<'_>, _node: &Node) -> Declaration {
        plan::offers()
    }

    fn check(&self, _context: &Context<'_>) -> Vec<Finding> {
        Vec::new()
    }
}
