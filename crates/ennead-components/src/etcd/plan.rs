//! What etcd needs on a node.

use std::collections::BTreeMap;

use askama::Template;
use ennead_model::{Condition, Node, OnChange};
use serde::{Deserialize, Serialize};

use super::{NAME, Options};
use crate::action::{directory, file, https_ok, peers, tcp, unit, verb};
use crate::leaf::{CA_PATH, Purpose, leaf};
use crate::render::render;
use crate::{Context, Declaration, Disruption, Usage};

/// Where the member's data is. Not the distribution's path: a package may have started there.
pub(super) const DATA_DIRECTORY: &str = "/var/lib/etcd/ennead";
/// Environment that says how this member comes into its cluster; written by `join` on the node.
pub(super) const BOOTSTRAP_PATH: &str = "/var/lib/ennead/etcd-bootstrap.env";
const ENVIRONMENT_PATH: &str = "/etc/default/etcd";
const DROP_IN_PATH: &str = "/etc/systemd/system/etcd.service.d/ennead.conf";
const TLS_DIRECTORY: &str = "/etc/etcd/tls";

/// Seconds that `join` and `settle` have: a learner has to receive all data in this time.
const VERB_DEADLINE_S: u32 = 120;
/// Seconds until a started member is healthy.
const HEALTH_DEADLINE_S: u32 = 90;

/// What the server shows to clients; `etcdctl` on the node uses it too.
pub(super) const CLIENT: Purpose<'static> = Purpose {
    name: "etcd",
    common_name: "etcd",
    usage: Usage::Both,
    directory: TLS_DIRECTORY,
    owner: NAME,
    group: NAME,
};
/// What members show to each other.
const PEER: Purpose<'static> = Purpose { name: "etcd-peer", common_name: "etcd-peer", ..CLIENT };

/// Arguments of `join` and `settle`: the cluster as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Voters {
    /// This member's name.
    pub name: String,
    /// Peer URL of every voter by name, this one included.
    pub peer_urls: BTreeMap<String, String>,
    /// Client URLs to ask: the other voters', or its own when there is no other.
    pub endpoints: Vec<String>,
    /// Client URLs of the voters that should lead, best first; empty when no voter is better.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaders: Vec<String>,
}

#[derive(Template)]
#[template(path = "etcd/templates/etcd.env", escape = "none")]
struct Environment<'a> {
    name: &'a str,
    token: &'a str,
    address: String,
    data_directory: &'a str,
    quota_bytes: u64,
    options: &'a Options,
    ca: &'a str,
    client: Purpose<'a>,
    peer: Purpose<'a>,
}

#[derive(Template)]
#[template(path = "etcd/templates/drop-in.conf", escape = "none")]
struct DropIn<'a> {
    bootstrap: &'a str,
}

pub(super) fn declare(context: &Context<'_>, node: &Node) -> Declaration {
    let options = &context.options.etcd;
    let environment = render(&Environment {
        name: node.name.as_str(),
        token: &context.fleet.platform,
        address: node.address.to_string(),
        data_directory: DATA_DIRECTORY,
        quota_bytes: u64::from(options.quota_mib) << 20,
        options,
        ca: CA_PATH,
        client: CLIENT,
        peer: PEER,
    });
    let voters = voters(context, node);
    Declaration {
        packages: vec!["etcd-server".to_owned(), "etcd-client".to_owned()],
        directories: vec![
            directory("/var/lib/etcd", NAME, NAME, 0o700),
            directory("/etc/etcd", "root", "root", 0o755),
            directory(TLS_DIRECTORY, "root", NAME, 0o750),
            directory("/etc/systemd/system/etcd.service.d", "root", "root", 0o755),
        ],
        certificates: vec![leaf(context, node, &CLIENT), leaf(context, node, &PEER)],
        files: vec![
            file(ENVIRONMENT_PATH, environment),
            file(DROP_IN_PATH, render(&DropIn { bootstrap: BOOTSTRAP_PATH })),
        ],
        prepare: vec![verb("join", &voters, VERB_DEADLINE_S)],
        // Certificates are read anew at each connection; a restart would only disturb the quorum.
        // Authorities are read when it starts, and never again (etcd issue 11555).
        units: vec![unit(
            "etcd.service",
            OnChange::Restart,
            &[ENVIRONMENT_PATH.into(), DROP_IN_PATH.into(), CA_PATH.into()],
        )],
        finish: vec![verb("settle", &voters, VERB_DEADLINE_S)],
        ports: vec![
            tcp(2379, peers(&[NAME, "postgres", "guard"]), "clients"),
            tcp(2380, peers(&[NAME]), "peers"),
        ],
        health: Some(health(node)),
        health_deadline_s: HEALTH_DEADLINE_S,
        disruption: Disruption::OneAtATime,
        ..Declaration::default()
    }
}

/// The member takes part in consensus: it answers a read that a majority has agreed to.
fn health(node: &Node) -> Condition {
    match https_ok(format!("https://{}:2379/health", node.address)) {
        Condition::Https { url, method, ca, status, .. } => Condition::Https {
            url,
            method,
            ca,
            identity: Some((CLIENT.cert_path(), CLIENT.key_path())),
            status,
            body_contains: Some("\"health\":\"true\"".to_owned()),
        },
        other => other,
    }
}

/// Returns where a voter answers clients.
pub(crate) fn client_url(voter: &Node) -> String {
    format!("https://{}:2379", voter.address)
}

/// Returns the client URLs of all voters.
pub(crate) fn client_urls(context: &Context<'_>) -> Vec<String> {
    context.fleet.running(NAME).map(client_url).collect()
}

fn voters(context: &Context<'_>, node: &Node) -> Voters {
    let running = || context.fleet.running(NAME);
    let mut endpoints: Vec<String> =
        running().filter(|voter| voter.name != node.name).map(client_url).collect();
    if endpoints.is_empty() {
        endpoints.push(client_url(node));
    }
    let peer_url = |voter: &Node| format!("https://{}:2380", voter.address);
    let mut peer_urls: BTreeMap<String, String> =
        running().map(|voter| (voter.name.to_string(), peer_url(voter))).collect();
    peer_urls.insert(node.name.to_string(), peer_url(node));
    let leaders = leaders(&running().collect::<Vec<_>>());
    Voters { name: node.name.to_string(), peer_urls, endpoints, leaders }
}

/// Returns the voters that no database dies with, those of the site with most voters first: there
/// a majority is near.
fn leaders(running: &[&Node]) -> Vec<String> {
    let near = |voter: &Node| running.iter().filter(|other| other.site == voter.site).count();
    let mut apart: Vec<&Node> =
        running.iter().copied().filter(|voter| !voter.components.contains("postgres")).collect();
    if apart.len() == running.len() {
        return Vec::new();
    }
    apart.sort_by_key(|voter| std::cmp::Reverse(near(voter)));
    apart.into_iter().map(client_url).collect()
}
