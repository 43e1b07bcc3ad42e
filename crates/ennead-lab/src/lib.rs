//! A Hetzner Cloud in a box whose servers are real Debian systems.
//!
//! `api` answers the cloud's API on loopback. `state` decides, purely, what a request changes and
//! which effects follow. [`world`] carries the effects out: either on this machine, with namespaces
//! and containers, or only in memory, for tests and for machines without root.

mod admin;
mod admin_tokens;
pub mod api;
mod ask;
pub mod catalogue;
mod connections;
pub mod daemon;
mod daemon_wires;
pub mod distance;
pub mod doctor;
pub mod engine;
mod engine_faults;
pub mod fault;
mod http;
pub mod image;
pub mod in_memory;
pub mod lifecycle;
pub mod names;
pub mod neighbours;
pub mod pace;
pub mod projects;
pub mod rate;
pub mod register;
pub mod serve;
pub mod shelf;
pub mod state;
pub mod store;
mod token;
pub mod world;
pub mod world_fault;

pub use in_memory::{LabInMemory, lab_in_memory, lab_in_memory_with};
pub use serve::{Bound, LabToken, ServeError, ServeOptions, serve};
