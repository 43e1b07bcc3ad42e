//! Whether the platform carries the load that is asked of it, computed from server types and the
//! settings in force: pure, without a platform that has to be loaded.
//!
//! ```text
//! load -> asked ------------\
//! fleet, options -> ground --> resources -> utilise -> bottleneck -> report
//!         coefficients -----/  now, without each server, without each site
//! ```
//!
//! **Assumptions.** Roles that move are computed where they fit worst: the primary is on the smallest
//! instance and has all clients, reads too. Load balancers share their clients evenly. Whatever is
//! lost, the load stays. Demand is a part that is always there and one that grows with the load, so the
//! point at which a resource breaks does not depend on the load that is stated. Services of the
//! spec carry a part of the load each; everything on a server is added up. Whether a loss is survived at
//! all is another question: [`crate::survive`].

mod bottleneck;
mod carrier;
mod coefficients;
mod ground;
mod left;
mod left_out;
mod quantity;
mod report;
mod resources;
mod server_type;
mod utilise;

pub use bottleneck::Change;
pub use coefficients::{ALL as COEFFICIENTS, Coefficient};
pub use left_out::NotComputed;
pub use quantity::{percent, quantity};
pub use report::{Bottleneck, Capacity, Drawn, Part, Removal, Resource, compute};
pub use resources::{SYSTEM_PART, Unit};
pub use utilise::{Losses, Use, Worst};

#[cfg(test)]
mod tests;
