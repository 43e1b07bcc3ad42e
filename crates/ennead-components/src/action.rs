//! Short ways to write the actions and conditions of which declarations are made.

use camino::Utf8PathBuf;
use ennead_model::{ComponentName, Condition, Node, NodeAction, NodeName, OnChange};
use serde::Serialize;

use crate::leaf::CA_PATH;
use crate::{Component, Context, Peers, Port, Protocol};

/// A file of root that everybody may read.
pub(crate) fn file(path: &str, content: String) -> NodeAction {
    owned_file(path, content, "root", "root", 0o644)
}

/// A file without secrets.
pub(crate) fn owned_file(
    path: &str,
    content: String,
    owner: &str,
    group: &str,
    mode: u32,
) -> NodeAction {
    NodeAction::File {
        path: path.into(),
        content,
        owner: owner.to_owned(),
        group: group.to_owned(),
        mode,
        secret: false,
    }
}

/// A file whose content is never shown: readable by its owner, and by its group when that is
/// another than root's.
pub(crate) fn secret_file(path: &str, content: String, owner: &str, group: &str) -> NodeAction {
    NodeAction::File {
        path: path.into(),
        content,
        owner: owner.to_owned(),
        group: group.to_owned(),
        mode: if group == "root" { 0o600 } else { 0o640 },
        secret: true,
    }
}

/// A directory.
pub(crate) fn directory(path: &str, owner: &str, group: &str, mode: u32) -> NodeAction {
    NodeAction::Directory {
        path: path.into(),
        owner: owner.to_owned(),
        group: group.to_owned(),
        mode,
    }
}

/// A kernel setting.
pub(crate) fn sysctl(key: &str, value: &str) -> NodeAction {
    NodeAction::Sysctl { key: key.to_owned(), value: value.to_owned() }
}

/// A unit that starts at boot and runs now.
pub(crate) fn unit(name: &str, on_change: OnChange, watches: &[Utf8PathBuf]) -> NodeAction {
    let (name, watches) = (name.to_owned(), watches.to_vec());
    NodeAction::Unit { name, enabled: true, running: true, on_change, watches }
}

/// A unit that neither starts at boot nor runs.
pub(crate) fn unit_off(name: &str) -> NodeAction {
    NodeAction::Unit {
        name: name.to_owned(),
        enabled: false,
        running: false,
        on_change: OnChange::Nothing,
        watches: Vec::new(),
    }
}

/// A component's own action. Arguments are plain data without secrets.
pub(crate) fn verb(verb: &str, arguments: &impl Serialize, deadline_s: u32) -> NodeAction {
    let arguments = serde_json::to_value(arguments).expect("plain data becomes JSON");
    NodeAction::Component { verb: verb.to_owned(), arguments, deadline_s }
}

/// A TCP port.
pub(crate) fn tcp(number: u16, peers: Peers, purpose: &str) -> Port {
    Port { number, protocol: Protocol::Tcp, peers, purpose: purpose.to_owned() }
}

/// An answer with status 200 to a GET over TLS of the platform's authority.
pub(crate) fn https_ok(url: String) -> Condition {
    Condition::Https {
        url,
        method: "GET".to_owned(),
        ca: CA_PATH.into(),
        identity: None,
        status: vec![200],
        body_contains: None,
    }
}

/// A command that ends with status 0.
pub(crate) fn succeeds(argv: &[&str]) -> Condition {
    Condition::Command {
        argv: argv.iter().map(|&arg| arg.to_owned()).collect(),
        user: "root".to_owned(),
        stdout_contains: None,
    }
}

/// Every other instance of the component is healthy: the gate of a member of a quorum.
pub(crate) fn others_are_healthy(
    component: &dyn Component,
    context: &Context<'_>,
    node: &Node,
) -> Vec<(NodeName, Condition)> {
    context
        .fleet
        .running(component.name())
        .filter(|other| other.name != node.name)
        .filter_map(|other| Some((other.name.clone(), component.declare(context, other).health?)))
        .collect()
}

/// The nodes that run any of these components.
pub(crate) fn peers(components: &[&str]) -> Peers {
    let name = |name: &&str| ComponentName::new(*name).expect("a component's name");
    Peers::Components(components.iter().map(name).collect())
}
