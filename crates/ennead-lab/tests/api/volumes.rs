//! Volumes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Lab, lab, server_body};

impl Lab {
    async fn make_volume(&self, name: &str, more: Value) -> u64 {
        let mut body = json!({ "name": name, "size": 10 });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        let created = self.post("/volumes", body).await.ok();
        for action in created["next_actions"].as_array().unwrap() {
            assert_eq!(self.ended(action).await["status"], "success");
        }
        assert_eq!(self.ended(&created["action"]).await["status"], "success");
        created["volume"]["id"].as_u64().unwrap()
    }

    async fn volume(&self, id: u64) -> Value {
        self.get(&format!("/volumes/{id}")).await.ok()["volume"].clone()
    }

    async fn volume_act(&self, id: u64, action: &str, body: Value) -> Value {
        let begun = self.post(&format!("/volumes/{id}/actions/{action}"), body).await.ok();
        self.ended(&begun["action"]).await
    }
}

#[tokio::test]
async fn a_volume_is_made_for_a_server_and_attached() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    lab.lab.world.slow("create_volume", 1, Duration::from_millis(100));
    let body = json!({ "name": "data", "size": 42, "server": server, "format": "ext4",
                       "automount": true, "labels": { "a": "b" } });
    let answer = lab.post("/volumes", body).await;
    assert_eq!(answer.status, 201);
    let created = answer.ok();
    let id = created["volume"]["id"].as_u64().unwrap();
    assert_eq!(created["volume"]["status"], "creating");
    assert_eq!(created["volume"]["server"], Value::Null);
    assert_eq!(created["action"]["command"], "create_volume");
    assert_eq!(created["next_actions"][0]["command"], "attach_volume");
    lab.ended(&created["next_actions"][0]).await;

    let volume = lab.volume(id).await;
    assert_eq!(volume["status"], "available");
    assert_eq!(volume["server"], server);
    assert_eq!(volume["size"], 42);
    assert_eq!(volume["format"], "ext4");
    assert_eq!(volume["location"]["name"], "hil");
    assert_eq!(volume["linux_device"], format!("/dev/disk/by-id/scsi-0HC_Volume_{id}"));
    assert_eq!(lab.server(server).await["volumes"], json!([id]));
    let remembered = lab.lab.world.volume(id).unwrap();
    assert_eq!(remembered.place.map(|place| (place.server, place.automount)), Some((server, true)));
}

#[tokio::test]
async fn what_cannot_be_a_volume_is_refused() {
    let lab = lab().await;
    let cases = [
        (json!({}), 422, "invalid_input", "'name', 'size'"),
        (json!({ "name": "v", "size": 10 }), 422, "invalid_input", "'server', 'location'"),
        (json!({ "name": "v", "size": 9, "location": "hil" }), 422, "invalid_input", "'size'"),
        (json!({ "name": "v", "size": 10241, "location": "hil" }), 422, "invalid_input", "'size'"),
        (json!({ "name": "-v", "size": 10, "location": "hil" }), 422, "invalid_input", "'name'"),
        (
            json!({ "name": "v".repeat(65), "size": 10, "location": "hil" }),
            422,
            "invalid_input",
            "'name'",
        ),
        (json!({ "name": "v", "size": 10, "location": "moon" }), 422, "invalid_input", "moon"),
        (
            json!({ "name": "v", "size": 10, "location": "hil", "format": "zfs" }),
            422,
            "invalid_input",
            "'format'",
        ),
        (
            json!({ "name": "v", "size": 10, "location": "hil", "automount": true }),
            422,
            "invalid_input",
            "'automount'",
        ),
        (json!({ "name": "v", "size": 10, "server": 9 }), 404, "not_found", "server"),
    ];
    for (body, status, code, message) in cases {
        let refused = lab.post("/volumes", body).await;
        refused.refused(status, code);
        assert!(refused.message().contains(message), "{}", refused.message());
    }
    assert_eq!(lab.get("/volumes").await.ok()["volumes"], json!([]));
    lab.make_volume("v", json!({ "location": "hil" })).await;
    let twice = json!({ "name": "v", "size": 10, "location": "ash" });
    lab.post("/volumes", twice).await.refused(409, "uniqueness_error");
}

#[tokio::test]
async fn a_volume_moves_between_the_servers_of_its_location() {
    let lab = lab().await;
    let (one, two) = (lab.make("one", json!({})).await, lab.make("two", json!({})).await);
    let far = lab.make("far", json!({ "location": "ash", "server_type": "cpx11" })).await;
    let id = lab.make_volume("v", json!({ "location": 5 })).await;
    let attach = format!("/volumes/{id}/actions/attach");
    lab.post(&attach, json!({ "server": far })).await.refused(422, "invalid_input");
    lab.post(&attach, json!({ "server": 999 })).await.refused(404, "not_found");
    lab.post(&format!("/volumes/{id}/actions/detach"), json!({}))
        .await
        .refused(422, "service_error");

    let action = lab.volume_act(id, "attach", json!({ "server": one })).await;
    assert_eq!(
        (action["command"].clone(), action["status"].clone()),
        (json!("attach_volume"), json!("success"))
    );
    lab.post(&attach, json!({ "server": two })).await.refused(422, "volume_already_attached");
    let refused = lab.delete(&format!("/volumes/{id}")).await;
    refused.refused(422, "service_error");
    assert_eq!(refused.message(), format!("volume with ID '{id}' is still attached to a server"));

    lab.volume_act(id, "detach", json!({})).await;
    assert_eq!(lab.volume(id).await["server"], Value::Null);
    assert_eq!(lab.lab.world.volume(id).unwrap().place, None);
    lab.volume_act(id, "attach", json!({ "server": two })).await;
    assert_eq!(lab.server(one).await["volumes"], json!([]));
    assert_eq!(lab.server(two).await["volumes"], json!([id]));
}

#[tokio::test]
async fn attaching_locks_the_volume_and_the_server() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let id = lab.make_volume("v", json!({ "location": "hil" })).await;
    let other = lab.make_volume("w", json!({ "location": "hil" })).await;
    lab.lab.world.slow("attach_volume", 1, Duration::from_millis(200));
    let attach = format!("/volumes/{id}/actions/attach");
    let begun = lab.post(&attach, json!({ "server": server })).await.ok();
    lab.post(&format!("/volumes/{id}/actions/detach"), json!({})).await.refused(423, "locked");
    lab.post(&format!("/volumes/{id}/actions/resize"), json!({ "size": 20 }))
        .await
        .refused(423, "locked");
    lab.post(&format!("/servers/{server}/actions/poweroff"), json!({}))
        .await
        .refused(423, "locked");
    lab.post(&format!("/volumes/{other}/actions/attach"), json!({ "server": server }))
        .await
        .refused(423, "locked");
    // A new one waits for its turn, as in the cloud.
    let body = json!({ "name": "x", "size": 10, "server": server });
    let later = lab.post("/volumes", body).await.ok();
    assert_eq!(lab.ended(&begun["action"]).await["status"], "success");
    assert_eq!(lab.ended(&later["next_actions"][0]).await["status"], "success");
}

#[tokio::test]
async fn a_volume_grows_only() {
    let lab = lab().await;
    let id = lab.make_volume("v", json!({ "location": "hil" })).await;
    let resize = format!("/volumes/{id}/actions/resize");
    for size in [json!(10), json!(9), json!(10_241), json!("20"), Value::Null] {
        lab.post(&resize, json!({ "size": size })).await.refused(422, "invalid_input");
    }
    assert_eq!(lab.volume_act(id, "resize", json!({ "size": 20 })).await["status"], "success");
    assert_eq!(lab.volume(id).await["size"], 20);
    assert_eq!(lab.lab.world.volume(id).unwrap().seed.size_gb, 20);
    lab.lab.world.fail("resize_volume", 1);
    assert_eq!(lab.volume_act(id, "resize", json!({ "size": 30 })).await["status"], "error");
    assert_eq!(lab.volume(id).await["size"], 20);
}

#[tokio::test]
async fn a_protected_volume_stays_and_another_one_goes() {
    let lab = lab().await;
    let id = lab.make_volume("v", json!({ "location": "hil" })).await;
    let path = format!("/volumes/{id}");
    lab.volume_act(id, "change_protection", json!({ "delete": true })).await;
    assert_eq!(lab.volume(id).await["protection"], json!({ "delete": true }));
    lab.delete(&path).await.refused(423, "protected");
    lab.volume_act(id, "change_protection", json!({ "delete": false })).await;
    let changed = lab.put(&path, json!({ "name": "w", "labels": { "a": "b" } })).await.ok();
    assert_eq!(changed["volume"]["name"], "w");
    assert_eq!(
        lab.get("/volumes?label_selector=a&name=w&status=available").await.ok()["volumes"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(lab.delete(&path).await.status, 204);
    lab.get(&path).await.refused(404, "not_found");
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.lab.world.volume(id), None);
}

#[tokio::test]
async fn a_server_is_made_with_volumes_and_leaves_them_behind() {
    let lab = lab().await;
    let id = lab.make_volume("v", json!({ "location": "hil" })).await;
    let far = lab.make_volume("far", json!({ "location": "ash" })).await;
    let body = server_body("s", json!({ "volumes": [far] }));
    lab.post("/servers", body).await.refused(422, "invalid_input");
    let body = server_body("s", json!({ "volumes": [id], "automount": true }));
    let created = lab.post("/servers", body).await.ok();
    let commands: Vec<_> =
        created["next_actions"].as_array().unwrap().iter().map(|a| a["command"].clone()).collect();
    assert_eq!(commands, ["attach_volume", "start_server"]);
    lab.ended(&created["next_actions"][1]).await;
    let server = created["server"]["id"].as_u64().unwrap();
    assert_eq!(lab.server(server).await["volumes"], json!([id]));
    assert!(lab.lab.world.volume(id).unwrap().place.unwrap().automount);

    // A removal that fails takes nothing away.
    lab.lab.world.fail("delete_server", 1);
    let gone = lab.delete(&format!("/servers/{server}")).await.ok();
    assert_eq!(lab.ended(&gone["action"]).await["status"], "error");
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.lab.world.volume(id).unwrap().place.unwrap().server, server);
    assert_eq!(lab.server(server).await["volumes"], json!([id]));

    let gone = lab.delete(&format!("/servers/{server}")).await.ok();
    assert_eq!(lab.ended(&gone["action"]).await["status"], "success");
    assert_eq!(lab.volume(id).await["server"], Value::Null);
    assert_eq!(lab.lab.world.volume(id).unwrap().place, None);
    lab.delete(&format!("/volumes/{id}")).await.ok();
}

#[tokio::test]
async fn a_server_has_at_most_16_volumes() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    for n in 0..16 {
        lab.make_volume(&format!("v{n}"), json!({ "server": server })).await;
    }
    let body = json!({ "name": "v16", "size": 10, "server": server });
    lab.post("/volumes", body).await.refused(403, "resource_limit_exceeded");
    assert_eq!(lab.get("/volumes?per_page=50").await.ok()["volumes"].as_array().unwrap().len(), 16);
}

#[tokio::test]
async fn a_volume_that_cannot_be_made_vanishes() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    lab.lab.world.fail("create_volume", 1);
    let body = json!({ "name": "v", "size": 10, "server": server });
    let created = lab.post("/volumes", body.clone()).await.ok();
    assert_eq!(lab.ended(&created["action"]).await["status"], "error");
    assert_eq!(lab.ended(&created["next_actions"][0]).await["status"], "error");
    lab.get(&format!("/volumes/{}", created["volume"]["id"])).await.refused(404, "not_found");

    lab.lab.world.fail("attach_volume", 1);
    let created = lab.post("/volumes", body).await.ok();
    assert_eq!(lab.ended(&created["action"]).await["status"], "success");
    assert_eq!(lab.ended(&created["next_actions"][0]).await["status"], "error");
    lab.lab.quiet().await.unwrap();
    let id = created["volume"]["id"].as_u64().unwrap();
    assert_eq!(lab.volume(id).await["server"], Value::Null);
    assert_eq!(lab.server(server).await["volumes"], json!([]));
}

#[tokio::test]
async fn actions_of_volumes_are_listed() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let id = lab.make_volume("v", json!({ "server": server })).await;
    let listed = lab.get(&format!("/volumes/{id}/actions?sort=id")).await.ok();
    let commands: Vec<_> =
        listed["actions"].as_array().unwrap().iter().map(|a| a["command"].clone()).collect();
    assert_eq!(commands, ["create_volume", "attach_volume"]);
    let action = listed["actions"][0]["id"].clone();
    lab.get(&format!("/volumes/actions/{action}")).await.ok();
    lab.get(&format!("/volumes/{id}/actions/{action}")).await.ok();
    lab.get("/volumes/999/actions").await.refused(404, "not_found");
    assert_eq!(lab.get("/volumes/actions").await.ok()["actions"].as_array().unwrap().len(), 2);
}
