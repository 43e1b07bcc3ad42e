//! One request and its answer; repeated where that is safe.
//!
//! The token is a header marked sensitive. It is in no error, no event and no `Debug`.

use std::fmt;
use std::sync::Arc;

use ennead_host::clock::{Stopwatch, pause_for};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::pace::Budget;
use super::refusal::refusal;
use super::retry::RetryPolicy;
use crate::error::{Call, CloudError, Retry};

/// The cloud's API. Cheap to clone; clones share connections and what is known of the rate limit.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    http: reqwest::Client,
    endpoint: String,
    policy: RetryPolicy,
    budget: Budget,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.shared.endpoint).finish_non_exhaustive()
    }
}

/// Whether a request may be sent again when it may have been carried out already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resend {
    /// A second time has no further effect.
    Harmless,
    /// A second time would have a second effect.
    Harmful,
}

/// A request to be sent.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    pub(super) resend: Resend,
}

impl Request {
    /// Reads.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, Resend::Harmless)
    }

    /// Deletes; the second time there is nothing.
    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path, Resend::Harmless)
    }

    /// Replaces.
    pub(super) fn put(path: impl Into<String>) -> Self {
        Self::new(Method::PUT, path, Resend::Harmless)
    }

    /// Makes or does something, with another effect when done twice.
    pub(super) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path, Resend::Harmful)
    }

    fn new(method: Method, path: impl Into<String>, resend: Resend) -> Self {
        Self { method, path: path.into(), query: Vec::new(), body: None, resend }
    }

    pub(super) fn query(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.query.push((key, value.to_string()));
        self
    }

    pub(super) fn resend(mut self, resend: Resend) -> Self {
        self.resend = resend;
        self
    }

    pub(super) fn body(mut self, body: &impl Serialize) -> Result<Self, CloudError> {
        let body = serde_json::to_value(body).map_err(|error| CloudError::Decode {
            at: Box::new(self.call()),
            why: format!("the request's body cannot be written: {error}"),
        })?;
        self.body = Some(body);
        Ok(self)
    }

    fn call(&self) -> Call {
        let method = match self.method {
            Method::GET => "GET",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            _ => "POST",
        };
        Call { method, path: self.path.clone(), correlation: None, tries: 0 }
    }
}

/// A 2xx answer.
pub(super) struct Answer {
    pub(super) at: Call,
    pub(super) body: Value,
}

impl Answer {
    /// Takes a part out of the body; absent and null are the same.
    pub(super) fn part<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, CloudError> {
        let part = self.body.get_mut(key).map(Value::take).unwrap_or_default();
        serde_json::from_value(part).map_err(|error| self.odd(format!("{key}: {error}")))
    }

    /// Returns the error for an answer that is not as described.
    pub(super) fn odd(&self, why: String) -> CloudError {
        CloudError::Decode { at: Box::new(self.at.clone()), why }
    }
}

impl Client {
    /// Makes a client for an endpoint such as `https://api.hetzner.cloud/v1`. Plain HTTP is for the
    /// lab: on loopback, or inside a lab's internet. Nothing is sent yet.
    ///
    /// # Errors
    /// [`CloudError::Setup`] when the endpoint is no such address, sends a token in the clear to
    /// another machine, or when the token cannot stand in a header.
    pub fn new(
        endpoint: &str,
        token: &SecretString,
        policy: RetryPolicy,
    ) -> Result<Self, CloudError> {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        let setup = |why: String| CloudError::Setup { endpoint: endpoint.clone(), why };
        let url = Url::parse(&endpoint).map_err(|error| setup(error.to_string()))?;
        let is_here = is_loopback(&url) || is_for_tests(&url);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("ennead/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(policy.connect_max)
            .timeout(policy.answer_max)
            .redirect(redirect::Policy::none())
            .default_headers(authorization(token).map_err(setup)?);
        builder = match url.scheme() {
            // The system's certificates are neither needed nor read.
            "http" if is_here => builder.tls_certs_only([]),
            "http" => return Err(setup("plain http is for a lab only; use https".to_owned())),
            "https" => builder,
            other => return Err(setup(format!("{other} is neither http nor https"))),
        };
        if is_here {
            builder = builder.no_proxy();
        }
        install_tls_provider();
        let http = builder.build().map_err(|error| setup(chain(&error)))?;
        Ok(Self { shared: Arc::new(Shared { http, endpoint, policy, budget: Budget::new() }) })
    }

    /// Returns the API's address.
    pub fn endpoint(&self) -> &str {
        &self.shared.endpoint
    }

    /// Returns the limits of repetition and waiting.
    pub fn policy(&self) -> &RetryPolicy {
        &self.shared.policy
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.shared.budget
    }

    /// Sends a request until it is answered, refused for good, or the limits are reached.
    pub(super) async fn send(&self, request: Request) -> Result<Answer, CloudError> {
        let policy = self.policy();
        let watch = Stopwatch::start();
        let mut pauses = policy.pauses();
        let mut call = request.call();
        loop {
            call.tries += 1;
            let error = match self.send_once(&request, &call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Retry::After(least) = error.retry() else { return Err(error) };
            if request.resend == Resend::Harmful && error.may_have_happened() {
                return Err(error);
            }
            let Some(pause) = pauses.next() else { return Err(error) };
            let pause = pause.max(least);
            if watch.elapsed() + pause > policy.time_for(&error) {
                return Err(error);
            }
            tracing::debug!(%error, pause_ms = pause.as_millis(), "cloud request is repeated");
            pause_for(pause).await;
        }
    }

    async fn send_once(&self, request: &Request, call: &Call) -> Result<Answer, CloudError> {
        let watch = Stopwatch::start();
        let url = format!("{}{}", self.shared.endpoint, request.path);
        let mut builder = self.shared.http.request(request.method.clone(), url);
        if !request.query.is_empty() {
            builder = builder.query(&request.query);
        }
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        let mut at = call.clone();
        let response = builder.send().await.map_err(|error| self.unreachable(&at, error))?;
        self.budget().learn(response.headers());
        at.correlation = correlation(response.headers());
        let status = response.status();
        let headers = response.headers().clone();
        let body = response.bytes().await.map_err(|error| self.unreachable(&at, error))?;
        let took_ms = watch.elapsed().as_millis();
        tracing::trace!(method = at.method, path = at.path, status = status.as_u16(), took_ms);
        if !status.is_success() {
            return Err(refusal(at, status.as_u16(), &headers, &body));
        }
        if body.is_empty() {
            return Ok(Answer { at, body: Value::Null });
        }
        match serde_json::from_slice(&body) {
            Ok(body) => Ok(Answer { at, body }),
            Err(error) => {
                Err(CloudError::Decode { at: Box::new(at), why: format!("not JSON: {error}") })
            }
        }
    }

    fn unreachable(&self, at: &Call, error: reqwest::Error) -> CloudError {
        let sent = !error.is_connect();
        let why = if error.is_timeout() && sent {
            format!("no answer within {} s", self.policy().answer_max.as_secs())
        } else {
            chain(&error.without_url())
        };
        let endpoint = self.shared.endpoint.clone();
        CloudError::Unreachable { at: Box::new(at.clone()), endpoint, why, sent }
    }
}

/// reqwest is built without a provider of its own, so that one choice holds for the whole program.
fn install_tls_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none()
        && rustls::crypto::ring::default_provider().install_default().is_err()
    {
        tracing::trace!("another thread installed the TLS provider first");
    }
}

fn authorization(token: &SecretString) -> Result<HeaderMap, String> {
    let bearer = format!("Bearer {}", token.expose_secret());
    let mut value = HeaderValue::from_str(&bearer)
        .map_err(|_| "the API token has characters that cannot stand in a header".to_owned())?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Whether it is an address of 198.18.0.0/15, set aside for tests of networks and routed nowhere; a
/// lab's internet is made of them. Source: RFC 2544, appendix C.2.2.
fn is_for_tests(url: &Url) -> bool {
    let address = url.host_str().unwrap_or_default().parse::<std::net::Ipv4Addr>();
    address.is_ok_and(|address| matches!(address.octets(), [198, 18 | 19, _, _]))
}

fn correlation(headers: &HeaderMap) -> Option<String> {
    headers.get("x-correlation-id")?.to_str().ok().map(str::to_owned)
}

/// Returns an error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(endpoint: &str, token: &str) -> Result<Client, CloudError> {
        Client::new(endpoint, &SecretString::from(token), RetryPolicy::default())
    }

    #[test]
    fn debug_hides_the_token() {
        let shown = format!("{:?}", client("http://127.0.0.1:1/v1/", "very-secret").unwrap());
        assert_eq!(shown, r#"Client { endpoint: "http://127.0.0.1:1/v1", .. }"#);
    }

    #[test]
    fn a_token_is_never_sent_in_the_clear_to_another_machine() {
        for good in ["http://127.0.0.1:1/v1", "http://[::1]:1", "http://localhost:1"] {
            assert!(client(good, "t").is_ok(), "{good}");
        }
        for bad in ["http://api.example.com/v1", "ftp://127.0.0.1", "nonsense", ""] {
            assert!(matches!(client(bad, "t"), Err(CloudError::Setup { .. })), "{bad}");
        }
    }

    #[test]
    fn a_token_with_a_line_end_is_refused_and_not_shown() {
        let error = client("http://127.0.0.1:1", "sec\nret").unwrap_err().to_string();
        assert!(!error.contains("ret\n") && !error.contains("sec\n"), "{error}");
        assert!(error.contains("cannot stand in a header"), "{error}");
    }
}
