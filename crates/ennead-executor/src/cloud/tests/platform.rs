//! A small platform and a lab for it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use ennead_hcloud::{Client, RetryPolicy};
use ennead_lab::{LabInMemory, lab_in_memory};
use ennead_model::{CloudAction, Outcome, Ref, RefResolver, ResolveError};
use ennead_planner::plan::objects::platform_labels;
use secrecy::SecretString;

use crate::cloud::{CloudStepError, WantedNames, apply_cloud};

pub(super) const PLATFORM: &str = "one";
pub(super) const PUBLIC_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5V8a4hHMyPhnqs2nSpuNf0cBVr0Y9OTAGeBaHRlYmL";

/// Gives the operator's key and secrets that can be looked for.
pub(super) struct Secrets;

impl RefResolver for Secrets {
    fn resolve(&self, reference: &Ref) -> Result<String, ResolveError> {
        match reference.name.as_str() {
            "platform" => Ok(format!("{PUBLIC_KEY} me@laptop\n")),
            "nobody" => Err(ResolveError::Unknown {
                reference: reference.to_string(),
                why: "no such node".to_owned(),
            }),
            name => Ok(format!("very-secret-of-{name}")),
        }
    }
}

/// A lab and a client of it with short pauses.
pub(super) struct Bench {
    pub(super) lab: LabInMemory,
    pub(super) client: Client,
}

impl Bench {
    pub(super) async fn open() -> Self {
        let lab = lab_in_memory().await.unwrap();
        let token = SecretString::from(lab.token.text().to_owned());
        let policy = RetryPolicy {
            pause_min: Duration::from_millis(2),
            pause_max: Duration::from_millis(50),
            total_max: Duration::from_secs(20),
            answer_max: Duration::from_secs(5),
            action_max: Duration::from_secs(20),
            ..RetryPolicy::default()
        };
        let client = Client::new(&lab.endpoint, &token, policy).unwrap();
        Self { lab, client }
    }

    pub(super) async fn apply(&self, action: &CloudAction) -> Result<Outcome, CloudStepError> {
        apply_cloud(&self.client, PLATFORM, action, &Secrets).await
    }

    /// Carries out actions, each of which must succeed, and returns how many changed something.
    pub(super) async fn apply_all(&self, actions: &[CloudAction]) -> usize {
        let mut changed = 0;
        for action in actions {
            let outcome = self.apply(action).await.unwrap();
            changed += usize::from(outcome == Outcome::Changed);
        }
        changed
    }

    /// Returns the names of all objects in the lab: keys, networks, groups, servers.
    pub(super) fn names(&self) -> [Vec<String>; 4] {
        let state = self.lab.engine().state();
        let sorted = |names: Vec<String>| {
            let mut names = names;
            names.sort();
            names
        };
        [
            sorted(state.ssh_keys.into_values().map(|key| key.name).collect()),
            sorted(state.networks.into_values().map(|network| network.name).collect()),
            sorted(state.placement_groups.into_values().map(|group| group.name).collect()),
            sorted(state.servers.into_values().map(|record| record.name).collect()),
        ]
    }
}

pub(super) fn labels(node: &str) -> BTreeMap<String, String> {
    let mut labels = platform_labels(PLATFORM);
    labels.insert("node".to_owned(), node.to_owned());
    labels
}

pub(super) fn key() -> CloudAction {
    CloudAction::CreateSshKey {
        name: "one-operator".to_owned(),
        public_key: "@{operator-public-key:platform}".to_owned(),
        labels: platform_labels(PLATFORM),
    }
}

pub(super) fn network() -> CloudAction {
    CloudAction::CreateNetwork {
        name: "one-west".to_owned(),
        ip_range: "10.1.0.0/16".to_owned(),
        network_zone: "us-west".to_owned(),
        labels: platform_labels(PLATFORM),
    }
}

pub(super) fn group() -> CloudAction {
    CloudAction::CreatePlacementGroup {
        name: "one-control-1".to_owned(),
        labels: platform_labels(PLATFORM),
    }
}

pub(super) fn server(name: &str) -> CloudAction {
    CloudAction::CreateServer {
        name: name.to_owned(),
        server_type: "ccx23".to_owned(),
        image: "debian-13".to_owned(),
        location: "hil".to_owned(),
        ssh_keys: vec!["one-operator".to_owned()],
        placement_group: Some("one-control-1".to_owned()),
        firewalls: Vec::new(),
        labels: labels(name),
        user_data: format!("#cloud-config\n{{\"host_key\":\"@{{host-key:{name}}}\"}}\n"),
    }
}

pub(super) fn attach(server: &str, last: u8) -> CloudAction {
    CloudAction::AttachNetwork {
        server: server.to_owned(),
        network: "one-west".to_owned(),
        ip: Ipv4Addr::new(10, 1, 0, last),
    }
}

pub(super) fn power_on(server: &str) -> CloudAction {
    CloudAction::PowerOn { server: server.to_owned() }
}

/// Everything that one node needs, in order.
pub(super) fn up(server_name: &str) -> Vec<CloudAction> {
    let node = [server(server_name), attach(server_name, 11), power_on(server_name)];
    [key(), network(), group()].into_iter().chain(node).collect()
}

/// The way back.
pub(super) fn down(server_name: &str) -> Vec<CloudAction> {
    vec![
        CloudAction::DeleteServer { name: server_name.to_owned() },
        CloudAction::DeletePlacementGroup { name: "one-control-1".to_owned() },
        CloudAction::DeleteNetwork { name: "one-west".to_owned() },
        CloudAction::DeleteSshKey { name: "one-operator".to_owned() },
    ]
}

pub(super) fn wanted(servers: &[&str]) -> WantedNames {
    let set = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    };
    WantedNames {
        ssh_keys: set(&["one-operator"]),
        networks: set(&["one-west"]),
        firewalls: BTreeSet::new(),
        placement_groups: set(&["one-control-1"]),
        servers: set(servers),
        ..WantedNames::default()
    }
}
