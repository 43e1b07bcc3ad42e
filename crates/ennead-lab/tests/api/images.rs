//! Snapshots and backups.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Lab, lab, server_body};

impl Lab {
    async fn make_image(&self, server: u64, body: Value) -> u64 {
        let path = format!("/servers/{server}/actions/create_image");
        let made = self.post(&path, body).await.ok();
        assert_eq!(self.ended(&made["action"]).await["status"], "success");
        made["image"]["id"].as_u64().unwrap()
    }

    async fn image(&self, id: u64) -> Value {
        self.get(&format!("/images/{id}")).await.ok()["image"].clone()
    }
}

#[tokio::test]
async fn a_snapshot_is_made_from_a_server_and_outlives_it() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    lab.lab.world.slow("create_image", 1, Duration::from_millis(100));
    let body = json!({ "description": "before the upgrade", "labels": { "a": "b" } });
    let made = lab.post(&format!("/servers/{server}/actions/create_image"), body).await;
    assert_eq!(made.status, 201);
    let made = made.ok();
    assert_eq!(made["action"]["command"], "create_image");
    assert_eq!(made["image"]["status"], "creating");
    assert_eq!(made["image"]["type"], "snapshot");
    assert_eq!(made["image"]["image_size"], Value::Null);
    let id = made["image"]["id"].as_u64().unwrap();
    assert_eq!(lab.server(server).await["locked"], true);
    lab.delete(&format!("/images/{id}")).await.refused(423, "locked");
    let body = server_body("t", json!({ "image": id }));
    lab.post("/servers", body).await.refused(422, "invalid_input");
    lab.ended(&made["action"]).await;

    let image = lab.image(id).await;
    assert_eq!(image["status"], "available");
    assert_eq!(image["image_size"], 1.5);
    assert_eq!(image["disk_size"], 80.0);
    assert_eq!(image["created_from"], json!({ "id": server, "name": "s" }));
    assert_eq!((image["name"].clone(), image["bound_to"].clone()), (Value::Null, Value::Null));
    assert_eq!(image["os_flavor"], "debian");

    let gone = lab.delete(&format!("/servers/{server}")).await.ok();
    lab.ended(&gone["action"]).await;
    let copy = lab.make("copy", json!({ "image": id })).await;
    assert_eq!(lab.server(copy).await["image"]["id"], id);
    let seed = lab.lab.world.server(copy).unwrap().seed;
    assert_eq!((seed.snapshot, seed.image.as_str()), (Some(id), "debian-13"));
    // The copy keeps its disk when the image goes.
    assert_eq!(lab.delete(&format!("/images/{id}")).await.status, 204);
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.lab.world.image(id), None);
    assert_eq!(lab.server(copy).await["image"], Value::Null);
}

#[tokio::test]
async fn a_snapshot_needs_a_disk_that_is_large_enough() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let id = lab.make_image(server, json!({})).await;
    let small = server_body("t", json!({ "image": id, "server_type": "cpx11" }));
    let refused = lab.post("/servers", small).await;
    refused.refused(422, "invalid_input");
    assert_eq!(refused.message(), "image disk is bigger than server type disk");
}

#[tokio::test]
async fn protection_of_a_snapshot_has_the_cloud_s_own_words() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let id = lab.make_image(server, json!({})).await;
    let path = format!("/images/{id}/actions/change_protection");
    let begun = lab.post(&path, json!({ "delete": true })).await.ok();
    lab.ended(&begun["action"]).await;
    let refused = lab.delete(&format!("/images/{id}")).await;
    refused.refused(423, "protected");
    assert_eq!(refused.message(), "snapshot deletion is protected");
    lab.delete("/images/161547204").await.refused(422, "unsupported_error");
    lab.put("/images/161547204", json!({ "description": "x" }))
        .await
        .refused(422, "unsupported_error");
    lab.delete("/images/4").await.refused(404, "not_found");
}

#[tokio::test]
async fn backups_need_to_be_enabled_and_end_with_their_server() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let path = format!("/servers/{server}/actions/create_image");
    lab.post(&path, json!({ "type": "backup" })).await.refused(422, "service_error");
    lab.post(&path, json!({ "type": "iso" })).await.refused(422, "invalid_input");
    assert_eq!(lab.act(server, "enable_backup", json!({})).await["status"], "success");
    let window = lab.server(server).await["backup_window"].as_str().unwrap().to_owned();
    assert_eq!(window.len(), 5, "{window}");
    let backup = lab.make_image(server, json!({ "type": "backup" })).await;
    let kept = lab.make_image(server, json!({ "type": "backup" })).await;
    assert_eq!(lab.image(backup).await["bound_to"], server);
    let protect = format!("/images/{backup}/actions/change_protection");
    lab.post(&protect, json!({ "delete": true })).await.refused(422, "unsupported_error");
    lab.put(&format!("/images/{kept}"), json!({ "type": "backup" }))
        .await
        .refused(422, "invalid_input");
    let body = json!({ "type": "snapshot", "description": "kept", "labels": { "k": "v" } });
    let changed = lab.put(&format!("/images/{kept}"), body).await.ok();
    assert_eq!(changed["image"]["type"], "snapshot");
    assert_eq!(changed["image"]["bound_to"], Value::Null);
    assert_eq!(changed["image"]["description"], "kept");

    let gone = lab.delete(&format!("/servers/{server}")).await.ok();
    lab.ended(&gone["action"]).await;
    lab.get(&format!("/images/{backup}")).await.refused(404, "not_found");
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.lab.world.image(backup), None);
    assert_eq!(lab.image(kept).await["status"], "available");
}

#[tokio::test]
async fn the_eighth_backup_takes_the_place_of_the_first_and_none_stays_without_backups() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    lab.act(server, "enable_backup", json!({})).await;
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(lab.make_image(server, json!({ "type": "backup" })).await);
    }
    let list = format!("/images?type=backup&bound_to={server}");
    let listed = lab.get(&list).await.ok();
    let seen: Vec<_> =
        listed["images"].as_array().unwrap().iter().map(|i| i["id"].as_u64().unwrap()).collect();
    assert_eq!(seen, ids[1..]);
    assert_eq!(lab.act(server, "disable_backup", json!({})).await["status"], "success");
    assert_eq!(lab.server(server).await["backup_window"], Value::Null);
    assert_eq!(lab.get(&list).await.ok()["images"], json!([]));
}

#[tokio::test]
async fn images_are_found_by_what_they_are() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let id = lab.make_image(server, json!({ "labels": { "a": "b" } })).await;
    let count = async |query: &str| {
        let listed = lab.get(&format!("/images?{query}")).await.ok();
        listed["meta"]["pagination"]["total_entries"].as_u64().unwrap()
    };
    assert_eq!(count("type=snapshot").await, 1);
    assert_eq!(count("type=snapshot&status=creating").await, 0);
    assert_eq!(count("label_selector=a").await, 1);
    assert_eq!(count("name=debian-13&architecture=x86&include_deprecated=true").await, 1);
    assert_eq!(count("architecture=arm").await, 0);
    assert_eq!(count("type=system").await + 1, count("").await);
    lab.get("/images?include_deprecated=7").await.refused(422, "invalid_input");
    let newest = lab.get("/images?sort=created:desc").await.ok();
    assert_eq!(newest["images"][0]["id"], id);
    let actions = lab.get(&format!("/images/{id}/actions")).await.ok();
    assert_eq!(actions["actions"][0]["command"], "create_image");
}

#[tokio::test]
async fn an_image_that_cannot_be_made_vanishes() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    lab.lab.world.fail("create_image", 1);
    let made = lab.post(&format!("/servers/{server}/actions/create_image"), json!({})).await.ok();
    assert_eq!(lab.ended(&made["action"]).await["status"], "error");
    lab.get(&format!("/images/{}", made["image"]["id"])).await.refused(404, "not_found");
}
