//! The guard's daemon: it gives [`ennead_guard::Guard`] its clock, its messages and its hands.
//!
//! ```text
//! etcd <--> store --.                                  .--> probes, votes, records
//! nodes <-> reach ---+--> daemon (owns the guard) --> hands --> power-off, looks, power-on
//! cloud <-> cloud --'                                  '--> revocation, reactions, evidence
//! ```
//! One task owns the guard and never waits. What the guard wants done runs as tasks of their own;
//! what comes of them is sent back to the owner. A task that dies is an answer that never comes, and
//! the guard has a deadline for each.
//!
//! # Promises
//! - What may have happened is never told as "it did not": an etcd that was sent a write and did not
//!   answer is `Unknown`, and so is a cloud that was not reached.
//! - A transaction that changes something, a revocation and a power-off are sent once. Only when no
//!   connection could be made is another endpoint of etcd asked.
//! - Nothing is read from a member of etcd that does not hear the majority.
//! - A node is reached when a program of it answers, or its kernel refuses; an opened connection is
//!   no answer.
//!
//! # How it fails
//! - etcd unreachable: readings and votes are none, leadership runs out, nothing is done.
//! - Token missing or readable by others: the cloud is not asked, evidence says so at each act.
//! - Certificates replaced: read at the start only; start the unit again.
//! - SIGTERM: the own lease is revoked, so votes and leadership vanish at once; within two seconds.
//!
//! Keys below `/ennead/guard/SCOPE/`: `leader`, `votes/NODE` on the guard's own lease; `intent`;
//! `acts/N`, each on a lease of ten minutes; `maintenance` and `maintenance/NODE`, written by people;
//! `reactions/AT/NAME` on a lease of a minute; `evidence/NODE/NUMBER`, the last 200 of each guard.

mod cloud;
mod cluster;
mod daemon;
mod echo;
mod election;
mod etcd;
mod evidence;
mod hands;
mod haproxy;
mod keys;
mod load;
mod notify;
mod reach;
mod reaction;
mod refuse;
mod run;
mod status;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use evidence::Line;
pub use load::{GuardError, load};
pub use run::{Surroundings, forget_acts, run};
pub use status::{STATUS_AGE_MAX_S, STATUS_FILE, Status, StatusError, read as read_status};
