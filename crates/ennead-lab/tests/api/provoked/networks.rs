//! Errors of attaching servers to networks.

use serde_json::json;

use crate::client::lab;
use crate::documented::Record;

/// Provokes them all.
pub(super) async fn walk() -> Record {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let attached = lab.network("attached", "10.0.0.0/16").await;
    let overlapping = lab.network("overlapping", "10.0.0.0/8").await;
    let other = lab.network("other", "172.16.0.0/16").await;
    let empty = json!({ "name": "empty", "ip_range": "192.168.0.0/16" });
    let empty = lab.post("/networks", empty).await.ok()["network"]["id"].clone();
    lab.act(id, "attach_to_network", json!({ "network": attached })).await;
    let path = format!("/servers/{id}/actions/attach_to_network");
    let aliases: Vec<_> = (10..16).map(|last| format!("172.16.0.{last}")).collect();
    for (body, status, code) in [
        (json!({ "network": attached }), 422, "server_already_attached"),
        (json!({ "network": overlapping }), 422, "networks_overlap"),
        (json!({ "network": empty }), 422, "no_subnet_available"),
        (json!({ "network": other, "ip": "172.16.0.1" }), 422, "ip_not_available"),
        (json!({ "network": other, "alias_ips": aliases }), 403, "resource_limit_exceeded"),
    ] {
        lab.post(&path, body).await.refused(status, code);
    }
    lab.record()
}
