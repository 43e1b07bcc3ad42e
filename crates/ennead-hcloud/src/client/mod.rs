//! A thin client: what ennead needs of the API, with the retries that the API asks for.
//!
//! `transport` sends one request and repeats it where that is safe; `refusal` turns answers into
//! [`crate::CloudError`]; `paging` reads whole lists; `actions` waits; the files named after objects
//! hold the typed methods; `ensure` and `ensure_server` make things so, whatever happened before.

mod actions;
mod catalogue;
mod ensure;
mod ensure_server;
mod firewalls;
mod floating_ips;
mod looks;
mod networks;
mod pace;
mod paging;
mod placement_groups;
mod refusal;
mod remove;
mod resource;
mod retry;
mod rounds;
mod servers;
mod ssh_keys;
mod transport;
mod volumes;
mod zones;

pub use ensure::{Ensured, Owner};
pub use retry::RetryPolicy;
pub use transport::Client;

#[cfg(test)]
mod tests;
