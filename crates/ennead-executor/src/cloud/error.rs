//! What can go wrong with one step in the cloud, and what the operator can do about it.

use ennead_hcloud::{CloudError, Retry};
use ennead_model::ResolveError;
use thiserror::Error;

/// A cloud step that was not carried out. The cause is the error's source.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CloudStepError {
    /// The cloud refused, failed or did not answer.
    #[error("cannot {action}")]
    Cloud {
        /// [`ennead_model::CloudAction::summary`].
        action: String,
        /// Why.
        source: CloudError,
    },
    /// Something that the request must hold is not known.
    #[error("cannot {action}")]
    Resolve {
        /// [`ennead_model::CloudAction::summary`].
        action: String,
        /// What.
        source: ResolveError,
    },
    /// Something that the step needs is not there.
    #[error("cannot {action}: there is no {kind} {name}")]
    Missing {
        /// [`ennead_model::CloudAction::summary`].
        action: String,
        /// For example `network`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
}

impl CloudStepError {
    /// Returns whether the same step can succeed later, and when.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Cloud { source, .. } => source.retry(),
            Self::Resolve { .. } | Self::Missing { .. } => Retry::Never,
        }
    }

    /// Returns what the operator can do next; empty when the message says it all.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Cloud { source, .. } => cloud_hint(source),
            Self::Resolve { .. } => "",
            Self::Missing { .. } => "run again: the plan made then finds out what is missing",
        }
    }
}

/// Returns what the operator can do next about an error of the cloud; empty when its message says
/// it all.
pub fn cloud_hint(error: &CloudError) -> &'static str {
    match error {
        CloudError::Unauthorized { .. } => "give the token of the project that the servers are in",
        CloudError::Readonly { .. } => "make a token with permission to read and write",
        CloudError::LimitExceeded { .. } => {
            "ask for a higher limit in the cloud's console, or free what is not needed"
        }
        CloudError::ResourceUnavailable { .. } => {
            "choose another server type or location in the spec, or try again later"
        }
        CloudError::Foreign { .. } => {
            "rename the platform or the node in the spec, or delete the object in the cloud"
        }
        CloudError::Protected { .. } => "lift the protection in the cloud's console",
        CloudError::Unreachable { .. } => "see whether the endpoint answers, then run again",
        CloudError::RateLimited { .. }
        | CloudError::Locked { .. }
        | CloudError::Conflict { .. }
        | CloudError::Deadline { .. }
        | CloudError::ActionFailed { .. } => "run again: what was done already is found and kept",
        CloudError::Api { status: 500.., .. } => {
            "the cloud has trouble of its own: see its status page, then run again"
        }
        _ => "",
    }
}
