//! What a node remembers, below `/var/lib/ennead`: who it is, the newest generation it obeyed, what
//! was applied per component, and which files each unit runs with.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::clock::wait_until;
use ennead_host::{FileWrite, Host, HostError, files};
use ennead_model::{NodeName, NodeOrder};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::record::Record;

/// Where a node keeps its state.
pub const STATE_DIRECTORY: &str = "/var/lib/ennead";

/// How long an order waits for another order of the same component, and an action for another
/// action of the same node. The longest holder is a package installation.
const TURN_DEADLINE: Duration = Duration::from_mins(10);

/// The state directory of a node.
#[derive(Debug, Clone)]
pub struct StateDirectory {
    path: Utf8PathBuf,
    turns: bool,
}

/// Who the node is, written with the first order that it obeys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) platform: String,
    pub(crate) node: NodeName,
}

/// A turn among the orders on this node; over when dropped.
pub(crate) struct Turn {
    _lock: Option<files::FileLock>,
}

impl StateDirectory {
    /// Names the state directory of this machine; orders take turns by locks in it.
    pub fn new(path: impl Into<Utf8PathBuf>) -> Self {
        Self { path: path.into(), turns: true }
    }

    /// Names one on a machine that only one program works on, such as a remembering one.
    pub fn without_turns(path: impl Into<Utf8PathBuf>) -> Self {
        Self { path: path.into(), turns: false }
    }

    fn components(&self) -> Utf8PathBuf {
        self.path.join("components")
    }

    fn record(&self, component: &str) -> Utf8PathBuf {
        self.components().join(format!("{component}.json"))
    }

    fn unit(&self, unit: &str) -> Utf8PathBuf {
        self.path.join("units").join(unit)
    }

    /// Makes the directories.
    pub(crate) async fn prepare(&self, host: &dyn Host) -> Result<(), HostError> {
        for path in [self.path.clone(), self.components(), self.path.join("units")] {
            if host.facts(&path).await?.is_none() {
                host.make_directory(&path, "root", "root", 0o700).await?;
            }
        }
        Ok(())
    }

    /// Waits for a turn among those who ask for the same thing.
    pub(crate) async fn turn(&self, what: &str) -> Result<Turn, Problem> {
        if !self.turns {
            return Ok(Turn { _lock: None });
        }
        let path = self.path.join(format!("{what}.lock"));
        let taken = wait_until(TURN_DEADLINE, Duration::from_millis(20), || async {
            match files::try_lock(&path) {
                Ok(Some(lock)) => Ok(Ok(lock)),
                Ok(None) => Err("another order holds it".to_owned()),
                Err(error) => Ok(Err(error)),
            }
        })
        .await;
        match taken {
            Ok(Ok(lock)) => Ok(Turn { _lock: Some(lock) }),
            Ok(Err(error)) => Err(error.into()),
            Err(late) => Err(Problem::new(format!("no turn at {path}: {late}"))
                .hint("another run works on this node; look for `ennead node apply` there")),
        }
    }

    /// Refuses an order that is not for this node or older than one that it obeyed; remembers who
    /// the node is and the generation otherwise.
    pub(crate) async fn accept(&self, host: &dyn Host, order: &NodeOrder) -> Result<(), Problem> {
        let path = self.path.join("node");
        let who = Identity { platform: order.platform.clone(), node: order.node.clone() };
        match self.load::<Identity>(host, &path).await? {
            Some(known) if known == who => {}
            Some(known) => {
                let error = format!(
                    "this is {} of platform {}; the order is for {} of platform {}",
                    known.node, known.platform, who.node, who.platform
                );
                return Err(Problem::new(error).hint(format!(
                    "check the address; a node that really changes its name loses {path}"
                )));
            }
            None => self.save(host, &path, &who).await?,
        }
        let newest = self.generation(host).await?;
        if order.generation < newest {
            let given = order.generation;
            return Err(Problem::new(format!("generation {given} is older than {newest}"))
                .hint("a newer run has been here: observe and plan again"));
        }
        if order.generation > newest {
            let text = format!("{}\n", order.generation);
            self.write(host, &self.path.join("generation"), text).await?;
        }
        Ok(())
    }

    /// Returns the newest generation that the node obeyed; 0 when none.
    pub(crate) async fn generation(&self, host: &dyn Host) -> Result<u64, HostError> {
        let bytes = host.read(&self.path.join("generation")).await?.unwrap_or_default();
        // An unreadable number is one that an interrupted disk left: the next order sets it again.
        Ok(String::from_utf8_lossy(&bytes).trim().parse().unwrap_or(0))
    }

    /// Returns what was applied of a component.
    pub(crate) async fn read_record(
        &self,
        host: &dyn Host,
        component: &str,
    ) -> Result<Option<Record>, Problem> {
        self.load(host, &self.record(component)).await
    }

    /// Remembers what was applied of a component.
    pub(crate) async fn write_record(
        &self,
        host: &dyn Host,
        component: &str,
        record: &Record,
    ) -> Result<(), Problem> {
        self.save(host, &self.record(component), record).await
    }

    /// Returns the digest of the files that a unit took up last.
    pub(crate) async fn read_unit(
        &self,
        host: &dyn Host,
        unit: &str,
    ) -> Result<Option<String>, HostError> {
        let bytes = host.read(&self.unit(unit)).await?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
    }

    /// Remembers the digest of the files that a unit took up.
    pub(crate) async fn write_unit(
        &self,
        host: &dyn Host,
        unit: &str,
        digest: &str,
    ) -> Result<(), HostError> {
        self.write(host, &self.unit(unit), format!("{digest}\n")).await
    }

    async fn load<T: for<'de> Deserialize<'de>>(
        &self,
        host: &dyn Host,
        path: &Utf8Path,
    ) -> Result<Option<T>, Problem> {
        let Some(bytes) = host.read(path).await? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            Problem::new(format!("{path} is not what ennead wrote: {error}"))
                .hint(format!("remove {path}; the next run writes it again"))
        })
    }

    async fn save<T: Serialize>(
        &self,
        host: &dyn Host,
        path: &Utf8Path,
        value: &T,
    ) -> Result<(), Problem> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Problem::new(format!("cannot write {path}: {error}")))?;
        Ok(self.write(host, path, text + "\n").await?)
    }

    async fn write(&self, host: &dyn Host, path: &Utf8Path, text: String) -> Result<(), HostError> {
        let (owner, group) = ("root".to_owned(), "root".to_owned());
        let content = text.into_bytes();
        host.write(&FileWrite { path: path.to_owned(), content, owner, group, mode: 0o600 }).await
    }
}
