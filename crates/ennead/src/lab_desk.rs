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

#[cfg(test)]
mod tests {
    use ennead_lab::lab_in_memory;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn faults_are_ordered_and_ended_by_their_ids() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let lab = lab_in_memory().await.unwrap();
        let desk = LabDesk::new(&lab.endpoint, lab.token.text());
        let order = |body| desk.ask(reqwest::Method::POST, "", Some(body));
        let made = order(json!({"kind": "unreachable", "for_ms": 60_000})).await.unwrap();
        let id = made["fault"]["id"].as_u64().unwrap();
        assert!(lab.engine().faults().hides_api());
        let path = format!("/{id}");
        desk.ask(reqwest::Method::DELETE, &path, None).await.unwrap();
        assert!(!lab.engine().faults().hides_api());
        let gone = desk.ask(reqwest::Method::DELETE, &path, None).await.unwrap_err();
        assert!(matches!(gone, DeskError::Refused { status: 404, .. }), "{gone:?}");
        let nobody = order(json!({"kind": "freeze", "servers": ["nobody"]})).await.unwrap_err();
        let DeskError::Refused { message, .. } = nobody else { panic!("{nobody:?}") };
        assert!(message.contains("nobody"), "{message}");
        lab.end().await;
        let silent = desk.ask(reqwest::Method::GET, "", None).await.unwrap_err();
        assert!(matches!(silent, DeskError::Silent(_)), "{silent:?}");
    }
}
