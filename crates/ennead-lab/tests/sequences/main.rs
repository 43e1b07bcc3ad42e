//! Any sequence of requests and endings leaves the state sound: of servers, networks and disks; of
//! addresses, filters and routes, where the world is compared, too.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod addresses;
mod model;
mod play;
mod requests;
mod servers;
