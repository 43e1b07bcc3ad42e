//! The contract of a component.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use ennead_host::{Host, HostError};
use ennead_model::{Condition, Finding, Fleet, Inventory, Node, NodeName};
use thiserror::Error;

use crate::Options;
use crate::declaration::Declaration;

/// What a declaration is computed from. Pure data: no host, clock or random source.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// All nodes.
    pub fleet: &'a Fleet,
    /// The options of all components.
    pub options: &'a Options,
    /// What is known of the world; empty when nothing is. Only for decisions that depend on
    /// whether a cluster exists already, such as joining instead of bootstrapping. Files must not
    /// depend on it, or a second run would change them.
    pub inventory: &'a Inventory,
}

/// A component's own action or observation that failed on a node.
#[derive(Debug, Error)]
pub enum ComponentError {
    /// A command or file of the node.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The program answered something that is not understood.
    #[error("{component}: {what}")]
    Answer {
        /// Which component.
        component: &'static str,
        /// What was answered and what was expected.
        what: String,
    },
    /// The component has no such verb.
    #[error("{component} has no action {verb:?}")]
    Verb {
        /// Which component.
        component: &'static str,
        /// What was asked for.
        verb: String,
    },
}

/// What a component says of itself on a node, beyond its health condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// What it is now, for example `primary`, `replica`, `leader`.
    pub role: Option<String>,
    /// Further facts for people, such as `lag_bytes`.
    pub facts: BTreeMap<String, String>,
}

/// A component. The first group of methods is pure and runs anywhere; the second runs on the node.
#[async_trait]
pub trait Component: Send + Sync {
    /// Returns its name: the noun of the program, the folder and the key in the spec.
    fn name(&self) -> &'static str;

    /// Returns the components that must have converged before it, on all nodes. Names of
    /// components that stand earlier in the list.
    fn after(&self) -> &'static [&'static str];

    /// Returns whether the platform gives it to every node without being asked (base, for example).
    fn everywhere(&self, _context: &Context<'_>) -> bool {
        false
    }

    /// Moves its instances to where its options say, after tiers and exceptions have been applied
    /// and before [`Component::everywhere`] is asked. Names that are no node are left to `check`.
    /// Doing it twice is doing it once.
    fn place(&self, _options: &Options, _nodes: &mut BTreeMap<NodeName, Node>) {}

    /// Returns the nodes whose majority its cluster needs; `None` when it needs none. The option
    /// that lists them, if it has one, is called `voters`.
    fn quorum(&self, _context: &Context<'_>) -> Option<BTreeSet<NodeName>> {
        None
    }

    /// Returns what it needs on a node. The same input gives the same bytes.
    fn declare(&self, context: &Context<'_>, node: &Node) -> Declaration;

    /// Returns the part of its declaration that other components read: ports, interfaces, host names.
    /// Must not ask other components. One whose declaration is made from those of others overrides
    /// it, or asking would not end; what it returns must agree with its declaration.
    fn offers(&self, context: &Context<'_>, node: &Node) -> Declaration {
        self.declare(context, node)
    }

    /// Returns what is wrong or remarkable about its options and placement.
    fn check(&self, context: &Context<'_>) -> Vec<Finding>;

    /// Returns on which other nodes what must hold before its instance on `node` is disturbed while
    /// the cluster runs: usually that every other instance is healthy.
    fn gates(
        &self,
        _context: &Context<'_>,
        _node: &Node,
    ) -> Vec<(ennead_model::NodeName, Condition)> {
        Vec::new()
    }

    /// Returns whether losing the node's disk loses data that no other instance has to have.
    fn holds_data(&self) -> bool {
        false
    }

    /// Returns the names of its secrets of which a running cluster takes no other value: commands
    /// that change secrets refuse them.
    fn kept_secrets(&self) -> &'static [&'static str] {
        &[]
    }

    /// Says, on the node, what the instance is at this moment. Never changes anything.
    ///
    /// # Errors
    /// [`ComponentError`] when the instance cannot be asked; the role is then unknown.
    async fn observe(&self, _host: &dyn Host) -> Result<Observed, ComponentError> {
        Ok(Observed::default())
    }

    /// Carries out one of its own actions on the node. Idempotent. True when something changed.
    ///
    /// # Errors
    /// [`ComponentError`].
    async fn apply(
        &self,
        _host: &dyn Host,
        verb: &str,
        _arguments: &serde_json::Value,
    ) -> Result<bool, ComponentError> {
        Err(ComponentError::Verb { component: self.name(), verb: verb.to_owned() })
    }
}
