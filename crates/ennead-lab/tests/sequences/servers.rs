//! Any sequence of requests and endings leaves the state sound.

use std::collections::BTreeSet;

use ennead_lab::api::Method;
use ennead_lab::state::{Ending, Lane, Limits, Prefix, Rules, State};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::play::{Play, failed, moment, pick, ready, send, unique};

/// One thing that happens. Numbers choose among what exists at that time.
#[derive(Debug, Clone)]
enum Event {
    CreateServer { name: u8, kind: u8, network: Option<u8>, group: Option<u8>, starts: bool },
    CreateNetwork { name: u8, range: u8, zone: u8 },
    CreateGroup { name: u8 },
    Subnet { network: u8, range: u8, zone: u8, adds: bool },
    Power { server: u8, action: u8 },
    Attach { server: u8, network: u8, ip: Option<u8> },
    Detach { server: u8, network: u8 },
    Group { server: u8, group: u8, joins: bool },
    Protect { server: u8, on: bool },
    Rename { server: u8, name: u8 },
    Delete { kind: u8, place: u8 },
    Volume { action: u8, volume: u8, server: u8 },
    Disk { action: u8, server: u8, image: u8 },
    Stopped { server: u8 },
    Finish { place: u8, ending: u8 },
    Restart { running: u8 },
    Nonsense { path: String, body: String },
}

fn event() -> impl Strategy<Value = Event> {
    let small = || 0..6_u8;
    prop_oneof![
        6 => (0..14_u8, small(), prop::option::of(small()), prop::option::of(small()), any::<bool>())
            .prop_map(|(name, kind, network, group, starts)| {
                Event::CreateServer { name, kind, network, group, starts }
            }),
        2 => (small(), small(), small())
            .prop_map(|(name, range, zone)| Event::CreateNetwork { name, range, zone }),
        1 => small().prop_map(|name| Event::CreateGroup { name }),
        2 => (small(), small(), small(), any::<bool>())
            .prop_map(|(network, range, zone, adds)| Event::Subnet { network, range, zone, adds }),
        3 => (small(), small()).prop_map(|(server, action)| Event::Power { server, action }),
        3 => (small(), small(), prop::option::of(any::<u8>()))
            .prop_map(|(server, network, ip)| Event::Attach { server, network, ip }),
        1 => (small(), small()).prop_map(|(server, network)| Event::Detach { server, network }),
        2 => (small(), small(), any::<bool>())
            .prop_map(|(server, group, joins)| Event::Group { server, group, joins }),
        1 => (small(), any::<bool>()).prop_map(|(server, on)| Event::Protect { server, on }),
        1 => (small(), small()).prop_map(|(server, name)| Event::Rename { server, name }),
        2 => (small(), small()).prop_map(|(kind, place)| Event::Delete { kind, place }),
        4 => (0..8_u8, small(), small())
            .prop_map(|(action, volume, server)| Event::Volume { action, volume, server }),
        4 => (0..8_u8, small(), small())
            .prop_map(|(action, server, image)| Event::Disk { action, server, image }),
        1 => small().prop_map(|server| Event::Stopped { server }),
        8 => (small(), 0..8_u8).prop_map(|(place, ending)| Event::Finish { place, ending }),
        1 => any::<u8>().prop_map(|running| Event::Restart { running }),
        1 => ("/(servers|networks|actions)?[/a-z0-9{}]{0,20}", ".{0,30}")
            .prop_map(|(path, body)| Event::Nonsense { path, body }),
    ]
}

struct Servers {
    state: State,
    rules: Rules,
}

impl Servers {
    fn new() -> Self {
        let public_prefix = Prefix::parse("198.18.7.0/28").unwrap();
        let limits = Limits { servers: Some(12), dedicated_servers: None };
        Self { state: State::default(), rules: Rules { public_prefix, limits, ..Rules::default() } }
    }

    fn send(&mut self, method: Method, path: &str, body: &str) {
        send(&mut self.state, &self.rules, method, path, body);
    }

    fn post(&mut self, path: &str, body: &Value) {
        self.send(Method::Post, path, &body.to_string());
    }

    fn act(&mut self, server: u8, action: &str, body: &Value) {
        let id = pick(self.state.servers.keys(), server);
        self.post(&format!("/servers/{id}/actions/{action}"), body);
    }

    fn network(&self, place: u8) -> u64 {
        pick(self.state.networks.keys(), place)
    }

    fn group(&self, place: u8) -> u64 {
        pick(self.state.placement_groups.keys(), place)
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::CreateServer { name, kind, network, group, starts } => {
                let (location, server_type) = kind_of(*kind);
                let networks: Vec<_> = network.iter().map(|place| self.network(*place)).collect();
                let body = json!({ "name": format!("s{name}"), "server_type": server_type,
                    "image": "debian-13", "location": location, "start_after_create": starts,
                    "networks": networks, "placement_group": group.map(|place| self.group(place)) });
                self.post("/servers", &body);
            }
            Event::CreateNetwork { name, range, zone } => {
                let subnet = json!({ "type": "cloud", "network_zone": zone_of(*zone) });
                let subnets = if *zone < 4 { vec![subnet] } else { Vec::new() };
                let range = format!("10.{}.0.0/{}", range / 2, 16 + range % 2 * 4);
                self.post(
                    "/networks",
                    &json!({ "name": format!("n{name}"), "ip_range": range, "subnets": subnets }),
                );
            }
            Event::CreateGroup { name } => {
                self.post(
                    "/placement_groups",
                    &json!({ "name": format!("g{name}"), "type": "spread" }),
                );
            }
            Event::Subnet { network, range, zone, adds } => {
                let id = self.network(*network);
                let range = format!("10.{}.{}.0/24", range / 2, range % 2);
                let body =
                    json!({ "type": "cloud", "network_zone": zone_of(*zone), "ip_range": range });
                let action = if *adds { "add_subnet" } else { "delete_subnet" };
                self.post(&format!("/networks/{id}/actions/{action}"), &body);
            }
            Event::Attach { server, network, ip } => {
                let id = self.network(*network);
                let ip = ip.map(|last| format!("10.{}.0.{last}", last % 3));
                self.act(*server, "attach_to_network", &json!({ "network": id, "ip": ip }));
            }
            Event::Nonsense { path, body } => {
                for method in [Method::Get, Method::Post, Method::Put, Method::Delete] {
                    self.send(method, path, body);
                }
            }
            other => self.happen_to_one(other),
        }
    }

    fn happen_to_one(&mut self, event: &Event) {
        match event {
            Event::Power { server, action } => {
                let actions = ["poweron", "poweroff", "reset", "shutdown", "reboot", "rebuild"];
                self.act(*server, actions[usize::from(*action)], &json!({}));
            }
            Event::Detach { server, network } => {
                let id = self.network(*network);
                self.act(*server, "detach_from_network", &json!({ "network": id }));
            }
            Event::Group { server, group, joins } => {
                let action =
                    if *joins { "add_to_placement_group" } else { "remove_from_placement_group" };
                let body = json!({ "placement_group": self.group(*group) });
                self.act(*server, action, &body);
            }
            Event::Protect { server, on } => {
                self.act(*server, "change_protection", &json!({ "delete": on, "rebuild": on }));
            }
            Event::Rename { server, name } => {
                let id = pick(self.state.servers.keys(), *server);
                let body = json!({ "name": format!("s{name}") }).to_string();
                self.send(Method::Put, &format!("/servers/{id}"), &body);
            }
            Event::Delete { kind, place } => {
                let path = match kind {
                    0..=3 => format!("/servers/{}", pick(self.state.servers.keys(), *place)),
                    4 => format!("/networks/{}", self.network(*place)),
                    _ => format!("/placement_groups/{}", self.group(*place)),
                };
                self.send(Method::Delete, &path, "");
            }
            Event::Volume { action, volume, server } => self.volume(*action, *volume, *server),
            Event::Disk { action, server, image } => self.disk(*action, *server, *image),
            Event::Stopped { server } => {
                let id = pick(self.state.servers.keys(), *server);
                self.state.note_stopped(id);
            }
            Event::Finish { place, ending } => self.finish(*place, *ending),
            Event::Restart { running } => {
                let bit = |id: &u64| running >> (id % 8) & 1 == 1;
                let running: Vec<_> = self.state.servers.keys().copied().filter(bit).collect();
                self.state =
                    serde_json::from_str(&serde_json::to_string(&self.state).unwrap()).unwrap();
                self.state.adopt(&running);
            }
            other => panic!("not for one object: {other:?}"),
        }
    }

    fn volume(&mut self, action: u8, volume: u8, server: u8) {
        let id = pick(self.state.volumes.keys(), volume);
        let server = pick(self.state.servers.keys(), server);
        let path = format!("/volumes/{id}/actions");
        let name = format!("v{volume}");
        match action {
            0 => self.post("/volumes", &json!({ "name": name, "size": 10, "server": server })),
            1 => self.post("/volumes", &json!({ "name": name, "size": 10, "location": "hil" })),
            2 | 3 => self.post(&format!("{path}/attach"), &json!({ "server": server })),
            4 => self.post(&format!("{path}/detach"), &json!({})),
            5 => self.post(&format!("{path}/resize"), &json!({ "size": 10 + volume })),
            6 => self.send(Method::Delete, &format!("/volumes/{id}"), ""),
            _ => {
                let body = json!({ "name": "with-volume", "server_type": "ccx13",
                    "image": "debian-13", "location": "hil", "volumes": [id] });
                self.post("/servers", &body);
            }
        }
    }

    fn disk(&mut self, action: u8, server: u8, image: u8) {
        let image = pick(self.state.images.keys(), image);
        match action {
            0 => self.act(server, "create_image", &json!({})),
            1 => self.act(server, "create_image", &json!({ "type": "backup" })),
            2 => self.act(server, "enable_backup", &json!({})),
            3 => self.act(server, "disable_backup", &json!({})),
            4 => self.act(server, "rebuild", &json!({ "image": image })),
            5 => self.act(server, "rebuild", &json!({ "image": "debian-13" })),
            6 => {
                let body = json!({ "server_type": "ccx23", "upgrade_disk": true });
                self.act(server, "change_type", &body);
            }
            _ => self.send(Method::Delete, &format!("/images/{image}"), ""),
        }
    }

    fn check(&self) {
        let state = &self.state;
        unique("server name", state.servers.values().map(|server| server.name.clone()));
        unique("network name", state.networks.values().map(|network| network.name.clone()));
        let public = state.servers.values().filter_map(|server| server.ipv4);
        unique("public address", public.map(|(_, address)| address.to_string()));
        for (id, network) in &state.networks {
            let places = state.servers.values().flat_map(|server| &server.attachments);
            let here = places.filter(|place| place.network == *id);
            unique("private address", here.clone().map(|place| place.ip.to_string()));
            let whole = Prefix::parse(&network.ip_range).unwrap();
            assert!(
                here.clone().all(|place| whole.contains(place.ip) && place.ip != whole.gateway())
            );
            let zones: BTreeSet<_> = network.subnets.iter().map(|s| &s.network_zone).collect();
            assert!(zones.len() <= 1, "a network spans zones");
        }
        for server in state.servers.values() {
            assert!(server.attachments.iter().all(|p| state.networks.contains_key(&p.network)));
            assert!(server.attachments.len() <= 3);
            assert!(
                server.placement_group.is_none_or(|id| state.placement_groups.contains_key(&id))
            );
        }
        for id in state.placement_groups.keys() {
            assert!(state.placement_group(*id).unwrap().servers.len() <= 10);
        }
        self.check_disks();
        self.check_actions();
    }

    fn check_disks(&self) {
        let state = &self.state;
        unique("volume name", state.volumes.values().map(|volume| volume.name.clone()));
        for volume in state.volumes.values() {
            let Some(place) = &volume.place else { continue };
            let server = &state.servers[&place.server];
            assert_eq!(server.location, volume.location, "a volume is far from its server");
            assert!(volume.made || !place.attached, "attached before it was made");
        }
        for image in state.images.values() {
            assert!(image.image.bound_to.is_none_or(|server| state.servers.contains_key(&server)));
        }
    }

    fn check_actions(&self) {
        let state = &self.state;
        let running: BTreeSet<_> = state
            .actions
            .values()
            .filter(|action| action.finished.is_none())
            .map(|a| a.id)
            .collect();
        let with_jobs: BTreeSet<_> = state.jobs.iter().filter_map(|job| job.action).collect();
        assert_eq!(running, with_jobs, "each running action has its job, and no other has one");
        let ready = state.ready_jobs(&BTreeSet::new());
        unique("lane", ready.iter().flat_map(ennead_lab::state::Job::exclusive));
        for job in &state.jobs {
            if let (Lane::Server(id), Some(_)) = (job.lane, job.action) {
                assert!(state.servers.contains_key(&id), "an action on a server that is gone");
            }
        }
    }
}

fn kind_of(kind: u8) -> (&'static str, &'static str) {
    match kind {
        0..=2 => ("hil", "ccx13"),
        3 | 4 => ("ash", "cpx11"),
        _ => ("hil", "cx23"),
    }
}

fn zone_of(zone: u8) -> &'static str {
    if zone.is_multiple_of(2) { "us-west" } else { "us-east" }
}

impl Play for Servers {
    fn state(&self) -> &State {
        &self.state
    }

    fn finish(&mut self, place: u8, ending: u8) {
        let Some(job) = ready(&self.state, place) else { return };
        let looks = job.effects.iter().any(|effect| format!("{effect:?}").starts_with("Look"));
        let ending = match ending {
            0 | 1 => failed(),
            other if looks => Ending::Runs(other % 2 == 0),
            _ => Ending::Done,
        };
        self.state.show_progress(job.id);
        self.state.finish(job.id, &ending, &moment(&self.rules));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_leaves_the_state_sound(events in prop::collection::vec(event(), 1..120)) {
        let mut play = Servers::new();
        for event in &events {
            play.happen(event);
            play.check();
        }
        play.settle();
        play.check();
        let text = serde_json::to_string(&play.state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), play.state);
    }
}
