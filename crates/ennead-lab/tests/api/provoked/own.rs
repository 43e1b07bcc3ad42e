//! Errors of single operations: firewalls, addresses, servers.

use serde_json::{Value, json};

use crate::client::{Lab, lab, server_body};
use crate::documented::Record;
use crate::firewalls::{selector, server};
use crate::primary_ips::{OFF, assignee};

/// Provokes them all.
pub(super) async fn walk() -> Record {
    let lab = lab().await;
    firewalls(&lab).await;
    floating_ips(&lab).await;
    primary_ips(&lab).await;
    servers_with_addresses(&lab).await;
    groups_and_types(&lab).await;
    lab.record()
}

async fn firewalls(lab: &Lab) {
    let labelled = lab.make("labelled", json!({ "labels": { "a": "b" } })).await;
    let network = lab.network("n", "10.0.0.0/16").await;
    let private = json!({ "enable_ipv4": false, "enable_ipv6": false });
    let inner = lab.make("inner", json!({ "networks": [network], "public_net": private })).await;
    let direct = lab.firewall("direct", json!([server(labelled)])).await;
    let by_label = lab.firewall("by-label", json!([selector("a=b")])).await;
    for (apply_to, code) in [
        (json!([server(labelled), server(labelled)]), "server_already_added"),
        (json!([server(999)]), "firewall_resource_not_found"),
    ] {
        let body = json!({ "name": "x", "apply_to": apply_to });
        lab.post("/firewalls", body).await.refused(422, code);
    }
    lab.delete(&format!("/firewalls/{direct}")).await.refused(422, "resource_in_use");
    for (id, field, to, status, code) in [
        (direct, "apply_to", server(999), 404, "firewall_resource_not_found"),
        (direct, "apply_to", server(labelled), 422, "firewall_already_applied"),
        (direct, "apply_to", server(inner), 422, "private_net_only_server"),
        (direct, "remove_from", server(999), 404, "firewall_resource_not_found"),
        (by_label, "remove_from", server(labelled), 422, "firewall_managed_by_label_selector"),
    ] {
        let path = format!("/firewalls/{id}/actions/{field}_resources");
        lab.post(&path, json!({ field: [to] })).await.refused(status, code);
    }
}

async fn floating_ips(lab: &Lab) {
    let id = lab.make("floats", json!({})).await;
    let made = lab.post("/floating_ips", json!({ "type": "ipv4", "server": id })).await.ok();
    lab.ended(&made["action"]).await;
    let path = format!("/floating_ips/{}", made["floating_ip"]["id"]);
    lab.delete(&path).await.refused(422, "must_be_unassigned");
    let assign = format!("{path}/actions/assign");
    lab.post(&assign, json!({ "server": id })).await.refused(422, "floating_ip_assigned");
}

async fn primary_ips(lab: &Lab) {
    let full = lab.make("full", json!({ OFF: false })).await;
    let bare = json!({ "public_net": { "enable_ipv4": false } });
    let running = lab.make("running", bare.clone()).await;
    let (four, _) = lab.primary("four", "ipv4").await;
    let (six, _) = lab.primary("six", "ipv6").await;
    let own = lab.server(full).await["public_net"]["ipv4"]["id"].as_u64().unwrap();
    let runs = lab.make("runs", json!({})).await;
    let used = lab.server(runs).await["public_net"]["ipv4"]["id"].as_u64().unwrap();
    for (kind, of, code) in [
        ("ipv4", running, "server_not_stopped"),
        ("ipv4", full, "server_has_ipv4"),
        ("ipv6", full, "server_has_ipv6"),
    ] {
        let body = json!({ "name": "x", "type": kind, "assignee_type": "server",
                           "assignee_id": of });
        lab.post("/primary_ips", body).await.refused(422, code);
    }
    for (id, of, code) in [
        (four, running, "server_not_stopped"),
        (own, running, "primary_ip_already_assigned"),
        (four, full, "server_has_ipv4"),
        (six, full, "server_has_ipv6"),
    ] {
        let path = format!("/primary_ips/{id}/actions/assign");
        lab.post(&path, assignee(of)).await.refused(422, code);
    }
    lab.delete(&format!("/primary_ips/{own}")).await.refused(422, "must_be_unassigned");
    let unassign = format!("/primary_ips/{used}/actions/unassign");
    lab.post(&unassign, json!({})).await.refused(422, "server_not_stopped");
}

async fn servers_with_addresses(lab: &Lab) {
    let (four, _) = lab.primary("spare-four", "ipv4").await;
    let (six, _) = lab.primary("spare-six", "ipv6").await;
    let has = lab.make("has", json!({})).await;
    let used = lab.server(has).await["public_net"]["ipv4"]["id"].clone();
    for (location, ipv4, status, code) in [
        ("hil", json!(six), 412, "primary_ip_version_mismatch"),
        ("hil", used, 422, "primary_ip_assigned"),
        ("ash", json!(four), 422, "primary_ip_datacenter_mismatch"),
    ] {
        let more = json!({ "location": location, "public_net": { "ipv4": ipv4 } });
        lab.post("/servers", server_body("x", more)).await.refused(status, code);
    }
}

async fn groups_and_types(lab: &Lab) {
    let body = json!({ "name": "g", "type": "spread" });
    let group = lab.post("/placement_groups", body).await.ok()["placement_group"]["id"].clone();
    let id = lab.make("joins", json!({})).await;
    let path = |action: &str| format!("/servers/{id}/actions/{action}");
    let (join, into) = (path("add_to_placement_group"), json!({ "placement_group": group }));
    let larger = json!({ "server_type": "ccx23", "upgrade_disk": false });
    lab.post(&join, into.clone()).await.refused(422, "server_not_stopped");
    lab.post(&path("change_type"), larger).await.refused(422, "server_not_stopped");
    lab.act(id, "poweroff", json!({})).await;
    lab.act(id, "add_to_placement_group", into.clone()).await;
    lab.post(&join, into).await.refused(422, "already_in_placement_group");
    let other_architecture: Value = json!({ "server_type": "cax11", "upgrade_disk": false });
    let change = lab.post(&path("change_type"), other_architecture).await;
    change.refused(422, "invalid_server_type");
}
