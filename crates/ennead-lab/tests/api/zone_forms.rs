//! Answers about zones have the form that the official description promises.

use serde_json::{Value, json};

use crate::client::lab;
use crate::documented::Record;
use crate::zones::make_zone;

/// Walks through what concerns zones and their record sets.
pub(crate) async fn walk() -> Record {
    let lab = lab().await;
    let zone = make_zone(&lab, "example.com", json!({ "labels": { "a": "b" } })).await;
    let id = zone["id"].to_string();
    let soa = lab.get("/zones/example.com/zonefile").await.ok()["zonefile"].clone();
    let record = json!({ "records": [{ "value": "203.0.113.2", "comment": "c" }] });
    let set = json!({ "name": "www", "type": "A", "records": [{ "value": "203.0.113.1" }] });
    let (zones, sets) = ("/zones/{id_or_name}", "/zones/{id_or_name}/rrsets/{rr_name}/{rr_type}");
    let far = json!({ "name": "far.de", "mode": "secondary" });
    for (method, pattern, body) in [
        ("POST", "/zones".to_owned(), far),
        ("GET", "/zones".to_owned(), Value::Null),
        ("GET", zones.to_owned(), Value::Null),
        ("PUT", zones.to_owned(), json!({ "labels": {} })),
        ("GET", format!("{zones}/zonefile"), Value::Null),
        ("GET", "/zones/actions".to_owned(), Value::Null),
        ("GET", "/zones/actions/{id}".to_owned(), Value::Null),
        ("GET", format!("{zones}/actions"), Value::Null),
        ("GET", format!("{zones}/actions/{{action_id}}"), Value::Null),
        ("POST", format!("{zones}/actions/change_ttl"), json!({ "ttl": 60 })),
        ("POST", format!("{zones}/actions/change_protection"), json!({ "delete": false })),
        ("POST", format!("{zones}/actions/import_zonefile"), json!({ "zonefile": soa })),
        ("POST", format!("{zones}/rrsets"), set),
        ("GET", format!("{zones}/rrsets"), Value::Null),
        ("GET", sets.to_owned(), Value::Null),
        ("PUT", sets.to_owned(), json!({ "labels": { "a": "b" } })),
        ("POST", format!("{sets}/actions/change_protection"), json!({ "change": false })),
        ("POST", format!("{sets}/actions/change_ttl"), json!({ "ttl": 60 })),
        ("POST", format!("{sets}/actions/add_records"), record.clone()),
        ("POST", format!("{sets}/actions/update_records"), record.clone()),
        ("POST", format!("{sets}/actions/remove_records"), record.clone()),
        ("POST", format!("{sets}/actions/set_records"), record),
        ("DELETE", sets.to_owned(), Value::Null),
        (
            "POST",
            format!("{zones}/actions/change_primary_nameservers"),
            json!({
            "primary_nameservers": [{ "address": "9.9.9.9" }] }),
        ),
        ("DELETE", zones.to_owned(), Value::Null),
    ] {
        let is_far = pattern.ends_with("change_primary_nameservers");
        let action = lab.get("/zones/example.com/actions").await.json()["actions"][0]["id"].clone();
        let path = pattern
            .replace("{id_or_name}", if is_far { "far.de" } else { &id })
            .replace("{rr_name}/{rr_type}", "www/A")
            .replace("{id}", &action.to_string())
            .replace("{action_id}", &action.to_string());
        lab.send(method, &path, (!body.is_null()).then_some(body)).await.ok();
        lab.lab.quiet().await.unwrap();
    }
    lab.record()
}
