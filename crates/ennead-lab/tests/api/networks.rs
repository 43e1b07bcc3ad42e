//! Networks, subnets, attaching.

use serde_json::{Value, json};

use crate::client::lab;

fn network(name: &str, range: &str, subnets: Value) -> Value {
    json!({ "name": name, "ip_range": range, "subnets": subnets })
}

fn subnet(range: &str, zone: &str) -> Value {
    json!({ "type": "cloud", "ip_range": range, "network_zone": zone })
}

#[tokio::test]
async fn a_network_is_made_with_subnets_and_host_bits_are_cleared() {
    let lab = lab().await;
    let body = network("n", "10.1.2.0/16", json!([{ "type": "cloud", "network_zone": "us-west" }]));
    let made = lab.post("/networks", body.clone()).await;
    assert_eq!(made.status, 201);
    let made = made.ok()["network"].clone();
    assert_eq!(made["ip_range"], "10.1.0.0/16");
    assert_eq!(made["subnets"][0]["ip_range"], "10.1.0.0/24");
    assert_eq!(made["subnets"][0]["gateway"], "10.1.0.1");
    lab.post("/networks", body).await.refused(409, "uniqueness_error");
    lab.lab.quiet().await.unwrap();
    let seed = lab.lab.world.network(made["id"].as_u64().unwrap()).unwrap();
    assert_eq!(seed.network_zone.as_deref(), Some("us-west"));
}

#[tokio::test]
async fn ranges_are_checked() {
    let lab = lab().await;
    let cases = [
        network("a", "10.0.0.0", json!([])),
        network("a", "8.8.8.0/24", json!([])),
        network("a", "10.0.0.0/25", json!([])),
        network("a", "10.0.0.0/16", json!([subnet("10.1.0.0/24", "us-west")])),
        network("a", "10.0.0.0/16", json!([subnet("10.0.0.0/31", "us-west")])),
        network("a", "10.0.0.0/16", json!([subnet("10.0.0.0/24", "moon")])),
        network("a", "10.0.0.0/16", json!([{ "type": "lan", "network_zone": "us-west" }])),
        network("a", "10.0.0.0/16", json!([{ "type": "vswitch", "network_zone": "us-west" }])),
        // A network cannot span zones, and subnets do not overlap.
        network(
            "a",
            "10.0.0.0/16",
            json!([subnet("10.0.0.0/24", "us-west"), subnet("10.0.1.0/24", "us-east")]),
        ),
        network(
            "a",
            "10.0.0.0/16",
            json!([subnet("10.0.0.0/24", "us-west"), subnet("10.0.0.128/25", "us-west")]),
        ),
    ];
    for body in cases {
        lab.post("/networks", body).await.refused(422, "invalid_input");
    }
    assert_eq!(lab.get("/networks").await.ok()["networks"], json!([]));
}

#[tokio::test]
async fn subnets_come_and_go() {
    let lab = lab().await;
    let body = network("n", "10.0.0.0/16", json!([]));
    let id = lab.post("/networks", body).await.ok()["network"]["id"].as_u64().unwrap();
    let path = format!("/networks/{id}/actions");
    let begun = lab.post(&format!("{path}/add_subnet"), subnet("10.0.1.0/24", "us-west")).await;
    assert_eq!(begun.status, 201);
    let action = lab.ended(&begun.ok()["action"]).await;
    assert_eq!(
        (action["command"].as_str(), action["status"].as_str()),
        (Some("add_subnet"), Some("success"))
    );
    assert_eq!(action["resources"], json!([{ "id": id, "type": "network" }]));
    assert_eq!(lab.lab.world.network(id).unwrap().network_zone.as_deref(), Some("us-west"));

    let server = lab.make("s", json!({ "networks": [id] })).await;
    assert_eq!(
        lab.get(&format!("/networks/{id}")).await.ok()["network"]["servers"],
        json!([server])
    );
    let range = json!({ "ip_range": "10.0.1.0/24" });
    let used = lab.post(&format!("{path}/delete_subnet"), range.clone()).await;
    used.refused(422, "service_error");
    assert!(used.message().contains("servers are attached"), "{}", used.message());
    lab.act(server, "detach_from_network", json!({ "network": id })).await;
    let gone = lab.post(&format!("{path}/delete_subnet"), range.clone()).await.ok();
    lab.ended(&gone["action"]).await;
    assert_eq!(lab.get(&format!("/networks/{id}")).await.ok()["network"]["subnets"], json!([]));
    assert_eq!(lab.lab.world.network(id).unwrap().network_zone, None);
    lab.post(&format!("{path}/delete_subnet"), range).await.refused(404, "not_found");

    let vswitch = json!({ "type": "vswitch", "vswitch_id": 42, "network_zone": "eu-central" });
    let vswitch = lab.post(&format!("{path}/add_subnet"), vswitch).await;
    vswitch.refused(422, "service_error");
    assert_eq!(vswitch.message(), "vswitch not found");
    let listed = lab.get(&format!("{path}?sort=id&status=success")).await.ok();
    let commands: Vec<_> =
        listed["actions"].as_array().unwrap().iter().map(|a| a["command"].clone()).collect();
    let expected = ["add_subnet", "attach_to_network", "detach_from_network", "delete_subnet"];
    assert_eq!(commands, expected);
}

#[tokio::test]
async fn a_protected_network_stays() {
    let lab = lab().await;
    let id = lab.network("n", "10.0.0.0/16").await;
    let path = format!("/networks/{id}");
    let protect = format!("{path}/actions/change_protection");
    let action = lab.post(&protect, json!({ "delete": true })).await.ok();
    lab.ended(&action["action"]).await;
    let refused = lab.delete(&path).await;
    refused.refused(423, "protected");
    assert_eq!(refused.message(), "network is delete protected");
    let action = lab.post(&protect, json!({ "delete": false })).await.ok();
    lab.ended(&action["action"]).await;
    assert_eq!(lab.delete(&path).await.status, 204);
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.lab.world.network(id), None);
}

#[tokio::test]
async fn a_fixed_address_is_given_before_the_first_start() {
    let lab = lab().await;
    let id = lab.network("n", "10.0.0.0/16").await;
    let server = lab.make("s", json!({ "start_after_create": false })).await;
    let attach = json!({ "network": id, "ip": "10.0.0.11", "alias_ips": ["10.0.0.12"] });
    let action = lab.act(server, "attach_to_network", attach).await;
    assert_eq!(action["resources"][1], json!({ "id": id, "type": "network" }));
    lab.act(server, "poweron", json!({})).await;
    let shown = lab.server(server).await;
    assert_eq!(shown["status"], "running");
    assert_eq!(shown["private_net"][0]["ip"], "10.0.0.11");
    assert_eq!(shown["private_net"][0]["alias_ips"], json!(["10.0.0.12"]));
    assert!(shown["private_net"][0]["mac_address"].as_str().unwrap().starts_with("86:00:"));
    let remembered = lab.lab.world.server(server).unwrap();
    assert_eq!(remembered.attachments[0].ip.to_string(), "10.0.0.11");
}

#[tokio::test]
async fn an_address_must_be_free_and_inside() {
    let lab = lab().await;
    let id = lab.network("n", "10.0.0.0/24").await;
    lab.make("first", json!({ "networks": [id] })).await;
    let server = lab.make("s", json!({})).await;
    let path = format!("/servers/{server}/actions/attach_to_network");
    for ip in ["10.0.0.1", "10.0.0.2", "10.0.0.0", "10.0.0.255", "10.9.0.1"] {
        let refused = lab.post(&path, json!({ "network": id, "ip": ip })).await;
        refused.refused(422, "ip_not_available");
        assert_eq!(refused.message(), "IP not available");
    }
    let twice = json!({ "network": id, "ip": "10.0.0.9", "alias_ips": ["10.0.0.9"] });
    lab.post(&path, twice).await.refused(422, "ip_not_available");
    lab.post(&path, json!({ "network": id, "ip": "x" })).await.refused(422, "invalid_input");
    let range = json!({ "network": id, "ip_range": "10.0.1.0/24" });
    lab.post(&path, range).await.refused(422, "invalid_input");
    lab.post(&path, json!({ "network": 999 })).await.refused(404, "not_found");
    lab.act(server, "attach_to_network", json!({ "network": id })).await;
    assert_eq!(lab.server(server).await["private_net"][0]["ip"], "10.0.0.3");
    lab.post(&path, json!({ "network": id })).await.refused(422, "server_already_attached");
    let detach = format!("/servers/{server}/actions/detach_from_network");
    lab.post(&detach, json!({ "network": 999 })).await.refused(404, "not_found");
}

#[tokio::test]
async fn the_gateway_of_public_interfaces_is_nobodys() {
    let lab = lab().await;
    let id = lab.network("n", "172.31.1.0/24").await;
    let server = lab.make("s", json!({ "networks": [id] })).await;
    // .1 is both the first address of the range and reserved.
    assert_eq!(lab.server(server).await["private_net"][0]["ip"], "172.31.1.2");
    let wide = lab.network("w", "172.16.0.0/12").await;
    let other = lab.make("o", json!({})).await;
    let path = format!("/servers/{other}/actions/attach_to_network");
    let refused = lab.post(&path, json!({ "network": wide, "ip": "172.31.1.1" })).await;
    refused.refused(422, "ip_not_available");
    let overlap = format!("/servers/{server}/actions/attach_to_network");
    lab.post(&overlap, json!({ "network": wide })).await.refused(422, "networks_overlap");
}

#[tokio::test]
async fn a_server_reaches_only_networks_of_its_zone() {
    let lab = lab().await;
    let id = lab.network("west", "10.0.0.0/16").await;
    let server = lab.make("east", json!({ "location": "ash" })).await;
    let path = format!("/servers/{server}/actions/attach_to_network");
    for body in [json!({ "network": id }), json!({ "network": id, "ip": "10.0.0.5" })] {
        let refused = lab.post(&path, body).await;
        refused.refused(422, "no_subnet_available");
        assert_eq!(refused.message(), "no subnet or IP available");
    }
    let body = network("none", "10.1.0.0/16", json!([]));
    let empty = lab.post("/networks", body).await.ok()["network"]["id"].clone();
    lab.post(&path, json!({ "network": empty })).await.refused(422, "no_subnet_available");
    let inline = crate::client::server_body("e2", json!({ "location": "ash", "networks": [id] }));
    lab.post("/servers", inline).await.refused(422, "no_subnet_available");
    assert_eq!(lab.get("/servers?name=e2").await.ok()["servers"], json!([]));
}

#[tokio::test]
async fn a_server_has_at_most_three_networks() {
    let lab = lab().await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(lab.network(&format!("n{n}"), &format!("10.{n}.0.0/16")).await);
    }
    let server = lab.make("s", json!({ "networks": &ids[..3] })).await;
    assert_eq!(lab.server(server).await["private_net"].as_array().unwrap().len(), 3);
    let path = format!("/servers/{server}/actions/attach_to_network");
    let refused = lab.post(&path, json!({ "network": ids[3] })).await;
    refused.refused(403, "resource_limit_exceeded");
}

#[tokio::test]
async fn deleting_a_network_detaches_its_servers() {
    let lab = lab().await;
    let id = lab.network("n", "10.0.0.0/16").await;
    let server = lab.make("s", json!({ "networks": [id] })).await;
    assert_eq!(lab.delete(&format!("/networks/{id}")).await.status, 204);
    assert_eq!(lab.server(server).await["private_net"], json!([]));
    lab.lab.quiet().await.unwrap();
    assert!(lab.lab.world.server(server).unwrap().attachments.is_empty());
    let calls = lab.lab.world.calls();
    let place = |call: &str| calls.iter().position(|other| other == call).unwrap();
    assert!(place(&format!("detach {server}")) < place(&format!("delete_network {id}")));
}
