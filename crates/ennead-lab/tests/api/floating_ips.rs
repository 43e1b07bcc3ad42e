//! Floating IPs.

use ennead_lab::world::memory::MemoryWorld;
use serde_json::{Value, json};

use crate::client::{Lab, lab};

impl Lab {
    /// Makes a floating IPv4 in Hillsboro and returns its id and its address.
    async fn floating(&self, name: &str) -> (u64, String) {
        let body = json!({ "type": "ipv4", "home_location": "hil", "name": name });
        let made = self.post("/floating_ips", body).await.ok()["floating_ip"].clone();
        (made["id"].as_u64().unwrap(), made["ip"].as_str().unwrap().to_owned())
    }

    async fn act_floating(&self, id: u64, action: &str, body: Value) -> Value {
        let begun = self.post(&format!("/floating_ips/{id}/actions/{action}"), body).await;
        assert_eq!(begun.status, 201, "{}", begun.text);
        self.ended(&begun.ok()["action"]).await
    }
}

fn leads_to(world: &MemoryWorld, ip: &str) -> Option<u64> {
    world.floating(ip.parse().unwrap())
}

#[tokio::test]
async fn one_is_made_at_home_and_moves_between_servers() {
    let lab = lab().await;
    let (one, two) = (lab.make("s1", json!({})).await, lab.make("s2", json!({})).await);
    let body = json!({ "type": "ipv4", "home_location": "hil", "description": "d",
                       "labels": { "a": "b" } });
    let answer = lab.post("/floating_ips", body).await;
    assert_eq!(answer.status, 201);
    let made = answer.ok();
    assert!(made.get("action").is_none());
    let made = made["floating_ip"].clone();
    let (id, ip) = (made["id"].as_u64().unwrap(), made["ip"].as_str().unwrap().to_owned());
    assert_eq!(made["name"], format!("floating-ip-{id}"));
    assert_eq!((&made["server"], &made["home_location"]["name"]), (&Value::Null, &json!("hil")));
    let taken = [one, two].map(|id| lab.lab.world.server(id).unwrap().seed.public_ip.unwrap());
    assert!(!taken.contains(&ip.parse().unwrap()));

    let action = lab.act_floating(id, "assign", json!({ "server": one })).await;
    assert_eq!(action["command"], "assign_floating_ip");
    let resources = json!([{ "id": one, "type": "server" }, { "id": id, "type": "floating_ip" }]);
    assert_eq!(action["resources"], resources);
    assert_eq!(leads_to(&lab.lab.world, &ip), Some(one));
    assert_eq!(lab.server(one).await["public_net"]["floating_ips"], json!([id]));
    let path = format!("/floating_ips/{id}");
    for server in [one, two] {
        let again = lab.post(&format!("{path}/actions/assign"), json!({ "server": server })).await;
        again.refused(422, "floating_ip_assigned");
    }
    let action = lab.act_floating(id, "unassign", json!({})).await;
    assert_eq!(action["command"], "unassign_floating_ip");
    assert_eq!(leads_to(&lab.lab.world, &ip), None);
    lab.act_floating(id, "assign", json!({ "server": two })).await;
    assert_eq!(leads_to(&lab.lab.world, &ip), Some(two));
    assert_eq!(lab.get(&path).await.ok()["floating_ip"]["server"], two);
}

#[tokio::test]
async fn one_is_made_for_a_server() {
    let lab = lab().await;
    let server = lab.make("s", json!({ "location": "ash" })).await;
    let body = json!({ "type": "ipv4", "server": server });
    let made = lab.post("/floating_ips", body).await.ok();
    assert_eq!(made["action"]["command"], "assign_floating_ip");
    assert_eq!(made["floating_ip"]["home_location"]["name"], "ash");
    assert_eq!(made["floating_ip"]["server"], server);
    lab.ended(&made["action"]).await;
    let ip = made["floating_ip"]["ip"].as_str().unwrap();
    assert_eq!(leads_to(&lab.lab.world, ip), Some(server));
    // An IPv6 is shown, and nothing is routed for it.
    let body = json!({ "type": "ipv6", "server": server });
    let made = lab.post("/floating_ips", body).await.ok();
    assert!(made["floating_ip"]["ip"].as_str().unwrap().ends_with("::/64"));
    assert_eq!(lab.ended(&made["action"]).await["status"], "success");
    let calls = lab.lab.world.calls();
    assert_eq!(calls.iter().filter(|call| call.starts_with("route_floating")).count(), 1);
}

#[tokio::test]
async fn what_cannot_be_had_is_refused() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    lab.floating("taken").await;
    let fields = "invalid input in fields 'server', 'home_location'";
    let cases = [
        (json!({ "type": "ipv4" }), 422, "invalid_input", fields),
        (
            json!({ "type": "ipv4", "server": server, "home_location": "hil" }),
            422,
            "invalid_input",
            fields,
        ),
        (json!({ "home_location": "hil" }), 422, "invalid_input", "'type'"),
        (json!({ "type": "ipv5", "home_location": "hil" }), 422, "invalid_input", "'type'"),
        (
            json!({ "type": "ipv4", "home_location": "moon" }),
            422,
            "invalid_input",
            "location 'moon' not found",
        ),
        (json!({ "type": "ipv4", "server": 999 }), 404, "not_found", ""),
        (
            json!({ "type": "ipv4", "home_location": "hil", "name": "taken" }),
            409,
            "uniqueness_error",
            "name is already used",
        ),
    ];
    for (body, status, code, message) in cases {
        let refused = lab.post("/floating_ips", body).await;
        refused.refused(status, code);
        assert!(refused.message().contains(message), "{}", refused.message());
    }
    let found = lab.get("/floating_ips").await.ok();
    assert_eq!(found["floating_ips"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn it_leads_only_to_public_servers_of_its_zone() {
    let lab = lab().await;
    let (id, ip) = lab.floating("f").await;
    let east = lab.make("east", json!({ "location": "ash" })).await;
    let network = lab.network("n", "10.0.0.0/16").await;
    let private = json!({ "enable_ipv4": false, "enable_ipv6": false });
    let inner = lab.make("p", json!({ "networks": [network], "public_net": private })).await;
    let path = format!("/floating_ips/{id}/actions/assign");
    for server in [east, inner] {
        lab.post(&path, json!({ "server": server })).await.refused(422, "invalid_input");
    }
    lab.post(&path, json!({ "server": 999 })).await.refused(404, "not_found");
    lab.post(&path, json!({})).await.refused(422, "invalid_input");
    assert_eq!(leads_to(&lab.lab.world, &ip), None);
    let unassign = format!("/floating_ips/{id}/actions/unassign");
    lab.post(&unassign, json!({})).await.refused(422, "invalid_input");
}

#[tokio::test]
async fn deleting_needs_it_unassigned_and_unprotected() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let (id, _) = lab.floating("f").await;
    let path = format!("/floating_ips/{id}");
    lab.act_floating(id, "change_protection", json!({ "delete": true })).await;
    let refused = lab.delete(&path).await;
    refused.refused(423, "protected");
    assert_eq!(refused.message(), "Floating IP deletion is protected");
    lab.act_floating(id, "change_protection", json!({ "delete": false })).await;
    lab.post(&format!("{path}/actions/change_protection"), json!({}))
        .await
        .refused(422, "invalid_input");
    lab.act_floating(id, "assign", json!({ "server": server })).await;
    lab.delete(&path).await.refused(422, "must_be_unassigned");
    lab.act_floating(id, "unassign", json!({})).await;
    assert_eq!(lab.delete(&path).await.status, 204);
    lab.get(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn reverse_names_are_set_and_taken_back() {
    let lab = lab().await;
    let (id, ip) = lab.floating("f").await;
    let path = format!("/floating_ips/{id}");
    let before = lab.get(&path).await.ok()["floating_ip"]["dns_ptr"].clone();
    let name = json!({ "ip": ip, "dns_ptr": "mail.example.com" });
    let action = lab.act_floating(id, "change_dns_ptr", name).await;
    assert_eq!(action["command"], "change_dns_ptr");
    let named = lab.get(&path).await.ok()["floating_ip"]["dns_ptr"].clone();
    assert_eq!(named, json!([{ "ip": ip, "dns_ptr": "mail.example.com" }]));
    lab.act_floating(id, "change_dns_ptr", json!({ "ip": ip, "dns_ptr": null })).await;
    assert_eq!(lab.get(&path).await.ok()["floating_ip"]["dns_ptr"], before);
    let wrong = [json!({}), json!({ "ip": "1.1.1.1", "dns_ptr": "a.b" }), json!({ "ip": "x" })];
    for body in wrong {
        lab.post(&format!("{path}/actions/change_dns_ptr"), body)
            .await
            .refused(422, "invalid_input");
    }
}

#[tokio::test]
async fn it_outlives_its_server() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let (id, ip) = lab.floating("f").await;
    lab.act_floating(id, "assign", json!({ "server": server })).await;
    let gone = lab.delete(&format!("/servers/{server}")).await.ok();
    lab.ended(&gone["action"]).await;
    lab.lab.quiet().await.unwrap();
    assert_eq!(leads_to(&lab.lab.world, &ip), None);
    let path = format!("/floating_ips/{id}");
    assert_eq!(lab.get(&path).await.ok()["floating_ip"]["server"], Value::Null);
}

#[tokio::test]
async fn what_failed_is_taken_back() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let (id, ip) = lab.floating("f").await;
    let path = format!("/floating_ips/{id}");
    lab.lab.world.fail("route_floating", 1);
    let begun = lab.post(&format!("{path}/actions/assign"), json!({ "server": server })).await.ok();
    assert_eq!(lab.ended(&begun["action"]).await["status"], "error");
    assert_eq!(lab.get(&path).await.ok()["floating_ip"]["server"], Value::Null);
    lab.act_floating(id, "assign", json!({ "server": server })).await;
    lab.lab.world.fail("route_floating", 1);
    let failed = lab.act_floating(id, "unassign", json!({})).await;
    assert_eq!(failed["status"], "error");
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.get(&path).await.ok()["floating_ip"]["server"], server);
    assert_eq!(leads_to(&lab.lab.world, &ip), Some(server));
}

#[tokio::test]
async fn a_server_has_at_most_twenty() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await;
    let body = json!({ "type": "ipv6", "server": server });
    for _ in 0..20 {
        let made = lab.post("/floating_ips", body.clone()).await.ok();
        lab.ended(&made["action"]).await;
    }
    lab.post("/floating_ips", body).await.refused(403, "resource_limit_exceeded");
    let shown = lab.server(server).await["public_net"]["floating_ips"].clone();
    assert_eq!(shown.as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn they_are_listed_changed_and_their_actions_shown() {
    let lab = lab().await;
    let (id, ip) = lab.floating("f").await;
    lab.floating("g").await;
    let path = format!("/floating_ips/{id}");
    let change = json!({ "name": "h", "description": "d", "labels": { "a": "b" } });
    let changed = lab.put(&path, change).await.ok();
    assert_eq!(
        (&changed["floating_ip"]["name"], &changed["floating_ip"]["description"]),
        (&json!("h"), &json!("d"))
    );
    lab.put(&path, json!({ "name": "g" })).await.refused(409, "uniqueness_error");
    for query in ["name=h", "label_selector=a", "sort=id"] {
        let found = lab.get(&format!("/floating_ips?{query}")).await.ok();
        assert_eq!(found["floating_ips"][0]["id"], id, "{query}");
    }
    lab.act_floating(id, "change_dns_ptr", json!({ "ip": ip, "dns_ptr": "a.b" })).await;
    let actions = lab.get(&format!("{path}/actions")).await.ok();
    let action = actions["actions"][0]["id"].clone();
    lab.get(&format!("{path}/actions/{action}")).await.ok();
    lab.get(&format!("/floating_ips/actions/{action}")).await.ok();
    assert_eq!(lab.get("/floating_ips/actions").await.ok()["actions"][0]["id"], action);
    lab.get("/floating_ips/999/actions").await.refused(404, "not_found");
}
