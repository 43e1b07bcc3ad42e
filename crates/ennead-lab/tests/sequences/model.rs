//! A world that checks what it is told: nothing about a server that is not there.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ennead_lab::state::{Effect, State};
use ennead_lab::world::{NetworkRoute, PacketFilter};

/// What a server has become.
#[derive(Debug, Default)]
struct Server {
    public_ip: Option<Ipv4Addr>,
    filter: Option<PacketFilter>,
    aliases: BTreeMap<u64, Vec<Ipv4Addr>>,
}

/// The world.
#[derive(Debug, Default)]
pub(crate) struct Model {
    servers: BTreeMap<u64, Server>,
    floating: BTreeMap<Ipv4Addr, u64>,
    routes: BTreeMap<u64, Vec<NetworkRoute>>,
}

impl Model {
    pub(crate) fn call(&mut self, effect: &Effect) {
        match effect {
            Effect::CreateServer(seed) => {
                let fresh = || Server { public_ip: seed.public_ip, ..Server::default() };
                self.servers.entry(seed.id).or_insert_with(fresh);
            }
            Effect::DeleteServer(id) => {
                self.servers.remove(id);
            }
            Effect::Detach(id, network) => {
                // Also of a server that is gone, as in every world.
                if let Some(server) = self.servers.get_mut(id) {
                    server.aliases.remove(network);
                }
            }
            Effect::SetFilter(id, filter) => self.server(*id).filter.clone_from(filter),
            Effect::SetPublicAddress(id, ip) => self.server(*id).public_ip = *ip,
            Effect::SetAliases(id, network, aliases) => {
                self.server(*id).aliases.insert(*network, aliases.clone());
            }
            Effect::RouteFloating(ip, Some(id)) => {
                self.server(*id);
                self.floating.insert(*ip, *id);
            }
            Effect::RouteFloating(ip, None) => {
                self.floating.remove(ip);
            }
            Effect::DeleteNetwork(id) => {
                self.routes.remove(id);
            }
            Effect::SetRoutes(id, routes) => {
                self.routes.insert(*id, routes.clone());
            }
            _ => {}
        }
    }

    fn server(&mut self, id: u64) -> &mut Server {
        self.servers.get_mut(&id).unwrap_or_else(|| panic!("there is no server {id}"))
    }

    /// Compares the world with a state that has come to rest.
    pub(crate) fn check(&self, state: &State) {
        assert!(self.servers.keys().eq(state.servers.keys()), "servers");
        for (id, server) in &self.servers {
            let record = &state.servers[id];
            assert_eq!(server.public_ip, record.ipv4.map(|(_, ip)| ip), "address of {id}");
            assert_eq!(server.filter, record.filter.filter, "filter of {id}");
            assert!(!record.filter.is_stale, "filter of {id} is stale");
            for place in &record.attachments {
                let aliases = server.aliases.get(&place.network).cloned().unwrap_or_default();
                assert_eq!(aliases, place.alias_ips, "aliases of {id}");
            }
        }
        let floating = state.floating_ips.values();
        let known: BTreeMap<_, _> =
            floating.filter_map(|record| Some((record.ip.ipv4()?, record.server?))).collect();
        assert_eq!(self.floating, known, "floating routes");
        for (id, network) in &state.networks {
            let told = self.routes.get(id).map_or(0, Vec::len);
            assert_eq!(told, network.routes.len(), "routes of {id}");
        }
    }
}
