//! Further addresses of a server in a network. The server configures them by itself.

use std::net::Ipv4Addr;

use ennead_hcloud::types::Action;

use super::Place;
use super::networks::{ALIASES_MAX, Wish, usable_subnets};
use crate::state::effect::{Effect, Lane};
use crate::state::moment::Moment;
use crate::state::network_routes::NetworkChange;
use crate::state::{Change, Code, Refusal, State};

impl State {
    /// Replaces all further addresses of a server in a network.
    ///
    /// # Errors
    /// `not_found`, `locked`, `conflict`, `invalid_input`, `ip_not_available`,
    /// `no_subnet_available`, `resource_limit_exceeded`.
    pub fn change_alias_ips(
        &mut self,
        server: u64,
        network: u64,
        aliases: &[Ipv4Addr],
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.free_server(server)?;
        let target = self.network_at_rest(network)?;
        let place = record.attachments.iter().find(|place| place.network == network);
        let Some(place) = place.filter(|place| place.attached) else {
            return Err(Refusal::invalid("network", "server is not attached to the network"));
        };
        if aliases.len() > ALIASES_MAX {
            return Err(Refusal::limit("alias_ip_limit", "alias IP limit exceeded"));
        }
        let subnets = usable_subnets(record, target, &Wish::any(network))?;
        let is_usable = |alias: &Ipv4Addr| {
            let is_own = place.alias_ips.contains(alias);
            let is_once = aliases.iter().filter(|other| *other == alias).count() == 1;
            is_once && self.is_usable(target, &subnets, *alias, is_own)
        };
        if !aliases.iter().all(is_usable) {
            return Err(Refusal::new(Code::IpNotAvailable, "IP not available"));
        }
        let before = place.alias_ips.clone();
        self.set_aliases(server, network, aliases);
        let effects = vec![Effect::SetAliases(server, network, aliases.to_vec())];
        let change = Change::Network(NetworkChange::Aliases(server, network, before));
        let resources = [("server", server), ("network", network)];
        let lane = Lane::Server(server);
        Ok(self.begin("change_alias_ips", &resources, lane, effects, change, moment))
    }

    /// Queues further addresses as known.
    pub(crate) fn queue_aliases(&mut self, server: u64, network: u64) {
        let mut places =
            self.servers.get(&server).into_iter().flat_map(|server| &server.attachments);
        let Some(place) = places.find(|place| place.network == network) else { return };
        let aliases = place.alias_ips.clone();
        let effects = vec![Effect::SetAliases(server, network, aliases)];
        self.add_job(Lane::Server(server), None, effects, Change::Nothing);
    }

    /// Writes down further addresses.
    pub(crate) fn set_aliases(&mut self, server: u64, network: u64, aliases: &[Ipv4Addr]) {
        let Some(record) = self.servers.get_mut(&server) else { return };
        for place in record.attachments.iter_mut().filter(|place| place.network == network) {
            place.alias_ips = aliases.to_vec();
        }
    }
}

impl Place {
    /// Returns the effects that bring a server to its place.
    pub(crate) fn enter(&self, server: u64) -> Vec<Effect> {
        let mut effects = vec![Effect::Attach(server, self.attachment())];
        if !self.alias_ips.is_empty() {
            effects.push(Effect::SetAliases(server, self.network, self.alias_ips.clone()));
        }
        effects
    }

    /// Returns the effects that take a server from its place.
    pub(crate) fn leave(&self, server: u64) -> Vec<Effect> {
        let mut effects = vec![Effect::Detach(server, self.network)];
        if !self.alias_ips.is_empty() {
            effects.insert(0, Effect::SetAliases(server, self.network, Vec::new()));
        }
        effects
    }
}
