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

/// A body before its route is known.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// What the route takes, with fields changed.
    Fitting(Map<String, Value>),
    /// These bytes.
    Raw(Vec<u8>),
}

impl Body {
    /// Returns the bytes for a route.
    pub(crate) fn bytes(&self, pattern: &str) -> Vec<u8> {
        let changes = match self {
            Self::Raw(bytes) => return bytes.clone(),
            Self::Fitting(changes) => changes.clone(),
        };
        let mut body = fitting(pattern).as_object().cloned().unwrap_or_default();
        body.extend(changes);
        Value::Object(body).to_string().into_bytes()
    }
}

fn body() -> impl Strategy<Value = Body> {
    let few = |fields: Map<String, Value>| fields.into_iter().take(2).collect();
    prop_oneof![
        4 => Just(Body::Fitting(Map::new())),
        6 => fields(value()).prop_map(move |fields| Body::Fitting(few(fields))),
        2 => fields(value()).prop_map(|body| Body::Raw(Value::Object(body).to_string().into_bytes())),
        1 => value().prop_map(|body| Body::Raw(body.to_string().into_bytes())),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Body::Raw),
    ]
}

/// Returns a body that a route takes; an empty one when nothing is known of it.
fn fitting(pattern: &str) -> Value {
    let records = json!([{ "value": "203.0.113.9", "comment": "c" }]);
    let subnet = json!({ "type": "cloud", "ip_range": "10.0.5.0/24", "network_zone": "us-west" });
    match pattern {
        "/servers" => json!({ "name": "s", "server_type": "ccx13", "image": "debian-13",
                              "location": "hil", "start_after_create": false }),
        "/networks" => json!({ "name": "m", "ip_range": "10.1.0.0/16" }),
        "/placement_groups" => json!({ "name": "p", "type": "spread" }),
        "/zones" => json!({ "name": "new.com", "mode": "primary" }),
        "/volumes" => json!({ "name": "v", "size": 10, "location": "hil" }),
        "/floating_ips" => json!({ "type": "ipv4", "home_location": "hil", "name": "f" }),
        "/primary_ips" => json!({ "type": "ipv4", "location": "hil", "name": "q",
                                  "assignee_type": "server" }),
        "/firewalls" => json!({ "name": "f" }),
        _ if pattern.ends_with("/rrsets") => {
            json!({ "name": "n", "type": "A", "records": records })
        }
        _ if pattern.ends_with("_records") => json!({ "records": records }),
        _ if pattern.ends_with("_subnet") => subnet,
        _ if pattern.ends_with("_network") => json!({ "network": 1 }),
        _ if pattern.ends_with("_group") => json!({ "placement_group": 6 }),
        _ if pattern.ends_with("/change_ttl") => json!({ "ttl": 600 }),
        _ if pattern.ends_with("/change_protection") => json!({ "change": true, "delete": false }),
        _ => json!({ "labels": { "a": "b" } }),
    }
}

/// One request: a route, what stands in its path, its query, its body, and how its jobs end.
pub(crate) type Sent = (usize, (String, String, String), Vec<(String, String)>, Body, u8);

pub(crate) fn sent() -> impl Strategy<Value = Sent> {
    let odd = || prop_oneof![(0..40_u64).prop_map(|id| id.to_string()), "[^/?#]{1,12}"];
    let known =
        |words: &'static [&'static str]| prop::sample::select(words).prop_map(str::to_owned);
    let first = prop_oneof![
        6 => (0..20_u64).prop_map(|id| id.to_string()),
        4 => known(&["example.com", "other.de"]),
        1 => odd(),
    ];
    let second = prop_oneof![6 => known(&["www", "@", "%40", "n"]), 1 => odd()];
    let third = prop_oneof![6 => known(&["A", "NS", "SOA"]), 1 => odd()];
    let name = prop_oneof![9 => prop::sample::select(FIELDS).prop_map(str::to_owned), 1 => word()];
    (
        0..routes().count(),
        (first, second, third),
        prop::collection::vec((name, word()), 0..3),
        body(),
        any::<u8>(),
    )
}
