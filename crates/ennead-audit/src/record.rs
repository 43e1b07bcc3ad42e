//! One entry of the log: what happened, who did it, and the hash of the entry before.

use std::fmt;

use ennead_model::{Digest, sha256_hex};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::canonical;

/// Version of the records that this program writes and reads.
pub const FORMAT_VERSION: u32 = 1;

/// What the first record holds as the hash of the one before it.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The person's account and machine, for example `anna@laptop`.
    pub name: String,
    /// The public key of the identity that opened the platform's secrets; absent when there is none.
    pub key: Option<String>,
}

/// How a run ended, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It did what it says.
    Done,
    /// Something could not be done.
    Failed,
    /// The operator stopped it.
    Cancelled,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        })
    }
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// In one word.
    pub verdict: Verdict,
    /// Steps of all its plans.
    pub steps: u64,
    /// Actions that changed something.
    pub changed: u64,
    /// Steps that failed.
    pub failed: u64,
    /// Steps that were not started: behind a failed one, or because the operator stopped the run.
    pub not_started: u64,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A run is about to change something for the first time.
    Began {
        /// What was asked for, without secrets, for example `up`.
        command: String,
        /// Digest of the spec's text.
        spec_sha256: Digest,
        /// Digest of the plan; absent when the command has none.
        plan_sha256: Option<Digest>,
        /// How many nodes told where their copy ends. 0 says that nothing of other operators could
        /// be known.
        copies_seen: u64,
    },
    /// A run goes on with a further plan.
    WentOn {
        /// Hash of the record with which it began.
        run: Digest,
        /// Digest of the plan.
        plan_sha256: Digest,
    },
    /// A run ended.
    Ended {
        /// Hash of the record with which it began.
        run: Digest,
        /// What came of it.
        tally: Tally,
    },
    /// Records that were written elsewhere at the same time: a fork, shown and kept.
    Joined {
        /// Hash of the last record that both have.
        common: Digest,
        /// What the other has after it.
        records: Vec<Record>,
    },
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Which platform.
    pub platform: String,
    /// Its place in the chain; the first is 1.
    pub sequence: u64,
    /// When, in UTC.
    pub at: Timestamp,
    /// Who.
    pub who: Who,
    /// What.
    pub event: Event,
    /// Hash of the record before; [`GENESIS`] in the first.
    pub previous: Digest,
    /// SHA-256 of the record's canonical text without this field.
    pub hash: Digest,
}

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Place of the last record; 0 when there is none.
    pub sequence: u64,
    /// Its hash; [`GENESIS`] when there is none.
    pub hash: Digest,
}

impl Record {
    /// Makes the record that follows a head.
    pub fn after(head: &Head, platform: &str, at: Timestamp, who: &Who, event: Event) -> Self {
        let mut record = Self {
            format_version: FORMAT_VERSION,
            platform: platform.to_owned(),
            sequence: head.sequence.saturating_add(1),
            at,
            who: who.clone(),
            event,
            previous: head.hash.clone(),
            hash: Digest(String::new()),
        };
        record.hash = record.computed_hash();
        record
    }

    /// Returns the hash that the record must have.
    pub fn computed_hash(&self) -> Digest {
        let mut value = self.value();
        if let Value::Object(entries) = &mut value {
            entries.remove("hash");
        }
        Digest(sha256_hex(canonical(&value)))
    }

    /// Returns the record as it stands in a file: one line without its end.
    pub fn line(&self) -> String {
        canonical(&self.value())
    }

    /// Returns where a chain that ends with this record ends.
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash.clone() }
    }

    fn value(&self) -> Value {
        // Texts, numbers and lists of them always become JSON.
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Returns where a chain ends.
pub fn head_of(records: &[Record]) -> Head {
    let none = || Head { sequence: 0, hash: Digest(GENESIS.to_owned()) };
    records.last().map_or_else(none, Record::head)
}
