//! Operations that a zone's mode does not allow: records of a secondary zone, name servers of a
//! primary one.

use serde_json::{Value, json};

use crate::client::lab;
use crate::described;
use crate::documented::{Record, may_refuse};
use crate::zones::make_zone;

/// Returns a body that the operation would take for a zone of the other mode.
fn body(operation: &str) -> Value {
    let record = json!({ "records": [{ "value": "203.0.113.1", "comment": "c" }] });
    match operation.rsplit('/').next().unwrap() {
        "change_primary_nameservers" => {
            json!({ "primary_nameservers": [{ "address": "9.9.9.9" }] })
        }
        "change_ttl" => json!({ "ttl": 60 }),
        "change_protection" => json!({ "change": true }),
        "import_zonefile" => json!({ "zonefile": "@ 60 IN A 203.0.113.1" }),
        "rrsets" => json!({ "name": "a", "type": "A", "records": record["records"] }),
        "{rr_type}" => json!({ "labels": {} }),
        _ => record,
    }
}

/// Provokes it on each operation that documents it.
pub(super) async fn walk() -> Record {
    let lab = lab().await;
    make_zone(&lab, "near.com", json!({})).await;
    lab.post("/zones", json!({ "name": "far.de", "mode": "secondary" })).await.ok();
    for operation in described::operations() {
        if !may_refuse(&operation, 422, "incorrect_zone_mode") {
            continue;
        }
        let (method, pattern) = operation.split_once(' ').unwrap();
        let is_of_secondary = pattern.ends_with("change_primary_nameservers");
        let path = pattern
            .replace("{id_or_name}", if is_of_secondary { "near.com" } else { "far.de" })
            .replace("{rr_name}/{rr_type}", "a/A");
        let sends = matches!(method, "POST" | "PUT").then(|| body(&operation));
        lab.send(method, &path, sends).await.refused(422, "incorrect_zone_mode");
    }
    lab.record()
}
