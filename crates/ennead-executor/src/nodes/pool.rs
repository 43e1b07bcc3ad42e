//! All nodes of a platform, each connected when it is first needed.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{Command, Host as _, HostError, Identity, Output, SshHost, SshTarget, ssh};
use ennead_model::reach::{ReachAnswer, ReachRequest};
use ennead_model::{ComponentName, Condition, Known, NodeFacts, NodeName, NodeOrder, NodeReport};
use futures::future::join_all;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OnceCell};

use super::error::NodeError;
use super::program::{Directories, Program};
use super::reach::{self, Reached, from_host, one_line};

/// Limit of an observation. The node answers within its own limit of two seconds per component; the
/// rest is for connecting to a busy machine.
const OBSERVE: Duration = Duration::from_secs(10);

/// Limit of a node's tries of the network, which take two seconds at most.
const REACH: Duration = Duration::from_secs(10);

/// How long a node may take to let a new connection in after an order that has to be confirmed. A
/// node takes a change back after a minute; this leaves it time to be confirmed.
const RECONNECT: Duration = Duration::from_secs(20);

/// How long a confirmation may take.
const CONFIRM: Duration = Duration::from_mins(1);

/// Limit of a test of a condition; a command in it may take five seconds.
const TEST: Duration = Duration::from_secs(10);

/// Status of a shell that does not find the program.
const NOT_FOUND: i32 = 127;

/// How a node is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAccess {
    /// Which node.
    pub node: NodeName,
    /// Its server's public address.
    pub public_ip: Ipv4Addr,
    /// Its SSH port.
    pub port: u16,
    /// Its OpenSSH public host key, made before the server was.
    pub host_public_key: String,
}

/// Whether a condition holds on a node, and what was seen there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// Whether it holds.
    pub holds: bool,
    /// What was seen, on one line.
    pub seen: String,
}

/// A node with its connection, if there is one.
pub(super) struct Entry {
    pub(super) access: NodeAccess,
    identity: Identity,
    control: Utf8PathBuf,
    connection: Mutex<Option<SshHost>>,
}

/// The nodes that can be reached. All methods can be called at the same time, for one node too.
pub struct NodePool {
    identity: Identity,
    control: Utf8PathBuf,
    program_path: Utf8PathBuf,
    program: OnceCell<Program>,
    packed: OnceCell<Vec<u8>>,
    directories: Directories,
    reconnect: Duration,
    nodes: RwLock<BTreeMap<NodeName, Arc<Entry>>>,
}

impl Entry {
    fn target(&self) -> SshTarget {
        SshTarget {
            name: self.access.node.to_string(),
            address: self.access.public_ip.to_string(),
            port: self.access.port,
            user: "root".to_owned(),
            host_public_key: self.access.host_public_key.clone(),
        }
    }

    /// Returns the connection, made anew when there is none.
    pub(super) async fn host(&self) -> Result<SshHost, NodeError> {
        let mut connection = self.connection.lock().await;
        if let Some(host) = connection.as_ref() {
            return Ok(host.clone());
        }
        let target = self.target();
        let connected = SshHost::connect_below(&self.control, &target, &self.identity).await;
        let host = connected.map_err(|error| match error {
            HostError::HostKey { .. } => NodeError::HostKey {
                node: self.access.node.clone(),
                address: target.address.clone(),
            },
            other => from_host(&self.access.node, other),
        })?;
        Ok(connection.insert(host).clone())
    }

    /// Ends its connection, also one that an earlier program left open.
    async fn close(&self) {
        self.connection.lock().await.take();
        ssh::close_below(&self.control, &self.target(), &self.identity).await;
    }

    /// Returns the same node with a connection of its own for this component, not yet made.
    fn anew(&self, component: &ComponentName) -> Self {
        Self {
            access: self.access.clone(),
            identity: self.identity.clone(),
            control: self.control.join("anew").join(component.as_str()),
            connection: Mutex::new(None),
        }
    }

    /// Forgets a connection that broke, so that the next call makes a new one.
    async fn note(&self, error: &NodeError) {
        if matches!(error, NodeError::Unreachable { .. }) {
            self.connection.lock().await.take();
        }
    }
}

impl NodePool {
    /// Makes a pool without nodes. `program` is the ennead program to put on them, usually the
    /// running one; it is read when first needed.
    pub fn new(identity: Identity, program: &Utf8Path) -> Self {
        Self {
            identity,
            control: ssh::control_directory(),
            program_path: program.to_owned(),
            program: OnceCell::new(),
            packed: OnceCell::new(),
            directories: Directories::default(),
            reconnect: RECONNECT,
            nodes: RwLock::default(),
        }
    }

    /// Uses other directories on the nodes, and another one here for control sockets.
    #[must_use]
    pub fn with_directories(mut self, directories: Directories, control: &Utf8Path) -> Self {
        self.directories = directories;
        control.clone_into(&mut self.control);
        self
    }

    /// Gives nodes another time to let a new connection in after an order that has to be confirmed.
    #[must_use]
    pub fn with_reconnect(mut self, reconnect: Duration) -> Self {
        self.reconnect = reconnect;
        self
    }

    /// Adds a node, or replaces it when it is reached differently now.
    pub fn put(&self, access: NodeAccess) {
        let mut nodes = self.nodes.write().unwrap_or_else(PoisonError::into_inner);
        if nodes.get(&access.node).is_some_and(|entry| entry.access == access) {
            return;
        }
        let node = access.node.clone();
        let entry = Entry {
            access,
            identity: self.identity.clone(),
            control: self.control.clone(),
            connection: Mutex::new(None),
        };
        nodes.insert(node, Arc::new(entry));
    }

    /// Returns the names of the nodes.
    pub fn names(&self) -> Vec<NodeName> {
        self.nodes.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn entry(&self, node: &NodeName) -> Result<Arc<Entry>, NodeError> {
        let nodes = self.nodes.read().unwrap_or_else(PoisonError::into_inner);
        nodes.get(node).cloned().ok_or_else(|| NodeError::NoAccess { node: node.clone() })
    }

    async fn program(&self) -> Result<&Program, NodeError> {
        self.program.get_or_try_init(|| Program::load(&self.program_path)).await
    }

    /// Returns a connection to a node, for a conversation with a program on it.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn host(&self, node: &NodeName) -> Result<SshHost, NodeError> {
        self.entry(node)?.host().await
    }

    /// Waits until the node answers over SSH with its own host key.
    ///
    /// # Errors
    /// [`NodeError::Unreachable`] at the deadline, [`NodeError::HostKey`] at once.
    pub async fn answers(&self, node: &NodeName, deadline: Duration) -> Result<(), NodeError> {
        let entry = self.entry(node)?;
        reach::wait(&entry, deadline).await.map(drop)
    }

    /// Waits until a node answers over SSH with its host key, and puts the program there.
    ///
    /// # Errors
    /// [`NodeError::Unreachable`] when the deadline has passed, with what was last seen;
    /// [`NodeError::HostKey`] and [`NodeError::System`] at once.
    pub async fn reach(&self, node: &NodeName, deadline: Duration) -> Result<Reached, NodeError> {
        let entry = self.entry(node)?;
        let host = reach::wait(&entry, deadline).await?;
        self.put_program(&entry, &host).await
    }

    async fn put_program(&self, entry: &Entry, host: &SshHost) -> Result<Reached, NodeError> {
        let program = self.program().await?;
        let packed = async {
            let packed = self.packed.get_or_try_init(|| program.packed()).await?;
            Ok(packed.as_slice())
        };
        let node = &entry.access.node;
        let put = reach::put_program(node, host, program, packed, &self.directories).await;
        if let Err(error) = &put {
            entry.note(error).await;
        }
        put
    }

    /// Sends an order, its references resolved, and returns the node's report. Puts the program
    /// there first when this version is missing. What the order has to confirm goes over a
    /// connection that is made after the rest of it ended.
    ///
    /// # Errors
    /// [`NodeError`]; a failed action is no error but in the report.
    pub async fn converge(
        &self,
        order: &NodeOrder,
        deadline: Duration,
    ) -> Result<NodeReport, NodeError> {
        let entry = self.entry(&order.node)?;
        let program = self.program().await?;
        let path = self.directories.versions.join(program.file_name());
        let command = Command::new(path.as_str()).args(["node", "apply"]).deadline(deadline);
        let command = command.stdin(json(&order.node, order)?);
        let mut output = run(&entry, &command).await?;
        if output.status == NOT_FOUND {
            let host = entry.host().await?;
            self.put_program(&entry, &host).await?;
            output = run(&entry, &command).await?;
        }
        let mut report = report_on(order, "ennead node apply", &output)?;
        if report.failed().is_none() && !order.confirm.is_empty() {
            report.actions.extend(self.confirm(&entry, order, &path).await?.actions);
        }
        Ok(report)
    }

    /// Ends an order over a connection of its own, made now. Others' programs go on over the old
    /// one, so it is neither used nor closed.
    async fn confirm(
        &self,
        entry: &Entry,
        order: &NodeOrder,
        program: &Utf8Path,
    ) -> Result<NodeReport, NodeError> {
        let anew = entry.anew(&order.component);
        anew.close().await;
        let command = Command::new(program.as_str()).args(["node", "confirm"]);
        let command = command.deadline(CONFIRM).stdin(json(&order.node, order)?);
        let told = match reach::wait(&anew, self.reconnect).await {
            Ok(host) => host.run(&command).await.map_err(|error| from_host(&order.node, error)),
            Err(error) => Err(error),
        };
        anew.close().await;
        let output = told.map_err(|error| match error {
            NodeError::Unreachable { node, why } => {
                NodeError::ShutOut { node, component: order.component.clone(), why }
            }
            other => other,
        })?;
        report_on(order, "ennead node confirm", &output)
    }

    /// Asks a node how it is. Changes nothing: a node without this version of the program is asked
    /// through the one that it has.
    pub async fn observe(&self, node: &NodeName) -> Known<NodeFacts> {
        let asked = self.ask(node, "observe", r#"{"format_version":1}"#.to_owned(), OBSERVE);
        match tokio::time::timeout(OBSERVE, asked).await {
            Ok(Ok(facts)) => Known::Known(facts),
            Ok(Err(error)) => Known::unknown(error_chain(&error)),
            Err(_) => Known::unknown(format!("{node}: no answer within {} s", OBSERVE.as_secs())),
        }
    }

    /// Asks all nodes how they are, at the same time.
    pub async fn observe_all(&self) -> BTreeMap<NodeName, Known<NodeFacts>> {
        let names = self.names();
        let facts = join_all(names.iter().map(|node| self.observe(node))).await;
        names.into_iter().zip(facts).collect()
    }

    /// Tests a condition on a node.
    ///
    /// # Errors
    /// [`NodeError`] when the node cannot say.
    pub async fn test(&self, node: &NodeName, condition: &Condition) -> Result<Tested, NodeError> {
        self.ask(node, "test", json(node, condition)?, TEST).await
    }

    /// Lets a node connect to ports of others. Changes nothing.
    ///
    /// # Errors
    /// [`NodeError`] when the node cannot say; also when its program is too old to know how.
    pub async fn reach_from(
        &self,
        node: &NodeName,
        request: &ReachRequest,
    ) -> Result<ReachAnswer, NodeError> {
        self.ask(node, "reach", json(node, request)?, REACH).await
    }

    /// Runs any command on a node; any exit status is an `Ok`.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn run(&self, node: &NodeName, command: &Command) -> Result<Output, NodeError> {
        run(&*self.entry(node)?, command).await
    }

    /// Ends all connections, also those that earlier programs left open.
    pub async fn close(&self) {
        let entries: Vec<Arc<Entry>> = {
            let nodes = self.nodes.read().unwrap_or_else(PoisonError::into_inner);
            nodes.values().cloned().collect()
        };
        join_all(entries.iter().map(|entry| entry.close())).await;
    }

    /// Asks a node's program a question: one JSON document in, one out. A node without this version of
    /// the program is asked through the one that it has.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        node: &NodeName,
        verb: &str,
        question: String,
        limit: Duration,
    ) -> Result<T, NodeError> {
        let entry = self.entry(node)?;
        let path = self.directories.versions.join(self.program().await?.file_name());
        let script = r#"p=$1; [ -x "$p" ] || p=$2; shift 2; exec "$p" node "$@""#;
        let command = Command::new("sh").args(["-c", script, "sh", path.as_str()]);
        let command = command.arg(self.directories.link.as_str()).args(verb.split(' '));
        let command = command.stdin(question);
        let output = run(&entry, &command.deadline(limit)).await?;
        if output.status == NOT_FOUND {
            let what = "the ennead program is not on it yet".to_owned();
            let command = format!("ennead node {verb}");
            return Err(NodeError::Answer { node: node.clone(), command, what });
        }
        answer(node, &format!("ennead node {verb}"), &output)
    }
}

/// Runs a command; a machine whose port does not open is told without waiting for `ssh`.
async fn run(entry: &Entry, command: &Command) -> Result<Output, NodeError> {
    let node = &entry.access.node;
    let answer = async {
        let connected = entry.connection.lock().await.is_some();
        if !connected {
            let address = (entry.access.public_ip, entry.access.port);
            let closed = |why| NodeError::Unreachable { node: node.clone(), why };
            reach::knock(address).await.map_err(closed)?;
        }
        let host = entry.host().await?;
        host.run(command).await.map_err(|error| from_host(node, error))
    };
    let answer = answer.await;
    if let Err(error) = &answer {
        entry.note(error).await;
    }
    answer
}

pub(super) fn json<T: Serialize>(node: &NodeName, value: &T) -> Result<String, NodeError> {
    serde_json::to_string(value).map_err(|error| NodeError::Answer {
        node: node.clone(),
        command: "write the question".to_owned(),
        what: error.to_string(),
    })
}

/// Reads a report, which must be about the order.
fn report_on(order: &NodeOrder, command: &str, output: &Output) -> Result<NodeReport, NodeError> {
    let report: NodeReport = answer(&order.node, command, output)?;
    if (&report.node, &report.component) == (&order.node, &order.component) {
        return Ok(report);
    }
    let what = format!("it is about {} on {}", report.component, report.node);
    Err(NodeError::Answer { node: order.node.clone(), command: command.to_owned(), what })
}

fn answer<T: DeserializeOwned>(
    node: &NodeName,
    command: &str,
    output: &Output,
) -> Result<T, NodeError> {
    let (node, command) = (node.clone(), command.to_owned());
    let stderr = one_line(&output.stderr_tail());
    if !output.success() {
        return Err(NodeError::Died { node, command, status: output.status, stderr });
    }
    serde_json::from_slice(&output.stdout).map_err(|error| {
        let what = if stderr.is_empty() { error.to_string() } else { format!("{error}: {stderr}") };
        NodeError::Answer { node, command, what }
    })
}

fn error_chain(error: &NodeError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
