//! Waiting for actions.

use std::time::Duration;

use ennead_host::clock::Stopwatch;
use serde_json::{Value, json};

use super::fixtures::action;
use super::scripted::{Reply, Scripted, ok};
use crate::error::CloudError;
use crate::types::Action;

const DEADLINE: Duration = Duration::from_secs(5);

fn actions(list: &[Value]) -> Value {
    json!({"actions": list})
}

fn typed(id: u64, status: &str) -> Action {
    serde_json::from_value(action(id, "start_server", status)).unwrap()
}

#[tokio::test]
async fn all_actions_are_asked_for_in_chunks_and_only_while_they_run() {
    let all = |from: u64, to: u64, status: &str| -> Vec<Value> {
        (from..=to).map(|id| action(id, "start_server", status)).collect()
    };
    let replies = vec![
        ok(actions(&all(1, 25, "success"))),
        ok(actions(&all(26, 30, "running"))),
        ok(actions(&all(26, 30, "success"))),
    ];
    let api = Scripted::start(vec![("GET /actions", replies)]).await;
    let running: Vec<Action> = (1..=30).map(|id| typed(id, "running")).collect();
    let ended = api.client().wait_until_finished(&running, DEADLINE).await.unwrap();
    assert_eq!(ended.iter().map(|a| a.id).collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());
    assert_eq!(api.asked().len(), 3);
    assert_eq!(api.asked()[0].matches("id=").count(), 25);
    assert_eq!(api.asked()[2], "GET /actions?id=26&id=27&id=28&id=29&id=30");
}

#[tokio::test]
async fn actions_that_have_ended_cost_no_request() {
    let api = Scripted::start(vec![]).await;
    let ended = [typed(1, "success"), typed(2, "success")];
    api.client().wait_until_succeeded(&ended, DEADLINE).await.unwrap();
    assert_eq!(api.asked().len(), 0);
}

#[tokio::test]
async fn a_failed_action_says_what_failed_and_why() {
    let replies = vec![ok(actions(&[action(2, "start_server", "error")]))];
    let api = Scripted::start(vec![("GET /actions", replies)]).await;
    let some = [typed(1, "success"), typed(2, "running")];
    let error = api.client().wait_until_succeeded(&some, DEADLINE).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "start_server on server 7 failed: no power (action_failed, action 2)"
    );
}

#[tokio::test]
async fn an_action_that_goes_on_ends_the_wait_at_the_deadline() {
    let replies = vec![ok(actions(&[action(1, "start_server", "running")]))];
    let api = Scripted::start(vec![("GET /actions", replies)]).await;
    let wait = Duration::from_millis(400);
    let error = api.client().wait_until_finished(&[typed(1, "running")], wait).await.unwrap_err();
    assert!(matches!(error, CloudError::Deadline { .. }), "{error:?}");
    assert!(error.to_string().contains("last seen: running, 5 %"), "{error}");
    assert_eq!(api.asked().len(), 3);
}

#[tokio::test]
async fn an_action_that_the_cloud_forgot_is_an_error() {
    let api = Scripted::start(vec![("GET /actions", vec![ok(actions(&[]))])]).await;
    let error =
        api.client().wait_until_finished(&[typed(1, "running")], DEADLINE).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn waiting_slows_down_when_half_the_budget_is_gone() {
    let answer = |status: &str| {
        let headers = vec![("ratelimit-limit", "3600"), ("ratelimit-remaining", "100")];
        Reply::Is(200, headers, actions(&[action(1, "start_server", status)]))
    };
    let replies = vec![answer("running"), answer("success")];
    let api = Scripted::start(vec![("GET /actions", replies)]).await;
    let watch = Stopwatch::start();
    api.client().wait_until_finished(&[typed(1, "running")], DEADLINE).await.unwrap();
    assert!(watch.elapsed() >= Duration::from_secs(2), "{:?}", watch.elapsed());
}
