//! Objects as the cloud shows them.

use serde_json::{Value, json};

use crate::client::Owner;
use crate::types::{CreatePlacementGroup, CreateServer};

pub(super) fn ours() -> Owner {
    Owner([("managed-by", "ennead"), ("platform", "one")].map(own).into())
}

fn own((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

pub(super) fn labels() -> Value {
    json!({"managed-by": "ennead", "platform": "one"})
}

pub(super) fn group(id: u64, name: &str, labels: &Value, servers: &[u64]) -> Value {
    json!({"id": id, "name": name, "type": "spread", "labels": labels, "servers": servers,
        "created": "2026-11-01T00:00:00Z"})
}

pub(super) fn group_body(name: &str) -> CreatePlacementGroup {
    CreatePlacementGroup { name: name.to_owned(), kind: "spread".to_owned(), labels: ours().0 }
}

pub(super) fn key(id: u64, name: &str, public_key: &str, labels: &Value) -> Value {
    json!({"id": id, "name": name, "fingerprint": "b7:2f", "public_key": public_key,
        "labels": labels, "created": "2026-11-01T00:00:00Z"})
}

pub(super) fn action(id: u64, command: &str, status: &str) -> Value {
    let error =
        (status == "error").then(|| json!({"code": "action_failed", "message": "no power"}));
    json!({"id": id, "command": command, "status": status, "progress": 5, "error": error,
        "started": "2026-11-01T00:00:00Z", "finished": null,
        "resources": [{"id": 7, "type": "server"}]})
}

pub(super) fn server(id: u64, name: &str, status: &str, labels: &Value) -> Value {
    json!({"id": id, "name": name, "status": status, "created": "2026-11-01T00:00:00Z",
        "public_net": {"ipv4": null, "ipv6": null, "floating_ips": [], "firewalls": []},
        "private_net": [], "image": null, "rescue_enabled": false, "locked": false,
        "backup_window": null, "outgoing_traffic": null, "ingoing_traffic": null,
        "included_traffic": null, "protection": {"delete": false, "rebuild": false},
        "labels": labels, "primary_disk_size": 160, "server_type": {"id": 1, "name": "ccx23",
        "description": "CCX23", "cores": 4, "memory": 16.0, "disk": 160, "prices": [],
        "storage_type": "local", "cpu_type": "dedicated", "architecture": "x86"},
        "location": {"id": 1, "name": "hil", "description": "Hillsboro, OR", "country": "US",
        "city": "Hillsboro, OR", "latitude": 45.5, "longitude": -122.9,
        "network_zone": "us-west"}})
}

pub(super) fn server_body(name: &str) -> CreateServer {
    let body = json!({"name": name, "server_type": "ccx23", "image": "debian-13",
        "location": "hil", "start_after_create": false, "labels": labels()});
    serde_json::from_value(body).unwrap()
}

pub(super) fn list(key: &str, entries: &[Value]) -> Value {
    page(key, entries, None)
}

pub(super) fn page(key: &str, entries: &[Value], next: Option<u64>) -> Value {
    json!({key: entries, "meta": {"pagination": {"page": 1, "per_page": 50,
        "previous_page": null, "next_page": next, "last_page": null, "total_entries": null}}})
}
