//! Tokens, routes, headers, rate limit.

use ennead_lab::LabToken;
use ennead_lab::serve::ServeOptions;
use serde_json::json;

use crate::client::{lab, lab_with};

#[tokio::test]
async fn a_token_is_required_and_must_be_known() {
    let lab = lab().await;
    let none = lab.try_send("GET", "/servers", None, None).await.unwrap();
    let expected = json!({ "error":
        { "code": "unauthorized", "details": null, "message": "token is required" } });
    assert_eq!((none.status, none.json()), (401, expected));
    assert!(!none.text.contains('\n'));
    assert_eq!(none.headers["content-type"], "application/json");
    let wrong = lab.try_send("GET", "/servers", Some("x"), None).await.unwrap();
    wrong.refused(401, "unauthorized");
    assert_eq!(wrong.message(), "the token you have provided is invalid");
}

#[tokio::test]
async fn a_route_that_does_not_exist_is_told_before_the_token_is_looked_at() {
    let lab = lab().await;
    let unknown = lab.try_send("GET", "/nonsense", None, None).await.unwrap();
    unknown.refused(404, "not_found");
    assert_eq!(unknown.message(), "api route not found");
    assert!(unknown.text.contains("\n  \"error\""), "{}", unknown.text);
    assert_eq!(unknown.headers["content-type"], "application/json; charset=utf-8");
    let method = lab.try_send("PATCH", "/servers", None, None).await.unwrap();
    method.refused(401, "unauthorized");
    lab.send("PATCH", "/servers", None).await.refused(405, "method_not_allowed");
    lab.delete("/pricing").await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_clients_read() {
    let lab = lab().await;
    for path in ["/servers", "/nonsense", "/servers/x"] {
        let answer = lab.get(path).await;
        let id = answer.headers["x-correlation-id"].to_str().unwrap();
        assert_eq!(id.len(), 32, "{id}");
        assert!(id.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)), "{id}");
        assert_eq!(answer.headers["ratelimit-limit"], "3600");
        assert!(answer.headers.contains_key("ratelimit-reset"));
    }
    let last = lab.get("/servers").await;
    assert_eq!(last.headers["ratelimit-remaining"], "3596");
}

#[tokio::test]
async fn the_rate_limit_counts_every_request() {
    let lab = lab_with(ServeOptions { requests_per_hour: 3, ..ServeOptions::default() }).await;
    lab.try_send("GET", "/servers", None, None).await.unwrap().refused(401, "unauthorized");
    lab.get("/nonsense").await.refused(404, "not_found");
    lab.get("/servers").await.ok();
    let limited = lab.get("/servers").await;
    limited.refused(429, "rate_limit_exceeded");
    assert_eq!(limited.headers["ratelimit-remaining"], "0");
}

#[tokio::test]
async fn a_read_only_token_reads_only() {
    let tokens = vec![LabToken::read_only("reader")];
    let lab = lab_with(ServeOptions { tokens, ..ServeOptions::default() }).await;
    lab.try_send("GET", "/servers", Some("reader"), None).await.unwrap().ok();
    let refused = lab.try_send("POST", "/servers", Some("reader"), Some("{}")).await.unwrap();
    refused.refused(401, "token_readonly");
}

#[tokio::test]
async fn bad_json_and_bad_fields_are_told_apart() {
    let lab = lab().await;
    let token = Some(lab.lab.token.text());
    let broken = lab.try_send("POST", "/networks", token, Some("{")).await.unwrap();
    broken.refused(400, "json_error");
    let empty = lab.post("/networks", json!({})).await;
    empty.refused(422, "invalid_input");
    assert_eq!(empty.message(), "invalid input in fields 'name', 'ip_range'");
    let fields = empty.json()["error"]["details"]["fields"].clone();
    assert_eq!(fields[0], json!({ "name": "name", "messages": ["is missing"] }));
}

#[tokio::test]
async fn an_id_that_is_no_number_is_not_found() {
    let lab = lab().await;
    for path in ["/server_types/ccx13", "/servers/x", "/networks/-1", "/images/0", "/actions/9"] {
        lab.get(path).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn what_the_cloud_took_out_is_gone() {
    let lab = lab().await;
    let gone = lab.get("/datacenters").await;
    gone.refused(410, "deprecated_api_endpoint");
    assert!(gone.json()["error"]["details"]["announcement"].is_string());
    lab.get("/datacenters/3").await.refused(410, "deprecated_api_endpoint");
    lab.get("/actions").await.refused(410, "deprecated_api_endpoint");
}

#[tokio::test]
async fn the_catalogue_is_shown_whole() {
    let lab = lab().await;
    let locations = lab.get("/locations?name=hil").await.ok();
    assert_eq!(locations["locations"][0]["network_zone"], "us-west");
    let types = lab.get("/server_types?per_page=50").await.ok();
    let all = types["server_types"].as_array().unwrap();
    assert_eq!(all.len(), ennead_model_types());
    let ccx23 = all.iter().find(|found| found["name"] == "ccx23").unwrap();
    let in_hil = ccx23["prices"].as_array().unwrap().iter().find(|p| p["location"] == "hil");
    assert_eq!(in_hil.unwrap()["price_monthly"]["net"], "102.9900000000");
    assert!(ccx23.get("deprecated").is_none(), "taken out on 2026-11-02");
    let id = ccx23["id"].as_u64().unwrap();
    let one = lab.get(&format!("/server_types/{id}")).await.ok();
    assert_eq!(one["server_type"]["name"], "ccx23");
    let images = lab.get("/images?type=system&name=debian-13&architecture=x86").await.ok();
    assert_eq!(images["images"].as_array().unwrap().len(), 1);
    assert_eq!(lab.get("/images?type=snapshot").await.ok()["images"], json!([]));
    assert_eq!(lab.get("/pricing").await.ok()["pricing"]["currency"], "USD");
}

fn ennead_model_types() -> usize {
    ennead_model::Catalogue::embedded().server_types.len()
}
