//! The only door to a machine and to the clock.
//!
//! Everything that has an effect on a machine, on this one or on a node, goes through [`Host`];
//! everything that reads or waits for time goes through [`clock`]. A lint forbids the rest, which is
//! what keeps `check` and `plan` pure and lets tests replace the world.

pub mod clock;
pub mod command;
pub mod host;

pub use command::{Command, Output};
pub use host::{FileFacts, FileWrite, Host, HostError};
