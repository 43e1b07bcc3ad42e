//! Why an effect could not be carried out, before it is known for which object.

use std::error::Error;

use super::WorldError;

/// One line: command or path and what was seen.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Why(pub(crate) String);

impl Why {
    /// Makes one from an error and its causes.
    pub(crate) fn of(error: &dyn Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        Self(text)
    }

    /// Says for which object and verb.
    pub(crate) fn about(self, object: impl Into<String>, verb: &str) -> WorldError {
        WorldError { object: object.into(), verb: verb.to_owned(), why: self.0 }
    }
}

impl From<ennead_host::HostError> for Why {
    fn from(error: ennead_host::HostError) -> Self {
        Self::of(&error)
    }
}

impl From<ennead_host::clock::DeadlineError> for Why {
    fn from(error: ennead_host::clock::DeadlineError) -> Self {
        Self::of(&error)
    }
}
