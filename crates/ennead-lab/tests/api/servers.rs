//! Making, changing and deleting servers.

use std::time::Duration;

use ennead_lab::serve::ServeOptions;
use ennead_lab::state::{Limits, Prefix};
use serde_json::{Value, json};

use crate::client::{KEY, lab, lab_with, server_body};

#[tokio::test]
async fn a_server_is_made_attached_and_started() {
    let lab = lab().await;
    let network = lab.network("n", "10.0.0.0/16").await;
    lab.post("/ssh_keys", json!({ "name": "op", "public_key": KEY })).await.ok();
    let more = json!({ "ssh_keys": ["op"], "networks": [network], "user_data": "#cloud-config\n",
                       "labels": { "managed-by": "ennead" } });
    let answer = lab.post("/servers", server_body("web-1", more)).await;
    assert_eq!(answer.status, 201);
    let created = answer.ok();
    assert_eq!(created["server"]["status"], "initializing");
    assert_eq!(created["server"]["locked"], true);
    assert_eq!(created["server"]["private_net"], json!([]));
    assert_eq!(created["action"]["command"], "create_server");
    assert_eq!(created["action"]["status"], "running");
    assert_eq!(created["root_password"], Value::Null);
    let commands: Vec<_> =
        created["next_actions"].as_array().unwrap().iter().map(|a| a["command"].clone()).collect();
    assert_eq!(commands, ["attach_to_network", "start_server"]);

    let id = created["server"]["id"].as_u64().unwrap();
    let last = lab.ended(&created["next_actions"][1]).await;
    assert_eq!((last["status"].clone(), last["progress"].clone()), (json!("success"), json!(100)));
    let server = lab.server(id).await;
    assert_eq!(
        (server["status"].clone(), server["locked"].clone()),
        (json!("running"), json!(false))
    );
    assert_eq!(server["public_net"]["ipv4"]["ip"], "198.18.7.3");
    assert_eq!(server["private_net"][0]["ip"], "10.0.0.2");
    assert!(server.get("datacenter").is_none(), "taken out on 2026-07-01");
    assert_eq!(server["location"]["name"], "hil");
    assert_eq!(server["server_type"]["name"], "ccx13");

    let remembered = lab.lab.world.server(id).unwrap();
    assert!(remembered.is_running);
    assert_eq!(remembered.seed.ssh_keys, [KEY]);
    assert_eq!(remembered.seed.root_password, None);
    assert_eq!(remembered.seed.user_data.as_deref(), Some("#cloud-config\n"));
    assert_eq!(remembered.seed.network_zone, "us-west");
    assert!(remembered.seed.public_mac.starts_with("96:00:"));
    let calls: Vec<_> = lab
        .lab
        .world
        .calls()
        .into_iter()
        .filter(|call| call.ends_with(&format!(" {id}")))
        .collect();
    assert_eq!(
        calls,
        [format!("create_server {id}"), format!("attach {id}"), format!("start {id}")]
    );
}

#[tokio::test]
async fn ids_stand_for_names_and_a_password_comes_without_keys() {
    let lab = lab().await;
    let types = lab.get("/server_types?name=ccx13").await.ok();
    let more = json!({ "server_type": types["server_types"][0]["id"], "location": 5,
                       "image": "161547204", "start_after_create": false });
    let created = lab.post("/servers", server_body("s", more)).await.ok();
    assert_eq!(created["next_actions"], json!([]));
    assert_eq!(created["root_password"].as_str().unwrap().len(), 20);
    let id = created["server"]["id"].as_u64().unwrap();
    lab.ended(&created["action"]).await;
    assert_eq!(lab.server(id).await["status"], "off");
    assert_eq!(lab.server(id).await["image"]["name"], "debian-13");
    // It reaches the server's first start, also one that begins later, and no output.
    let remembered = lab.lab.world.server(id).unwrap();
    let password = remembered.seed.root_password.clone().unwrap();
    assert_eq!(created["root_password"], password.0.as_str());
    assert!(!format!("{remembered:?}").contains(&password.0));
}

#[tokio::test]
async fn what_cannot_be_had_is_refused() {
    let lab = lab().await;
    let cases = [
        (json!({ "location": "moon" }), 422, "invalid_input", "location 'moon' not found"),
        (json!({ "server_type": "x" }), 422, "invalid_input", "server type 'x' not found"),
        (json!({ "image": "x" }), 422, "invalid_input", "image 'x' not found"),
        (
            json!({ "server_type": "cx23" }),
            422,
            "invalid_input",
            "unsupported location for server type",
        ),
        (json!({ "name": "under_score" }), 422, "invalid_input", ""),
        (json!({ "user_data": "x".repeat(32 * 1024 + 1) }), 422, "invalid_input", ""),
        (json!({ "ssh_keys": ["nobody"] }), 422, "invalid_input", ""),
        (json!({ "datacenter": "hil-dc1" }), 422, "invalid_input", ""),
        (json!({ "placement_group": 9 }), 404, "not_found", ""),
        (json!({ "networks": [9] }), 404, "not_found", ""),
        (json!({ "volumes": [9] }), 404, "not_found", ""),
        (json!({ "firewalls": [{ "firewall": 9 }] }), 404, "not_found", ""),
        (json!({ "public_net": { "ipv4": 9 } }), 404, "not_found", ""),
        (
            json!({ "public_net": { "enable_ipv4": false, "enable_ipv6": false } }),
            422,
            "invalid_input",
            "",
        ),
    ];
    for (more, status, code, message) in cases {
        let refused = lab.post("/servers", server_body("s", more)).await;
        refused.refused(status, code);
        assert!(refused.message().contains(message), "{}", refused.message());
    }
    assert_eq!(lab.get("/servers").await.ok()["servers"], json!([]));
    assert_eq!(lab.lab.engine().state().actions.len(), 0);
}

#[tokio::test]
async fn a_name_belongs_to_one_server_even_when_a_client_asks_twice() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let twice = lab.post("/servers", server_body("s", json!({}))).await;
    twice.refused(409, "uniqueness_error");
    assert_eq!(twice.message(), "name is already used");
    assert_eq!(twice.json()["error"]["details"], json!({ "fields": [{ "name": "name" }] }));
    let other = lab.make("t", json!({})).await;
    lab.put(&format!("/servers/{other}"), json!({ "name": "s" }))
        .await
        .refused(409, "uniqueness_error");
    let path = format!("/servers/{id}");
    let renamed = lab.put(&path, json!({ "name": "u", "labels": { "a": "b" } })).await;
    assert_eq!(renamed.ok()["server"]["labels"], json!({ "a": "b" }));
    let found = lab.get("/servers?name=u&status=running&label_selector=a").await.ok();
    assert_eq!(found["servers"][0]["id"], id);
    assert_eq!(lab.get("/servers?status=off").await.ok()["servers"], json!([]));
}

#[tokio::test]
async fn a_server_needs_no_public_address_when_it_has_a_network() {
    let lab = lab().await;
    let network = lab.network("n", "10.0.0.0/16").await;
    let private = json!({ "enable_ipv4": false, "enable_ipv6": false });
    let id = lab.make("s", json!({ "networks": [network], "public_net": private })).await;
    let server = lab.server(id).await;
    assert_eq!(server["public_net"]["ipv4"], Value::Null);
    assert_eq!(server["public_net"]["ipv6"], Value::Null);
    assert_eq!(lab.lab.world.server(id).unwrap().seed.public_ip, None);
}

#[tokio::test]
async fn public_addresses_are_unique_and_run_out() {
    let public_prefix = Prefix::parse("198.18.7.0/29").unwrap();
    let lab = lab_with(ServeOptions { public_prefix, ..ServeOptions::default() }).await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(lab.make(&format!("s{n}"), json!({})).await);
    }
    let addresses: Vec<_> = lab.get("/servers").await.ok()["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|server| server["public_net"]["ipv4"]["ip"].clone())
        .collect();
    assert_eq!(addresses, ["198.18.7.3", "198.18.7.4", "198.18.7.5", "198.18.7.6"]);
    let full = lab.post("/servers", server_body("s4", json!({}))).await;
    full.refused(403, "resource_limit_exceeded");
    let gone = lab.delete(&format!("/servers/{}", ids[1])).await.ok();
    lab.ended(&gone["action"]).await;
    let id = lab.make("s4", json!({})).await;
    assert_eq!(lab.server(id).await["public_net"]["ipv4"]["ip"], "198.18.7.4");
}

#[tokio::test]
async fn a_new_account_has_limits() {
    let limits = Limits { servers: Some(3), dedicated_servers: Some(1) };
    let lab = lab_with(ServeOptions { limits, ..ServeOptions::default() }).await;
    lab.make("s0", json!({})).await;
    let refused = lab.post("/servers", server_body("s1", json!({}))).await;
    refused.refused(403, "resource_limit_exceeded");
    let name = refused.json()["error"]["details"]["limits"][0]["name"].clone();
    assert_eq!(name, "dedicated_server_limit");
    for n in 1..3 {
        lab.make(&format!("s{n}"), json!({ "server_type": "cpx11" })).await;
    }
    let refused = lab.post("/servers", server_body("s3", json!({ "server_type": "cpx11" }))).await;
    assert_eq!(
        refused.json()["error"]["details"],
        json!({ "limits": [{ "name": "server_limit" }] })
    );
}

#[tokio::test]
async fn a_deleted_server_is_gone_when_its_action_has_ended() {
    let lab = lab().await;
    let network = lab.network("n", "10.0.0.0/16").await;
    let id = lab.make("s", json!({ "networks": [network] })).await;
    lab.lab.world.slow("delete_server", 1, Duration::from_millis(150));
    let deleted = lab.delete(&format!("/servers/{id}")).await;
    assert_eq!(deleted.status, 200);
    let action = deleted.ok()["action"].clone();
    assert_eq!(action["command"], "delete_server");
    assert_eq!(lab.server(id).await["status"], "deleting");
    lab.delete(&format!("/servers/{id}")).await.refused(423, "locked");
    assert_eq!(lab.ended(&action).await["status"], "success");
    lab.get(&format!("/servers/{id}")).await.refused(404, "not_found");
    let network = lab.get(&format!("/networks/{network}")).await.ok();
    assert_eq!(network["network"]["servers"], json!([]));
    assert_eq!(lab.lab.world.server(id), None);
}

#[tokio::test]
async fn a_protected_server_stays() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let path = format!("/servers/{id}/actions/change_protection");
    let unequal = lab.post(&path, json!({ "delete": true })).await;
    unequal.refused(422, "invalid_input");
    assert!(unequal.message().contains("'delete', 'rebuild'"), "{}", unequal.message());
    lab.act(id, "change_protection", json!({ "delete": true, "rebuild": true })).await;
    lab.delete(&format!("/servers/{id}")).await.refused(423, "protected");
    lab.act(id, "change_protection", json!({ "delete": false, "rebuild": false })).await;
    lab.delete(&format!("/servers/{id}")).await.ok();
}

#[tokio::test]
async fn a_server_that_cannot_be_made_vanishes_with_all_that_was_to_follow() {
    let lab = lab().await;
    let network = lab.network("n", "10.0.0.0/16").await;
    lab.lab.world.fail("create_server", 1);
    let created =
        lab.post("/servers", server_body("s", json!({ "networks": [network] }))).await.ok();
    let action = lab.ended(&created["action"]).await;
    assert_eq!(
        (action["status"].clone(), action["error"]["code"].clone()),
        (json!("error"), json!("action_failed"))
    );
    for next in created["next_actions"].as_array().unwrap() {
        assert_eq!(lab.ended(next).await["status"], "error");
    }
    lab.get(&format!("/servers/{}", created["server"]["id"])).await.refused(404, "not_found");
    lab.make("s", json!({ "networks": [network] })).await;
}

#[tokio::test]
async fn actions_are_asked_for_by_id() {
    let lab = lab().await;
    let created = lab.post("/servers", server_body("s", json!({}))).await.ok();
    let server = created["server"]["id"].clone();
    let (one, two) = (&created["action"]["id"], &created["next_actions"][0]["id"]);
    lab.ended(&created["next_actions"][0]).await;
    let query = format!("/actions?id={two}&id={one}&id=999&sort=status&sort=id");
    let found = lab.get(&query).await.ok();
    let ids: Vec<_> =
        found["actions"].as_array().unwrap().iter().map(|a| a["id"].clone()).collect();
    assert_eq!(ids, [one.clone(), two.clone()]);
    assert_eq!(found["meta"]["pagination"]["total_entries"], 2);
    lab.get("/actions?id=x").await.refused(422, "invalid_input");
    for path in [
        format!("/servers/{server}/actions?sort=command:desc"),
        "/servers/actions?sort=command:desc".to_owned(),
    ] {
        let listed = lab.get(&path).await.ok();
        assert_eq!(listed["actions"][0]["command"], "start_server");
        assert_eq!(listed["actions"].as_array().unwrap().len(), 2);
    }
    lab.get(&format!("/servers/{server}/actions/{one}")).await.ok();
    lab.get(&format!("/servers/actions/{one}")).await.ok();
    lab.get(&format!("/networks/actions/{one}")).await.refused(404, "not_found");
}
