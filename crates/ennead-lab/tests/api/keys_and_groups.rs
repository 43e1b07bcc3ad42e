//! SSH keys and placement groups, and what all lists have in common.

use serde_json::json;

use crate::client::{KEY, lab};

#[tokio::test]
async fn an_ssh_key_is_unique_by_name_and_by_fingerprint() {
    let lab = lab().await;
    let key = lab.post("/ssh_keys", json!({ "name": "one", "public_key": KEY })).await;
    assert_eq!(key.status, 201);
    let key = key.ok()["ssh_key"].clone();
    // ssh-keygen -l -E md5 says so of this key.
    assert_eq!(key["fingerprint"], "0f:a2:0a:d7:38:3e:65:45:08:6b:63:84:1c:ff:dc:ba");
    let again = lab.post("/ssh_keys", json!({ "name": "two", "public_key": KEY })).await;
    again.refused(409, "uniqueness_error");
    assert_eq!(again.json()["error"]["details"], json!({ "fields": [{ "name": "public_key" }] }));
    let other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP8BAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    let named = lab.post("/ssh_keys", json!({ "name": "one", "public_key": other })).await;
    named.refused(409, "uniqueness_error");
    assert_eq!(named.message(), "name is already used");
    let wrong = lab.post("/ssh_keys", json!({ "name": "three", "public_key": "ssh-rsa no" })).await;
    wrong.refused(422, "invalid_input");

    let print = key["fingerprint"].as_str().unwrap();
    let found = lab.get(&format!("/ssh_keys?fingerprint={print}")).await.ok();
    assert_eq!(found["ssh_keys"][0]["name"], "one");
    let path = format!("/ssh_keys/{}", key["id"]);
    let renamed = lab.put(&path, json!({ "name": "uno", "labels": { "a": "b" } })).await.ok();
    assert_eq!(renamed["ssh_key"]["name"], "uno");
    assert_eq!(renamed["ssh_key"]["labels"], json!({ "a": "b" }));
    assert_eq!(lab.delete(&path).await.status, 204);
    lab.get(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_placement_group_takes_ten_servers() {
    let lab = lab().await;
    let body = json!({ "name": "g", "type": "spread", "labels": { "tier": "control" } });
    let group = lab.post("/placement_groups", body).await.ok()["placement_group"].clone();
    let id = group["id"].as_u64().unwrap();
    for n in 0..10 {
        let more = json!({ "placement_group": id, "start_after_create": false });
        lab.make(&format!("n{n}"), more).await;
    }
    let group = lab.get(&format!("/placement_groups/{id}")).await.ok();
    assert_eq!(group["placement_group"]["servers"].as_array().unwrap().len(), 10);
    let full = crate::client::server_body("n10", json!({ "placement_group": id }));
    let full = lab.post("/servers", full).await;
    full.refused(422, "placement_group_member_limit_reached");
    let message = format!("placement group with ID {id} contains already 10 servers");
    assert_eq!(full.message(), message);
    lab.delete(&format!("/placement_groups/{id}")).await.refused(422, "resource_in_use");
    let cluster = lab.post("/placement_groups", json!({ "name": "h", "type": "cluster" })).await;
    cluster.refused(422, "invalid_input");
    let twin = lab.post("/placement_groups", json!({ "name": "g", "type": "spread" })).await;
    twin.refused(409, "uniqueness_error");
}

#[tokio::test]
async fn a_server_joins_a_group_only_when_it_is_off() {
    let lab = lab().await;
    let body = json!({ "name": "g", "type": "spread" });
    let group = lab.post("/placement_groups", body).await.ok()["placement_group"]["id"].clone();
    let server = lab.make("n", json!({})).await;
    let (join, leave) = ("add_to_placement_group", "remove_from_placement_group");
    let path = format!("/servers/{server}/actions/{join}");
    let body = json!({ "placement_group": group });
    lab.post(&path, body.clone()).await.refused(422, "server_not_stopped");
    lab.act(server, "poweroff", json!({})).await;
    let action = lab.act(server, join, body.clone()).await;
    assert_eq!(action["command"], join);
    assert_eq!(lab.server(server).await["placement_group"]["servers"], json!([server]));
    lab.post(&path, body).await.refused(422, "already_in_placement_group");
    lab.act(server, leave, json!({})).await;
    assert!(lab.server(server).await["placement_group"].is_null());
    lab.delete(&format!("/placement_groups/{group}")).await.ok();
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_paged() {
    let lab = lab().await;
    for n in 0..12 {
        let tier = if n < 4 { "control" } else { "services" };
        let body = json!({ "name": format!("g{n:02}"), "type": "spread",
                           "labels": { "tier": tier, "example.com/n": n.to_string() } });
        lab.post("/placement_groups", body).await.ok();
    }
    let names = async |query: &str| -> Vec<String> {
        let answer = lab.get(&format!("/placement_groups?{query}")).await.ok();
        let groups = answer["placement_groups"].as_array().unwrap();
        groups.iter().map(|group| group["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names("label_selector=tier%3Dcontrol&sort=name:desc&per_page=2").await,
        ["g03", "g02"]
    );
    assert_eq!(
        names("label_selector=tier%3D%3Dcontrol,example.com/n+in+(1,2,9)").await,
        ["g01", "g02"]
    );
    assert_eq!(names("label_selector=!tier").await, [""; 0]);
    assert_eq!(names("name=g07").await, ["g07"]);
    let page = lab.get("/placement_groups?per_page=5&page=2&sort=name").await;
    let link = page.headers["link"].to_str().unwrap().to_owned();
    let url = |page: u64| {
        format!("<{}/placement_groups?page={page}&per_page=5&sort=name>", lab.lab.endpoint)
    };
    let expected =
        format!("{}; rel=\"prev\", {}; rel=\"next\", {}; rel=\"last\"", url(1), url(3), url(3));
    assert_eq!(link, expected);
    let meta = page.ok()["meta"]["pagination"].clone();
    assert_eq!(meta["total_entries"], 12);
    lab.get("/placement_groups?sort=colour").await.refused(422, "invalid_input");
    lab.get("/placement_groups?label_selector=a+b").await.refused(422, "invalid_input");
}

#[tokio::test]
async fn wrong_labels_are_refused() {
    let lab = lab().await;
    for labels in [json!({ "hetzner.cloud/x": "y" }), json!({ "a": "-" }), json!({ "a": 1 })] {
        let body = json!({ "name": "g", "type": "spread", "labels": labels });
        let refused = lab.post("/placement_groups", body).await;
        refused.refused(422, "invalid_input");
        assert_eq!(refused.json()["error"]["details"]["fields"][0]["name"], "labels");
    }
}
