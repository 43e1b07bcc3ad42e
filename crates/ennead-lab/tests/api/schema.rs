//! Answers have the form that the official description promises: required properties are there, and
//! every known property has one of its types.

use serde_json::{Value, json};

use crate::client::{KEY, Lab, lab, server_body};

const RESPONSES: &str = include_str!("../fixtures/responses.json");

/// Returns what is wrong with a value, each with its place.
pub(crate) fn faults(all: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let schema = match schema["$ref"].as_str() {
        Some(name) => &all["shared"][name],
        None => schema,
    };
    let mut found = Vec::new();
    if !has_type(&schema["type"], value) {
        found.push(format!("{place} is {value}, not {}", schema["type"]));
        return found;
    }
    let words = schema["enum"].as_array();
    if !value.is_null() && words.is_some_and(|words| !words.contains(value)) {
        found.push(format!("{place} is {value}, not one of {}", schema["enum"]));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        if value.is_object() && value.get(name).is_none() {
            found.push(format!("{place}.{name} is missing"));
        }
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            found.extend(faults(all, inner, value, &format!("{place}.{name}")));
        }
    }
    if schema["additionalProperties"].is_object() {
        for (name, value) in value.as_object().into_iter().flatten() {
            let inner = &schema["additionalProperties"];
            found.extend(faults(all, inner, value, &format!("{place}.{name}")));
        }
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        if schema["items"].is_object() {
            found.extend(faults(all, &schema["items"], value, &format!("{place}[{index}]")));
        }
    }
    found
}

fn has_type(wanted: &Value, value: &Value) -> bool {
    let one = |word: &str| match word {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    };
    match wanted {
        Value::String(word) => one(word),
        Value::Array(words) => words.iter().filter_map(Value::as_str).any(one),
        _ => true,
    }
}

struct Checked {
    all: Value,
    lab: Lab,
    seen: Vec<String>,
}

impl Checked {
    async fn send(
        &mut self,
        method: &str,
        pattern: &str,
        ids: &[u64],
        body: Option<Value>,
    ) -> Value {
        let mut path = pattern.to_owned();
        for id in ids {
            path = path.replacen("{id}", &id.to_string(), 1);
        }
        let (pattern, _) = pattern.split_once('?').unwrap_or((pattern, ""));
        let answer = self.lab.send(method, &path, body).await.ok();
        let route = format!("{method} {pattern}");
        let schema = &self.all["routes"][&route];
        assert!(schema.is_object(), "{route} is not described");
        let found = faults(&self.all, schema, &answer, "answer");
        assert_eq!(found, [""; 0], "{route}");
        self.seen.push(route);
        self.lab.lab.quiet().await.unwrap();
        answer
    }

    async fn act(&mut self, pattern: &str, id: u64, body: Value) {
        let answer = self.send("POST", pattern, &[id], Some(body)).await;
        assert_eq!(self.lab.ended(&answer["action"]).await["status"], "success", "{pattern}");
    }
}

#[tokio::test]
async fn answers_have_the_described_form() {
    let all = serde_json::from_str(RESPONSES).unwrap();
    let mut checked = Checked { all, lab: lab().await, seen: Vec::new() };
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

    let described = checked.all["routes"].as_object().unwrap();
    let missed: Vec<_> = described
        .keys()
        .filter(|route| *route != "error" && !checked.seen.contains(route))
        .collect();
    assert_eq!(missed, [""; 0], "described but not checked");
}

#[tokio::test]
async fn refusals_have_the_described_form() {
    let all: Value = serde_json::from_str(RESPONSES).unwrap();
    let lab = lab().await;
    for answer in [
        lab.get("/servers/1").await,
        lab.post("/servers", json!({})).await,
        lab.get("/nonsense").await,
        lab.get("/actions").await,
    ] {
        assert_eq!(faults(&all, &all["routes"]["error"], &answer.json(), "answer"), [""; 0]);
        assert!(answer.json()["error"].get("details").is_some());
    }
}
