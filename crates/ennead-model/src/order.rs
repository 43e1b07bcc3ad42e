//! What a node is told to do, and the conditions it can test.
//!
//! An order is complete: the node makes no choices. Actions are idempotent and carried out in order;
//! the first that fails ends the order.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use crate::digest::{Digest, sha256_hex};
use crate::names::{ComponentName, NodeName};
use crate::reference::{Fingerprints, Ref, RefResolver, ResolveError, references, resolve_text};

/// Version of the order's JSON.
pub const ORDER_FORMAT_VERSION: u32 = 1;

/// Everything that one component needs on one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeOrder {
    /// [`ORDER_FORMAT_VERSION`].
    pub format_version: u32,
    /// The platform's name. A node of another platform refuses the order.
    pub platform: String,
    /// The node it is meant for. Any other node refuses it.
    pub node: NodeName,
    /// The component it belongs to.
    pub component: ComponentName,
    /// Growing number; the node refuses an order older than its newest.
    pub generation: u64,
    /// [`NodeOrder::digest_with`] at the time of sending; observed later to see drift.
    pub digest: Option<Digest>,
    /// What to do, in this order.
    pub actions: Vec<NodeAction>,
    /// What to do after that over a connection that is made after `actions` ended: it proves that
    /// the node still lets the operator in. Empty for most orders. An order that has any counts as
    /// carried out whole only when these ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirm: Vec<NodeAction>,
    /// What must hold for the component to be healthy; kept by the node and tested by `observe`.
    pub health: Option<Condition>,
}

/// What a running unit does when a file that it watches has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// Nothing: the program notices by itself, or must not be disturbed.
    Nothing,
    /// `systemctl reload`.
    Reload,
    /// `systemctl restart`.
    Restart,
}

/// One idempotent change on a node. Texts may hold references (see [`crate::reference`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum NodeAction {
    /// Packages are installed (any version).
    Packages {
        /// Debian package names.
        names: Vec<String>,
    },
    /// A system group and user of the same name exist.
    User {
        /// Name of both.
        name: String,
        /// Home directory, not created.
        home: Utf8PathBuf,
        /// Further groups.
        groups: Vec<String>,
    },
    /// A directory exists with this owner and mode; parents are created as root 0755.
    Directory {
        /// Absolute path.
        path: Utf8PathBuf,
        /// Owner's name.
        owner: String,
        /// Group's name.
        group: String,
        /// Permission bits, for example 0o750.
        mode: u32,
    },
    /// A file has this content, owner and mode; replaced atomically.
    File {
        /// Absolute path; the parent exists.
        path: Utf8PathBuf,
        /// Whole content.
        content: String,
        /// Owner's name.
        owner: String,
        /// Group's name.
        group: String,
        /// Permission bits.
        mode: u32,
        /// The content is secret: never shown, logged or compared by value off the node.
        secret: bool,
    },
    /// A path does not exist (file, link or empty directory).
    Absent {
        /// Absolute path.
        path: Utf8PathBuf,
    },
    /// A kernel setting has this value now and after a reboot.
    Sysctl {
        /// For example `net.ipv4.ip_forward`.
        key: String,
        /// The value as text.
        value: String,
    },
    /// A systemd unit is enabled or not, runs or not, and follows its files.
    Unit {
        /// For example `etcd.service`.
        name: String,
        /// Starts at boot.
        enabled: bool,
        /// Runs now.
        running: bool,
        /// What happens when a watched file changed since the unit last took it up.
        on_change: OnChange,
        /// Files whose content the unit depends on.
        watches: Vec<Utf8PathBuf>,
    },
    /// A command runs unless its guard already holds.
    Command {
        /// Program and arguments. Never holds a secret: arguments are visible to all processes.
        argv: Vec<String>,
        /// Text for standard input; may be secret.
        stdin: Option<String>,
        /// User to run as.
        user: String,
        /// The command is skipped when this holds.
        unless: Option<Condition>,
        /// Seconds until it is ended and counted as failed.
        deadline_s: u32,
    },
    /// The order waits until a condition holds.
    WaitUntil {
        /// What must hold.
        condition: Condition,
        /// Seconds until the order fails, saying what was last seen.
        deadline_s: u32,
    },
    /// A component's own action, carried out by its `apply.rs` on the node.
    Component {
        /// What is done, for example `join`.
        verb: String,
        /// Its arguments as JSON.
        arguments: serde_json::Value,
        /// Seconds until it is counted as failed.
        deadline_s: u32,
    },
}

/// Something that is either so or not, tested on a node without changing anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "condition", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// A TCP connection to `address:port` opens within a second.
    Tcp {
        /// For example `10.1.0.11:2379`.
        address: String,
    },
    /// An HTTPS request is answered with one of these codes within two seconds.
    Https {
        /// The address to ask.
        url: String,
        /// GET, HEAD or OPTIONS.
        method: String,
        /// Certificate authority on the node.
        ca: Utf8PathBuf,
        /// Client certificate and key on the node, for mutual TLS.
        identity: Option<(Utf8PathBuf, Utf8PathBuf)>,
        /// Accepted status codes.
        status: Vec<u16>,
        /// Text that the body must contain.
        body_contains: Option<String>,
    },
    /// A systemd unit is active.
    UnitActive {
        /// For example `etcd.service`.
        unit: String,
    },
    /// A path exists.
    PathExists {
        /// Absolute path.
        path: Utf8PathBuf,
    },
    /// A command ends with status 0 within five seconds.
    Command {
        /// Program and arguments; never holds a secret.
        argv: Vec<String>,
        /// User to run as.
        user: String,
        /// Text that standard output must contain.
        stdout_contains: Option<String>,
    },
    /// All of these hold.
    All {
        /// The parts.
        of: Vec<Condition>,
    },
}

impl NodeOrder {
    /// Makes an order without actions.
    pub fn new(platform: &str, node: NodeName, component: ComponentName) -> Self {
        Self {
            format_version: ORDER_FORMAT_VERSION,
            platform: platform.to_owned(),
            node,
            component,
            generation: 0,
            digest: None,
            actions: Vec::new(),
            confirm: Vec::new(),
            health: None,
        }
    }

    /// Returns all its actions, in order.
    pub fn all_actions(&self) -> impl Iterator<Item = &NodeAction> {
        self.actions.iter().chain(&self.confirm)
    }

    /// Returns the references in all texts, sorted and without repetition.
    ///
    /// # Errors
    /// [`ResolveError::Malformed`].
    pub fn references(&self) -> Result<Vec<Ref>, ResolveError> {
        let mut all = Vec::new();
        for action in self.all_actions() {
            for text in action.texts() {
                all.extend(references(text)?);
            }
        }
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// Returns the digest of the order's meaning: its unresolved actions, its health condition and
    /// the fingerprint of each referenced value. The generation does not count.
    ///
    /// # Errors
    /// [`ResolveError`] when a reference is malformed or has no fingerprint.
    pub fn digest_with(&self, fingerprints: &Fingerprints) -> Result<Digest, ResolveError> {
        let mut seen = Vec::new();
        for reference in self.references()? {
            let fingerprint =
                fingerprints.get(&reference).ok_or_else(|| ResolveError::Unknown {
                    reference: reference.to_string(),
                    why: "it has no fingerprint".to_owned(),
                })?;
            seen.push((reference.to_string(), fingerprint.clone()));
        }
        let mut meaning = serde_json::json!({
            "actions": self.actions, "health": self.health, "references": seen,
        });
        if let Some(confirm) = meaning.as_object_mut().filter(|_| !self.confirm.is_empty()) {
            confirm.insert("confirm".to_owned(), serde_json::json!(self.confirm));
        }
        Ok(Digest(sha256_hex(meaning.to_string())))
    }

    /// Returns the order with every reference replaced by its value: what is sent to the node.
    ///
    /// # Errors
    /// [`ResolveError`] for the first reference that cannot be resolved.
    pub fn resolve(&self, resolver: &dyn RefResolver) -> Result<Self, ResolveError> {
        let mut order = self.clone();
        for action in order.actions.iter_mut().chain(&mut order.confirm) {
            for text in action.texts_mut() {
                *text = resolve_text(text, resolver)?;
            }
        }
        Ok(order)
    }
}

impl NodeAction {
    /// Returns the texts that may hold references.
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Self::File { content, .. } => vec![content],
            Self::Command { stdin: Some(stdin), .. } => vec![stdin],
            _ => Vec::new(),
        }
    }

    fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::File { content, .. } => vec![content],
            Self::Command { stdin: Some(stdin), .. } => vec![stdin],
            _ => Vec::new(),
        }
    }

    /// Returns a short sentence for plans and reports; never holds content.
    pub fn summary(&self) -> String {
        match self {
            Self::Packages { names } => format!("packages {}", names.join(" ")),
            Self::User { name, .. } => format!("user {name}"),
            Self::Directory { path, .. } => format!("directory {path}"),
            Self::File { path, secret: true, .. } => format!("file {path} (secret)"),
            Self::File { path, .. } => format!("file {path}"),
            Self::Absent { path } => format!("absent {path}"),
            Self::Sysctl { key, value } => format!("sysctl {key}={value}"),
            Self::Unit { name, .. } => format!("unit {name}"),
            Self::Command { argv, .. } => format!("command {}", argv.join(" ")),
            Self::WaitUntil { condition, deadline_s } => {
                format!("wait up to {deadline_s} s until {}", condition.summary())
            }
            Self::Component { verb, .. } => verb.clone(),
        }
    }
}

impl Condition {
    /// Returns what must hold, as a fragment that follows "until".
    pub fn summary(&self) -> String {
        match self {
            Self::Tcp { address } => format!("{address} accepts connections"),
            Self::Https { url, method, .. } => format!("{method} {url} answers"),
            Self::UnitActive { unit } => format!("{unit} is active"),
            Self::PathExists { path } => format!("{path} exists"),
            Self::Command { argv, .. } => format!("`{}` succeeds", argv.join(" ")),
            Self::All { of } => of.iter().map(Self::summary).collect::<Vec<_>>().join(" and "),
        }
    }
}
