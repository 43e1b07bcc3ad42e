//! What PgBouncer needs on a node.

use askama::Template;
use ennead_model::{Condition, Node, OnChange, Ref, RefKind};

use super::{NAME, Options, PORT};
use crate::action::{directory, file, owned_file, secret_file, tcp, unit};
use crate::leaf::{Purpose, database_leaf};
use crate::postgres;
use crate::render::render;
use crate::{Context, Declaration, Peers, SecretRequest, Usage};

const CONFIG_PATH: &str = "/etc/pgbouncer/pgbouncer.ini";
const USERLIST_PATH: &str = "/etc/pgbouncer/userlist.txt";
const DROP_IN_PATH: &str = "/etc/systemd/system/pgbouncer.service.d/ennead.conf";
const TLS_DIRECTORY: &str = "/etc/pgbouncer/tls";
const ADMIN_SECRET: &str = "postgres-pgbouncer";
/// Most file descriptors of a pooler: one for each client and each backend.
pub const FILES_MAX: u32 = 65_536;
const HEALTH_DEADLINE_S: u32 = 30;

/// What it shows to clients, through the load balancer too.
const SERVER: Purpose<'static> = Purpose {
    name: NAME,
    common_name: NAME,
    usage: Usage::Server,
    directory: TLS_DIRECTORY,
    owner: postgres::USER,
    group: postgres::USER,
};

#[derive(Template)]
#[template(path = "pgbouncer/templates/pgbouncer.ini", escape = "none")]
struct Config<'a> {
    socket_directory: &'a str,
    postgres_port: u16,
    address: String,
    port: u16,
    userlist: &'a str,
    certificate: Purpose<'a>,
    options: &'a Options,
    backends_max: u32,
}

#[derive(Template)]
#[template(path = "pgbouncer/templates/userlist.txt", escape = "none")]
struct Userlist<'a> {
    app: &'a str,
    app_password: Ref,
    admin_password: Ref,
}

#[derive(Template)]
#[template(path = "pgbouncer/templates/drop-in.conf", escape = "none")]
struct DropIn {
    files_max: u32,
}

/// Returns the most backends that each pooler opens to the PostgreSQL beside it.
pub fn backends_max(context: &Context<'_>) -> u32 {
    match context.options.pgbouncer.backends_max {
        0 => postgres::connections_max(context) / 5 * 4,
        stated => stated,
    }
}

pub(super) fn declare(context: &Context<'_>, node: &Node) -> Declaration {
    let options = &context.options.pgbouncer;
    let config = Config {
        socket_directory: postgres::SOCKET_DIRECTORY,
        postgres_port: postgres::PORT,
        address: node.address.to_string(),
        port: PORT,
        userlist: USERLIST_PATH,
        certificate: SERVER,
        options,
        backends_max: backends_max(context),
    };
    let userlist = Userlist {
        app: postgres::APP,
        app_password: Ref::new(RefKind::Secret, postgres::APP_SECRET),
        admin_password: Ref::new(RefKind::Secret, ADMIN_SECRET),
    };
    Declaration {
        packages: vec!["pgbouncer".to_owned()],
        directories: vec![
            directory("/etc/pgbouncer", "root", "root", 0o755),
            directory(TLS_DIRECTORY, "root", postgres::USER, 0o750),
            directory("/etc/systemd/system/pgbouncer.service.d", "root", "root", 0o755),
        ],
        certificates: vec![database_leaf(context, node, &SERVER)],
        secrets: vec![SecretRequest {
            name: ADMIN_SECRET.to_owned(),
            purpose: "password of `pgbouncer` for the poolers' own console".to_owned(),
        }],
        files: vec![
            owned_file(CONFIG_PATH, render(&config), "root", postgres::USER, 0o640),
            secret_file(USERLIST_PATH, render(&userlist), "root", postgres::USER),
            file(DROP_IN_PATH, render(&DropIn { files_max: FILES_MAX })),
        ],
        units: vec![unit(
            "pgbouncer.service",
            OnChange::Reload,
            &[
                CONFIG_PATH.into(),
                USERLIST_PATH.into(),
                SERVER.cert_path(),
                SERVER.key_path(),
            ],
        )],
        ports: vec![tcp(PORT, Peers::Fleet, "PostgreSQL through the pooler")],
        health: Some(Condition::Tcp { address: format!("{}:{PORT}", node.address) }),
        health_deadline_s: HEALTH_DEADLINE_S,
        ..Declaration::default()
    }
}
