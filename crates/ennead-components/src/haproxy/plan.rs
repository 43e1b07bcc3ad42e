//! What HAProxy needs on a node.

use askama::Template;
use ennead_model::{Node, NodeAction, OnChange, Ref, RefKind};

use super::{NAME, Options, SOCKET};
use crate::action::{directory, file, https_ok, secret_file, tcp, unit};
use crate::leaf::{CA_PATH, Purpose, database_name, leaf};
use crate::render::render;
use crate::{Certificate, Context, Declaration, Peers, SecretRequest, Usage, pgbouncer, postgres};

const CONFIG_PATH: &str = "/etc/haproxy/haproxy.cfg";
const USERS_PATH: &str = "/etc/haproxy/users.cfg";
const DEFAULT_PATH: &str = "/etc/default/haproxy";
const DROP_IN_PATH: &str = "/etc/systemd/system/haproxy.service.d/ennead.conf";
const TLS_DIRECTORY: &str = "/etc/haproxy/tls";
/// HAProxy looks for the key under the certificate's whole name.
const KEY_PATH: &str = "/etc/haproxy/tls/haproxy.pem.key";
const STATS_SECRET: &str = "haproxy-stats";

/// Where clients write: leads to the primary.
pub const WRITE_PORT: u16 = 5000;
/// Where clients read: leads to the replicas.
pub const READ_PORT: u16 = 5001;
const STATS_PORT: u16 = 7000;
/// Seconds until it sees a primary: Patroni has had its time before.
const READY_DEADLINE_S: u32 = 60;
const HEALTH_DEADLINE_S: u32 = 30;

/// What the status page shows. HAProxy reads it as root before it gives up its rights.
const STATUS: Purpose<'static> = Purpose {
    name: NAME,
    common_name: NAME,
    usage: Usage::Server,
    directory: TLS_DIRECTORY,
    owner: "root",
    group: "root",
};

struct Server {
    name: String,
    address: String,
}

#[derive(Template)]
#[template(path = "haproxy/templates/haproxy.cfg", escape = "none")]
struct Config<'a> {
    users: &'a str,
    socket: &'a str,
    ca: &'a str,
    address: String,
    write_port: u16,
    read_port: u16,
    stats_port: u16,
    rest_port: u16,
    pooler_port: u16,
    servers: Vec<Server>,
    certificate: Purpose<'a>,
    options: &'a Options,
}

#[derive(Template)]
#[template(path = "haproxy/templates/users.cfg", escape = "none")]
struct Users {
    password: Ref,
}

#[derive(Template)]
#[template(path = "haproxy/templates/default", escape = "none")]
struct Defaults<'a> {
    users: &'a str,
}

#[derive(Template)]
#[template(path = "haproxy/templates/drop-in.conf", escape = "none")]
struct DropIn;

pub(super) fn declare(context: &Context<'_>, node: &Node) -> Declaration {
    let users = Users { password: Ref::new(RefKind::Secret, STATS_SECRET) };
    let status_url = |path: &str| format!("https://{}:{STATS_PORT}{path}", node.address);
    Declaration {
        // Python asks the statistics socket.
        packages: vec!["haproxy".to_owned(), "python3".to_owned()],
        directories: vec![
            directory("/etc/haproxy", "root", "root", 0o755),
            directory(TLS_DIRECTORY, "root", "root", 0o700),
            directory("/etc/systemd/system/haproxy.service.d", "root", "root", 0o755),
        ],
        certificates: vec![Certificate {
                key_path: KEY_PATH.into(),
                ..leaf(context, node, &STATUS)
            }],
        secrets: vec![SecretRequest {
            name: STATS_SECRET.to_owned(),
            purpose: "password of `ennead` for the load balancers' statistics".to_owned(),
        }],
        files: vec![
            file(DEFAULT_PATH, render(&Defaults { users: USERS_PATH })),
            secret_file(USERS_PATH, render(&users), "root", "root"),
            file(CONFIG_PATH, render(&config(context, node))),
            file(DROP_IN_PATH, render(&DropIn)),
        ],
        units: vec![unit(
            "haproxy.service",
            OnChange::Reload,
            &[
                CONFIG_PATH.into(),
                USERS_PATH.into(),
                STATUS.cert_path(),
                KEY_PATH.into(),
                CA_PATH.into(),
            ],
        )],
        finish: vec![NodeAction::WaitUntil {
            condition: https_ok(status_url("/ready")),
            deadline_s: READY_DEADLINE_S,
        }],
        ports: vec![
            tcp(WRITE_PORT, Peers::Fleet, "the primary"),
            tcp(READ_PORT, Peers::Fleet, "replicas"),
            tcp(STATS_PORT, Peers::Fleet, "status and metrics"),
        ],
        host_names: vec![database_name(context)],
        health: Some(https_ok(status_url("/healthz"))),
        health_deadline_s: HEALTH_DEADLINE_S,
        ..Declaration::default()
    }
}

fn config<'a>(context: &'a Context<'_>, node: &Node) -> Config<'a> {
    let poolers = context.fleet.running("pgbouncer");
    Config {
        users: USERS_PATH,
        socket: SOCKET,
        ca: CA_PATH,
        address: node.address.to_string(),
        write_port: WRITE_PORT,
        read_port: READ_PORT,
        stats_port: STATS_PORT,
        rest_port: postgres::REST_PORT,
        pooler_port: pgbouncer::PORT,
        servers: poolers
            .map(|pooler| Server {
                name: pooler.name.to_string(),
                address: pooler.address.to_string(),
            })
            .collect(),
        certificate: STATUS,
        options: &context.options.haproxy,
    }
}
