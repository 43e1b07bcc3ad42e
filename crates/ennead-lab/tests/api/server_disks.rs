//! Rebuild, change of type, passwords and names of servers.

use std::time::Duration;

use ennead_lab::serve::ServeOptions;
use ennead_lab::state::Limits;
use serde_json::{Value, json};

use crate::client::{KEY, lab, lab_with, server_body};

#[tokio::test]
async fn a_rebuilt_server_keeps_what_it_is_and_loses_what_it_had() {
    let lab = lab().await;
    lab.post("/ssh_keys", json!({ "name": "op", "public_key": KEY })).await.ok();
    let network = lab.network("n", "10.0.0.0/16").await;
    let more = json!({ "ssh_keys": ["op"], "networks": [network], "user_data": "#cloud-config\n" });
    let id = lab.make("s", more).await;
    let before = lab.server(id).await;
    lab.lab.world.slow("rebuild", 1, Duration::from_millis(100));
    let path = format!("/servers/{id}/actions/rebuild");
    let answer = lab.post(&path, json!({ "image": "ubuntu-24.04" })).await;
    assert_eq!(answer.status, 201);
    let begun = answer.ok();
    assert_eq!(begun["action"]["command"], "rebuild_server");
    assert_eq!(begun["root_password"], Value::Null, "it has a key");
    assert_eq!(lab.server(id).await["status"], "rebuilding");
    lab.post(&path, json!({ "image": "debian-13" })).await.refused(423, "locked");
    assert_eq!(lab.ended(&begun["action"]).await["status"], "success");

    let after = lab.server(id).await;
    assert_eq!(after["status"], "running");
    assert_eq!(after["image"]["name"], "ubuntu-24.04");
    for kept in ["id", "name", "created", "public_net", "private_net", "server_type"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    let remembered = lab.lab.world.server(id).unwrap();
    assert_eq!((remembered.rebuilt, remembered.is_running), (1, true));
    assert_eq!(remembered.seed.user_data.as_deref(), Some("#cloud-config\n"));
    assert_eq!(remembered.seed.image, "ubuntu-24.04");
    let body = json!({ "image": "debian-13", "user_data": "#cloud-config\nhostname: x\n" });
    lab.act(id, "rebuild", body).await;
    let seed = lab.lab.world.server(id).unwrap().seed;
    assert_eq!(seed.user_data.as_deref(), Some("#cloud-config\nhostname: x\n"));
}

#[tokio::test]
async fn a_rebuild_without_keys_sets_the_password_that_it_returns() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let path = format!("/servers/{id}/actions/rebuild");
    let begun = lab.post(&path, json!({ "image": 161_547_204 })).await.ok();
    assert_eq!(begun["root_password"].as_str().unwrap().len(), 20);
    assert_eq!(lab.ended(&begun["action"]).await["status"], "success");
    let calls = lab.lab.world.calls();
    let last: Vec<_> = calls.iter().rev().take(4).rev().cloned().collect();
    let expected = ["power_off", "rebuild", "start", "set_password"].map(|v| format!("{v} {id}"));
    assert_eq!(last, expected);
}

#[tokio::test]
async fn a_rebuild_that_cannot_be_is_refused_and_one_that_fails_is_told() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let path = format!("/servers/{id}/actions/rebuild");
    lab.post(&path, json!({})).await.refused(422, "invalid_input");
    lab.post(&path, json!({ "image": "plan-9" })).await.refused(422, "invalid_input");
    let long = json!({ "image": "debian-13", "user_data": "x".repeat(32 * 1024 + 1) });
    lab.post(&path, long).await.refused(422, "invalid_input");
    lab.act(id, "change_protection", json!({ "delete": true, "rebuild": true })).await;
    lab.post(&path, json!({ "image": "debian-13" })).await.refused(423, "protected");
    lab.act(id, "change_protection", json!({ "delete": false, "rebuild": false })).await;

    lab.lab.world.fail("rebuild", 1);
    let action = lab.act(id, "rebuild", json!({ "image": "ubuntu-24.04" })).await;
    assert_eq!(action["status"], "error");
    lab.lab.quiet().await.unwrap();
    let server = lab.server(id).await;
    // Its power was cut before.
    assert_eq!(server["status"], "off");
    assert_eq!(server["image"]["name"], "debian-13");
}

#[tokio::test]
async fn a_server_is_rebuilt_from_its_own_snapshot() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let made = lab.post(&format!("/servers/{id}/actions/create_image"), json!({})).await.ok();
    lab.ended(&made["action"]).await;
    let image = made["image"]["id"].clone();
    assert_eq!(lab.act(id, "rebuild", json!({ "image": image })).await["status"], "success");
    assert_eq!(lab.lab.world.server(id).unwrap().seed.snapshot, image.as_u64());
    assert_eq!(lab.server(id).await["image"]["id"], image);
    lab.act(id, "rebuild", json!({ "image": "debian-13" })).await;
    assert_eq!(lab.lab.world.server(id).unwrap().seed.snapshot, None);
}

#[tokio::test]
async fn a_type_is_changed_while_the_server_is_off() {
    let lab = lab().await;
    let id = lab.make("s", json!({ "server_type": "cpx11" })).await;
    let path = format!("/servers/{id}/actions/change_type");
    let wish = |name: &str, disk: bool| json!({ "server_type": name, "upgrade_disk": disk });
    lab.post(&path, wish("cpx21", false)).await.refused(422, "server_not_stopped");
    lab.act(id, "poweroff", json!({})).await;
    lab.post(&path, json!({ "server_type": "cpx21" })).await.refused(422, "invalid_input");
    lab.post(&path, wish("cpx11", true)).await.refused(422, "invalid_server_type");
    lab.post(&path, wish("cx23", true)).await.refused(422, "invalid_server_type");
    lab.post(&path, wish("x", true)).await.refused(422, "invalid_input");

    // The disk stays, so there is a way back.
    let action = lab.act(id, "change_type", wish("cpx21", false)).await;
    assert_eq!(
        (action["command"].clone(), action["status"].clone()),
        (json!("change_server_type"), json!("success"))
    );
    let server = lab.server(id).await;
    assert_eq!(server["server_type"]["name"], "cpx21");
    assert_eq!(
        (server["primary_disk_size"].clone(), server["status"].clone()),
        (json!(40), json!("running"))
    );
    let seed = lab.lab.world.server(id).unwrap().seed;
    assert_eq!((seed.cores, seed.disk_gb), (3, 40));
    lab.act(id, "poweroff", json!({})).await;
    lab.act(id, "change_type", wish("cpx11", false)).await;
    lab.act(id, "poweroff", json!({})).await;

    // The disk grows, so there is none.
    lab.act(id, "change_type", wish("cpx21", true)).await;
    assert_eq!(lab.server(id).await["primary_disk_size"], 80);
    lab.act(id, "poweroff", json!({})).await;
    lab.post(&path, wish("cpx11", true)).await.refused(422, "invalid_server_type");

    lab.lab.world.fail("resize", 1);
    assert_eq!(lab.act(id, "change_type", wish("cpx31", true)).await["status"], "error");
    lab.lab.quiet().await.unwrap();
    let server = lab.server(id).await;
    assert_eq!(
        (server["server_type"]["name"].clone(), server["status"].clone()),
        (json!("cpx21"), json!("off"))
    );
}

#[tokio::test]
async fn a_change_of_type_counts_against_the_limit_of_dedicated_servers() {
    let limits = Limits { servers: Some(2), dedicated_servers: Some(1) };
    let lab = lab_with(ServeOptions { limits, ..ServeOptions::default() }).await;
    lab.make("one", json!({})).await;
    let id = lab.make("two", json!({ "server_type": "cpx11" })).await;
    lab.act(id, "poweroff", json!({})).await;
    let path = format!("/servers/{id}/actions/change_type");
    let body = json!({ "server_type": "ccx13", "upgrade_disk": true });
    lab.post(&path, body).await.refused(403, "resource_limit_exceeded");
}

#[tokio::test]
async fn a_password_is_set_in_a_server_that_runs() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let path = format!("/servers/{id}/actions/reset_password");
    let begun = lab.post(&path, json!({})).await.ok();
    assert_eq!(begun["action"]["command"], "reset_password");
    assert_eq!(begun["root_password"].as_str().unwrap().len(), 20);
    assert_eq!(lab.ended(&begun["action"]).await["status"], "success");
    assert!(lab.lab.world.calls().contains(&format!("set_password {id}")));
    lab.act(id, "poweroff", json!({})).await;
    lab.post(&path, json!({})).await.refused(422, "service_error");
}

#[tokio::test]
async fn addresses_of_a_server_have_names() {
    let lab = lab().await;
    let created = lab.post("/servers", server_body("s", json!({}))).await.ok();
    let id = created["server"]["id"].as_u64().unwrap();
    lab.ended(&created["next_actions"][0]).await;
    let public = lab.server(id).await["public_net"].clone();
    let first = public["ipv4"]["dns_ptr"].clone();
    let ipv6 = public["ipv6"]["ip"].as_str().unwrap().replace("::/64", "::1");
    let ipv4 = public["ipv4"]["ip"].clone();
    lab.act(id, "change_dns_ptr", json!({ "ip": ipv4, "dns_ptr": "web.example.com" })).await;
    lab.act(id, "change_dns_ptr", json!({ "ip": ipv6, "dns_ptr": "six.example.com" })).await;
    let public = lab.server(id).await["public_net"].clone();
    assert_eq!(public["ipv4"]["dns_ptr"], "web.example.com");
    assert_eq!(public["ipv6"]["dns_ptr"], json!([{ "ip": ipv6, "dns_ptr": "six.example.com" }]));
    lab.act(id, "change_dns_ptr", json!({ "ip": ipv4, "dns_ptr": null })).await;
    lab.act(id, "change_dns_ptr", json!({ "ip": ipv6, "dns_ptr": null })).await;
    let public = lab.server(id).await["public_net"].clone();
    assert_eq!(public["ipv4"]["dns_ptr"], first);
    assert_eq!(public["ipv6"]["dns_ptr"], json!([]));
    let path = format!("/servers/{id}/actions/change_dns_ptr");
    for wrong in [
        json!({ "dns_ptr": "a.example.com" }),
        json!({ "ip": "192.0.2.1", "dns_ptr": "a.example.com" }),
        json!({ "ip": "2001:db9::1", "dns_ptr": "a.example.com" }),
        json!({ "ip": ipv4, "dns_ptr": "two words" }),
    ] {
        lab.post(&path, wrong).await.refused(422, "invalid_input");
    }
}
