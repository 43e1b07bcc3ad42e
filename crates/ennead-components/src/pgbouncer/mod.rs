//! The connection pooler beside each PostgreSQL. See `README.md`.

mod check;
mod plan;
mod spec;

pub use plan::{FILES_MAX, backends_max};
pub use spec::Options;

use async_trait::async_trait;
use ennead_model::{Finding, Node};

use crate::{Component, Context, Declaration};

/// The name of the component.
const NAME: &str = "pgbouncer";
/// The port for clients.
pub(crate) const PORT: u16 = 6432;

/// The PgBouncer component.
#[derive(Debug)]
pub struct Pgbouncer;

#[async_trait]
impl Component for Pgbouncer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn after(&self) -> &'static [&'static str] {
        &["base", "wireguard", "postgres"]
    }

    fn declare(&self, context: &Context<'_>, node: &Node) -> Declaration {
        plan::declare(context, node)
    }

    fn check(&self, context: &Context<'_>) -> Vec<Finding> {
        check::check(context)
    }
}
