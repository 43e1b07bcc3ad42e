//! Faults on order.

use serde_json::{Value, json};

use crate::client::{Lab, lab, server_body};

async fn order(lab: &Lab, fault: Value) -> u64 {
    let ordered = lab.post("/_lab/faults", fault).await;
    assert_eq!(ordered.status, 201, "{}", ordered.text);
    ordered.ok()["fault"]["id"].as_u64().unwrap()
}

#[tokio::test]
async fn a_lost_response_was_carried_out() {
    let lab = lab().await;
    order(&lab, json!({ "kind": "lose_response", "on": { "method": "POST", "path": "/servers" } }))
        .await;
    let token = Some(lab.lab.token.text());
    let body = server_body("s", json!({})).to_string();
    let lost = lab.try_send("POST", "/servers", token, Some(&body)).await;
    assert!(lost.is_err(), "{lost:?}");
    let found = lab.get("/servers?name=s").await.ok();
    assert_eq!(found["servers"].as_array().unwrap().len(), 1);
    lab.post("/servers", server_body("s", json!({}))).await.refused(409, "uniqueness_error");
}

#[tokio::test]
async fn requests_are_refused_as_often_as_ordered() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let cases = [
        ("rate_limit_exceeded", 429),
        ("locked", 423),
        ("conflict", 409),
        ("server_error", 500),
        ("bad_gateway", 502),
        ("resource_unavailable", 412),
    ];
    let path = format!("/servers/{id}/actions/poweroff");
    for (code, status) in cases {
        let on = json!({ "method": "POST", "path": "/servers/{id}/actions/{action}", "times": 2 });
        order(&lab, json!({ "kind": "refuse", "code": code, "on": on })).await;
        for _ in 0..2 {
            lab.post(&path, json!({})).await.refused(status, code);
        }
        lab.act(id, "poweroff", json!({})).await;
    }
}

#[tokio::test]
async fn an_action_fails_on_order_and_is_not_carried_out() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    order(&lab, json!({ "kind": "fail_action", "command": "stop_server" })).await;
    let failed = lab.act(id, "poweroff", json!({})).await;
    assert_eq!(failed["error"]["code"], "action_failed");
    assert!(lab.lab.world.server(id).unwrap().is_running);
    assert_eq!(lab.act(id, "poweroff", json!({})).await["status"], "success");
}

#[tokio::test]
async fn a_stock_out_lasts_until_it_is_removed() {
    let lab = lab().await;
    let fault = json!({ "kind": "sold_out", "server_type": "ccx13", "location": "hil" });
    let id = order(&lab, fault.clone()).await;
    assert_eq!(
        lab.get("/_lab/faults").await.ok()["faults"][0],
        json!({ "id": id, "fault": fault })
    );
    let refused = lab.post("/servers", server_body("s", json!({}))).await;
    refused.refused(412, "resource_unavailable");
    assert_eq!(refused.message(), "error during placement");
    let types = lab.get("/server_types?name=ccx13").await.ok();
    let places = types["server_types"][0]["locations"].as_array().unwrap().clone();
    let hil = places.iter().find(|place| place["name"] == "hil").unwrap();
    assert_eq!(hil["available"], false);
    // Without a location, one that has it is chosen.
    let mut anywhere = server_body("s", json!({}));
    anywhere.as_object_mut().unwrap().remove("location");
    let made = lab.post("/servers", anywhere).await.ok();
    assert_ne!(made["server"]["location"]["name"], "hil");
    assert_eq!(lab.delete(&format!("/_lab/faults/{id}")).await.status, 204);
    lab.delete(&format!("/_lab/faults/{id}")).await.refused(404, "not_found");
    lab.make("t", json!({})).await;
}

#[tokio::test]
async fn held_actions_take_longer() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    order(&lab, json!({ "kind": "hold_actions", "command": "stop_server", "ms": 60_000 })).await;
    lab.post(&format!("/servers/{id}/actions/poweroff"), json!({})).await.ok();
    assert_eq!(lab.server(id).await["locked"], true);
    lab.post(&format!("/servers/{id}/actions/poweron"), json!({})).await.refused(423, "locked");
    assert_eq!(lab.delete("/_lab/faults").await.status, 204);
    assert_eq!(lab.get("/_lab/faults").await.ok()["faults"], json!([]));
}

#[tokio::test]
async fn the_labs_own_routes_need_the_token_too() {
    let lab = lab().await;
    lab.try_send("GET", "/_lab/faults", None, None).await.unwrap().refused(401, "unauthorized");
    lab.post("/_lab/faults", json!({ "kind": "nonsense" })).await.refused(400, "json_error");
    lab.put("/_lab/faults", json!({})).await.refused(405, "method_not_allowed");
    lab.get("/_lab/nonsense").await.refused(404, "not_found");
}
