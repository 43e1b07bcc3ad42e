//! Any sequence of requests about addresses, filters and routes, and any ending of what they
//! begin, leaves the state sound, and the world as the state says.

use std::collections::BTreeSet;

use ennead_lab::api::Method;
use ennead_lab::state::firewall::AppliedTo;
use ennead_lab::state::{Effect, Ending, Job, Prefix, Rules, State};
use proptest::prelude::*;
use serde_json::Value;

use crate::model::Model;
use crate::play::{Play, failed, moment, pick, ready, send, unique};
use crate::requests::{FURNITURE, REQUESTS};

/// One thing that happens. Numbers choose among what exists at that time.
#[derive(Debug, Clone)]
enum Event {
    /// A request; `{s}` in its text and the like stand for ids.
    Send(Method, &'static str, &'static str),
    Finish {
        place: u8,
        ending: u8,
    },
    Restart {
        running: u8,
    },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        10 => prop::sample::select(REQUESTS)
            .prop_map(|(method, path, body)| Event::Send(method, path, body)),
        8 => (0..6_u8, 0..10_u8).prop_map(|(place, ending)| Event::Finish { place, ending }),
        1 => any::<u8>().prop_map(|running| Event::Restart { running }),
    ]
}

struct Addresses {
    state: State,
    world: Model,
    rules: Rules,
}

impl Addresses {
    fn new() -> Self {
        let public_prefix = Prefix::parse("198.18.7.0/28").unwrap();
        let rules = Rules { public_prefix, ..Rules::default() };
        let mut play = Self { state: State::default(), world: Model::default(), rules };
        for (path, body) in FURNITURE {
            play.send(Method::Post, path, &serde_json::from_str(body).unwrap());
            play.settle();
        }
        assert_eq!((play.state.servers.len(), play.state.firewalls.len()), (2, 1));
        play
    }

    fn fill(&self, text: &str, choice: u8) -> String {
        let state = &self.state;
        let ids = [
            ("{s}", pick(state.servers.keys(), choice)),
            ("{i}", pick(state.servers.keys(), choice + 1)),
            ("{f}", pick(state.firewalls.keys(), choice / 2)),
            ("{l}", pick(state.floating_ips.keys(), choice)),
            ("{p}", pick(state.primary_ips.keys(), choice)),
            ("{n}", pick(state.networks.keys(), choice)),
            ("{c}", u64::from(choice % 5)),
        ];
        ids.iter().fold(text.to_owned(), |text, (mark, id)| text.replace(mark, &id.to_string()))
    }

    fn happen(&mut self, event: &Event, choice: u8) {
        match event {
            Event::Send(method, path, body) => {
                let (path, body) = (self.fill(path, choice), self.fill(body, choice));
                let body: Value = serde_json::from_str(&body).unwrap();
                self.send(*method, &path, &body);
            }
            Event::Finish { place, ending } => self.finish(*place, *ending),
            Event::Restart { running } => {
                let bit = |id: &u64| running >> (id % 8) & 1 == 1;
                let running: Vec<_> = self.state.servers.keys().copied().filter(bit).collect();
                let text = serde_json::to_string(&self.state).unwrap();
                self.state = serde_json::from_str(&text).unwrap();
                self.state.adopt(&running);
            }
        }
    }

    fn send(&mut self, method: Method, path: &str, body: &Value) {
        let reply = send(&mut self.state, &self.rules, method, path, &body.to_string());
        assert!(reply.status < 500, "{method:?} {path} {body} {reply:?}");
    }

    fn check(&self) {
        let state = &self.state;
        unique("firewall name", state.firewalls.values().map(|record| record.name.clone()));
        unique("floating name", state.floating_ips.values().map(|record| record.name.clone()));
        unique("primary name", state.primary_ips.values().map(|record| record.name.clone()));
        let primary = state.primary_ips.values().map(|record| record.ip);
        unique("address", primary.chain(state.floating_ips.values().map(|record| record.ip)));
        let owned = state
            .servers
            .values()
            .flat_map(|server| server.ipv4.map(|(id, _)| id).into_iter().chain(server.ipv6));
        unique("owned primary IP", owned);
        for server in state.servers.values() {
            if let Some((id, ip)) = server.ipv4 {
                let record = &state.primary_ips[&id];
                assert_eq!((record.ip.ipv4(), &record.location), (Some(ip), &server.location));
            }
            assert!(server.ipv6.is_none_or(|id| state.primary_ips.contains_key(&id)));
        }
        for record in state.floating_ips.values() {
            assert!(record.server.is_none_or(|id| state.servers.contains_key(&id)));
        }
        for target in state.firewalls.values().flat_map(|record| &record.targets) {
            if let AppliedTo::Server(id) = target.to {
                assert!(state.servers.contains_key(&id), "a firewall of a server that is gone");
            }
        }
        let ready = state.ready_jobs(&BTreeSet::new());
        unique("lane", ready.iter().flat_map(Job::exclusive));
    }
}

impl Play for Addresses {
    fn state(&self) -> &State {
        &self.state
    }

    /// Ends a job. One that failed has made half of its calls. What the lab does by itself to
    /// put right what failed succeeds: nothing else would be left to compare with.
    fn finish(&mut self, place: u8, ending: u8) {
        let Some(job) = ready(&self.state, place) else { return };
        let fails = ending < 2 && job.action.is_some();
        let made = if fails { job.effects.len() / 2 } else { job.effects.len() };
        for effect in &job.effects[..made] {
            self.world.call(effect);
        }
        let ending = if fails {
            failed()
        } else if job.effects.iter().any(|effect| matches!(effect, Effect::LookWhetherRuns(_))) {
            Ending::Runs(false)
        } else {
            Ending::Done
        };
        self.state.finish(job.id, &ending, &moment(&self.rules));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_leaves_state_and_world_as_one(
        events in prop::collection::vec((event(), 0..40_u8), 1..120)
    ) {
        let mut play = Addresses::new();
        for (event, choice) in &events {
            play.happen(event, *choice);
            play.check();
        }
        play.settle();
        play.check();
        play.world.check(&play.state);
        let text = serde_json::to_string(&play.state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), play.state);
    }
}
