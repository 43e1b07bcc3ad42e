//! What becomes of the objects when a job has ended, well or badly.
//!
//! Whatever has to be reserved at once (an address, a place in a group) is written down when the
//! request is answered and taken back here when the job fails.

use ennead_hcloud::types::ServerProtection;
use serde::{Deserialize, Serialize};

use super::State;
use super::effect::{Effect, Ending, Job, Lane};
use super::firewall::FirewallChange;
use super::floating_ip::FloatingIpChange;
use super::image::ImageChange;
use super::moment::Moment;
use super::network_routes::NetworkChange;
use super::primary_ip::PrimaryIpChange;
use super::server::{DiskChange, Status};
use super::volume::VolumeChange;
use super::zone::ZoneChange;

/// What a job changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Nothing that the state knows.
    Nothing,
    /// The server exists now; or never did.
    CreateServer(u64),
    /// The server is gone; or as it was before.
    DeleteServer {
        /// Which.
        server: u64,
        /// Its status before.
        before: Status,
    },
    /// The server's power is `to`; or `before`.
    Power {
        /// Which.
        server: u64,
        /// Its status afterwards.
        to: Status,
        /// Its status before.
        before: Status,
    },
    /// A server that said it stopped is off, or starts again when a reboot asked for that.
    Look(u64),
    /// The reserved attachment holds; or is given back.
    Attach(u64, u64),
    /// The attachment is gone; or stays.
    Detach(u64, u64),
    /// The protection stays as changed; or is as before.
    ProtectServer(u64, ServerProtection),
    /// The protection stays as changed; or is as before.
    ProtectNetwork(u64, bool),
    /// The server stays in its new placement group; or leaves it.
    JoinGroup(u64),
    /// The server leaves its placement group; or stays.
    LeaveGroup(u64),
    /// The subnet stays; or goes.
    AddSubnet(u64, String),
    /// The subnet goes; or stays.
    DeleteSubnet(u64, String),
    /// Of a network.
    Network(NetworkChange),
    /// Of a firewall.
    Firewall(FirewallChange),
    /// Of a floating ip.
    FloatingIp(FloatingIpChange),
    /// Of a primary ip.
    PrimaryIp(PrimaryIpChange),
    /// Of a server's disk or size.
    Disk(DiskChange),
    /// Of a volume.
    Volume(VolumeChange),
    /// Of an image.
    Image(ImageChange),
    /// Of a zone.
    Zone(ZoneChange),
}

impl State {
    /// Writes down how a job ended: its action, the objects that it changed, and further jobs.
    /// A job that is not known any more changes nothing.
    pub fn finish(&mut self, job: u64, ending: &Ending, moment: &Moment<'_>) {
        let Some(place) = self.jobs.iter().position(|other| other.id == job) else { return };
        let job = self.jobs.remove(place);
        self.end_action(job.action, ending, moment.now);
        match ending {
            Ending::Failed { .. } => self.take_back(&job, ending, moment),
            Ending::Done | Ending::Runs(_) | Ending::Copied(_) => self.carry_over(&job, ending),
        }
    }

    fn carry_over(&mut self, job: &Job, ending: &Ending) {
        match &job.change {
            Change::CreateServer(server) => {
                let starts = self.jobs.iter().any(|job| job.effects == [Effect::Start(*server)]);
                self.set_status(*server, if starts { Status::Starting } else { Status::Off });
            }
            Change::DeleteServer { server, .. } => {
                self.remove_server(*server);
                self.free_volumes_of(*server);
                self.drop_backups_of(*server);
            }
            Change::Power { server, to, .. } => self.set_status(*server, *to),
            Change::Look(server) => self.look_after_stop(*server, *ending == Ending::Runs(true)),
            Change::Attach(server, network) => self.with_server(*server, |record| {
                for attachment in &mut record.attachments {
                    attachment.attached |= attachment.network == *network;
                }
            }),
            Change::Detach(server, network) => self.drop_attachment(*server, *network),
            Change::LeaveGroup(server) => {
                self.with_server(*server, |record| record.placement_group = None);
            }
            Change::DeleteSubnet(network, range) => self.drop_subnet(*network, range),
            Change::Network(change) => change.carry_over(self, job),
            Change::Firewall(change) => change.carry_over(self, job),
            Change::FloatingIp(change) => change.carry_over(self, job),
            Change::PrimaryIp(change) => change.carry_over(self, job),
            Change::Volume(change) => change.carry_over(self, job),
            Change::Disk(change) => change.carry_over(self),
            Change::Image(change) => change.carry_over(self, ending),
            Change::Zone(change) => change.carry_over(self, job),
            Change::Nothing
            | Change::ProtectServer(..)
            | Change::ProtectNetwork(..)
            | Change::JoinGroup(_)
            | Change::AddSubnet(..) => {}
        }
    }

    fn take_back(&mut self, job: &Job, ending: &Ending, moment: &Moment<'_>) {
        self.note_failed_filters(job);
        match &job.change {
            Change::CreateServer(server) => self.forget_failed_server(*server, ending, moment),
            Change::DeleteServer { server, before } => {
                self.set_status(*server, *before);
                self.give_volumes_back_to(*server);
                // Its firewalls may have changed meanwhile.
                self.queue_filters();
            }
            Change::Power { server, before, .. } => self.set_status(*server, *before),
            Change::Attach(server, network) => {
                self.drop_attachment(*server, *network);
                if job.effects.len() > 1 {
                    // Only the further addresses may have failed.
                    let effects = vec![Effect::Detach(*server, *network)];
                    self.add_job(Lane::Server(*server), None, effects, Change::Nothing);
                }
            }
            Change::Detach(server, network) if job.effects.len() > 1 => {
                self.queue_aliases(*server, *network);
            }
            Change::ProtectServer(server, before) => {
                self.with_server(*server, |record| record.protection = before.clone());
            }
            Change::ProtectNetwork(network, before) => {
                if let Some(record) = self.networks.get_mut(network) {
                    record.protection.delete = *before;
                }
            }
            Change::JoinGroup(server) => {
                self.with_server(*server, |record| record.placement_group = None);
            }
            Change::AddSubnet(network, range) => self.drop_subnet(*network, range),
            Change::Network(change) => change.take_back(self, job, ending, moment),
            Change::Firewall(change) => change.take_back(self, job, ending, moment),
            Change::FloatingIp(change) => change.take_back(self, job, ending, moment),
            Change::PrimaryIp(change) => change.take_back(self, job, ending, moment),
            Change::Volume(change) => change.take_back(self, job, ending, moment),
            Change::Disk(change) => change.take_back(self),
            Change::Image(change) => change.take_back(self, job, ending, moment),
            Change::Zone(change) => change.take_back(self, job, ending, moment),
            Change::Nothing
            | Change::Look(_)
            | Change::Detach(..)
            | Change::LeaveGroup(_)
            | Change::DeleteSubnet(..) => {}
        }
    }

    /// A server that could not be made vanishes, and everything that was to follow fails with it.
    fn forget_failed_server(&mut self, server: u64, ending: &Ending, moment: &Moment<'_>) {
        let lane = Lane::Server(server);
        self.end_followers(|job| job.lane == lane, ending, moment.now);
        self.remove_server(server);
        self.free_volumes_of(server);
        self.add_job(lane, None, vec![Effect::DeleteServer(server)], Change::Nothing);
    }

    fn look_after_stop(&mut self, server: u64, runs: bool) {
        let Some(record) = self.servers.get_mut(&server) else { return };
        if runs || record.status == Status::Deleting {
            return;
        }
        if std::mem::take(&mut record.restart_on_stop) {
            record.status = Status::Starting;
            let change = Change::Power { server, to: Status::Running, before: Status::Off };
            self.add_job(Lane::Server(server), None, vec![Effect::Start(server)], change);
        } else if record.status == Status::Running {
            record.status = Status::Off;
        }
    }

    fn set_status(&mut self, server: u64, status: Status) {
        self.with_server(server, |record| record.status = status);
    }

    fn with_server(&mut self, server: u64, change: impl FnOnce(&mut super::server::ServerRecord)) {
        if let Some(record) = self.servers.get_mut(&server) {
            change(record);
        }
    }

    fn drop_attachment(&mut self, server: u64, network: u64) {
        self.with_server(server, |record| {
            record.attachments.retain(|attachment| attachment.network != network);
        });
    }

    fn drop_subnet(&mut self, network: u64, range: &str) {
        if let Some(record) = self.networks.get_mut(&network) {
            record.subnets.retain(|subnet| subnet.ip_range.as_deref() != Some(range));
        }
    }
}
