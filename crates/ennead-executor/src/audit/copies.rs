//! Reading the copies of the log.

use async_trait::async_trait;
use ennead_audit::wire::{AppendAnswer, ReadAnswer};
use ennead_audit::{Record, read_chain};
use ennead_model::NodeName;

/// Where copies lie: nodes, or a test's memory.
#[async_trait]
pub trait Copies: Send + Sync {
    /// Returns where a node's copy ends and its lines from a record on.
    ///
    /// # Errors
    /// Why the node does not answer, on one line.
    async fn read(&self, node: &NodeName, from: u64) -> Result<ReadAnswer, String>;

    /// Offers lines to a node's copy.
    ///
    /// # Errors
    /// Why the node does not answer, on one line.
    async fn append(&self, node: &NodeName, lines: Vec<String>) -> Result<AppendAnswer, String>;
}

/// A node's whole copy, examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Which node.
    pub node: NodeName,
    /// Its records.
    pub records: Vec<Record>,
}

/// Why there is no copy from a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The node does not answer, or cannot yet.
    Silent(String),
    /// It answers, and its copy is not as it was written.
    Damaged(String),
}

impl Missing {
    /// Returns why, on one line.
    pub fn text(&self) -> &str {
        match self {
            Self::Silent(text) | Self::Damaged(text) => text,
        }
    }

    /// Returns whether the node answered.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_))
    }
}

/// Reads the copies of nodes, all at the same time. `local` saves sending what is known here.
pub async fn fetch(
    copies: &dyn Copies,
    nodes: &[NodeName],
    local: &[Record],
    platform: &str,
) -> Vec<Result<Fetched, (NodeName, Missing)>> {
    let each = nodes.iter().map(|node| async move {
        match fetch_one(copies, node, local, platform).await {
            Ok(records) => Ok(Fetched { node: node.clone(), records }),
            Err(missing) => Err((node.clone(), missing)),
        }
    });
    futures::future::join_all(each).await
}

async fn fetch_one(
    copies: &dyn Copies,
    node: &NodeName,
    local: &[Record],
    platform: &str,
) -> Result<Vec<Record>, Missing> {
    let from = u64::try_from(local.len().max(1)).unwrap_or(u64::MAX);
    let answer = read(copies, node, from).await?;
    let text = match continues(local, &answer) {
        Some(text) => text,
        None => lines_text(&read(copies, node, 1).await?.lines),
    };
    let records = read_chain(&text).map_err(|problem| Missing::Damaged(problem.to_string()))?;
    match records.iter().find(|record| record.platform != platform) {
        Some(other) => Err(Missing::Damaged(format!("it is of platform {}", other.platform))),
        None => Ok(records),
    }
}

async fn read(copies: &dyn Copies, node: &NodeName, from: u64) -> Result<ReadAnswer, Missing> {
    let answer = copies.read(node, from).await.map_err(Missing::Silent)?;
    match answer.problem {
        Some(problem) if !problem.ends_with(&ennead_audit::Wrong::Torn.to_string()) => {
            Err(Missing::Damaged(problem))
        }
        _ => Ok(answer),
    }
}

/// Returns the copy's text when it is a beginning of the local log or continues it; `None` when that
/// cannot be told from what was sent.
fn continues(local: &[Record], answer: &ReadAnswer) -> Option<String> {
    let length = usize::try_from(answer.head.sequence).ok()?;
    if length == 0 {
        return Some(String::new());
    }
    let lines: Vec<String> = if length < local.len() {
        let common = local.get(..length)?;
        common.last().filter(|record| record.hash == answer.head.hash)?;
        common.iter().map(Record::line).collect()
    } else {
        let known = local.split_last();
        if let Some((last, _)) = known
            && *answer.lines.first()? != last.line()
        {
            return None;
        }
        let before = known.map(|(_, before)| before).unwrap_or_default();
        before.iter().map(Record::line).chain(answer.lines.iter().cloned()).collect()
    };
    Some(lines_text(&lines))
}

fn lines_text(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}
