//! The lab's API as a client sees it, over a world that only remembers.

#![expect(clippy::needless_pass_by_value, reason = "`json!` makes values where they are used")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod client;
mod faults;
mod keys_and_groups;
mod networks;
mod own_client;
mod power;
mod restart;
mod schema;
mod servers;
mod transport;
mod world_faults;
