//! HTTP around the API: who may ask, how often, and the headers of every answer.
//!
//! The order of the checks is the cloud's: the rate limit counts everything, a route that does not
//! exist is told before the token is looked at, and the token before the method.

use axum::body::{Body, Bytes};
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, request};
use ennead_host::clock::now;
use futures::stream;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use percent_encoding::percent_decode_str;

use crate::api::{self, Found, Method, Request};
use crate::connections::Patience;
use crate::projects::{Pass, Projects};
use crate::rate::Take;
use crate::shelf::Answer;
use crate::state::{Code, Refusal};
use crate::{admin, admin_tokens};

/// Where the API begins.
pub(crate) const API_ROOT: &str = "/v1";

/// Everything that a request meets.
pub(crate) struct Desk {
    /// The states and who may see them.
    pub(crate) projects: Projects,
    /// For example `http://127.0.0.1:4000`.
    pub(crate) base: String,
    /// What clients are granted.
    pub(crate) patience: Patience,
}

/// Through which door a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// Loopback: the operator's programs.
    Operator,
    /// The lab's internet: its servers. They find the cloud's API there and nothing of the lab's own.
    Servers,
}

/// Answers any request.
pub(crate) async fn answer(
    desk: &Desk,
    door: Door,
    request: hyper::Request<Incoming>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = desk.read(body).await;
    let is_broken = body.is_err();
    let mut response = desk.answer(door, &head, body).await;
    if is_broken {
        // What is left of the body is not read.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

impl Desk {
    /// Returns whether a fault keeps the API from being reached through this door.
    pub(crate) fn is_hidden_from(&self, door: Door) -> bool {
        door == Door::Servers && self.projects.main().engine.faults().hides_api()
    }

    /// Reads a body. The cloud documents no code of its own for one that is too large.
    async fn read(&self, body: Incoming) -> Result<Bytes, Refusal> {
        let most = self.patience.body_bytes;
        let too_large = || Refusal::new(Code::JsonError, "the request's body is too large");
        // What is announced as too large is not waited for.
        if usize::try_from(body.size_hint().lower()).is_ok_and(|announced| announced > most) {
            return Err(too_large());
        }
        match tokio::time::timeout(self.patience.silence, Limited::new(body, most).collect()).await
        {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(_)) => Err(Refusal::new(Code::JsonError, "the request's body is broken")),
            Err(_) => Err(Refusal::new(Code::Timeout, "the request's body did not arrive in time")),
        }
    }

    async fn answer(
        &self,
        door: Door,
        head: &request::Parts,
        body: Result<Bytes, Refusal>,
    ) -> Response<Body> {
        let method = Method::parse(head.method.as_str());
        let pass = self.check_token(&head.headers);
        let Some(path) = head.uri.path().strip_prefix(API_ROOT) else {
            // What is the lab's own does not exist for servers.
            let path = if door == Door::Operator { head.uri.path() } else { "" };
            return self.answer_admin(method, path, pass, body).await;
        };
        // Whoever has no token uses up the default project's limit.
        let project = pass.as_ref().map_or_else(|_| self.projects.main(), |pass| &pass.project);
        let take = project.gate.take();
        // A path that is no text once decoded names nothing.
        let path = percent_decode_str(path).decode_utf8();
        let path = path.as_deref().unwrap_or_default();
        let found = api::find(method, path);
        let is_known = !matches!(found, Found::Nothing);
        let engine = &project.engine;
        let checked = check(&found, method, take, pass.as_ref()).and(body);
        let refused = || engine.faults().refuses(method, path).map_or(Ok(()), Err);
        let answer = match checked.and_then(|body| refused().map(|()| body)) {
            Ok(body) => {
                let query = Query::<Vec<(String, String)>>::try_from_uri(&head.uri);
                let request = Request {
                    method,
                    path: path.to_owned(),
                    query: query.map(|Query(pairs)| pairs).unwrap_or_default(),
                    body: body.to_vec(),
                    root: format!("{}{API_ROOT}", self.base),
                };
                let question = head.uri.path_and_query().map_or(path, |question| question.as_str());
                engine.answer(&request, question)
            }
            Err(refusal) => Answer::from(&api::refuse(&refusal)),
        };
        project.gate.count(take, method != Method::Get);
        if is_known && engine.faults().loses(method, path) {
            return cut_connection();
        }
        render(answer, Some(take), if is_known { Layout::Compact } else { Layout::Pretty })
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<Pass, Refusal> {
        let refuse = |message: &str| Refusal::new(Code::Unauthorized, message);
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = header.and_then(|header| {
            let (kind, token) = header.split_once(' ')?;
            kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let given = given.filter(|given| !given.is_empty());
        let given = given.ok_or_else(|| refuse("token is required"))?;
        let pass = self.projects.pass(given);
        pass.ok_or_else(|| refuse("the token you have provided is invalid"))
    }

    async fn answer_admin(
        &self,
        method: Method,
        path: &str,
        pass: Result<Pass, Refusal>,
        body: Result<Bytes, Refusal>,
    ) -> Response<Body> {
        let Some(path) = path.strip_prefix(admin::ROOT) else {
            let answer = Answer::from(&api::refuse(&api::unknown_route()));
            return render(answer, None, Layout::Pretty);
        };
        let reply = match (pass, body) {
            (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
            (Ok(pass), Ok(body)) => match path.strip_prefix(admin_tokens::ROOT) {
                Some(rest) if pass.is_main => {
                    admin_tokens::answer(&self.projects, method, rest, &body).await
                }
                Some(_) => Err(Refusal::new(Code::Forbidden, "only the lab's own token may")),
                None => admin::answer(&pass.project.engine, method, path, &body).await,
            },
        };
        let reply = reply.unwrap_or_else(|refusal| api::refuse(&refusal));
        render(Answer::from(&reply), None, Layout::Compact)
    }
}

fn check(
    found: &Found<'_>,
    method: Method,
    take: Take,
    pass: Result<&Pass, &Refusal>,
) -> Result<(), Refusal> {
    if !take.passes {
        let message = "limit of requests per hour reached";
        return Err(Refusal::new(Code::RateLimitExceeded, message));
    }
    if matches!(found, Found::Nothing) {
        return Err(api::unknown_route());
    }
    let pass = pass.map_err(Clone::clone)?;
    if matches!(found, Found::WrongMethod) {
        return Err(api::wrong_method());
    }
    if pass.is_read_only && method != Method::Get {
        return Err(Refusal::new(Code::TokenReadonly, "token has only read permission"));
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Compact,
    /// What answers a route that does not exist; it names its charset, too.
    Pretty,
}

fn render(answer: Answer, take: Option<Take>, layout: Layout) -> Response<Body> {
    let has_body = answer.body.is_some();
    let body = match (answer.body, layout) {
        (None, _) => Body::empty(),
        (Some(body), Layout::Compact) => Body::from(body),
        (Some(body), Layout::Pretty) => Body::from(prettily(&body)),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    if has_body {
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
    if let Some(link) = answer.link {
        text("link", link);
    }
    if let Some(take) = take {
        let until_full = i64::try_from(take.until_full.as_secs()).unwrap_or(i64::MAX);
        text("ratelimit-limit", take.limit.to_string());
        text("ratelimit-remaining", take.remaining.to_string());
        text("ratelimit-reset", now().as_second().saturating_add(until_full).to_string());
    }
    response
}

fn prettily(body: &Bytes) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    format!("{body:#}")
}

/// Ends the connection before a byte of the answer was sent: a body that fails at once.
fn cut_connection() -> Response<Body> {
    let failure = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(failure)])))
}
