//! Writes the audit log and keeps its copies on nodes up to date.
//!
//! ```text
//! fetch  the copies' ends from every node that answers      no node has to
//! add    what they have besides, forks, and the new record  on this machine's disk, or an error
//! send   what each keeper lacks                             a keeper that is silent gets it next time
//! ```
//! Only this machine's own file can make it fail, and it fails before anything is changed.

mod copies;

use ennead_audit::log::Entry;
use ennead_audit::{AuditLog, Event, LogError, Record, Who, head_of};
use ennead_model::{Digest, NodeName};
use jiff::Timestamp;

pub use copies::{Copies, Fetched, fetch};

/// Writes records for one platform.
#[derive(Debug, Clone)]
pub struct Recorder {
    /// This machine's file.
    pub log: AuditLog,
    /// Which platform.
    pub platform: String,
    /// Who makes changes.
    pub who: Who,
    /// The nodes that keep a copy.
    pub keepers: Vec<NodeName>,
}

/// What came of writing a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The new record's hash.
    pub hash: Option<Digest>,
    /// Which keepers have the whole log now.
    pub copied: Vec<NodeName>,
    /// What the operator should know, one line each.
    pub notes: Vec<String>,
}

impl Recorder {
    /// Writes a record here and sends it to the keepers. `nodes` are asked for what other operators
    /// wrote; `make` gets how many of them answered.
    ///
    /// # Errors
    /// [`LogError`] when this machine's file cannot be read, is damaged or cannot be written. Nodes
    /// that do not answer are never an error.
    pub async fn record(
        &self,
        copies: &dyn Copies,
        nodes: &[NodeName],
        at: Timestamp,
        make: impl FnOnce(u64) -> Event,
    ) -> Result<Recorded, LogError> {
        let mut recorded = Recorded::default();
        let fetched = self.fetch(copies, nodes, &mut recorded).await?;
        let event = make(u64::try_from(fetched.len()).unwrap_or(u64::MAX));
        let records = self.add(&fetched, at, Some(event), &mut recorded)?;
        recorded.hash = Some(head_of(&records).hash);
        if self.send(copies, &fetched, &records, &mut recorded).await {
            return Ok(recorded);
        }
        // Somebody else wrote meanwhile: their records first, then both.
        let fetched = self.fetch(copies, nodes, &mut recorded).await?;
        let records = self.add(&fetched, at, None, &mut recorded)?;
        self.send(copies, &fetched, &records, &mut recorded).await;
        Ok(recorded)
    }

    async fn fetch(
        &self,
        copies: &dyn Copies,
        nodes: &[NodeName],
        recorded: &mut Recorded,
    ) -> Result<Vec<Fetched>, LogError> {
        let (local, _) = self.log.examine()?;
        let mut good = Vec::new();
        for fetched in fetch(copies, nodes, &local, &self.platform).await {
            match fetched {
                Ok(fetched) => good.push(fetched),
                Err((node, problem)) => {
                    tracing::debug!(%node, problem = problem.text(), "no copy of the audit log");
                    if problem.is_damage() {
                        let text = problem.text();
                        recorded.notes.push(format!("the copy on {node} is left out: {text}"));
                    }
                }
            }
        }
        recorded.notes.dedup();
        Ok(good)
    }

    fn add(
        &self,
        fetched: &[Fetched],
        at: Timestamp,
        event: Option<Event>,
        recorded: &mut Recorded,
    ) -> Result<Vec<Record>, LogError> {
        let chains: Vec<Vec<Record>> = fetched.iter().map(|copy| copy.records.clone()).collect();
        let entry = Entry { platform: &self.platform, at, who: &self.who };
        let written = self.log.add(entry, &chains, event)?;
        if written.joined > 0 {
            recorded.notes.push(format!(
                "{} run(s) elsewhere did not see each other; both are in the log now, see \
                 `ennead audit show`",
                written.joined
            ));
        }
        Ok(written.records)
    }

    /// Sends each keeper what it lacks; false when one refused because it has something else by now.
    async fn send(
        &self,
        copies: &dyn Copies,
        fetched: &[Fetched],
        records: &[Record],
        recorded: &mut Recorded,
    ) -> bool {
        recorded.copied.clear();
        let known = fetched.iter().filter(|copy| self.keepers.contains(&copy.node));
        let sent = futures::future::join_all(known.map(|copy| async move {
            let from = ennead_audit::common_length(records, &copy.records);
            let lines: Vec<String> =
                records.get(from..).unwrap_or_default().iter().map(Record::line).collect();
            if lines.is_empty() {
                return (&copy.node, Ok(None));
            }
            (&copy.node, copies.append(&copy.node, lines).await.map(|answer| answer.refused))
        }));
        let mut taken = true;
        for (node, answer) in sent.await {
            match answer {
                Ok(None) => recorded.copied.push(node.clone()),
                Ok(Some(refused)) => {
                    tracing::debug!(%node, refused, "the copy was not continued");
                    taken = false;
                }
                Err(why) => tracing::debug!(%node, why, "the copy is caught up the next time"),
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests;
