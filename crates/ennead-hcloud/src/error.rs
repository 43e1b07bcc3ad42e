//! What can go wrong with the cloud: one variant per meaning, because callers decide by meaning.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// Pause before the next try where the cloud names none.
const PAUSE_LEAST: Duration = Duration::from_millis(100);

/// A request, as errors name it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// For example `POST`.
    pub method: &'static str,
    /// For example `/servers/12`; without the query.
    pub path: String,
    /// The cloud's `X-Correlation-Id`, which its support asks for.
    pub correlation: Option<String>,
    /// How often it was sent.
    pub tries: u32,
}

impl Call {
    /// Returns what follows a code in a message: correlation id, and tries when there were several.
    fn trace(&self) -> String {
        let correlation = self.correlation.as_ref().map(|id| format!(", {id}")).unwrap_or_default();
        let tries =
            if self.tries > 1 { format!(", after {} tries", self.tries) } else { String::new() };
        correlation + &tries
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// What to do next about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same request can succeed after this time or more.
    After(Duration),
    /// The same request will fail again.
    Never,
}

/// Something that the cloud refused, or that could not be learnt from it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CloudError {
    /// The token is missing, wrong or revoked.
    #[error("{at}: the API token is not accepted: {message} (unauthorized{})", at.trace())]
    Unauthorized {
        /// Which request.
        at: Box<Call>,
        /// The cloud's words.
        message: String,
    },
    /// The token may only read.
    #[error("{at}: the API token is read-only: {message} (token_readonly{})", at.trace())]
    Readonly {
        /// Which request.
        at: Box<Call>,
        /// The cloud's words.
        message: String,
    },
    /// There is no such object.
    #[error("{at}: {message} (not_found{})", at.trace())]
    NotFound {
        /// Which request.
        at: Box<Call>,
        /// The cloud's words.
        message: String,
    },
    /// The name or fingerprint is taken.
    #[error("{at}: {message} (uniqueness_error{})", at.trace())]
    Uniqueness {
        /// Which request.
        at: Box<Call>,
        /// The cloud's words.
        message: String,
    },
    /// An action holds the object.
    #[error("{at}: {message} (locked{})", at.trace())]
    Locked {
        /// Which request.
        at: Box<Call>,
        /// The cloud's words.
        message: String,
    },
    /// The object changed during the request.
    #[error("{at}: {message} (conflict{})", at.trace())]
    Conflict {
        /// Which request.
        at: Box<Call>,
        /// The cloud's words.
        message: String,
    },
    /// The project's requests for this hour are used up.
    #[error("{at}: too many requests (rate_limit_exceeded{})", at.trace())]
    RateLimited {
        /// Which request.
        at: Box<Call>,
        /// Least time until the next request.
        retry_after: Duration,
    },
    /// Out of stock or placement impossible there: another type or location, or another day.
    #[error("{at}: {message} (resource_unavailable{})", at.trace())]
    ResourceUnavailable {
        /// Which request.
        at: Box<Call>,
        /// The cloud's words.
        message: String,
    },
    /// The account's quota is used up.
    #[error("{at}: {message}: limit of {} (resource_limit_exceeded{})", join(limits), at.trace())]
    LimitExceeded {
        /// Which request.
        at: Box<Call>,
        /// Names of the limits.
        limits: Vec<String>,
        /// The cloud's words.
        message: String,
    },
    /// The request is not acceptable.
    #[error("{at}: {message}: {} (invalid_input{})", join(fields), at.trace())]
    InvalidInput {
        /// Which request.
        at: Box<Call>,
        /// `field: what is wrong with it`.
        fields: Vec<String>,
        /// The cloud's words.
        message: String,
    },
    /// The object is protected against this.
    #[error("{at}: {message} (protected{})", at.trace())]
    Protected {
        /// Which request.
        at: Box<Call>,
        /// The cloud's words.
        message: String,
    },
    /// A change was accepted and failed afterwards.
    #[error("{command} on {object} failed: {message} ({code}, action {action})")]
    ActionFailed {
        /// The action's id.
        action: u64,
        /// For example `create_server`.
        command: String,
        /// For example `server 12`.
        object: String,
        /// The cloud's code.
        code: String,
        /// The cloud's words.
        message: String,
    },
    /// Something was not so in time.
    #[error("{what} not within {seconds} s; last seen: {last_seen}")]
    Deadline {
        /// What was waited for, for example `start_server on server 12`.
        what: String,
        /// How long was waited.
        seconds: u64,
        /// What the last look saw.
        last_seen: String,
    },
    /// No answer came.
    #[error("{at}: {endpoint} cannot be reached: {why}{}", at.trace())]
    Unreachable {
        /// Which request.
        at: Box<Call>,
        /// The API's address.
        endpoint: String,
        /// What was seen, on one line.
        why: String,
        /// Whether the request may have arrived.
        sent: bool,
    },
    /// The answer is not what the API's description says.
    #[error("{at}: cannot understand the answer: {why}{}", at.trace())]
    Decode {
        /// Which request.
        at: Box<Call>,
        /// What is wrong with it.
        why: String,
    },
    /// Any other refusal.
    #[error("{at}: {message} ({code}, status {status}{})", at.trace())]
    Api {
        /// Which request.
        at: Box<Call>,
        /// HTTP status.
        status: u16,
        /// The cloud's code.
        code: String,
        /// The cloud's words.
        message: String,
    },
    /// The name is taken by an object without our labels.
    #[error("{kind} {name} exists and belongs to somebody else: it lacks the labels {owner}")]
    Foreign {
        /// For example `server`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The labels that it would have.
        owner: String,
    },
    /// Our object is not as wanted, and cannot be changed in place.
    #[error("{kind} {name} has {what} {found} instead of {wanted}")]
    Differs {
        /// For example `network`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// For example `range`.
        what: &'static str,
        /// As it is.
        found: String,
        /// As it should be.
        wanted: String,
    },
    /// The client cannot be made from this endpoint or token.
    #[error("cannot use the endpoint {endpoint}: {why}")]
    Setup {
        /// The API's address.
        endpoint: String,
        /// What is wrong.
        why: String,
    },
}

fn join(words: &[String]) -> String {
    if words.is_empty() { "not named".to_owned() } else { words.join("; ") }
}

impl CloudError {
    /// Returns whether the same request can succeed later, and when.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Conflict { .. } | Self::Locked { .. } | Self::Unreachable { .. } => {
                Retry::After(PAUSE_LEAST)
            }
            Self::RateLimited { retry_after, .. } => Retry::After(*retry_after),
            Self::Api { status: 502..=504, .. } => Retry::After(PAUSE_LEAST),
            _ => Retry::Never,
        }
    }

    /// Returns whether the request may have been carried out although no success was answered.
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Unreachable { sent, .. } => *sent,
            Self::Api { status, .. } => *status >= 500,
            Self::Decode { .. } => true,
            _ => false,
        }
    }

    /// Returns whether there is no such object.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Returns the request, when the error is about one.
    pub fn call(&self) -> Option<&Call> {
        match self {
            Self::Unauthorized { at, .. }
            | Self::Readonly { at, .. }
            | Self::NotFound { at, .. }
            | Self::Uniqueness { at, .. }
            | Self::Locked { at, .. }
            | Self::Conflict { at, .. }
            | Self::RateLimited { at, .. }
            | Self::ResourceUnavailable { at, .. }
            | Self::LimitExceeded { at, .. }
            | Self::InvalidInput { at, .. }
            | Self::Protected { at, .. }
            | Self::Unreachable { at, .. }
            | Self::Decode { at, .. }
            | Self::Api { at, .. } => Some(at),
            Self::ActionFailed { .. }
            | Self::Deadline { .. }
            | Self::Foreign { .. }
            | Self::Differs { .. }
            | Self::Setup { .. } => None,
        }
    }
}
