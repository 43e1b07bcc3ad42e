//! What a drill breaks. Pure words; [`crate::plan`] says what they mean for a fleet.

use std::fmt;

use ennead_model::{NodeName, SiteName};
use serde::{Deserialize, Serialize};

/// Whose power is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Whoever is primary when the run begins.
    Primary,
    /// A node by name.
    Node(NodeName),
}

/// A process of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// PostgreSQL's first process, which all others end with.
    Postgres,
    /// Patroni, which watches PostgreSQL and holds the leader lock.
    Patroni,
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "postgres",
            Self::Patroni => "patroni",
        })
    }
}

/// What is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// One server's power.
    PowerLoss {
        /// Whose.
        target: Target,
    },
    /// The power of all servers of a site, at once.
    SiteLoss {
        /// Which; the primary's when absent.
        site: Option<SiteName>,
    },
    /// A process on the primary, by SIGKILL.
    ProcessKill {
        /// Which.
        process: Process,
    },
    /// Everything on the primary's server stops and keeps its addresses.
    Freeze,
    /// Nothing: another becomes primary on order.
    Switchover,
    /// Packets between two sides of the platform.
    Partition {
        /// The one side and the other; the primary's site and all others when absent.
        sites: Option<(SiteName, SiteName)>,
    },
}

impl Fault {
    /// Returns the name of its drill.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PowerLoss { .. } => "power-loss",
            Self::SiteLoss { .. } => "site-loss",
            Self::ProcessKill { .. } => "process-kill",
            Self::Freeze => "freeze",
            Self::Switchover => "switchover",
            Self::Partition { .. } => "partition",
        }
    }

    /// Returns why only the lab can do it; `None` when any cloud can.
    pub fn only_in_lab(&self) -> Option<&'static str> {
        match self {
            Self::Freeze => Some("a cloud has no order that stops a server where it stands"),
            Self::Partition { .. } => Some("a cloud has no order that parts its locations"),
            _ => None,
        }
    }
}

/// A fault that only the lab can do, as its admin API reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LabFault {
    /// Everything in the servers stops; their addresses stay. A power cycle ends it.
    Freeze {
        /// Names of servers.
        servers: Vec<String>,
    },
    /// No packet passes between the servers of one side and those of the other.
    Partition {
        /// Names of servers.
        from: Vec<String>,
        /// Names of servers.
        to: Vec<String>,
    },
    /// Servers' requests to the cloud's API are never answered; the operator's are.
    Unreachable,
}

impl fmt::Display for LabFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Freeze { servers } => write!(f, "freeze {}", servers.join(", ")),
            Self::Partition { from, to } => {
                write!(f, "part {} from {}", from.join(", "), to.join(", "))
            }
            Self::Unreachable => f.write_str("keep servers from the cloud's API"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_the_lab_are_written_as_its_admin_api_reads_them() {
        let json = |fault| serde_json::to_string(&fault).unwrap();
        let servers = || vec!["db-1".to_owned()];
        assert_eq!(
            json(LabFault::Freeze { servers: servers() }),
            r#"{"kind":"freeze","servers":["db-1"]}"#
        );
        assert_eq!(
            json(LabFault::Partition { from: servers(), to: vec!["db-2".to_owned()] }),
            r#"{"kind":"partition","from":["db-1"],"to":["db-2"]}"#
        );
        assert_eq!(json(LabFault::Unreachable), r#"{"kind":"unreachable"}"#);
    }
}
