//! What several tests of the guard begin with.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use camino::Utf8Path;
use ennead_guard::ServerId;
use ennead_guard::config::{CONFIG_VERSION, Cloud, Config, Database, Etcd};
use ennead_guard::timing::Timing;
use ennead_model::{NodeName, SiteName};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

fn name(text: &str) -> NodeName {
    NodeName::new(text).unwrap()
}

/// A config on `127.0.0.1` as node `own`: these nodes and server ids, guards on these nodes.
pub(crate) fn config(
    databases: &[(&str, u64)],
    guards: &[&str],
    echo_port: u16,
    rest_port: u16,
) -> Config {
    let site = || SiteName::new("east").unwrap();
    let database = |(node, server): &(&str, u64)| {
        let database =
            Database { server: ServerId(*server), site: site(), address: Ipv4Addr::LOCALHOST };
        (name(node), database)
    };
    Config {
        format_version: CONFIG_VERSION,
        node: name("own"),
        scope: "s".to_owned(),
        echo_port,
        rest_port,
        address: Ipv4Addr::LOCALHOST,
        databases: databases.iter().map(database).collect(),
        vantages: guards.iter().chain(&["own"]).map(|node| (name(node), site())).collect(),
        balancers: std::collections::BTreeSet::new(),
        balancer_socket: None,
        refuses: false,
        etcd: Etcd {
            endpoints: vec!["https://127.0.0.1:2379".to_owned()],
            ca: "/nonexistent/ca".into(),
            cert: "/nonexistent/cert".into(),
            key: "/nonexistent/key".into(),
            lease_s: 3,
        },
        cloud: Cloud {
            endpoint: "http://127.0.0.1:1/v1".to_owned(),
            token: "/nonexistent/token".into(),
        },
        timing: Timing::default(),
    }
}

/// A port of the loopback that nobody listens on.
pub(crate) fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A scripted runtime socket of HAProxy: it tells its state, and answers all else alike.
pub(crate) struct Balancer {
    told: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Balancer {
    /// Listens.
    pub(crate) fn start(path: &Utf8Path, state: &'static str, answer: &'static str) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let commands = Arc::clone(&told);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let mut stream = tokio::io::BufReader::new(stream);
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                commands.lock().unwrap().push(line.trim().to_owned());
                let said = if line == "show servers state\n" { state } else { answer };
                stream.get_mut().write_all(said.as_bytes()).await.unwrap();
            }
        });
        Self { told, task }
    }

    /// Returns what it was told so far.
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}
