//! Turns an answer outside 2xx into an error by its meaning.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::error::{Call, CloudError};
use crate::types::{ApiError, ApiErrorBody};

/// Pause after a rate limit when no header names one: the budget grows by one request a second.
const RATE_LIMIT_PAUSE: Duration = Duration::from_secs(1);

/// Longest part of an unknown body that is shown, in characters.
const BODY_SHOWN_MAX: usize = 200;

/// Returns the error for an answer outside 2xx.
pub(super) fn refusal(at: Call, status: u16, headers: &HeaderMap, body: &[u8]) -> CloudError {
    let at = Box::new(at);
    let ApiError { code, message, details } = match serde_json::from_slice::<ApiErrorBody>(body) {
        Ok(body) => body.error,
        Err(_) => return foreign_words(at, status, headers, body),
    };
    let details = details.unwrap_or(Value::Null);
    match (status, code.as_str()) {
        (_, "token_readonly") => CloudError::Readonly { at, message },
        (401, _) | (_, "unauthorized") => CloudError::Unauthorized { at, message },
        (_, "not_found") => CloudError::NotFound { at, message },
        (_, "uniqueness_error") => CloudError::Uniqueness { at, message },
        (_, "locked") => CloudError::Locked { at, message },
        (_, "conflict") => CloudError::Conflict { at, message },
        (_, "protected") => CloudError::Protected { at, message },
        (_, "resource_unavailable" | "placement_error") => {
            CloudError::ResourceUnavailable { at, message }
        }
        (_, "resource_limit_exceeded") => {
            CloudError::LimitExceeded { at, limits: names(&details, "limits"), message }
        }
        (_, "invalid_input" | "json_error") => {
            CloudError::InvalidInput { at, fields: names(&details, "fields"), message }
        }
        (429, _) | (_, "rate_limit_exceeded") => rate_limited(at, headers),
        _ => CloudError::Api { at, status, code, message },
    }
}

/// An answer that the API itself did not write, for example a proxy's page.
fn foreign_words(at: Box<Call>, status: u16, headers: &HeaderMap, body: &[u8]) -> CloudError {
    let text = String::from_utf8_lossy(body);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let message: String = text.chars().take(BODY_SHOWN_MAX).collect();
    match status {
        401 => CloudError::Unauthorized { at, message },
        404 => CloudError::NotFound { at, message },
        429 => rate_limited(at, headers),
        _ => CloudError::Api { at, status, code: "no_code".to_owned(), message },
    }
}

fn rate_limited(at: Box<Call>, headers: &HeaderMap) -> CloudError {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let retry_after = seconds.map_or(RATE_LIMIT_PAUSE, Duration::from_secs);
    CloudError::RateLimited { at, retry_after }
}

/// Returns `name` or `name: messages` of each entry in `details.fields` or `details.limits`.
fn names(details: &Value, list: &str) -> Vec<String> {
    let entries =
        details.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let name = |entry: &Value| {
        let name = entry.get("name").and_then(Value::as_str).unwrap_or("?");
        let messages = entry.get("messages").and_then(Value::as_array);
        let messages: Vec<&str> =
            messages.into_iter().flatten().filter_map(Value::as_str).collect();
        if messages.is_empty() {
            name.to_owned()
        } else {
            format!("{name}: {}", messages.join(", "))
        }
    };
    entries.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Retry;

    fn of(status: u16, code: &str, details: &Value) -> CloudError {
        let at = Call {
            method: "POST",
            path: "/servers".to_owned(),
            correlation: Some("1d1d17e504e28a4c".to_owned()),
            tries: 1,
        };
        let body = json!({"error": {"code": code, "message": "words", "details": details}});
        refusal(at, status, &HeaderMap::new(), body.to_string().as_bytes())
    }

    #[test]
    fn each_code_has_its_meaning_and_its_retry() {
        type Case = (u16, &'static str, fn(&CloudError) -> bool, bool);
        let cases: [Case; 18] = [
            (401, "unauthorized", |e| matches!(e, CloudError::Unauthorized { .. }), false),
            (401, "token_readonly", |e| matches!(e, CloudError::Readonly { .. }), false),
            (403, "token_readonly", |e| matches!(e, CloudError::Readonly { .. }), false),
            (403, "forbidden", |e| matches!(e, CloudError::Api { .. }), false),
            (
                403,
                "resource_limit_exceeded",
                |e| matches!(e, CloudError::LimitExceeded { .. }),
                false,
            ),
            (404, "not_found", |e| matches!(e, CloudError::NotFound { .. }), false),
            (409, "uniqueness_error", |e| matches!(e, CloudError::Uniqueness { .. }), false),
            (409, "conflict", |e| matches!(e, CloudError::Conflict { .. }), true),
            (
                412,
                "resource_unavailable",
                |e| matches!(e, CloudError::ResourceUnavailable { .. }),
                false,
            ),
            (422, "invalid_input", |e| matches!(e, CloudError::InvalidInput { .. }), false),
            (422, "server_already_attached", |e| matches!(e, CloudError::Api { .. }), false),
            (423, "locked", |e| matches!(e, CloudError::Locked { .. }), true),
            (423, "protected", |e| matches!(e, CloudError::Protected { .. }), false),
            (429, "rate_limit_exceeded", |e| matches!(e, CloudError::RateLimited { .. }), true),
            (500, "server_error", |e| matches!(e, CloudError::Api { .. }), false),
            (502, "bad_gateway", |e| matches!(e, CloudError::Api { .. }), true),
            (503, "unavailable", |e| matches!(e, CloudError::Api { .. }), true),
            (504, "timeout", |e| matches!(e, CloudError::Api { .. }), true),
        ];
        for (status, code, is_it, repeated) in cases {
            let error = of(status, code, &Value::Null);
            assert!(is_it(&error), "{status} {code}: {error:?}");
            assert_eq!(matches!(error.retry(), Retry::After(_)), repeated, "{status} {code}");
            let text = error.to_string();
            for part in ["POST /servers", code, "1d1d17e504e28a4c"] {
                assert!(text.contains(part), "{part} is not in {text:?}");
            }
        }
    }

    #[test]
    fn fields_and_limits_are_named() {
        let details = json!({"fields": [{"name": "name", "messages": ["is too long", "is odd"]}]});
        let text = of(422, "invalid_input", &details).to_string();
        assert!(text.contains("name: is too long, is odd"), "{text}");
        let details = json!({"limits": [{"name": "servers"}]});
        let text = of(403, "resource_limit_exceeded", &details).to_string();
        assert!(text.contains("limit of servers"), "{text}");
    }

    #[test]
    fn a_page_of_a_proxy_is_shown_on_one_line() {
        let headers = HeaderMap::new();
        let error = refusal(Call::default(), 502, &headers, b"<html>\n  Bad\n Gateway</html>");
        let CloudError::Api { status: 502, message, .. } = error else { panic!("{error:?}") };
        assert_eq!(message, "<html> Bad Gateway</html>");
    }
}
