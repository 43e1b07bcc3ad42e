//! A walk through every operation that the lab has. The client compares each answer with the official
//! description.

use serde_json::{Value, json};

use crate::client::{KEY, Lab, lab, server_body};
use crate::documented::Record;
use crate::{address_schema, described, endings, schema_storage, zone_forms};

/// A walk; what was met is kept by the lab's client.
pub(crate) struct Walk {
    pub(crate) lab: Lab,
}

impl Walk {
    pub(crate) async fn new() -> Self {
        Self { lab: lab().await }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        pattern: &str,
        ids: &[u64],
        body: Option<Value>,
    ) -> Value {
        let mut path = pattern.to_owned();
        for id in ids {
            path = path.replacen("{id}", &id.to_string(), 1);
        }
        let answer = self.lab.send(method, &path, body).await.ok();
        self.lab.lab.quiet().await.unwrap();
        answer
    }

    pub(crate) async fn act(&self, pattern: &str, id: u64, body: Value) {
        let answer = self.send("POST", pattern, &[id], Some(body)).await;
        assert_eq!(self.lab.ended(&answer["action"]).await["status"], "success", "{pattern}");
    }
}

/// Lets every operation succeed and returns every answer that was met.
pub(crate) async fn successes() -> Record {
    let mut met = basics().await;
    met.extend(schema_storage::walk().await);
    met.extend(address_schema::walk().await);
    met.extend(zone_forms::walk().await);
    met.extend(endings::walk().await);
    met
}

#[tokio::test]
async fn every_described_operation_answers_as_described() {
    let seen = successes().await.succeeded();
    let all = described::operations();
    println!("{} of {} described operations", seen.len(), all.len());
    let missed: Vec<_> = all.difference(&seen).collect();
    assert_eq!(missed, [""; 0], "described but not walked through");
}

/// Walks through servers, networks, keys, groups and what can be bought.
async fn basics() -> Record {
    let checked = Walk::new().await;
    let id = |answer: &Value, key: &str| answer[key]["id"].as_u64().unwrap();

    let labels = json!({ "a": "b" });
    let key = json!({ "name": "k", "public_key": KEY, "labels": labels });
    let key = id(&checked.send("POST", "/ssh_keys", &[], Some(key)).await, "ssh_key");
    let group = json!({ "name": "g", "type": "spread", "labels": labels });
    let group = checked.send("POST", "/placement_groups", &[], Some(group)).await;
    let group = id(&group, "placement_group");
    let subnet = json!({ "type": "cloud", "network_zone": "us-west" });
    let network = json!({ "name": "n", "ip_range": "10.0.0.0/16", "subnets": [subnet] });
    let network = id(&checked.send("POST", "/networks", &[], Some(network)).await, "network");
    let more = json!({ "placement_group": group, "networks": [network], "labels": labels });
    let server = checked.send("POST", "/servers", &[], Some(server_body("s", more))).await;
    let (action, server) = (id(&server, "action"), id(&server, "server"));

    for (pattern, id) in [
        ("/ssh_keys", key),
        ("/placement_groups", group),
        ("/networks", network),
        ("/servers", server),
    ] {
        checked.send("GET", pattern, &[], None).await;
        checked.send("GET", &format!("{pattern}/{{id}}"), &[id], None).await;
        checked
            .send("PUT", &format!("{pattern}/{{id}}"), &[id], Some(json!({ "labels": {} })))
            .await;
    }
    for (pattern, id) in [("/locations", 5), ("/server_types", 120), ("/images", 161_547_204)] {
        checked.send("GET", pattern, &[], None).await;
        checked.send("GET", &format!("{pattern}/{{id}}"), &[id], None).await;
    }
    checked.send("GET", "/pricing", &[], None).await;
    checked.send("GET", "/actions/{id}", &[action], None).await;
    checked.send("GET", "/actions?id={id}", &[action], None).await;
    for pattern in ["/servers/actions", "/networks/actions"] {
        checked.send("GET", pattern, &[], None).await;
    }
    checked.send("GET", "/servers/{id}/actions", &[server], None).await;
    checked.send("GET", "/networks/{id}/actions", &[network], None).await;

    for action in
        ["reset", "shutdown", "poweron", "reboot", "poweroff", "remove_from_placement_group"]
    {
        checked.act(&format!("/servers/{{id}}/actions/{action}"), server, json!({})).await;
    }
    let on = "/servers/{id}/actions/";
    checked
        .act(&format!("{on}add_to_placement_group"), server, json!({ "placement_group": group }))
        .await;
    checked.act(&format!("{on}detach_from_network"), server, json!({ "network": network })).await;
    checked.act(&format!("{on}attach_to_network"), server, json!({ "network": network })).await;
    checked.act(&format!("{on}change_protection"), server, json!({})).await;
    let of = "/networks/{id}/actions/";
    checked
        .act(
            &format!("{of}add_subnet"),
            network,
            json!({ "type": "cloud", "network_zone": "us-west" }),
        )
        .await;
    checked.act(&format!("{of}delete_subnet"), network, json!({ "ip_range": "10.0.1.0/24" })).await;
    checked.act(&format!("{of}change_protection"), network, json!({ "delete": true })).await;
    checked.send("DELETE", "/servers/{id}", &[server], None).await;

    checked.lab.record()
}
