//! Primary IPs.

use serde_json::{Value, json};

use crate::client::{Lab, lab, server_body};

pub(crate) const OFF: &str = "start_after_create";

impl Lab {
    /// Makes a primary IP in Hillsboro and returns its id and its address.
    pub(crate) async fn primary(&self, name: &str, kind: &str) -> (u64, String) {
        let body = json!({ "type": kind, "location": "hil", "name": name });
        let made = self.post("/primary_ips", body).await.ok()["primary_ip"].clone();
        (made["id"].as_u64().unwrap(), made["ip"].as_str().unwrap().to_owned())
    }

    pub(crate) async fn act_primary(&self, id: u64, action: &str, body: Value) -> Value {
        let begun = self.post(&format!("/primary_ips/{id}/actions/{action}"), body).await;
        assert_eq!(begun.status, 201, "{}", begun.text);
        self.ended(&begun.ok()["action"]).await
    }

    pub(crate) async fn shown_primary(&self, id: u64) -> Value {
        self.get(&format!("/primary_ips/{id}")).await.ok()["primary_ip"].clone()
    }

    pub(crate) fn public_ip(&self, server: u64) -> Option<String> {
        self.lab.world.server(server).unwrap().seed.public_ip.map(|ip| ip.to_string())
    }
}

pub(crate) fn assignee(server: u64) -> Value {
    json!({ "assignee_type": "server", "assignee_id": server })
}

#[tokio::test]
async fn a_server_comes_with_its_own_and_takes_them_along() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let public = lab.server(server).await["public_net"].clone();
    let (id, six) =
        (public["ipv4"]["id"].as_u64().unwrap(), public["ipv6"]["id"].as_u64().unwrap());
    let shown = lab.shown_primary(id).await;
    assert_eq!(shown["name"], format!("primary_ip-{id}"));
    assert_eq!(shown["ip"], public["ipv4"]["ip"]);
    assert_eq!(
        (&shown["assignee_id"], &shown["assignee_type"]),
        (&json!(server), &json!("server"))
    );
    assert_eq!(shown["auto_delete"], true);
    assert_eq!(shown["location"]["name"], "hil");
    assert_eq!(lab.shown_primary(six).await["ip"], public["ipv6"]["ip"]);
    lab.delete(&format!("/primary_ips/{id}")).await.refused(422, "must_be_unassigned");

    // One of the two stays.
    lab.put(&format!("/primary_ips/{id}"), json!({ "auto_delete": false })).await.ok();
    let gone = lab.delete(&format!("/servers/{server}")).await.ok();
    lab.ended(&gone["action"]).await;
    lab.get(&format!("/primary_ips/{six}")).await.refused(404, "not_found");
    let left = lab.shown_primary(id).await;
    assert_eq!(
        (&left["assignee_id"], &left["assignee_type"]),
        (&Value::Null, &json!("unassigned"))
    );
    assert_eq!(lab.delete(&format!("/primary_ips/{id}")).await.status, 204);
}

#[tokio::test]
async fn a_server_is_made_with_chosen_ones() {
    let lab = lab().await;
    let (four, ip) = lab.primary("four", "ipv4").await;
    let (six, _) = lab.primary("six", "ipv6").await;
    let public = json!({ "ipv4": four, "ipv6": six });
    let server = lab.make("s", json!({ "public_net": public })).await;
    let shown = lab.server(server).await["public_net"].clone();
    assert_eq!((&shown["ipv4"]["id"], &shown["ipv6"]["id"]), (&json!(four), &json!(six)));
    assert_eq!(lab.public_ip(server), Some(ip.clone()));

    let (east, _) = {
        let body = json!({ "type": "ipv4", "location": "ash", "name": "east" });
        let made = lab.post("/primary_ips", body).await.ok()["primary_ip"].clone();
        (made["id"].as_u64().unwrap(), made["ip"].clone())
    };
    let (free, _) = lab.primary("free", "ipv6").await;
    let cases = [
        (json!({ "ipv4": four }), 422, "primary_ip_assigned"),
        (json!({ "ipv4": free }), 412, "primary_ip_version_mismatch"),
        (json!({ "ipv4": east }), 422, "primary_ip_datacenter_mismatch"),
        (json!({ "ipv4": 999 }), 404, "not_found"),
        (json!({ "ipv6": free, "enable_ipv6": false }), 422, "invalid_input"),
    ];
    for (public, status, code) in cases {
        let body = server_body("t", json!({ "public_net": public }));
        lab.post("/servers", body).await.refused(status, code);
    }
    let all = lab.get("/primary_ips").await.ok();
    assert_eq!(all["primary_ips"].as_array().unwrap().len(), 4, "nothing was made for nothing");
    let bare = lab.make("bare", json!({ "public_net": { "enable_ipv4": false } })).await;
    assert_eq!(lab.server(bare).await["public_net"]["ipv4"], Value::Null);
    assert_eq!(lab.public_ip(bare), None);
}

#[tokio::test]
async fn one_moves_between_servers_that_are_off() {
    let lab = lab().await;
    let bare = json!({ OFF: false, "public_net": { "enable_ipv4": false } });
    let (one, two) = (lab.make("s1", bare.clone()).await, lab.make("s2", bare).await);
    let (id, ip) = lab.primary("p", "ipv4").await;
    assert_eq!(lab.shown_primary(id).await["assignee_type"], "unassigned");
    let action = lab.act_primary(id, "assign", assignee(one)).await;
    assert_eq!(action["command"], "assign_primary_ip");
    let resources = json!([{ "id": one, "type": "server" }, { "id": id, "type": "primary_ip" }]);
    assert_eq!(action["resources"], resources);
    assert_eq!(lab.public_ip(one), Some(ip.clone()));
    assert_eq!(lab.server(one).await["public_net"]["ipv4"]["ip"], ip);
    let path = format!("/primary_ips/{id}/actions");
    lab.post(&format!("{path}/assign"), assignee(two))
        .await
        .refused(422, "primary_ip_already_assigned");

    lab.act(one, "poweron", json!({})).await;
    lab.post(&format!("{path}/unassign"), json!({})).await.refused(422, "server_not_stopped");
    lab.act(one, "poweroff", json!({})).await;
    let action = lab.act_primary(id, "unassign", json!({})).await;
    assert_eq!(
        (&action["command"], &action["status"]),
        (&json!("unassign_primary_ip"), &json!("success"))
    );
    assert_eq!(lab.public_ip(one), None);
    lab.act_primary(id, "assign", assignee(two)).await;
    assert_eq!(lab.public_ip(two), Some(ip));
    assert_eq!(lab.shown_primary(id).await["assignee_id"], two);
}

#[tokio::test]
async fn one_is_made_for_a_server_that_is_off() {
    let lab = lab().await;
    let more = json!({ OFF: false, "public_net": { "enable_ipv4": false } });
    let server = lab.make("s", more).await;
    let body = json!({ "name": "p", "type": "ipv4", "assignee_type": "server",
                       "assignee_id": server, "auto_delete": true, "labels": { "a": "b" } });
    let made = lab.post("/primary_ips", body).await.ok();
    assert_eq!(made["primary_ip"]["assignee_id"], server);
    assert_eq!(made["action"]["command"], "assign_primary_ip");
    assert_eq!(lab.ended(&made["action"]).await["status"], "success");
    assert_eq!(lab.public_ip(server), made["primary_ip"]["ip"].as_str().map(str::to_owned));
    let both = "invalid input in fields 'assignee_id', 'location'";
    let cases = [
        (json!({ "name": "q", "type": "ipv4" }), 422, "invalid_input", both),
        (
            json!({ "name": "q", "type": "ipv4", "location": "hil", "assignee_type": "server",
                    "assignee_id": server }),
            422,
            "invalid_input",
            both,
        ),
        (json!({ "name": "q", "type": "x", "location": "hil" }), 422, "invalid_input", "'type'"),
        (json!({ "type": "ipv4", "location": "hil" }), 422, "invalid_input", "'name'"),
        (
            json!({ "name": "q", "type": "ipv4", "location": "moon" }),
            422,
            "invalid_input",
            "location 'moon' not found",
        ),
        (json!({ "name": "p", "type": "ipv4", "location": "hil" }), 409, "uniqueness_error", ""),
        (
            json!({ "name": "q", "type": "ipv4", "datacenter": "hil-dc1" }),
            422,
            "invalid_input",
            "'datacenter'",
        ),
    ];
    for (body, status, code, message) in cases {
        let refused = lab.post("/primary_ips", body).await;
        refused.refused(status, code);
        assert!(refused.message().contains(message), "{}", refused.message());
    }
}

#[tokio::test]
async fn reverse_names_are_shown_with_the_server() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let public = lab.server(server).await["public_net"].clone();
    let (id, ip) = (public["ipv4"]["id"].as_u64().unwrap(), public["ipv4"]["ip"].clone());
    lab.act_primary(id, "change_dns_ptr", json!({ "ip": ip, "dns_ptr": "a.example.com" })).await;
    assert_eq!(lab.server(server).await["public_net"]["ipv4"]["dns_ptr"], "a.example.com");
    let six = public["ipv6"]["id"].as_u64().unwrap();
    let inside = public["ipv6"]["ip"].as_str().unwrap().replace("/64", "1");
    let name = json!({ "ip": inside, "dns_ptr": "b.example.com" });
    lab.act_primary(six, "change_dns_ptr", name.clone()).await;
    assert_eq!(lab.server(server).await["public_net"]["ipv6"]["dns_ptr"], json!([name]));
    lab.act_primary(id, "change_dns_ptr", json!({ "ip": ip, "dns_ptr": null })).await;
    assert_eq!(
        lab.server(server).await["public_net"]["ipv4"]["dns_ptr"],
        public["ipv4"]["dns_ptr"]
    );
    let path = format!("/primary_ips/{id}/actions/change_dns_ptr");
    lab.post(&path, json!({ "ip": inside, "dns_ptr": "a.b" })).await.refused(422, "invalid_input");
}

#[tokio::test]
async fn they_are_listed_changed_and_their_actions_shown() {
    let lab = lab().await;
    let (id, ip) = lab.primary("p", "ipv4").await;
    lab.primary("q", "ipv4").await;
    let path = format!("/primary_ips/{id}");
    let changed = lab.put(&path, json!({ "name": "r", "labels": { "a": "b" } })).await.ok();
    assert_eq!(changed["primary_ip"]["name"], "r");
    lab.put(&path, json!({ "name": "q" })).await.refused(409, "uniqueness_error");
    for query in ["name=r".to_owned(), "label_selector=a".to_owned(), format!("ip={ip}")] {
        let found = lab.get(&format!("/primary_ips?{query}")).await.ok();
        assert_eq!(found["primary_ips"].as_array().unwrap().len(), 1, "{query}");
        assert_eq!(found["primary_ips"][0]["id"], id, "{query}");
    }
    lab.act_primary(id, "change_dns_ptr", json!({ "ip": ip, "dns_ptr": "a.b" })).await;
    let actions = lab.get(&format!("{path}/actions")).await.ok();
    let action = actions["actions"][0]["id"].clone();
    lab.get(&format!("{path}/actions/{action}")).await.ok();
    lab.get(&format!("/primary_ips/actions/{action}")).await.ok();
    assert_eq!(lab.get("/primary_ips/actions").await.ok()["actions"][0]["id"], action);
    lab.get("/primary_ips/999/actions").await.refused(404, "not_found");
}
