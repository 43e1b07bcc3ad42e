//! Making things so: lost answers, taken names, somebody else's objects, failed actions.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::fixtures::{action, group, group_body, key, labels, list, ours, server, server_body};
use super::scripted::{Reply, Scripted, ok, refused};
use crate::error::CloudError;
use crate::types::{CreateNetwork, CreateSshKey};

const GROUPS: &str = "placement_groups";

fn none(key: &str) -> Reply {
    ok(list(key, &[]))
}

#[tokio::test]
async fn what_is_there_is_left_alone() {
    let found = ok(list(GROUPS, &[group(3, "g", &labels(), &[])]));
    let api = Scripted::start(vec![("GET /placement_groups", vec![found])]).await;
    let ensured = api.client().ensure_placement_group(&group_body("g"), &ours()).await.unwrap();
    assert_eq!((ensured.object.id, ensured.changed), (3, false));
    assert_eq!(api.asked().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_followed_by_a_look_and_what_is_ours_is_adopted() {
    for trouble in [Reply::Lost, refused(504, "timeout"), refused(409, "uniqueness_error")] {
        let found = ok(list(GROUPS, &[group(3, "g", &labels(), &[])]));
        let api = Scripted::start(vec![
            ("GET /placement_groups", vec![none(GROUPS), found]),
            ("POST /placement_groups", vec![trouble]),
        ])
        .await;
        let ensured = api.client().ensure_placement_group(&group_body("g"), &ours()).await.unwrap();
        assert_eq!((ensured.object.id, ensured.changed), (3, true));
        assert_eq!(api.count("POST"), 1);
    }
}

#[tokio::test]
async fn a_request_that_never_arrived_is_sent_again_after_the_look() {
    let made = ok(json!({"placement_group": group(4, "g", &labels(), &[])}));
    let api = Scripted::start(vec![
        ("GET /placement_groups", vec![none(GROUPS)]),
        ("POST /placement_groups", vec![refused(502, "bad_gateway"), made]),
    ])
    .await;
    let ensured = api.client().ensure_placement_group(&group_body("g"), &ours()).await.unwrap();
    assert_eq!((ensured.object.id, ensured.changed), (4, true));
    let posts: Vec<bool> = api.asked().iter().map(|asked| asked.starts_with("POST")).collect();
    assert_eq!(posts, [false, true, false, true]);
}

#[tokio::test]
async fn somebody_elses_object_is_never_taken() {
    let foreign = ok(list(GROUPS, &[group(3, "g", &json!({"managed-by": "ennead"}), &[])]));
    let api = Scripted::start(vec![
        ("GET /placement_groups", vec![none(GROUPS), foreign]),
        ("POST /placement_groups", vec![Reply::Lost]),
    ])
    .await;
    let error = api.client().ensure_placement_group(&group_body("g"), &ours()).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, CloudError::Foreign { .. }), "{text}");
    assert!(text.starts_with("placement group g exists and belongs to somebody else"), "{text}");
}

#[tokio::test]
async fn a_taken_name_that_nobody_has_ends_after_some_rounds() {
    let api = Scripted::start(vec![
        ("GET /placement_groups", vec![none(GROUPS)]),
        ("POST /placement_groups", vec![refused(409, "uniqueness_error")]),
    ])
    .await;
    let error = api.client().ensure_placement_group(&group_body("g"), &ours()).await.unwrap_err();
    assert!(matches!(error, CloudError::Uniqueness { .. }), "{error}");
    assert_eq!(api.count("POST"), 4);
}

#[tokio::test]
async fn the_same_key_under_another_name_is_shared_by_a_mark() {
    let theirs = key(9, "laptop", "ssh-ed25519 AAAA me@laptop", &json!({"team": "x"}));
    let marked = json!({"team": "x", "ennead/one": "one-operator"});
    let shared = key(9, "laptop", "ssh-ed25519 AAAA me@laptop", &marked);
    let api = Scripted::start(vec![
        (
            "GET /ssh_keys",
            vec![
                ok(list("ssh_keys", &[theirs])),
                ok(list("ssh_keys", std::slice::from_ref(&shared))),
            ],
        ),
        ("PUT /ssh_keys/9", vec![ok(json!({"ssh_key": shared}))]),
    ])
    .await;
    let body = CreateSshKey {
        name: "one-operator".to_owned(),
        public_key: "ssh-ed25519 AAAA".to_owned(),
        labels: ours().0,
    };
    let client = api.client();
    let first = client.ensure_ssh_key(&body, &ours(), "ennead/one").await.unwrap();
    assert_eq!((first.object.id, first.changed), (9, true));
    assert_eq!(api.bodies(), [json!({"labels": marked})]);
    let second = client.ensure_ssh_key(&body, &ours(), "ennead/one").await.unwrap();
    assert_eq!((second.object.id, second.changed), (9, false));
    assert_eq!(api.count("PUT"), 1);
}

fn network(range: &str, subnets: &Value) -> Value {
    json!({"id": 5, "name": "n", "ip_range": range, "subnets": subnets, "routes": [],
        "servers": [], "protection": {"delete": false}, "labels": labels(),
        "created": "2026-11-01T00:00:00Z"})
}

fn network_body() -> CreateNetwork {
    let subnet = json!({"type": "cloud", "network_zone": "us-west", "ip_range": "10.1.0.0/16"});
    let body = json!({"name": "n", "ip_range": "10.1.0.0/16", "subnets": [subnet]});
    serde_json::from_value(body).unwrap()
}

#[tokio::test]
async fn a_network_without_its_subnet_gets_it() {
    let whole = network(
        "10.1.0.0/16",
        &json!([{"type": "cloud", "network_zone": "us-west", "ip_range": "10.1.0.0/16",
            "gateway": "10.1.0.1"}]),
    );
    let api = Scripted::start(vec![
        ("GET /networks", vec![ok(list("networks", &[network("10.1.0.0/16", &json!([]))]))]),
        ("GET /networks/5", vec![ok(json!({"network": whole}))]),
        (
            "POST /networks/5/actions/add_subnet",
            vec![ok(json!({"action": action(1, "add_subnet", "success")}))],
        ),
    ])
    .await;
    let ensured = api.client().ensure_network(&network_body(), &ours()).await.unwrap();
    assert!(ensured.changed && ensured.object.subnets.len() == 1);
}

#[tokio::test]
async fn a_network_with_another_range_is_an_error() {
    let other = network("10.9.0.0/16", &json!([]));
    let api = Scripted::start(vec![("GET /networks", vec![ok(list("networks", &[other]))])]).await;
    let error = api.client().ensure_network(&network_body(), &ours()).await.unwrap_err();
    assert_eq!(error.to_string(), "network n has range 10.9.0.0/16 instead of 10.1.0.0/16");
}

fn created(status: &str) -> Reply {
    ok(json!({"server": server(7, "s", "initializing", &labels()),
        "action": action(1, "create_server", status), "next_actions": [], "root_password": null}))
}

#[tokio::test]
async fn a_lost_server_is_adopted_once_it_is_settled() {
    let in_work = server(7, "s", "initializing", &labels());
    let off = ok(json!({"server": server(7, "s", "off", &labels())}));
    let api = Scripted::start(vec![
        (
            "GET /servers",
            vec![none("servers"), ok(list("servers", std::slice::from_ref(&in_work)))],
        ),
        ("POST /servers", vec![Reply::Lost]),
        ("GET /servers/7", vec![ok(json!({"server": in_work})), off]),
    ])
    .await;
    let ensured = api.client().ensure_server(&server_body("s"), &ours()).await.unwrap();
    assert_eq!((ensured.object.id, ensured.changed), (7, true));
    assert_eq!((api.count("POST"), api.count("GET /servers/7")), (1, 2));
    assert_eq!(api.bodies()[0]["start_after_create"], json!(false));
}

#[tokio::test]
async fn a_half_made_server_is_removed_and_made_again() {
    let off = ok(json!({"server": server(7, "s", "off", &labels())}));
    let api = Scripted::start(vec![
        ("GET /servers", vec![none("servers")]),
        ("POST /servers", vec![created("error"), created("success")]),
        ("DELETE /servers/7", vec![ok(json!({"action": action(2, "delete_server", "success")}))]),
        ("GET /servers/7", vec![refused(404, "not_found"), off]),
    ])
    .await;
    let ensured = api.client().ensure_server(&server_body("s"), &ours()).await.unwrap();
    assert_eq!(ensured.object.status, "off");
    assert_eq!((api.count("POST"), api.count("DELETE")), (2, 1));
}

#[tokio::test]
async fn a_server_that_never_succeeds_ends_with_its_reason() {
    let api = Scripted::start(vec![
        ("GET /servers", vec![none("servers")]),
        ("POST /servers", vec![created("error")]),
        ("DELETE /servers/7", vec![refused(404, "not_found")]),
    ])
    .await;
    let error = api.client().ensure_server(&server_body("s"), &ours()).await.unwrap_err();
    assert!(error.to_string().contains("create_server on server 7 failed: no power"), "{error}");
    assert_eq!(api.count("POST"), 4);
}

#[tokio::test]
async fn a_running_server_is_not_started_and_a_failed_start_is_tried_again() {
    let at = |status: &str| ok(json!({"server": server(7, "s", status, &labels())}));
    let api = Scripted::start(vec![("GET /servers/7", vec![at("running")])]).await;
    assert!(!api.client().ensure_running(7).await.unwrap().changed);
    assert_eq!(api.count("POST"), 0);

    let start = |status: &str| ok(json!({"action": action(1, "start_server", status)}));
    let api = Scripted::start(vec![
        ("GET /servers/7", vec![at("off"), at("off"), at("running")]),
        ("POST /servers/7/actions/poweron", vec![start("error"), start("success")]),
    ])
    .await;
    assert!(api.client().ensure_running(7).await.unwrap().changed);
    assert_eq!(api.count("POST"), 2);
}

#[tokio::test]
async fn attaching_looks_first_and_refuses_another_address() {
    let ip = Ipv4Addr::new(10, 1, 0, 11);
    let mut attached = server(7, "s", "off", &labels());
    attached["private_net"] = json!([{"network": 5, "ip": "10.1.0.11", "alias_ips": [],
        "mac_address": "86:00:00:00:00:01"}]);
    let attached = ok(json!({"server": attached}));
    let alone = ok(json!({"server": server(7, "s", "off", &labels())}));
    let path = "POST /servers/7/actions/attach_to_network";
    for trouble in [Reply::Lost, refused(422, "server_already_attached")] {
        let api = Scripted::start(vec![
            ("GET /servers/7", vec![alone.clone(), attached.clone()]),
            (path, vec![trouble]),
        ])
        .await;
        assert!(api.client().ensure_attached(7, 5, ip).await.unwrap().changed);
        assert_eq!(api.bodies(), [json!({"network": 5, "ip": "10.1.0.11"})]);
    }
    let api = Scripted::start(vec![("GET /servers/7", vec![attached])]).await;
    let client = api.client();
    assert!(!client.ensure_attached(7, 5, ip).await.unwrap().changed);
    let error = client.ensure_attached(7, 5, Ipv4Addr::new(10, 1, 0, 12)).await.unwrap_err();
    assert_eq!(error.to_string(), "server s has private address 10.1.0.11 instead of 10.1.0.12");
}
