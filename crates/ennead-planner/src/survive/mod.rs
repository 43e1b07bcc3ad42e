//! What the platform survives, computed from its layout: pure, without a fleet that has to be broken.
//!
//! ```text
//! fleet, options -> layout -> loss, sequence -> outcomes -> promises, sets -> report
//!                    settings -> times
//! ```
//!
//! The services are etcd, PostgreSQL under Patroni with quorum commit, the load balancers, the
//! entries and the services that the spec names. The primary may be on any instance when something happens: the worst is told, with its place.
//!
//! **Assumptions.** Everything is healthy before the first loss and every replica streams. A lost
//! server is gone at once and does not come back. A partition is between sites and cuts both ways.
//! etcd elects within Patroni's `retry_timeout`. Nothing fences, so every lease runs out by itself.

mod entries;
mod layout;
mod loss;
mod machines;
mod map;
mod matrix;
mod outcome;
mod promises;
mod report;
mod sequence;
mod services;
mod set;
mod sets;
mod times;

pub use entries::LaidEntry;
pub use layout::{Layout, Settings};
pub use loss::{lose, part};
pub use machines::machines;
pub use map::{MAPPED_MAX, Spot, map};
pub use matrix::{Matrix, MatrixRow, matrix};
pub use outcome::{Outcome, Outcomes, SERVICES, Verdict, Why};
pub use promises::{Kept, judge, judge_all, subsets};
pub use report::{Entry, NOT_COMPUTED, Row, Survival, survive};
pub use sequence::{Event, Moment, endure, follow, maintain};
pub use services::{Laid, Use};
pub use set::{SERVERS_MAX, Servers};
pub use sets::{ENUMERATED_MAX, Sets, Size, look};
pub use times::{Formula, Term, explain};

#[cfg(test)]
mod tests;
