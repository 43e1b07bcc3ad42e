//! Private networks.

use std::net::Ipv4Addr;

use ennead_hcloud::types::{Action, CreateNetwork, Labels, Network, NetworkProtection};

use super::effect::{Effect, Lane};
use super::moment::{Moment, rfc3339};
use super::network_routes::{place_route, set_routes};
use super::subnet::place_subnet;
use super::{Change, Code, Prefix, Refusal, State, check_name_free};
use crate::world::NetworkSeed;

/// Smallest network.
const LENGTH_MAX: u8 = 24;

impl State {
    /// Adds a network.
    ///
    /// # Errors
    /// `invalid_input`, `uniqueness_error`, `service_error`.
    pub fn create_network(
        &mut self,
        wanted: CreateNetwork,
        moment: &Moment<'_>,
    ) -> Result<Network, Refusal> {
        let range = check_range(&wanted.ip_range)?;
        check_name_free(&wanted.name, self.networks.values().map(|other| other.name.as_str()))?;
        let mut network = Network {
            id: self.fresh_id(),
            name: wanted.name,
            ip_range: range.to_string(),
            subnets: Vec::new(),
            routes: Vec::new(),
            servers: Vec::new(),
            load_balancers: Vec::new(),
            protection: NetworkProtection::default(),
            labels: wanted.labels,
            created: rfc3339(moment.now),
            expose_routes_to_vswitch: wanted.expose_routes_to_vswitch,
        };
        for subnet in &wanted.subnets {
            let placed = place_subnet(&network, subnet)?;
            network.subnets.push(placed);
        }
        for route in &wanted.routes {
            let placed = place_route(&network, route)?;
            network.routes.push(placed);
        }
        let mut effects = vec![Effect::CreateNetwork(seed(&network))];
        if !network.routes.is_empty() {
            effects.push(set_routes(&network, &network.routes));
        }
        self.add_job(Lane::Network(network.id), None, effects, Change::Nothing);
        self.networks.insert(network.id, network.clone());
        Ok(network)
    }

    /// Returns a network with its servers.
    ///
    /// # Errors
    /// `not_found`.
    pub fn network(&self, id: u64) -> Result<Network, Refusal> {
        let network = self.networks.get(&id).ok_or_else(|| Refusal::not_found("network", id))?;
        let is_member = |server: &&super::server::ServerRecord| {
            server.attachments.iter().any(|place| place.network == id && place.attached)
        };
        let servers = self.servers.values().filter(is_member).map(|server| server.id).collect();
        Ok(Network { servers, ..network.clone() })
    }

    /// Returns a network that no action is changing.
    pub(crate) fn network_at_rest(&self, id: u64) -> Result<&Network, Refusal> {
        let network = self.networks.get(&id).ok_or_else(|| Refusal::not_found("network", id))?;
        if self.is_locked(Lane::Network(id)) {
            let message = "the network is being changed by another request";
            return Err(Refusal::new(Code::Conflict, message));
        }
        Ok(network)
    }

    /// Returns every address that a server has or will have in a network.
    pub(crate) fn addresses_in(&self, network: u64) -> impl Iterator<Item = Ipv4Addr> {
        self.servers
            .values()
            .flat_map(|server| &server.attachments)
            .filter(move |place| place.network == network)
            .flat_map(|place| std::iter::once(place.ip).chain(place.alias_ips.iter().copied()))
    }

    /// Changes name, labels or the exposure of routes.
    ///
    /// # Errors
    /// `not_found`, `conflict`, `uniqueness_error`.
    pub fn update_network(
        &mut self,
        id: u64,
        name: Option<String>,
        labels: Option<Labels>,
        expose_routes_to_vswitch: Option<bool>,
    ) -> Result<Network, Refusal> {
        self.network_at_rest(id)?;
        if let Some(name) = &name {
            let others = self.networks.values().filter(|network| network.id != id);
            check_name_free(name, others.map(|network| network.name.as_str()))?;
        }
        if let Some(network) = self.networks.get_mut(&id) {
            network.name = name.unwrap_or_else(|| network.name.clone());
            network.labels = labels.unwrap_or_else(|| network.labels.clone());
            network.expose_routes_to_vswitch =
                expose_routes_to_vswitch.unwrap_or(network.expose_routes_to_vswitch);
        }
        self.network(id)
    }

    /// Removes a network; everything is detached from it.
    ///
    /// # Errors
    /// `not_found`, `conflict`, `protected`.
    pub fn delete_network(&mut self, id: u64) -> Result<(), Refusal> {
        if self.network_at_rest(id)?.protection.delete {
            return Err(Refusal::new(Code::Protected, "network is delete protected"));
        }
        let uses = |effect: &Effect| match effect {
            Effect::Attach(_, attachment) => attachment.network == id,
            Effect::Detach(_, network) => *network == id,
            _ => false,
        };
        if self.jobs.iter().flat_map(|job| &job.effects).any(uses) {
            let message = "a server is being attached to the network or detached from it";
            return Err(Refusal::new(Code::Conflict, message));
        }
        let mut effects = Vec::new();
        for server in self.servers.values_mut() {
            let places = server.attachments.iter().filter(|place| place.network == id);
            effects.extend(places.flat_map(|place| place.leave(server.id)));
            server.attachments.retain(|place| place.network != id);
        }
        effects.push(Effect::DeleteNetwork(id));
        self.networks.remove(&id);
        self.add_job(Lane::Network(id), None, effects, Change::Nothing);
        Ok(())
    }

    /// Sets whether a network can be deleted.
    ///
    /// # Errors
    /// `not_found`, `conflict`.
    pub fn protect_network(
        &mut self,
        id: u64,
        delete: Option<bool>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let before = self.network_at_rest(id)?.protection.delete;
        if let Some(network) = self.networks.get_mut(&id) {
            network.protection.delete = delete.unwrap_or(before);
        }
        let change = Change::ProtectNetwork(id, before);
        let resources = [("network", id)];
        let lane = Lane::Network(id);
        Ok(self.begin("change_protection", &resources, lane, Vec::new(), change, moment))
    }
}

/// Returns what the world has to know of a network.
pub(crate) fn seed(network: &Network) -> NetworkSeed {
    NetworkSeed {
        id: network.id,
        ip_range: network.ip_range.clone(),
        network_zone: network.subnets.first().map(|subnet| subnet.network_zone.clone()),
    }
}

pub(super) fn check_range(text: &str) -> Result<Prefix, Refusal> {
    let range =
        Prefix::parse(text).ok_or_else(|| Refusal::invalid("ip_range", "is not an IPv4 range"))?;
    if !range.is_private() {
        return Err(Refusal::invalid("ip_range", "must be inside a private range of RFC 1918"));
    }
    if range.length() > LENGTH_MAX {
        return Err(Refusal::invalid("ip_range", "must be at least a /24"));
    }
    Ok(range)
}
