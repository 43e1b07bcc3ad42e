//! Answers about addresses, filters and routes have the form that the official description
//! promises.

use serde_json::{Value, json};

use crate::client::server_body;
use crate::documented::Record;
use crate::firewalls::{selector, server, ssh_rule};
use crate::schema::Walk;

fn id(answer: &Value, key: &str) -> u64 {
    answer[key]["id"].as_u64().unwrap()
}

/// Reads lists and one object, and changes its labels.
async fn read(checked: &Walk, pattern: &str, id: u64) {
    checked.send("GET", pattern, &[], None).await;
    checked.send("GET", &format!("{pattern}/{{id}}"), &[id], None).await;
    let labels = Some(json!({ "labels": { "a": "b" } }));
    checked.send("PUT", &format!("{pattern}/{{id}}"), &[id], labels).await;
    checked.send("GET", &format!("{pattern}/actions"), &[], None).await;
    let of_one = format!("{pattern}/{{id}}/actions");
    let actions = checked.send("GET", &of_one, &[id], None).await;
    let action = actions["actions"][0]["id"].as_u64().unwrap();
    checked.send("GET", &format!("{pattern}/actions/{{id}}"), &[action], None).await;
    checked.send("GET", &format!("{of_one}/{{id}}"), &[id, action], None).await;
}

async fn firewalls(checked: &Walk, of_server: u64) {
    let rule = json!({ "direction": "out", "protocol": "icmp", "destination_ips": ["::/0"] });
    let apply = json!([server(of_server), selector("a=b")]);
    let body = json!({ "name": "f", "rules": [ssh_rule(), rule], "apply_to": apply });
    let firewall = id(&checked.send("POST", "/firewalls", &[], Some(body)).await, "firewall");
    read(checked, "/firewalls", firewall).await;
    checked.send("GET", "/servers/{id}", &[of_server], None).await;
    let on = "/firewalls/{id}/actions/";
    let actions = [
        ("set_rules", json!({ "rules": [] })),
        ("remove_from_resources", json!({ "remove_from": [server(of_server)] })),
        ("apply_to_resources", json!({ "apply_to": [server(of_server)] })),
    ];
    for (action, body) in actions {
        checked.send("POST", &format!("{on}{action}"), &[firewall], Some(body)).await;
    }
}

async fn floating_ips(checked: &Walk, of_server: u64) {
    let body = json!({ "type": "ipv4", "server": of_server });
    let made = checked.send("POST", "/floating_ips", &[], Some(body)).await;
    let floating = id(&made, "floating_ip");
    read(checked, "/floating_ips", floating).await;
    let name = json!({ "ip": made["floating_ip"]["ip"], "dns_ptr": "a.example.com" });
    let actions = [
        ("unassign", json!({})),
        ("assign", json!({ "server": of_server })),
        ("change_dns_ptr", name),
        ("change_protection", json!({ "delete": true })),
    ];
    for (action, body) in actions {
        checked.act(&format!("/floating_ips/{{id}}/actions/{action}"), floating, body).await;
    }
    let body = json!({ "type": "ipv6", "home_location": "hil" });
    checked.send("POST", "/floating_ips", &[], Some(body)).await;
}

async fn primary_ips(checked: &Walk, of_server: u64) {
    let body = json!({ "name": "p", "type": "ipv4", "assignee_type": "server",
                       "assignee_id": of_server });
    let made = checked.send("POST", "/primary_ips", &[], Some(body)).await;
    let primary = id(&made, "primary_ip");
    read(checked, "/primary_ips", primary).await;
    let name = json!({ "ip": made["primary_ip"]["ip"], "dns_ptr": "a.example.com" });
    let actions = [
        ("unassign", json!({})),
        ("assign", json!({ "assignee_type": "server", "assignee_id": of_server })),
        ("change_dns_ptr", name),
        ("change_protection", json!({ "delete": true })),
        ("unassign", json!({})),
    ];
    for (action, body) in actions {
        checked.act(&format!("/primary_ips/{{id}}/actions/{action}"), primary, body).await;
    }
    checked.send("GET", "/primary_ips/{id}", &[primary], None).await;
}

/// Walks through what concerns addresses, filters and routes.
pub(crate) async fn walk() -> Record {
    let checked = Walk::new().await;
    let network = checked.lab.network("n", "10.0.0.0/16").await;
    let more = json!({ "networks": [network], "start_after_create": false,
                       "public_net": { "enable_ipv4": false }, "labels": { "a": "b" } });
    let made = checked.lab.post("/servers", server_body("s", more)).await.ok();
    let of_server = id(&made, "server");
    checked.lab.lab.quiet().await.unwrap();
    firewalls(&checked, of_server).await;
    floating_ips(&checked, of_server).await;
    primary_ips(&checked, of_server).await;

    let aliases = json!({ "network": network, "alias_ips": ["10.0.0.9"] });
    checked.act("/servers/{id}/actions/change_alias_ips", of_server, aliases).await;
    let route = json!({ "destination": "10.3.0.0/16", "gateway": "10.0.0.2" });
    let on = "/networks/{id}/actions/";
    checked.act(&format!("{on}add_route"), network, route.clone()).await;
    checked.act(&format!("{on}delete_route"), network, route).await;
    let range = json!({ "ip_range": "10.0.0.0/15" });
    checked.act(&format!("{on}change_ip_range"), network, range).await;
    checked.lab.record()
}
