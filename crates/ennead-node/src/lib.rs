//! What runs on a node: apply, confirm, observe, test, reach, audit, tunnel, probe, guard.
//!
//! The `ennead` program on a node is started over SSH, reads one JSON document, does what it says
//! and writes one. It makes no choices: an order is complete. What it has to remember lies in
//! `/var/lib/ennead` (see [`state`]), and a program that is killed at any moment leaves a state from
//! which the same order goes on.

mod action;
pub mod apply;
pub mod audit;
pub mod commands;
pub mod condition;
pub mod guard;
pub mod observe;
pub mod probe;
mod problem;
mod reach;
mod record;
pub mod state;
pub mod tunnel;

pub use apply::{apply, confirm};
pub use condition::{Tested, test};
pub use observe::observe;
pub use reach::reach;
pub use state::StateDirectory;
pub use tunnel::tunnel;
