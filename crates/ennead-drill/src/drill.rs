//! The list of drills, in words for people.

use serde::Serialize;

use crate::fault::Fault;

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
    /// Longest time without an acknowledged write with which it passes, in seconds, unless the
    /// operator says otherwise.
    pub rto_limit_s: u32,
    /// Whether only the lab can do it.
    pub only_in_lab: bool,
}

/// What every drill begins and ends with.
const STEADY: &str =
    "every component on every node is healthy and exactly one PostgreSQL is primary";
/// What every drill measures.
const PROBES: &str = "a client on a node that runs no part of the database writes and reads through the load balancers every 25 ms; RTO is its longest gap between acknowledged writes, RPO the number of acknowledged writes that are gone afterwards";

/// A lease of Patroni (20 s) with what an etcd leader that dies too adds.
const LEASE_S: u32 = 28;

const POWER_LOSS: Drill = Drill {
    name: "power-loss",
    proves: "a server may lose its power at any time: writes come back by themselves, no acknowledged write is lost, and the server rejoins when its power is back",
    steady_state: STEADY,
    fault: "the server's power is cut through the cloud's API, without a shutdown",
    probes: PROBES,
    deadline_s: 330,
    rto_limit_s: LEASE_S,
    only_in_lab: false,
};

const SITE_LOSS: Drill = Drill {
    name: "site-loss",
    proves: "a site may lose its power with the primary in it: writes come back in another site, no acknowledged write is lost, and all its servers rejoin",
    fault: "the power of all servers of a site is cut through the cloud's API at once; before that the primary is moved there",
    ..POWER_LOSS
};

const PROCESS_KILL: Drill = Drill {
    name: "process-kill",
    proves: "PostgreSQL or Patroni may be killed on the primary: writes come back, there or elsewhere, no acknowledged write is lost, and nobody has to mend anything",
    fault: "SIGKILL of PostgreSQL's first process or of Patroni on the primary's node",
    // A goal: no lease has to run out.
    rto_limit_s: 6,
    ..POWER_LOSS
};

const FREEZE: Drill = Drill {
    name: "freeze",
    proves: "the primary's server may stop and go on later: another takes over, and the old primary writes nothing more and rejoins",
    fault: "everything on the primary's server is stopped; it goes on, or is power cycled, when another is primary",
    only_in_lab: true,
    ..POWER_LOSS
};

const SWITCHOVER: Drill = Drill {
    name: "switchover",
    proves: "the primary may be moved at any time: clients wait for a moment, and no acknowledged write is lost",
    fault: "nothing; Patroni is asked to make a synchronous replica the primary",
    // A goal: the lock is handed over.
    rto_limit_s: 3,
    ..POWER_LOSS
};

const PARTITION: Drill = Drill {
    name: "partition",
    proves: "sites may lose sight of each other: a client on the side with etcd's majority writes again, no write that was acknowledged to clients on either side is lost when they meet again, and the other side rejoins",
    fault: "no packet passes between two sites; healed when writes are back on the side with etcd's majority",
    only_in_lab: true,
    ..POWER_LOSS
};

/// Returns all drills.
pub fn list() -> &'static [Drill] {
    &[POWER_LOSS, SITE_LOSS, PROCESS_KILL, FREEZE, SWITCHOVER, PARTITION]
}

/// Returns the drill of a fault.
pub fn drill_of(fault: &Fault) -> &'static Drill {
    match fault {
        Fault::PowerLoss { .. } => &POWER_LOSS,
        Fault::SiteLoss { .. } => &SITE_LOSS,
        Fault::ProcessKill { .. } => &PROCESS_KILL,
        Fault::Freeze => &FREEZE,
        Fault::Switchover => &SWITCHOVER,
        Fault::Partition { .. } => &PARTITION,
    }
}
