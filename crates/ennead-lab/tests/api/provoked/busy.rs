//! Objects on which an action runs: `locked`, or `conflict` where the description says so.

use serde_json::{Value, json};

use crate::client::{Lab, lab};
use crate::documented::Record;

/// Lets the next actions of a kind take an hour.
async fn hold(lab: &Lab, command: &str) {
    let fault = json!({ "kind": "hold_actions", "command": command, "ms": 3_600_000 });
    lab.post("/_lab/faults", fault).await.ok();
}

/// Provokes them all.
pub(super) async fn walk() -> Record {
    let lab = lab().await;
    servers(&lab).await;
    networks(&lab).await;
    firewalls(&lab).await;
    addresses(&lab).await;
    volumes(&lab).await;
    // What is held ends with the lab.
    lab.record()
}

async fn locked(lab: &Lab, of: &str, actions: &[(&str, Value)]) {
    for (action, body) in actions {
        let path = format!("{of}/actions/{action}");
        lab.post(&path, body.clone()).await.refused(423, "locked");
    }
}

async fn servers(lab: &Lab) {
    let network = lab.network("of-server", "172.16.0.0/16").await;
    let id = lab.make("s", json!({ "networks": [network] })).await;
    let group = json!({ "name": "g", "type": "spread" });
    let group = lab.post("/placement_groups", group).await.ok()["placement_group"]["id"].clone();
    let ip = lab.server(id).await["public_net"]["ipv4"]["ip"].clone();
    hold(lab, "stop_server").await;
    let path = format!("/servers/{id}");
    lab.post(&format!("{path}/actions/poweroff"), json!({})).await.ok();
    let none = || json!({});
    let actions = [
        ("poweron", none()),
        ("poweroff", none()),
        ("reboot", none()),
        ("reset", none()),
        ("shutdown", none()),
        ("reset_password", none()),
        ("enable_backup", none()),
        ("disable_backup", none()),
        ("create_image", none()),
        ("change_protection", none()),
        ("remove_from_placement_group", none()),
        ("add_to_placement_group", json!({ "placement_group": group })),
        ("attach_to_network", json!({ "network": network })),
        ("detach_from_network", json!({ "network": network })),
        ("change_alias_ips", json!({ "network": network, "alias_ips": [] })),
        ("change_type", json!({ "server_type": "ccx23", "upgrade_disk": false })),
        ("rebuild", json!({ "image": "debian-13" })),
        ("change_dns_ptr", json!({ "ip": ip, "dns_ptr": "a.example.com" })),
    ];
    locked(lab, &path, &actions).await;
    lab.delete(&path).await.refused(423, "locked");
}

async fn networks(lab: &Lab) {
    let id = lab.network("n", "10.0.0.0/16").await;
    hold(lab, "add_route").await;
    let path = format!("/networks/{id}");
    let route = json!({ "destination": "10.3.0.0/16", "gateway": "10.0.0.2" });
    lab.post(&format!("{path}/actions/add_route"), route.clone()).await.ok();
    lab.put(&path, json!({ "name": "m" })).await.refused(409, "conflict");
    for (action, body) in [
        ("add_route", json!({ "destination": "10.4.0.0/16", "gateway": "10.0.0.2" })),
        ("delete_route", route),
        ("add_subnet", json!({ "type": "cloud", "network_zone": "us-west" })),
        ("delete_subnet", json!({ "ip_range": "10.0.0.0/16" })),
        ("change_ip_range", json!({ "ip_range": "10.0.0.0/8" })),
        ("change_protection", json!({ "delete": true })),
    ] {
        lab.post(&format!("{path}/actions/{action}"), body).await.refused(409, "conflict");
    }
    lab.delete(&path).await.refused(409, "conflict");
}

async fn firewalls(lab: &Lab) {
    let id = lab.firewall("f", json!([])).await;
    hold(lab, "set_firewall_rules").await;
    let path = format!("/firewalls/{id}");
    lab.post(&format!("{path}/actions/set_rules"), json!({ "rules": [] })).await.ok();
    lab.put(&path, json!({ "name": "g" })).await.refused(409, "conflict");
    let to = json!([{ "type": "label_selector", "label_selector": { "selector": "a" } }]);
    let actions = [
        ("set_rules", json!({ "rules": [] })),
        ("apply_to_resources", json!({ "apply_to": to })),
        ("remove_from_resources", json!({ "remove_from": to })),
    ];
    locked(lab, &path, &actions).await;
    lab.delete(&path).await.refused(423, "locked");
}

async fn addresses(lab: &Lab) {
    let (primary, ip) = lab.primary("p", "ipv4").await;
    let body = json!({ "type": "ipv4", "home_location": "hil" });
    let floating = lab.post("/floating_ips", body).await.ok()["floating_ip"].clone();
    hold(lab, "change_dns_ptr").await;
    let (primary, floating_path) =
        (format!("/primary_ips/{primary}"), format!("/floating_ips/{}", floating["id"]));
    let name = |ip: &Value| json!({ "ip": ip, "dns_ptr": "a.example.com" });
    let server = lab.make("t", json!({})).await;
    for (path, ip, assign) in [
        (&primary, json!(ip), json!({ "assignee_type": "server", "assignee_id": server })),
        (&floating_path, floating["ip"].clone(), json!({ "server": server })),
    ] {
        lab.post(&format!("{path}/actions/change_dns_ptr"), name(&ip)).await.ok();
        let actions = [
            ("change_dns_ptr", name(&ip)),
            ("change_protection", json!({ "delete": true })),
            ("assign", assign),
            ("unassign", json!({})),
        ];
        locked(lab, path, &actions).await;
        lab.delete(path).await.refused(423, "locked");
    }
    lab.put(&primary, json!({ "name": "q" })).await.refused(409, "conflict");
}

async fn volumes(lab: &Lab) {
    let body = json!({ "name": "v", "size": 10, "location": "hil" });
    let made = lab.post("/volumes", body).await.ok();
    lab.ended(&made["action"]).await;
    hold(lab, "resize_volume").await;
    let path = format!("/volumes/{}", made["volume"]["id"]);
    lab.post(&format!("{path}/actions/resize"), json!({ "size": 20 })).await.ok();
    let server = lab.make("u", json!({})).await;
    let actions = [
        ("resize", json!({ "size": 30 })),
        ("attach", json!({ "server": server })),
        ("change_protection", json!({ "delete": true })),
    ];
    locked(lab, &path, &actions).await;
    lab.delete(&path).await.refused(423, "locked");
}
