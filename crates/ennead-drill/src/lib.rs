//! Faults, probes, checker, verdict, evidence.
//!
//! A drill proves a promise by breaking something on purpose while a client watches:
//!
//! ```text
//! steady state -> probe starts -> fault -> recovery -> mend -> as healthy as before
//!                      |                                              |
//!                      +-- history of acknowledged writes --> checker + rows read back
//!                                                                |
//!                                             Measured -> Verdict -> evidence folder
//! ```
//! The checker, the verdict and the evidence are pure; the world is reached through [`Platform`].

pub mod checker;
pub mod drill;
pub mod evidence;
pub mod fault;
pub mod ground;
pub mod history;
pub mod mark;
pub mod plan;
pub mod platform;
pub mod rehearsal;
pub mod report;
pub mod statistics;
pub mod steady;
#[cfg(test)]
mod testing;
pub mod verdict;
pub mod watch;

pub use checker::{Measured, check_history};
pub use drill::{Drill, drill_of, list};
pub use fault::{Fault, LabFault, Process, Target};
pub use ground::{DrillOptions, Ground, Limits, Timing};
pub use history::History;
pub use mark::{Mark, MarkKind};
pub use platform::{Pipe, Platform, PlatformError};
pub use rehearsal::{DrillError, Progress, may_begin, rehearse};
pub use report::{DrillReport, RunReport};
pub use verdict::Verdict;
