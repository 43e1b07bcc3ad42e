//! Attaching servers to networks and detaching them.

use std::net::Ipv4Addr;

use ennead_hcloud::types::{Action, Network, Subnet};
use ennead_model::Catalogue;

use super::{Place, ServerRecord, mac};
use crate::state::effect::Lane;
use crate::state::moment::Moment;
use crate::state::subnet::range_of;
use crate::state::{Change, Code, Prefix, Refusal, State};

/// Networks of one server. Source: the cloud's documentation of servers.
pub const NETWORKS_MAX: usize = 3;

/// Servers in one network. Source: the official FAQ on networks.
pub const SERVERS_MAX: usize = 100;

/// Further addresses of one server in one network. Source: field reports; the cloud documents none.
pub const ALIASES_MAX: usize = 5;

/// The gateway of every public interface; no server can have it.
pub(crate) const PUBLIC_GATEWAY: Ipv4Addr = Ipv4Addr::new(172, 31, 1, 1);

/// What a request asks of an attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The network.
    pub network: u64,
    /// The address; chosen when absent.
    pub ip: Option<Ipv4Addr>,
    /// Further addresses.
    pub alias_ips: Vec<Ipv4Addr>,
    /// The subnet to choose from.
    pub ip_range: Option<Prefix>,
}

impl Wish {
    /// Any address in the network.
    pub fn any(network: u64) -> Self {
        Self { network, ip: None, alias_ips: Vec::new(), ip_range: None }
    }
}

impl State {
    /// Attaches a server to a network.
    ///
    /// # Errors
    /// `not_found`, `locked`, `conflict`, `server_already_attached`, `networks_overlap`,
    /// `no_subnet_available`, `ip_not_available`, `invalid_input`, `resource_limit_exceeded`.
    pub fn attach_server(
        &mut self,
        server: u64,
        wish: &Wish,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        self.free_server(server)?;
        self.begin_attach(server, wish, moment)
    }

    /// Attaches a server that may be just being made.
    pub(crate) fn begin_attach(
        &mut self,
        server: u64,
        wish: &Wish,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.server_record(server)?;
        let network = self.network_at_rest(wish.network)?;
        self.check_attachable(record, network)?;
        let subnets = usable_subnets(record, network, wish)?;
        let ip = self.choose_address(network, &subnets, wish)?;
        let place = Place {
            network: wish.network,
            ip,
            alias_ips: wish.alias_ips.clone(),
            mac: mac(0x86, self.fresh_id()),
            attached: false,
        };
        let effects = place.enter(server);
        if let Some(record) = self.servers.get_mut(&server) {
            record.attachments.push(place);
        }
        let resources = [("server", server), ("network", wish.network)];
        let change = Change::Attach(server, wish.network);
        let lane = Lane::Server(server);
        Ok(self.begin("attach_to_network", &resources, lane, effects, change, moment))
    }

    /// Detaches a server from a network.
    ///
    /// # Errors
    /// `not_found`, `locked`, `conflict`, `invalid_input`.
    pub fn detach_server(
        &mut self,
        server: u64,
        network: u64,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.free_server(server)?;
        self.network_at_rest(network)?;
        let place = record.attachments.iter().find(|place| place.network == network);
        let Some(place) = place else {
            return Err(Refusal::invalid("network", "server is not attached to the network"));
        };
        let effects = place.leave(server);
        let resources = [("server", server), ("network", network)];
        let (lane, change) = (Lane::Server(server), Change::Detach(server, network));
        Ok(self.begin("detach_from_network", &resources, lane, effects, change, moment))
    }

    fn check_attachable(&self, record: &ServerRecord, network: &Network) -> Result<(), Refusal> {
        let range = |network: &Network| Prefix::parse(&network.ip_range);
        let overlaps = |place: &Place| {
            let other = self.networks.get(&place.network).and_then(range);
            other.zip(range(network)).is_some_and(|(a, b)| a.overlaps(b))
        };
        if record.attachments.iter().any(|place| place.network == network.id) {
            let message = "server is already attached to network";
            return Err(Refusal::new(Code::ServerAlreadyAttached, message));
        }
        if record.attachments.iter().any(overlaps) {
            let message = "network IP range overlaps with one of the server networks";
            return Err(Refusal::new(Code::NetworksOverlap, message));
        }
        if record.attachments.len() >= NETWORKS_MAX {
            return Err(Refusal::limit("server_network_limit", "network limit exceeded"));
        }
        let is_member =
            |server: &&ServerRecord| server.attachments.iter().any(|p| p.network == network.id);
        if self.servers.values().filter(is_member).count() >= SERVERS_MAX {
            return Err(Refusal::limit("network_server_limit", "attached resource limit exceeded"));
        }
        Ok(())
    }

    /// Returns the wanted address, or the lowest free one of the first subnet that has one.
    fn choose_address(
        &self,
        network: &Network,
        subnets: &[Prefix],
        wish: &Wish,
    ) -> Result<Ipv4Addr, Refusal> {
        let not_available = || Refusal::new(Code::IpNotAvailable, "IP not available");
        let mut named = wish.alias_ips.clone();
        named.extend(wish.ip);
        named.sort_unstable();
        if wish.alias_ips.len() > ALIASES_MAX {
            return Err(Refusal::limit("alias_ip_limit", "alias IP limit exceeded"));
        }
        let is_twice = named.windows(2).any(|pair| pair.first() == pair.last());
        if is_twice || !named.iter().all(|ip| self.is_usable(network, subnets, *ip, false)) {
            return Err(not_available());
        }
        if let Some(ip) = wish.ip {
            return Ok(ip);
        }
        let free = |ip: &Ipv4Addr| self.is_free(network, *ip) && !wish.alias_ips.contains(ip);
        subnets.iter().find_map(|subnet| subnet.hosts().find(free)).ok_or_else(no_subnet)
    }

    /// Returns whether a server can have the address; `is_own`: it has it already.
    pub(super) fn is_usable(
        &self,
        network: &Network,
        subnets: &[Prefix],
        address: Ipv4Addr,
        is_own: bool,
    ) -> bool {
        let inside = |subnet: &Prefix| {
            let ends = [subnet.network(), subnet.broadcast()];
            subnet.contains(address) && !ends.contains(&address)
        };
        (is_own || self.is_free(network, address)) && subnets.iter().any(inside)
    }

    fn is_free(&self, network: &Network, address: Ipv4Addr) -> bool {
        let gateway = Prefix::parse(&network.ip_range).map(Prefix::gateway);
        Some(address) != gateway
            && address != PUBLIC_GATEWAY
            && !self.addresses_in(network.id).any(|taken| taken == address)
    }
}

/// Returns the subnets that the server can have an address of: those in its own network zone.
pub(super) fn usable_subnets(
    record: &ServerRecord,
    network: &Network,
    wish: &Wish,
) -> Result<Vec<Prefix>, Refusal> {
    let zone = Catalogue::embedded().location(&record.location).map(|found| &found.network_zone);
    let in_zone = |subnet: &&Subnet| Some(&subnet.network_zone) == zone;
    let mut subnets: Vec<_> = network.subnets.iter().filter(in_zone).filter_map(range_of).collect();
    if subnets.is_empty() {
        return Err(no_subnet());
    }
    if let Some(range) = wish.ip_range {
        subnets.retain(|subnet| *subnet == range);
        if subnets.is_empty() {
            return Err(Refusal::invalid("ip_range", "is not a subnet of the network"));
        }
        if wish.ip.is_some_and(|ip| !range.contains(ip)) {
            return Err(Refusal::invalid("ip", "is not inside ip_range"));
        }
    }
    Ok(subnets)
}

fn no_subnet() -> Refusal {
    Refusal::new(Code::NoSubnetAvailable, "no subnet or IP available")
}
