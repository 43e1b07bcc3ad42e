//! What a node is asked to connect to, and what it saw.

use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// Version of question and answer.
pub const REACH_FORMAT_VERSION: u32 = 1;

/// Transport of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// Returns its name as `nft` and the cloud write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// A port to connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// Address.
    pub address: Ipv4Addr,
    /// Port.
    pub port: u16,
    /// Transport.
    pub protocol: Protocol,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.address, self.port, self.protocol.name())
    }
}

/// The question of `ennead node reach`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachRequest {
    /// [`REACH_FORMAT_VERSION`].
    pub format_version: u32,
    /// What to connect to, all at the same time.
    pub targets: Vec<Target>,
}

/// What came of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "seen", rename_all = "snake_case")]
pub enum Seen {
    /// Something listens there.
    Open,
    /// The machine says that nothing listens: no filter stands between.
    Refused,
    /// No answer in time: a filter dropped it, or the machine is away. For UDP it may also be a
    /// program that answers nobody it does not know.
    Silent,
    /// The network says that there is no way, or this machine does not let the packet out.
    Unreachable {
        /// What was said.
        why: String,
    },
}

impl Seen {
    /// Returns whether the packet came to the machine.
    pub fn came_through(&self) -> bool {
        matches!(self, Self::Open | Self::Refused)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Refused => f.write_str("refused: nothing listens"),
            Self::Silent => f.write_str("no answer"),
            Self::Unreachable { why } => f.write_str(why),
        }
    }
}

/// A target with what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The target.
    #[serde(flatten)]
    pub target: Target,
    /// What came of it.
    #[serde(flatten)]
    pub seen: Seen,
}

/// The answer of `ennead node reach`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachAnswer {
    /// [`REACH_FORMAT_VERSION`].
    pub format_version: u32,
    /// One entry per target, in their order.
    pub reached: Vec<Reached>,
}
