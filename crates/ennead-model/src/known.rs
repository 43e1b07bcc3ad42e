//! A fact that was either read, or could not be read for a stated reason.

use serde::{Deserialize, Serialize};

/// A fact with the honesty to say that it is missing. Unknown counts as unhealthy everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known<T> {
    /// The fact, as read.
    Known(T),
    /// The fact could not be read.
    Unknown {
        /// Why, in one sentence that an operator can act on.
        why: String,
    },
}

impl<T> Known<T> {
    /// Makes an unknown fact.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }

    /// Returns the fact when it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(fact) => Some(fact),
            Self::Unknown { .. } => None,
        }
    }

    /// Returns the reason when the fact is unknown.
    pub fn why_unknown(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unknown { why } => Some(why),
        }
    }
}
