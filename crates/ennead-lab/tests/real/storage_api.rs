//! What the API says about disks and volumes is what a real server has.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use ennead_host::clock::wait_until;
use ennead_lab::api::{Method, Request};
use ennead_lab::engine::{Engine, EngineOptions};
use ennead_lab::state::Rules;
use serde_json::{Value, json};

use crate::support::TestLab;

/// Longer than any action.
const DEADLINE: Duration = Duration::from_mins(1);

struct Api(Arc<Engine>);

impl Api {
    fn send(&self, method: Method, path: &str, body: &Value) -> Value {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (path, body) = (path.to_owned(), body.to_string().into_bytes());
        let request = Request { method, path, query, body, root: String::new() };
        let question = format!("{}?{:?}", request.path, request.query);
        let reply = self.0.answer(&request, &question);
        assert!(reply.status < 300, "{reply:?}");
        reply.body.map_or(Value::Null, |body| serde_json::from_slice(&body).unwrap())
    }

    fn get(&self, path: &str) -> Value {
        self.send(Method::Get, path, &Value::Null)
    }

    /// Begins something and waits until all its actions have ended well.
    async fn done(&self, method: Method, path: &str, body: &Value) -> Value {
        let begun = self.send(method, path, body);
        let next = begun["next_actions"].as_array().cloned().unwrap_or_default();
        for action in next.iter().chain([&begun["action"]]) {
            let path = format!("/actions/{}", action["id"]);
            let ended = wait_until(DEADLINE, Duration::from_millis(20), || async {
                let action = self.get(&path)["action"].clone();
                if action["status"] == "running" { Err(action.to_string()) } else { Ok(action) }
            });
            match ended.await {
                Ok(action) if action["status"] == "success" => {}
                other => panic!("{other:?}"),
            }
        }
        begun
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.done(Method::Post, path, &body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_lives_through_everything_that_the_api_does_to_its_disks() {
    TestLab::run("test-storage-api", 236, |lab| async move {
        let rules = Rules { public_prefix: lab.place.public, ..Rules::default() };
        let world = Arc::new(lab.open().await);
        let api =
            Api(Engine::start(world, None, EngineOptions { rules, ..EngineOptions::default() })
                .await
                .unwrap());
        // The first server has the third address of the prefix.
        let (one, two) = (lab.seed(1, "ash", "us-east").await, lab.seed(2, "ash", "us-east").await);
        let key = json!({ "name": "operator", "public_key": one.ssh_keys[0] });
        api.send(Method::Post, "/ssh_keys", &key);
        let disk = json!({ "name": "v", "size": 10, "location": "ash", "format": "ext4" });
        let volume = api.post("/volumes", disk).await["volume"]["id"].clone();
        let body = json!({ "name": one.name, "server_type": "ccx13", "image": "debian-13",
            "location": "ash", "ssh_keys": ["operator"], "user_data": one.user_data,
            "volumes": [volume], "automount": true });
        let server = api.post("/servers", body).await["server"]["id"].clone();
        let on = format!("/servers/{server}/actions");
        lab.wait_for_ssh(one.id).await;
        let point = format!("/mnt/HC_Volume_{volume}");
        lab.ssh_ok(&one, &format!("echo data > {point}/file && echo root > /root/file")).await;

        let image = api.post(&format!("{on}/create_image"), json!({})).await["image"]["id"].clone();
        assert!(api.get(&format!("/images/{image}"))["image"]["image_size"].is_number());
        let body = json!({ "name": two.name, "server_type": "ccx13", "image": image,
            "location": "ash", "ssh_keys": ["operator"], "user_data": two.user_data });
        let copy = api.post("/servers", body).await["server"]["id"].clone();
        lab.wait_for_ssh(two.id).await;
        assert_eq!(lab.ssh_ok(&two, "cat /root/file").await, "root\n");

        api.post(&format!("{on}/poweroff"), json!({})).await;
        let to = json!({ "server_type": "ccx23", "upgrade_disk": true });
        api.post(&format!("{on}/change_type"), to).await;
        lab.wait_for_ssh(one.id).await;
        assert_eq!(lab.ssh_ok(&one, &format!("cat {point}/file /root/file")).await, "data\nroot\n");

        api.post(&format!("{on}/reset_password"), json!({})).await;
        api.post(&format!("{on}/rebuild"), json!({ "image": "debian-13" })).await;
        lab.wait_for_ssh(one.id).await;
        let look = format!("test ! -e /root/file && cat {point}/file");
        assert_eq!(lab.ssh_ok(&one, &look).await, "data\n");

        api.done(Method::Delete, &format!("/servers/{server}"), &Value::Null).await;
        let attach = format!("/volumes/{volume}/actions/attach");
        api.post(&attach, json!({ "server": copy, "automount": true })).await;
        assert_eq!(lab.ssh_ok(&two, &format!("cat {point}/file")).await, "data\n");
    })
    .await;
}
