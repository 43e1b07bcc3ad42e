//! A server's filter: what all firewalls that apply to it let pass together.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::apply::{PER_SERVER_MAX, filtered};
use super::rules::packet_rule;
use super::{AppliedTo, FirewallChange, FirewallRecord};
use crate::state::effect::{Effect, Job, Lane};
use crate::state::server::{ServerRecord, Status};
use crate::state::{Change, State};
use crate::world::PacketFilter;

/// The filter that the world was told last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentFilter {
    /// None: everything passes.
    pub filter: Option<PacketFilter>,
    /// Whether the world could not be told.
    pub is_stale: bool,
}

impl State {
    /// Returns the firewalls that apply to a server: first those applied to itself, then those
    /// applied to its labels, and no more than a server can have. A server without a public
    /// interface has none.
    pub(super) fn firewalls_of(
        &self,
        server: &ServerRecord,
        with_leaving: bool,
    ) -> Vec<&FirewallRecord> {
        if !server.is_public() {
            return Vec::new();
        }
        let means = |record: &FirewallRecord, directly: bool| {
            record.targets.iter().any(|target| {
                (with_leaving || !target.is_leaving)
                    && matches!(target.to, AppliedTo::Server(_)) == directly
                    && target.to.means(server)
            })
        };
        let direct = self.firewalls.values().filter(|record| means(record, true));
        let by_labels = self.firewalls.values().filter(|record| !means(record, true));
        let by_labels = by_labels.filter(|record| means(record, false));
        direct.chain(by_labels).take(PER_SERVER_MAX).collect()
    }

    fn filter_of(&self, server: &ServerRecord) -> Option<PacketFilter> {
        let firewalls = self.firewalls_of(server, false);
        if firewalls.is_empty() {
            return None;
        }
        let rules = firewalls.iter().flat_map(|firewall| &firewall.rules);
        Some(PacketFilter { rules: rules.filter_map(packet_rule).collect() })
    }

    /// Returns what the world has to be told since it was told last, and notes that it is.
    pub(crate) fn filter_effects(&mut self) -> Vec<Effect> {
        let differs = |server: &&ServerRecord| server.status != Status::Deleting;
        let servers = self.servers.values().filter(differs);
        let due: Vec<_> = servers
            .map(|server| (server.id, self.filter_of(server), &server.filter))
            .filter(|(_, filter, sent)| sent.is_stale || *filter != sent.filter)
            .map(|(id, filter, _)| (id, filter))
            .collect();
        for (id, filter) in &due {
            if let Some(server) = self.servers.get_mut(id) {
                server.filter = SentFilter { filter: filter.clone(), is_stale: false };
            }
        }
        due.into_iter().map(|(id, filter)| Effect::SetFilter(id, filter)).collect()
    }

    /// Returns the filter that a server is made with.
    pub(crate) fn first_filter(&mut self, server: u64) -> Option<Effect> {
        let filter = self.filter_of(self.servers.get(&server)?)?;
        let record = self.servers.get_mut(&server)?;
        record.filter = SentFilter { filter: Some(filter.clone()), is_stale: false };
        Some(Effect::SetFilter(server, Some(filter)))
    }

    /// Queues what the world has to be told, for each server by itself.
    pub(crate) fn queue_filters(&mut self) {
        for effect in self.filter_effects() {
            let Some(server) = filtered(&effect) else { continue };
            let change = Change::Firewall(FirewallChange::Follow);
            self.add_job(Lane::Server(server), None, vec![effect], change);
        }
    }

    /// Queues the filters of servers that are there, as known: for a world that may have lost them.
    pub(crate) fn queue_known_filters(&mut self) {
        for server in self.servers.values_mut() {
            let is_made = !matches!(server.status, Status::Initializing | Status::Deleting);
            server.filter.is_stale |= is_made && server.filter.filter.is_some();
        }
        self.queue_filters();
    }

    /// Notes that the world may not have been told.
    pub(crate) fn note_failed_filters(&mut self, job: &Job) {
        for server in job.effects.iter().filter_map(filtered) {
            if let Some(server) = self.servers.get_mut(&server) {
                server.filter.is_stale = true;
            }
        }
    }

    /// Drops a server that is gone from all firewalls.
    pub(crate) fn forget_filter_of(&mut self, server: u64) {
        for record in self.firewalls.values_mut() {
            record.targets.retain(|target| target.to != AppliedTo::Server(server));
        }
    }

    /// Returns a server's firewalls as its public side shows them.
    pub(crate) fn show_firewalls_of(&self, server: &ServerRecord) -> Vec<Value> {
        let waits =
            |job: &Job| job.effects.iter().any(|effect| filtered(effect) == Some(server.id));
        let firewalls = self.firewalls_of(server, true);
        if firewalls.is_empty() {
            return Vec::new();
        }
        let is_pending = server.filter.is_stale || self.jobs.iter().any(waits);
        let status = if is_pending { "pending" } else { "applied" };
        firewalls.iter().map(|record| json!({ "id": record.id, "status": status })).collect()
    }
}
