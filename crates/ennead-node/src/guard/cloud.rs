//! The cloud, as the guard's commands ask it: each request is sent at most once.
//!
//! The token is read from its file for each request, so that it can be replaced; the client, with
//! its open connections, is kept as long as the token is the same.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use camino::Utf8PathBuf;
use ennead_guard::message::{ActionState, ApiAnswer, ServerStatus};
use ennead_guard::{ActionId, ServerId};
use ennead_hcloud::types::Action;
use ennead_hcloud::{Client, CloudError, RetryPolicy};
use ennead_host::files;
use secrecy::{ExposeSecret as _, SecretString};

use crate::problem::chain;

/// Longest time for a connection to the cloud to open, so also until a power-off is sent after it
/// was decided. Estimate: ten round trips to another continent.
const CONNECT_MAX: Duration = Duration::from_secs(1);

/// Permission bits that let others than the owner and its group read a file.
const OTHERS: u32 = 0o007;

/// The cloud's API.
#[derive(Debug)]
pub(crate) struct Cloud {
    endpoint: String,
    token: Utf8PathBuf,
    policy: RetryPolicy,
    kept: Mutex<Option<(SecretString, Client)>>,
}

impl Cloud {
    /// Prepares; nothing is sent yet. `answer_max` is the deadline of a request.
    pub(crate) fn new(endpoint: String, token: Utf8PathBuf, answer_max: Duration) -> Self {
        let policy = RetryPolicy {
            tries_max: 1,
            connect_max: CONNECT_MAX.min(answer_max),
            answer_max,
            ..RetryPolicy::default()
        };
        Self { endpoint, token, policy, kept: Mutex::new(None) }
    }

    /// Cuts a server's power. Sent at most once, and not after the time that `left` says is left.
    pub(crate) async fn power_off(
        &self,
        server: ServerId,
        left: impl Fn() -> Duration,
    ) -> ApiAnswer {
        let client = match self.client().await {
            Ok(client) => client,
            Err(why) => return ApiAnswer::Refused(why),
        };
        // A request is sent within the time for its connection, or never.
        if left() < self.policy.connect_max {
            return ApiAnswer::Refused("too late to be sent, nothing was asked".to_owned());
        }
        answer(client.power_off(server.0).await)
    }

    /// Turns a server's power on.
    pub(crate) async fn power_on(&self, server: ServerId) -> ApiAnswer {
        match self.client().await {
            Ok(client) => answer(client.power_on(server.0).await),
            Err(why) => ApiAnswer::Refused(why),
        }
    }

    /// Looks at an action.
    pub(crate) async fn action(&self, action: ActionId) -> ActionState {
        let looked = match self.client().await {
            Ok(client) => client.actions(&[action.0]).await.map_err(|error| error.to_string()),
            Err(why) => Err(why),
        };
        match looked.map(|actions| actions.into_iter().find(|it| it.id == action.0)) {
            Ok(Some(action)) => state(&action),
            Ok(None) => ActionState::Unknown,
            Err(error) => {
                tracing::warn!(%error, "the action was not seen");
                ActionState::Unknown
            }
        }
    }

    /// Looks at a server; none if the cloud did not say.
    pub(crate) async fn server(&self, server: ServerId) -> Option<ServerStatus> {
        let client = match self.client().await {
            Ok(client) => client,
            Err(error) => {
                tracing::warn!(%error, "the server was not seen");
                return None;
            }
        };
        match client.server(server.0).await {
            Ok(seen) if seen.id == server.0 => Some(match seen.status.as_str() {
                "running" => ServerStatus::Running,
                "off" => ServerStatus::Off,
                _ => ServerStatus::Changing,
            }),
            Ok(_) => None,
            // The cloud's own word, not that of something in between.
            Err(CloudError::NotFound { at, .. }) if at.correlation.is_some() => {
                Some(ServerStatus::Gone)
            }
            Err(error) => {
                tracing::warn!(%error, "the server was not seen");
                None
            }
        }
    }

    async fn client(&self) -> Result<Client, String> {
        let path = self.token.clone();
        let read = tokio::task::spawn_blocking(move || read_token(&path));
        let token = read.await.map_err(|error| error.to_string())??;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((old, client)) = kept.as_ref()
            && old.expose_secret() == token.expose_secret()
        {
            return Ok(client.clone());
        }
        let client = Client::new(&self.endpoint, &token, self.policy);
        let client = client.map_err(|error| chain(&error))?;
        *kept = Some((token, client.clone()));
        Ok(client)
    }
}

/// Reads the token.
///
/// # Errors
/// Why it is not used, on one line, and what to do.
fn read_token(path: &Utf8PathBuf) -> Result<SecretString, String> {
    let missing = || format!("{path} does not exist: write the cloud's token into it, mode 0600");
    let facts = files::facts(path).map_err(|error| chain(&error))?.ok_or_else(missing)?;
    if facts.mode & OTHERS != 0 {
        let mode = facts.mode;
        return Err(format!(
            "{path} has mode {mode:04o}, so others can read the token: chmod 0600 {path}, and the \
             cloud is asked again"
        ));
    }
    let text = files::read_text(path).map_err(|error| chain(&error))?.ok_or_else(missing)?;
    Ok(SecretString::from(text.trim().to_owned()))
}

fn answer(answered: Result<Action, CloudError>) -> ApiAnswer {
    match answered {
        Ok(action) => ApiAnswer::Accepted(ActionId(action.id)),
        Err(error @ CloudError::Unreachable { .. }) => ApiAnswer::Unknown(chain(&error)),
        Err(error) if error.may_have_happened() => ApiAnswer::Unknown(chain(&error)),
        Err(error) => ApiAnswer::Refused(chain(&error)),
    }
}

fn state(action: &Action) -> ActionState {
    match action.status.as_str() {
        "running" => ActionState::Running,
        "success" => ActionState::Success,
        "error" => ActionState::Error(action.error.as_ref().map_or_else(
            || "no reason given".to_owned(),
            |error| format!("{} ({})", error.message, error.code),
        )),
        _ => ActionState::Unknown,
    }
}

#[cfg(test)]
mod tests;
