//! The audit log: every change that ennead makes, as a chain of records.
//!
//! ```text
//! record ──► canonical line, sha256 ──► next record holds that hash ──► ...
//! text ────► verify.rs ──► which line was removed, altered or put elsewhere        pure
//! chains ──► join.rs ────► the longest is the trunk; branches are joined, never lost   pure
//! fleet ───► keepers.rs ─► the two nodes that keep a copy                           pure
//! chain ───► runs.rs ────► what was done, by whom, and how it ended                 pure
//!            log.rs ─────► the file with its lock and its head, here and on nodes
//! ```
//!
//! A chain shows changes to whoever has a later hash. It does not stop somebody who rewrites every
//! copy and every head: the copies lie on machines that fail apart, so that this is more than one
//! file to change.

mod canonical;
pub mod join;
mod keepers;
pub mod log;
mod record;
mod runs;
pub mod verify;
pub mod wire;

pub use join::{Relation, common_length, relation};
pub use keepers::{KEEPERS, keepers};
pub use log::{AuditLog, LogError};
pub use record::{Event, FORMAT_VERSION, GENESIS, Head, Record, Tally, Verdict, Who, head_of};
pub use runs::{Ending, Run, runs};
pub use verify::{Problem, Wrong, read_chain};
