//! Faults, probes, checker, verdict, evidence.
//!
//! A drill proves a promise by breaking something on purpose while a client watches:
//!
//! ```text
//! steady state -> probe starts -> fault -> recovery -> repair -> as healthy as before
//!                      |                                              |
//!                      +-- history of acknowledged writes --> checker + rows read back
//!                                                                |
//!                                             Measured -> Verdict -> evidence folder
//! ```
//! The checker, the verdict and the evidence are pure; the world is reached through [`Platform`].

pub mod checker;
pub mod drill;
pub mod evidence;
pub mod ground;
pub mod history;
pub mod mark;
pub mod platform;
pub mod power_loss;
pub mod report;
pub mod statistics;
pub mod steady;
#[cfg(test)]
mod testing;
pub mod verdict;
pub mod watch;

pub use checker::{Measured, check_history};
pub use drill::{Drill, list};
pub use ground::{Ground, Limits, PowerLoss, Target, Timing};
pub use history::History;
pub use mark::{Mark, MarkKind};
pub use platform::{Pipe, Platform, PlatformError};
pub use power_loss::{DrillError, Progress, power_loss};
pub use report::{DrillReport, RunReport};
pub use verdict::Verdict;
