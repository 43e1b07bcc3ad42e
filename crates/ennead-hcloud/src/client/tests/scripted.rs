//! An API that gives prepared answers in turn and remembers what it was asked.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::client::{Client, RetryPolicy};

/// One prepared answer.
#[derive(Clone)]
pub(super) enum Reply {
    /// This status, header lines and body.
    Is(u16, Vec<(&'static str, &'static str)>, Value),
    /// The request arrives; no answer ever comes.
    Lost,
}

/// Answers well.
pub(super) fn ok(body: Value) -> Reply {
    Reply::Is(200, vec![], body)
}

/// Refuses.
pub(super) fn refused(status: u16, code: &str) -> Reply {
    let body = json!({"error": {"code": code, "message": "words", "details": null}});
    Reply::Is(status, vec![("x-correlation-id", "1d1d17e504e28a4c")], body)
}

#[derive(Default)]
struct Script {
    replies: HashMap<&'static str, VecDeque<Reply>>,
    asked: Vec<String>,
    bodies: Vec<Value>,
}

/// The running API. Ends when dropped.
pub(super) struct Scripted {
    script: Arc<Mutex<Script>>,
    address: String,
    task: JoinHandle<()>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Scripted {
    /// Starts; `replies` are per `METHOD /path`, the last one stays.
    pub(super) async fn start(replies: Vec<(&'static str, Vec<Reply>)>) -> Self {
        let replies = replies.into_iter().map(|(key, list)| (key, list.into())).collect();
        let script = Arc::new(Mutex::new(Script { replies, ..Script::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { script, address, task }
    }

    /// Makes a client with short pauses.
    pub(super) fn client(&self) -> Client {
        self.client_with(quick())
    }

    pub(super) fn client_with(&self, policy: RetryPolicy) -> Client {
        Client::new(&self.address, &SecretString::from("the-token"), policy).unwrap()
    }

    /// Returns the requests so far, as `METHOD /path?query`.
    pub(super) fn asked(&self) -> Vec<String> {
        self.script.lock().unwrap().asked.clone()
    }

    /// Returns how many requests began like this.
    pub(super) fn count(&self, start: &str) -> usize {
        self.asked().iter().filter(|asked| asked.starts_with(start)).count()
    }

    /// Returns the bodies of all requests that had one.
    pub(super) fn bodies(&self) -> Vec<Value> {
        self.script.lock().unwrap().bodies.clone()
    }
}

/// A policy whose limits are reached within a second.
pub(super) fn quick() -> RetryPolicy {
    RetryPolicy {
        tries_max: 4,
        pause_min: Duration::from_millis(1),
        pause_max: Duration::from_millis(4),
        total_max: Duration::from_secs(2),
        connect_total_max: Duration::from_millis(200),
        connect_max: Duration::from_millis(200),
        answer_max: Duration::from_millis(200),
        action_max: Duration::from_secs(2),
        jitter_seed: Some(1),
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let token = head.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(token.as_deref(), Some("Bearer the-token"));
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let path = head.uri.path().strip_prefix("/v1").unwrap();
    let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let reply = {
        let mut script = script.lock().unwrap();
        script.asked.push(format!("{} {path}{query}", head.method));
        if !body.is_empty() {
            script.bodies.push(serde_json::from_slice(&body).unwrap());
        }
        let key = format!("{} {path}", head.method);
        match script.replies.get_mut(key.as_str()) {
            Some(list) if list.len() > 1 => list.pop_front().unwrap(),
            Some(list) => list.front().unwrap().clone(),
            None => refused(404, "not_found"),
        }
    };
    match reply {
        Reply::Lost => std::future::pending().await,
        Reply::Is(status, headers, body) => {
            let mut builder = Response::builder().status(status);
            for (name, value) in headers {
                builder = builder.header(name, value);
            }
            let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
            builder.body(body).unwrap()
        }
    }
}
