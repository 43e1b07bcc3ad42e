//! Routes and growth of networks, and further addresses of servers in them.

use serde_json::{Value, json};

use crate::client::{Lab, lab};

impl Lab {
    async fn act_network(&self, id: u64, action: &str, body: Value) -> Value {
        let begun = self.post(&format!("/networks/{id}/actions/{action}"), body).await;
        assert_eq!(begun.status, 201, "{}", begun.text);
        self.ended(&begun.ok()["action"]).await
    }

    async fn shown_network(&self, id: u64) -> Value {
        self.get(&format!("/networks/{id}")).await.ok()["network"].clone()
    }

    fn destinations(&self, network: u64) -> Vec<String> {
        let routes = self.lab.world.routes(network);
        routes.iter().map(|route| format!("{} {}", route.destination, route.gateway)).collect()
    }
}

fn route(destination: &str, gateway: &str) -> Value {
    json!({ "destination": destination, "gateway": gateway })
}

#[tokio::test]
async fn routes_come_and_go() {
    let lab = lab().await;
    let id = lab.network("n", "10.0.0.0/16").await;
    let first = route("10.100.1.0/24", "10.0.0.2");
    let action = lab.act_network(id, "add_route", first.clone()).await;
    assert_eq!((&action["command"], &action["status"]), (&json!("add_route"), &json!("success")));
    let default = route("0.0.0.0/0", "10.0.0.3");
    lab.act_network(id, "add_route", default.clone()).await;
    assert_eq!(lab.shown_network(id).await["routes"], json!([first, default]));
    assert_eq!(lab.destinations(id), ["10.100.1.0/24 10.0.0.2", "0.0.0.0/0 10.0.0.3"]);
    let action = lab.act_network(id, "delete_route", first.clone()).await;
    assert_eq!(action["command"], "delete_route");
    assert_eq!(lab.shown_network(id).await["routes"], json!([default]));
    assert_eq!(lab.destinations(id), ["0.0.0.0/0 10.0.0.3"]);
    let path = format!("/networks/{id}/actions/delete_route");
    lab.post(&path, first).await.refused(404, "not_found");
    lab.post(&path, json!({})).await.refused(422, "invalid_input");
    let actions = lab.get(&format!("/networks/{id}/actions")).await.ok();
    assert_eq!(actions["actions"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_network_is_made_with_routes() {
    let lab = lab().await;
    let subnet = json!({ "type": "cloud", "network_zone": "us-west", "ip_range": "10.0.0.0/24" });
    let body = |routes: Value| json!({ "name": "n", "ip_range": "10.0.0.0/16", "subnets": [subnet], "routes": routes });
    lab.post("/networks", body(json!([route("10.0.0.0/25", "10.0.0.2")])))
        .await
        .refused(422, "invalid_input");
    let made = lab.post("/networks", body(json!([route("10.1.0.0/16", "10.0.0.2")]))).await.ok();
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.destinations(made["network"]["id"].as_u64().unwrap()), ["10.1.0.0/16 10.0.0.2"]);
}

#[tokio::test]
async fn routes_are_checked() {
    let lab = lab().await;
    let id = lab.network("n", "10.0.0.0/16").await;
    lab.act_network(id, "add_route", route("10.200.0.0/16", "10.0.0.2")).await;
    let path = format!("/networks/{id}/actions/add_route");
    let cases = [
        (route("8.8.8.0/24", "10.0.0.2"), "'destination'"),
        (route("172.31.0.0/16", "10.0.0.2"), "'destination'"),
        (route("10.0.1.0/24", "10.0.0.2"), "'destination'"),
        (route("10.200.1.0/24", "10.0.0.3"), "'destination'"),
        (route("10.200.0.0/16", "10.0.0.2"), "'destination'"),
        (route("x", "10.0.0.2"), "'destination'"),
        (route("10.3.0.0/16", "10.0.0.1"), "'gateway'"),
        (route("10.3.0.0/16", "10.9.0.2"), "'gateway'"),
        (route("10.3.0.0/16", "172.31.1.1"), "'gateway'"),
        (route("10.3.0.0/16", "x"), "'gateway'"),
        (json!({}), "'destination', 'gateway'"),
    ];
    for (body, field) in cases {
        let refused = lab.post(&path, body.clone()).await;
        refused.refused(422, "invalid_input");
        assert!(refused.message().contains(field), "{body}: {}", refused.message());
    }
    let unknown = route("10.3.0.0/16", "10.0.0.2");
    lab.post("/networks/999/actions/add_route", unknown).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_failed_route_is_taken_back() {
    let lab = lab().await;
    let id = lab.network("n", "10.0.0.0/16").await;
    lab.lab.world.fail("set_routes", 1);
    let action = lab.act_network(id, "add_route", route("10.3.0.0/16", "10.0.0.2")).await;
    assert_eq!(action["status"], "error");
    assert_eq!(lab.shown_network(id).await["routes"], json!([]));
    lab.act_network(id, "add_route", route("10.3.0.0/16", "10.0.0.2")).await;
    lab.lab.world.fail("set_routes", 1);
    let action = lab.act_network(id, "delete_route", route("10.3.0.0/16", "10.0.0.2")).await;
    assert_eq!(action["status"], "error");
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.shown_network(id).await["routes"].as_array().unwrap().len(), 1);
    assert_eq!(lab.destinations(id).len(), 1);
}

#[tokio::test]
async fn a_range_only_grows() {
    let lab = lab().await;
    let id = lab.network("n", "10.0.0.0/16").await;
    let other = lab.network("o", "10.1.0.0/16").await;
    lab.make("s", json!({ "networks": [id, other] })).await;
    let path = format!("/networks/{id}/actions/change_ip_range");
    let cases = [
        ("10.0.0.0/17", 422, "invalid_input"),
        ("10.2.0.0/15", 422, "invalid_input"),
        ("8.0.0.0/8", 422, "invalid_input"),
        ("x", 422, "invalid_input"),
        ("10.0.0.0/15", 422, "networks_overlap"),
    ];
    for (range, status, code) in cases {
        lab.post(&path, json!({ "ip_range": range })).await.refused(status, code);
    }
    lab.post(&path, json!({})).await.refused(422, "invalid_input");
    let third = lab.network("t", "10.8.0.0/16").await;
    let body = json!({ "ip_range": "10.8.0.0/13" });
    let action = lab.act_network(third, "change_ip_range", body.clone()).await;
    assert_eq!(action["command"], "change_ip_range");
    assert_eq!(lab.shown_network(third).await["ip_range"], "10.8.0.0/13");
    assert_eq!(lab.lab.world.network(third).unwrap().ip_range, "10.8.0.0/13");
    let fourth = lab.network("f", "10.16.0.0/16").await;
    lab.lab.world.fail("create_network", 1);
    let wider = json!({ "ip_range": "10.16.0.0/12" });
    assert_eq!(lab.act_network(fourth, "change_ip_range", wider).await["status"], "error");
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.shown_network(fourth).await["ip_range"], "10.16.0.0/16");
    assert_eq!(lab.lab.world.network(fourth).unwrap().ip_range, "10.16.0.0/16");
}

#[tokio::test]
async fn further_addresses_are_replaced() {
    let lab = lab().await;
    let id = lab.network("n", "10.0.0.0/24").await;
    let server = lab.make("s", json!({})).await;
    let attach = json!({ "network": id, "ip": "10.0.0.2", "alias_ips": ["10.0.0.10"] });
    lab.act(server, "attach_to_network", attach).await;
    let aliases = || {
        let all = lab.lab.world.server(server).unwrap().aliases;
        let here = all.get(&id).cloned().unwrap_or_default();
        here.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(aliases(), ["10.0.0.10"]);
    let change = |ips: Value| json!({ "network": id, "alias_ips": ips });
    let body = change(json!(["10.0.0.11", "10.0.0.10"]));
    let action = lab.act(server, "change_alias_ips", body).await;
    assert_eq!(action["command"], "change_alias_ips");
    let resources = json!([{ "id": server, "type": "server" }, { "id": id, "type": "network" }]);
    assert_eq!(action["resources"], resources);
    assert_eq!(aliases(), ["10.0.0.11", "10.0.0.10"]);
    let other = lab.make("o", json!({ "networks": [id] })).await;
    lab.act(other, "change_alias_ips", change(json!(["10.0.0.20"]))).await;

    let path = format!("/servers/{server}/actions/change_alias_ips");
    let cases = [
        (change(json!(["10.0.0.20"])), 422, "ip_not_available"),
        (change(json!(["10.0.0.2"])), 422, "ip_not_available"),
        (change(json!(["10.0.0.3"])), 422, "ip_not_available"),
        (change(json!(["10.0.0.1"])), 422, "ip_not_available"),
        (change(json!(["10.0.0.255"])), 422, "ip_not_available"),
        (change(json!(["10.9.0.9"])), 422, "ip_not_available"),
        (change(json!(["10.0.0.30", "10.0.0.30"])), 422, "ip_not_available"),
        (
            change(json!((30..36).map(|n| format!("10.0.0.{n}")).collect::<Vec<_>>())),
            403,
            "resource_limit_exceeded",
        ),
        (change(json!(["x"])), 422, "invalid_input"),
        (json!({ "network": id }), 422, "invalid_input"),
        (json!({ "network": 999, "alias_ips": [] }), 404, "not_found"),
    ];
    for (body, status, code) in cases {
        lab.post(&path, body).await.refused(status, code);
    }
    let unattached = lab.make("u", json!({})).await;
    let path = format!("/servers/{unattached}/actions/change_alias_ips");
    lab.post(&path, change(json!([]))).await.refused(422, "invalid_input");

    lab.lab.world.fail("set_aliases", 1);
    let failed = lab.act(server, "change_alias_ips", change(json!([]))).await;
    assert_eq!(failed["status"], "error");
    lab.lab.quiet().await.unwrap();
    let shown = lab.server(server).await["private_net"][0]["alias_ips"].clone();
    assert_eq!(shown, json!(["10.0.0.11", "10.0.0.10"]));
    assert_eq!(aliases(), ["10.0.0.11", "10.0.0.10"]);
    lab.act(server, "detach_from_network", json!({ "network": id })).await;
    assert_eq!(aliases(), [""; 0]);
}

#[tokio::test]
async fn too_many_further_addresses_cannot_be_attached_with() {
    let lab = lab().await;
    let id = lab.network("n", "10.0.0.0/24").await;
    let server = lab.make("s", json!({})).await;
    let six: Vec<_> = (30..36).map(|n| format!("10.0.0.{n}")).collect();
    let path = format!("/servers/{server}/actions/attach_to_network");
    let body = json!({ "network": id, "alias_ips": six });
    lab.post(&path, body).await.refused(403, "resource_limit_exceeded");
    // Attaching is one action: when its second half fails, nothing of it is left.
    lab.lab.world.fail("set_aliases", 1);
    let body = json!({ "network": id, "alias_ips": ["10.0.0.30"] });
    let failed = lab.act(server, "attach_to_network", body).await;
    assert_eq!(failed["status"], "error");
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.server(server).await["private_net"], json!([]));
    assert!(lab.lab.world.server(server).unwrap().attachments.is_empty());
}

#[tokio::test]
async fn a_network_has_at_most_fifty_subnets() {
    let lab = lab().await;
    let subnets: Vec<_> = (0..50)
        .map(|n| {
            json!({ "type": "cloud", "network_zone": "us-west",
                         "ip_range": format!("10.0.{n}.0/24") })
        })
        .collect();
    let body = json!({ "name": "n", "ip_range": "10.0.0.0/16", "subnets": subnets });
    let id = lab.post("/networks", body).await.ok()["network"]["id"].clone();
    lab.lab.quiet().await.unwrap();
    let one_more = json!({ "type": "cloud", "network_zone": "us-west" });
    lab.post(&format!("/networks/{id}/actions/add_subnet"), one_more)
        .await
        .refused(403, "resource_limit_exceeded");
}
