//! Requests of any kind: half sensible ones, changed ones and nonsense.

use ennead_lab::api::routes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Fields of bodies and query parameters: what the API knows.
const FIELDS: &[&str] = &[
    "name",
    "labels",
    "type",
    "mode",
    "ttl",
    "rrsets",
    "records",
    "value",
    "comment",
    "zonefile",
    "primary_nameservers",
    "address",
    "port",
    "tsig_key",
    "tsig_algorithm",
    "change",
    "delete",
    "rebuild",
    "public_key",
    "ip_range",
    "subnets",
    "routes",
    "network_zone",
    "destination",
    "gateway",
    "vswitch_id",
    "expose_routes_to_vswitch",
    "server_type",
    "image",
    "location",
    "networks",
    "network",
    "ip",
    "alias_ips",
    "placement_group",
    "ssh_keys",
    "user_data",
    "start_after_create",
    "automount",
    "volumes",
    "volume",
    "firewalls",
    "firewall",
    "public_net",
    "enable_ipv4",
    "enable_ipv6",
    "ipv4",
    "ipv6",
    "server",
    "upgrade_disk",
    "description",
    "rules",
    "direction",
    "protocol",
    "source_ips",
    "destination_ips",
    "apply_to",
    "remove_from",
    "label_selector",
    "selector",
    "assignee_id",
    "assignee_type",
    "auto_delete",
    "dns_ptr",
    "home_location",
    "size",
    "format",
    "iso",
    "id",
    "status",
    "sort",
    "page",
    "per_page",
];

/// Texts that mean something somewhere.
const WORDS: &[&str] = &[
    "",
    "a",
    "web",
    "one",
    "example.com",
    "other.de",
    "www",
    "@",
    "*",
    "www.example.com",
    "A",
    "NS",
    "CNAME",
    "TXT",
    "SOA",
    "RP",
    "primary",
    "secondary",
    "203.0.113.1",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "10.0.0.1",
    "10.0.0.7",
    "::1",
    "2001:db8::1",
    "\"quoted\"",
    "10 mail",
    "cloud",
    "server",
    "vswitch",
    "us-west",
    "eu-central",
    "hil",
    "ash",
    "fsn1",
    "ccx13",
    "cpx21",
    "debian-13",
    "spread",
    "name:asc",
    "name:desc",
    "id",
    "k=v",
    "k in (a,b)",
    "!k",
    "tcp",
    "udp",
    "in",
    "out",
    "80",
    "80-90",
    "0.0.0.0/0",
    "unassigned",
    "ipv4",
    "ipv6",
    "floating_ip",
    "snapshot",
    "ext4",
    "running",
    "$ORIGIN example.com.\n",
    "www IN A 203.0.113.1\n",
    "\u{0}",
    "ü",
    "null",
    "true",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(WORDS).prop_map(str::to_owned),
        2 => "\\PC{0,12}",
        1 => any::<String>(),
        1 => (0..300_usize).prop_map(|length| "x".repeat(length)),
    ]
}

/// Values of any form, up to two levels deep.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..40_u64).prop_map(Value::from),
        prop::sample::select(&[60, 59, 3600, 2_147_483_647, 65_535, u64::MAX][..])
            .prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        word().prop_map(Value::from),
        word().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            fields(inner).prop_map(Value::Object),
        ]
    })
}

fn fields(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![9 => prop::sample::select(FIELDS).prop_map(str::to_owned), 1 => word()];
    prop::collection::vec((name, value), 0..6).prop_map(|fields| fields.into_iter().collect())
}

/// A body: what some route takes, with fields changed, or anything.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(templates());
    let changed = (known, fields(value())).prop_map(|(mut body, more)| {
        body.as_object_mut().unwrap().extend(more.into_iter().take(2));
        body.to_string().into_bytes()
    });
    prop_oneof![
        6 => changed,
        3 => fields(value()).prop_map(|body| Value::Object(body).to_string().into_bytes()),
        1 => value().prop_map(|body| body.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

fn templates() -> Vec<Value> {
    let set = json!({ "name": "n", "type": "A", "records": [{ "value": "203.0.113.1" }] });
    let server = json!({ "name": "s", "server_type": "ccx13", "image": "debian-13",
                         "location": "hil" });
    vec![
        json!({}),
        set.clone(),
        json!({ "records": [{ "value": "203.0.113.1", "comment": "c" }] }),
        json!({ "name": "new.com", "mode": "primary", "rrsets": [set] }),
        json!({ "name": "new.com", "mode": "secondary",
                "primary_nameservers": [{ "address": "9.9.9.9" }] }),
        json!({ "ttl": 600 }),
        server,
        json!({ "name": "n", "ip_range": "10.1.0.0/16", "subnets": [
            { "type": "cloud", "ip_range": "10.1.0.0/24", "network_zone": "us-west" }] }),
        json!({ "type": "cloud", "ip_range": "10.0.5.0/24", "network_zone": "us-west" }),
        json!({ "network": 1, "ip": "10.0.0.9" }),
        json!({ "name": "p", "type": "spread" }),
        json!({ "name": "v", "size": 10, "location": "hil", "format": "ext4" }),
        json!({ "type": "ipv4", "home_location": "hil", "name": "f" }),
        json!({ "name": "f", "rules": [{ "direction": "in", "protocol": "tcp", "port": "80",
                                        "source_ips": ["0.0.0.0/0"] }] }),
        json!({ "delete": true, "rebuild": true, "change": true }),
        json!({ "server": 2 }),
    ]
}

/// One request: a route, what stands in its path, its query and its body.
pub(crate) type Sent = (usize, Vec<String>, Vec<(String, String)>, Vec<u8>, u8);

pub(crate) fn sent() -> impl Strategy<Value = Sent> {
    let part = prop_oneof![
        5 => (0..40_u64).prop_map(|id| id.to_string()),
        4 => prop::sample::select(&["example.com", "www", "%40", "A", "NS", "@", "SOA"][..])
            .prop_map(str::to_owned),
        1 => "[^/?#]{1,12}",
    ];
    let name = prop_oneof![9 => prop::sample::select(FIELDS).prop_map(str::to_owned), 1 => word()];
    (
        0..routes().count(),
        prop::collection::vec(part, 3),
        prop::collection::vec((name, word()), 0..3),
        body(),
        any::<u8>(),
    )
}
