//! What the guard makes of the cloud's answers, against a scripted API.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

/// An API with one answer to everything; no status is no answer.
struct Api {
    cloud: Cloud,
    asked: Arc<AtomicUsize>,
    folder: tempfile::TempDir,
}

const LIMIT: Duration = Duration::from_millis(400);
const LEFT: Duration = Duration::from_secs(2);
const SERVER: ServerId = ServerId(7);

impl Api {
    async fn new(status: Option<u16>, own_words: bool, body: Value) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let answer = move || {
            let (count, body) = (Arc::clone(&count), body.to_string());
            async move {
                count.fetch_add(1, Ordering::Relaxed);
                let Some(status) = status else { return std::future::pending().await };
                let mut answer = (StatusCode::from_u16(status).unwrap(), body).into_response();
                if own_words {
                    answer.headers_mut().insert("x-correlation-id", "1d".parse().unwrap());
                }
                answer
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let folder = tempfile::tempdir().unwrap();
        let token = Utf8PathBuf::from_path_buf(folder.path().join("token")).unwrap();
        files::write_private(&token, "the-token\n").unwrap();
        Self { cloud: Cloud::new(endpoint, token, LIMIT), asked, folder }
    }

    async fn refusing(status: u16, code: &str) -> Self {
        let body = json!({ "error": { "code": code, "message": "words" } });
        Self::new(Some(status), true, body).await
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn action(status: &str) -> Value {
    let error = (status == "error").then(|| json!({ "code": "failed", "message": "no power" }));
    json!({ "id": 9, "command": "stop_server", "status": status, "progress": 1,
        "started": "2026-11-01T00:00:00Z", "finished": null, "resources": [], "error": error })
}

#[tokio::test]
async fn a_power_off_is_accepted_refused_or_unknown_by_its_meaning_and_sent_once() {
    let accepted = Api::new(Some(201), true, json!({ "action": action("running") })).await;
    let answer = accepted.cloud.power_off(SERVER, || LEFT).await;
    assert_eq!(answer, ApiAnswer::Accepted(ActionId(9)));
    let refusals = [
        (401, "unauthorized"),
        (403, "token_readonly"),
        (404, "not_found"),
        (409, "conflict"),
        (423, "locked"),
        (429, "rate_limit_exceeded"),
    ];
    for (status, code) in refusals {
        let api = Api::refusing(status, code).await;
        let answer = api.cloud.power_off(SERVER, || LEFT).await;
        assert!(matches!(&answer, ApiAnswer::Refused(_)), "{code}: {answer:?}");
        assert_eq!(api.asked(), 1, "{code}");
    }
    let lost = Api::new(None, true, Value::Null).await;
    let odd = Api::new(Some(200), true, json!({ "nothing": 1 })).await;
    let unknown = [
        Api::refusing(500, "server_error").await,
        Api::refusing(503, "unavailable").await,
        lost,
        odd,
    ];
    for api in unknown {
        let answer = api.cloud.power_off(SERVER, || LEFT).await;
        assert!(matches!(&answer, ApiAnswer::Unknown(_)), "{answer:?}");
        assert_eq!(api.asked(), 1);
    }
}

#[tokio::test]
async fn what_is_too_late_is_not_sent() {
    let api = Api::new(Some(201), true, json!({ "action": action("running") })).await;
    let answer = api.cloud.power_off(SERVER, || Duration::from_millis(399)).await;
    assert!(matches!(answer, ApiAnswer::Refused(_)), "{answer:?}");
    assert_eq!(api.asked(), 0);
}

#[tokio::test]
async fn a_cloud_that_is_not_there_is_unknown() {
    let api = Api::refusing(500, "x").await;
    let nobody = format!("http://127.0.0.1:{}/v1", super::super::testing::closed_port());
    let cloud = Cloud::new(nobody, api.cloud.token.clone(), LIMIT);
    assert!(matches!(cloud.power_off(SERVER, || LEFT).await, ApiAnswer::Unknown(_)));
    assert_eq!(cloud.server(SERVER).await, None);
    assert_eq!(cloud.action(ActionId(9)).await, ActionState::Unknown);
}

#[tokio::test]
async fn a_token_that_others_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let api = Api::new(Some(201), true, json!({ "action": action("running") })).await;
    let mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(api.folder.path().join("token"), permissions).unwrap();
    };
    mode(0o644);
    let ApiAnswer::Refused(why) = api.cloud.power_off(SERVER, || LEFT).await else { panic!() };
    assert!(why.contains("chmod 0600") && !why.contains("the-token"), "{why}");
    assert_eq!(api.cloud.server(SERVER).await, None);
    assert_eq!(api.asked(), 0);
    mode(0o640);
    assert!(matches!(api.cloud.power_off(SERVER, || LEFT).await, ApiAnswer::Accepted(_)));
    files::remove(&api.cloud.token).unwrap();
    assert!(matches!(api.cloud.power_off(SERVER, || LEFT).await, ApiAnswer::Refused(_)));
}

#[tokio::test]
async fn an_action_is_told_by_its_status() {
    let cases = [
        ("running", ActionState::Running),
        ("success", ActionState::Success),
        ("error", ActionState::Error("no power (failed)".to_owned())),
        ("else", ActionState::Unknown),
    ];
    for (status, expected) in cases {
        let api = Api::new(Some(200), true, json!({ "actions": [action(status)] })).await;
        assert_eq!(api.cloud.action(ActionId(9)).await, expected);
        assert_eq!(api.cloud.action(ActionId(8)).await, ActionState::Unknown, "another action");
    }
}

#[tokio::test]
async fn a_server_is_gone_only_by_the_clouds_own_word() {
    let api = Api::refusing(404, "not_found").await;
    assert_eq!(api.cloud.server(SERVER).await, Some(ServerStatus::Gone));
    let proxy = Api::new(Some(404), false, json!("a proxy's page")).await;
    assert_eq!(proxy.cloud.server(SERVER).await, None);
}
