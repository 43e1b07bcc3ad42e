//! What a guard writes before it touches a server, so that a successor can go on.
//!
//! There is one record for the platform: at most one server is being fenced at a time. It is written
//! before the power-off is asked for and removed after the server was seen running, so a guard that
//! dies in between never leaves a server off silently: who leads next finds the record.
//!
//! The record is never a proof. A successor does not revoke on its strength; it fences again, with a
//! confirmation of its own, or waits for PostgreSQL's lease and switches the server on.

use ennead_model::NodeName;
use serde::{Deserialize, Serialize};

use crate::words::{ActionId, LeaseId, ServerId, Term};

/// Version of the stored record.
pub const FORMAT_VERSION: u32 = 1;

/// Names one attempt to fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IntentId {
    /// In which period of leadership.
    pub term: Term,
    /// Which one of it.
    pub number: u64,
}

/// What a guard is about to do, or was when it died.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// Which attempt.
    pub id: IntentId,
    /// Which node.
    pub node: NodeName,
    /// Its server.
    pub server: ServerId,
    /// The lease that it held the leader key by.
    pub lease: LeaseId,
    /// Which guard.
    pub by: NodeName,
    /// The cloud's power-off, once it accepted one. For people who look; nothing is decided by it.
    pub action: Option<ActionId>,
}

/// The record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// [`FORMAT_VERSION`] of the writer.
    pub format_version: u32,
    /// The record.
    pub intent: Intent,
}

impl Stored {
    /// Wraps a record for storing.
    pub fn new(intent: Intent) -> Self {
        Self { format_version: FORMAT_VERSION, intent }
    }
}

/// How a record is written: always in a transaction that also compares the guard's election key with
/// the intent's term, so that a deposed guard cannot write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Writing {
    /// A new act: the record, and a key that counts the act for ten minutes. Only if no record
    /// exists, or the one that does is of the same node and an earlier attempt ([`IntentId`]'s order),
    /// and only if the number of acts is still the one that was read. So a write that arrives late
    /// cannot bring an old attempt back.
    Act {
        /// How many acts were read.
        acts: u32,
    },
    /// The action's id is added. Only if the record is still of this attempt.
    Note,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_survives_storing_and_an_unknown_field_is_refused() {
        let intent = Intent {
            id: IntentId { term: Term(7), number: 1 },
            node: NodeName::new("n1").unwrap(),
            server: ServerId(42),
            lease: LeaseId(7_587_869),
            by: NodeName::new("n2").unwrap(),
            action: Some(ActionId(9)),
        };
        let text = serde_json::to_string(&Stored::new(intent.clone())).unwrap();
        assert_eq!(serde_json::from_str::<Stored>(&text).unwrap().intent, intent);
        let more = text.replacen('{', "{\"proof\":true,", 1);
        assert!(serde_json::from_str::<Stored>(&more).is_err());
    }
}
