//! What a guard needs on a node.

use std::net::Ipv4Addr;

use askama::Template;
use ennead_guard::Timing;
use ennead_model::{Node, OnChange, Ref, RefKind};

use super::NAME;
use crate::action::{directory, file, peers, secret_file, succeeds, unit};
use crate::leaf::{CA_PATH, Purpose, leaf};
use crate::render::render;
use crate::{Context, Declaration, Port, Protocol, Usage, etcd, haproxy, postgres};

const CONFIG_PATH: &str = "/etc/ennead/guard.toml";
const FOLDER: &str = "/etc/ennead/guard";
const TOKEN_PATH: &str = "/etc/ennead/guard/cloud-token";
const UNIT_NAME: &str = "ennead-guard.service";
const UNIT_PATH: &str = "/etc/systemd/system/ennead-guard.service";
const HEALTH_DEADLINE_S: u32 = 30;

/// What it shows to etcd and Patroni.
const CLIENT: Purpose<'static> = Purpose {
    name: NAME,
    common_name: NAME,
    usage: Usage::Client,
    directory: FOLDER,
    owner: "root",
    group: "root",
};

struct Database<'a> {
    name: &'a str,
    server: Ref,
    site: &'a str,
    address: Ipv4Addr,
}

#[derive(Template)]
#[template(path = "guard/templates/guard.toml", escape = "none")]
struct Config<'a> {
    node: &'a str,
    scope: &'a str,
    echo_port: u16,
    rest_port: u16,
    address: Ipv4Addr,
    databases: Vec<Database<'a>>,
    vantages: Vec<(&'a str, &'a str)>,
    balancers: Vec<&'a str>,
    socket: Option<&'a str>,
    endpoints: Vec<String>,
    ca: &'a str,
    client: Purpose<'a>,
    lease_s: u32,
    cloud: Ref,
    token: &'a str,
    timing: &'a Timing,
}

#[derive(Template)]
#[template(path = "guard/templates/ennead-guard.service", escape = "none")]
struct Unit<'a> {
    version: &'a str,
    config: &'a str,
}

pub(super) fn declare(context: &Context<'_>, node: &Node) -> Declaration {
    let options = &context.options.guard;
    let token = Ref::new(RefKind::CloudToken, "nodes");
    Declaration {
        directories: vec![
            directory("/etc/ennead", "root", "root", 0o755),
            directory(FOLDER, "root", "root", 0o700),
        ],
        certificates: vec![leaf(context, node, &CLIENT)],
        files: vec![
            file(CONFIG_PATH, render(&config(context, node))),
            secret_file(TOKEN_PATH, format!("{token}\n"), "root", "root"),
            file(UNIT_PATH, render(&Unit { version: env!("CARGO_PKG_VERSION"), config: CONFIG_PATH })),
        ],
        // The token is read at each request to the cloud.
        units: vec![unit(
            UNIT_NAME,
            OnChange::Restart,
            &[CONFIG_PATH.into(), UNIT_PATH.into(), CLIENT.cert_path(), CA_PATH.into()],
        )],
        ports: vec![Port {
            number: options.echo_port,
            protocol: Protocol::Udp,
            peers: peers(&[NAME]),
            purpose: "echoes that guards ask of each other".to_owned(),
        }],
        health: Some(succeeds(&[
            "/usr/local/bin/ennead",
            "node",
            "guard",
            "--status",
        ])),
        health_deadline_s: HEALTH_DEADLINE_S,
        ..Declaration::default()
    }
}

fn config<'a>(context: &'a Context<'_>, node: &'a Node) -> Config<'a> {
    let (fleet, options) = (context.fleet, &context.options.guard);
    let databases = fleet.running("postgres").map(|database| Database {
        name: database.name.as_str(),
        server: Ref::new(RefKind::ServerId, &database.name),
        site: database.site.as_str(),
        address: database.address,
    });
    let vantages = fleet.running(NAME).map(|guard| (guard.name.as_str(), guard.site.as_str()));
    Config {
        node: node.name.as_str(),
        scope: &fleet.platform,
        echo_port: options.echo_port,
        rest_port: postgres::REST_PORT,
        address: node.address,
        databases: databases.collect(),
        vantages: vantages.collect(),
        balancers: fleet.running("haproxy").map(|balancer| balancer.name.as_str()).collect(),
        socket: node.components.contains("haproxy").then_some(haproxy::SOCKET),
        endpoints: endpoints(context, node),
        ca: CA_PATH,
        client: CLIENT,
        lease_s: options.lease_s,
        cloud: Ref::new(RefKind::CloudEndpoint, "nodes"),
        token: TOKEN_PATH,
        timing: &options.timing,
    }
}

/// Returns etcd's client URLs: this node's own, then those of its site, then the others.
fn endpoints(context: &Context<'_>, node: &Node) -> Vec<String> {
    let mut voters: Vec<&Node> = context.fleet.running("etcd").collect();
    voters.sort_by_key(|voter| (voter.name != node.name, voter.site != node.site));
    voters.into_iter().map(etcd::client_url).collect()
}

#[cfg(test)]
mod tests;
