//! What PostgreSQL and Patroni need on a node.

use askama::Template;
use ennead_model::{Condition, Node, OnChange, Ref, RefKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::memory::{Memory, memory};
use super::settings::cluster_settings;
use super::{APP, APP_SECRET, NAME, PORT, REST_PORT, SOCKET_DIRECTORY, connections_max};
use crate::action::{directory, file, https_ok, peers, secret_file, tcp, unit, unit_off, verb};
use crate::leaf::{CA_PATH, Purpose, database_leaf, leaf};
use crate::render::render;
use crate::{Context, Declaration, Disruption, Peers, SecretRequest, Usage, etcd};

/// Patroni's settings; the distribution's unit and `patronictl` are given this path.
pub(super) const CONFIG_PATH: &str = "/etc/patroni/config.yml";
/// The application's password, in the form that libpq reads.
pub(super) const APP_PASSFILE: &str = "/etc/patroni/app.pgpass";
const DROP_IN_PATH: &str = "/etc/systemd/system/patroni.service.d/ennead.conf";
const TLS_DIRECTORY: &str = "/etc/patroni/tls";
/// The system's user that PostgreSQL, Patroni and PgBouncer run as.
pub(crate) const USER: &str = "postgres";

/// Seconds until cluster settings are taken: the cluster has to be founded first.
const CONFIGURE_DEADLINE_S: u32 = 90;
/// Seconds until a primary exists and this instance follows it: a copy of all data has to be made.
const DATABASE_DEADLINE_S: u32 = 600;
/// Seconds until the instance is healthy after that.
const HEALTH_DEADLINE_S: u32 = 90;

/// Patroni's own: its REST API, its calls to other members, and its connection to etcd.
pub(super) const PATRONI: Purpose<'static> = Purpose {
    name: "patroni",
    common_name: "patroni",
    usage: Usage::Both,
    directory: TLS_DIRECTORY,
    owner: USER,
    group: USER,
};
/// What PostgreSQL shows to clients and replicas.
const SERVER: Purpose<'static> =
    Purpose { name: "postgres", common_name: "postgres", usage: Usage::Server, ..PATRONI };

/// Arguments of `configure`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Configure {
    /// etcd's client URLs.
    pub endpoints: Vec<String>,
    /// The key under which Patroni keeps the cluster's settings.
    pub key: String,
    /// The settings.
    pub settings: Value,
}

#[derive(Template)]
#[template(path = "postgres/templates/config.yml", escape = "none")]
struct Config<'a> {
    scope: &'a str,
    name: &'a str,
    address: String,
    port: u16,
    rest_port: u16,
    ca: &'a str,
    patroni: Purpose<'a>,
    server: Purpose<'a>,
    etcd_hosts: Vec<String>,
    cluster_settings: Value,
    data_directory: String,
    program_directory: String,
    socket_directory: &'a str,
    memory: Memory,
    peers: Vec<String>,
    /// The sites' prefixes: a member that is just being added replicates before the others are told
    /// of it, because they are changed one by one and only while it is healthy.
    prefixes: Vec<String>,
    nodes: Vec<String>,
    app: &'a str,
    /// Name of the map that lets the pooler's system user log in as the application.
    pooler_map: &'a str,
    pooler_user: &'a str,
    rest_password: String,
    superuser_password: String,
    replication_password: String,
    rewind_password: String,
}

#[derive(Template)]
#[template(path = "postgres/templates/drop-in.conf", escape = "none")]
struct DropIn;

#[derive(Template)]
#[template(path = "postgres/templates/app.sql", escape = "none")]
struct AppSql<'a> {
    role: &'a str,
    passfile: &'a str,
}

/// Where a version's data lies.
pub(super) fn data_directory(version: u32) -> String {
    format!("/var/lib/postgresql/{version}/ennead")
}

pub(super) fn declare(context: &Context<'_>, node: &Node) -> Declaration {
    let version = context.options.postgres.version;
    let app_password = format!("*:*:*:{APP}:{}\n", secret(APP_SECRET));
    let app_sql = render(&AppSql { role: APP, passfile: APP_PASSFILE });
    Declaration {
        packages: vec![format!("postgresql-{version}"), "patroni".to_owned(), "python3-etcd".to_owned(),"etcd-client".to_owned()],
        directories: vec![
            directory("/etc/patroni", "root", "root", 0o755),
            directory(TLS_DIRECTORY, "root", USER, 0o750),
            directory("/etc/systemd/system/patroni.service.d", "root", "root", 0o755),
        ],
        certificates: vec![leaf(context, node, &PATRONI), database_leaf(context, node, &SERVER)],
        secrets: secrets(),
        files: vec![
            secret_file(CONFIG_PATH, render(&config(context, node)), "root", USER),
            secret_file(APP_PASSFILE, app_password, USER, "root"),
            file(DROP_IN_PATH, render(&DropIn)),
        ],
        prepare: Vec::new(),
        units: vec![
            // The distribution's own cluster would hold the port.
            unit_off("postgresql.service"),
            unit(
                "patroni.service",
                OnChange::Reload,
                &[
                    CONFIG_PATH.into(),
                    PATRONI.cert_path(),
                    PATRONI.key_path(),
                    SERVER.cert_path(),
                    SERVER.key_path(),
                    CA_PATH.into(),
                ],
            ),
        ],
        finish: vec![
            verb("configure", &configure(context), CONFIGURE_DEADLINE_S),
            verb(
                "bootstrap-database",
                &json!({ "role": APP, "passfile": APP_PASSFILE, "sql": app_sql }),
                DATABASE_DEADLINE_S,
            ),
        ],
        ports: vec![
            tcp(PORT, Peers::Fleet, "PostgreSQL"),
            tcp(REST_PORT, peers(&[NAME, "haproxy", "guard"]), "Patroni's REST API"),
        ],
        health: Some(health(node)),
        health_deadline_s: HEALTH_DEADLINE_S,
        disruption: Disruption::OneAtATime,
        ..Declaration::default()
    }
}

fn configure(context: &Context<'_>) -> Configure {
    Configure {
        endpoints: etcd::client_urls(context),
        key: format!("/service/{}/config", context.fleet.platform),
        settings: cluster_settings(context),
    }
}

fn config<'a>(context: &'a Context<'_>, node: &'a Node) -> Config<'a> {
    let options = &context.options.postgres;
    let addresses = |component: &'static str| {
        let nodes = context.fleet.running(component);
        nodes.map(|node| node.address.to_string()).collect::<Vec<_>>()
    };
    Config {
        scope: &context.fleet.platform,
        name: node.name.as_str(),
        address: node.address.to_string(),
        port: PORT,
        rest_port: REST_PORT,
        ca: CA_PATH,
        patroni: PATRONI,
        server: SERVER,
        etcd_hosts: addresses("etcd").iter().map(|address| format!("{address}:2379")).collect(),
        cluster_settings: cluster_settings(context),
        data_directory: data_directory(options.version),
        program_directory: format!("/usr/lib/postgresql/{}/bin", options.version),
        socket_directory: SOCKET_DIRECTORY,
        memory: memory(options, node, connections_max(context)),
        peers: addresses(NAME),
        prefixes: context.fleet.sites.values().map(|it| it.private_prefix.to_string()).collect(),
        nodes: context.fleet.nodes.values().map(|node| node.address.to_string()).collect(),
        app: APP,
        pooler_map: "pooler",
        pooler_user: USER,
        rest_password: secret("patroni-rest"),
        superuser_password: secret("postgres-superuser"),
        replication_password: secret("postgres-replication"),
        rewind_password: secret("postgres-rewind"),
    }
}

fn secret(name: &str) -> String {
    Ref::new(RefKind::Secret, name).to_string()
}

fn secrets() -> Vec<SecretRequest> {
    [
        (APP_SECRET, "password of the application's role `app`"),
        ("postgres-superuser", "password of the superuser `postgres`, used between members only"),
        ("postgres-replication", "password of `replicator`, used by replicas"),
        ("postgres-rewind", "password of `rewind`, used by a former primary to rejoin"),
        ("patroni-rest", "password of `patroni` for changes over Patroni's REST API"),
    ]
    .map(|(name, purpose)| SecretRequest { name: name.to_owned(), purpose: purpose.to_owned() })
    .to_vec()
}

/// Patroni answers, and the instance either is the primary or receives its changes.
fn health(node: &Node) -> Condition {
    let settled = "SELECT 'settled' WHERE NOT pg_is_in_recovery() OR \
                   EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')";
    let psql = ["psql", "--no-psqlrc", "--host", SOCKET_DIRECTORY, "--tuples-only", "--no-align"];
    let mut argv: Vec<String> = psql.map(str::to_owned).to_vec();
    argv.extend(["--command".to_owned(), settled.to_owned()]);
    Condition::All {
        of: vec![
            https_ok(format!("https://{}:{REST_PORT}/readiness", node.address)),
            Condition::Command {
                argv,
                user: USER.to_owned(),
                stdout_contains: Some("settled".to_owned()),
            },
        ],
    }
}
