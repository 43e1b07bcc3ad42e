//! What every operation is refused for: no token, one that may only read, too many requests, an
//! object that is not there, a body that is no JSON or has no right field, a page that is no number.

use ennead_lab::LabToken;
use ennead_lab::serve::ServeOptions;
use serde_json::{Value, json};

use crate::client::{Answer, Lab, lab_with};
use crate::described;
use crate::documented::{How, Record, has_body};
use crate::zones::make_zone;

const READER: &str = "reader";

/// The one zone that is there.
const ZONE: &str = "near.com";

/// In place of every number in a path.
const NOBODY: &str = "999999999";

/// Fields of all requests, each with a value that it cannot have.
const WRONG: [&str; 27] = [
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

/// Whether the body or the object is looked at first is the lab's own.
#[track_caller]
fn is_told(answer: &Answer) {
    let is_told = matches!(answer.code().as_str(), "not_found" | "invalid_input");
    assert!(is_told, "{} {}", answer.status, answer.text);
}

async fn without_sense(lab: &Lab, operation: &str) {
    let (method, path) = aimless(operation);
    if operation.contains('{') {
        let body = has_body(operation).then(|| json!({}));
        is_told(&lab.send(method, &path, body).await);
    } else if method == "GET" && operation != "GET /pricing" {
        lab.get(&format!("{path}?page=x")).await;
    }
    if has_body(operation) {
        // The lab looks for the zone first.
        let path = path.replace("none.com", ZONE).replace("/none/A", "/@/NS");
        let mut wrong: Value = WRONG.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        wrong["labels"] = json!("a=b");
        let token = Some(lab.lab.token.text());
        let broken = lab.send_as(token, method, &path, Some("{"), How::Ordinary).await;
        broken.refused(400, "json_error");
        is_told(&lab.send(method, &path, Some(wrong)).await);
    }
}

/// Provokes them all.
pub(super) async fn walk() -> Record {
    let mut met = tokens_and_limit().await;
    let lab = lab_with(ServeOptions::default()).await;
    make_zone(&lab, ZONE, json!({})).await;
    for operation in described::operations() {
        without_sense(&lab, &operation).await;
    }
    met.extend(lab.record());
    met
}
