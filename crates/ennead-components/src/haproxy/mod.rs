//! The load balancer in front of the database. See `README.md`.

mod check;
mod observe;
mod plan;
mod spec;

pub use plan::{READ_PORT, WRITE_PORT};
pub use spec::Options;

use async_trait::async_trait;
use ennead_host::Host;
use ennead_model::{Finding, Node};

use crate::component::{ComponentError, Observed};
use crate::{Component, Context, Declaration};

/// The name of the component, also in errors.
const NAME: &str = "haproxy";
/// Its runtime socket.
pub(crate) const SOCKET: &str = "/run/haproxy/admin.sock";

/// The HAProxy component.
#[derive(Debug)]
pub struct Haproxy;

#[async_trait]
impl Component for Haproxy {
    fn name(&self) -> &'static str {
        NAME
    }

    fn after(&self) -> &'static [&'static str] {
        &["base", "wireguard", "postgres", "pgbouncer"]
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
