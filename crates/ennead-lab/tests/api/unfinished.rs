//! What is refused and what is shown while an action runs: on the bare state, where nothing ends
//! before it is told to.

use std::collections::BTreeSet;

use ennead_lab::api::{Method, Request, answer};
use ennead_lab::state::{Ending, Moment, Rules, State};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::server_body;
use crate::firewalls::{selector, server, ssh_rule};

struct Bare {
    state: State,
    rules: Rules,
}

impl Bare {
    fn new() -> Self {
        Self { state: State::default(), rules: Rules::default() }
    }

    fn send(&mut self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let (query, root, path) = (Vec::new(), String::new(), path.to_owned());
        let request = Request { method, path, query, body: body.to_string().into_bytes(), root };
        let moment = Moment { now: Timestamp::UNIX_EPOCH, salt: 0, rules: &self.rules };
        let reply = answer(&mut self.state, &request, &moment);
        (reply.status, reply.body.unwrap_or_default())
    }

    #[track_caller]
    fn post(&mut self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(Method::Post, path, body);
        assert_eq!(status, 201, "{answer}");
        answer
    }

    #[track_caller]
    fn refused(&mut self, method: Method, path: &str, body: Value, status: u16, code: &str) {
        let (seen, answer) = self.send(method, path, body);
        assert_eq!((seen, answer["error"]["code"].as_str()), (status, Some(code)), "{answer}");
    }

    /// Ends all jobs well.
    fn settle(&mut self) {
        let moment = Moment { now: Timestamp::UNIX_EPOCH, salt: 0, rules: &self.rules };
        while let Some(job) = self.state.ready_jobs(&BTreeSet::new()).first() {
            self.state.finish(job.id, &Ending::Done, &moment);
        }
    }

    fn server(&mut self, name: &str, more: Value) -> u64 {
        let made = self.post("/servers", server_body(name, more));
        self.settle();
        made["server"]["id"].as_u64().unwrap()
    }

    fn shown_firewalls(&mut self, id: u64) -> Value {
        let (_, answer) = self.send(Method::Get, &format!("/servers/{id}"), json!({}));
        answer["server"]["public_net"]["firewalls"].clone()
    }
}

#[test]
fn a_firewall_is_pending_until_its_action_has_ended() {
    let mut bare = Bare::new();
    let id = bare.server("s", json!({}));
    let body = json!({ "name": "f", "rules": [ssh_rule()], "apply_to": [server(id)] });
    let firewall = bare.post("/firewalls", body)["firewall"]["id"].clone();
    let path = format!("/firewalls/{firewall}");
    let pending = json!([{ "id": firewall, "status": "pending" }]);
    assert_eq!(bare.shown_firewalls(id), pending);
    let actions = [
        ("set_rules", json!({ "rules": [] })),
        ("apply_to_resources", json!({ "apply_to": [selector("a")] })),
        ("remove_from_resources", json!({ "remove_from": [server(id)] })),
    ];
    for (action, body) in actions {
        bare.refused(Method::Post, &format!("{path}/actions/{action}"), body, 423, "locked");
    }
    bare.refused(Method::Put, &path, json!({ "name": "g" }), 409, "conflict");
    bare.settle();
    assert_eq!(bare.shown_firewalls(id), json!([{ "id": firewall, "status": "applied" }]));
    // In use until it is removed, as the cloud's own programs expect.
    let remove = json!({ "remove_from": [server(id)] });
    bare.post(&format!("{path}/actions/remove_from_resources"), remove);
    assert_eq!(bare.shown_firewalls(id), pending);
    bare.refused(Method::Delete, &path, json!({}), 422, "resource_in_use");
    bare.settle();
    assert_eq!(bare.shown_firewalls(id), json!([]));
    assert_eq!(bare.send(Method::Delete, &path, json!({})).0, 204);
}

#[test]
fn a_firewall_without_an_end_cannot_be_deleted() {
    let mut bare = Bare::new();
    let body = json!({ "name": "f", "rules": [ssh_rule()] });
    let firewall = bare.post("/firewalls", body)["firewall"]["id"].clone();
    let path = format!("/firewalls/{firewall}");
    bare.refused(Method::Delete, &path, json!({}), 423, "locked");
}

#[test]
fn a_server_that_is_being_made_takes_no_firewall_and_no_floating_ip() {
    let mut bare = Bare::new();
    let made = bare.post("/servers", server_body("s", json!({})));
    let id = made["server"]["id"].as_u64().unwrap();
    let body = json!({ "name": "f", "apply_to": [server(id)] });
    bare.refused(Method::Post, "/firewalls", body, 423, "locked");
    let body = json!({ "type": "ipv4", "server": id });
    bare.refused(Method::Post, "/floating_ips", body, 423, "locked");
    assert!(bare.state.floating_ips.is_empty() && bare.state.firewalls.is_empty());
}

#[test]
fn a_floating_ip_is_locked_while_it_moves() {
    let mut bare = Bare::new();
    let id = bare.server("s", json!({}));
    let body = json!({ "type": "ipv4", "server": id });
    let made = bare.post("/floating_ips", body)["floating_ip"].clone();
    let path = format!("/floating_ips/{}", made["id"]);
    let name = json!({ "ip": made["ip"], "dns_ptr": "a.b" });
    let actions = [
        ("assign", json!({ "server": id })),
        ("unassign", json!({})),
        ("change_protection", json!({ "delete": true })),
        ("change_dns_ptr", name),
    ];
    for (action, body) in actions {
        bare.refused(Method::Post, &format!("{path}/actions/{action}"), body, 423, "locked");
    }
    bare.settle();
    bare.post(&format!("{path}/actions/unassign"), json!({}));
    // It is unassigned when the action has ended, not before.
    bare.refused(Method::Delete, &path, json!({}), 422, "must_be_unassigned");
    bare.settle();
    assert_eq!(bare.send(Method::Delete, &path, json!({})).0, 204);
}

#[test]
fn a_primary_ip_is_locked_while_it_moves() {
    let mut bare = Bare::new();
    let more = json!({ "start_after_create": false, "public_net": { "enable_ipv4": false } });
    let id = bare.server("s", more);
    let body = json!({ "name": "p", "type": "ipv4", "assignee_type": "server", "assignee_id": id });
    let made = bare.post("/primary_ips", body)["primary_ip"].clone();
    let path = format!("/primary_ips/{}", made["id"]);
    bare.refused(Method::Post, &format!("{path}/actions/unassign"), json!({}), 423, "locked");
    bare.refused(Method::Put, &path, json!({ "name": "q" }), 409, "conflict");
    bare.settle();
    bare.post(&format!("{path}/actions/unassign"), json!({}));
    bare.refused(Method::Delete, &path, json!({}), 422, "must_be_unassigned");
    bare.settle();
    assert_eq!(bare.send(Method::Delete, &path, json!({})).0, 204);
}

#[test]
fn floating_ips_cross_zones_where_the_rules_say_so() {
    let mut bare = Bare::new();
    let id = bare.server("east", json!({ "location": "ash" }));
    let body = json!({ "type": "ipv4", "home_location": "hil" });
    let made = bare.post("/floating_ips", body)["floating_ip"]["id"].clone();
    let path = format!("/floating_ips/{made}/actions/assign");
    bare.refused(Method::Post, &path, json!({ "server": id }), 422, "invalid_input");
    bare.rules.floating_ips_cross_zones = true;
    bare.post(&path, json!({ "server": id }));
}

#[test]
fn a_network_is_changed_by_one_request_at_a_time() {
    let mut bare = Bare::new();
    let body = json!({ "name": "n", "ip_range": "10.0.0.0/16" });
    let id = bare.post("/networks", body)["network"]["id"].clone();
    let path = format!("/networks/{id}/actions");
    let route = json!({ "destination": "10.3.0.0/16", "gateway": "10.0.0.2" });
    bare.post(&format!("{path}/add_route"), route.clone());
    let actions = [
        ("add_route", json!({ "destination": "10.4.0.0/16", "gateway": "10.0.0.2" })),
        ("delete_route", route),
        ("change_ip_range", json!({ "ip_range": "10.0.0.0/8" })),
    ];
    for (action, body) in actions {
        bare.refused(Method::Post, &format!("{path}/{action}"), body, 409, "conflict");
    }
}
