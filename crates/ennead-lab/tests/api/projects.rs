//! Several projects in one lab, each behind tokens of its own.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use camino::Utf8PathBuf;
use ennead_lab::LabToken;
use ennead_lab::serve::ServeOptions;
use ennead_lab::state::Prefix;
use ennead_lab::world::memory::MemoryWorld;
use serde_json::{Value, json};

use crate::client::{Answer, Lab, lab, lab_on, lab_with, server_body};

const OTHER: &str = "other";

fn two_projects() -> ServeOptions {
    let tokens = vec![LabToken::new(OTHER).in_project("shop")];
    ServeOptions { tokens, ..ServeOptions::default() }
}

impl Lab {
    async fn as_other(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string());
        self.try_send(method, path, Some(OTHER), body.as_deref()).await.unwrap()
    }

    async fn other_server(&self, name: &str) -> Value {
        let created = self.as_other("POST", "/servers", Some(server_body(name, json!({})))).await;
        created.ok()["server"].clone()
    }

    async fn own_server(&self, name: &str) -> Value {
        self.post("/servers", server_body(name, json!({}))).await.ok()["server"].clone()
    }
}

fn address(server: &Value) -> String {
    server["public_net"]["ipv4"]["ip"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn projects_see_only_their_own() {
    let lab = lab_with(two_projects()).await;
    let (own, other) = (lab.own_server("web").await, lab.other_server("web").await);
    assert_ne!(own["id"], other["id"]);
    assert_ne!(address(&own), address(&other));
    assert_eq!(lab.get("/servers").await.ok()["servers"].as_array().unwrap().len(), 1);
    let listed = lab.as_other("GET", "/servers", None).await.ok();
    assert_eq!(listed["servers"][0]["id"], other["id"]);
    lab.get(&format!("/servers/{}", other["id"])).await.refused(404, "not_found");
    lab.delete(&format!("/servers/{}", other["id"])).await.refused(404, "not_found");
    // Both are real in the one world, with interfaces of their own.
    let real = |server: &Value| lab.lab.world.server(server["id"].as_u64().unwrap()).unwrap();
    lab.lab.quiet().await.unwrap();
    assert_ne!(real(&own).seed.public_mac, real(&other).seed.public_mac);
}

#[tokio::test]
async fn each_project_has_its_own_rate_limit() {
    let lab = lab_with(ServeOptions { requests_per_hour: 2, ..two_projects() }).await;
    lab.get("/servers").await.ok();
    lab.get("/servers").await.ok();
    lab.get("/servers").await.refused(429, "rate_limit_exceeded");
    let other = lab.as_other("GET", "/servers", None).await;
    assert_eq!(other.headers["ratelimit-remaining"], "1");
}

#[tokio::test]
async fn no_address_is_given_away_twice() {
    // Four addresses that servers can have.
    let public_prefix = Prefix::parse("198.18.7.0/29").unwrap();
    let lab = lab_with(ServeOptions { public_prefix, ..two_projects() }).await;
    let one = lab.own_server("a").await;
    let others = [lab.other_server("a").await, lab.own_server("b").await];
    let last = lab.other_server("b").await;
    let all: BTreeSet<_> = others.iter().chain([&one, &last]).map(address).collect();
    assert_eq!(all.len(), 4, "{all:?}");
    let full = lab.as_other("POST", "/servers", Some(server_body("c", json!({})))).await;
    full.refused(403, "resource_limit_exceeded");
    lab.post("/servers", server_body("c", json!({}))).await.refused(403, "resource_limit_exceeded");
    // What one project gives back, the other can have.
    lab.lab.quiet().await.unwrap();
    let deleted = lab.delete(&format!("/servers/{}", one["id"])).await.ok();
    lab.ended(&deleted["action"]).await;
    assert_eq!(address(&lab.other_server("c").await), address(&one));
}

#[tokio::test]
async fn projects_that_grow_together_share_the_prefix() {
    let lab = lab_with(two_projects()).await;
    let names: Vec<_> = (0..20).map(|number| format!("s{number}")).collect();
    let own = futures::future::join_all(names.iter().map(|name| lab.own_server(name)));
    let other = futures::future::join_all(names.iter().map(|name| lab.other_server(name)));
    let (own, other) = futures::future::join(own, other).await;
    let all: BTreeSet<_> = own.iter().chain(&other).map(address).collect();
    assert_eq!(all.len(), 40);
}

#[tokio::test]
async fn an_event_reaches_the_project_that_knows_the_server() {
    let lab = lab_with(two_projects()).await;
    let own = lab.make("a", json!({})).await;
    let other = lab.other_server("a").await["id"].as_u64().unwrap();
    let status = async |wanted: &str| {
        let path = format!("/servers/{other}");
        let seen = lab.as_other("GET", &path, None).await.ok()["server"]["status"].clone();
        if seen == wanted { Ok(()) } else { Err(seen.to_string()) }
    };
    let soon = std::time::Duration::from_secs(10);
    let pause = std::time::Duration::from_millis(2);
    ennead_host::clock::wait_until(soon, pause, || status("running")).await.unwrap();
    lab.lab.world.stop_from_inside(other);
    ennead_host::clock::wait_until(soon, pause, || status("off")).await.unwrap();
    assert_eq!(lab.server(own).await["status"], "running");
}

#[tokio::test]
async fn tokens_come_and_go_while_the_lab_runs() {
    let lab = lab().await;
    let made = lab.post("/_lab/tokens", json!({ "project": "shop", "read_only": true })).await;
    assert_eq!(made.status, 201);
    let made = made.json()["token"].clone();
    assert_eq!((&made["name"], &made["read_only"]), (&json!("shop-1"), &json!(true)));
    let reader = made["token"].as_str().unwrap();
    assert_eq!(reader.len(), 64);
    lab.try_send("GET", "/servers", Some(reader), None).await.unwrap().ok();
    let refused = lab.try_send("POST", "/networks", Some(reader), Some("{}")).await.unwrap();
    refused.refused(401, "token_readonly");

    let listed = lab.get("/_lab/tokens").await;
    assert!(!listed.text.contains(reader), "a token is shown once");
    let expected = json!([{ "name": "shop-1", "project": "shop", "read_only": true }]);
    assert_eq!(listed.ok()["tokens"], expected);
    // Nobody else makes tokens.
    for path in ["/_lab/tokens", "/_lab/tokens/shop-1"] {
        let asked = lab.try_send("DELETE", path, Some(reader), None).await.unwrap();
        asked.refused(403, "forbidden");
    }
    lab.post("/_lab/tokens", json!({ "project": "../x" })).await.refused(422, "invalid_input");
    lab.post("/_lab/tokens", json!({ "colour": 1 })).await.refused(400, "json_error");
    lab.put("/_lab/tokens", json!({})).await.refused(405, "method_not_allowed");

    assert_eq!(lab.delete("/_lab/tokens/shop-1").await.status, 204);
    lab.delete("/_lab/tokens/shop-1").await.refused(404, "not_found");
    let gone = lab.try_send("GET", "/servers", Some(reader), None).await.unwrap();
    gone.refused(401, "unauthorized");
}

#[tokio::test]
async fn projects_and_tokens_stay_over_a_restart_and_no_token_is_written_down() {
    let scratch = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(scratch.path().join("lab")).unwrap();
    let world = Arc::new(MemoryWorld::new());
    let options = || ServeOptions { state_dir: Some(path.clone()), ..ServeOptions::default() };
    let lab = lab_on(options(), Arc::clone(&world)).await;
    let made = lab.post("/_lab/tokens", json!({ "project": "shop" })).await.ok();
    let token = made["token"]["token"].as_str().unwrap().to_owned();
    let body = server_body("web", json!({})).to_string();
    let created = lab.try_send("POST", "/servers", Some(&token), Some(&body)).await.unwrap().ok();
    lab.own_server("web").await;
    lab.lab.end().await;
    assert!(path.join("projects/shop/state.json").exists());
    let register = path.join("tokens.json");
    assert!(!ennead_host::files::read_text(&register).unwrap().unwrap().contains(&token));
    let mode = std::fs::metadata(&register).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let lab = lab_on(options(), world).await;
    let again = lab.try_send("GET", "/servers", Some(&token), None).await.unwrap().ok();
    assert_eq!(again["servers"][0]["id"], created["server"]["id"]);
    // The next project's ids begin elsewhere.
    let made = lab.post("/_lab/tokens", json!({ "project": "next" })).await.ok();
    let next = made["token"]["token"].as_str().unwrap().to_owned();
    let newer = lab.try_send("POST", "/servers", Some(&next), Some(&body)).await.unwrap().ok();
    let (old, new) = (created["server"]["id"].as_u64(), newer["server"]["id"].as_u64());
    assert!(new.unwrap() - old.unwrap() > 9_000_000, "{old:?} {new:?}");
}
