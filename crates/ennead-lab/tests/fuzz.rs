//! Whatever a client sends: every answer is one of the API's, and a refused request changes nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ennead_lab::api::{Method, Reply, Request, answer, routes};
use ennead_lab::state::selector::Selector;
use ennead_lab::state::{Code, Ending, Moment, Rules, State};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

/// Requests that follow each other on one state.
const REQUESTS: usize = 10;

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
type Sent = (usize, Vec<String>, Vec<(String, String)>, Vec<u8>, u8);

fn sent() -> impl Strategy<Value = Sent> {
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

/// A project with one of everything, at rest.
fn project() -> State {
    let rules = Rules::default();
    let mut state = State::default();
    for (path, body) in [
        (
            "/networks",
            json!({ "name": "n", "ip_range": "10.0.0.0/16", "subnets": [
            { "type": "cloud", "ip_range": "10.0.0.0/24", "network_zone": "us-west" }] }),
        ),
        ("/placement_groups", json!({ "name": "g", "type": "spread" })),
        (
            "/zones",
            json!({ "name": "example.com", "mode": "primary", "rrsets": [
            { "name": "www", "type": "A", "records": [{ "value": "203.0.113.1" }] }] }),
        ),
        ("/zones", json!({ "name": "other.de", "mode": "secondary" })),
        (
            "/servers",
            json!({ "name": "web", "server_type": "ccx13", "image": "debian-13",
            "location": "hil", "networks": [1] }),
        ),
    ] {
        let reply = send(&mut state, &rules, Method::Post, path, &[], body.to_string().as_bytes());
        assert_eq!(reply.status, 201, "{path}: {:?}", reply.body);
        end_jobs(&mut state, &rules, 0);
    }
    state
}

fn moment(rules: &Rules) -> Moment<'_> {
    Moment { now: Timestamp::UNIX_EPOCH, salt: 7, rules }
}

fn send(
    state: &mut State,
    rules: &Rules,
    method: Method,
    path: &str,
    query: &[(String, String)],
    body: &[u8],
) -> Reply {
    let (path, root) = (path.to_owned(), "http://127.0.0.1/v1".to_owned());
    let request = Request { method, path, query: query.to_vec(), body: body.to_vec(), root };
    answer(state, &request, &moment(rules))
}

/// Ends all jobs; every fifth way of ending is a failure.
fn end_jobs(state: &mut State, rules: &Rules, ending: u8) {
    // Some jobs bring others.
    for _ in 0..20 {
        let Some(job) = state.jobs.first().map(|job| job.id) else { return };
        let failed = Ending::Failed { code: "action_failed".into(), message: "as told".into() };
        let ending = if ending % 5 == 4 { failed } else { Ending::Done };
        state.finish(job, &ending, &moment(rules));
    }
}

/// Sends requests one after another and checks each answer; returns how many changed something.
fn play(mut state: State, requests: &[Sent]) -> usize {
    let (rules, all): (_, Vec<_>) = (Rules::default(), routes().collect());
    let mut changes = 0;
    for (route, parts, query, body, ending) in requests {
        let route = all[route % all.len()];
        let mut path = String::new();
        let mut parts = parts.iter();
        for segment in route.pattern.split('/').skip(1) {
            path.push('/');
            let is_open = segment.starts_with('{');
            path.push_str(if is_open { parts.next().unwrap() } else { segment });
        }
        let before = state.clone();
        let reply = send(&mut state, &rules, route.method, &path, query, body);
        let what =
            || format!("{:?} {path} {query:?} {}", route.method, String::from_utf8_lossy(body));
        check(&reply, &what);
        let is_read = route.method == Method::Get || reply.status >= 300;
        assert!(!is_read || before == state, "something changed: {}", what());
        changes += usize::from(before != state);
        if ending % 2 == 0 {
            end_jobs(&mut state, &rules, ending / 2);
        }
    }
    changes
}

fn check(reply: &Reply, what: &dyn Fn() -> String) {
    if reply.status < 300 {
        let is_known = matches!((reply.status, &reply.body), (200 | 201, Some(_)) | (204, None));
        assert!(is_known, "{} {:?}: {}", reply.status, reply.body, what());
        return;
    }
    let error = reply.body.as_ref().map(|body| &body["error"]).unwrap();
    let code: Result<Code, _> = serde_json::from_value(error["code"].clone());
    assert!(code.is_ok(), "{error}: {}", what());
    assert_eq!(code.unwrap().status(), reply.status, "{error}: {}", what());
    assert!(reply.status < 500, "{error}: {}", what());
    assert!(!error["message"].as_str().unwrap().is_empty(), "{}", what());
}

proptest! {
    #![proptest_config(Config { cases: 200, ..Config::default() })]

    #[test]
    fn every_answer_is_one_of_the_apis(requests in prop::collection::vec(sent(), REQUESTS)) {
        play(project(), &requests);
    }

    #[test]
    fn any_text_is_a_selector_or_is_refused(
        text in prop_oneof![any::<String>(), "[a-z!=(), /.0-9]{0,30}", "(!?[ab]|[ab](=|==|!=)[xy]|[ab] (not)?in \\([xy](,[xy])?\\))(,[ab])?"],
        labels in prop::collection::btree_map("[ab]", "[xy]", 0..3),
    ) {
        if let Ok(selector) = Selector::parse(&text) {
            selector.matches(&labels);
        }
    }
}

/// A long run, for whoever has changed how bodies are read:
/// `cargo test --test fuzz -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
fn a_million_requests_are_answered() {
    let cases = 1_000_000 / u32::try_from(REQUESTS).unwrap();
    let (project, changes) = (project(), std::cell::Cell::new(0));
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let requests = prop::collection::vec(sent(), REQUESTS);
    let played = runner.run(&requests, |requests| {
        changes.set(changes.get() + play(project.clone(), &requests));
        Ok(())
    });
    assert!(played.is_ok(), "{played:?}");
    let sent = u64::from(cases) * REQUESTS as u64;
    eprintln!(
        "{sent} requests to {} routes, {} of them changed something",
        routes().count(),
        changes.get()
    );
}
