//! A lab for one platform, with what is true in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ennead_components::declaration::Disruption;
use ennead_components::orders::{component_name, runs_on};
use ennead_components::{ALL, Context};
use ennead_executor::cloud::WantedNames;
use ennead_executor::walk::simulated::SimulatedWorld;
use ennead_lab::fault::Faults;
use ennead_lab::state::State;
use ennead_lab::world::memory::MemoryWorld;
use ennead_lab::{LabInMemory, ServeOptions, lab_in_memory_with};
use ennead_model::{CloudInventory, Inventory, Node, ServerFacts};
use ennead_planner::plan::objects::{floating_ip_name, is_ours, volume_name};
use ennead_planner::plan::wanted_firewalls;

use crate::platforms::Wish;

/// A lab, the insides of its servers, and the platform that is wanted there.
pub(crate) struct Bench {
    pub(crate) lab: LabInMemory,
    pub(crate) nodes: SimulatedWorld,
    pub(crate) wish: &'static Wish,
}

impl Bench {
    /// Opens an empty lab with this rate limit.
    pub(crate) async fn open(wish: &'static Wish, requests_per_hour: u32) -> Self {
        let options = ServeOptions { requests_per_hour, ..ServeOptions::default() };
        let lab = lab_in_memory_with(options, Arc::new(MemoryWorld::new())).await.unwrap();
        let bench = Self { lab, nodes: SimulatedWorld::new(), wish };
        bench.tell_members();
        bench
    }

    /// Returns the faults in force.
    pub(crate) fn with_faults<T>(&self, act: impl FnOnce(&mut Faults) -> T) -> T {
        act(&mut self.lab.engine().faults())
    }

    /// Binds the simulated nodes to the servers that exist in the lab and run there.
    pub(crate) fn bind_nodes(&self) {
        let state = self.lab.engine().state();
        let mut cloud = CloudInventory::default();
        for record in state.servers.into_values() {
            let Some(server) = self.lab.world.server(record.id) else { continue };
            let status = if server.is_running { "running" } else { "off" };
            let places = server.attachments.iter().map(|place| (place.network, place.ip));
            let facts = ServerFacts {
                id: record.id,
                status: status.to_owned(),
                server_type: record.server_type,
                location: record.location,
                public_ip: server.seed.public_ip,
                private_ips: places.collect(),
                placement_group: record.placement_group,
                backups: record.disk.backup_window.is_some(),
                labels: record.labels,
            };
            cloud.servers.insert(record.name, facts);
        }
        self.nodes.adopt(cloud);
    }

    /// Checks that the lab holds exactly what the spec names, each once, each ours and in order.
    pub(crate) async fn assert_exactly_as_wanted(&self, what: &str) {
        self.lab.quiet().await.unwrap();
        let state = self.lab.engine().state();
        self.assert_beside_servers(&state, what);
        let platform = &self.wish.spec.platform;
        let wanted = WantedNames::of(&self.wish.spec.fleet, &self.wish.spec.options);
        let is = |kind: &str,
                  found: Vec<(String, BTreeMap<String, String>)>,
                  set: BTreeSet<String>| {
            let mut names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
            names.sort();
            assert_eq!(names, set.into_iter().collect::<Vec<_>>(), "{what}: {kind}");
            assert!(found.iter().all(|(_, l)| is_ours(l, platform)), "{what}: {kind}: {found:?}");
        };
        is(
            "keys",
            state.ssh_keys.into_values().map(|o| (o.name, o.labels)).collect(),
            wanted.ssh_keys,
        );
        is(
            "networks",
            state.networks.into_values().map(|o| (o.name, o.labels)).collect(),
            wanted.networks,
        );
        let groups = state.placement_groups.into_values().map(|o| (o.name, o.labels));
        is("groups", groups.collect(), wanted.placement_groups);
        self.assert_guarded(what);
        let walls = state.firewalls.into_values().map(|o| (o.name, o.labels));
        is("firewalls", walls.collect(), wanted.firewalls);
        let ids: Vec<u64> = state.servers.keys().copied().collect();
        let servers = state.servers.into_values().map(|o| (o.name, o.labels));
        is("servers", servers.collect(), wanted.servers);
        assert_eq!(state.images.len(), 0, "{what}");
        // A server that the state forgot and the world did not would be in the second list only.
        let running = ennead_lab::world::World::running(&*self.lab.world).await.unwrap();
        assert_eq!(ids, running, "{what}: servers of the state and of the world");
        assert_eq!(self.nodes.violations(), Vec::<String>::new(), "{what}");
    }

    /// Checks floating IPs, volumes, names and backups: each there once, ours, and where it belongs.
    fn assert_beside_servers(&self, state: &State, what: &str) {
        let fleet = &self.wish.spec.fleet;
        let platform = &fleet.platform;
        let name_of = |id: u64| state.servers[&id].name.clone();
        let mut floating = BTreeMap::new();
        for record in state.floating_ips.values() {
            assert!(is_ours(&record.labels, platform), "{what}: {record:?}");
            let led = record.server.map(name_of);
            assert!(floating.insert(record.name.clone(), led).is_none(), "{what}: {record:?}");
        }
        let mut wanted = BTreeMap::new();
        for entry in fleet.entries.values() {
            for site in &entry.sites {
                let holder = fleet.holders(entry, site).next().map(|node| node.name.to_string());
                wanted.insert(floating_ip_name(platform, &entry.name, site), holder);
            }
        }
        assert_eq!(floating, wanted, "{what}: floating IPs");
        let volumes = state.volumes.values().map(|record| {
            let place = record.place.as_ref().map(|place| name_of(place.server));
            (record.name.clone(), (place, record.size_gb))
        });
        let wanted = fleet.volumes.values().map(|volume| {
            let place = (Some(volume.node.to_string()), u64::from(volume.size_gb));
            (volume_name(platform, &volume.name), place)
        });
        let volumes: Vec<_> = volumes.collect();
        assert_eq!(volumes.len(), fleet.volumes.len(), "{what}: volumes");
        assert_eq!(BTreeMap::from_iter(volumes), wanted.collect(), "{what}: volumes");
        for record in state.servers.values() {
            let wanted = fleet.nodes[record.name.as_str()].backups;
            assert_eq!(record.disk.backup_window.is_some(), wanted, "{what}: {}", record.name);
        }
        self.assert_names(state, what);
    }

    fn assert_names(&self, state: &State, what: &str) {
        let names: Vec<_> =
            self.wish.spec.fleet.entries.values().filter_map(|entry| entry.dns.as_ref()).collect();
        let zones: BTreeSet<_> = names.iter().filter_map(|dns| dns.make_zone.clone()).collect();
        let found: Vec<_> = state.zones.values().map(|zone| zone.name.clone()).collect();
        assert_eq!(found, zones.into_iter().collect::<Vec<_>>(), "{what}: zones");
        for dns in names {
            let zone = state.zones.values().find(|zone| dns.relative_to(&zone.name).is_some());
            let sets = state.rrsets(zone.unwrap().id).unwrap();
            let name = dns.relative_to(&zone.unwrap().name).unwrap();
            let of_name: Vec<_> = sets.into_iter().filter(|set| set.name == name).collect();
            let [set] = of_name.as_slice() else { panic!("{what}: {of_name:?}") };
            assert_eq!((set.kind.as_str(), set.ttl), ("A", Some(dns.ttl_s)), "{what}");
            assert!(is_ours(&set.labels, &self.wish.spec.platform), "{what}");
            let floating = state.floating_ips.values().map(|it| it.ip.ipv4().unwrap().to_string());
            let all: BTreeSet<String> = floating.collect();
            let led: BTreeSet<String> = set.records.iter().map(|it| it.value.clone()).collect();
            assert_eq!(led, all, "{what}");
        }
    }

    /// Checks that each server is guarded by the firewall of its ports, by no other, and that the
    /// world was told exactly its rules.
    fn assert_guarded(&self, what: &str) {
        let state = self.lab.engine().state();
        let spec = &self.wish.spec;
        for (name, firewall) in wanted_firewalls(&spec.fleet, &spec.options) {
            let record = state.firewalls.values().find(|it| it.name == name).unwrap();
            let seen = state.firewall(record.id).unwrap();
            let mut servers: Vec<u64> = seen.servers().collect();
            servers.sort_unstable();
            let is_its = |name: &str| firewall.nodes.iter().any(|node| node.as_str() == name);
            let its = state.servers.values().filter(|server| is_its(&server.name));
            assert_eq!(servers, its.map(|server| server.id).collect::<Vec<_>>(), "{what}: {name}");
            let ports = |all: Vec<(String, Option<String>, Vec<String>)>| {
                all.into_iter().collect::<BTreeSet<_>>()
            };
            let has = seen.rules.iter().map(|r| {
                let mut from = r.source_ips.clone();
                from.sort();
                (r.protocol.clone(), r.port.clone(), from)
            });
            let wants = firewall.rules.iter().map(|r| {
                (r.protocol.clone(), r.port.clone(), r.addresses.iter().cloned().collect())
            });
            assert_eq!(ports(has.collect()), ports(wants.collect()), "{what}: {name}");
        }
    }

    /// Tells the simulated nodes who is a member of which quorum.
    fn tell_members(&self) {
        let (spec, inventory) = (&self.wish.spec, Inventory::empty());
        let context = Context { fleet: &spec.fleet, options: &spec.options, inventory: &inventory };
        for component in ALL {
            let runs = |node: &&Node| runs_on(*component, &context, node);
            let members: Vec<&Node> = spec.fleet.nodes.values().filter(runs).collect();
            let is_exclusive = |node: &&Node| {
                component.declare(&context, node).disruption == Disruption::OneAtATime
            };
            if members.iter().any(is_exclusive) {
                let names = members.iter().map(|node| node.name.clone()).collect();
                self.nodes.set_members(&component_name(*component), names);
            }
        }
    }
}
