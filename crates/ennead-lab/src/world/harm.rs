//! Faults of servers and of the network, as opposed to those of the API.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::WorldError;

/// Which of a server's interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The public one.
    Public,
    /// All private ones.
    Private,
}

/// Something that goes wrong with servers or between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Harm {
    /// No packet passes from any of the one set to any of the other, on any way.
    Partition {
        /// Senders.
        from: Vec<u64>,
        /// Receivers.
        to: Vec<u64>,
    },
    /// Some packets get lost.
    Loss {
        /// Senders.
        from: Vec<u64>,
        /// Receivers.
        to: Vec<u64>,
        /// How many, 0 to 100.
        percent: f64,
    },
    /// Packets take longer.
    Delay {
        /// Senders.
        from: Vec<u64>,
        /// Receivers.
        to: Vec<u64>,
        /// How much longer, in milliseconds.
        ms: f64,
        /// How much that varies, in milliseconds to both sides.
        jitter_ms: f64,
    },
    /// An interface carries nothing. The server sees its link as before.
    Cut {
        /// Whose.
        servers: Vec<u64>,
        /// Which.
        side: Side,
    },
    /// Everything in the server stops; its addresses stay. It ends with a power cycle, too.
    Freeze {
        /// Which.
        servers: Vec<u64>,
    },
    /// The server's disk has no byte left.
    FullDisk {
        /// Whose.
        servers: Vec<u64>,
    },
    /// The server's disk is slow.
    SlowDisk {
        /// Whose.
        servers: Vec<u64>,
        /// Bytes per second that it writes and reads at most.
        bytes_per_second: u64,
    },
}

/// Does harm and undoes it.
#[async_trait]
pub trait Harmful: Send + Sync {
    /// Lets exactly these be in force; what is not among them any more is as it was before it came.
    async fn set_harm(&self, all: &[Harm]) -> Result<(), WorldError>;
}
