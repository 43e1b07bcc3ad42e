//! What every operation is refused for: no token, one that may only read, too many requests, an
//! object that is not there, a body that is no JSON or has no right field, a page that is no number.

use ennead_lab::LabToken;
use ennead_lab::serve::ServeOptions;
use serde_json::{Value, json};

use crate::client::{Lab, lab_with};
use crate::described;
use crate::documented::{How, Record, has_body};

const READER: &str = "reader";

/// In place of every number in a path.
const NOBODY: &str = "999999999";

/// Fields of all requests, each with a value that it cannot have.
const WRONG: [&str; 28] = [
    "alias_ips",
    "apply_to",
    "assignee_type",
    "change",
    "delete",
    "description",
    "destination",
    "dns_ptr",
    "image",
    "ip",
    "ip_range",
    "labels",
    "name",
    "network",
    "placement_group",
    "primary_nameservers",
    "public_key",
    "records",
    "remove_from",
    "rules",
    "server",
    "server_type",
    "size",
    "ttl",
    "type",
    "user_data",
    "volume",
    "zonefile",
];

/// Returns an operation's method and its path with names of nothing.
pub(super) fn aimless(operation: &str) -> (&str, String) {
    let (method, pattern) = operation.split_once(' ').unwrap();
    let part = |part: &str| match part {
        "{id_or_name}" => "none.com".to_owned(),
        "{rr_name}" => "none".to_owned(),
        "{rr_type}" => "A".to_owned(),
        _ if part.starts_with('{') => NOBODY.to_owned(),
        _ => part.to_owned(),
    };
    (method, pattern.split('/').map(part).collect::<Vec<_>>().join("/"))
}

async fn tokens_and_limit() -> Record {
    let tokens = vec![LabToken::read_only(READER)];
    // As many as are sent; the limit is tested elsewhere.
    let lab =
        lab_with(ServeOptions { tokens, requests_per_hour: 1000, ..Default::default() }).await;
    let none = lab_with(ServeOptions { requests_per_hour: 0, ..Default::default() }).await;
    for operation in described::operations() {
        let (method, path) = aimless(&operation);
        let answer = lab.send_as(None, method, &path, None, How::Ordinary).await;
        answer.refused(401, "unauthorized");
        if method != "GET" {
            let answer = lab.send_as(Some(READER), method, &path, Some("{}"), How::Ordinary).await;
            answer.refused(401, "token_readonly");
        }
        none.send(method, &path, None).await.refused(429, "rate_limit_exceeded");
    }
    let mut met = lab.record();
    met.extend(none.record());
    met
}

async fn without_sense(lab: &Lab, operation: &str) {
    let (method, path) = aimless(operation);
    if method == "GET" && !operation.ends_with('}') {
        lab.get(&format!("{path}?page=x")).await;
    }
    if has_body(operation) {
        let wrong: Value = WRONG.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        let token = Some(lab.lab.token.text());
        lab.send_as(token, method, &path, Some("{"), How::Ordinary).await;
        lab.send(method, &path, Some(wrong)).await;
    }
    if operation.contains('{') {
        lab.send(method, &path, None).await;
    }
}

/// Provokes them all.
pub(super) async fn walk() -> Record {
    let mut met = tokens_and_limit().await;
    let lab = lab_with(ServeOptions::default()).await;
    for operation in described::operations() {
        without_sense(&lab, &operation).await;
    }
    met.extend(lab.record());
    met
}
