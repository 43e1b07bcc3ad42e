//! As `schema`: everything is removed again, and single actions are asked for in each way.

use serde_json::{Value, json};

use crate::client::{KEY, server_body};
use crate::documented::Record;
use crate::schema::Walk;

fn id(answer: &Value, key: &str) -> u64 {
    answer[key]["id"].as_u64().unwrap()
}

/// Asks for an object's last action by its own number and below the object.
async fn ask_for_action(walk: &Walk, pattern: &str, of: u64) {
    let actions = walk.send("GET", &format!("{pattern}/{{id}}/actions"), &[of], None).await;
    let action = actions["actions"][0]["id"].as_u64().unwrap();
    walk.send("GET", &format!("{pattern}/actions/{{id}}"), &[action], None).await;
    walk.send("GET", &format!("{pattern}/{{id}}/actions/{{id}}"), &[of, action], None).await;
}

/// Makes one of everything and removes it.
pub(crate) async fn walk() -> Record {
    let walk = Walk::new().await;
    let server = walk.send("POST", "/servers", &[], Some(server_body("s", json!({})))).await;
    let server = id(&server, "server");
    let image = "/servers/{id}/actions/create_image";
    let image = id(&walk.send("POST", image, &[server], Some(json!({}))).await, "image");
    let subnet = json!({ "type": "cloud", "network_zone": "us-west" });
    let objects = [
        ("/ssh_keys", "ssh_key", json!({ "name": "k", "public_key": KEY })),
        ("/placement_groups", "placement_group", json!({ "name": "g", "type": "spread" })),
        ("/networks", "network", json!({ "name": "n", "ip_range": "10.0.0.0/16" })),
        ("/volumes", "volume", json!({ "name": "v", "size": 10, "location": "hil" })),
        ("/firewalls", "firewall", json!({ "name": "f" })),
        ("/floating_ips", "floating_ip", json!({ "type": "ipv4", "home_location": "hil" })),
        (
            "/primary_ips",
            "primary_ip",
            json!({ "name": "p", "type": "ipv4", "location": "hil",
                                               "assignee_type": "server" }),
        ),
    ];
    for (pattern, key, body) in objects {
        let made = walk.send("POST", pattern, &[], Some(body)).await;
        let made = id(&made, key);
        match pattern {
            "/networks" => {
                let add = "/networks/{id}/actions/add_subnet";
                walk.act(add, made, subnet.clone()).await;
                ask_for_action(&walk, pattern, made).await;
            }
            "/volumes" => ask_for_action(&walk, pattern, made).await,
            _ => {}
        }
        walk.send("DELETE", &format!("{pattern}/{{id}}"), &[made], None).await;
    }
    ask_for_action(&walk, "/servers", server).await;
    ask_for_action(&walk, "/images", image).await;
    walk.send("DELETE", "/images/{id}", &[image], None).await;
    walk.send("DELETE", "/servers/{id}", &[server], None).await;
    walk.lab.record()
}
