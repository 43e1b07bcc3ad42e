//! What the daemon reads on its node: the component writes it, the daemon runs by it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use camino::Utf8PathBuf;
use ennead_model::{NodeName, SiteName};
use serde::{Deserialize, Serialize};

use crate::timing::Timing;
use crate::words::ServerId;

/// Version of the configuration's form.
pub const CONFIG_VERSION: u32 = 1;

/// A guard's configuration, a TOML file that holds no secret: the token of the cloud is in a file of
/// its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// [`CONFIG_VERSION`].
    pub format_version: u32,
    /// The node that it runs on.
    pub node: NodeName,
    /// Patroni's scope: its keys are `/service/SCOPE/...` in etcd.
    pub scope: String,
    /// UDP port on which every guard answers echoes, on its node's private address.
    pub echo_port: u16,
    /// TCP port of Patroni's REST interface.
    pub rest_port: u16,
    /// This node's private address.
    pub address: Ipv4Addr,
    /// The nodes that may be fenced: those of the PostgreSQL cluster.
    pub databases: BTreeMap<NodeName, Database>,
    /// All nodes that run a guard, and where they stand.
    pub vantages: BTreeMap<NodeName, SiteName>,
    /// Nodes whose load balancers mark a dead node's servers down.
    #[serde(default)]
    pub balancers: BTreeSet<NodeName>,
    /// Runtime socket of the load balancer on this node, if one runs here.
    #[serde(default)]
    pub balancer_socket: Option<Utf8PathBuf>,
    /// Whether this node's kernel refuses connections to a dead node: not where the kernel is shared
    /// with others, as in tests.
    #[serde(default = "yes")]
    pub refuses: bool,
    /// The coordination cluster.
    pub etcd: Etcd,
    /// The cloud.
    pub cloud: Cloud,
    /// The times.
    #[serde(default)]
    pub timing: Timing,
}

fn yes() -> bool {
    true
}

/// A node of the PostgreSQL cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Its server in the cloud.
    pub server: ServerId,
    /// Its site.
    pub site: SiteName,
    /// Its private address.
    pub address: Ipv4Addr,
}

/// How the coordination cluster is reached: etcd's JSON gateway over TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Etcd {
    /// Client URLs, the nearest first.
    pub endpoints: Vec<String>,
    /// The platform's authority.
    pub ca: Utf8PathBuf,
    /// This guard's client certificate.
    pub cert: Utf8PathBuf,
    /// Its private key.
    pub key: Utf8PathBuf,
    /// Length of the guards' own lease in seconds; etcd grants none below 1.5 elections.
    pub lease_s: u32,
}

/// How the cloud is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cloud {
    /// For example `https://api.hetzner.cloud/v1`.
    pub endpoint: String,
    /// File with the token, readable by root only.
    pub token: Utf8PathBuf,
}
