//! Routes that a private network adds for all its servers, and the growth of its range.

use std::net::Ipv4Addr;

use ennead_hcloud::types::{Action, Network, Route};
use serde::{Deserialize, Serialize};

use super::effect::{Effect, Ending, Job, Lane};
use super::moment::Moment;
use super::network::{check_range, seed};
use super::server::networks::PUBLIC_GATEWAY;
use super::subnet::range_of;
use super::{Change, Code, Prefix, Refusal, State};
use crate::world::NetworkRoute;

/// What a job changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkChange {
    /// The route stays; or goes.
    AddRoute(u64, Route),
    /// The route goes; or stays.
    DeleteRoute(u64, Route),
    /// The range stays as changed; or is as before.
    Range(u64, String),
    /// The further addresses stay as changed; or are as before: server, network, addresses.
    Aliases(u64, u64, Vec<Ipv4Addr>),
}

impl NetworkChange {
    /// The job ended well.
    pub(super) fn carry_over(&self, state: &mut State, _job: &Job) {
        if let Self::DeleteRoute(network, route) = self {
            state.drop_route(*network, route);
        }
    }

    /// The job failed. What it left in the world is unknown, so that is told again what is right.
    pub(super) fn take_back(
        &self,
        state: &mut State,
        _job: &Job,
        _ending: &Ending,
        _moment: &Moment<'_>,
    ) {
        match self {
            Self::AddRoute(network, route) => {
                state.drop_route(*network, route);
                state.queue_routes(*network);
            }
            Self::DeleteRoute(network, _) => state.queue_routes(*network),
            Self::Range(network, before) => {
                let Some(record) = state.networks.get_mut(network) else { return };
                record.ip_range.clone_from(before);
                let effects = vec![Effect::CreateNetwork(seed(record))];
                state.add_job(Lane::Network(*network), None, effects, Change::Nothing);
            }
            Self::Aliases(server, network, before) => {
                state.set_aliases(*server, *network, before);
                state.queue_aliases(*server, *network);
            }
        }
    }
}

impl State {
    /// Adds a route to a network.
    ///
    /// # Errors
    /// `not_found`, `conflict`, `invalid_input`.
    pub fn add_route(
        &mut self,
        network: u64,
        wanted: &Route,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let mut record = self.network_at_rest(network)?.clone();
        let route = place_route(&record, wanted)?;
        record.routes.push(route.clone());
        let effects = vec![set_routes(&record, &record.routes)];
        self.networks.insert(network, record);
        let change = Change::Network(NetworkChange::AddRoute(network, route));
        let (lane, resources) = (Lane::Network(network), [("network", network)]);
        Ok(self.begin("add_route", &resources, lane, effects, change, moment))
    }

    /// Removes a route from a network.
    ///
    /// # Errors
    /// `not_found`, `conflict`, `invalid_input`.
    pub fn delete_route(
        &mut self,
        network: u64,
        wanted: &Route,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.network_at_rest(network)?;
        let (destination, gateway) = read_route(wanted)?;
        let route = written(destination, gateway);
        if !record.routes.contains(&route) {
            let message =
                format!("route '{}' via '{}' not found", route.destination, route.gateway);
            return Err(Refusal::new(Code::NotFound, message));
        }
        let rest: Vec<_> = record.routes.iter().filter(|other| **other != route).cloned().collect();
        let effects = vec![set_routes(record, &rest)];
        let change = Change::Network(NetworkChange::DeleteRoute(network, route));
        let (lane, resources) = (Lane::Network(network), [("network", network)]);
        Ok(self.begin("delete_route", &resources, lane, effects, change, moment))
    }

    /// Makes a network's range larger; it begins where it began.
    ///
    /// # Errors
    /// `not_found`, `conflict`, `invalid_input`, `networks_overlap`.
    pub fn change_ip_range(
        &mut self,
        network: u64,
        wanted: &str,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let mut record = self.network_at_rest(network)?.clone();
        let range = check_range(wanted)?;
        let before = std::mem::replace(&mut record.ip_range, range.to_string());
        let grows = Prefix::parse(&before)
            .is_some_and(|old| range.network() == old.network() && range.length() <= old.length());
        if !grows {
            let why = format!("can only be extended from {before} by its netmask");
            return Err(Refusal::invalid("ip_range", why));
        }
        self.check_no_overlap(network, range)?;
        let effects = vec![Effect::CreateNetwork(seed(&record))];
        self.networks.insert(network, record);
        let change = Change::Network(NetworkChange::Range(network, before));
        let (lane, resources) = (Lane::Network(network), [("network", network)]);
        Ok(self.begin("change_ip_range", &resources, lane, effects, change, moment))
    }

    /// Checks that no server of the network is in another one that the range would overlap.
    fn check_no_overlap(&self, network: u64, range: Prefix) -> Result<(), Refusal> {
        let overlaps = |other: u64| {
            let other = self.networks.get(&other).and_then(|other| Prefix::parse(&other.ip_range));
            other.is_some_and(|other| other.overlaps(range))
        };
        let mut servers = self
            .servers
            .values()
            .filter(|server| server.attachments.iter().any(|place| place.network == network));
        let is_in_both = servers.any(|server| {
            let mut others = server.attachments.iter().filter(|place| place.network != network);
            others.any(|place| overlaps(place.network))
        });
        if is_in_both {
            let message = "network IP range overlaps with another network of an attached server";
            return Err(Refusal::new(Code::NetworksOverlap, message));
        }
        Ok(())
    }

    /// Queues a network's routes as known.
    pub(super) fn queue_routes(&mut self, network: u64) {
        let Some(record) = self.networks.get(&network) else { return };
        let effects = vec![set_routes(record, &record.routes)];
        self.add_job(Lane::Network(network), None, effects, Change::Nothing);
    }

    fn drop_route(&mut self, network: u64, route: &Route) {
        if let Some(record) = self.networks.get_mut(&network) {
            record.routes.retain(|other| other != route);
        }
    }
}

/// Returns the effect that sets a network's routes.
pub(super) fn set_routes(network: &Network, routes: &[Route]) -> Effect {
    let read = |route: &Route| {
        let (destination, gateway) = read_route(route).ok()?;
        Some(NetworkRoute { destination, gateway })
    };
    Effect::SetRoutes(network.id, routes.iter().filter_map(read).collect())
}

/// Checks a route against its network.
///
/// # Errors
/// `invalid_input`.
pub(super) fn place_route(network: &Network, wanted: &Route) -> Result<Route, Refusal> {
    let (destination, gateway) = read_route(wanted)?;
    let default = Prefix::new(Ipv4Addr::UNSPECIFIED, 0);
    let mut routes = network.routes.iter().filter_map(|route| Prefix::parse(&route.destination));
    let mut subnets = network.subnets.iter().filter_map(range_of);
    let wrong = if destination == default {
        routes.any(|other| other == default).then_some("is the destination of another route")
    } else if !destination.is_private() {
        Some("must be inside a private range of RFC 1918, or 0.0.0.0/0")
    } else if destination.contains(PUBLIC_GATEWAY) {
        Some("must not overlap with 172.31.1.1")
    } else if subnets.any(|subnet| subnet.overlaps(destination)) {
        Some("overlaps with a subnet")
    } else {
        // A default route overlaps with everything, which is its purpose.
        let overlaps = |other: Prefix| other != default && other.overlaps(destination);
        routes.any(overlaps).then_some("overlaps with the destination of another route")
    };
    if let Some(why) = wrong {
        return Err(Refusal::invalid("destination", why));
    }
    let range = Prefix::parse(&network.ip_range);
    let wrong = if gateway == PUBLIC_GATEWAY {
        Some("must not be 172.31.1.1")
    } else if range.is_some_and(|range| range.gateway() == gateway) {
        Some("must not be the first IP of the network's range")
    } else if !range.is_some_and(|range| range.contains(gateway)) {
        Some("is not inside the network's range")
    } else {
        None
    };
    match wrong {
        Some(why) => Err(Refusal::invalid("gateway", why)),
        None => Ok(written(destination, gateway)),
    }
}

fn read_route(route: &Route) -> Result<(Prefix, Ipv4Addr), Refusal> {
    let destination = Prefix::parse(&route.destination)
        .ok_or_else(|| Refusal::invalid("destination", "is not an IPv4 range"))?;
    let gateway =
        route.gateway.parse().map_err(|_| Refusal::invalid("gateway", "is not an IPv4 address"))?;
    Ok((destination, gateway))
}

fn written(destination: Prefix, gateway: Ipv4Addr) -> Route {
    Route { destination: destination.to_string(), gateway: gateway.to_string() }
}
