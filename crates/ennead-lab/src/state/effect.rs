//! What follows from a change: calls of the world, in order for one object.
//!
//! A job is what one action does. Jobs are part of the state, so that a daemon that was killed
//! carries them out again: the world's methods are idempotent.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::change::Change;
use crate::world::{
    Attachment, NetworkRoute, NetworkSeed, PacketFilter, Password, ServerSeed, ServerSize,
    VolumeSeed, VolumeUse, ZoneSeed,
};

/// A call of the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// [`crate::world::World::create_network`], also when a known network got its zone.
    CreateNetwork(NetworkSeed),
    /// [`crate::world::World::delete_network`].
    DeleteNetwork(u64),
    /// [`crate::world::World::create_server`].
    CreateServer(Box<ServerSeed>),
    /// [`crate::world::World::attach`].
    Attach(u64, Attachment),
    /// [`crate::world::World::detach`]: server, network.
    Detach(u64, u64),
    /// [`crate::world::World::start`].
    Start(u64),
    /// [`crate::world::World::power_off`].
    PowerOff(u64),
    /// [`crate::world::World::shutdown`].
    Shutdown(u64),
    /// [`crate::world::World::delete_server`].
    DeleteServer(u64),
    /// [`crate::world::PublicSide::set_filter`].
    SetFilter(u64, Option<PacketFilter>),
    /// [`crate::world::PublicSide::route_floating`].
    RouteFloating(Ipv4Addr, Option<u64>),
    /// [`crate::world::PublicSide::set_public_address`].
    SetPublicAddress(u64, Option<Ipv4Addr>),
    /// [`crate::world::PublicSide::set_aliases`]: server, network, addresses.
    SetAliases(u64, u64, Vec<Ipv4Addr>),
    /// [`crate::world::PublicSide::set_routes`].
    SetRoutes(u64, Vec<NetworkRoute>),
    /// [`crate::world::PublicSide::publish_zone`].
    PublishZone(ZoneSeed),
    /// [`crate::world::PublicSide::withdraw_zone`].
    WithdrawZone(String),
    /// [`crate::world::Disks::rebuild`].
    Rebuild(Box<ServerSeed>),
    /// [`crate::world::Disks::resize`].
    Resize(u64, ServerSize),
    /// [`crate::world::Disks::set_password`].
    SetPassword(u64, Password),
    /// [`crate::world::Disks::create_image`]: image, server.
    CreateImage(u64, u64),
    /// [`crate::world::Disks::delete_image`].
    DeleteImage(u64),
    /// [`crate::world::Disks::create_volume`].
    CreateVolume(VolumeSeed),
    /// [`crate::world::Disks::attach_volume`].
    AttachVolume(VolumeUse),
    /// [`crate::world::Disks::detach_volume`].
    DetachVolume(u64),
    /// [`crate::world::Disks::resize_volume`]: volume, GB.
    ResizeVolume(u64, u64),
    /// [`crate::world::Disks::delete_volume`].
    DeleteVolume(u64),
    /// Looks in [`crate::world::World::running`] whether the server runs.
    LookWhetherRuns(u64),
}

impl Effect {
    /// Returns the objects that it changes besides the one that its job is for.
    fn changes(&self) -> Vec<Lane> {
        match self {
            Self::Detach(server, _)
            | Self::SetAliases(server, ..)
            | Self::SetFilter(server, _)
            | Self::SetPublicAddress(server, _)
            | Self::RouteFloating(_, Some(server)) => vec![Lane::Server(*server)],
            Self::AttachVolume(place) => {
                vec![Lane::Volume(place.volume), Lane::Server(place.server)]
            }
            Self::DetachVolume(volume) => vec![Lane::Volume(*volume)],
            Self::CreateImage(image, _) | Self::DeleteImage(image) => vec![Lane::Image(*image)],
            _ => Vec::new(),
        }
    }
}

/// An object on which at most one job works at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lane {
    /// A server.
    Server(u64),
    /// A network.
    Network(u64),
    /// A firewall.
    Firewall(u64),
    /// A floating IP.
    FloatingIp(u64),
    /// A primary IP.
    PrimaryIp(u64),
    /// A volume.
    Volume(u64),
    /// An image.
    Image(u64),
    /// A zone.
    Zone(u64),
}

/// Effects that belong together, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: u64,
    /// The object that it works on.
    pub lane: Lane,
    /// The action that it carries out; none for what nobody asked for.
    pub action: Option<u64>,
    /// The calls, in order. All are made again after a crash.
    pub effects: Vec<Effect>,
    /// What becomes of the objects.
    pub change: Change,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// All calls were made.
    Done,
    /// [`Effect::LookWhetherRuns`] saw this.
    Runs(bool),
    /// [`Effect::CreateImage`] copied so many bytes.
    Copied(u64),
    /// A call failed; the rest were not made.
    Failed {
        /// For example `action_failed`.
        code: String,
        /// In words.
        message: String,
    },
}

impl Job {
    /// Returns the objects that nobody else may touch meanwhile.
    pub fn exclusive(&self) -> Vec<Lane> {
        let mut lanes = vec![self.lane];
        for lane in self.effects.iter().flat_map(Effect::changes) {
            if !lanes.contains(&lane) {
                lanes.push(lane);
            }
        }
        lanes
    }

    /// Returns the objects that must be there meanwhile but can be used by several jobs.
    pub fn shared(&self) -> Vec<Lane> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Attach(_, attachment) => Some(Lane::Network(attachment.network)),
                Effect::Detach(_, network) | Effect::SetAliases(_, network, _) => {
                    Some(Lane::Network(*network))
                }
                Effect::CreateServer(seed) | Effect::Rebuild(seed) => {
                    seed.snapshot.map(Lane::Image)
                }
                _ => None,
            })
            .filter(|lane| *lane != self.lane)
            .collect()
    }
}

/// Returns the jobs that no earlier job holds back, in order.
pub fn ready(jobs: &[Job]) -> Vec<&Job> {
    let (mut exclusive, mut shared) = (Vec::new(), Vec::new());
    let mut free = Vec::new();
    for job in jobs {
        let (own, others) = (job.exclusive(), job.shared());
        let held = own.iter().any(|lane| exclusive.contains(lane) || shared.contains(lane))
            || others.iter().any(|lane| exclusive.contains(lane));
        if !held {
            free.push(job);
        }
        exclusive.extend(own);
        shared.extend(others);
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: u64, lane: Lane, effects: Vec<Effect>) -> Job {
        Job { id, lane, action: None, effects, change: Change::Nothing }
    }

    fn attach(server: u64, network: u64) -> Effect {
        let ip = [10, 0, 0, 2].into();
        Effect::Attach(server, Attachment { network, ip, mac: String::new() })
    }

    #[test]
    fn one_object_is_worked_on_in_order_and_different_ones_together() {
        let jobs = [
            job(1, Lane::Network(9), vec![]),
            job(2, Lane::Server(1), vec![Effect::Start(1)]),
            job(3, Lane::Server(2), vec![attach(2, 9)]),
            job(4, Lane::Server(1), vec![Effect::PowerOff(1)]),
        ];
        let ids = |jobs: &[Job]| ready(jobs).iter().map(|job| job.id).collect::<Vec<_>>();
        assert_eq!(ids(&jobs), [1, 2]);
        assert_eq!(ids(&jobs[1..]), [2, 3]);
    }

    #[test]
    fn servers_attach_to_one_network_together_and_its_removal_waits() {
        let jobs = [
            job(1, Lane::Server(1), vec![attach(1, 9)]),
            job(2, Lane::Server(2), vec![attach(2, 9)]),
            job(3, Lane::Network(9), vec![Effect::Detach(1, 9), Effect::DeleteNetwork(9)]),
            job(4, Lane::Server(1), vec![Effect::Start(1)]),
        ];
        let ids: Vec<_> = ready(&jobs).iter().map(|job| job.id).collect();
        assert_eq!(ids, [1, 2]);
    }
}
