//! Evidence in the coordination cluster, so that it outlives the guard and its node.
//!
//! Each guard keeps its last [`KEPT`] lines below `evidence/NODE/`. Numbers grow; a guard that
//! starts goes on behind its last line. Lines that cannot be written wait; when too many do, the
//! oldest are dropped: the journal has them all.

use std::collections::VecDeque;
use std::time::Duration;

use ennead_guard::{Evidence, Term};
use ennead_host::clock::{now, pause_for};
use ennead_model::NodeName;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::etcd::{Compare, EtcdError, Keys, Part, Txn};
use super::keys::ordered;
use super::store::Store;

/// Lines that each guard keeps. Two acts in ten minutes are about thirty lines.
const KEPT: u64 = 200;

/// Lines that wait at most.
const WAITING_MAX: usize = 1_000;

/// Pause after a write that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Version of a line's JSON.
const FORMAT_VERSION: u32 = 1;

/// One line as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Version of its form.
    pub format_version: u32,
    /// Time of day on the guard's node, RFC 3339.
    pub at: String,
    /// Whose guard says it.
    pub by: NodeName,
    /// In which term, if it led.
    pub term: Option<u64>,
    /// About which node.
    pub node: NodeName,
    /// What happened, a sentence that begins with the node's name.
    pub text: String,
}

impl Line {
    /// Makes a line with the present time of day.
    pub(crate) fn new(by: &NodeName, term: Option<Term>, evidence: &Evidence) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            at: now().to_string(),
            by: by.clone(),
            term: term.map(|it| it.0),
            node: evidence.node.clone(),
            text: evidence.to_string(),
        }
    }
}

/// Writes lines until no more can come.
pub(crate) async fn write_all(
    store: std::sync::Arc<Store>,
    mut lines: mpsc::UnboundedReceiver<Line>,
) {
    let mut waiting = VecDeque::new();
    let mut next = None;
    while let Some(line) = lines.recv().await {
        waiting.push_back(line);
        while let Some(line) = waiting.front() {
            match write(&store, &mut next, line).await {
                Ok(true) => drop(waiting.pop_front()),
                // Somebody else's line stands there: the numbers are read again.
                Ok(false) => next = None,
                Err(error) => {
                    tracing::debug!(%error, "evidence waits for the coordination cluster");
                    next = None;
                    if lines.is_closed() {
                        return;
                    }
                    pause_for(PAUSE).await;
                }
            }
            while let Ok(line) = lines.try_recv() {
                waiting.push_back(line);
            }
            while waiting.len() > WAITING_MAX {
                waiting.pop_front();
            }
        }
    }
}

async fn write(store: &Store, next: &mut Option<u64>, line: &Line) -> Result<bool, EtcdError> {
    let prefix = store.keys.evidence(&store.own);
    let number = match *next {
        Some(number) => number,
        None => last(store, &prefix).await?.saturating_add(1),
    };
    let key = format!("{prefix}{}", ordered(number));
    let value = serde_json::to_string(line)
        .map_err(|error| EtcdError::NotSent(format!("a line of evidence: {error}")))?;
    let oldest = number.saturating_sub(KEPT).saturating_add(1);
    let old = Keys::Between(prefix.clone(), format!("{prefix}{}", ordered(oldest)));
    let txn = Txn {
        compare: vec![Compare::CreatedAt(key.clone(), 0)],
        then: vec![Part::Put { key, value, lease: None }, Part::Delete(old)],
        otherwise: Vec::new(),
    };
    let done = store.etcd.txn(&txn).await?.succeeded;
    *next = done.then(|| number.saturating_add(1));
    Ok(done)
}

async fn last(store: &Store, prefix: &str) -> Result<u64, EtcdError> {
    let question = Txn::reading(vec![Part::Last(Keys::Prefix(prefix.to_owned()))]);
    let answer = store.etcd.txn(&question).await?;
    let name = answer.one(0).ok().flatten().and_then(super::etcd::Kv::key);
    let number = name.as_deref().and_then(|name| name.strip_prefix(prefix)?.parse().ok());
    Ok(number.unwrap_or(0))
}
