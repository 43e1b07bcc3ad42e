//! What the daemon does with its state when it starts again.

use std::collections::BTreeSet;

use super::effect::{Effect, Job, Lane};
use super::network::seed;
use super::server::Status;
use super::{Change, State};

impl State {
    /// Brings the state in line with the servers that really run, and queues what makes the world
    /// whole again after a crash of the machine: every network with its routes, every server that
    /// is off with its places in networks, every filter, further address, floating IP, volume and zone.
    /// All of these are calls that change nothing when all is in place.
    pub fn adopt(&mut self, running: &[u64]) {
        self.complete_primary_ips();
        let running: BTreeSet<_> = running.iter().copied().collect();
        let busy: BTreeSet<_> = self.jobs.iter().map(|job| job.lane).collect();
        let mut rebooting = Vec::new();
        for server in self.servers.values_mut() {
            let runs = running.contains(&server.id);
            if busy.contains(&Lane::Server(server.id)) {
                continue;
            }
            server.status = if runs { Status::Running } else { Status::Off };
            if server.restart_on_stop && !runs {
                rebooting.push(server.id);
            }
        }
        let unfinished = std::mem::take(&mut self.jobs);
        self.restore_world(&running);
        self.jobs.extend(unfinished);
        for server in rebooting {
            self.note_stopped(server);
        }
    }

    fn restore_world(&mut self, running: &BTreeSet<u64>) {
        let networks: Vec<_> = self.networks.values().map(seed).collect();
        let servers: Vec<_> = self
            .servers
            .values()
            .filter(|server| !running.contains(&server.id) && is_made(server.status))
            .filter_map(|server| {
                let create = Effect::CreateServer(Box::new(server.seed()?));
                let places = server.attachments.iter().filter(|place| place.attached);
                let enter = places.flat_map(|place| place.enter(server.id));
                Some((server.id, std::iter::once(create).chain(enter).collect::<Vec<_>>()))
            })
            .collect();
        for network in networks {
            let lane = Lane::Network(network.id);
            self.add_job(lane, None, vec![Effect::CreateNetwork(network)], Change::Nothing);
        }
        let zones: Vec<_> =
            self.zones.values().filter_map(|zone| Some((zone.id, zone.seed()?))).collect();
        for (zone, seed) in zones {
            self.add_job(Lane::Zone(zone), None, vec![Effect::PublishZone(seed)], Change::Nothing);
        }
        for (server, effects) in servers {
            self.add_job(Lane::Server(server), None, effects, Change::Nothing);
        }
        self.restore_volumes();
        self.restore_aliases(running);
        self.queue_known_filters();
        let floating = self.floating_ips.values().filter(|record| record.server.is_some());
        for id in floating.map(|record| record.id).collect::<Vec<_>>() {
            self.route_as_known(id);
        }
        let routed = self.networks.values().filter(|network| !network.routes.is_empty());
        for network in routed.map(|network| network.id).collect::<Vec<_>>() {
            self.queue_routes(network);
        }
    }

    /// Volumes of running servers too: what is in place already is left as it is.
    fn restore_volumes(&mut self) {
        let made: Vec<_> = self.volumes.values().filter(|volume| volume.made).cloned().collect();
        for volume in made {
            let effects = vec![Effect::CreateVolume(volume.seed())];
            self.add_job(Lane::Volume(volume.id), None, effects, Change::Nothing);
            let attached = volume.place.as_ref().is_some_and(|place| place.attached);
            if let Some(usage) = volume.usage().filter(|_| attached) {
                let effects = vec![Effect::AttachVolume(usage)];
                self.add_job(Lane::Server(usage.server), None, effects, Change::Nothing);
            }
        }
    }

    /// Queues the further addresses of servers that run; those that are off get theirs with their
    /// places.
    fn restore_aliases(&mut self, running: &BTreeSet<u64>) {
        let servers = self.servers.values();
        let effects: Vec<_> = servers
            .filter(|server| running.contains(&server.id) && is_made(server.status))
            .flat_map(|server| {
                let places = server.attachments.iter();
                let places = places.filter(|place| place.attached && !place.alias_ips.is_empty());
                places.map(|place| (server.id, place.network, place.alias_ips.clone()))
            })
            .collect();
        for (server, network, aliases) in effects {
            let effects = vec![Effect::SetAliases(server, network, aliases)];
            self.add_job(Lane::Server(server), None, effects, Change::Nothing);
        }
    }

    /// Returns the jobs that may be carried out now and are not in that set.
    pub fn ready_jobs(&self, in_flight: &BTreeSet<u64>) -> Vec<Job> {
        let ready = super::effect::ready(&self.jobs).into_iter();
        ready.filter(|job| !in_flight.contains(&job.id)).cloned().collect()
    }
}

/// A server that is just being made or removed is left to the job that does it.
fn is_made(status: Status) -> bool {
    !matches!(status, Status::Initializing | Status::Deleting)
}
