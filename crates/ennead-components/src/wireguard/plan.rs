//! What WireGuard needs on a node.

use std::collections::BTreeSet;

use askama::Template;
use ennead_model::fleet::Prefix;
use ennead_model::{Condition, Node, OnChange, Ref, RefKind};

use super::Options;
use crate::action::{directory, file, secret_file, succeeds, unit};
use crate::render::render;
use crate::{Context, Declaration, Interface, Peers, Port, Protocol};

/// The interface; the unit and the path of its configuration name it too.
const INTERFACE: &str = "wg0";
const CONFIG_PATH: &str = "/etc/wireguard/wg0.conf";
const UNIT_NAME: &str = "ennead-wireguard.service";
const UNIT_PATH: &str = "/etc/systemd/system/ennead-wireguard.service";
/// A handshake is renewed each two minutes while keepalive packets flow.
const HANDSHAKE_AGE_S_MAX: u32 = 180;
/// Seconds until a peer has answered: peers start at about the same time.
const HEALTH_DEADLINE_S: u32 = 60;

struct Peer {
    name: String,
    address: String,
    public_key: String,
    public_address: String,
}

#[derive(Template)]
#[template(path = "wireguard/templates/wg0.conf", escape = "none")]
struct Config<'a> {
    private_key: String,
    peers: Vec<Peer>,
    options: &'a Options,
}

#[derive(Template)]
#[template(path = "wireguard/templates/ennead-wireguard.service", escape = "none")]
struct Unit<'a> {
    config: &'a str,
    address: String,
    peers: String,
    prefixes: Vec<String>,
    options: &'a Options,
}

/// Returns whether nodes stand in more than one site.
pub(super) fn has_several_sites(context: &Context<'_>) -> bool {
    let sites: BTreeSet<_> = context.fleet.nodes.values().map(|node| &node.site).collect();
    sites.len() > 1
}

pub(super) fn declare(context: &Context<'_>, node: &Node) -> Declaration {
    let options = &context.options.wireguard;
    let peers = peers(context, node);
    let addresses: Vec<&str> = peers.iter().map(|peer| peer.address.as_str()).collect();
    let prefixes = other_prefixes(context, node);
    let unit_file = Unit {
        config: CONFIG_PATH,
        address: node.address.to_string(),
        peers: addresses.join(" "),
        prefixes: prefixes.iter().map(Prefix::to_string).collect(),
        options,
    };
    let unit_file = render(&unit_file);
    let config = Config {
        private_key: Ref::new(RefKind::WgPrivate, &node.name).to_string(),
        peers,
        options,
    };
    Declaration {
        packages: vec!["wireguard-tools".to_owned(), "iproute2".to_owned()],
        directories: vec![directory("/etc/wireguard", "root", "root", 0o700)],
        files: vec![
            secret_file(CONFIG_PATH, render(&config), "root", "root"),
            file(UNIT_PATH, unit_file),
        ],
        units: vec![unit(UNIT_NAME, OnChange::Reload, &[CONFIG_PATH.into(), UNIT_PATH.into()])],
        ports: vec![Port {
            number: options.port,
            protocol: Protocol::Udp,
            peers: Peers::World,
            purpose: "tunnels from nodes of other sites".to_owned(),
        }],
        interfaces: vec![Interface {
            name: INTERFACE.to_owned(),
            carries: prefixes,
            forwards: false,
        }],
        health: Some(health()),
        health_deadline_s: HEALTH_DEADLINE_S,
        ..Declaration::default()
    }
}

fn peers(context: &Context<'_>, node: &Node) -> Vec<Peer> {
    let others = context.fleet.nodes.values().filter(|other| other.site != node.site);
    others
        .map(|other| Peer {
            name: other.name.to_string(),
            address: other.address.to_string(),
            public_key: Ref::new(RefKind::WgPublic, &other.name).to_string(),
            public_address: Ref::new(RefKind::PublicIp, &other.name).to_string(),
        })
        .collect()
}

/// Returns the prefixes of the other sites where nodes stand.
fn other_prefixes(context: &Context<'_>, node: &Node) -> Vec<Prefix> {
    let others = context.fleet.nodes.values().filter(|other| other.site != node.site);
    let sites: BTreeSet<_> = others.map(|other| &other.site).collect();
    sites
        .into_iter()
        .filter_map(|site| context.fleet.sites.get(site))
        .map(|site| site.private_prefix)
        .collect()
}

/// Some peer has shaken hands lately. The kernel tells when, the userspace program how long ago.
fn health() -> Condition {
    let lately = format!(
        "wg show wg0 latest-handshakes | awk -v now=\"$(date +%s)\" \
         '{{ age = $2 > 1000000000 ? now - $2 : $2 }} \
         $2 > 0 && age < {HANDSHAKE_AGE_S_MAX} {{ ok = 1 }} END {{ exit !ok }}'"
    );
    Condition::All {
        of: vec![
            Condition::UnitActive { unit: UNIT_NAME.to_owned() },
            succeeds(&["sh", "-c", &lately]),
        ],
    }
}
