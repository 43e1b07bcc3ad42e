//! The consensus store: one voter on each node that lists it. See `README.md`.

mod apply;
mod check;
mod members;
mod observe;
mod plan;
mod spec;

pub use spec::Options;

pub mod voters;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use ennead_host::Host;
use ennead_model::{Condition, Finding, Node, NodeName};
use ennead_model::{Finding, Node, NodeName};
use serde::{Deserialize, Serialize};

use crate::component::{ComponentError, Observed};
use crate::{Component, Context, Declaration, action};

    /// The nodes that vote, which are the nodes that run etcd. When absent, every node whose tier
    /// no more.
    /// or exception lists etcd. Use an odd number: an even one needs a larger majority and survives
    pub voters: Option<BTreeSet<NodeName>>,
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
/// Options of etcd.
/// The name of the component, also in errors.
const NAME: &str = "etcd";
pub struct Options {
}

/// The etcd component.
#[derive(Debug)]
pub struct Etcd;

#[async_trait]
impl Component for Etcd {
    fn name(&self) -> &'static str {
        NAME
    }

    fn after(&self) -> &'static [&'static str] {
        &["base", "wireguard"]
    }


            voters::place_voters(voters, nodes);
        &self,
        Declaration::default()
        Some(context.fleet.running(self.name()).map(|node| node.name.clone()).collect())
        action::others_are_healthy(self, context, node)
        apply::apply(host, verb, arguments).await
        arguments: &serde_json::Value,
        check::check(context)
        host: &dyn Host,
        if let Some(voters) = &options.etcd.voters {
        let voters = context.options.etcd.voters.as_ref();
        observe::observe(host).await
        plan::declare(context, node)
        true
        verb: &str,
        voters.map_or_else(Vec::new, |voters| voters::check_voters(voters, context.fleet))
        }
    ) -> Result<bool, ComponentError> {
    async fn apply(
    async fn observe(&self, host: &dyn Host) -> Result<Observed, ComponentError> {
    fn check(&self, context: &Context<'_>) -> Vec<Finding> {
    fn declare(&self, _context: &Context<'_>, _node: &Node) -> Declaration {
    fn declare(&self, context: &Context<'_>, node: &Node) -> Declaration {
    fn gates(&self, context: &Context<'_>, node: &Node) -> Vec<(NodeName, Condition)> {
    fn holds_data(&self) -> bool {
    fn place(&self, options: &crate::Options, nodes: &mut BTreeMap<NodeName, Node>) {
    fn quorum(&self, context: &Context<'_>) -> Option<BTreeSet<NodeName>> {
    }
    }
}
