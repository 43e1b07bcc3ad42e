//! A small client, and a project with what most tests begin with.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ennead_host::clock::wait_until;
use ennead_lab::serve::ServeOptions;
use ennead_lab::world::memory::MemoryWorld;
use ennead_lab::{LabInMemory, lab_in_memory_with};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::described;
use crate::documented::{How, Record};

/// A key made for these tests.
pub(crate) const KEY: &str = "ssh-ed25519 \
    AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f test@lab";

/// A lab with a client.
#[expect(clippy::struct_field_names, reason = "its lab is what it is about")]
pub(crate) struct Lab {
    pub(crate) lab: LabInMemory,
    pub(crate) http: reqwest::Client,
    /// What was answered so far.
    met: Mutex<Record>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }
}

pub(crate) fn http() -> reqwest::Client {
    // Only the first test of the process installs it.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::new()
}

pub(crate) async fn lab() -> Lab {
    lab_with(ServeOptions::default()).await
}

pub(crate) async fn lab_with(options: ServeOptions) -> Lab {
    lab_on(options, Arc::new(MemoryWorld::new())).await
}

pub(crate) async fn lab_on(options: ServeOptions, world: Arc<MemoryWorld>) -> Lab {
    let lab = lab_in_memory_with(options, world).await.unwrap();
    Lab { lab, http: http(), met: Mutex::default() }
}

impl Lab {
    pub(crate) fn url(&self, path: &str) -> String {
        if path.starts_with("/_lab") {
            format!("{}{path}", self.lab.endpoint.trim_end_matches("/v1"))
        } else {
            format!("{}{path}", self.lab.endpoint)
        }
    }

    pub(crate) async fn try_send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&str>,
    ) -> Result<Answer, reqwest::Error> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, self.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, text: response.text().await? })
    }

    /// Sends a request; the test fails when the answer has not the described form.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string());
        let token = Some(self.lab.token.text());
        self.send_as(token, method, path, body.as_deref(), How::Ordinary).await
    }

    /// As `send`, with any token and any text as the body.
    pub(crate) async fn send_as(
        &self,
        token: Option<&str>,
        method: &str,
        path: &str,
        body: Option<&str>,
        how: How,
    ) -> Answer {
        let answer = self.try_send(method, path, token, body).await.unwrap();
        if !path.starts_with("/_lab") {
            let met = described::check(method, path, answer.status, &answer.text);
            self.met.lock().unwrap().note(met, how);
        }
        answer
    }

    /// Returns what was answered so far.
    pub(crate) fn record(&self) -> Record {
        self.met.lock().unwrap().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None).await
    }

    /// Carries out an action on a server and waits for its end.
    pub(crate) async fn act(&self, server: u64, action: &str, body: Value) -> Value {
        let begun = self.post(&format!("/servers/{server}/actions/{action}"), body).await.ok();
        self.ended(&begun["action"]).await
    }

    /// Waits until an action has ended, and returns it.
    pub(crate) async fn ended(&self, action: &Value) -> Value {
        let path = format!("/actions/{}", action["id"]);
        wait_until(Duration::from_secs(10), Duration::from_millis(2), || async {
            let action = self.get(&path).await.ok()["action"].clone();
            if action["status"] == "running" { Err(action.to_string()) } else { Ok(action) }
        })
        .await
        .unwrap()
    }

    pub(crate) async fn server(&self, id: u64) -> Value {
        self.get(&format!("/servers/{id}")).await.ok()["server"].clone()
    }

    /// Waits until a server has a status.
    pub(crate) async fn reaches(&self, id: u64, status: &str) {
        wait_until(Duration::from_secs(10), Duration::from_millis(2), || async {
            let seen = self.server(id).await["status"].clone();
            if seen == status { Ok(()) } else { Err(seen.to_string()) }
        })
        .await
        .unwrap();
    }

    /// Makes a network in `us-west` and returns its id.
    pub(crate) async fn network(&self, name: &str, range: &str) -> u64 {
        let subnet = json!({ "type": "cloud", "ip_range": range, "network_zone": "us-west" });
        let body = json!({ "name": name, "ip_range": range, "subnets": [subnet] });
        self.post("/networks", body).await.ok()["network"]["id"].as_u64().unwrap()
    }

    /// Makes a server in Hillsboro, with more fields, and waits until all its actions have ended.
    pub(crate) async fn make(&self, name: &str, more: Value) -> u64 {
        let created = self.post("/servers", server_body(name, more)).await.ok();
        for action in created["next_actions"].as_array().unwrap() {
            assert_eq!(self.ended(action).await["status"], "success");
        }
        assert_eq!(self.ended(&created["action"]).await["status"], "success");
        created["server"]["id"].as_u64().unwrap()
    }
}

pub(crate) fn server_body(name: &str, more: Value) -> Value {
    let mut body = json!({ "name": name, "server_type": "ccx13", "image": "debian-13",
                           "location": "hil" });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}
