//! Fenced failover, decided purely: who is dead, may the guard act, what it does and in which order.
//!
//! Nothing here reads a clock, a network or a random source. [`Guard::step`] takes what happened and
//! the time, and returns what is to be done. The one promise that matters is in the types: a
//! [`fence::RevokeOrder`] can only be made from a [`fence::Confirmed`], and that only from a power-off
//! whose action succeeded and a server that was seen `off` after it. See `README.md` of this crate
//! and `docs/decisions/0008-fence-before-revoke.md`.

pub mod allow;
pub mod config;
pub mod detect;
pub mod engine;
pub mod evidence;
pub mod fence;
pub mod intent;
pub mod message;
pub mod react;
pub mod timing;
pub mod votes;
pub mod words;

#[cfg(test)]
mod model;

pub use engine::{Guard, Settings, View};
pub use evidence::Evidence;
pub use intent::{Intent, IntentId};
pub use message::{Command, Event};
pub use timing::Timing;
pub use words::{ActionId, Domain, Holder, LeaseId, Request, ServerId, Term, Watched};
