//! Firewalls: applying, removing, what servers' filters become.

use ennead_lab::world::{Direction, PacketFilter, Protocol};
use serde_json::{Value, json};

use crate::client::{Lab, lab, server_body};

pub(crate) fn ssh_rule() -> Value {
    json!({ "direction": "in", "protocol": "tcp", "port": "22",
            "source_ips": ["0.0.0.0/0", "::/0"] })
}

pub(crate) fn server(id: u64) -> Value {
    json!({ "type": "server", "server": { "id": id } })
}

pub(crate) fn selector(text: &str) -> Value {
    json!({ "type": "label_selector", "label_selector": { "selector": text } })
}

impl Lab {
    /// Makes a firewall with a rule for SSH, waits for its actions and returns its id.
    pub(crate) async fn firewall(&self, name: &str, apply_to: Value) -> u64 {
        let body = json!({ "name": name, "rules": [ssh_rule()], "apply_to": apply_to });
        let made = self.post("/firewalls", body).await.ok();
        self.all_succeed(&made).await;
        made["firewall"]["id"].as_u64().unwrap()
    }

    pub(crate) async fn all_succeed(&self, answer: &Value) {
        for action in answer["actions"].as_array().unwrap() {
            assert_eq!(self.ended(action).await["status"], "success");
        }
    }

    pub(crate) fn filter(&self, server: u64) -> Option<PacketFilter> {
        self.lab.world.server(server).unwrap().filter
    }

    pub(crate) async fn shown_firewalls(&self, id: u64) -> Value {
        self.server(id).await["public_net"]["firewalls"].clone()
    }
}

fn commands(answer: &Value) -> Vec<&str> {
    let actions = answer["actions"].as_array().unwrap().iter();
    actions.map(|action| action["command"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_firewall_is_made_with_rules_and_applied() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let body = json!({ "name": "f", "labels": { "a": "b" }, "rules": [ssh_rule()],
                       "apply_to": [server(id)] });
    let answer = lab.post("/firewalls", body.clone()).await;
    assert_eq!(answer.status, 201);
    let made = answer.ok();
    assert_eq!(commands(&made), ["set_firewall_rules", "apply_firewall"]);
    let firewall = &made["firewall"];
    assert_eq!(firewall["applied_to"], json!([server(id)]));
    assert_eq!(firewall["rules"][0]["destination_ips"], json!([]));
    assert_eq!(firewall["rules"][0]["description"], Value::Null);
    let resources = &made["actions"][1]["resources"];
    let expected = json!([{ "id": firewall["id"], "type": "firewall" },
                          { "id": id, "type": "server" }]);
    assert_eq!(*resources, expected);
    lab.all_succeed(&made).await;
    assert_eq!(
        lab.shown_firewalls(id).await,
        json!([{ "id": firewall["id"], "status": "applied" }])
    );
    let filter = lab.filter(id).unwrap();
    assert_eq!(filter.rules.len(), 1);
    assert_eq!(
        (filter.rules[0].direction, filter.rules[0].protocol),
        (Direction::In, Protocol::Tcp(22, 22))
    );
    // The lab carries no IPv6.
    assert_eq!(filter.rules[0].peers.len(), 1);
    let twice = lab.post("/firewalls", body).await;
    twice.refused(409, "uniqueness_error");
}

#[tokio::test]
async fn new_rules_reach_each_server() {
    let lab = lab().await;
    let (one, two) = (lab.make("s1", json!({})).await, lab.make("s2", json!({})).await);
    let firewall = lab.firewall("f", json!([server(one), server(two)])).await;
    let path = format!("/firewalls/{firewall}/actions/set_rules");
    let rule = json!({ "direction": "out", "protocol": "udp", "port": "80-85",
                       "destination_ips": ["10.0.0.0/8"], "description": "d" });
    let answer = lab.post(&path, json!({ "rules": [rule] })).await;
    assert_eq!(answer.status, 201);
    let set = answer.ok();
    assert_eq!(commands(&set), ["set_firewall_rules", "apply_firewall", "apply_firewall"]);
    lab.all_succeed(&set).await;
    for id in [one, two] {
        let rules = lab.filter(id).unwrap().rules;
        assert_eq!((rules.len(), rules[0].protocol), (1, Protocol::Udp(80, 85)));
    }
    lab.all_succeed(&lab.post(&path, json!({ "rules": [] })).await.ok()).await;
    assert_eq!(lab.filter(one), Some(PacketFilter::default()), "everything inbound is dropped");
    lab.post(&path, json!({})).await.refused(422, "invalid_input");
    let wrong = json!({ "rules": [{ "direction": "in", "protocol": "tcp", "port": "22",
                                    "source_ips": ["10.0.0.1/8"] }] });
    let refused = lab.post(&path, wrong).await;
    refused.refused(422, "invalid_input");
    assert_eq!(
        refused.message(),
        "invalid input in field 'rules.0.source_ips': '10.0.0.1/8' has host bits"
    );
}

#[tokio::test]
async fn a_selector_follows_labels() {
    let lab = lab().await;
    let web = lab.make("web", json!({ "labels": { "role": "web" } })).await;
    let other = lab.make("other", json!({})).await;
    let firewall = lab.firewall("f", json!([selector("role=web")])).await;
    let applied = |servers: Vec<u64>| {
        let servers: Vec<_> = servers.into_iter().map(server).collect();
        let mut applied = selector("role=web");
        applied["applied_to_resources"] = json!(servers);
        json!([applied])
    };
    let path = format!("/firewalls/{firewall}");
    assert_eq!(lab.get(&path).await.ok()["firewall"]["applied_to"], applied(vec![web]));
    assert!(lab.filter(web).is_some() && lab.filter(other).is_none());

    let labels = json!({ "labels": { "role": "web" } });
    lab.put(&format!("/servers/{other}"), labels).await.ok();
    lab.put(&format!("/servers/{web}"), json!({ "labels": {} })).await.ok();
    lab.lab.quiet().await.unwrap();
    assert!(lab.filter(web).is_none() && lab.filter(other).is_some());
    assert_eq!(lab.get(&path).await.ok()["firewall"]["applied_to"], applied(vec![other]));

    // A new server has its filter before it starts.
    let fresh = lab.make("fresh", json!({ "labels": { "role": "web" } })).await;
    let calls = lab.lab.world.calls();
    let place = |verb: &str| calls.iter().position(|call| *call == format!("{verb} {fresh}"));
    assert!(place("set_filter").unwrap() < place("start").unwrap());
    assert!(lab.filter(fresh).is_some());
}

#[tokio::test]
async fn filters_of_several_firewalls_add_up() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let one = lab.firewall("one", json!([server(id)])).await;
    lab.firewall("two", json!([selector("!none")])).await;
    assert_eq!(lab.filter(id).unwrap().rules.len(), 2);
    let path = format!("/firewalls/{one}/actions/remove_from_resources");
    let removed = lab.post(&path, json!({ "remove_from": [server(id)] })).await;
    assert_eq!(removed.status, 201);
    let removed = removed.ok();
    assert_eq!(commands(&removed), ["remove_firewall"]);
    lab.all_succeed(&removed).await;
    assert_eq!(lab.filter(id).unwrap().rules.len(), 1);
    assert_eq!(lab.delete(&format!("/firewalls/{one}")).await.status, 204);
    lab.get(&format!("/firewalls/{one}")).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_server_is_made_with_firewalls() {
    let lab = lab().await;
    let firewall = lab.firewall("f", json!([])).await;
    let with = |id: u64| json!([{ "firewall": id }]);
    let id = lab.make("s", json!({ "firewalls": with(firewall) })).await;
    assert_eq!(lab.shown_firewalls(id).await, json!([{ "id": firewall, "status": "applied" }]));
    assert!(lab.filter(id).is_some());
    let network = lab.network("n", "10.0.0.0/16").await;
    let private = json!({ "enable_ipv4": false, "enable_ipv6": false });
    let cases = [
        (json!({ "firewalls": with(999) }), 404, "not_found"),
        (
            json!({ "firewalls": [{ "firewall": firewall }, { "firewall": firewall }] }),
            422,
            "server_already_added",
        ),
        (
            json!({ "firewalls": with(firewall), "public_net": private, "networks": [network] }),
            422,
            "private_net_only_server",
        ),
    ];
    for (more, status, code) in cases {
        lab.post("/servers", server_body("t", more)).await.refused(status, code);
    }
    let applied = lab.get(&format!("/firewalls/{firewall}")).await.ok();
    assert_eq!(applied["firewall"]["applied_to"], json!([server(id)]));
    lab.lab.world.fail("create_server", 1);
    let body = server_body("t", json!({ "firewalls": with(firewall) }));
    let failed = lab.post("/servers", body).await.ok();
    assert_eq!(lab.ended(&failed["action"]).await["status"], "error");
    let applied = lab.get(&format!("/firewalls/{firewall}")).await.ok();
    assert_eq!(applied["firewall"]["applied_to"], json!([server(id)]));
}

#[tokio::test]
async fn firewalls_are_listed_changed_and_their_actions_shown() {
    let lab = lab().await;
    let id = lab.firewall("f", json!([])).await;
    let other = lab.firewall("g", json!([])).await;
    let path = format!("/firewalls/{id}");
    let renamed = lab.put(&path, json!({ "name": "h", "labels": { "a": "b" } })).await.ok();
    assert_eq!(renamed["firewall"]["name"], "h");
    lab.put(&path, json!({ "name": "g" })).await.refused(409, "uniqueness_error");
    for query in ["name=h", "label_selector=a", "sort=name:desc"] {
        let found = lab.get(&format!("/firewalls?{query}")).await.ok();
        assert_eq!(found["firewalls"][0]["id"], id, "{query}");
    }
    let actions = lab.get(&format!("{path}/actions")).await.ok();
    assert_eq!(commands(&actions), ["set_firewall_rules"]);
    let action = actions["actions"][0]["id"].clone();
    lab.get(&format!("{path}/actions/{action}")).await.ok();
    lab.get(&format!("/firewalls/actions/{action}")).await.ok();
    lab.get(&format!("/firewalls/{other}/actions/{action}")).await.refused(404, "not_found");
    assert_eq!(lab.get("/firewalls/actions").await.ok()["actions"].as_array().unwrap().len(), 2);
    lab.get("/firewalls/x").await.refused(404, "not_found");
    lab.get("/firewalls/999/actions").await.refused(404, "not_found");
}
