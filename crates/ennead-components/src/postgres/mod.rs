//! The database: PostgreSQL under Patroni. See `README.md`.

mod apply;
mod check;
pub mod drill;
mod memory;
mod observe;
mod plan;
mod settings;
mod spec;


pub use memory::{Memory, connections_max, memory};
pub use spec::Options;

use async_trait::async_trait;
use ennead_host::Host;
use ennead_model::{Condition, Finding, Node, NodeName};

use crate::component::{ComponentError, Observed};
use crate::{Component, Context, Declaration, action};

pub(crate) use plan::USER;

/// The name of the component, also in errors.
const NAME: &str = "postgres";
/// The port of PostgreSQL.
pub(crate) const PORT: u16 = 5432;
/// The port of Patroni's REST API.
pub(crate) const REST_PORT: u16 = 8008;
/// Where local clients find PostgreSQL.
pub(crate) const SOCKET_DIRECTORY: &str = "/var/run/postgresql";
/// The application's database and role.
pub(crate) const APP: &str = "app";
/// The secret of the application's role.
pub(crate) const APP_SECRET: &str = "postgres-app";

/// The PostgreSQL component.
#[derive(Debug)]
pub struct Postgres;

#[async_trait]
impl Component for Postgres {
    fn name(&self) -> &'static str {
        NAME
    }

    fn after(&self) -> &'static [&'static str] {
        &["base", "wireguard", "etcd"]
    }

    fn declare(&self, context: &Context<'_>, node: &Node) -> Declaration {
        plan::declare(context, node)
    }

    fn check(&self, context: &Context<'_>) -> Vec<Finding> {
        check::check(context)
    }

    fn gates(&self, context: &Context<'_>, node: &Node) -> Vec<(NodeName, Condition)> {
        action::others_are_healthy(self, context, node)
    }

    fn holds_data(&self) -> bool {
        true
    }

    /// Members use these among themselves while one after another is changed: decision 0009.
    fn kept_secrets(&self) -> &'static [&'static str] {
        &["postgres-superuser", "postgres-replication", "postgres-rewind"]
    }

    async fn observe(&self, host: &dyn Host) -> Result<Observed, ComponentError> {
        observe::observe(host).await
    }

    async fn apply(
        &self,
        host: &dyn Host,
        verb: &str,
        arguments: &serde_json::Value,
    ) -> Result<bool, ComponentError> {
        apply::apply(host, verb, arguments).await
    }
}
