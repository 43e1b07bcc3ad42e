//! Everything that the lab knows, and what each request changes: pure, so that it can be tested
//! with any sequence of requests and endings.
//!
//! One file for each resource. A change that needs the world becomes a [`Job`] in the same step, so
//! that whatever was written down and whatever is still to be done cannot disagree after a crash.

pub mod action;
pub mod change;
pub mod effect;
pub mod firewall;
pub mod floating_ip;
pub mod image;
pub mod labels;
pub mod metrics;
pub mod moment;
pub mod network;
pub mod network_routes;
pub mod placement_group;
pub mod prefix;
pub mod primary_ip;
pub mod public_ip;
pub mod refusal;
pub mod restart;
pub mod selector;
pub mod server;
pub mod ssh_key;
pub mod subnet;
pub mod volume;
pub mod zone;

use std::collections::BTreeMap;
use std::sync::Arc;

use ennead_hcloud::types::{Action, Network, PlacementGroup, SshKey};
use serde::{Deserialize, Serialize};

pub use change::Change;
pub use effect::{Effect, Ending, Job, Lane};
pub use moment::{Limits, Moment, Rules};
pub use prefix::Prefix;
pub use refusal::{Code, Refusal};
use server::ServerRecord;

/// Version of the stored form.
pub const FORMAT_VERSION: u32 = 1;

/// The project: all objects, actions and jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Version of the stored form.
    pub format_version: u32,
    /// The last id that was given to anything.
    pub last_id: u64,
    /// SSH keys by id.
    pub ssh_keys: BTreeMap<u64, SshKey>,
    /// Networks by id; their lists of servers are filled in when shown.
    pub networks: BTreeMap<u64, Network>,
    /// Placement groups by id; their lists of servers are filled in when shown.
    pub placement_groups: BTreeMap<u64, PlacementGroup>,
    /// Servers by id.
    pub servers: BTreeMap<u64, ServerRecord>,
    /// Firewalls, by id.
    #[serde(default)]
    pub firewalls: BTreeMap<u64, firewall::FirewallRecord>,
    /// Floating IPs, by id.
    #[serde(default)]
    pub floating_ips: BTreeMap<u64, floating_ip::FloatingIpRecord>,
    /// Primary IPs, by id.
    #[serde(default)]
    pub primary_ips: BTreeMap<u64, primary_ip::PrimaryIpRecord>,
    /// Volumes, by id.
    #[serde(default)]
    pub volumes: BTreeMap<u64, volume::VolumeRecord>,
    /// Images that were made from servers, by id.
    #[serde(default)]
    pub images: BTreeMap<u64, image::ImageRecord>,
    /// DNS zones and their record sets, by id.
    #[serde(default)]
    pub zones: BTreeMap<u64, zone::ZoneRecord>,
    /// Actions by id: all that run, and the newest of those that ended.
    pub actions: BTreeMap<u64, Action>,
    /// What is still to be done, oldest first.
    pub jobs: Vec<Job>,
    /// What servers used lately; not stored.
    #[serde(skip)]
    pub samples: Arc<metrics::Samples>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            format_version: FORMAT_VERSION,
            last_id: 0,
            ssh_keys: BTreeMap::new(),
            networks: BTreeMap::new(),
            placement_groups: BTreeMap::new(),
            servers: BTreeMap::new(),
            firewalls: BTreeMap::new(),
            floating_ips: BTreeMap::new(),
            primary_ips: BTreeMap::new(),
            volumes: BTreeMap::new(),
            images: BTreeMap::new(),
            zones: BTreeMap::new(),
            actions: BTreeMap::new(),
            jobs: Vec::new(),
            samples: Arc::default(),
        }
    }
}

impl State {
    /// Returns an id that was never given before.
    pub(crate) fn fresh_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Queues a job and returns its id.
    pub(crate) fn add_job(
        &mut self,
        lane: Lane,
        action: Option<u64>,
        effects: Vec<Effect>,
        change: Change,
    ) -> u64 {
        let id = self.fresh_id();
        self.jobs.push(Job { id, lane, action, effects, change });
        id
    }

    /// Returns whether an action runs on the object. What nobody asked for does not lock.
    pub fn is_locked(&self, lane: Lane) -> bool {
        self.jobs.iter().any(|job| job.action.is_some() && job.exclusive().contains(&lane))
    }
}

/// Checks that no object of the same kind has the name.
pub(crate) fn check_name_free<'a>(
    name: &str,
    mut others: impl Iterator<Item = &'a str>,
) -> Result<(), Refusal> {
    if others.any(|other| other == name) { Err(Refusal::name_taken()) } else { Ok(()) }
}
