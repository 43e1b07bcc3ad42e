//! The list of drills, in words for people.

use serde::Serialize;

/// A rehearsal of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Drill {
    /// Its name on the command line.
    pub name: &'static str,
    /// The promise that it proves.
    pub proves: &'static str,
    /// What must hold before it begins, and again at its end.
    pub steady_state: &'static str,
    /// What it breaks.
    pub fault: &'static str,
    /// Who watches, and what is measured.
    pub probes: &'static str,
    /// Longest time of one run in seconds.
    pub deadline_s: u32,
}

/// The loss of one server's power.
pub const POWER_LOSS: Drill = Drill {
    name: "power-loss",
    proves: "a server may lose its power at any time: writes come back by themselves, no acknowledged write is lost, and the server rejoins when its power is back",
    steady_state: "every component on every node is healthy and exactly one PostgreSQL is primary",
    fault: "the server's power is cut through the cloud's API, without a shutdown",
    probes: "a client on a node that runs no part of the database writes and reads through the load balancers every 25 ms; RTO is its longest gap between acknowledged writes, RPO the number of acknowledged writes that are gone afterwards",
    deadline_s: 330,
};

/// Returns all drills.
pub fn list() -> &'static [Drill] {
    &[POWER_LOSS]
}
