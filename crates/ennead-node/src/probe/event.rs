//! What a probe tells: one JSON line per event on standard output.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::config::Endpoint;
use super::ranges::IdRanges;

/// Version of the config's and the lines' JSON.
pub const PROBE_FORMAT_VERSION: u32 = 1;

/// A line. Times are microseconds of the probe's own monotonic clock since its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeLine {
    /// When the line was written. Who reads lines quickly learns from the smallest difference to
    /// his own clock how the two clocks stand.
    pub sent_us: u64,
    /// What happened.
    pub event: ProbeEvent,
}

/// What a try was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Making the table.
    Prepare,
    /// Writing a row.
    Write,
    /// Reading the newest row.
    Read,
    /// Reading all rows back.
    ReadBack,
}

/// A write that the database promised to keep. In JSON `[id, at_us, took_us, endpoint]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64, u64, usize)", into = "(u64, u64, u64, usize)")]
pub struct Ack {
    /// Its id; ids grow and are never used twice.
    pub id: u64,
    /// When the answer came.
    pub at_us: u64,
    /// Time from sending the statement to the answer.
    pub took_us: u64,
    /// Which of the write endpoints, from 0.
    pub endpoint: usize,
}

impl From<(u64, u64, u64, usize)> for Ack {
    fn from((id, at_us, took_us, endpoint): (u64, u64, u64, usize)) -> Self {
        Self { id, at_us, took_us, endpoint }
    }
}

impl From<Ack> for (u64, u64, u64, usize) {
    fn from(ack: Ack) -> Self {
        (ack.id, ack.at_us, ack.took_us, ack.endpoint)
    }
}

/// A read that was answered. In JSON `[at_us, took_us, endpoint, seen, behind]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64, usize, u64, u64)", into = "(u64, u64, usize, u64, u64)")]
pub struct ReadAnswer {
    /// When the answer came.
    pub at_us: u64,
    /// Time from sending the statement to the answer.
    pub took_us: u64,
    /// Which of the read endpoints, from 0.
    pub endpoint: usize,
    /// Newest id that it saw; 0 for none.
    pub seen: u64,
    /// By how many acknowledged ids that is older than the newest one known before the read.
    pub behind: u64,
}

impl From<(u64, u64, usize, u64, u64)> for ReadAnswer {
    fn from((at_us, took_us, endpoint, seen, behind): (u64, u64, usize, u64, u64)) -> Self {
        Self { at_us, took_us, endpoint, seen, behind }
    }
}

impl From<ReadAnswer> for (u64, u64, usize, u64, u64) {
    fn from(read: ReadAnswer) -> Self {
        (read.at_us, read.took_us, read.endpoint, read.seen, read.behind)
    }
}

/// The last word of a probe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// When writing ended.
    pub at_us: u64,
    /// Writes that were sent.
    pub tried: u64,
    /// Writes that the database promised to keep.
    pub acknowledged: u64,
    /// Writes that it refused: they must not be there.
    pub refused: IdRanges,
    /// Writes whose answer was lost: they may be there or not.
    pub unknown: IdRanges,
    /// Reads that were answered.
    pub reads: u64,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProbeEvent {
    /// The probe runs and has understood its config.
    Started {
        /// [`PROBE_FORMAT_VERSION`].
        format_version: u32,
        /// Time of day at the start of its clock.
        wall: Timestamp,
        /// Name of the run.
        run: String,
        /// Where writes go; acks refer to them by index.
        write_endpoints: Vec<Endpoint>,
        /// Where reads go.
        read_endpoints: Vec<Endpoint>,
    },
    /// The table is there; writing begins.
    Ready {
        /// When.
        at_us: u64,
    },
    /// Writes were acknowledged.
    Acks {
        /// In the order of their answers.
        acks: Vec<Ack>,
    },
    /// Reads were answered.
    Reads {
        /// In the order of their answers.
        reads: Vec<ReadAnswer>,
    },
    /// Another timeline of the write-ahead log answers: a replica was promoted.
    Timeline {
        /// When its first answer came.
        at_us: u64,
        /// The timeline's number.
        timeline: u32,
    },
    /// Tries failed.
    Trouble {
        /// When the first of them failed.
        at_us: u64,
        /// What they were for.
        purpose: Purpose,
        /// Which endpoint.
        endpoint: usize,
        /// Why.
        what: String,
        /// How many in the same way since the last such line.
        count: u64,
    },
    /// Nothing was acknowledged for a while: a sign of life.
    Waiting {
        /// When the last acknowledgement came.
        since_us: u64,
    },
    /// Writes are acknowledged again after a gap.
    Resumed {
        /// When.
        at_us: u64,
        /// Since the acknowledgement before.
        gap_us: u64,
        /// Which endpoint answered.
        endpoint: usize,
    },
    /// The end of a load.
    Summary(Summary),
    /// A part of the ids that are in the table.
    Ids {
        /// The ids.
        ids: IdRanges,
    },
    /// The end of reading back: all ids have been told.
    ReadBack {
        /// How many.
        count: u64,
    },
    /// The probe could not do its work and ends.
    Failed {
        /// Why, with what was last seen.
        what: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_compact_and_survive_their_json() {
        let ack = Ack { id: 7, at_us: 1_000, took_us: 300, endpoint: 2 };
        let line = ProbeLine { sent_us: 9, event: ProbeEvent::Acks { acks: vec![ack] } };
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(text, r#"{"sent_us":9,"event":{"kind":"acks","acks":[[7,1000,300,2]]}}"#);
        assert_eq!(serde_json::from_str::<ProbeLine>(&text).unwrap(), line);
    }

    #[test]
    fn a_summary_survives_its_json() {
        let summary = Summary { unknown: [3, 4, 9].into_iter().collect(), ..Summary::default() };
        let line = ProbeLine { sent_us: 9, event: ProbeEvent::Summary(summary) };
        let text = serde_json::to_string(&line).unwrap();
        assert!(text.contains(r#""unknown":[[3,4],[9,9]]"#), "{text}");
        assert_eq!(serde_json::from_str::<ProbeLine>(&text).unwrap(), line);
    }
}
