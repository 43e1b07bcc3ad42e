//! Refusals that the description does not document for the operation, but for its like.

use serde_json::json;

use crate::client::{Lab, lab, server_body};
use crate::documented::Record;
use crate::firewalls::server;
use crate::primary_ips::{OFF, assignee};

/// Provokes them all.
pub(super) async fn walk() -> Record {
    let lab = lab().await;
    firewalls_and_networks(&lab).await;
    volumes(&lab).await;
    addresses(&lab).await;
    full_group(&lab).await;
    lab.record()
}

async fn firewalls_and_networks(lab: &Lab) {
    let network = lab.network("n", "10.0.0.0/16").await;
    let other = lab.network("other", "10.1.0.0/16").await;
    let empty = json!({ "name": "empty", "ip_range": "192.168.0.0/16" });
    let empty = lab.post("/networks", empty).await.ok()["network"]["id"].clone();
    let private = json!({ "enable_ipv4": false, "enable_ipv6": false });
    let only_private = json!({ "networks": [network], "public_net": private });
    let inner = lab.make("inner", only_private.clone()).await;
    let both = lab.make("both", json!({ "networks": [network, other] })).await;
    let firewall = json!({ "firewall": lab.firewall("f", json!([])).await });
    let mut filtered = only_private;
    filtered["firewalls"] = json!([firewall]);
    for (more, code) in [
        (json!({ "firewalls": [firewall, firewall] }), "server_already_added"),
        (filtered, "private_net_only_server"),
        (json!({ "networks": [empty] }), "no_subnet_available"),
    ] {
        lab.post("/servers", server_body("x", more)).await.refused(422, code);
    }
    let body = json!({ "name": "x", "apply_to": [server(inner)] });
    lab.post("/firewalls", body).await.refused(422, "private_net_only_server");
    let aliases = json!({ "network": network, "alias_ips": ["10.0.0.1"] });
    let path = format!("/servers/{both}/actions/change_alias_ips");
    lab.post(&path, aliases).await.refused(422, "ip_not_available");
    let path = format!("/networks/{network}/actions/change_ip_range");
    let wider = json!({ "ip_range": "10.0.0.0/8" });
    lab.post(&path, wider).await.refused(422, "networks_overlap");
}

async fn volumes(lab: &Lab) {
    let (has, other) = (lab.make("has", json!({})).await, lab.make("lacks", json!({})).await);
    let body = json!({ "name": "v", "size": 10, "server": has });
    let volume = lab.post("/volumes", body).await.ok()["volume"]["id"].clone();
    lab.lab.quiet().await.unwrap();
    let attach = format!("/volumes/{volume}/actions/attach");
    lab.post(&attach, json!({ "server": other })).await.refused(422, "volume_already_attached");
    let body = server_body("x", json!({ "volumes": [volume] }));
    lab.post("/servers", body).await.refused(422, "volume_already_attached");
}

async fn addresses(lab: &Lab) {
    let bare = json!({ "enable_ipv4": false });
    let far = json!({ OFF: false, "location": "ash", "public_net": bare });
    let far = lab.make("far", far).await;
    let (four, _) = lab.primary("four", "ipv4").await;
    let assign = lab.post(&format!("/primary_ips/{four}/actions/assign"), assignee(far)).await;
    assign.refused(422, "primary_ip_datacenter_mismatch");
}

async fn full_group(lab: &Lab) {
    let body = json!({ "name": "g", "type": "spread" });
    let group = lab.post("/placement_groups", body).await.ok()["placement_group"]["id"].clone();
    let within = json!({ "placement_group": group, OFF: false });
    for number in 0..10 {
        lab.make(&format!("n{number}"), within.clone()).await;
    }
    let more = lab.post("/servers", server_body("n10", within)).await;
    more.refused(422, "placement_group_member_limit_reached");
    let late = lab.make("late", json!({ OFF: false })).await;
    let join = format!("/servers/{late}/actions/add_to_placement_group");
    let join = lab.post(&join, json!({ "placement_group": group })).await;
    join.refused(422, "placement_group_member_limit_reached");
    lab.delete(&format!("/placement_groups/{group}")).await.refused(422, "resource_in_use");
}
