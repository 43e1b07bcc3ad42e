//! ennead's own client against the lab: a fleet is made and removed, whatever the cloud does wrong.

use std::net::Ipv4Addr;
use std::time::Duration;

use ennead_hcloud::types::{
    CreateNetwork, CreatePlacementGroup, CreateServer, CreateSshKey, Labels, Subnet,
};
use ennead_hcloud::{Client, Owner, RetryPolicy};
use ennead_lab::fault::{Fault, Pattern};
use ennead_lab::state::Code;
use secrecy::SecretString;

use crate::client::{KEY, Lab, lab};

fn client(lab: &Lab) -> Client {
    let policy = RetryPolicy {
        pause_min: Duration::from_millis(2),
        pause_max: Duration::from_millis(20),
        ..RetryPolicy::default()
    };
    let token = SecretString::from(lab.lab.token.text().to_owned());
    Client::new(&lab.lab.endpoint, &token, policy).unwrap()
}

fn labels() -> Labels {
    Labels::from([("managed-by".to_owned(), "ennead".to_owned())])
}

struct Fleet {
    network: u64,
    group: u64,
}

async fn base(cloud: &Client, owner: &Owner) -> Fleet {
    let key = CreateSshKey { name: "op".into(), public_key: KEY.into(), labels: labels() };
    cloud.ensure_ssh_key(&key, owner, "mark").await.unwrap();
    let subnet = Subnet {
        kind: "cloud".into(),
        ip_range: Some("10.0.0.0/24".into()),
        network_zone: "us-west".into(),
        gateway: None,
        vswitch_id: None,
    };
    let network = CreateNetwork {
        name: "n".into(),
        ip_range: "10.0.0.0/16".into(),
        subnets: vec![subnet],
        routes: Vec::new(),
        labels: labels(),
        expose_routes_to_vswitch: false,
    };
    let network = cloud.ensure_network(&network, owner).await.unwrap().object.id;
    let group = CreatePlacementGroup { name: "g".into(), kind: "spread".into(), labels: labels() };
    let group = cloud.ensure_placement_group(&group, owner).await.unwrap().object.id;
    Fleet { network, group }
}

fn server(name: &str, fleet: &Fleet) -> CreateServer {
    CreateServer {
        name: name.into(),
        server_type: "ccx23".into(),
        image: "debian-13".into(),
        location: Some("hil".into()),
        start_after_create: false,
        ssh_keys: vec!["op".into()],
        networks: Vec::new(),
        volumes: Vec::new(),
        automount: None,
        firewalls: Vec::new(),
        placement_group: Some(fleet.group),
        labels: labels(),
        user_data: Some("#cloud-config\n".into()),
        public_net: None,
    }
}

async fn make(cloud: &Client, owner: &Owner, fleet: &Fleet, number: u8) {
    let body = server(&format!("node-{number}"), fleet);
    let id = cloud.ensure_server(&body, owner).await.unwrap().object.id;
    let ip = Ipv4Addr::new(10, 0, 0, 10 + number);
    cloud.ensure_attached(id, fleet.network, ip).await.unwrap();
    let running = cloud.ensure_running(id).await.unwrap().object;
    assert_eq!(running.private_net[0].ip, ip.to_string());
}

async fn remove(cloud: &Client, owner: &Owner) {
    for number in 0..3 {
        cloud.ensure_no_server(&format!("node-{number}"), owner).await.unwrap();
    }
    cloud.ensure_no_placement_group("g", owner).await.unwrap();
    cloud.ensure_no_network("n", owner).await.unwrap();
    cloud.ensure_no_ssh_key("op", owner, "mark").await.unwrap();
}

fn is_empty(lab: &Lab) -> bool {
    let state = lab.lab.engine().state();
    state.servers.is_empty()
        && state.networks.is_empty()
        && state.placement_groups.is_empty()
        && state.ssh_keys.is_empty()
}

#[tokio::test]
async fn a_fleet_is_made_and_removed() {
    let lab = lab().await;
    let (cloud, owner) = (client(&lab), Owner(labels()));
    let fleet = base(&cloud, &owner).await;
    for number in 0..3 {
        make(&cloud, &owner, &fleet, number).await;
    }
    // Everything is there: nothing changes any more.
    let again = cloud.ensure_server(&server("node-0", &fleet), &owner).await.unwrap();
    assert!(!again.changed);
    assert_eq!(cloud.servers(&owner.selector()).await.unwrap().len(), 3);
    remove(&cloud, &owner).await;
    assert!(is_empty(&lab));
}

#[tokio::test]
async fn a_fleet_is_made_and_removed_by_a_cloud_that_errs() {
    let lab = lab().await;
    let (cloud, owner) = (client(&lab), Owner(labels()));
    let on = |method: &str, path: &str| Pattern {
        method: Some(method.to_owned()),
        path: path.to_owned(),
        times: 1,
    };
    let act = "/servers/{id}/actions/{action}";
    let fail = |command: &str| Fault::FailAction { command: command.to_owned(), times: 1 };
    let faults = [
        Fault::LoseResponse { on: on("POST", "/networks") },
        Fault::LoseResponse { on: on("POST", "/servers") },
        Fault::LoseResponse { on: on("POST", act) },
        Fault::LoseResponse { on: on("DELETE", "/servers/{id}") },
        Fault::LoseResponse { on: on("DELETE", "/networks/{id}") },
        Fault::Refuse { on: on("POST", "/ssh_keys"), code: Code::RateLimitExceeded },
        Fault::Refuse { on: on("POST", "/placement_groups"), code: Code::BadGateway },
        Fault::Refuse { on: on("POST", act), code: Code::Locked },
        Fault::Refuse { on: on("GET", "/servers/{id}"), code: Code::Timeout },
        Fault::Refuse { on: on("DELETE", "/servers/{id}"), code: Code::Conflict },
        fail("create_server"),
        fail("attach_to_network"),
        fail("start_server"),
    ];
    for fault in faults {
        lab.lab.engine().faults().add(fault);
    }
    let fleet = base(&cloud, &owner).await;
    for number in 0..3 {
        make(&cloud, &owner, &fleet, number).await;
    }
    remove(&cloud, &owner).await;
    assert!(is_empty(&lab));
    assert_eq!(lab.lab.engine().faults().orders(), [], "every fault has happened");
}
