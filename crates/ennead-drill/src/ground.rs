//! What a drill stands on and what it is allowed to do.

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_model::Fleet;
use ennead_node::probe::Login;

use crate::fault::Fault;

/// The platform as a drill needs to know it.
#[derive(Debug, Clone)]
pub struct Ground {
    /// All nodes.
    pub fleet: Fleet,
    /// Whether the spec allows drills. Without it every drill is refused.
    pub drills: bool,
    /// SHA-256 of the spec in hex.
    pub spec_sha256: String,
    /// Versions by program, for the evidence: at least `ennead`.
    pub versions: BTreeMap<String, String>,
    /// How the probe logs in.
    pub login: Login,
    /// Port of the load balancers for writes.
    pub write_port: u16,
    /// Port of the load balancers for reads.
    pub read_port: u16,
    /// The command that repeats the drill, for the evidence.
    pub repeat: String,
}

/// What a run must keep to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest time without an acknowledged write. Default 28 s: Patroni's ttl of 20 s is the floor
    /// without fencing, and an etcd leader that dies with the primary re-arms the lease.
    pub rto: Duration,
    /// Acknowledged writes that may be lost. Default 0.
    pub rpo: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rto: Duration::from_secs(28), rpo: 0 }
    }
}

/// How long a run waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// For the steady state before the fault.
    pub steady_deadline: Duration,
    /// How long writes must have been steady before the fault.
    pub steady_for: Duration,
    /// For the cloud to say that the power is off, the lab that its fault is in force, a node that
    /// its process is killed or another is primary.
    pub power_deadline: Duration,
    /// In which a power-off that the cloud did not confirm may still happen.
    pub doubt: Duration,
    /// For writes to come back.
    pub writes_deadline: Duration,
    /// How long writes must go on afterwards.
    pub keep_writing: Duration,
    /// For everything to be as healthy as before.
    pub healthy_deadline: Duration,
    /// Pause between two looks at the platform.
    pub pause: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            steady_deadline: Duration::from_mins(1),
            steady_for: Duration::from_secs(3),
            power_deadline: Duration::from_secs(30),
            doubt: Duration::from_secs(15),
            writes_deadline: Duration::from_mins(1),
            keep_writing: Duration::from_secs(5),
            healthy_deadline: Duration::from_mins(3),
            pause: Duration::from_millis(250),
        }
    }
}

/// What the operator asked for.
#[derive(Debug, Clone)]
pub struct DrillOptions {
    /// What is broken.
    pub fault: Fault,
    /// Whether the lab keeps servers from the cloud's API meanwhile.
    pub without_api: bool,
    /// How many times.
    pub runs: u32,
    /// What each run must keep.
    pub limits: Limits,
    /// How long a run waits for what.
    pub timing: Timing,
}

impl DrillOptions {
    /// Returns one run with the usual limits.
    pub fn of(fault: Fault) -> Self {
        let (limits, timing) = (Limits::default(), Timing::default());
        Self { fault, without_api: false, runs: 1, limits, timing }
    }
}
