//! The only door to a machine and to the clock.
//!
//! Everything that has an effect on a machine, on this one or on a node, goes through [`Host`];
//! everything that reads or waits for time goes through [`clock`]; files of the operator's machine
//! go through [`files`] and its environment through [`environment`]. A lint forbids the rest, which
//! is what keeps `check` and `plan` pure and lets tests replace the world.

pub mod clock;
pub mod command;
mod disk;
pub mod environment;
pub mod fake;
pub mod files;
pub mod host;
pub mod lines;
pub mod local;
mod memory_folder;
pub mod redaction;
pub mod ssh;
pub mod terminal;

pub use command::{Command, Output};
pub use fake::FakeHost;
pub use host::{FileFacts, FileWrite, Host, HostError};
pub use local::LocalHost;
pub use memory_folder::MemoryFolder;
pub use ssh::{Identity, SshHost, SshTarget};
