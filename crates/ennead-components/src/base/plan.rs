//! What every node needs.

use std::collections::BTreeSet;

use askama::Template;
use ennead_model::{Condition, Node, NodeAction, Ref, RefKind};

use super::Options;
use crate::action::{directory, file, succeeds, sysctl, tcp};
use crate::leaf::{CA_PATH, internal_name};
use crate::render::render;
use crate::{ALL, Context, Declaration, Peers, runs_on};

const HEALTH_DEADLINE_S: u32 = 30;
/// Seconds that a short system command has.
const COMMAND_DEADLINE_S: u32 = 30;

/// The port of the image's SSH server, over which orders come.
const SSH_PORT: u16 = 22;

const JOURNALD_PATH: &str = "/etc/systemd/journald.conf.d/ennead.conf";
const TIMESYNCD_PATH: &str = "/etc/systemd/timesyncd.conf.d/ennead.conf";

#[derive(Template)]
#[template(path = "base/templates/hosts", escape = "none")]
struct Hosts {
    nodes: Vec<String>,
    names: Vec<String>,
}

#[derive(Template)]
#[template(path = "base/templates/journald.conf", escape = "none")]
struct Journald<'a> {
    options: &'a Options,
}

#[derive(Template)]
#[template(path = "base/templates/timesyncd.conf", escape = "none")]
struct Timesyncd {
    servers: String,
}

#[derive(Template)]
#[template(path = "base/templates/cloud.cfg", escape = "none")]
struct CloudInit;

pub(super) fn declare(context: &Context<'_>, node: &Node) -> Declaration {
    let options = &context.options.base;
    let authority = Ref::new(RefKind::Ca, "platform").to_string();
    Declaration {
        packages: vec!["systemd-timesyncd".to_owned()],
        directories: vec![
            directory("/etc/ennead", "root", "root", 0o755),
            directory("/etc/cloud/cloud.cfg.d", "root", "root", 0o755),
            directory("/etc/systemd/journald.conf.d", "root", "root", 0o755),
            directory("/etc/systemd/timesyncd.conf.d", "root", "root", 0o755),
        ],
        files: vec![
            file("/etc/cloud/cloud.cfg.d/99-ennead.cfg", render(&CloudInit)),
            file("/etc/hostname", format!("{}\n", node.name)),
            file("/etc/hosts", render(&hosts(context))),
            file(CA_PATH, authority),
            file(JOURNALD_PATH, render(&Journald { options })),
            file(TIMESYNCD_PATH, render(&Timesyncd { servers: options.time_servers.join(" ") })),
        ],
        // Settings of a network namespace only: in a container the others are the host's.
        sysctls: vec![
            sysctl("net.ipv4.ip_nonlocal_bind", "1"),
            sysctl("net.ipv4.tcp_keepalive_time", "60"),
            sysctl("net.ipv4.tcp_keepalive_intvl", "10"),
            sysctl("net.ipv4.tcp_keepalive_probes", "3"),
        ],
        prepare: vec![
            host_name(node),
            follows("systemd-journald.service", JOURNALD_PATH),
            follows("systemd-timesyncd.service", TIMESYNCD_PATH),
        ],
        health: Some(Condition::All {
            of: vec![
                Condition::PathExists { path: CA_PATH.into() },
                Condition::UnitActive { unit: "systemd-journald.service".to_owned() },
            ],
        }),
        health_deadline_s: HEALTH_DEADLINE_S,
        ..offers()
    }
}

/// What it offers without asking others.
pub(super) fn offers() -> Declaration {
    let ports = vec![tcp(SSH_PORT, Peers::Operator, "SSH")];
    Declaration { ports, ..Declaration::default() }
}

/// Every node's names, then the names that components give to their instances.
fn hosts(context: &Context<'_>) -> Hosts {
    let nodes = context.fleet.nodes.values();
    let nodes = nodes.map(|node| {
        let internal = internal_name(context, node.name.as_str());
        format!("{} {} {internal}", node.address, node.name)
    });
    Hosts { nodes: nodes.collect(), names: instance_names(context) }
}

fn instance_names(context: &Context<'_>) -> Vec<String> {
    let mut lines = BTreeSet::new();
    for component in ALL.iter().copied() {
        for node in context.fleet.nodes.values().filter(|node| runs_on(component, context, node)) {
            for name in component.offers(context, node).host_names {
                lines.insert((name, node.address));
            }
        }
    }
    lines.into_iter().map(|(name, address)| format!("{address} {name}")).collect()
}

fn host_name(node: &Node) -> NodeAction {
    let is_set = format!("test \"$(cat /proc/sys/kernel/hostname)\" = {}", node.name);
    NodeAction::Command {
        argv: ["hostname", "--file", "/etc/hostname"].map(str::to_owned).to_vec(),
        stdin: None,
        user: "root".to_owned(),
        unless: Some(succeeds(&["sh", "-c", &is_set])),
        deadline_s: COMMAND_DEADLINE_S,
    }
}

/// Restarts a unit of the system when its settings are others than those it was last started with
/// since boot. Not a unit action: the journal cannot be enabled, and in a container time
/// synchronization is kept from running by its own condition, which is right.
fn follows(unit: &str, path: &str) -> NodeAction {
    let taken_up = format!("/run/ennead-{unit}.conf");
    let restart =
        format!("systemctl --quiet enable {unit} && systemctl restart {unit} && cp {path} {taken_up}");
    NodeAction::Command {
        argv: ["sh", "-c", &restart].map(str::to_owned).to_vec(),
        stdin: None,
        user: "root".to_owned(),
        unless: Some(succeeds(&["cmp", "--quiet", path, &taken_up])),
        deadline_s: COMMAND_DEADLINE_S,
    }
}
