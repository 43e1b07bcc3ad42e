//! HTTP around the API: who may ask, how often, and the headers of every answer.
//!
//! The order of the checks is the cloud's: the rate limit counts everything, a route that does not
//! exist is told before the token is looked at, and the token before the method.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use ennead_host::clock::{Stopwatch, now};
use futures::stream;

use crate::admin;
use crate::api::{self, Found, Method, Reply, Request};
use crate::engine::Engine;
use crate::rate::{Bucket, Take};
use crate::serve::LabToken;
use crate::state::{Code, Refusal};

/// Where the API begins.
pub(crate) const API_ROOT: &str = "/v1";

/// Everything that a request meets.
pub(crate) struct Desk {
    /// The state and the world.
    pub(crate) engine: Arc<Engine>,
    /// Who may ask.
    pub(crate) tokens: Vec<LabToken>,
    /// How often.
    pub(crate) bucket: Mutex<Bucket>,
    /// The bucket's clock.
    pub(crate) watch: Stopwatch,
    /// For example `http://127.0.0.1:4000`.
    pub(crate) base: String,
}

/// Answers any request.
pub(crate) async fn answer(
    State(desk): State<Arc<Desk>>,
    method: axum::http::Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let method = Method::parse(method.as_str());
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(path) = uri.path().strip_prefix(API_ROOT) else {
        return desk.answer_admin(method, uri.path(), token, &body).await;
    };
    let take = {
        let mut bucket = desk.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(desk.watch.elapsed())
    };
    let query = Query::<Vec<(String, String)>>::try_from_uri(&uri);
    let request = Request {
        method,
        path: path.to_owned(),
        query: query.map(|Query(pairs)| pairs).unwrap_or_default(),
        body: body.to_vec(),
        root: format!("{}{API_ROOT}", desk.base),
    };
    let is_known = !matches!(api::find(method, path), Found::Nothing);
    let reply = match desk.check(&request, take, token) {
        Ok(()) => desk.engine.answer(&request),
        Err(refusal) => api::refuse(&refusal),
    };
    if is_known && desk.engine.faults().loses(method, path) {
        return cut_connection();
    }
    render(&reply, Some(take), if is_known { Layout::Compact } else { Layout::Pretty })
}

impl Desk {
    fn check(&self, request: &Request, take: Take, token: Option<&str>) -> Result<(), Refusal> {
        if !take.passes {
            let message = "limit of requests per hour reached";
            return Err(Refusal::new(Code::RateLimitExceeded, message));
        }
        let found = api::find(request.method, &request.path);
        if matches!(found, Found::Nothing) {
            return Err(api::unknown_route());
        }
        let token = self.check_token(token)?;
        if matches!(found, Found::WrongMethod) {
            return Err(api::wrong_method());
        }
        if token.is_read_only && request.method != Method::Get {
            let message = "token has only read permission";
            return Err(Refusal::new(Code::TokenReadonly, message));
        }
        let refusal = self.engine.faults().refuses(request.method, &request.path);
        refusal.map_or(Ok(()), Err)
    }

    fn check_token(&self, header: Option<&str>) -> Result<&LabToken, Refusal> {
        let refuse = |message: &str| Refusal::new(Code::Unauthorized, message);
        let given = header.and_then(|header| {
            let (kind, token) = header.split_once(' ')?;
            kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let given = given.filter(|given| !given.is_empty());
        let given = given.ok_or_else(|| refuse("token is required"))?;
        let known = self.tokens.iter().find(|token| token.is(given));
        known.ok_or_else(|| refuse("the token you have provided is invalid"))
    }

    async fn answer_admin(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &[u8],
    ) -> Response<Body> {
        let Some(path) = path.strip_prefix(admin::ROOT) else {
            return render(&api::refuse(&api::unknown_route()), None, Layout::Pretty);
        };
        let reply = match self.check_token(token) {
            Ok(_) => admin::answer(&self.engine, method, path, body).await,
            Err(refusal) => Err(refusal),
        };
        let reply = reply.unwrap_or_else(|refusal| api::refuse(&refusal));
        render(&reply, None, Layout::Compact)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Compact,
    /// What answers a route that does not exist; it names its charset, too.
    Pretty,
}

fn render(reply: &Reply, take: Option<Take>, layout: Layout) -> Response<Body> {
    let body = reply.body.as_ref().map(|body| match layout {
        Layout::Compact => body.to_string(),
        Layout::Pretty => format!("{body:#}"),
    });
    let mut response = Response::new(body.clone().map_or_else(Body::empty, Body::from));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    let headers = response.headers_mut();
    if body.is_some() {
        let kind = match layout {
            Layout::Compact => "application/json",
            Layout::Pretty => "application/json; charset=utf-8",
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    // Lower-case hex without dashes: the official client appends it to its error texts.
    let mut text = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    text("x-correlation-id", format!("{:032x}", rand::random::<u128>()));
    if let Some(link) = &reply.link {
        text("link", link.clone());
    }
    if let Some(take) = take {
        let until_full = i64::try_from(take.until_full.as_secs()).unwrap_or(i64::MAX);
        text("ratelimit-limit", take.limit.to_string());
        text("ratelimit-remaining", take.remaining.to_string());
        text("ratelimit-reset", now().as_second().saturating_add(until_full).to_string());
    }
    response
}

/// Ends the connection before a byte of the answer was sent: a body that fails at once.
fn cut_connection() -> Response<Body> {
    let failure = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(failure)])))
}
