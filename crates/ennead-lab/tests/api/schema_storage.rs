//! As `schema`, for volumes, images and what concerns the disks of servers.

use serde_json::{Value, json};

use crate::client::server_body;
use crate::documented::Record;
use crate::schema::Walk;

fn id(answer: &Value, key: &str) -> u64 {
    answer[key]["id"].as_u64().unwrap()
}

/// Walks through what concerns volumes, images and disks.
pub(crate) async fn walk() -> Record {
    let checked = Walk::new().await;
    let server = checked.lab.make("s", json!({})).await;

    let body = json!({ "name": "v", "size": 10, "server": server, "format": "xfs" });
    let volume = checked.send("POST", "/volumes", &[], Some(body)).await;
    let (action, volume) = (id(&volume, "action"), id(&volume, "volume"));
    checked.send("GET", "/volumes", &[], None).await;
    checked.send("GET", "/volumes/{id}", &[volume], None).await;
    let labels = json!({ "labels": { "a": "b" } });
    checked.send("PUT", "/volumes/{id}", &[volume], Some(labels.clone())).await;
    checked.send("GET", "/volumes/actions", &[], None).await;
    checked.send("GET", "/volumes/actions/{id}", &[action], None).await;
    checked.send("GET", "/volumes/{id}/actions", &[volume], None).await;
    let of = "/volumes/{id}/actions/";
    checked.act(&format!("{of}detach"), volume, json!({})).await;
    checked.act(&format!("{of}attach"), volume, json!({ "server": server })).await;
    checked.act(&format!("{of}resize"), volume, json!({ "size": 20 })).await;
    checked.act(&format!("{of}change_protection"), volume, json!({ "delete": true })).await;

    let on = "/servers/{id}/actions/";
    let path = format!("{on}create_image");
    let image = checked.send("POST", &path, &[server], Some(json!({}))).await;
    let (action, image) = (id(&image, "action"), id(&image, "image"));
    checked.send("GET", "/images", &[], None).await;
    checked.send("GET", "/images/{id}", &[image], None).await;
    checked.send("PUT", "/images/{id}", &[image], Some(labels)).await;
    checked.send("GET", "/images/actions", &[], None).await;
    checked.send("GET", "/images/actions/{id}", &[action], None).await;
    checked.send("GET", "/images/{id}/actions", &[image], None).await;
    checked.act("/images/{id}/actions/change_protection", image, json!({ "delete": true })).await;

    checked.act(&format!("{on}enable_backup"), server, json!({})).await;
    checked.act(&format!("{on}disable_backup"), server, json!({})).await;
    checked.act(&format!("{on}reset_password"), server, json!({})).await;
    checked.act(&format!("{on}rebuild"), server, json!({ "image": image })).await;
    let ip = checked.lab.server(server).await["public_net"]["ipv4"]["ip"].clone();
    let name = json!({ "ip": ip, "dns_ptr": "a.example.com" });
    checked.act(&format!("{on}change_dns_ptr"), server, name).await;
    checked.lab.act(server, "poweroff", json!({})).await;
    let to = json!({ "server_type": "ccx23", "upgrade_disk": true });
    checked.act(&format!("{on}change_type"), server, to).await;
    checked
        .lab
        .post("/servers", server_body("t", json!({ "volumes": [volume] })))
        .await
        .refused(422, "volume_already_attached");

    let metrics = "/servers/{id}/metrics?type=cpu,disk,network&start=2026-11-23T00:00:00Z\
                   &end=2026-11-23T01:00:00Z";
    checked.send("GET", metrics, &[server], None).await;
    checked.lab.record()
}
