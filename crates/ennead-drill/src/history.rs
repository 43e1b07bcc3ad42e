//! What a probe told during one run.

use ennead_node::probe::{Ack, IdRanges, Purpose, ReadAnswer};
use serde::{Deserialize, Serialize};

/// Everything that the checker needs. Times are microseconds of the probe's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// When the measurement begins: the probe writes from here on.
    pub from_us: u64,
    /// When it ends: the probe was told to stop.
    pub to_us: u64,
    /// Whether the probe's record arrived whole, to its summary.
    pub whole: bool,
    /// How many writes were sent: ids 1 to this.
    pub tried: u64,
    /// Acknowledged writes, in the order of arrival.
    pub acks: Vec<Ack>,
    /// Answered reads, in the order of arrival.
    pub reads: Vec<ReadAnswer>,
    /// Ids that the database refused.
    pub refused: IdRanges,
    /// Ids whose answer was lost.
    pub unknown: IdRanges,
    /// How many acknowledged writes the probe itself counted.
    pub acknowledged: u64,
    /// Timelines of the write-ahead log that answered, with the time of the first answer.
    pub timelines: Vec<(u64, u32)>,
    /// Failed tries.
    pub troubles: Vec<Trouble>,
}

/// Tries that failed in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// When the first of them failed.
    pub at_us: u64,
    /// What they were for.
    pub purpose: Purpose,
    /// The load balancer's node.
    pub endpoint: String,
    /// Why.
    pub what: String,
    /// How many.
    pub count: u64,
}
