//! Codes that any operation may answer with, each where it belongs: taken names, protected objects,
//! stock-outs, what an object does not support, routes that are gone.

use serde_json::{Value, json};

use crate::client::{KEY, Lab, lab, server_body};
use crate::documented::Record;
use crate::zones::make_zone;

/// Provokes them all.
pub(super) async fn walk() -> Record {
    let lab = lab().await;
    taken(&lab).await;
    protected(&lab).await;
    unsupported(&lab).await;
    lab.record()
}

async fn taken(lab: &Lab) {
    let subnet = json!([{ "type": "cloud", "network_zone": "us-west" }]);
    for (path, body) in [
        ("/ssh_keys", json!({ "name": "twice", "public_key": KEY })),
        ("/placement_groups", json!({ "name": "twice", "type": "spread" })),
        ("/networks", json!({ "name": "twice", "ip_range": "10.0.0.0/16", "subnets": subnet })),
        ("/firewalls", json!({ "name": "twice" })),
        ("/volumes", json!({ "name": "twice", "size": 10, "location": "hil" })),
        ("/floating_ips", json!({ "name": "twice", "type": "ipv4", "home_location": "hil" })),
        ("/primary_ips", json!({ "name": "twice", "type": "ipv4", "location": "hil" })),
        ("/servers", server_body("twice", json!({}))),
        ("/zones", json!({ "name": "twice.com", "mode": "primary" })),
    ] {
        lab.post(path, body.clone()).await.ok();
        lab.post(path, body).await.refused(409, "uniqueness_error");
    }
    lab.lab.quiet().await.unwrap();
}

async fn protected(lab: &Lab) {
    let server = lab.make("kept", json!({})).await;
    let image = format!("/servers/{server}/actions/create_image");
    let image = lab.post(&image, json!({})).await.ok();
    lab.ended(&image["action"]).await;
    let id = |answer: Value, key: &str| answer[key]["id"].to_string();
    let make = async |path: &str, key: &str, body: Value| {
        format!("{path}/{}", id(lab.post(path, body).await.ok(), key))
    };
    let net = json!({ "name": "kept", "ip_range": "10.0.0.0/16" });
    let volume = json!({ "name": "kept", "size": 10, "location": "hil" });
    let floating = json!({ "type": "ipv4", "home_location": "hil" });
    let primary = json!({ "name": "kept", "type": "ipv4", "location": "hil" });
    let paths = [
        format!("/servers/{server}"),
        format!("/images/{}", image["image"]["id"]),
        make("/networks", "network", net).await,
        make("/volumes", "volume", volume).await,
        make("/floating_ips", "floating_ip", floating).await,
        make("/primary_ips", "primary_ip", primary).await,
        format!("/zones/{}", make_zone(lab, "kept.com", json!({})).await["id"]),
    ];
    lab.lab.quiet().await.unwrap();
    for path in paths {
        let protect = json!({ "delete": true });
        let protect = if path.starts_with("/servers") {
            json!({ "delete": true, "rebuild": true })
        } else {
            protect
        };
        let begun = lab.post(&format!("{path}/actions/change_protection"), protect).await.ok();
        lab.ended(&begun["action"]).await;
        lab.delete(&path).await.refused(423, "protected");
    }
    let rebuild = format!("/servers/{server}/actions/rebuild");
    lab.post(&rebuild, json!({ "image": "debian-13" })).await.refused(423, "protected");
    record_sets(lab).await;
}

async fn record_sets(lab: &Lab) {
    let records = json!({ "records": [{ "value": "203.0.113.1", "comment": "c" }] });
    let set = json!({ "name": "www", "type": "A", "records": records["records"] });
    lab.post("/zones/kept.com/rrsets", set).await.ok();
    lab.lab.quiet().await.unwrap();
    let path = "/zones/kept.com/rrsets/www/A";
    let on = |action: &str| format!("{path}/actions/{action}");
    lab.post(&on("change_protection"), json!({ "change": true })).await.ok();
    lab.lab.quiet().await.unwrap();
    for action in ["set_records", "add_records", "remove_records", "update_records"] {
        lab.post(&on(action), records.clone()).await.refused(423, "protected");
    }
    lab.post(&on("change_ttl"), json!({ "ttl": 60 })).await.refused(423, "protected");
    lab.delete(path).await.refused(423, "protected");
}

async fn unsupported(lab: &Lab) {
    let server = lab.make("stops", json!({})).await;
    let on = |action: &str| format!("/servers/{server}/actions/{action}");
    lab.post(&on("request_console"), json!({})).await.refused(422, "unsupported_error");
    lab.delete("/images/161547204").await.refused(422, "unsupported_error");
    lab.act(server, "poweroff", json!({})).await;
    lab.post(&on("reset_password"), json!({})).await.refused(422, "service_error");
    lab.get("/datacenters").await.refused(410, "deprecated_api_endpoint");
    lab.send("PATCH", "/servers", None).await.refused(405, "method_not_allowed");
    let fault = json!({ "kind": "sold_out", "server_type": "ccx13", "location": "hil" });
    lab.post("/_lab/faults", fault).await.ok();
    let sold_out = lab.post("/servers", server_body("late", json!({}))).await;
    sold_out.refused(412, "resource_unavailable");
}
