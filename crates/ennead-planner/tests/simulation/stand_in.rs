//! Components with the real names and the smallest declarations that show every kind of need, and
//! with a revision that stands for "something about it changed".

use std::collections::BTreeMap;

use async_trait::async_trait;
use ennead_components::declaration::{Declaration, Disruption};
use ennead_components::{Component, Context};
use ennead_model::{Condition, Finding, Node, NodeAction, NodeName, Ref, RefKind};

/// Name, what it stands after, whether it is a quorum with data.
const SHAPES: [(&str, &[&str], bool); 6] = [
    ("base", &[], false),
    ("wireguard", &["base"], false),
    ("etcd", &["base", "wireguard"], true),
    ("postgres", &["etcd"], true),
    ("pgbouncer", &["postgres"], false),
    ("haproxy", &["pgbouncer"], false),
];

/// A component that is only its declaration.
#[derive(Debug)]
struct StandIn {
    name: &'static str,
    after: &'static [&'static str],
    quorum: bool,
    revision: u32,
}

/// Makes the list with a revision for each name that has one.
pub(crate) fn stand_ins(revisions: &BTreeMap<&str, u32>) -> Vec<&'static dyn Component> {
    SHAPES
        .iter()
        .map(|(name, after, quorum)| {
            let revision = revisions.get(name).copied().unwrap_or_default();
            let component = StandIn { name, after, quorum: *quorum, revision };
            // A test makes a few dozen of these; they live as long as it does.
            Box::leak(Box::new(component)) as &'static dyn Component
        })
        .collect()
}

impl StandIn {
    fn health(&self, node: &Node) -> Condition {
        Condition::Tcp { address: format!("{}:{}", node.address, self.name) }
    }

    fn content(&self, context: &Context<'_>, node: &Node) -> String {
        let mut lines = vec![format!("revision {}", self.revision)];
        let others = context.fleet.nodes.values().filter(|other| other.site != node.site);
        match self.name {
            "base" => lines.extend(context.fleet.nodes.keys().map(ToString::to_string)),
            "wireguard" => {
                lines.extend(others.map(|n| Ref::new(RefKind::PublicIp, &n.name).to_string()));
            }
            _ => lines.push(Ref::new(RefKind::Secret, self.name).to_string()),
        }
        lines.join("\n")
    }
}

#[async_trait]
impl Component for StandIn {
    fn name(&self) -> &'static str {
        self.name
    }

    fn after(&self) -> &'static [&'static str] {
        self.after
    }

    fn everywhere(&self, _context: &Context<'_>) -> bool {
        matches!(self.name, "base" | "wireguard")
    }

    fn holds_data(&self) -> bool {
        self.quorum
    }

    fn declare(&self, context: &Context<'_>, node: &Node) -> Declaration {
        let file = NodeAction::File {
            path: format!("/etc/{}", self.name).into(),
            content: self.content(context, node),
            owner: "root".to_owned(),
            group: "root".to_owned(),
            mode: 0o600,
            secret: true,
        };
        Declaration {
            files: vec![file],
            health: Some(self.health(node)),
            health_deadline_s: 60,
            disruption: if self.quorum { Disruption::OneAtATime } else { Disruption::Any },
            ..Declaration::default()
        }
    }

    fn gates(&self, context: &Context<'_>, node: &Node) -> Vec<(NodeName, Condition)> {
        let others = context.fleet.running(self.name).filter(|other| other.name != node.name);
        others.map(|other| (other.name.clone(), self.health(other))).collect()
    }

    fn check(&self, _context: &Context<'_>) -> Vec<Finding> {
        Vec::new()
    }
}
