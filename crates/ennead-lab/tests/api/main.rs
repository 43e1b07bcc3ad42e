//! The lab's API as a client sees it, over a world that only remembers.

mod client;
mod faults;
mod keys_and_groups;
mod networks;
mod power;
mod restart;
mod schema;
mod servers;
mod transport;
