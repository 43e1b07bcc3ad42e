//! Asks a lab that is served one of its own questions, which the cloud's API does not have.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::admin::ROOT;
use crate::world::why::Why;

/// How long the daemon may take; it only has to look into its memory.
const DEADLINE: Duration = Duration::from_secs(30);

/// Asks `method` of `path` below the lab's own routes; gives the answer's JSON.
///
/// # Errors
/// When nobody answers in time, or with the message of a refusal.
pub(crate) async fn ask(
    endpoint: &str,
    token: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, Why> {
    let asked = tokio::time::timeout(DEADLINE, exchange(endpoint, token, method, path, body)).await;
    let (is_good, body) = asked.map_err(|_| Why(format!("{endpoint} does not answer")))??;
    if is_good {
        return Ok(body);
    }
    let message = body.pointer("/error/message").and_then(Value::as_str);
    Err(Why(message.unwrap_or("it refuses without a word").to_owned()))
}

async fn exchange(
    endpoint: &str,
    token: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<(bool, Value), Why> {
    let base = endpoint.trim_start_matches("http://");
    let address = base.split('/').next().unwrap_or(base);
    let stream = TcpStream::connect(address).await.map_err(|error| Why::of(&error))?;
    let connected = http1::handshake::<_, Body>(TokioIo::new(stream)).await;
    let (mut sender, connection) = connected.map_err(|error| Why::of(&error))?;
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = Request::builder()
        .method(method)
        .uri(format!("{ROOT}{path}"))
        .header("host", address)
        .header("authorization", format!("Bearer {token}"))
        .body(body)
        .map_err(|error| Why::of(&error))?;
    let talk = async {
        let response = sender.send_request(request).await.map_err(|error| Why::of(&error))?;
        let is_good = response.status().is_success();
        let body = response.into_body().collect().await.map_err(|error| Why::of(&error))?;
        let body = body.to_bytes();
        let body = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&body) };
        Ok((is_good, body.map_err(|error| Why::of(&error))?))
    };
    // The connection's own task ends when the answer is there; an error shows in the answer, too.
    let mut connection = std::pin::pin!(connection);
    let mut talk = std::pin::pin!(talk);
    tokio::select! {
        answer = talk.as_mut() => answer,
        _ = connection.as_mut() => talk.await,
    }
}
