//! What a component needs on one node, as data.

use std::net::Ipv4Addr;

use camino::Utf8PathBuf;
use ennead_model::fleet::Prefix;
pub use ennead_model::reach::Protocol;
use ennead_model::{ComponentName, Condition, NodeAction};
use serde::{Deserialize, Serialize};

/// Everything that a component needs on one node. Orders are made from it in the order of the
/// fields: packages, users, directories, certificates, files, sysctls, prepare, units, finish, confirm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// Debian packages. Also the lab image's package list.
    pub packages: Vec<String>,
    /// [`NodeAction::User`] entries.
    pub users: Vec<NodeAction>,
    /// [`NodeAction::Directory`] entries.
    pub directories: Vec<NodeAction>,
    /// Certificates, issued by the platform's authority and written as files.
    pub certificates: Vec<Certificate>,
    /// Secrets that its files refer to; made on first use.
    pub secrets: Vec<SecretRequest>,
    /// [`NodeAction::File`] and [`NodeAction::Absent`] entries.
    pub files: Vec<NodeAction>,
    /// [`NodeAction::Sysctl`] entries.
    pub sysctls: Vec<NodeAction>,
    /// Actions between files and units, for example joining a cluster.
    pub prepare: Vec<NodeAction>,
    /// [`NodeAction::Unit`] entries.
    pub units: Vec<NodeAction>,
    /// Actions after the units run, for example creating a database user.
    pub finish: Vec<NodeAction>,
    /// Actions that end the order over a connection to the node that is made after all others:
    /// what they keep is known not to shut the operator out.
    pub confirm: Vec<NodeAction>,
    /// Ports on which it listens and who may connect.
    pub ports: Vec<Port>,
    /// Network interfaces that it makes.
    pub interfaces: Vec<Interface>,
    /// Host names under which every node finds the instance, beside the node's own; several
    /// instances may share one.
    pub host_names: Vec<String>,
    /// What holds when the instance is healthy.
    pub health: Option<Condition>,
    /// Seconds until the instance must be healthy after its order.
    pub health_deadline_s: u32,
    /// How many instances of its cluster may be disturbed at a time.
    pub disruption: Disruption,
}

/// How many instances may be disturbed at a time while the cluster runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disruption {
    /// All at once: stateless, or not yet a cluster.
    #[default]
    Any,
    /// One, and only when its gates hold: a member of a quorum.
    OneAtATime,
}

/// Who may connect to a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peers {
    /// Every node that runs one of these components, and the node itself.
    Components(Vec<ComponentName>),
    /// Every node of the platform.
    Fleet,
    /// Everybody, over the public interface too.
    World,
    /// The operator's addresses only.
    Operator,
}

/// A port on which an instance listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// Its transport.
    pub protocol: Protocol,
    /// Who may connect.
    pub peers: Peers,
    /// What it is for.
    pub purpose: String,
}

/// A network interface that a component makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its name, at most 15 bytes of letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Source addresses that come in through it, and through no other interface.
    pub carries: Vec<Prefix>,
    /// Whether the node passes packets on from it and to it, for others than itself.
    pub forwards: bool,
}

/// What a certificate may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// TLS server.
    Server,
    /// TLS client.
    Client,
    /// Both: peers of a cluster.
    Both,
}

/// A leaf certificate on this node. Its references are `@{cert:NAME/NODE}` and `@{key:NAME/NODE}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its name, unique on the node, for example `etcd-peer`.
    pub name: String,
    /// Subject common name.
    pub common_name: String,
    /// DNS names it is valid for.
    pub dns_names: Vec<String>,
    /// Addresses it is valid for.
    pub addresses: Vec<Ipv4Addr>,
    /// What it may be used for.
    pub usage: Usage,
    /// Where the certificate goes (mode 0644).
    pub cert_path: Utf8PathBuf,
    /// Where the private key goes (mode 0600, or 0640 when the group is not root).
    pub key_path: Utf8PathBuf,
    /// Owner of both files.
    pub owner: String,
    /// Group of both files.
    pub group: String,
}

/// A secret that is made when it does not exist yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretRequest {
    /// Its name, unique in the platform, for example `postgres-superuser`.
    pub name: String,
    /// What it is for, for `ennead secrets list`.
    pub purpose: String,
}
