//! The cloud's side of observing and of carrying out a plan.
//!
//! `observe` reads and never changes. `apply` carries out one [`ennead_model::CloudAction`]: it looks
//! first, changes, waits, and leaves alone what is not the platform's.

mod apply;
mod beside;
mod create_server;
mod error;
mod observe;
mod observe_zones;
mod wanted;

pub use apply::apply_cloud;
pub use error::{CloudStepError, cloud_hint};
pub use observe::observe_cloud;
pub use wanted::WantedNames;

use ennead_hcloud::Owner;
use ennead_planner::plan::objects::platform_labels;

/// Returns what makes an object the platform's.
fn owner(platform: &str) -> Owner {
    Owner(platform_labels(platform))
}

/// Returns the label by which a platform marks an SSH key that somebody else put into the project.
/// The cloud holds each key once, so platforms share it; the label's value is the wanted name.
fn shared_key_mark(platform: &str) -> String {
    format!("ennead/{platform}")
}

#[cfg(test)]
mod tests;
