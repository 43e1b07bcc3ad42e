//! Etcd.

pub mod voters;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use ennead_model::{Finding, Node, NodeName};
use serde::{Deserialize, Serialize};

use crate::{Component, Context, Declaration};

/// Options of etcd.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The nodes that vote, which are the nodes that run etcd. When absent, every node whose tier
    /// or exception lists etcd. Use an odd number: an even one needs a larger majority and survives
    /// no more.
    pub voters: Option<BTreeSet<NodeName>>,
}

/// The etcd component.
#[derive(Debug)]
pub struct Etcd;

#[async_trait]
impl Component for Etcd {
    fn name(&self) -> &'static str {
        "etcd"
    }

    fn after(&self) -> &'static [&'static str] {
        &["base", "wireguard"]
    }

    fn place(&self, options: &crate::Options, nodes: &mut BTreeMap<NodeName, Node>) {
        if let Some(voters) = &options.etcd.voters {
            voters::place_voters(voters, nodes);
        }
    }

    fn quorum(&self, context: &Context<'_>) -> Option<BTreeSet<NodeName>> {
        Some(context.fleet.running(self.name()).map(|node| node.name.clone()).collect())
    }

    fn declare(&self, _context: &Context<'_>, _node: &Node) -> Declaration {
        Declaration::default()
    }

    fn check(&self, context: &Context<'_>) -> Vec<Finding> {
        let voters = context.options.etcd.voters.as_ref();
        voters.map_or_else(Vec::new, |voters| voters::check_voters(voters, context.fleet))
    }
}
