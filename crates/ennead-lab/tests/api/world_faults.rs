//! Faults of servers and between them, ordered by names.

use std::time::Duration;

use ennead_host::clock::wait_until;
use ennead_lab::world::Harm;
use ennead_lab::world::harm::Side;
use serde_json::{Value, json};

use crate::client::{Lab, lab, server_body};

async fn order(lab: &Lab, fault: Value) -> u64 {
    let ordered = lab.post("/_lab/faults", fault).await;
    assert_eq!(ordered.status, 201, "{}", ordered.text);
    ordered.ok()["fault"]["id"].as_u64().unwrap()
}

#[tokio::test]
async fn a_partition_is_in_both_directions_and_ends() {
    let lab = lab().await;
    let one = lab.make("one", json!({ "location": "hil" })).await;
    let two = lab.make("two", json!({ "location": "ash" })).await;
    let fault = json!({ "kind": "partition", "from": ["hil"], "to": ["two"], "one_way": false });
    let id = order(&lab, fault.clone()).await;
    let (there, back) = (
        Harm::Partition { from: vec![one], to: vec![two] },
        Harm::Partition { from: vec![two], to: vec![one] },
    );
    assert_eq!(lab.lab.world.harm(), [there.clone(), back]);
    let listed = lab.get("/_lab/faults").await.ok();
    assert_eq!(listed["faults"][0], json!({ "id": id, "fault": fault }));
    assert_eq!(lab.delete(&format!("/_lab/faults/{id}")).await.status, 204);
    assert_eq!(lab.lab.world.harm(), []);
    lab.delete(&format!("/_lab/faults/{id}")).await.refused(404, "not_found");

    let fault = json!({ "kind": "partition", "from": ["us-west"], "to": ["ash"], "one_way": true });
    order(&lab, fault).await;
    assert_eq!(lab.lab.world.harm(), [there]);
    assert_eq!(lab.delete("/_lab/faults").await.status, 204);
    assert_eq!(lab.lab.world.harm(), []);
}

#[tokio::test]
async fn a_place_means_servers_that_come_and_not_those_that_are_gone() {
    let lab = lab().await;
    order(&lab, json!({ "kind": "cut", "servers": ["ash"], "side": "public" })).await;
    let cut = |servers: Vec<u64>| Harm::Cut { servers, side: Side::Public };
    assert_eq!(lab.lab.world.harm(), [cut(vec![])]);
    let body = server_body("late", json!({ "location": "ash" }));
    let made = lab.post("/servers", body).await.ok();
    let id = made["server"]["id"].as_u64().unwrap();
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.lab.world.harm(), [cut(vec![id])]);
    assert_eq!(lab.delete(&format!("/servers/{id}")).await.status, 200);
    let gone = wait_until(Duration::from_secs(10), Duration::from_millis(1), || async {
        if lab.lab.world.harm() == [cut(vec![])] { Ok(()) } else { Err("still cut".to_owned()) }
    });
    gone.await.unwrap();
}

#[tokio::test]
async fn a_fault_with_a_time_ends_by_itself() {
    let lab = lab().await;
    lab.make("s", json!({})).await;
    let fault = json!({ "kind": "freeze", "servers": ["s"], "for_ms": 1 });
    order(&lab, fault).await;
    let stock =
        json!({ "kind": "sold_out", "server_type": "ccx13", "location": "hil", "for_ms": 1 });
    order(&lab, stock).await;
    let ended = wait_until(Duration::from_secs(10), Duration::from_millis(1), || async {
        let faults = lab.get("/_lab/faults").await.ok()["faults"].clone();
        if faults == json!([]) { Ok(()) } else { Err(faults.to_string()) }
    });
    ended.await.unwrap();
    assert_eq!(lab.lab.world.harm(), []);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_and_not_listed() {
    let lab = lab().await;
    lab.make("s", json!({ "location": "ash" })).await;
    lab.make("t", json!({ "location": "hil" })).await;
    let clock = json!({ "kind": "clock", "servers": ["s"], "offset_ms": 500 });
    lab.post("/_lab/faults", clock).await.refused(422, "unsupported_error");
    let loss =
        |percent: f64| json!({ "kind": "loss", "from": ["s"], "to": ["hil"], "percent": percent });
    lab.post("/_lab/faults", loss(101.0)).await.refused(422, "invalid_input");
    let nobody = json!({ "kind": "freeze", "servers": ["nobody"] });
    let refused = lab.post("/_lab/faults", nobody).await;
    refused.refused(422, "invalid_input");
    assert_eq!(refused.message(), "\"nobody\" is no server, location or network zone");
    let word = json!({ "kind": "freeze", "servers": ["s"], "hard": true });
    lab.post("/_lab/faults", word).await.refused(400, "json_error");
    let long = json!({ "kind": "freeze", "servers": ["s"], "for_ms": "long" });
    lab.post("/_lab/faults", long).await.refused(400, "json_error");

    // The world refuses: what was in force stays.
    order(&lab, loss(50.0)).await;
    lab.lab.world.fail("set_harm", 1);
    let freeze = json!({ "kind": "freeze", "servers": ["s"] });
    lab.post("/_lab/faults", freeze).await.refused(422, "unsupported_error");
    assert_eq!(lab.get("/_lab/faults").await.ok()["faults"].as_array().unwrap().len(), 1);
    assert_eq!(lab.lab.world.harm().len(), 2);
}
