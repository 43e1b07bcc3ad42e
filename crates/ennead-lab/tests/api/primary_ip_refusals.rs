//! Primary IPs: what is refused, what failed.

use serde_json::{Value, json};

use crate::client::lab;
use crate::primary_ips::{OFF, assignee};

#[tokio::test]
async fn what_cannot_be_assigned_is_refused() {
    let lab = lab().await;
    let full = lab.make("full", json!({ OFF: false })).await;
    let bare = json!({ "public_net": { "enable_ipv4": false } });
    let running = lab.make("running", bare.clone()).await;
    let east = lab.make("east", json!({ OFF: false, "location": "ash" })).await;
    let (four, _) = lab.primary("four", "ipv4").await;
    let (six, _) = lab.primary("six", "ipv6").await;
    let cases = [
        (four, assignee(full), 422, "server_has_ipv4"),
        (six, assignee(full), 422, "server_has_ipv6"),
        (four, assignee(running), 422, "server_not_stopped"),
        (four, assignee(east), 422, "primary_ip_datacenter_mismatch"),
        (four, assignee(999), 404, "not_found"),
        (999, assignee(full), 404, "not_found"),
        (four, json!({ "assignee_type": "volume", "assignee_id": full }), 422, "invalid_input"),
        (four, json!({ "assignee_id": full }), 422, "invalid_input"),
        (four, json!({ "assignee_type": "server" }), 422, "invalid_input"),
    ];
    for (id, body, status, code) in cases {
        let path = format!("/primary_ips/{id}/actions/assign");
        lab.post(&path, body).await.refused(status, code);
    }
    let path = format!("/primary_ips/{four}/actions/unassign");
    lab.post(&path, json!({})).await.refused(422, "invalid_input");
    let with = |server: u64| json!({ "name": "x", "type": "ipv4", "assignee_type": "server", "assignee_id": server });
    lab.post("/primary_ips", with(full)).await.refused(422, "server_has_ipv4");
    lab.post("/primary_ips", with(running)).await.refused(422, "server_not_stopped");
    assert_eq!(lab.get("/primary_ips?name=x").await.ok()["primary_ips"], json!([]));
}

#[tokio::test]
async fn protection_and_auto_delete_exclude_each_other() {
    let lab = lab().await;
    let (id, _) = lab.primary("p", "ipv4").await;
    let path = format!("/primary_ips/{id}");
    lab.act_primary(id, "change_protection", json!({ "delete": true })).await;
    let refused = lab.delete(&path).await;
    refused.refused(423, "protected");
    assert_eq!(refused.message(), "Primary IP deletion is protected");
    lab.put(&path, json!({ "auto_delete": true })).await.refused(422, "invalid_input");
    lab.act_primary(id, "change_protection", json!({ "delete": false })).await;
    lab.put(&path, json!({ "auto_delete": true })).await.ok();
    let protect = format!("{path}/actions/change_protection");
    lab.post(&protect, json!({ "delete": true })).await.refused(422, "invalid_input");
    lab.post(&protect, json!({})).await.refused(422, "invalid_input");
}

#[tokio::test]
async fn what_failed_is_taken_back() {
    let lab = lab().await;
    let more = json!({ OFF: false, "public_net": { "enable_ipv4": false } });
    let server = lab.make("s", more).await;
    let (id, ip) = lab.primary("p", "ipv4").await;
    lab.lab.world.fail("set_public_address", 1);
    let failed = lab.act_primary(id, "assign", assignee(server)).await;
    assert_eq!(failed["status"], "error");
    assert_eq!(lab.shown_primary(id).await["assignee_id"], Value::Null);
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.public_ip(server), None);
    lab.act_primary(id, "assign", assignee(server)).await;
    lab.lab.world.fail("set_public_address", 1);
    let failed = lab.act_primary(id, "unassign", json!({})).await;
    assert_eq!(failed["status"], "error");
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.shown_primary(id).await["assignee_id"], server);
    assert_eq!(lab.public_ip(server), Some(ip));
}
