//! A Hetzner Cloud in a box whose servers are real Debian systems.
//!
//! `api` answers the cloud's API on loopback. `state` decides, purely, what a request changes and
//! which effects follow. [`world`] carries the effects out: either on this machine, with namespaces
//! and containers, or only in memory, for tests and for machines without root.

pub mod doctor;
pub mod image;
pub mod lifecycle;
pub mod world;
