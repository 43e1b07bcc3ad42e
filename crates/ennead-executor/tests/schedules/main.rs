//! `ennead up` against the lab's API over its remembering world: killed and disturbed at any point.
//!
//! The cloud is the lab over HTTP and the client is the real one. The nodes are simulated, and each
//! answers only while the lab runs its server. What observes, plans and walks is the program's own.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::panic, reason = "helpers of tests")]

mod bench;
mod disturbed;
mod effects;
mod killed;
mod operator;
mod platforms;
mod scarce;
mod schedule;
