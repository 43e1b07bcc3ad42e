//! Making things be gone.

use serde_json::{Value, json};

use super::fixtures::{action, group, key, labels, list, ours, server};
use super::scripted::{Reply, Scripted, ok, refused};
use crate::error::CloudError;

const GROUPS: &str = "placement_groups";

fn groups(servers: &[u64]) -> Reply {
    ok(list(GROUPS, &[group(3, "g", &labels(), servers)]))
}

#[tokio::test]
async fn what_is_absent_is_left_alone() {
    let replies =
        [("GET /servers", "servers"), ("GET /networks", "networks"), ("GET /ssh_keys", "ssh_keys")];
    let api =
        Scripted::start(replies.map(|(key, name)| (key, vec![ok(list(name, &[]))])).to_vec()).await;
    let client = api.client();
    assert!(!client.ensure_no_server("s", &ours()).await.unwrap());
    assert!(!client.ensure_no_network("n", &ours()).await.unwrap());
    assert!(!client.ensure_no_ssh_key("k", &ours(), "ennead/one").await.unwrap());
    assert_eq!(api.count("DELETE"), 0);
}

#[tokio::test]
async fn a_group_is_deleted_once_its_servers_are_gone() {
    let api = Scripted::start(vec![
        ("GET /placement_groups", vec![groups(&[1, 2]), groups(&[2]), groups(&[])]),
        (
            "DELETE /placement_groups/3",
            vec![refused(422, "resource_in_use"), Reply::Is(204, vec![], Value::Null)],
        ),
    ])
    .await;
    assert!(api.client().ensure_no_placement_group("g", &ours()).await.unwrap());
    assert_eq!((api.count("GET"), api.count("DELETE")), (4, 2));
}

#[tokio::test]
async fn somebody_elses_server_is_never_deleted() {
    let theirs = server(7, "s", "running", &json!({"managed-by": "ennead", "platform": "two"}));
    let api = Scripted::start(vec![("GET /servers", vec![ok(list("servers", &[theirs]))])]).await;
    let error = api.client().ensure_no_server("s", &ours()).await.unwrap_err();
    assert!(matches!(error, CloudError::Foreign { .. }), "{error}");
    assert_eq!(api.count("DELETE"), 0);
}

#[tokio::test]
async fn a_server_is_deleted_until_it_is_gone() {
    let found = server(7, "s", "off", &labels());
    let delete = |status: &str| ok(json!({"action": action(1, "delete_server", status)}));
    let api = Scripted::start(vec![
        ("GET /servers", vec![ok(list("servers", std::slice::from_ref(&found)))]),
        ("DELETE /servers/7", vec![Reply::Lost, delete("error"), delete("success")]),
        ("GET /servers/7", vec![ok(json!({"server": found})), refused(404, "not_found")]),
    ])
    .await;
    assert!(api.client().ensure_no_server("s", &ours()).await.unwrap());
    assert_eq!(api.count("DELETE"), 3);
}

#[tokio::test]
async fn a_protected_server_stays() {
    let found = server(7, "s", "off", &labels());
    let api = Scripted::start(vec![
        ("GET /servers", vec![ok(list("servers", &[found]))]),
        ("DELETE /servers/7", vec![refused(423, "protected")]),
    ])
    .await;
    let error = api.client().ensure_no_server("s", &ours()).await.unwrap_err();
    assert!(matches!(error, CloudError::Protected { .. }), "{error}");
}

#[tokio::test]
async fn a_shared_key_only_loses_our_mark() {
    let mark = json!({"team": "x", "ennead/one": "one-operator"});
    let shared = key(9, "laptop", "ssh-ed25519 AAAA", &mark);
    let api = Scripted::start(vec![
        ("GET /ssh_keys", vec![ok(list("ssh_keys", std::slice::from_ref(&shared)))]),
        ("PUT /ssh_keys/9", vec![ok(json!({"ssh_key": shared}))]),
    ])
    .await;
    assert!(api.client().ensure_no_ssh_key("one-operator", &ours(), "ennead/one").await.unwrap());
    assert_eq!(api.bodies(), [json!({"labels": {"team": "x"}})]);
}
