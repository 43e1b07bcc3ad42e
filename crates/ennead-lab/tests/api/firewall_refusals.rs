//! Firewalls: what is refused, what is too many, what failed.

use serde_json::json;

use crate::client::lab;
use crate::firewalls::{selector, server};

#[tokio::test]
async fn a_firewall_in_use_stays() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let firewall = lab.firewall("f", json!([server(id)])).await;
    let refused = lab.delete(&format!("/firewalls/{firewall}")).await;
    refused.refused(422, "resource_in_use");
    assert_eq!(refused.message(), format!("firewall with ID '{firewall}' is still in use"));
    let gone = lab.delete(&format!("/servers/{id}")).await.ok();
    lab.ended(&gone["action"]).await;
    let path = format!("/firewalls/{firewall}");
    assert_eq!(lab.get(&path).await.ok()["firewall"]["applied_to"], json!([]));
    assert_eq!(lab.delete(&path).await.status, 204);
}

#[tokio::test]
async fn what_cannot_be_applied_or_removed_is_refused() {
    let lab = lab().await;
    let id = lab.make("s", json!({ "labels": { "a": "b" } })).await;
    let network = lab.network("n", "10.0.0.0/16").await;
    let private = json!({ "enable_ipv4": false, "enable_ipv6": false });
    let inner = lab.make("p", json!({ "networks": [network], "public_net": private })).await;
    let direct = lab.firewall("direct", json!([server(id)])).await;
    let by_label = lab.firewall("by-label", json!([selector("a=b")])).await;
    let cases = [
        (direct, "apply_to", server(999), 404, "firewall_resource_not_found"),
        (direct, "apply_to", server(id), 422, "firewall_already_applied"),
        (by_label, "apply_to", selector("a=b"), 422, "firewall_already_applied"),
        (direct, "apply_to", server(inner), 422, "private_net_only_server"),
        (direct, "apply_to", selector("a b"), 422, "invalid_input"),
        (direct, "apply_to", json!({ "type": "server" }), 422, "invalid_input"),
        (direct, "apply_to", json!({ "type": "volume" }), 422, "invalid_input"),
        (999, "apply_to", server(id), 404, "not_found"),
        (direct, "remove_from", server(999), 404, "firewall_resource_not_found"),
        (direct, "remove_from", server(inner), 404, "firewall_resource_not_found"),
        (direct, "remove_from", selector("x"), 404, "firewall_resource_not_found"),
        (by_label, "remove_from", server(id), 422, "firewall_managed_by_label_selector"),
    ];
    for (firewall, field, resource, status, code) in cases {
        let action =
            if field == "apply_to" { "apply_to_resources" } else { "remove_from_resources" };
        let path = format!("/firewalls/{firewall}/actions/{action}");
        lab.post(&path, json!({ field: [resource] })).await.refused(status, code);
        assert!(lab.post(&path, json!({})).await.status >= 400);
    }
    let made = [
        (json!([server(999)]), 422, "firewall_resource_not_found"),
        (json!([server(id), server(id)]), 422, "server_already_added"),
        (json!([server(inner)]), 422, "private_net_only_server"),
    ];
    for (apply_to, status, code) in made {
        let body = json!({ "name": "x", "apply_to": apply_to });
        lab.post("/firewalls", body).await.refused(status, code);
    }
    assert_eq!(lab.get("/firewalls").await.ok()["meta"]["pagination"]["total_entries"], 2);
}

#[tokio::test]
async fn a_server_has_at_most_five_firewalls_and_a_project_fifty() {
    let lab = lab().await;
    let id = lab.make("s", json!({ "labels": { "a": "b" } })).await;
    for n in 0..5 {
        lab.firewall(&format!("f{n}"), json!([server(id)])).await;
    }
    for resource in [server(id), selector("a=b")] {
        let body = json!({ "name": "sixth", "apply_to": [resource] });
        lab.post("/firewalls", body).await.refused(403, "resource_limit_exceeded");
    }
    for n in 5..50 {
        lab.post("/firewalls", json!({ "name": format!("f{n}") })).await.ok();
    }
    let body = json!({ "name": "f50" });
    lab.post("/firewalls", body).await.refused(403, "resource_limit_exceeded");
}

#[tokio::test]
async fn what_failed_is_taken_back() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let firewall = lab.firewall("f", json!([])).await;
    let path = format!("/firewalls/{firewall}");
    lab.lab.world.fail("set_filter", 1);
    let apply = json!({ "apply_to": [server(id)] });
    let begun = lab.post(&format!("{path}/actions/apply_to_resources"), apply).await.ok();
    assert_eq!(lab.ended(&begun["actions"][0]).await["status"], "error");
    assert_eq!(lab.get(&path).await.ok()["firewall"]["applied_to"], json!([]));
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.filter(id), None);
    assert_eq!(lab.shown_firewalls(id).await, json!([]));
    // Removing fails: it stays, and the world has it.
    let apply = json!({ "apply_to": [server(id)] });
    let begun = lab.post(&format!("{path}/actions/apply_to_resources"), apply).await.ok();
    lab.all_succeed(&begun).await;
    lab.lab.world.fail("set_filter", 1);
    let remove = json!({ "remove_from": [server(id)] });
    let begun = lab.post(&format!("{path}/actions/remove_from_resources"), remove).await.ok();
    assert_eq!(lab.ended(&begun["actions"][0]).await["status"], "error");
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.shown_firewalls(id).await, json!([{ "id": firewall, "status": "applied" }]));
    assert!(lab.filter(id).is_some());
}
