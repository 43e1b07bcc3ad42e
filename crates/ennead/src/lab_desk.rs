//! The lab's own routes beside the cloud's API: faults on order.

use std::time::Duration;

use serde_json::Value;

use crate::error::chain;

/// Longest time of one request. A fault of servers is in force, or over, when it is answered.
const REQUEST: Duration = Duration::from_secs(30);

/// Orders and ends faults.
pub(crate) struct LabDesk {
    root: String,
    token: String,
}

/// What the lab did not do.
#[derive(Debug)]
pub(crate) enum DeskError {
    /// It said no.
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// It did not answer.
    Silent(String),
}

impl LabDesk {
    /// Finds the routes beside an endpoint of the API.
    pub(crate) fn new(endpoint: &str, token: &str) -> Self {
        let root = endpoint.trim_end_matches('/').trim_end_matches("/v1").to_owned();
        Self { root: root + "/_lab/faults", token: token.to_owned() }
    }

    /// Asks at the list of faults, or at what follows it.
    pub(crate) async fn ask(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, DeskError> {
        let silent = |error: reqwest::Error| DeskError::Silent(chain(&error));
        let client = reqwest::Client::builder().no_proxy().timeout(REQUEST).build();
        let mut request = client.map_err(silent)?.request(method, format!("{}{path}", self.root));
        request = request.bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(silent)?;
        let status = response.status();
        let text = response.text().await.map_err(silent)?;
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        let message = answer["error"]["message"].as_str().unwrap_or(&text).to_owned();
        Err(DeskError::Refused { status: status.as_u16(), message })
    }
}
