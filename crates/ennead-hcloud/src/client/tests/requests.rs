//! Single requests: pages, refusals, repetition and its limits.

use std::time::Duration;

use ennead_host::clock::Stopwatch;
use secrecy::SecretString;
use serde_json::json;

use super::fixtures::{group, group_body, labels, page};
use super::scripted::{Reply, Scripted, ok, quick, refused};
use crate::client::{Client, RetryPolicy};
use crate::error::CloudError;

const GROUPS: &str = "placement_groups";

#[tokio::test]
async fn all_pages_are_read() {
    let one = |id: u64| [group(id, &format!("g{id}"), &labels(), &[])];
    let pages = [(1, Some(2)), (2, Some(3)), (3, None)];
    let replies = pages.map(|(id, next)| ok(page(GROUPS, &one(id), next))).to_vec();
    let api = Scripted::start(vec![("GET /placement_groups", replies)]).await;
    let groups = api.client().placement_groups("platform=one").await.unwrap();
    assert_eq!(groups.iter().map(|group| group.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(
        api.asked()[2],
        "GET /placement_groups?page=3&per_page=50&label_selector=platform%3Done"
    );
}

#[tokio::test]
async fn pages_that_go_in_a_circle_are_an_error() {
    let replies = vec![ok(page(GROUPS, &[], Some(1)))];
    let api = Scripted::start(vec![("GET /placement_groups", replies)]).await;
    let error = api.client().placement_groups("").await.unwrap_err();
    assert!(matches!(error, CloudError::Decode { .. }), "{error}");
}

#[tokio::test]
async fn a_create_is_repeated_only_while_it_was_surely_not_carried_out() {
    let cases = [
        (refused(409, "conflict"), 4),
        (refused(423, "locked"), 4),
        (refused(429, "rate_limit_exceeded"), 2),
        (refused(502, "bad_gateway"), 1),
        (refused(503, "unavailable"), 1),
        (refused(504, "timeout"), 1),
        (refused(500, "server_error"), 1),
        (Reply::Lost, 1),
        (refused(409, "uniqueness_error"), 1),
        (refused(403, "resource_limit_exceeded"), 1),
        (refused(412, "resource_unavailable"), 1),
        (refused(422, "invalid_input"), 1),
        (refused(423, "protected"), 1),
        (refused(401, "unauthorized"), 1),
    ];
    for (reply, tries) in cases {
        let api = Scripted::start(vec![("POST /placement_groups", vec![reply])]).await;
        let error = api.client().create_placement_group(&group_body("g")).await.unwrap_err();
        assert_eq!(api.asked().len(), tries, "{error}");
        let call = error.call().unwrap();
        assert_eq!((call.method, call.path.as_str()), ("POST", "/placement_groups"));
        assert_eq!(usize::try_from(call.tries).unwrap(), tries);
    }
}

#[tokio::test]
async fn a_read_is_repeated_after_every_passing_trouble() {
    let troubles = [
        refused(502, "bad_gateway"),
        Reply::Is(504, vec![], json!("a proxy's page")),
        Reply::Lost,
        ok(page(GROUPS, &[], None)),
    ];
    let api = Scripted::start(vec![("GET /placement_groups", troubles.to_vec())]).await;
    assert_eq!(api.client().placement_groups("").await, Ok(vec![]));
    assert_eq!(api.asked().len(), 4);
}

#[tokio::test]
async fn the_time_spent_on_one_request_has_a_limit() {
    let api = Scripted::start(vec![("GET /placement_groups", vec![refused(423, "locked")])]).await;
    let policy = RetryPolicy {
        tries_max: 1000,
        pause_min: Duration::from_millis(50),
        pause_max: Duration::from_millis(50),
        total_max: Duration::from_secs(2),
        ..quick()
    };
    let error = api.client_with(policy).placement_groups("").await.unwrap_err();
    // Far from the limit on tries: it was the time that ended them.
    assert!((2..42).contains(&api.asked().len()), "{}", api.asked().len());
    let text = error.to_string();
    assert!(text.contains("locked, 1d1d17e504e28a4c, after "), "{text}");
}

#[tokio::test]
async fn the_clouds_own_pause_after_a_rate_limit_is_kept() {
    let limited = Reply::Is(429, vec![("retry-after", "1")], json!({}));
    let replies = vec![limited, ok(page(GROUPS, &[], None))];
    let api = Scripted::start(vec![("GET /placement_groups", replies)]).await;
    let watch = Stopwatch::start();
    api.client().placement_groups("").await.unwrap();
    assert!(watch.elapsed() >= Duration::from_secs(1), "{:?}", watch.elapsed());
}

#[tokio::test]
async fn an_api_that_is_not_there_is_said_soon() {
    let endpoint = "http://127.0.0.1:9/v1";
    let client = Client::new(endpoint, &SecretString::from("the-token"), quick()).unwrap();
    let error = client.create_placement_group(&group_body("g")).await.unwrap_err();
    let CloudError::Unreachable { sent: false, at, .. } = &error else { panic!("{error:?}") };
    assert_eq!(at.tries, 2);
    let text = error.to_string();
    assert!(text.contains(endpoint) && text.contains("refused"), "{text}");
    assert!(!text.contains("the-token"), "{text}");
}

#[tokio::test]
async fn an_answer_that_is_not_as_described_names_the_field() {
    let replies = vec![ok(json!({"server": {"id": 1}}))];
    let api = Scripted::start(vec![("GET /servers/1", replies)]).await;
    let text = api.client().server(1).await.unwrap_err().to_string();
    assert!(text.starts_with("GET /servers/1: ") && text.contains("`name`"), "{text}");
}

#[tokio::test]
async fn with_one_try_nothing_is_sent_twice_whatever_comes_of_it() {
    let replies = [
        refused(423, "locked"),
        refused(429, "rate_limit_exceeded"),
        refused(502, "bad_gateway"),
        Reply::Lost,
    ];
    for reply in replies {
        let api = Scripted::start(vec![("POST /servers/7/actions/poweroff", vec![reply])]).await;
        let once = RetryPolicy { tries_max: 1, ..quick() };
        let error = api.client_with(once).power_off(7).await.unwrap_err();
        assert_eq!(api.asked().len(), 1, "{error}");
    }
}

#[tokio::test]
async fn a_connection_that_does_not_open_in_its_time_was_not_used() {
    // An address of documentation (RFC 5737): nobody answers there.
    let policy = RetryPolicy {
        tries_max: 1,
        connect_max: Duration::from_millis(50),
        answer_max: Duration::from_mins(1),
        ..quick()
    };
    let client =
        Client::new("https://192.0.2.1/v1", &SecretString::from("the-token"), policy).unwrap();
    let error = client.power_off(7).await.unwrap_err();
    let CloudError::Unreachable { sent: false, .. } = &error else { panic!("{error:?}") };
}
